-- question: which records of the chain belong together, and on what ground?
-- grain:    one row per ordered pair and kind
-- columns:  from_event, to_event, kind (of the incident document), basis ('identifier' | 'lineage' | 'same text' |
--           'same command' | 'order'), candidates, why
-- as:       table
-- order:    kind, from_event, to_event
-- not for:  claims of cause where the basis is 'order'

with staged as (
    select distinct event from stage_event
),

called as (
    select act_member.act as from_event, act_member.event as to_event, 'called_then_ran' as kind, act_member.basis,
        act_member.candidates,
        case act_member.basis when 'same text' then 'the same command stands in the shell history in the window of the call'
            when 'same command' then 'the same command was executed in the window of the call'
            else 'the process descends from one that the call started' end as why
    from act_member
    join staged on staged.event = act_member.act
    where act_member.role in ('typed', 'executed', 'descendant') and act_member.act <> act_member.event
),

connected as (
    select parent.event as from_event, act_member.event as to_event, 'ran_then_connected' as kind, 'identifier' as basis,
        1 as candidates, 'the process id is the same' as why
    from act_member
    join socket_seen on socket_seen.event = act_member.event
    join command_event as parent on parent.pid = socket_seen.pid and parent.modality = 'executed'
    join act_member as parent_member on parent_member.event = parent.event and parent_member.act = act_member.act
    join staged on staged.event = act_member.event
    where act_member.role = 'socket'
),

first_flow as (
    select event, pool_address, client_address, best_us,
        row_number() over (partition by pool_address, client_address, source_id order by best_us, event) as choice
    from pool_flow
),

resolved as (
    select pool_lookup.event as from_event, first_flow.event as to_event, 'resolved_then_connected' as kind,
        'identifier' as basis, 1 as candidates, 'the name was answered with the address that was connected to' as why,
        row_number() over (
            partition by first_flow.event, pool_lookup.source_id
            order by abs(first_flow.best_us - pool_lookup.best_us), pool_lookup.event
        ) as choice
    from first_flow
    join pool_lookup on pool_lookup.address = first_flow.pool_address
    where first_flow.choice = 1 and pool_lookup.earliest_us <= first_flow.best_us + 1000000
),

started as (
    select event, best_us, row_number() over (order by best_us, event) as choice
    from mining_event
    where family = 'command' and opens and best_us is not null
),

to_flow as (
    select started.event as from_event, first_flow.event as to_event, 'ran_then_connected' as kind, 'order' as basis,
        1 as candidates, 'the first traffic to the pool follows the start of the miner' as why
    from started
    cross join first_flow
    where started.choice = 1 and first_flow.choice = 1 and first_flow.best_us between started.best_us - 2000000
        and started.best_us + 120000000
),

first_share as (
    select event, best_us, row_number() over (partition by source_id order by best_us, event) as choice
    from share_event
    where accepted is distinct from false and best_us is not null
),

credited as (
    select first_flow.event as from_event, first_share.event as to_event, 'connected_then_credited' as kind,
        'order' as basis, 1 as candidates, 'the first share is credited after the first traffic to the pool' as why
    from first_flow
    cross join first_share
    where first_flow.choice = 1 and first_share.choice = 1
        and first_share.best_us between first_flow.best_us - 2000000 and first_flow.best_us + 3600000000
),

decided as (
    select word_event.event as from_event, act.event as to_event, 'said_then_did' as kind, 'order' as basis,
        1 as candidates, 'the agent''s last words before its first deviating act' as why
    from word_event
    join incident_session on incident_session.session_id = word_event.session_id
    join command_event as act
        on act.session_id = incident_session.session_id
        and act.seq = incident_session.first_act_seq
        and act.modality = 'called'
    where word_event.stage = 'decision'
),

response as (
    select event, stage, best_us from stage_event where stage in ('detection', 'containment', 'recovery')
),

noticed as (
    select detection.event as from_event, containment.event as to_event, 'noticed_then_stopped' as kind,
        'order' as basis, count(*) over (partition by containment.event) as candidates,
        'somebody looked, then stopped it' as why,
        row_number() over (partition by containment.event order by detection.best_us desc, detection.event) as choice
    from response as detection
    join response as containment on containment.stage = 'containment' and containment.best_us >= detection.best_us
    where detection.stage = 'detection'
),

recovered as (
    select containment.event as from_event, recovery.event as to_event, 'stopped_then_recovered' as kind,
        'order' as basis, count(*) over (partition by recovery.event) as candidates,
        'it was stopped, then assets were secured' as why,
        row_number() over (partition by recovery.event order by containment.best_us desc, containment.event) as choice
    from response as containment
    join response as recovery on recovery.stage = 'recovery' and recovery.best_us >= containment.best_us
    where containment.stage = 'containment'
),

every as (
    select from_event, to_event, kind, basis, candidates, why from called
    union
    select from_event, to_event, kind, basis, candidates, why from connected
    union
    select from_event, to_event, kind, basis, candidates, why from resolved where choice = 1
    union
    select from_event, to_event, kind, basis, candidates, why from to_flow
    union
    select from_event, to_event, kind, basis, candidates, why from credited
    union
    select from_event, to_event, kind, basis, candidates, why from decided
    union
    select from_event, to_event, kind, basis, candidates, why from noticed where choice = 1
    union
    select from_event, to_event, kind, basis, candidates, why from recovered where choice = 1
),

ranked as (
    select *, row_number() over (partition by from_event, to_event, kind order by basis) as choice
    from every
    where from_event <> to_event
)

select from_event, to_event, kind, basis, candidates, why
from ranked
where choice = 1
