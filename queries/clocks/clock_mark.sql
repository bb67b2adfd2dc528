-- question: which events did two sources both see, so that their clocks can be compared?
-- grain:    one row per recorded time of an event that may stand in more than one source
-- columns:  source_id, kind ('utc' | 'local' | 'time_of_day'), family ('flow' | 'share' | 'command' |
--           'exec' | 'host' | 'peer'), key (what both
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

-- calls against executions: the programs inside a call, each as it is executed
called_program as (
    select transcript.source_id, command_part.loose_key as key, epoch_us(transcript.ts) as raw_us
    from transcript_once as transcript
    join command_part on command_part.text_sha256 = sha256(transcript.command)
    where
        transcript.ts is not null
        and transcript.kind = 'tool_call'
        and length(command_part.loose_key) between 6 and 4000
),

executed_program as (
    select process.source_id, command_part.loose_key as key, epoch_us(process.ts) as raw_us
    from process
    join command_part on command_part.text_sha256 = sha256(process.command) and command_part.part_no = 0
    where
        process.ts is not null
        and process.kind = 'exec'
        and command_part.loose_key in (select key from called_program)
),

-- calls against the network: the hosts that a call names, and the addresses they stand for
called_host as (
    select transcript.source_id, lower(observable.host) as host, epoch_us(transcript.ts) as raw_us
    from transcript_once as transcript
    join observable on observable.text_sha256 = sha256(transcript.command)
    where transcript.ts is not null and transcript.kind = 'tool_call' and observable.host is not null
),

looked_up as (
    select source_id, name as key, epoch_us(ts) as raw_us,
        row_number() over (partition by source_id, name order by ts, record, part) as number
    from name_lookup
    where ts is not null and kind in ('dns_answer', 'dns_query') and name in (select host from called_host)
),

called_peer as (
    select called_host.source_id, name_lookup.address as key, called_host.raw_us
    from called_host
    join (select distinct name, address from name_lookup where address is not null) as name_lookup
        on name_lookup.name = called_host.host
    union
    select source_id, host, raw_us from called_host where regexp_matches(host, '^[0-9.]+$|:')
),

reached as (
    select source_id, dst_address as key, epoch_us(ts) as raw_us,
        row_number() over (partition by source_id, dst_address order by ts, record, part) as number
    from flow
    where ts is not null and dst_address in (select key from called_peer)
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
union all
select distinct source_id, 'utc' as kind, 'exec' as family, key, raw_us from called_program
union all
select source_id, 'utc' as kind, 'exec' as family, key, raw_us from executed_program
union all
select distinct source_id, 'utc' as kind, 'host' as family, host as key, raw_us from called_host
union all
select source_id, 'utc' as kind, 'host' as family, key, raw_us from looked_up where number <= 200
union all
select distinct source_id, 'utc' as kind, 'peer' as family, key, raw_us from called_peer
union all
select source_id, 'utc' as kind, 'peer' as family, key, raw_us from reached where number <= 200
