-- question: which acts of the chain can be undone, and which were?
-- grain:    one row per act (a call, else its own record) and stage, from acquisition to reinvestment
-- columns:  act, stage, rule, class ('reversible' | 'compensable' | 'irreversible'), how, session_id, undone_event (the
--           first command or act of recovery that undoes it; null where none is in evidence), undone_us
-- as:       table
-- order:    stage, act
-- not for:  saying that undoing was complete: a file removed may have a copy

with told as (
    select act, stage, min(rule) as sign, min(session_id) as session_id, min(earliest_us) as earliest_us
    from stage_event
    where act is not null
    group by act, stage
    union all
    select event, 'reinvestment', 'coin_' || kind, cast(null as varchar), earliest_us
    from coin_event
    where side = 'out' and exists (select 1 from stage_event where stage_event.event = coin_event.event)
    union all
    select event, 'accumulation', 'coin_' || kind, cast(null as varchar), earliest_us
    from coin_event
    where kind in ('payout', 'receipt')
        and exists (select 1 from stage_event where stage_event.event = coin_event.event)
),

specific as (
    select told.act, told.stage, min(rule.id) as rule
    from told
    join reversal as rule
        on rule.stage = told.stage
        and list_contains(string_split(rule.signs, ' '), told.sign)
    group by told.act, told.stage
),

general as (
    select stage, min(id) as rule
    from reversal
    where signs is null
    group by stage
),

classed as (
    select told.act, told.stage, rule.id as rule, rule.class, rule.how, told.session_id, told.earliest_us
    from told
    left join specific on specific.act = told.act and specific.stage = told.stage
    left join general on general.stage = told.stage
    join reversal as rule on rule.id = coalesce(specific.rule, general.rule)
    where
        told.sign <> 'miner_log_read'          -- looking changes nothing
        and (told.stage <> 'accumulation' or told.sign in ('coin_payout', 'coin_receipt'))
),

fitting as (
    select rule.id as rule, rule.undo_names, command_event.event, command_event.host, command_event.best_us,
        command_event.latest_us
    from part_reach
    join reversal as rule
        on regexp_matches(part_reach.program, '^(' || rule.undo_program || ')$')
        and regexp_matches(part_reach.arguments, rule.undo_text)
    join command_event on command_event.text_sha256 = part_reach.text_sha256
    where part_reach.reach = 'run'
),

undoing as (
    select rule, event, host, best_us, latest_us
    from fitting
    where
        undo_names = ''
        or exists (
            select 1 from mention
            where mention.event = fitting.event and list_contains(string_split(fitting.undo_names, ' '), mention.kind)
        )
    union
    select 'gathered', event, cast(null as varchar), best_us, latest_us
    from custody_event
    where amount is not null
),

act_place as (
    select act_member.act, min(command_event.host) as host
    from act_member
    join command_event on command_event.event = act_member.event
    group by act_member.act
),

undone as (
    select
        classed.act,
        classed.stage,
        undoing.event,
        undoing.best_us,
        row_number() over (
            partition by classed.act, classed.stage
            order by undoing.best_us, undoing.event
        ) as choice
    from classed
    left join act_place on act_place.act = classed.act
    join undoing
        on undoing.rule = classed.rule
        and undoing.latest_us >= classed.earliest_us
        and undoing.event <> classed.act
        and coalesce(undoing.host, act_place.host, '') = coalesce(act_place.host, undoing.host, '')
)

select
    classed.act,
    classed.stage,
    classed.rule,
    classed.class,
    classed.how,
    classed.session_id,
    undone.event as undone_event,
    undone.best_us as undone_us
from classed
left join undone on undone.act = classed.act and undone.stage = classed.stage and undone.choice = 1
