-- question: which pieces of agents' sessions are there, each once?
-- grain:    one row per piece; context copied by resume, fork or compaction and second deliveries left out
-- columns:  event, source_id, record, part, line, session_id, seq, kind, author, call_id, tool_name, tool_class, text,
--           content_state, command, argv, pids, exit_code, is_error, error_type, http_status, limit_used_percent,
--           is_sidechain, refused (a person forbade the call), ts, ts_local, ts_precision_us
-- as:       table
-- not for:  counting tokens; see usage_is_primary in the table transcript

with ranked as (
    select
        transcript.*,
        row_number() over (
            partition by session_id, kind, part, coalesce(native_id, source_id || '#' || record)
            order by source_id, record
        ) as copy
    from transcript
    where not coalesce(is_replayed, false)
)

select
    source_id || '#' || record || '.' || part as event,
    source_id,
    record,
    part,
    line,
    session_id,
    seq,
    kind,
    coalesce(author, 'unknown') as author,
    call_id,
    tool_name,
    tool_class,
    text,
    content_state,
    command,
    argv,
    pids,
    exit_code,
    is_error,
    error_type,
    http_status,
    limit_used_percent,
    coalesce(is_sidechain, false) as is_sidechain,
    coalesce(list_contains(notes, 'rejected_by_user'), false) as refused,
    ts,
    ts_local,
    ts_precision_us
from ranked
where copy = 1
