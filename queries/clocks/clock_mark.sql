-- question: which events did two sources both see, so that their clocks can be compared?
-- grain:    one row per recorded time of an event that may stand in more than one source
-- columns:  source_id, kind ('utc' | 'local' | 'time_of_day'), family ('flow' | 'share' | 'command'), key (what both
--           sources say of the event), raw_us (time as recorded, microseconds)
-- as:       table
-- not for:  linking events; equal keys are candidates for a vote, not pairs

with flow_endpoint as (
    select
        source_id,
        case when ts is not null then 'utc' when ts_local is not null then 'local' else 'time_of_day' end as kind,
        least(src_address || ' ' || src_port, dst_address || ' ' || dst_port) || ' '
        || greatest(src_address || ' ' || src_port, dst_address || ' ' || dst_port) || ' ' || protocol as key,
        coalesce(epoch_us(ts), epoch_us(ts_local), time_of_day_us) as raw_us
    from flow
    where src_port is not null and dst_port is not null
),

unzoned_flow as (
    select source_id, kind, key, min(raw_us) as raw_us
    from flow_endpoint
    where kind <> 'utc' and raw_us is not null
    group by source_id, kind, key
),

zoned_flow as (
    select flow_endpoint.source_id, flow_endpoint.kind, flow_endpoint.key, min(flow_endpoint.raw_us) as raw_us
    from flow_endpoint
    where
        flow_endpoint.kind = 'utc'
        and flow_endpoint.key in (select key from unzoned_flow)
    group by flow_endpoint.source_id, flow_endpoint.kind, flow_endpoint.key
),

share_time as (
    select
        source_id,
        case when ts is not null then 'utc' when ts_local is not null then 'local' else 'time_of_day' end as kind,
        'share' as key,
        coalesce(epoch_us(ts), epoch_us(ts_local), time_of_day_us) as raw_us,
        row_number() over (partition by source_id order by record, part) as number
    from mining_share
    where accepted is distinct from false
),

command_time as (
    select source_id, 'utc' as kind, command as key, epoch_us(ts) as raw_us
    from process
    where ts is not null and command is not null and length(command) between 8 and 4000 and kind = 'history'
    union all
    select source_id, 'utc' as kind, command as key, epoch_us(ts) as raw_us
    from transcript_once
    where ts is not null and kind = 'tool_call' and length(command) between 8 and 4000
)

select source_id, kind, 'flow' as family, key, raw_us from unzoned_flow
union all
select source_id, kind, 'flow' as family, key, raw_us from zoned_flow
union all
select source_id, kind, 'share' as family, key, raw_us from share_time where number <= 500 and raw_us is not null
union all
select source_id, kind, 'command' as family, key, raw_us from command_time
