-- question: which lookups of names are there, in the words of Sigma's dns?
-- grain:    one row per observed DNS question or answer
-- columns:  event, table_name, at_us (as recorded, microseconds), query, QueryName, answer, answers, record_type,
--           qtype_name, rcode_name, src_ip, dst_ip, fulltext (always null)
-- as:       view
-- not for:  connections: a name may be asked for and not used

select
    source_id || '#' || record || '.' || part as event,
    'name_lookup' as table_name,
    coalesce(epoch_us(ts), epoch_us(ts_local)) as at_us,
    name as query,
    name as "QueryName",
    coalesce(address, alias_of) as answer,
    coalesce(address, alias_of) as answers,
    query_type as record_type,
    query_type as qtype_name,
    response_code as rcode_name,
    client_address as src_ip,
    server_address as dst_ip,
    cast(null as varchar) as fulltext
from name_lookup
where kind in ('dns_answer', 'dns_query')
