-- question: which sessions worked for one that took part in mining, though they mined nothing themselves?
-- grain:    one row per session and giver
-- columns:  session_id, giver_session, handed_seq (position of the call in the giver's session that handed the work on)
-- as:       table
-- order:    session_id, giver_session
-- not for:  blame: what such a session did speaks for itself or not at all

with spawned as (
    select sub_agent_call.session_id, sub_agent_call.giver_session, sub_agent_call.seq as handed_seq
    from sub_agent_call
    join incident_session on incident_session.session_id = sub_agent_call.giver_session
),

account as (
    select value from entity where kind = 'wallet' and length(value) >= 26
),

-- or it read words about the account that a session of the incident had written down
read_line as (
    select piece.session_id, epoch_us(piece.ts) as until_us, trim(line.value) as line
    from account
    join transcript_once as piece
        on contains(piece.text, account.value)
        and (piece.kind = 'tool_result' or (piece.kind = 'message' and piece.author in ('human', 'harness')))
    cross join unnest(string_split(left(piece.text, 20000), chr(10))) as line(value)
    where contains(line.value, account.value) and length(trim(line.value)) >= 24
),

told as (
    select read_line.session_id, call.session_id as giver_session, min(call.seq) as handed_seq
    from read_line
    join incident_session on incident_session.session_id <> read_line.session_id
    join transcript_once as call
        on call.session_id = incident_session.session_id
        and call.kind = 'tool_call'
        and epoch_us(call.ts) <= read_line.until_us
        and contains(replace(left(coalesce(call.command, call.text), 20000), '\"', '"'), read_line.line)
    group by read_line.session_id, call.session_id
)

select session_id, giver_session, min(handed_seq) as handed_seq
from (
    select session_id, giver_session, handed_seq from spawned
    union all
    select session_id, giver_session, handed_seq from told
) as every
where session_id not in (select session_id from incident_session)
group by session_id, giver_session
