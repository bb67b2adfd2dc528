-- question: which records are observations of one act?
-- grain:    one row per record and act; an act is named by its tool call, else by its own record
-- columns:  act (event), event, role ('call' | 'result' | 'typed' | 'executed' | 'descendant' | 'socket' | 'cloud'),
--           basis ('itself' | 'identifier' | 'same text' | 'same command' | 'written text' | 'lineage'), candidates,
--           apart (whether it ran by a schedule, a daemon or on another host, of what the call wrote or had run)
-- as:       table
-- not for:  attribution by itself; see actor_of_event

with recursive calls as (
    select event from command_event where modality = 'called'
),

matched as (
    select call_event, run_event, basis, calls_fitting, false as apart
    from call_run
    where choice = 1
    union all
    select call_event, run_event, 'written text', calls_fitting, true
    from written_run
    where choice = 1
),

-- a process that started only what one call asked for: a subshell of it, which may start the same again later
parent as (
    select command_event.host, command_event.parent_pid, min(matched.call_event) as call_event,
        min(command_event.best_us) as best_us
    from matched
    join command_event on command_event.event = matched.run_event
    where command_event.modality = 'executed' and command_event.parent_pid > 1
    group by command_event.host, command_event.parent_pid
    having count(distinct matched.call_event) = 1
),

again as (
    select distinct parent.call_event, command_event.event as run_event, 'lineage' as basis, 1 as calls_fitting,
        false as apart
    from parent
    join command_event
        on command_event.parent_pid = parent.parent_pid
        and coalesce(command_event.host, '') = coalesce(parent.host, '')
        and command_event.best_us between parent.best_us and parent.best_us + 86400000000
    join command_part as run_part on run_part.text_sha256 = command_event.text_sha256 and run_part.part_no = 0
    join command_event as call on call.event = parent.call_event
    join command_part as call_part
        on call_part.text_sha256 = call.text_sha256
        and call_part.loose_key = run_part.loose_key
    left join matched on matched.run_event = command_event.event
    where command_event.modality = 'executed' and matched.run_event is null and run_part.loose_key <> ''
),

-- a shell that daemons and far hosts start for what was written, and that begins after it was asked for
around as (
    select
        matched.call_event,
        shell.event as run_event,
        'lineage' as basis,
        matched.calls_fitting,
        row_number() over (partition by run.event order by shell.best_us desc, shell.event) as choice
    from matched
    join command_event as call on call.event = matched.call_event
    join command_event as run on run.event = matched.run_event
    join command_event as shell
        on shell.modality = 'executed'
        and shell.pid = run.parent_pid
        and coalesce(shell.host, '') = coalesce(run.host, '')
        and shell.best_us between call.best_us - 2000000 and run.best_us
    join command_part
        on command_part.text_sha256 = shell.text_sha256
        and command_part.part_no = 0
        and command_part.executable in ('sh', 'bash', 'dash', 'zsh', 'ksh')
    left join matched as other on other.run_event = shell.event
    where matched.basis = 'written text' and other.run_event is null
),

runs as (
    select call_event, run_event, basis, calls_fitting, apart from matched
    union all
    select call_event, run_event, basis, calls_fitting, apart from again
    union
    select call_event, run_event, basis, calls_fitting, true from around where choice = 1
),

seeds as (
    select
        runs.call_event as act,
        command_event.event,
        command_event.host,
        command_event.pid,
        command_event.parent_pid,
        command_event.best_us,
        runs.apart,
        0 as depth
    from runs
    join command_event on command_event.event = runs.run_event
    where command_event.modality = 'executed' and command_event.pid is not null
),

family as (
    select act, event, host, pid, parent_pid, best_us, apart, depth from seeds
    union
    select
        family.act,
        child.event,
        child.host,
        child.pid,
        child.parent_pid,
        child.best_us,
        family.apart,
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
    select family.act, family.event, bool_and(family.apart) as apart, min(family.depth) as depth
    from family
    where family.depth > 0 and family.event not in (select run_event from runs)
    group by family.act, family.event
),

processes as (
    select act, event, host, pid, best_us, apart from seeds
    union
    select family.act, family.event, family.host, family.pid, family.best_us, family.apart
    from family
    where family.event not in (select run_event from runs where runs.call_event <> family.act)
),

sockets as (
    select
        processes.act,
        socket_seen.event,
        processes.apart,
        row_number() over (
            partition by socket_seen.event
            order by processes.best_us desc, processes.act, processes.apart
        ) as choice
    from socket_seen
    join processes
        on processes.pid = socket_seen.pid
        and coalesce(processes.host, '') = coalesce(socket_seen.host, '')
        and socket_seen.best_us between processes.best_us - 1000000 and processes.best_us + 86400000000
)

select event as act, event, 'call' as role, 'itself' as basis, 1 as candidates, false as apart from calls
union all
select tool_result.call_event, tool_result.event, 'result', 'identifier', 1, false
from tool_result
join calls on calls.event = tool_result.call_event
where tool_result.kind = 'tool_result'
union all
select
    runs.call_event,
    runs.run_event,
    case runs.basis when 'same text' then 'typed' when 'lineage' then 'descendant' else 'executed' end,
    runs.basis,
    runs.calls_fitting,
    runs.apart
from runs
union all
select call_event, cloud_event, 'cloud', basis, candidates, false
from cloud_run
union all
select act, event, 'descendant', 'lineage', 1, apart from descendants
union all
select act, event, 'socket', 'identifier', 1, apart from sockets where choice = 1
union all
select command_event.event, command_event.event, command_event.modality, 'itself', 1, false
from command_event
where
    command_event.modality <> 'called'
    and command_event.event not in (select run_event from runs)
    and command_event.event not in (select event from descendants)
