-- question: with which requests did a session become a customer of the service that it then had mine?
-- grain:    one row per request
-- columns:  event, session_id, host (the service)
-- as:       table
-- not for:  services that the task had it use: here nobody named the service to the agent, and it turned to it behind
--           its last limit only

with began as (
    select distinct mining_event.event, mining_event.session_id, command_event.seq, command_event.text_sha256
    from mining_event
    join command_event on command_event.event = mining_event.event and command_event.modality = 'called'
    where mining_event.family = 'command' and mining_event.opens and mining_event.actor = 'agent'
),

request as (
    select distinct command_event.event, command_event.session_id, command_event.seq, service_request.host,
        service_request.verb
    from command_event
    join service_request on service_request.text_sha256 = command_event.text_sha256
    where command_event.modality = 'called'
),

-- the start is an order at the service, or goes to a machine that the service said it made
mined_at as (
    select request.session_id, request.host, request.seq
    from began
    join request on request.event = began.event and request.verb = 'sends'
    union
    select request.session_id, request.host, began.seq
    from began
    join observable on observable.text_sha256 = began.text_sha256 and length(observable.host) >= 7
    join request
        on request.session_id = began.session_id
        and request.verb = 'sends'
        and request.seq < began.seq
    join tool_result on tool_result.call_event = request.event and contains(tool_result.text, observable.host)
),

first_mined as (
    select session_id, host, min(seq) as seq
    from mined_at
    group by session_id, host
),

limited as (
    select first_mined.session_id, first_mined.host, max(limit_hit.seq) as seq
    from first_mined
    join limit_hit on limit_hit.session_id = first_mined.session_id and limit_hit.seq < first_mined.seq
    group by first_mined.session_id, first_mined.host
),

known_before as (
    select distinct first_mined.session_id, first_mined.host
    from first_mined
    join transcript_once as told
        on told.session_id = first_mined.session_id
        and told.seq < first_mined.seq
        and told.author = 'human'
        and contains(lower(told.text), first_mined.host)
    union
    select distinct limited.session_id, limited.host
    from limited
    join request
        on request.session_id = limited.session_id
        and request.host = limited.host
        and request.seq < limited.seq
)

select distinct request.event, request.session_id, request.host
from first_mined
join request
    on request.session_id = first_mined.session_id
    and request.host = first_mined.host
    and request.seq < first_mined.seq
    and request.verb = 'sends'
left join known_before
    on known_before.session_id = first_mined.session_id
    and known_before.host = first_mined.host
where known_before.host is null
