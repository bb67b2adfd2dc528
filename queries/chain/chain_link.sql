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
    select act_member.act as from_event, act_member.event as to_event, 'called_then_ran' as kind,
        case act_member.basis when 'written text' then 'same text' else act_member.basis end as basis,
        act_member.candidates,
        case act_member.basis when 'written text' then 'what was executed stands word for word in what the call wrote or had run'
            when 'same text' then 'the same command stands in the shell history in the window of the call'
            when 'same command' then 'the same command was executed in the window of the call'
            when 'identifier' then 'the cloud''s own log names a resource that the call''s answer names'
            else 'the process descends from one that the call started' end as why
    from act_member
    join actor_of_event on actor_of_event.event = act_member.act
    where
        (
            act_member.act in (select event from staged)
            or actor_of_event.session_id in (select session_id from incident_session)
        )
        and act_member.role in ('typed', 'executed', 'descendant', 'cloud') and act_member.act <> act_member.event
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
    select event, source_id, pool_address, client_address, best_us,
        row_number() over (partition by pool_address, client_address, source_id order by best_us, event) as choice
    from pool_flow
),

first_share as (
    select event, best_us, asset,
        row_number() over (partition by source_id order by best_us, event) as choice,
        row_number() over (partition by source_id, account, worker order by best_us, event) as worker_choice
    from share_event
    where accepted is distinct from false and best_us is not null
),

-- where the chain's own commands lead: the hosts they name, as addresses
led as (
    select distinct
        command_event.event,
        command_event.modality,
        coalesce(act_member.act, command_event.event) as act,
        command_event.best_us,
        lower(observable.host) as host
    from command_event
    join staged on staged.event = command_event.event
    join observable on observable.text_sha256 = command_event.text_sha256
    left join act_member on act_member.event = command_event.event and act_member.act <> command_event.event
    where observable.host is not null and command_event.best_us is not null and command_event.modality <> 'typed'
),

-- the execution speaks for its act where it is on record, else the call
leader as (
    select *
    from led
    where modality = 'executed'
        or act not in (select act from led where modality = 'executed')
),

known_name as (
    select distinct name, address
    from name_lookup
    where name is not null and address is not null
        and name in (select host from leader)
),

asked_for as (
    select leader.event as from_event, lookup.event as to_event, 'ran_then_resolved' as kind, 'order' as basis,
        count(*) over (partition by leader.event, lookup.source_id, leader.host) as candidates,
        'the name that the command gives is asked for while it runs' as why,
        row_number() over (
            partition by leader.event, lookup.source_id, leader.host
            order by abs(lookup.best_us - leader.best_us), lookup.event
        ) as choice
    from leader
    join chain_lookup as lookup
        on lookup.name = leader.host
        and lookup.best_us between leader.best_us - 3000000 and leader.best_us + 60000000
),

reached as (
    select leader.event, leader.best_us, leader.host,
        case when regexp_matches(leader.host, '^[0-9.]+$|:') then leader.host else known_name.address end as address
    from leader
    left join known_name on known_name.name = leader.host

    union

    select run.event, socket_seen.best_us, socket_seen.address, socket_seen.address
    from command_event as run
    join staged on staged.event = run.event
    join socket_seen
        on socket_seen.pid = run.pid
        and coalesce(socket_seen.host, '') = coalesce(run.host, '')
        and socket_seen.best_us between run.best_us and run.best_us + 86400000000
    where run.modality = 'executed' and socket_seen.address is not null and coalesce(socket_seen.port, 0) <> 53
),

peer_flow as (
    select
        reached.event as from_event,
        chain_flow.event as to_event,
        row_number() over (
            partition by reached.event, chain_flow.source_id, reached.address
            order by abs(chain_flow.best_us - reached.best_us), chain_flow.record, chain_flow.part
        ) as choice,
        count(*) over (partition by reached.event, chain_flow.source_id, reached.address) as candidates
    from reached
    join chain_flow
        on chain_flow.peer_address = reached.address
        and chain_flow.best_us between reached.best_us - 3000000 and reached.best_us + 120000000
    where reached.address is not null
),

answered as (
    select lookup.event as from_event, chain_flow.event as to_event,
        row_number() over (
            partition by chain_flow.event, lookup.source_id
            order by abs(chain_flow.best_us - lookup.best_us), lookup.event
        ) as choice
    from chain_flow
    join peer_flow on peer_flow.to_event = chain_flow.event and peer_flow.choice = 1
    join chain_lookup as lookup
        on lookup.address = chain_flow.peer_address
        and lookup.best_us between chain_flow.best_us - 300000000 and chain_flow.best_us + 2000000
),

paid as (
    select event, best_us, asset, kind, account
    from coin_event
    where kind in ('payout', 'credit', 'receipt') and best_us is not null
),

earned as (
    select first_share.event as from_event, paid.event as to_event
    from paid
    join first_share
        on first_share.best_us <= paid.best_us
        and coalesce(first_share.asset, paid.asset, '') = coalesce(paid.asset, first_share.asset, '')
    where first_share.choice = 1
),

bought as (
    select paid.event as from_event, spend.event as to_event,
        row_number() over (partition by spend.event order by paid.best_us desc, paid.event) as choice
    from coin_event as spend
    join paid on paid.best_us <= spend.best_us and coalesce(paid.asset, '') = coalesce(spend.asset, '')
    where spend.side = 'out'
),

received as (
    select sent.event as from_event, arrived.event as to_event,
        count(*) over (partition by arrived.event) as candidates
    from coin_event as sent
    join coin_event as arrived
        on lower(arrived.transaction_id) = lower(sent.transaction_id)
        and coalesce(arrived.asset, sent.asset, '') = coalesce(sent.asset, arrived.asset, '')
        and arrived.source_id <> sent.source_id
    where
        sent.kind in ('payout', 'spend')
        and arrived.kind = 'receipt'
        and sent.repeats is null
        and arrived.repeats is null
),

secured_transfer as (
    select coin_event.event as from_event, custody_event.event as to_event,
        count(*) over (partition by custody_event.event) as candidates
    from custody_event
    join coin_event
        on lower(coin_event.transaction_id) = lower(custody_event.transaction_id)
        and coalesce(coin_event.asset, custody_event.asset, '') = coalesce(custody_event.asset, coin_event.asset, '')
    where coin_event.side = 'out' and coin_event.repeats is null
),

earned_by_flow as (
    select first_flow.event as from_event, paid.event as to_event
    from paid
    cross join first_flow
    cross join (select distinct asset from share_event where asset is not null
        union select distinct asset from coin_event where asset is not null) as mined
    where
        first_flow.choice = 1
        and first_flow.best_us <= paid.best_us
        and mined.asset = paid.asset
        and (paid.asset in (select asset from share_event)
            or not exists (select 1 from share_event where share_event.asset is not null))
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

-- the first work of each worker follows the last traffic that began before it
credited as (
    select first_flow.event as from_event, first_share.event as to_event,
        count(*) over (partition by first_share.event, first_flow.source_id) as candidates,
        row_number() over (
            partition by first_share.event, first_flow.source_id
            order by first_flow.best_us desc, first_flow.event
        ) as nearest,
        -- machines that begin together under one name of a worker: nothing tells whose work it is
        workers.names = 1
            and max(first_flow.best_us) over (partition by first_share.event, first_flow.source_id) - first_flow.best_us
                <= 60000000
            as alike
    from first_flow
    cross join first_share
    cross join (select count(distinct coalesce(worker, '')) as names from share_event where accepted is distinct from false)
        as workers
    where
        first_flow.choice = 1
        and first_share.worker_choice = 1
        and first_share.best_us between first_flow.best_us - 2000000 and first_flow.best_us + 3600000000
),

-- where one machine works for one account, the first work after each silence is that of the traffic that began anew
lone_pool as (
    select pool_address, source_id
    from pool_flow
    where best_us is not null
    group by pool_address, source_id
    having count(distinct client_address) = 1
),

begun_again as (
    select pool_flow.event, pool_flow.pool_address, pool_flow.source_id, pool_flow.best_us,
        lag(pool_flow.best_us) over (
            partition by pool_flow.pool_address, pool_flow.client_address, pool_flow.source_id
            order by pool_flow.best_us, pool_flow.event
        ) as before_us
    from pool_flow
    where pool_flow.best_us is not null
),

credited_again as (
    select begun_again.event as from_event, share_event.event as to_event,
        row_number() over (
            partition by begun_again.event, share_event.source_id
            order by share_event.best_us, share_event.event
        ) as nearest
    from begun_again
    join lone_pool
        on lone_pool.pool_address = begun_again.pool_address
        and lone_pool.source_id = begun_again.source_id
    cross join (select count(distinct account) as accounts from share_event where accepted is distinct from false) as paying
    join share_event
        on share_event.accepted is distinct from false
        and share_event.best_us between begun_again.best_us and begun_again.best_us + 3600000000
    where
        paying.accounts = 1
        and begun_again.best_us - begun_again.before_us > 2400000000          -- 40 minutes
),

decided as (
    select word_event.event as from_event, act.event as to_event, 'said_then_did' as kind, 'order' as basis,
        1 as candidates, 'the agent''s last words before its first deviating act' as why
    from word_event
    join incident_session on incident_session.session_id = word_event.session_id
    join transcript_once as act
        on act.session_id = incident_session.session_id
        and act.seq = incident_session.first_act_seq
        and act.kind = 'tool_call'
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

first_noticed as (
    select detection.event as from_event, containment.event as to_event
    from (select event, best_us, row_number() over (order by best_us, event) as choice from response
        where stage = 'detection' and best_us is not null) as detection
    join (select event, best_us, row_number() over (order by best_us, event) as choice from response
        where stage = 'containment' and best_us is not null) as containment
        on containment.best_us >= detection.best_us
    where detection.choice = 1 and containment.choice = 1
),

first_stop as (
    select event, best_us
    from (select event, best_us, row_number() over (order by best_us, event) as choice from response
        where stage = 'containment' and best_us is not null) as ranked
    where choice = 1
),

secured as (
    select first_stop.event as from_event, recovery.event as to_event
    from first_stop
    join response as recovery on recovery.stage = 'recovery' and recovery.best_us >= first_stop.best_us
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
    select from_event, to_event, 'connected_then_credited', 'order', candidates,
        'the first share is credited after the first traffic to the pool'
    from credited
    where nearest = 1 or alike
    union
    select from_event, to_event, 'connected_then_credited', 'order', 1,
        'the first share is credited after traffic to the pool began again'
    from credited_again
    where nearest = 1
    union
    select from_event, to_event, kind, basis, candidates, why from decided
    union
    select from_event, to_event, kind, basis, candidates, why from noticed where choice = 1
    union
    select from_event, to_event, 'noticed_then_stopped', 'order', 1, 'the first notice, then the first stop'
    from first_noticed
    union
    select from_event, to_event, kind, basis, candidates, why from recovered where choice = 1
    union
    select from_event, to_event, 'stopped_then_recovered', 'order', 1, 'it was first stopped, then assets were secured'
    from secured
    union
    select from_event, to_event, kind, basis, candidates, why from asked_for where choice = 1
    union
    select from_event, to_event, 'ran_then_connected', 'order', candidates,
        'the host that the command names is connected to while it runs'
    from peer_flow
    where choice = 1
    union
    select from_event, to_event, 'resolved_then_connected', 'identifier', 1,
        'the name was answered with the address that was connected to'
    from answered
    where choice = 1
    union
    select from_event, to_event, 'credited_then_paid', 'order', 1, 'work was credited before it was paid'
    from earned
    union
    select from_event, to_event, 'connected_then_credited', 'order', 1, 'the pool was reached before it paid'
    from earned_by_flow
    union
    select from_event, to_event, 'paid_then_spent', 'order', 1, 'the last payment before the spending'
    from bought
    where choice = 1
    union
    select from_event, to_event, 'paid_then_received', 'identifier', candidates,
        'who sent and who received name the same transaction'
    from received
    union
    select from_event, to_event, 'same_act', 'identifier', candidates,
        'the wallet and the responder name the same transaction'
    from secured_transfer
    union
    select from_event, to_event, kind, basis, candidates, why from sensor_link
),

ranked as (
    select *, row_number() over (partition by from_event, to_event, kind order by basis, candidates, why desc) as choice
    from every
    where from_event <> to_event
)

select from_event, to_event, kind, basis, candidates, why
from ranked
where choice = 1
