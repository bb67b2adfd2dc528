-- question: which miner configurations were found, and whose account do they name?
-- grain:    one row per setting of a miner's configuration file that names an account or a pool
-- columns:  event, source_id, record, part, line, table_name, kind, value, earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  showing that it was used; a file has no time of its own

select
    artefact.source_id || '#' || artefact.record || '.' || artefact.part as event,
    artefact.source_id,
    artefact.record,
    artefact.part,
    artefact.line,
    'artefact' as table_name,
    artefact.kind,
    artefact.value,
    cast(null as bigint) as earliest_us,
    cast(null as bigint) as best_us,
    cast(null as bigint) as latest_us,
    'none' as ts_basis
from artefact
join delivery on delivery.source_id = artefact.source_id and delivery.format = 'xmrig_config'
where artefact.kind in ('wallet', 'pool')
