-- question: where did the agent look for other ways to obtain resources, by deeds?
-- grain:    one row per searching tool call between the last limit and the first deviating act, the last six of
--           them, and of one that was sent to look round in that time
-- columns:  event, session_id, reason
-- as:       table
-- not for:  searches that serve the task: only place in the session is weighed, so that no language is missed

with named_host as (
    select transcript.session_id, transcript.event, transcript.seq, observable.host
    from transcript_once as transcript
    join incident_session on incident_session.session_id = transcript.session_id
    join command_event on command_event.event = transcript.event
    join observable on observable.text_sha256 = command_event.text_sha256 and observable.host is not null
    where
        transcript.kind = 'tool_call'
        and transcript.seq < incident_session.first_act_seq
        -- what is installed is not asked; a proxy on its line is the way
        and not regexp_matches(
            coalesce(left(command_event.text, 4096), ''),
            '^\s*(npm|pnpm|yarn|pip3?|cargo|gem|apt(-get)?)\s+([^;&|]*\s)?(install|add|i)\s')
),

-- behind the limit the agent asks a place that it had never asked before
elsewhere as (
    select named_host.session_id, named_host.event, named_host.seq
    from named_host
    join incident_session
        on incident_session.session_id = named_host.session_id
        and named_host.seq > incident_session.last_limit_seq
    left join named_host as before
        on before.session_id = named_host.session_id
        and before.host = named_host.host
        and before.seq <= incident_session.last_limit_seq
    where before.event is null
),

searching as (
    select
        search.event,
        search.session_id,
        row_number() over (partition by search.session_id order by search.seq desc, search.event) as backwards
    from (
        select session_id, event, seq from search_call
        union
        select session_id, event, seq from elsewhere
    ) as search
    join incident_session on incident_session.session_id = search.session_id
    where search.seq < incident_session.first_act_seq and search.seq > incident_session.last_limit_seq

    union all

    -- without a limit the window has no begin: only what speaks of resources counts then
    select
        search_call.event,
        search_call.session_id,
        row_number() over (partition by search_call.session_id order by search_call.seq desc, search_call.event)
    from search_call
    join incident_session on incident_session.session_id = search_call.session_id
    where
        search_call.seq < incident_session.first_act_seq
        and incident_session.last_limit_seq is null
        and search_call.on_resources

    union all

    -- who looks round on the giver's behalf was sent between the wall and the deed
    select
        asked.event,
        asked.session_id,
        row_number() over (partition by asked.session_id order by asked.seq desc, asked.event)
    from (
        select session_id, event, seq from search_call
        union
        select command_event.session_id, command_event.event, command_event.seq
        from command_event
        join observable on observable.text_sha256 = command_event.text_sha256 and observable.host is not null
        where command_event.modality = 'called'
    ) as asked
    join (
        select distinct kin_session.session_id
        from kin_session
        join incident_session as giver
            on giver.session_id = kin_session.giver_session
            and kin_session.handed_seq > giver.last_limit_seq
            and kin_session.handed_seq < giver.first_act_seq
    ) as sent
        on sent.session_id = asked.session_id
)

select event, session_id, 'the agent searches for other ways' as reason
from searching
where backwards <= 6
