-- question: which pieces of agents' sessions are there, each once?
-- grain:    one row per piece; context copied by resume, fork or compaction and second deliveries left out
-- columns:  event, source_id, record, part, line, session_id, seq, kind, author, call_id, tool_name, tool_class, text,
--           content_state, command, argv, pids, exit_code, is_error, error_type, http_status, limit_used_percent,
--           is_sidechain, refused (a person forbade the call), ts, ts_local, ts_precision_us
-- as:       table
-- not for:  counting tokens; see usage_is_primary in the table transcript

with alone as (
    -- a file of one event tells of no session: the folder that it was delivered in stands for it
    select
        transcript.source_id,
        transcript.record,
        transcript.part,
        try_cast(transcript.native_id as bigint) as number,
        delivery.path,
        'folder:' || delivery.intake || ':' || regexp_extract(delivery.path, '^(.*)/', 1) as folder
    from transcript
    join delivery on delivery.source_id = transcript.source_id
    where transcript.session_id is null and list_contains(transcript.notes, 'file_of_one_event')
),

placed as (
    select
        source_id,
        record,
        part,
        folder,
        row_number() over (partition by folder order by number nulls last, path, record, part) - 1 as position
    from alone
),

told as (
    select
        transcript.*,
        coalesce(transcript.session_id, placed.folder) as session,
        coalesce(placed.position, transcript.seq) as position
    from transcript
    left join placed
        on placed.source_id = transcript.source_id
        and placed.record = transcript.record
        and placed.part = transcript.part
    where not coalesce(transcript.is_replayed, false)
),

ranked as (
    select
        told.*,
        row_number() over (
            partition by session, kind, part, coalesce(native_id, source_id || '#' || record)
            order by source_id, record
        ) as copy
    from told
)

select
    source_id || '#' || record || '.' || part as event,
    source_id,
    record,
    part,
    line,
    session as session_id,
    position as seq,
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
