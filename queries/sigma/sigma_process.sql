-- question: which commands and processes are there, in the words of Sigma's process_creation?
-- grain:    one row per process record or tool call with a command, and one more per part of a command that is text
-- columns:  event, table_name, at_us (as recorded, microseconds), Image, CommandLine, User, CurrentDirectory,
--           ProcessId, ParentProcessId, fulltext
-- as:       view
-- not for:  the path of what was only typed or called: its Image is taken from its words

with said as (
    select
        source_id || '#' || record || '.' || part as event, 'process' as table_name,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as at_us, command, user_name, cwd, pid, parent_pid
    from process
    where executable is null and command is not null
    union all
    select event, 'transcript', coalesce(epoch_us(ts), epoch_us(ts_local)), command, cast(null as varchar),
        cast(null as varchar), cast(null as bigint), cast(null as bigint)
    from transcript_once
    where kind = 'tool_call' and command is not null
),

part as (
    select
        text_sha256,
        part_no,
        case when contains(executable_path, '/') then executable_path else '/' || executable end as image,
        coalesce(array_to_string(argv, ' '), text) as words
    from command_part
    where executable is not null
),

every as (
    select
        source_id || '#' || record || '.' || part as event, 'process' as table_name,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as at_us, executable as image, command, user_name, cwd, pid,
        parent_pid
    from process
    where executable is not null
    union all
    select said.event, said.table_name, said.at_us, part.image, said.command, said.user_name, said.cwd, said.pid,
        said.parent_pid
    from said
    left join part on part.text_sha256 = sha256(said.command) and part.part_no = 0
    union all
    select said.event, said.table_name, said.at_us, part.image, part.words, said.user_name, said.cwd, said.pid,
        said.parent_pid
    from said
    join part on part.text_sha256 = sha256(said.command)
)

select
    event,
    table_name,
    at_us,
    image as "Image",
    command as "CommandLine",
    user_name as "User",
    cwd as "CurrentDirectory",
    cast(pid as varchar) as "ProcessId",
    cast(parent_pid as varchar) as "ParentProcessId",
    command as fulltext
from every
