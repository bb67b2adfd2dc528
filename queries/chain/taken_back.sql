-- question: who took back what was rolled out to mine: with the tool that started it and a name that both give, or
--           right after looking at it?
-- grain:    one row per command that takes something back
-- columns:  event, principal, act, how ('same name' | 'looked before')
-- as:       table
-- not for:  the agent's own undoing; taking back something else with the same tool is everyday work

with undone as (
    select distinct command_hit.event, command_hit.program, command_hit.arguments, actor_of_event.principal,
        actor_of_event.act, command_event.best_us
    from command_hit
    join actor_of_event on actor_of_event.event = command_hit.event
    join command_event on command_event.event = command_hit.event
    where
        command_hit.rule = 'rolled_back'
        and command_hit.reach = 'run'
        and actor_of_event.actor <> 'agent'
        and command_event.best_us is not null
),

begun as (
    select distinct command_event.best_us, part_reach.program, part_reach.arguments
    from mining_event
    join command_event on command_event.event = mining_event.act and command_event.modality = 'called'
    join part_reach on part_reach.text_sha256 = command_event.text_sha256 and part_reach.reach = 'run'
    where mining_event.family = 'command' and mining_event.opens and mining_event.actor = 'agent'
),

-- a branch or a place in a store is named by everybody who uses it
same_name as (
    select distinct undone.event
    from undone
    join begun on begun.program = undone.program and begun.best_us <= undone.best_us
    cross join unnest(string_split(begun.arguments, ' ')) as word(value)
    where
        undone.program <> 'git'
        and regexp_matches(left(word.value, 200), '^(-[a-z]+=)?[A-Za-z0-9][A-Za-z0-9._/-]{3,}$')
        and word.value not in ('apply', 'upgrade', 'install', 'rollout', 'deploy', 'create', 'default', 'deployment')
        and list_contains(string_split(undone.arguments, ' '), word.value)
        and word.value <> begun.program
),

-- with git nothing but the look tells what is taken back
looked as (
    select distinct undone.event
    from undone
    join command_signal
        on command_signal.principal = undone.principal
        and command_signal.stage = 'detection'
        and command_signal.conduct = 'response'
        and command_signal.best_us between undone.best_us - 900000000 and undone.best_us
    cross join (select min(best_us) as best_us from begun) as first_begun
    where first_begun.best_us <= undone.best_us
)

select
    undone.event,
    min(undone.principal) as principal,
    min(undone.act) as act,
    case when min(same_name.event) is not null then 'same name' else 'looked before' end as how
from undone
left join same_name on same_name.event = undone.event
left join looked on looked.event = undone.event
where same_name.event is not null or looked.event is not null
group by undone.event
