-- question: which tool call of an agent made which call in a cloud's own log?
-- grain:    one row per logged call that one explains
-- columns:  cloud_event, call_event, session_id, basis ('identifier': the answer to the call names a resource that the
--           log names; 'same command': its operation, in the window of the call), candidates (tool calls that fit)
-- as:       table
-- not for:  showing that nobody else made it: keys are shared

with named as (
    select cloud_event.event, cloud_event.earliest_us, cloud_event.latest_us, cloud_event.best_us, resource.value
    from cloud_event
    cross join unnest(cloud_event.resource_ids) as resource(value)
    where length(resource.value) >= 6 and not coalesce(cloud_event.read_only, false) and cloud_event.best_us is not null
),

answered as (
    select tool_result.call_event, command_event.session_id, command_event.earliest_us, command_event.best_us,
        tool_result.latest_us + 15000000 as until_us, left(tool_result.text, 20000) as text          -- logs lag
    from tool_result
    join command_event on command_event.event = tool_result.call_event and command_event.modality = 'called'
    where tool_result.kind = 'tool_result' and tool_result.text is not null and command_event.best_us is not null
),

pair as (
    select distinct named.event as cloud_event, answered.call_event, answered.session_id, 1 as strength,
        'identifier' as basis, abs(named.best_us - answered.best_us) as away_us
    from named
    join answered
        on named.latest_us >= answered.earliest_us - 2000000
        and named.earliest_us <= answered.until_us
        and contains(answered.text, named.value)

    union all

    select cloud_call.cloud_event, cloud_call.call_event, command_event.session_id, 2, 'same command',
        abs(cloud_call.lag_us)
    from cloud_call
    join command_event on command_event.event = cloud_call.call_event and command_event.modality = 'called'
),

ranked as (
    select
        *,
        count(*) over (partition by cloud_event, basis) as candidates,
        row_number() over (partition by cloud_event order by strength, away_us, call_event) as choice
    from pair
)

select cloud_event, call_event, session_id, basis, candidates
from ranked
where choice = 1
