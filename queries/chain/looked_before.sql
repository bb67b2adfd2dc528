-- question: who looked over a host's processes or connections, or what is rolled out, just before stopping the miner?
-- grain:    one row per look
-- columns:  event, principal, act, reason
-- as:       table
-- not for:  looks that nothing followed: they are everyday work

with stop as (
    select command_signal.event, command_signal.principal, command_event.best_us
    from command_signal
    join command_event on command_event.event = command_signal.event
    where
        command_signal.stage = 'containment'
        and command_signal.conduct = 'response'
        and (
            command_signal.actor <> 'agent'
            or command_signal.session_id not in (select session_id from incident_session)
        )
        and command_event.best_us is not null
    union
    select taken_back.event, taken_back.principal, command_event.best_us
    from taken_back
    join command_event on command_event.event = taken_back.event
),

plain_spoken as (
    select distinct principal
    from command_signal
    where stage = 'detection' and conduct = 'response'
)

select command_hit.event, min(actor_of_event.principal) as principal, min(actor_of_event.act) as act,
    'somebody looks over the host, and stops the miner within a quarter of an hour' as reason
from command_hit
join actor_of_event on actor_of_event.event = command_hit.event
join command_event on command_event.event = command_hit.event
join stop
    on stop.principal = actor_of_event.principal
    and command_event.best_us between stop.best_us - 900000000 and stop.best_us
    and command_event.event <> stop.event
where
    -- who also looks for the miner by name says more by that: his other looks count right before the stop only
    (
        actor_of_event.principal not in (select principal from plain_spoken)
        or command_event.best_us > stop.best_us - 300000000
    )
    and (
        (
            command_hit.rule = 'looked_for'
            and command_hit.program in ('ps', 'top', 'htop', 'pgrep', 'ss', 'netstat', 'lsof', 'nvidia-smi', 'iftop',
                'nethogs', 'kubectl')
        )
        -- a store's history is read every day
        or (command_hit.rule = 'change_reviewed' and command_hit.program <> 'git')
    )
group by command_hit.event
