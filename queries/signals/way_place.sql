-- question: which of several places in a text is only the way to another of them: the web proxy that one goes through?
-- grain:    one row per distinct text and host
-- columns:  text_sha256, host (lower case)
-- as:       table
-- not for:  a place that stands alone in its text, whatever the option before it: it is where the program goes

with place as (
    select
        text_sha256,
        lower(host) as host,
        bool_and(coalesce(scheme, '') in ('http', 'https', 'socks4', 'socks4a', 'socks5', 'socks5h')) as web,
        regexp_matches(lower(host), '^(localhost|127\.[0-9.]+|::1|0\.0\.0\.0)$') as here
    from observable
    where host is not null and port is not null
    group by text_sha256, lower(host)
),

-- what some command of this case hands on as its proxy is a proxy elsewhere too
proxy as (
    select distinct place.host
    from place
    join command_event on command_event.text_sha256 = place.text_sha256
    where regexp_matches(
        left(left(lower(command_event.text), 20000), strpos(left(lower(command_event.text), 20000), place.host) - 1),
        '(^|\s)(curl\s([^|;&]*\s)?-x|--proxy|--preproxy|--https?-proxy|--socks[a-z0-9-]*)[= ]\S*$|(^|[\s;])(https?|all)_proxy=\S*$')
),

known as (
    select place.text_sha256, place.host, place.here, place.web or proxy.host is not null as way
    from place
    left join proxy on proxy.host = place.host
)

select distinct way.text_sha256, way.host
from known as way
join known as far
    on far.text_sha256 = way.text_sha256
    and far.host <> way.host
    and not far.way
    and not far.here
where way.way
