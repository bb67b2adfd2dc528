-- question: what shows that a session's transcript is not whole, or was changed after it was written?
-- grain:    one row per source, session and sign
-- columns:  source_id, session_id, sign ('answer_without_call' | 'call_without_answer' | 'ends_in_a_call' |
--           'time_goes_back' | 'same_id_other_words'), record, part (the first place), places (how many)
-- as:       table
-- order:    source_id, session_id, sign
-- not for:  saying who did it or why: a crash, a cut copy and an edit look alike

with piece as (
    select source_id, session_id, record, part, kind, seq, call_id, native_id, text, ts,
        coalesce(is_replayed, false) as is_replayed
    from transcript
),

called as (
    select distinct call_id from piece where kind = 'tool_call' and call_id is not null
),

answered as (
    select distinct call_id from piece where kind = 'tool_result' and call_id is not null
),

-- the last answer of a session: what it had called before that must have been answered too
last_answer as (
    select session_id, max(seq) as seq from piece where kind = 'tool_result' and call_id is not null group by session_id
),

placed as (
    select
        *,
        max(ts) over (
            partition by source_id, session_id
            order by record, part
            rows between unbounded preceding and 1 preceding
        ) as latest_before
    from piece
    where not is_replayed and ts is not null
),

reworded as (
    select session_id, kind, part, native_id
    from piece
    where native_id is not null and text is not null and not is_replayed
    group by session_id, kind, part, native_id
    having count(distinct text) > 1
),

signs as (
    select source_id, session_id, record, part, 'answer_without_call' as sign
    from piece
    where kind = 'tool_result' and call_id is not null and call_id not in (select call_id from called)
    union all
    select piece.source_id, piece.session_id, piece.record, piece.part,
        case when piece.seq < last_answer.seq then 'call_without_answer' else 'ends_in_a_call' end
    from piece
    join last_answer on last_answer.session_id = piece.session_id
    where
        piece.kind = 'tool_call'
        and piece.call_id is not null
        and piece.call_id not in (select call_id from answered)
    union all
    -- pieces are written out of order where several work at once, measured up to five minutes on real sessions
    select source_id, session_id, record, part, 'time_goes_back'
    from placed
    where epoch_us(ts) < epoch_us(latest_before) - 600000000
    union all
    select piece.source_id, piece.session_id, piece.record, piece.part, 'same_id_other_words'
    from piece
    join reworded
        on reworded.session_id = piece.session_id
        and reworded.kind = piece.kind
        and reworded.part = piece.part
        and reworded.native_id = piece.native_id
    where piece.text is not null and not piece.is_replayed
),

ranked as (
    select
        *,
        row_number() over (partition by source_id, session_id, sign order by record, part) as choice,
        count(*) over (partition by source_id, session_id, sign) as places
    from signs
)

select source_id, session_id, sign, record, part, places
from ranked
where choice = 1
