-- question: where did the pool or the account that an agent mined for first appear in its session: in what it was told, in
--           what it read, or in its own act?
-- grain:    one row per incident session and kind of source, first appearance
-- columns:  session_id, origin ('instructed' | 'read' | 'own'), event, seq, kind ('wallet' | 'pool_name' |
--           'instruction'), value
-- as:       table
-- not for:  motive; a told account shows instruction, an own one shows only that none is in evidence

with sought as (
    select kind, value
    from entity
    where kind in ('wallet', 'pool_name') and length(value) >= 8
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

holding as (
    select
        piece.session_id,
        case
            when piece.kind = 'message' and piece.author in ('human', 'harness') then 'instructed'
            when
                piece.kind = 'tool_result'
                and coalesce(piece.call_id, '') not in (select call_id from computing_call)
                then 'read'
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
),

sentence as (
    select piece.session_id, piece.event, piece.seq, words.value
    from piece
    cross join unnest(
        string_split(regexp_replace(lower(left(piece.text, 20000)), '[.!?;。！？；]+(\s|$)|\n', chr(10), 'g'), chr(10))
    ) as words(value)
    where piece.kind = 'message' and piece.author = 'human' and piece.seq < piece.first_act_seq
),

forbidden as (
    select sentence.value
    from sentence
    join instruction_rule
        on instruction_rule.says = 'forbidden'
        and regexp_matches(left(sentence.value, 2000), instruction_rule.pattern)
),

asked as (
    select sentence.session_id, 'instructed' as origin, sentence.event, sentence.seq, 'instruction' as kind,
        left(min(sentence.value), 200) as value, 1 as choice
    from sentence
    join instruction_rule as asking
        on asking.says = 'asked'
        and regexp_matches(left(sentence.value, 2000), asking.pattern)
    where sentence.value not in (select value from forbidden)
    group by sentence.session_id, sentence.event, sentence.seq
),

injected as (
    select piece.session_id, 'read' as origin, piece.event, piece.seq, 'instruction' as kind,
        left(min(regexp_extract(lower(left(piece.text, 20000)), instruction_rule.pattern)), 200) as value, 1 as choice
    from piece
    join instruction_rule
        on instruction_rule.says = 'injected'
        and regexp_matches(lower(left(piece.text, 20000)), instruction_rule.pattern)
    where piece.kind = 'tool_result' and piece.seq < piece.first_act_seq
    group by piece.session_id, piece.event, piece.seq
),

every as (
    select session_id, origin, event, seq, kind, value from holding where choice = 1
    union all
    select session_id, origin, event, seq, kind, value from asked
    union all
    select session_id, origin, event, seq, kind, value from injected
)

select session_id, origin, event, seq, kind, value
from every
