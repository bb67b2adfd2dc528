-- question: which rules of the knowledge file fit which command, before asking whose it is and what it is about?
-- grain:    one row per event, part of a command that it runs, schedules or writes, and rule
-- columns:  event, part_no, rule, stage, conduct, opens ('yes' | 'no'), needs_entity, reason, reach ('run' |
--           'scheduled' | 'written'), program, arguments
-- as:       table
-- not for:  findings; a hit that needs an entity proves nothing without it, and what is only written was not run

with hit as (
    select
        part_reach.text_sha256,
        part_reach.part_no,
        part_reach.reach,
        part_reach.program,
        part_reach.arguments,
        rule.id as rule,
        rule.stage,
        rule.conduct,
        rule.opens,
        rule.needs_entity,
        rule.reason
    from part_reach
    join command_rule as rule
        on regexp_matches(part_reach.program, '^(' || rule.program || ')$')
        -- that a miner is started or fetched must be told by the program's own words, not by a text that it is given
        and regexp_matches(
            case when rule.stage in ('mining', 'acquisition') then part_reach.handed else part_reach.arguments end,
            rule.arguments)
        and not coalesce(regexp_matches(part_reach.arguments, rule.unless), false)
    where
        rule.unless_reader is null
        or part_reach.program not in (select name from reader_program)
),

placed as (
    select command_event.event, hit.part_no, hit.rule, hit.stage, hit.conduct, hit.opens, hit.needs_entity, hit.reason,
        hit.reach, hit.program, hit.arguments
    from hit
    join command_event on command_event.text_sha256 = hit.text_sha256
    union
    select script_run.event, hit.part_no, hit.rule, hit.stage, hit.conduct, hit.opens, hit.needs_entity,
        hit.reason || ' (in a script that this runs)', 'run', hit.program, hit.arguments
    from script_run
    join hit on hit.text_sha256 = script_run.text_sha256 and hit.part_no = script_run.part_no
)

select
    event,
    part_no,
    rule,
    case when reach = 'scheduled' and stage = 'mining' then 'persistence' else stage end as stage,
    conduct,
    case when reach = 'run' then opens else 'no' end as opens,
    needs_entity,
    case when reach = 'scheduled' and stage = 'mining' then 'a miner is put into a schedule' else reason end as reason,
    reach,
    program,
    arguments
from placed
where reach <> 'written'
