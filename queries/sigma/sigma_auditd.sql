-- question: which executions did auditd record, in the words of its own log?
-- grain:    one row per executed command with an argument vector
-- columns:  event, table_name, at_us (as recorded, microseconds), type ('EXECVE'), a0, a1, a2, a3, a4, a5, a6, a7, a8,
--           a9, exe, comm, key, uid, auid, fulltext
-- as:       view
-- not for:  audit records of other types, of which only what they say of a process is kept

with vector as (
    select *, '[' || chr(31) || array_to_string(argv, chr(31)) as joined
    from process
    where kind in ('exec', 'container_exec') and argv is not null
)

select
    source_id || '#' || record || '.' || part as event,
    'process' as table_name,
    coalesce(epoch_us(ts), epoch_us(ts_local)) as at_us,
    'EXECVE' as type,
    nullif(split_part(joined, chr(31), 2), '') as a0,
    nullif(split_part(joined, chr(31), 3), '') as a1,
    nullif(split_part(joined, chr(31), 4), '') as a2,
    nullif(split_part(joined, chr(31), 5), '') as a3,
    nullif(split_part(joined, chr(31), 6), '') as a4,
    nullif(split_part(joined, chr(31), 7), '') as a5,
    nullif(split_part(joined, chr(31), 8), '') as a6,
    nullif(split_part(joined, chr(31), 9), '') as a7,
    nullif(split_part(joined, chr(31), 10), '') as a8,
    nullif(split_part(joined, chr(31), 11), '') as a9,
    executable as exe,
    name as comm,
    audit_key as key,
    cast(uid as varchar) as uid,
    cast(login_uid as varchar) as auid,
    command as fulltext
from vector
