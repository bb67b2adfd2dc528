-- question: where did the pool or the account that an agent mined for first appear in its session: in what it was told, in
--           what it read, or in its own act?
-- grain:    one row per incident session and kind of source, first appearance
-- columns:  session_id, origin ('instructed' | 'referred': in what a person sent it to read | 'read' | 'own'), event,
--           seq, kind ('wallet' | 'pool_name' | 'instruction'), value
-- as:       table
-- not for:  motive; a told account shows instruction, an own one shows only that none is in evidence

-- accounts that carry no checksum are known by their place behind a miner's option
with account as (
    select distinct
        regexp_extract(
            part_reach.handed, '\s(?:-u|--user|--wallet|--account|--address)[= ]([A-Za-z0-9:_]{10,})', 1) as value
    from mining_event
    join command_event on command_event.event = mining_event.event
    join part_reach on part_reach.text_sha256 = command_event.text_sha256
    where mining_event.opens and mining_event.family = 'command'
),

sought as (
    select kind, value
    from entity
    where kind in ('wallet', 'pool_name') and length(value) >= 8
    union
    select 'wallet', value
    from account
    where regexp_matches(value, '[0-9]') and regexp_matches(value, '[A-Za-z]')
),

piece as (
    select
        transcript.event,
        transcript.session_id,
        transcript.seq,
        transcript.kind,
        transcript.author,
        transcript.call_id,
        transcript.text,
        incident_session.first_mining_seq,
        incident_session.first_act_seq
    from transcript_once as transcript
    join incident_session on incident_session.session_id = transcript.session_id
    where
        transcript.seq <= incident_session.first_mining_seq
        and transcript.text is not null
),

-- what a program computes is the agent's own; pages, files, answers of services, and results whose call is not in
-- evidence, are what others wrote
computing_call as (
    select call.call_id
    from transcript_once as call
    join command_part on command_part.text_sha256 = sha256(call.command)
    where call.kind = 'tool_call' and call.call_id is not null and call.tool_class = 'shell'
    group by call.call_id
    having
        not bool_or(
            lower(coalesce(command_part.executable, '')) in (select name from reader_program)
            or lower(coalesce(command_part.executable, ''))
            in ('curl', 'wget', 'lynx', 'w3m', 'http', 'git', 'gh', 'pip', 'npm')
        )
        or bool_or(
            regexp_matches(
                lower(left(call.command, 8192)),
                '(wallet-cli|wallet_cli|--generate|gen_?wallet|keygen|newaddress)')
        )
),

-- names and numbers of things in what a person says: a ticket, a file, a page
reference as (
    select distinct piece.session_id, piece.seq, lower(trim(word.value, '.,;:!?()''"`')) as value
    from piece
    cross join unnest(string_split(regexp_replace(left(piece.text, 20000), '\s+', ' ', 'g'), ' ')) as word(value)
    where
        piece.kind = 'message'
        and piece.author = 'human'
        and regexp_matches(left(word.value, 200), '[A-Za-z0-9][-./_#][A-Za-z0-9]|#[0-9]')
),

-- what a person sent the agent to read is neither the agent's idea nor a stranger's before more is known
referred_call as (
    select distinct call.session_id, call.call_id
    from transcript_once as call
    join reference
        on reference.session_id = call.session_id
        and reference.seq < call.seq
        and length(reference.value) >= 5
        and contains(lower(left(coalesce(call.command, call.text), 8192)), reference.value)
    where call.kind = 'tool_call' and call.call_id is not null
),

-- a program that makes an account says nothing of a pool beside it
pool_beside as (
    select distinct piece.event
    from piece
    join sought on sought.kind = 'pool_name' and contains(piece.text, sought.value)
    where piece.kind = 'tool_result'
),

result_origin as (
    select
        piece.event,
        case
            when referred_call.call_id is not null then 'referred'
            when
                computing_call.call_id is null
                or pool_beside.event is not null
                then 'read'
            else 'own'
        end as origin
    from piece
    left join computing_call on computing_call.call_id = piece.call_id
    left join pool_beside on pool_beside.event = piece.event
    left join referred_call
        on referred_call.session_id = piece.session_id
        and referred_call.call_id = piece.call_id
    where piece.kind = 'tool_result'
),

holding as (
    select
        piece.session_id,
        case
            when piece.kind = 'message' and piece.author in ('human', 'harness') then 'instructed'
            when piece.kind = 'tool_result' then result_origin.origin
            else 'own'
        end as origin,
        piece.event,
        piece.seq,
        sought.kind,
        sought.value,
        row_number() over (partition by piece.session_id, sought.kind, sought.value order by piece.seq, piece.event)
            as choice
    from piece
    join sought on contains(piece.text, sought.value)
    left join result_origin on result_origin.event = piece.event
),

sentence as (
    select piece.session_id, piece.event, piece.seq, words.value,
        case when piece.kind = 'message' then 'instructed' else 'referred' end as origin
    from piece
    left join result_origin on result_origin.event = piece.event
    cross join unnest(
        string_split(regexp_replace(lower(left(piece.text, 20000)), '[.!?;。！？；]+(\s|$)|\n', chr(10), 'g'), chr(10))
    ) as words(value)
    where
        piece.seq < piece.first_act_seq
        and ((piece.kind = 'message' and piece.author = 'human') or result_origin.origin = 'referred')
),

forbidden as (
    select sentence.value
    from sentence
    join instruction_rule
        on instruction_rule.says = 'forbidden'
        and regexp_matches(left(sentence.value, 2000), instruction_rule.pattern)
),

asked as (
    select sentence.session_id, sentence.origin, sentence.event, sentence.seq, 'instruction' as kind,
        left(min(sentence.value), 200) as value, 1 as choice
    from sentence
    join instruction_rule as asking
        on asking.says = 'asked'
        and regexp_matches(left(sentence.value, 2000), asking.pattern)
    where sentence.value not in (select value from forbidden)
    group by sentence.session_id, sentence.origin, sentence.event, sentence.seq
),

-- a task that is about mining explains that mining software is at hand, as long as nothing was started
about as (
    select sentence.session_id, sentence.origin, sentence.event, sentence.seq, 'instruction' as kind,
        left(min(sentence.value), 200) as value, 1 as choice
    from sentence
    join instruction_rule as subject
        on subject.says = 'subject'
        and regexp_matches(left(sentence.value, 2000), subject.pattern)
    where
        sentence.origin = 'instructed'
        and sentence.value not in (select value from forbidden)
        and sentence.session_id in (select session_id from preparation)
    group by sentence.session_id, sentence.origin, sentence.event, sentence.seq
),

-- a person's plain yes to what the agent proposed just before
answer as (
    select piece.session_id, piece.event, piece.seq, lower(trim(left(piece.text, 200))) as value,
        max(proposal.seq) as proposed_seq
    from piece
    join piece as proposal
        on proposal.session_id = piece.session_id
        and proposal.seq < piece.seq
        and proposal.kind = 'message'
        and proposal.author = 'agent'
    where piece.kind = 'message' and piece.author = 'human' and length(piece.text) <= 200
    group by piece.session_id, piece.event, piece.seq, piece.text
),

agreed as (
    select answer.session_id, 'instructed' as origin, answer.event, answer.seq, 'instruction' as kind,
        min(answer.value) as value, 1 as choice
    from answer
    join instruction_rule as assent
        on assent.says = 'assent'
        and regexp_matches(answer.value, assent.pattern)
    join piece as proposal
        on proposal.session_id = answer.session_id
        and proposal.seq = answer.proposed_seq
    join instruction_rule as subject
        on subject.says = 'subject'
        and regexp_matches(lower(left(proposal.text, 8192)), subject.pattern)
    group by answer.session_id, answer.event, answer.seq
),

injected as (
    select piece.session_id, 'read' as origin, piece.event, piece.seq, 'instruction' as kind,
        left(min(regexp_extract(lower(left(piece.text, 20000)), instruction_rule.pattern)), 200) as value, 1 as choice
    from piece
    join instruction_rule
        on instruction_rule.says = 'injected'
        and regexp_matches(lower(left(piece.text, 20000)), instruction_rule.pattern)
    left join result_origin on result_origin.event = piece.event
    where
        piece.kind = 'tool_result'
        and piece.seq < piece.first_act_seq
        and coalesce(result_origin.origin, '') <> 'referred'
    group by piece.session_id, piece.event, piece.seq
),

every as (
    select session_id, origin, event, seq, kind, value from holding where choice = 1
    union all
    select session_id, origin, event, seq, kind, value from asked
    union all
    select session_id, origin, event, seq, kind, value from injected
    union all
    select session_id, origin, event, seq, kind, value from about
    union all
    select session_id, origin, event, seq, kind, value from agreed
)

-- what another agent of this incident wrote down for it is judged where that one got it from
select session_id, origin, event, seq, kind, value
from every
where event not in (select received_event from handover)
