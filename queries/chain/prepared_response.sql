-- question: who looked for, stopped or removed what an agent had got ready to mine with?
-- grain:    one row per command and stage
-- columns:  event, stage ('detection' | 'containment' | 'recovery'), rule, reason, principal, act
-- as:       table
-- not for:  cases in which mining began: command_signal holds those

with text as (
    select event, text_sha256 from command_event
    union
    select event, text_sha256 from file_written
),

laid as (
    select preparation.wallet as value from preparation where preparation.wallet is not null
    union
    select pool_name from preparation where length(pool_name) >= 6
    union
    select regexp_extract(file_written.path, '([^/]+)$', 1)
    from preparation
    join file_written on file_written.event = preparation.event
    union
    -- the folder that it was laid into, whoever's home it is in
    select regexp_extract(file_written.path, '^(?:~|\$HOME|/home/[^/]+|/root)?(/[^/]+/.*)/[^/]+$', 1)
    from preparation
    join file_written on file_written.event = preparation.event
    union
    select miner_name.name
    from preparation
    join text on text.event = preparation.event
    join command_part on command_part.text_sha256 = text.text_sha256
    join miner_name on contains(lower(left(array_to_string(command_part.argv, ' '), 8192)), miner_name.name)
),

began as (
    select min(best_us) as best_us from preparation
)

select
    command_hit.event,
    command_hit.stage,
    min(command_hit.rule) as rule,
    min(command_hit.reason) as reason,
    min(actor_of_event.principal) as principal,
    min(actor_of_event.act) as act
from command_hit
join laid
    on length(laid.value) >= 5
    and contains(lower(command_hit.arguments), lower(laid.value))
join actor_of_event on actor_of_event.event = command_hit.event
join command_event on command_event.event = command_hit.event
cross join began
where
    command_hit.conduct = 'response'
    and (actor_of_event.actor <> 'agent' or (command_hit.stage = 'containment' and command_hit.rule <> 'files_seized'))
    and (command_event.latest_us is null or began.best_us is null or command_event.latest_us >= began.best_us)
group by command_hit.event, command_hit.stage
