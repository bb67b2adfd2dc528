-- question: which calls were made to a cloud's API, by whom, from where, and did they succeed?
-- grain:    one row per call or event of an audit log; further copies of one event (the same id in the same account,
--           delivered by another file or API) left out
-- columns:  event, source_id, record, part, line, provider ('aws' | 'gcp' | 'azure'), event_id, account_id, region,
--           service, operation, succeeded (null where the record does not tell: a call that only began, an event
--           that is no call), error_code, error_message, actor_type, actor_id, actor_name, access_key_id, session_id,
--           address, user_agent, resource_ids (list of what was named, made or ended), request, response (JSON),
--           read_only, copies (records of this event in evidence), earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  saying that an agent made a call: keys are shared and roles taken; nor that a call was not made, without
--           what the log covers

with timed as (
    select
        cloud_activity.*,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local' end as clock_kind,
        row_number() over (
            partition by provider, account_id, coalesce(event_id, source_id || '#' || record || '.' || part)
            order by source_id, record, part
        ) as copy,
        count(*) over (
            partition by provider, account_id, coalesce(event_id, source_id || '#' || record || '.' || part)
        ) as copies
    from cloud_activity
)

select
    timed.source_id || '#' || timed.record || '.' || timed.part as event,
    timed.source_id,
    timed.record,
    timed.part,
    timed.line,
    timed.provider,
    timed.event_id,
    timed.account_id,
    timed.region,
    timed.service,
    timed.operation,
    timed.succeeded,
    timed.error_code,
    timed.error_message,
    timed.actor_type,
    timed.actor_id,
    timed.actor_name,
    timed.access_key_id,
    timed.session_id,
    timed.address,
    timed.user_agent,
    timed.resource_ids,
    timed.request,
    timed.response,
    timed.read_only,
    timed.copies,
    timed.raw_us - clock.offset_us - clock.before_us as earliest_us,
    timed.raw_us - clock.offset_us as best_us,
    timed.raw_us - clock.offset_us + clock.after_us + coalesce(timed.ts_precision_us, 0) as latest_us,
    coalesce(clock.basis, 'none') as ts_basis
from timed
left join clock
    on clock.source_id = timed.source_id
    and clock.kind = timed.clock_kind
    and timed.raw_us >= clock.from_us
    and timed.raw_us < clock.until_us
where timed.copy = 1
