-- question: which address does a pool's name stand for, where no lookup is in evidence but traffic starts with a miner?
-- grain:    one row per name, port and address
-- columns:  name, port, address
-- as:       table
-- not for:  names that more than one address fits; place in time alone tells these, and the port that the command gives

with named_start as (
    select lower(observable.host) as name, observable.port, command_event.best_us
    from command_hit
    join command_event on command_event.event = command_hit.event
    join observable on observable.text_sha256 = command_event.text_sha256
    where command_hit.opens = 'yes' and observable.port is not null
        and contains(lower(command_hit.arguments), lower(observable.host))

    union

    select wallet_run.host, wallet_run.port, command_event.best_us
    from wallet_run
    join command_event on command_event.event = wallet_run.event
    where wallet_run.port is not null

    union

    select lower(observable.host), observable.port, command_event.best_us
    from config_run
    join command_event on command_event.event = config_run.event
    join file_written on file_written.event = config_run.written_event
    join observable on observable.text_sha256 = file_written.text_sha256
    where observable.port is not null
),

unresolved as (
    select name, port, best_us
    from named_start
    where
        best_us is not null
        and not regexp_matches(name, '^[0-9.]+$|:|^localhost$')
        and name not in (select name from name_lookup where name is not null and address is not null)
),

timed as (
    select
        flow.dst_address as address,
        flow.dst_port as port,
        coalesce(epoch_us(flow.ts), epoch_us(flow.ts_local), flow.time_of_day_us) - clock.offset_us as best_us,
        coalesce(flow.duration_us, 0) as duration_us,
        coalesce(flow.src_bytes, 0) + coalesce(flow.dst_bytes, 0) as bytes
    from flow
    join clock
        on clock.source_id = flow.source_id
        and clock.kind = case when flow.ts is not null then 'utc' when flow.ts_local is not null then 'local'
            else 'time_of_day' end
        and coalesce(epoch_us(flow.ts), epoch_us(flow.ts_local), flow.time_of_day_us) >= clock.from_us
        and coalesce(epoch_us(flow.ts), epoch_us(flow.ts_local), flow.time_of_day_us) < clock.until_us
    where flow.dst_port in (select port from unresolved)
),

lasting as (
    select address, port, min(best_us) as first_us
    from timed
    group by address, port
    having sum(duration_us) >= 600000000 and sum(bytes) * 250 <= sum(duration_us)
),

fitting as (
    select distinct unresolved.name, unresolved.port, lasting.address
    from unresolved
    join lasting
        on lasting.port = unresolved.port
        and lasting.first_us between unresolved.best_us - 5000000 and unresolved.best_us + 180000000
)

select name, port, min(address) as address
from fitting
group by name, port
having count(distinct address) = 1
