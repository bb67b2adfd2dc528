-- question: what does a start of mining look like that no tool call explains: a person's at a keyboard, or one that
--           came in from outside?
-- grain:    one row per opening record of a host that is not the agent's
-- columns:  event, terminal (started at a terminal), signed_in (descends from a login, or asks sudo at a terminal),
--           agent_account (runs under an account whose commands agents' calls explain), before_agent (earlier than
--           every agent session in evidence; null where times are missing), outside (a download was piped into a
--           shell under the same account within an hour before), hidden (runs from a hidden folder or one that
--           anybody may write to)
-- as:       table
-- order:    event
-- not for:  naming anybody; these are grounds, weighed in the document

with start as (
    select
        mining_event.event,
        mining_event.best_us,
        mining_event.principal,
        command_event.text_sha256,
        command_event.login_uid,
        process.tty,
        process.kind
    from mining_event
    join command_event on command_event.event = mining_event.event
    left join process
        on process.source_id = mining_event.source_id
        and process.record = mining_event.record
        and process.part = mining_event.part
    where mining_event.opens and mining_event.family = 'command' and mining_event.actor <> 'agent'
),

explained as (
    select principal from principal where kind = 'account' and explained > 0
),

first_session as (
    select min(epoch_us(ts)) as first_us from transcript_once
),

piped as (
    select distinct actor_of_event.principal, command_event.best_us
    from piped_download
    join command_event on command_event.event = piped_download.event
    join actor_of_event on actor_of_event.event = piped_download.event
),

hidden as (
    select distinct text_sha256
    from command_part
    where regexp_matches(left(coalesce(executable_path, ''), 4096), '(^|/)\.[^/.][^/]*/|^/(var/tmp|tmp|dev/shm)/')
)

select
    start.event,
    bool_or(coalesce(start.tty, '') not in ('', '(none)', '?')) as terminal,
    -- whoever becomes another at a terminal has signed in as himself
    bool_or(
        start.login_uid is not null
        or (coalesce(start.kind, '') = 'sudo' and coalesce(start.tty, '') like '%pts%')
    ) as signed_in,
    bool_or(start.principal in (select principal from explained)) as agent_account,
    bool_or(start.best_us < first_session.first_us) as before_agent,
    bool_or(piped.principal is not null) as outside,
    bool_or(start.text_sha256 in (select text_sha256 from hidden)) as hidden
from start
cross join first_session
left join piped
    on piped.principal = start.principal
    and piped.best_us between start.best_us - 3600000000 and start.best_us
group by start.event
