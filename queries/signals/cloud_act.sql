-- question: which calls to a cloud's API asked for machines, met a limit, asked for a higher one, made keys, or cut
--           down what is recorded?
-- grain:    one row per call and kind of act
-- columns:  event, kind ('launch' | 'end' | 'limit' | 'rate' | 'quota_request' | 'quota_read' | 'key' | 'key_end' |
--           'records_stopped' | 'held'), rule, reason, provider, account_id, service, operation, succeeded, error_code,
--           actor_id, access_key_id, session_id, address, resource_ids, earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  saying that the call took effect (see succeeded), or that an agent made it; nor for counting: an operation
--           that takes long leaves a record of its beginning (succeeded is null) and one of its end

with described as (
    select
        cloud_event.*,
        lower(service || '/' || operation) as call,
        left(request, 20000) as asked
    from cloud_event
),

fitting as (
    select
        described.event,
        cloud_rule.kind,
        min(cloud_rule.id) as rule
    from described
    join cloud_rule
        on coalesce(cloud_rule.provider, described.provider) = described.provider
        and (cloud_rule.call is null or regexp_full_match(described.call, cloud_rule.call))
        and (cloud_rule.code is null or regexp_matches(described.error_code, cloud_rule.code))
        and (cloud_rule.request is null or regexp_matches(described.asked, cloud_rule.request))
    group by described.event, cloud_rule.kind
)

select
    described.event,
    fitting.kind,
    fitting.rule,
    cloud_rule.reason,
    described.provider,
    described.account_id,
    described.service,
    described.operation,
    described.succeeded,
    described.error_code,
    described.actor_id,
    described.access_key_id,
    described.session_id,
    described.address,
    described.resource_ids,
    described.earliest_us,
    described.best_us,
    described.latest_us,
    described.ts_basis
from fitting
join described on described.event = fitting.event
join cloud_rule on cloud_rule.id = fitting.rule
