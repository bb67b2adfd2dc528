-- question: how is a source's recorded time turned into UTC, and how far may that be wrong?
-- grain:    one row per source and kind of time that it prints
-- columns:  source_id, kind ('utc' | 'local' | 'time_of_day'), offset_us (recorded minus UTC, microseconds; null where
--           nothing tells it), before_us, after_us (how much earlier or later an event may be), basis ('recorded' |
--           'clock_corrected' | 'assumed_zone' | 'none')
-- as:       table
-- order:    source_id, kind
-- not for:  claiming that the transcripts' clock was right; see clock_fit for what other sources say

with kinds as (
    select source.source_id, kind.kind
    from (select distinct source_id from source where source_id is not null) as source
    cross join (select 'utc' as kind union all select 'local' as kind union all select 'time_of_day' as kind) as kind
),

told as (
    select distinct source_id from session
),

best_fit as (
    select
        source_id,
        kind,
        spread_us,
        -- whole quarters of an hour are zones (and dates): what stands within 2 s of one is one
        case
            when abs(offset_us - zone_us) <= 2000000 then zone_us
            else offset_us
        end as offset_us
    from (
        select
            *,
            (offset_us + 450000000 - ((offset_us + 450000000) % 900000000 + 900000000) % 900000000) as zone_us,
            row_number() over (
                partition by source_id, kind
                order by inliers desc, spread_us, reference_id, family
            ) as choice
        from clock_fit
        where
            kind <> 'utc'
            -- a zoned clock is held against the agents' transcripts, and corrected where it is off by more than a call
            -- takes to run
            or (
                family in ('command', 'exec', 'host', 'peer')
                and reference_id in (select source_id from told)
                and source_id not in (select source_id from told)
                and abs(offset_us) > 3000000
            )
    ) as ranked
    where choice = 1
)

select
    kinds.source_id,
    kinds.kind,
    case
        when best_fit.offset_us is not null then best_fit.offset_us
        when kinds.kind = 'utc' then 0
        when kinds.kind = 'local' then 0
    end as offset_us,
    case
        when best_fit.offset_us is not null then 3 * best_fit.spread_us + 1000000
        when kinds.kind = 'utc' then 0
        when kinds.kind = 'local' then 50400000000                          -- UTC+14
    end as before_us,
    case
        when best_fit.offset_us is not null then 3 * best_fit.spread_us + 1000000
        when kinds.kind = 'utc' then 0
        when kinds.kind = 'local' then 43200000000                          -- UTC-12
    end as after_us,
    case
        when best_fit.offset_us is not null then 'clock_corrected'
        when kinds.kind = 'utc' then 'recorded'
        when kinds.kind = 'local' then 'assumed_zone'
        else 'none'
    end as basis
from kinds
left join best_fit on best_fit.source_id = kinds.source_id and best_fit.kind = kinds.kind
