-- question: which links of the chain run against time, by bounds that do not overlap?
-- grain:    one row per link
-- columns:  from_event, to_event, kind, apart_us (from the latest moment of what came after to the earliest of what it
--           follows from), from_earliest_us, to_latest_us
-- as:       table
-- order:    kind, from_event, to_event
-- not for:  deciding which is wrong: a clock that is off and was not corrected, or the link

select
    chain_link.from_event,
    chain_link.to_event,
    chain_link.kind,
    cause.earliest_us - effect.latest_us as apart_us,
    cause.earliest_us as from_earliest_us,
    effect.latest_us as to_latest_us
from chain_link
join event_place as cause on cause.event = chain_link.from_event
join event_place as effect on effect.event = chain_link.to_event
where effect.latest_us < cause.earliest_us and chain_link.kind not in ('same_act', 'alerted_on')
