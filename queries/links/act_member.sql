-- question: which records are observations of one act?
-- grain:    one row per record and act; an act is named by its tool call, else by its own record
-- columns:  act (event), event, role ('call' | 'result' | 'typed' | 'executed' | 'descendant' | 'socket' | 'cloud'),
--           basis ('itself' | 'identifier' | 'same text' | 'same command' | 'lineage'), candidates
-- as:       table
-- not for:  attribution by itself; see actor_of_event

with recursive calls as (
    select event from command_event where modality = 'called'
),

runs as (
    select call_event, run_event, basis, calls_fitting
    from call_run
    where choice = 1
),

seeds as (
    select
        runs.call_event as act,
        command_event.event,
        command_event.host,
        command_event.pid,
        command_event.parent_pid,
        command_event.best_us,
        0 as depth
    from runs
    join command_event on command_event.event = runs.run_event
    where command_event.modality = 'executed' and command_event.pid is not null
),

family as (
    select act, event, host, pid, parent_pid, best_us, depth from seeds
    union
    select
        family.act,
        child.event,
        child.host,
        child.pid,
        child.parent_pid,
        child.best_us,
        family.depth + 1 as depth
    from family
    join command_event as child
        on child.modality = 'executed'
        -- an exec in place keeps its parent; the same id under another parent is another process
        and (
            child.parent_pid = family.pid
            or (child.pid = family.pid and coalesce(child.parent_pid, -1) = coalesce(family.parent_pid, -1))
        )
        and coalesce(child.host, '') = coalesce(family.host, '')
        and child.event <> family.event
        and child.best_us between family.best_us and family.best_us + 86400000000          -- pids are used again
    where family.depth < 16
),

descendants as (
    select family.act, family.event, min(family.depth) as depth
    from family
    where family.depth > 0 and family.event not in (select run_event from runs)
    group by family.act, family.event
),

processes as (
    select act, event, host, pid, best_us from seeds
    union
    select family.act, family.event, family.host, family.pid, family.best_us
    from family
    where family.event not in (select run_event from runs where runs.call_event <> family.act)
),

sockets as (
    select
        processes.act,
        socket_seen.event,
        row_number() over (partition by socket_seen.event order by processes.best_us desc, processes.act) as choice
    from socket_seen
    join processes
        on processes.pid = socket_seen.pid
        and coalesce(processes.host, '') = coalesce(socket_seen.host, '')
        and socket_seen.best_us between processes.best_us - 1000000 and processes.best_us + 86400000000
)

select event as act, event, 'call' as role, 'itself' as basis, 1 as candidates from calls
union all
select tool_result.call_event, tool_result.event, 'result', 'identifier', 1
from tool_result
join calls on calls.event = tool_result.call_event
where tool_result.kind = 'tool_result'
union all
select
    runs.call_event,
    runs.run_event,
    case runs.basis when 'same text' then 'typed' else 'executed' end,
    runs.basis,
    runs.calls_fitting
from runs
union all
select call_event, cloud_event, 'cloud', basis, candidates
from cloud_run
union all
select act, event, 'descendant', 'lineage', 1 from descendants
union all
select act, event, 'socket', 'identifier', 1 from sockets where choice = 1
union all
select command_event.event, command_event.event, command_event.modality, 'itself', 1
from command_event
where
    command_event.modality <> 'called'
    and command_event.event not in (select run_event from runs)
    and command_event.event not in (select event from descendants)
