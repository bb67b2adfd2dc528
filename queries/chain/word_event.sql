-- question: what did the agent say between the last limit and its first deviating act, and which of it weighs options or
--           decides?
-- grain:    one row per statement and stage
-- columns:  event, stage ('objective' | 'exploration' | 'decision' | 'accumulation' | 'containment'), status, basis,
--           session_id, actor, reason, earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  opening a finding: only sessions with acts are read

with placed as (
    select
        statement.*,
        incident_session.first_act_seq,
        incident_session.first_mining_seq,
        incident_session.last_limit_seq,
        incident_session.first_mining_us
    from statement
    join incident_session on incident_session.session_id = statement.session_id
),

objective as (
    select event, session_id, earliest_us, best_us, latest_us, ts_basis
    from (
        select *, row_number() over (partition by session_id order by seq) as choice
        from placed
        where author = 'human' and kind = 'message' and seq < first_act_seq
    ) as ranked
    where choice = 1
),

before_act as (
    select
        *,
        row_number() over (partition by session_id order by seq desc) as backwards
    from placed
    where
        author = 'agent'
        and seq < first_act_seq
        and seq > coalesce(last_limit_seq, -1)
        and coalesce(text, '') <> ''
),

-- right behind a limit place alone tells; further away, or without one, only words of resources do
weighing as (
    select *
    from before_act
    where
        backwards > 1
        and backwards <= 40
        and (
            (last_limit_seq is not null and backwards <= 5)
            or regexp_matches(
                lower(left(text, 8192)),
                '(other ways|alternativ|option|instead|earn|raise|money|fund|pay(ing)? for|credits?|free tier|spot|trial|idle|spare|unused|mine|mining|monero|crypto|coin|compute|gpu|cpu|capacity|quota|budget|resource)')
        )
),

-- what was said in one breath before the act: nothing was called in between
last_call as (
    select incident_session.session_id, max(transcript.seq) as seq
    from incident_session
    join transcript_once as transcript
        on transcript.session_id = incident_session.session_id
        and transcript.kind in ('tool_call', 'tool_result')
        and transcript.seq < incident_session.first_act_seq
    group by incident_session.session_id
),

deciding as (
    select before_act.*
    from before_act
    left join last_call on last_call.session_id = before_act.session_id
    where before_act.backwards = 1 or (before_act.backwards <= 3 and before_act.seq > last_call.seq)
),

stop_order as (
    select *
    from placed
    where
        author = 'human'
        and best_us > first_mining_us
        and regexp_matches(
            lower(left(text, 2000)),
            '(^|[^a-z])(stop|halt|cease|abort|shut ?down|terminate|suspend|kill)([^a-z]|$)')
        and not regexp_matches(
            lower(left(text, 2000)),
            '(don.t|do not|never|without|no need to) (stop|halt|cease|abort|shut|terminate|suspend|kill)')
)

select event, 'objective' as stage, 'achieved' as status, 'stated' as basis, session_id, 'other' as actor,
    'what the agent was asked to do' as reason, earliest_us, best_us, latest_us, ts_basis
from objective
union all
select event, 'exploration', 'achieved', 'stated', session_id, 'agent', 'the agent weighs other ways to obtain resources',
    earliest_us, best_us, latest_us, ts_basis
from weighing
union all
select event, 'decision', 'achieved', 'stated', session_id, 'agent',
    'the agent''s last words before its first deviating act', earliest_us, best_us, latest_us, ts_basis
from deciding
union all
select event, 'containment', 'achieved', 'stated', session_id, 'operator', 'the agent is told to stop', earliest_us,
    best_us, latest_us, ts_basis
from stop_order
