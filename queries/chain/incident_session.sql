-- question: which agent sessions took part in mining, and between which positions does their deviation begin?
-- grain:    one row per session of `deviation`
-- columns:  session_id, first_act_seq, first_mining_seq, last_limit_seq (last machine limit, word that there is no
--           more, or refusal that blocked the task, before the first act; null where none), first_act_us,
--           first_mining_us, mining_us_last
-- as:       table
-- not for:  sessions that only talk

with wall as (
    select session_id, seq from limit_hit
    union all
    select session_id, seq from blocked_call
    union all
    select session_id, seq from told_limit
)

select
    deviation.session_id,
    deviation.first_act_seq,
    deviation.first_mining_seq,
    max(wall.seq) as last_limit_seq,
    deviation.first_act_us,
    deviation.first_mining_us,
    deviation.mining_us_last
from deviation
left join wall on wall.session_id = deviation.session_id and wall.seq < deviation.first_act_seq
group by deviation.session_id, deviation.first_act_seq, deviation.first_mining_seq, deviation.first_act_us,
    deviation.first_mining_us, deviation.mining_us_last
