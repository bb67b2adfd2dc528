-- question: did spending of proceeds bring new places that mine: the feedback loop?
-- grain:    one row per spending of proceeds of the chain
-- columns:  event, asset, amount, best_us, gathered (of that asset until then; exact decimal, null where none is told),
--           places_before (hosts and addresses that had mined), paid_event (the last payment before), new_place (the
--           first host or address that mines only afterwards), new_event (its first record), new_us
-- as:       table
-- order:    best_us, event
-- not for:  saying that the money bought the place: only the order of events speaks for it

with spending as (
    select coin_event.event, coin_event.asset, coin_event.amount, coin_event.best_us
    from coin_event
    join stage_event on stage_event.event = coin_event.event and stage_event.stage = 'reinvestment'
),

income as (
    select event, asset, kind, amount, best_us
    from coin_event
    where
        kind in ('payout', 'receipt')
        and best_us is not null
        -- more than any pool ever paid is a claim that must not overflow the sum of the others
        and amount between -1000000000000000 and 1000000000000000
),

earned as (
    select spending.event, coalesce(
        sum(income.amount) filter (where income.kind = 'receipt'),
        sum(income.amount) filter (where income.kind = 'payout')) as gathered
    from spending
    join income on income.asset = spending.asset and income.best_us <= spending.best_us
    group by spending.event
),

last_paid as (
    select
        spending.event,
        income.event as paid_event,
        row_number() over (partition by spending.event order by income.best_us desc, income.event) as choice
    from spending
    join income on income.asset = spending.asset and income.best_us <= spending.best_us
),

mining_place as (
    select coalesce(mining_event.client_address, command_event.host) as place, mining_event.event, mining_event.best_us
    from mining_event
    left join command_event on command_event.event = mining_event.event
    where mining_event.best_us is not null and coalesce(mining_event.client_address, command_event.host) is not null
),

first_seen as (
    select place, event, best_us
    from (
        select place, event, best_us, row_number() over (partition by place order by best_us, event) as choice
        from mining_place
    ) as ranked
    where choice = 1
),

grown as (
    select
        spending.event,
        first_seen.place,
        first_seen.event as new_event,
        first_seen.best_us as new_us,
        row_number() over (partition by spending.event order by first_seen.best_us, first_seen.event, first_seen.place)
            as choice
    from spending
    join first_seen on first_seen.best_us > spending.best_us
),

before as (
    select spending.event, count(first_seen.place) as places
    from spending
    left join first_seen on first_seen.best_us <= spending.best_us
    group by spending.event
)

select
    spending.event,
    spending.asset,
    spending.amount,
    spending.best_us,
    earned.gathered,
    before.places as places_before,
    last_paid.paid_event,
    grown.place as new_place,
    grown.new_event,
    grown.new_us
from spending
join before on before.event = spending.event
left join earned on earned.event = spending.event
left join last_paid on last_paid.event = spending.event and last_paid.choice = 1
left join grown on grown.event = spending.event and grown.choice = 1
