-- question: what did agents do, act by act, in words that a policy can be held against?
-- grain:    one row per part of a command that an agent's tool call runs or schedules, and per call of another tool
-- columns:  event (the call), part_no (0 for other tools), session_id, action ('run' | 'schedule' | 'use'), program
--           (lower case; the tool's name for other tools), arguments (at most 2000 characters), writes (files that its
--           output goes to; empty where none), tool
-- as:       table
-- not for:  what an agent did without a tool call; whether a call had its effect

with tool_call as (
    select event, session_id, tool_name, tool_class, command, text, sha256(command) as text_sha256
    from transcript_once
    where kind = 'tool_call' and author <> 'human'
),

part as (
    select
        tool_call.event,
        part_reach.part_no,
        tool_call.session_id,
        case part_reach.reach when 'scheduled' then 'schedule' else 'run' end as action,
        part_reach.program,
        left(part_reach.arguments, 2000) as arguments,
        left(coalesce(array_to_string(command_part.redirect_out, ' '), ''), 2000) as writes,
        tool_call.tool_name as tool
    from tool_call
    join part_reach on part_reach.text_sha256 = tool_call.text_sha256
    left join command_part
        on command_part.text_sha256 = part_reach.text_sha256
        and command_part.part_no = part_reach.part_no
    where part_reach.program <> '' and part_reach.reach <> 'written'
)

select event, part_no, session_id, action, program, arguments, writes, tool
from part
union all
select
    tool_call.event,
    0,
    tool_call.session_id,
    case when tool_call.command is null then 'use' else 'run' end,
    case when tool_call.command is null then coalesce(tool_call.tool_name, '') else '' end,
    left(coalesce(tool_call.command, tool_call.text, ''), 2000),
    '',
    tool_call.tool_name
from tool_call
where not exists (select 1 from part where part.event = tool_call.event)
