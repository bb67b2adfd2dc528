-- question: which process connected or listened where, and when?
-- grain:    one row per socket event
-- columns:  event, source_id, record, part, line, kind, host, pid, parent_pid, uid, login_uid, name, executable,
--           address, port, succeeded, earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  volumes; see flow

with seen as (
    select
        *,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local' end as clock_kind
    from socket_event
)

select
    seen.source_id || '#' || seen.record || '.' || seen.part as event,
    seen.source_id,
    seen.record,
    seen.part,
    seen.line,
    seen.kind,
    coalesce(seen.host_name, delivery.host) as host,
    seen.pid,
    seen.parent_pid,
    seen.uid,
    seen.login_uid,
    seen.name,
    seen.executable,
    seen.address,
    seen.port,
    seen.succeeded,
    seen.raw_us - clock.offset_us - clock.before_us as earliest_us,
    seen.raw_us - clock.offset_us as best_us,
    seen.raw_us - clock.offset_us + clock.after_us + coalesce(seen.ts_precision_us, 0) as latest_us,
    coalesce(clock.basis, 'none') as ts_basis
from seen
join delivery on delivery.source_id = seen.source_id
left join clock
    on clock.source_id = seen.source_id
    and clock.kind = seen.clock_kind
    and seen.raw_us >= clock.from_us
    and seen.raw_us < clock.until_us
