-- question: which sources print month and day without a year, and from when to when?
-- grain:    one row per source with such times
-- columns:  source_id, first_us, last_us (microseconds from the start of a leap year, and 366 days for every turn
--           of the year since then), leap_us (the first on a 29 February; null where there is none)
-- as:       table
-- not for:  telling which year it was; see clock

with dateless as (
    select source_id, notes, time_of_day_us from process
    where time_of_day_us is not null
    union all
    select source_id, notes, time_of_day_us from login
    where time_of_day_us is not null
    union all
    select source_id, notes, time_of_day_us from flow
    where time_of_day_us is not null
    union all
    select source_id, notes, time_of_day_us from artefact
    where time_of_day_us is not null
    union all
    select source_id, notes, time_of_day_us from mining_share
    where time_of_day_us is not null
    union all
    select source_id, notes, time_of_day_us from usage_metric
    where time_of_day_us is not null
)

select
    source_id,
    min(time_of_day_us) as first_us,
    max(time_of_day_us) as last_us,
    min(case when mod(mod(time_of_day_us, 31622400000000) + 31622400000000, 31622400000000)
        between 5097600000000 and 5183999999999 then time_of_day_us end) as leap_us
from dateless
where list_contains(notes, 'year_unknown')
group by source_id
