-- question: which rules of the knowledge file fit which command, before asking whose it is and what it is about?
-- grain:    one row per event, part of its command and rule
-- columns:  event, part_no, rule, stage, conduct, opens ('yes' | 'no'), needs_entity, reason, program, arguments
-- as:       table
-- not for:  findings; a hit that needs an entity proves nothing without it

with part as (
    select
        text_sha256,
        part_no,
        regexp_replace(lower(coalesce(executable, '')), '\.(exe|bin|sh|py)$', '', 'g') as program,
        left(coalesce(array_to_string(argv, ' '), text, ''), 8192) as arguments
    from command_part
),

hit as (
    select
        part.text_sha256,
        part.part_no,
        part.program,
        part.arguments,
        rule.id as rule,
        rule.stage,
        rule.conduct,
        rule.opens,
        rule.needs_entity,
        rule.reason
    from part
    join command_rule as rule
        on regexp_matches(part.program, '^(' || rule.program || ')$')
        and regexp_matches(part.arguments, rule.arguments)
        and not coalesce(regexp_matches(part.arguments, rule.unless), false)
    where
        rule.unless_reader is null
        or part.program not in (select name from reader_program)
)

select
    command_event.event,
    hit.part_no,
    hit.rule,
    hit.stage,
    hit.conduct,
    hit.opens,
    hit.needs_entity,
    hit.reason,
    hit.program,
    hit.arguments
from hit
join command_event on command_event.text_sha256 = hit.text_sha256
