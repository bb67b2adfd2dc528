-- question: which names, addresses and ports belong to a mining pool in this case, and how is that known?
-- grain:    one row per name, address and port; address null where no lookup is in evidence, port null where only the
--           name is known
-- columns:  name, address, port, basis ('started with' | 'spoken to' | 'logged' | 'configured' | 'timed' | 'alerted' |
--           'listed name' | 'behaves': nobody names it, but see contact_beside)
-- as:       table
-- not for:  saying that mining took place; a listed name is a hint only

with started as (
    select distinct lower(observable.host) as host, observable.port, 'started with' as basis
    from command_hit
    join command_event on command_event.event = command_hit.event
    join observable on observable.text_sha256 = command_event.text_sha256
    left join way_place
        on way_place.text_sha256 = observable.text_sha256
        and way_place.host = lower(observable.host)
    where command_hit.opens = 'yes' and way_place.host is null and observable.host is not null and observable.port is not null
        and contains(lower(command_hit.arguments), lower(observable.host))
        -- a proxy is the way to the pool
        and not regexp_matches(
            left(lower(command_hit.arguments), strpos(lower(command_hit.arguments), lower(observable.host)) - 1),
            '(^|\s)--?[a-z0-9-]*(proxy|socks)[a-z0-9-]*[= ]\S*$')
    union
    select distinct host, port, 'started with'
    from wallet_run
    where port is not null
    union
    select distinct lower(observable.host), observable.port, 'started with'
    from ordered_elsewhere
    join command_event on command_event.event = ordered_elsewhere.event
    join observable on observable.text_sha256 = command_event.text_sha256
    where
        observable.host is not null
        and observable.port is not null
        and coalesce(observable.scheme, '') not in ('http', 'https')
        and lower(observable.host) <> ordered_elsewhere.host
),

configured as (
    select distinct lower(observable.host) as host, observable.port, 'configured' as basis
    from file_written
    join observable on observable.text_sha256 = file_written.text_sha256
    left join way_place
        on way_place.text_sha256 = observable.text_sha256
        and way_place.host = lower(observable.host)
    where
        way_place.host is null
        and observable.host is not null
        and observable.port is not null
        and (observable.scheme like 'stratum%' or file_written.what = 'wallet')
        and observable.host not in ('localhost', '127.0.0.1', '0.0.0.0')
),

spoken as (
    select distinct dst_address as address, dst_port as port, 'spoken to' as basis
    from application_message
    where
        protocol = 'stratum'
        and direction = 'request'
        and (wallet is not null or lower(method) in ('login', 'mining.authorize', 'mining.subscribe', 'eth_submitlogin'))
),

logged as (
    select distinct lower(host) as host, port, 'logged' as basis
    from artefact
    where kind = 'pool' and host is not null
),

lookup as (
    select distinct name, address
    from name_lookup
    where name is not null and address is not null
),

listed as (
    select distinct lookup.name, lookup.address, cast(null as integer) as port, 'listed name' as basis
    from lookup
    join pool_name on lookup.name = pool_name.domain or lookup.name like '%.' || pool_name.domain
),

-- what a sensor took for mining; its word alone opens nothing
alerted as (
    select distinct alert.dst_address as address, alert.dst_port as port, 'alerted' as basis
    from alert
    join alert_event
        on alert_event.source_id = alert.source_id
        and alert_event.record = alert.record
        and alert_event.part = alert.part
    where
        alert_event.about_mining
        and alert.dst_address is not null
        and alert.dst_port not in (0, 53)
),

told as (
    select * from started
    union
    select * from logged
    union
    select * from configured
),

resolved as (
    select
        case when regexp_matches(told.host, '^[0-9.]+$|:') then null else told.host end as name,
        case when regexp_matches(told.host, '^[0-9.]+$|:') then told.host else lookup.address end as address,
        told.port,
        told.basis
    from told
    left join lookup on lookup.name = told.host
),

named as (
    select lookup.name, spoken.address, spoken.port, spoken.basis
    from spoken
    left join lookup on lookup.address = spoken.address
)

select name, address, port, basis from resolved
union
select name, address, port, basis from named
union
select name, address, port, 'timed' from timed_endpoint
union
select lookup.name, alerted.address, alerted.port, alerted.basis
from alerted
left join lookup on lookup.address = alerted.address
union
select name, address, port, basis from listed
union
select distinct cast(null as varchar), far_address, far_port, 'behaves'
from contact_beside
where behaves
