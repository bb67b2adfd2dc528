-- question: which requests over HTTP are there, in the words of Sigma's proxy and webserver?
-- grain:    one row per HTTP message
-- columns:  event, table_name, at_us (as recorded, microseconds), c-useragent, cs-user-agent, user_agent, c-uri,
--           cs-uri, uri, cs-host, r-dns, host, cs-method, method, sc-status, status_code, src_ip, dst_ip, dst_port,
--           fulltext
-- as:       view
-- not for:  what went inside TLS, which no sensor saw

select
    source_id || '#' || record || '.' || part as event,
    'application_message' as table_name,
    coalesce(epoch_us(ts), epoch_us(ts_local)) as at_us,
    user_agent as "c-useragent",
    user_agent as "cs-user-agent",
    user_agent,
    uri as "c-uri",
    uri as "cs-uri",
    uri,
    host as "cs-host",
    host as "r-dns",
    host,
    method as "cs-method",
    method,
    cast(status as varchar) as "sc-status",
    cast(status as varchar) as status_code,
    src_address as src_ip,
    dst_address as dst_ip,
    cast(dst_port as varchar) as dst_port,
    text as fulltext
from application_message
where protocol = 'http'
