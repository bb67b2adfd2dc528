-- question: where and when is every record that the document may cite, links and replayed controls included?
-- grain:    one row per event key
-- columns:  event, source_id, record, part, line, table_name, earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  background records

with every as (
    select event, source_id, record, part, line, table_name, earliest_us, best_us, latest_us, ts_basis, 1 as strength
    from event_place
    union all
    select event, source_id, record, part, line, 'name_lookup', earliest_us, best_us, latest_us, ts_basis, 2
    from chain_lookup
    union all
    select event, source_id, record, part, line, 'flow', earliest_us, best_us, latest_us, ts_basis, 2
    from chain_flow
    union all
    select event, source_id, record, part, line, table_name, earliest_us, best_us, latest_us, ts_basis, 3
    from control_stop
    union all
    select charge.source_id || '#' || charge.record || '.' || charge.part, charge.source_id, charge.record, charge.part,
        charge.line, 'charge', epoch_us(charge.ts), epoch_us(charge.ts), epoch_us(charge.ts_end), 'recorded', 4
    from charge
    join sensor_link on sensor_link.to_event = charge.source_id || '#' || charge.record || '.' || charge.part
),

ranked as (
    select *, row_number() over (partition by event order by strength, table_name) as choice
    from every
)

select event, source_id, record, part, line, table_name, earliest_us, best_us, latest_us, ts_basis
from ranked
where choice = 1
