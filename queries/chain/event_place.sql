-- question: where and when is every record that the chain may cite?
-- grain:    one row per event key
-- columns:  event, source_id, record, part, line, table_name, earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  records that no relation of the chain can name (background flows)

with every as (
    select command_event.event, command_event.source_id, command_event.record, command_event.part, command_event.line,
        command_event.table_name,
        coalesce(command_event.earliest_us, untimed_line.earliest_us) as earliest_us,
        command_event.best_us,
        coalesce(command_event.latest_us, untimed_line.latest_us) as latest_us,
        coalesce(untimed_line.ts_basis, command_event.ts_basis) as ts_basis
   from command_event
   left join untimed_line on untimed_line.event = command_event.event
    union all
    select event, source_id, record, part, line, 'transcript', earliest_us, best_us, latest_us, ts_basis from statement
    union all
    select event, source_id, record, part, line, 'transcript', earliest_us, best_us, latest_us, ts_basis from tool_result
    union all
    select event, source_id, record, part, line, 'socket_event', earliest_us, best_us, latest_us, ts_basis from socket_seen
    union all
    select event, source_id, record, part, line, table_name, earliest_us, best_us, latest_us, ts_basis
    from mining_event
    where family in ('stratum', 'share', 'log', 'flow')
    union all
    select event, source_id, record, part, line, 'flow', earliest_us, best_us, latest_us, ts_basis from tunnel_flow
    union all
    select event, source_id, record, part, line, 'name_lookup', earliest_us, best_us, latest_us, ts_basis from pool_lookup
    union all
    select event, source_id, record, part, line, table_name, earliest_us, best_us, latest_us, ts_basis from miner_config
    union all
    select event, source_id, record, part, line, 'coin_movement', earliest_us, best_us, latest_us, ts_basis from coin_event
    union all
    select event, source_id, record, part, line, 'custody_action', earliest_us, best_us, latest_us, ts_basis
    from custody_event
    union all
    select event, source_id, record, part, line, 'cloud_activity', earliest_us, best_us, latest_us, ts_basis
    from cloud_event
    union all
    select event, source_id, record, part, line, 'resource_request', earliest_us, best_us, latest_us, ts_basis
    from request_event
    union all
    select event, source_id, record, part, line, 'alert', earliest_us, best_us, latest_us, ts_basis from alert_event
    union all
    select event, source_id, record, part, line, 'transcript', epoch_us(ts), epoch_us(ts),
        epoch_us(ts) + coalesce(ts_precision_us, 0), case when ts is null then 'none' else 'recorded' end
    from transcript_once
    where kind = 'tool_call' and command is null
),

ranked as (
    select *, row_number() over (partition by event order by table_name, best_us) as choice
    from every
)

select event, source_id, record, part, line, table_name, earliest_us, best_us, latest_us, ts_basis
from ranked
where choice = 1
