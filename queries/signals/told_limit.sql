-- question: where is an agent told, amid its work, that there is no more of a resource?
-- grain:    one row per message
-- columns:  event, session_id, seq, kind, rule
-- as:       table
-- not for:  what a machine answered, which is `limit_hit`; prompts that say what a limit would be, or ask to mend a
--           program that speaks of one

with begun as (
    select session_id, min(seq) as first_call_seq
    from transcript_once
    where kind = 'tool_call'
    group by session_id
),

message as (
    select statement.event, statement.session_id, statement.seq, left(statement.text, 600) as words
    from statement
    join begun on begun.session_id = statement.session_id and statement.seq > begun.first_call_seq
    where
        statement.author in ('human', 'harness')
        and statement.kind = 'message'
        and length(statement.text) < 600
),

plain as (
    select *
    from message
    where not regexp_matches(
        words,
        '(?i)([?`"“„«»]|\b(if|when|whenever|once|should|unless|until|in case|error|bug|fix|test|tests|message|handle|wenn|falls|sobald|fehler|quand|lorsque|erreur|si|cuando|quando|se)\b|如果|若|错误|если|когда|もし)')
)

select plain.event, plain.session_id, plain.seq, min(limit_rule.kind) as kind, min(limit_rule.id) as rule
from plain
join limit_rule on regexp_matches(plain.words, limit_rule.pattern)
where
    (limit_rule.kind = 'budget' and limit_rule.holds = 'brief')
    or limit_rule.id = 'limit_reached'
group by plain.event, plain.session_id, plain.seq
