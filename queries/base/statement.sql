-- question: what was said in an agent's sessions: prompts, reasoning, answers?
-- grain:    one row per message or piece of reasoning; copied context left out
-- columns:  event, source_id, record, part, line, session_id, seq, kind ('message' | 'reasoning'), author ('human' |
--           'agent' | 'harness' | 'tool' | 'unknown'), content_state, is_sidechain, text, earliest_us, best_us,
--           latest_us, ts_basis
-- as:       table
-- not for:  showing that anything was done; words open no finding

with said as (
    select
        *,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local' end as clock_kind
    from transcript_once
    where kind in ('message', 'reasoning')
)

select
    said.source_id || '#' || said.record || '.' || said.part as event,
    said.source_id,
    said.record,
    said.part,
    said.line,
    said.session_id,
    said.seq,
    said.kind,
    said.author,
    said.content_state,
    said.is_sidechain,
    said.text,
    said.raw_us - clock.offset_us - clock.before_us as earliest_us,
    said.raw_us - clock.offset_us as best_us,
    said.raw_us - clock.offset_us + clock.after_us + coalesce(said.ts_precision_us, 0) as latest_us,
    coalesce(clock.basis, 'none') as ts_basis
from said
left join clock
    on clock.source_id = said.source_id
    and clock.kind = said.clock_kind
    and said.raw_us >= clock.from_us
    and said.raw_us < clock.until_us
