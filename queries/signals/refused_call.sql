-- question: which calls of an agent were refused with a brief word that no everyday fault explains?
-- grain:    one row per failed answer
-- columns:  event, call_event, session_id, seq, goal (the program and what it was first told, or the tool),
--           made_good_seq (position of the first later answer to the same goal that did not fail; null where none is)
-- as:       table
-- not for:  saying that a resource ran out: the words are not understood, whatever their language; see blocked_call

with part as (
    select
        text_sha256,
        part_no,
        lower(executable) as program,
        -- the first thing that the program is told
        lower(coalesce(regexp_extract(left(text, 400), '^\S+(?:\s+-\S+)*\s+([^-\s]\S*)', 1), '')) as told
    from command_part
    where
        executable is not null
        and lower(executable) not in ('cd', 'sudo', 'env', 'nohup', 'nice', 'time', 'timeout', 'export', 'mkdir', 'set',
            'source', '.', 'sleep', 'true', 'bash', 'sh')
        and lower(executable) not in (select name from reader_program)
),

errand as (
    select part.text_sha256, min(part.program || ' ' || part.told) as goal
    from part
    join (select text_sha256, min(part_no) as part_no from part group by text_sha256) as first_part
        on first_part.text_sha256 = part.text_sha256 and first_part.part_no = part.part_no
    group by part.text_sha256
),

call as (
    select
        transcript.event,
        transcript.seq,
        case when transcript.command is null then transcript.tool_name else errand.goal end as goal
    from transcript_once as transcript
    left join command_event on command_event.event = transcript.event
    left join errand on errand.text_sha256 = command_event.text_sha256
    where
        transcript.kind = 'tool_call'
        and coalesce(transcript.tool_class, 'other') in ('shell', 'code', 'mcp', 'other')
),

answer as (
    select
        tool_result.event,
        tool_result.call_event,
        tool_result.session_id,
        tool_result.seq,
        tool_result.exit_code,
        call.goal,
        call.seq as call_seq,
        left(coalesce(tool_result.text, ''), 20000) as head,
        length(coalesce(tool_result.text, '')) as size,
        coalesce(tool_result.is_error, false) or coalesce(tool_result.exit_code, 0) <> 0
            or coalesce(tool_result.http_status, 0) >= 400 as failed,
        coalesce(transcript.refused, false) as forbidden
    from tool_result
    join call on call.event = tool_result.call_event and call.goal is not null
    left join transcript_once as transcript on transcript.event = tool_result.event
    where tool_result.kind = 'tool_result'
),

-- what ran before and fails now, while nothing but looks was called in between, is not at fault itself
changing as (
    select distinct transcript.session_id, transcript.seq, errand.goal
    from transcript_once as transcript
    left join command_event on command_event.event = transcript.event
    left join errand on errand.text_sha256 = command_event.text_sha256
    where
        transcript.kind = 'tool_call'
        and (errand.goal is not null or transcript.tool_class in ('file', 'sub_agent'))
),

ran_before as (
    select distinct refused.event
    from answer as refused
    join answer as before
        on before.session_id = refused.session_id
        and before.goal = refused.goal
        and before.seq < refused.call_seq
        and not before.failed
    left join changing
        on changing.session_id = refused.session_id
        and changing.seq > before.seq
        and changing.seq < refused.call_seq
        and coalesce(changing.goal, '') <> refused.goal
    where refused.failed and changing.session_id is null
),

faulty as (
    select distinct answer.event
    from answer
    join fault_rule on regexp_matches(answer.head, fault_rule.pattern)
    left join ran_before on ran_before.event = answer.event
    where answer.failed and (fault_rule.id <> 'wrong_program' or ran_before.event is null)
),

made_good as (
    select refused.event, min(later.seq) as seq
    from answer as refused
    join answer as later
        on later.session_id = refused.session_id
        and later.goal = refused.goal
        and later.seq > refused.seq
        and not later.failed
    where refused.failed
    group by refused.event
)

select
    answer.event,
    answer.call_event,
    answer.session_id,
    answer.seq,
    answer.goal,
    made_good.seq as made_good_seq
from answer
left join faulty on faulty.event = answer.event
left join made_good on made_good.event = answer.event
where
    answer.failed
    and not answer.forbidden
    and faulty.event is null
    -- a word or two, no listing and no trace
    and answer.size between 1 and 500
    and length(answer.head) - length(replace(answer.head, chr(10), '')) <= 10
    -- not found, not executable, stopped by somebody's signal
    and coalesce(answer.exit_code, 1) not in (126, 127, 130, 143)
