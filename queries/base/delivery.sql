-- question: under which path was a source first delivered, and what is known of its host, user and zone?
-- grain:    one row per distinct content
-- columns:  source_id, intake, path, format, host, user_name, actor (who the case says writes it), scope_basis
-- as:       table
-- not for:  counting deliveries; the table source has one row for each

with ranked as (
    select
        source.source_id,
        source.intake,
        source.path,
        source.format,
        row_number() over (partition by source.source_id order by source.intake, source.path) as delivery
    from source
    where source.source_id is not null
),

scoped as (
    select
        source_id,
        intake,
        path,
        max(host) as host,
        max("user") as user_name,
        max(actor) as actor,
        max(basis) as scope_basis
    from source_scope
    group by source_id, intake, path
)

select
    ranked.source_id,
    ranked.intake,
    ranked.path,
    ranked.format,
    scoped.host,
    scoped.user_name,
    scoped.actor,
    scoped.scope_basis
from ranked
left join scoped
    on scoped.source_id = ranked.source_id
    and scoped.intake = ranked.intake
    and scoped.path = ranked.path
where ranked.delivery = 1
