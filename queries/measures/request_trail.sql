-- question: what came of a request in the designated channel: who asked after it, and who answered?
-- grain:    one row per call or message that names the request by the number that the channel gave it
-- columns:  event, session_id, reason
-- as:       table
-- not for:  saying that the request was granted or denied

with used as (
    select channel.session_id, transcript.event, transcript.seq, incident_session.first_mining_seq
    from channel
    join incident_session on incident_session.session_id = channel.session_id
    join transcript_once as transcript on transcript.event = channel.used_event
),

numbered as (
    select
        used.session_id,
        used.seq,
        used.first_mining_seq,
        regexp_extract(
            left(tool_result.text, 2000),
            '(?:^|[^A-Za-z0-9-])([A-Z][A-Za-z]{0,9}-?[0-9]{2,9})(?:[^A-Za-z0-9-]|$)', 1) as number
    from used
    join tool_result on tool_result.call_event = used.event
)

select transcript.event, min(transcript.session_id) as session_id, 'the agent asks after its request' as reason
from numbered
join transcript_once as transcript
    on transcript.session_id = numbered.session_id
    and transcript.kind = 'tool_call'
    and transcript.seq > numbered.seq
    and transcript.seq < numbered.first_mining_seq
    and contains(coalesce(transcript.command, transcript.text, ''), numbered.number)
where numbered.number <> ''
group by transcript.event

union all

select statement.event, min(statement.session_id), 'the agent is told what came of its request'
from numbered
join statement
    on statement.session_id = numbered.session_id
    and statement.author in ('human', 'harness')
    and statement.kind = 'message'
    and statement.seq > numbered.seq
    and statement.seq < numbered.first_mining_seq
    and contains(statement.text, numbered.number)
where numbered.number <> ''
group by statement.event
