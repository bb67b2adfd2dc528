-- question: where did tunnels of this case lead to?
-- grain:    one row per tunnel command, far host and address
-- columns:  event (the command), rule, name, address (null where no lookup is in evidence), port
-- as:       table
-- not for:  ordinary remote shells: only commands that forward are here

with told as (
    select
        event,
        rule,
        lower(coalesce(
            nullif(regexp_extract(arguments, '(?:^|\s)(?:[^\s@]+@)([A-Za-z0-9._:-]+)(?:\s|$)', 1), ''),
            regexp_extract(arguments, '\s([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)$', 1))) as host,
        coalesce(try_cast(nullif(regexp_extract(arguments, '(?:^|\s)-p\s*(\d{1,5})(?:\s|$)', 1), '') as integer), 22)
            as port
    from command_hit
    where rule in ('reverse_forward', 'dynamic_forward')
),

lookup as (
    select distinct name, address
    from name_lookup
    where name is not null and address is not null
)

select
    told.event,
    told.rule,
    case when regexp_matches(told.host, '^[0-9.]+$|:') then null else told.host end as name,
    case when regexp_matches(told.host, '^[0-9.]+$|:') then told.host else lookup.address end as address,
    told.port
from told
left join lookup on lookup.name = told.host
where told.host <> ''
