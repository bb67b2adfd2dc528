-- question: which commands were called by an agent, typed into a shell or executed on a host, and when?
-- grain:    one row per tool call with a command, history entry, exec or sudo record; copied context left out
-- columns:  event (key over all tables), source_id, record, part, line, table_name, modality ('called' | 'typed' |
--           'executed'), session_id, call_id, host, user_name, uid, login_uid, login_session, pid, parent_pid,
--           seq (order within its source), text (the command), text_sha256, succeeded, raw_us (as recorded,
--           microseconds), earliest_us, best_us, latest_us (clocks applied), ts_basis
-- as:       table
-- not for:  counting acts: one act leaves a call, a history line and several execs; see act_member

with called as (
    select
        source_id, record, part, line, 'transcript' as table_name,
        case when author = 'human' then 'typed' else 'called' end as modality, session_id, call_id, cast(null as varchar) as host_name, cast(null as varchar) as user_name,
        cast(null as bigint) as uid, cast(null as bigint) as login_uid, cast(null as bigint) as login_session,
        cast(null as bigint) as pid, cast(null as bigint) as parent_pid, seq, command as text,
        cast(null as boolean) as succeeded, ts, ts_local, cast(null as bigint) as time_of_day_us, ts_precision_us
    from transcript_once
    where kind = 'tool_call' and command is not null
),

run as (
    select
        source_id, record, part, line, 'process' as table_name,
        case when kind = 'history' then 'typed' else 'executed' end as modality,
        cast(null as varchar) as session_id, cast(null as varchar) as call_id, host_name, user_name,
        uid, login_uid, login_session, pid, parent_pid, record as seq, command as text,
        succeeded, ts, ts_local, time_of_day_us, ts_precision_us
    from process
    where command is not null and kind <> 'exit'
),

every as (
    select * from called
    union all
    select * from run
),

raw as (
    select
        *,
        coalesce(epoch_us(ts), epoch_us(ts_local), time_of_day_us) as raw_us,
        case
            when ts is not null then 'utc'
            when ts_local is not null then 'local'
            when time_of_day_us is not null then 'time_of_day'
        end as clock_kind
    from every
)

select
    raw.source_id || '#' || raw.record || '.' || raw.part as event,
    raw.source_id,
    raw.record,
    raw.part,
    raw.line,
    raw.table_name,
    raw.modality,
    raw.session_id,
    raw.call_id,
    coalesce(raw.host_name, delivery.host) as host,
    coalesce(raw.user_name, delivery.user_name) as user_name,
    raw.uid,
    raw.login_uid,
    raw.login_session,
    raw.pid,
    raw.parent_pid,
    raw.seq,
    raw.text,
    sha256(raw.text) as text_sha256,
    raw.succeeded,
    raw.raw_us,
    raw.raw_us - clock.offset_us - clock.before_us as earliest_us,
    raw.raw_us - clock.offset_us as best_us,
    raw.raw_us - clock.offset_us + clock.after_us + coalesce(raw.ts_precision_us, 0) as latest_us,
    coalesce(clock.basis, 'none') as ts_basis
from raw
join delivery on delivery.source_id = raw.source_id
left join clock
    on clock.source_id = raw.source_id
    and clock.kind = raw.clock_kind
    and raw.raw_us >= clock.from_us
    and raw.raw_us < clock.until_us
