-- question: which events did two sources both see, so that their clocks can be compared?
-- grain:    one row per recorded time of an event that may stand in more than one source
-- columns:  source_id, kind ('utc' | 'local' | 'time_of_day'), family ('flow' | 'share' | 'command' |
--           'exec' | 'host' | 'peer' | 'socket' | 'cloud' | 'uid'), key (what both
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

-- work handed in on the wire against work credited
submitted as (
    select source_id, 'utc' as kind, 'share' as key, epoch_us(ts) as raw_us,
        row_number() over (partition by source_id order by ts, record, part) as number
    from application_message
    where ts is not null and protocol = 'stratum' and direction = 'request'
        and lower(method) in ('submit', 'mining.submit', 'eth_submitwork')
),

-- calls and typed lines against executions: the programs inside, each as it is executed
called_program as (
    select transcript.source_id, command_part.loose_key as key, epoch_us(transcript.ts) as raw_us
    from transcript_once as transcript
    join command_part on command_part.text_sha256 = sha256(transcript.command)
    where
        transcript.ts is not null
        and transcript.kind = 'tool_call'
        and length(command_part.loose_key) between 6 and 4000
),

typed_program as (
    select process.source_id, command_part.loose_key as key, epoch_us(process.ts) as raw_us
    from process
    join command_part on command_part.text_sha256 = sha256(process.command)
    where
        process.ts is not null
        and process.kind = 'history'
        and length(command_part.loose_key) between 6 and 4000
),

-- the same where no zone is printed, sudo's lines too: the programs inside a command tell zone, date and year
unzoned_process as (
    select
        source_id,
        case when ts_local is not null then 'local' else 'time_of_day' end as kind,
        kind as process_kind,
        command,
        coalesce(epoch_us(ts_local), time_of_day_us) as raw_us
    from process
    where
        ts is null
        and (ts_local is not null or time_of_day_us is not null)
        and command is not null
        and kind in ('history', 'exec', 'sudo')
),

unzoned_program as (
    select distinct
        unzoned_process.source_id, unzoned_process.kind, command_part.loose_key as key, unzoned_process.raw_us
    from unzoned_process
    join command_part on command_part.text_sha256 = sha256(unzoned_process.command)
    where length(command_part.loose_key) between 6 and 4000
),

executed_program as (
    select process.source_id, command_part.loose_key as key, epoch_us(process.ts) as raw_us
    from process
    join command_part on command_part.text_sha256 = sha256(process.command) and command_part.part_no = 0
    where
        process.ts is not null
        and process.kind = 'exec'
        and command_part.loose_key in (
            select key from called_program
            union
            select key from typed_program
            union
            select key from unzoned_program
        )
),

-- calls and executions against the network: the hosts that a command names, and the addresses they stand for
called_host as (
    select transcript.source_id, lower(observable.host) as host, epoch_us(transcript.ts) as raw_us
    from transcript_once as transcript
    join observable on observable.text_sha256 = sha256(transcript.command)
    where transcript.ts is not null and transcript.kind = 'tool_call' and observable.host is not null
    union
    select process.source_id, lower(observable.host), epoch_us(process.ts)
    from process
    join observable on observable.text_sha256 = sha256(process.command)
    where process.ts is not null and process.kind = 'exec' and observable.host is not null
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

-- connections that a host's kernel saw against flows to the same place
connected as (
    select source_id, address || ' ' || port as key, epoch_us(ts) as raw_us,
        row_number() over (partition by source_id, address, port order by ts, record, part) as number
    from socket_event
    where ts is not null and kind = 'connect' and address is not null and port not in (0, 53)
),

flowed as (
    select source_id, dst_address || ' ' || dst_port as key, epoch_us(ts) as raw_us,
        row_number() over (partition by source_id, dst_address, dst_port order by ts, record, part) as number
    from flow
    where
        ts is not null
        and dst_address in (select address from socket_event where kind = 'connect')
        and dst_address || ' ' || dst_port in (select key from connected)
),

-- logs of one sensor name the same flow by its own id
named_flow as (
    select source_id, flow_id as key, epoch_us(ts) as raw_us,
        row_number() over (partition by source_id order by record, part) as number
    from (
        select source_id, flow_id, ts, record, part from name_lookup
        union all
        select source_id, flow_id, ts, record, part from application_message
    ) as beside_flow
    where ts is not null and flow_id is not null
),

flow_of_name as (
    select source_id, flow_id as key, epoch_us(ts) as raw_us
    from flow
    where ts is not null and flow_id in (select key from named_flow where number <= 500)
),

-- calls of a cloud's command line against the cloud's own record of them
cloud_called as (
    select
        command_time.source_id,
        replace(
            regexp_extract(left(array_to_string(command_part.argv, ' '), 200), '^\S+ [a-z0-9-]+ ([a-z0-9-]+)', 1),
            '-', ''
        ) as key,
        command_time.raw_us
    from (
        select source_id, command, epoch_us(ts) as raw_us
        from transcript_once
        where ts is not null and kind = 'tool_call'
        union all
        select source_id, command, epoch_us(ts)
        from process
        where ts is not null and kind in ('exec', 'history')
    ) as command_time
    join command_part on command_part.text_sha256 = sha256(command_time.command)
    where lower(command_part.executable) in ('aws', 'aliyun') and array_length(command_part.argv) between 3 and 200
),

cloud_seen as (
    select source_id, lower(operation) as key, epoch_us(ts) as raw_us
    from cloud_activity
    where ts is not null and lower(operation) in (select key from cloud_called)
),

command_time as (
    select source_id, 'utc' as kind, command as key, epoch_us(ts) as raw_us
    from process
    where ts is not null and command is not null and length(command) between 8 and 4000 and kind = 'history'
    union all
    select source_id, 'utc' as kind, command as key, epoch_us(ts) as raw_us
    from transcript_once
    where ts is not null and kind = 'tool_call' and length(command) between 8 and 4000
    union all
    select source_id, kind, command as key, raw_us
    from unzoned_process
    where process_kind = 'history' and length(command) between 8 and 4000
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
select source_id, kind, 'exec' as family, key, raw_us from unzoned_program
union all
select distinct source_id, 'utc' as kind, 'host' as family, host as key, raw_us from called_host
union all
select source_id, 'utc' as kind, 'host' as family, key, raw_us from looked_up where number <= 200
union all
select distinct source_id, 'utc' as kind, 'peer' as family, key, raw_us from called_peer
union all
select source_id, 'utc' as kind, 'peer' as family, key, raw_us from reached where number <= 200
union all
select source_id, kind, 'share' as family, key, raw_us from submitted where number <= 500
union all
select source_id, 'utc' as kind, 'exec' as family, key, raw_us from typed_program
union all
select source_id, 'utc' as kind, 'socket' as family, key, raw_us from connected where number <= 200
union all
select source_id, 'utc' as kind, 'socket' as family, key, raw_us from flowed where number <= 200
union all
select source_id, 'utc' as kind, 'cloud' as family, key, raw_us from cloud_called
union all
select source_id, 'utc' as kind, 'cloud' as family, key, raw_us from cloud_seen
union all
select source_id, 'utc' as kind, 'uid' as family, key, raw_us from named_flow where number <= 500
union all
select source_id, 'utc' as kind, 'uid' as family, key, raw_us from flow_of_name
