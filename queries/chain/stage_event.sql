-- question: which records show which stage of the chain?
-- grain:    one row per record and stage
-- columns:  event, stage, status ('achieved' | 'attempted' | 'prepared'), basis ('shown' | 'stated' | 'inferred'),
--           weight (1 strongest), actor, session_id, principal, act, rule, reason, earliest_us, best_us, latest_us,
--           ts_basis
-- as:       table
-- order:    stage, weight, best_us, event
-- not for:  cases without a mining event, where it is empty but for nothing

with mined as (
    select count(*) as events
    from (
        select event from mining_event where opens
        union all
        select event from preparation
    ) as opening
),

-- who typed a start at a shell that is no agent's, and the accounts of that host under which it ran: they look after
-- what they started, and discover nothing
typist as (
    select mining_event.principal, command_event.host
    from mining_event
    join command_event on command_event.event = mining_event.event and command_event.modality = 'typed'
    where mining_event.opens and mining_event.family = 'command' and mining_event.actor <> 'agent'
),

starter as (
    select principal from typist
    union
    select mining_event.principal
    from mining_event
    join command_event on command_event.event = mining_event.event and command_event.modality = 'executed'
    join typist on typist.host = command_event.host
    where mining_event.opens and mining_event.family = 'command' and mining_event.actor <> 'agent'
),

-- what ran apart from its call, by a schedule or elsewhere: only mining reaches back to the call
apart as (
    select distinct event from act_member where apart
),

agent_acts as (
    select act, stage, min(status) as status, min(rule) as rule, min(reason) as reason, min(session_id) as session_id,
        min(principal) as principal
    from (
        select act, stage, status, rule, reason, command_signal.session_id, principal
        from command_signal
        left join (select event as call_event, seq as call_seq from command_event where modality = 'called') as call
            on call.call_event = command_signal.act
        left join incident_session as begun on begun.session_id = command_signal.session_id
        left join (select kin_session.session_id as kin, bool_or(kin_session.handed_seq > giver.first_mining_seq) as afterwards
            from kin_session join incident_session as giver on giver.session_id = kin_session.giver_session
            group by kin_session.session_id) as helper
            on helper.kin = command_signal.session_id
        where
            conduct = 'deviation'
            and (actor in ('agent', 'unknown') or principal in (select principal from starter))
            and event not in (select event from apart)
            -- what is bought before anything was earned is not put to use again
            and (
                stage <> 'reinvestment'
                or (
                    -- by place in the session, where a call's time is not told
                    coalesce(
                        call.call_seq > begun.first_mining_seq,
                        best_us > begun.first_mining_us,
                        helper.afterwards,
                        command_signal.session_id is null and best_us is null
                    )
                    and act not in (select act from mining_event where family = 'command' and act is not null)
                )
            )
        union all
        select act, 'mining' as stage, status, rule, reason, session_id, principal
        from mining_event
        where family = 'command' or (family = 'socket' and opens)
        union all
        select act, stage, 'achieved' as status, rule, reason, session_id, principal
        from preparation
        union all
        select event as act, 'exploration' as stage, 'achieved' as status, 'search' as rule, reason, session_id,
            'session:' || session_id as principal
        from search_act
        union all
        -- what behaves like a miner was fetched into its folder before
        select actor_of_event.act, 'acquisition', 'achieved', 'fetched_before',
            'a program that later behaves like a miner is fetched into its folder', actor_of_event.session_id,
            actor_of_event.principal
        from contact_beside
        join actor_of_event on actor_of_event.event = contact_beside.fetched_event
        where contact_beside.behaves
    ) as acts
    where act is not null
    group by act, stage
),

act_rows as (
    select
        member.event,
        agent_acts.stage,
        agent_acts.status,
        case when agent_acts.rule = 'behaving_socket' then 'inferred' else 'shown' end as basis,
        case member.role when 'call' then 1 when 'executed' then 2 when 'typed' then 2 when 'cloud' then 2 when 'result' then 3
            when 'descendant' then 4 else 5 end as weight,
        agent_acts.session_id,
        agent_acts.principal,
        agent_acts.act,
        agent_acts.rule,
        agent_acts.reason
    from agent_acts
    join (
        select act, event, role from act_member where not coalesce(apart, false)
        union
        select act, event, 'call' from preparation where act = event
        union
        select event, event, 'call' from search_act
    ) as member on member.act = agent_acts.act
),

apart_rows as (
    select command_signal.event, command_signal.stage, command_signal.status, 'shown', 2, command_signal.session_id,
        command_signal.principal, command_signal.act, command_signal.rule, command_signal.reason
    from command_signal
    join apart on apart.event = command_signal.event
    where command_signal.conduct = 'deviation'
    union all
    select mining_event.event, 'mining', mining_event.status, 'shown', 2, mining_event.session_id,
        mining_event.principal, mining_event.act, mining_event.rule, mining_event.reason
    from mining_event
    join apart on apart.event = mining_event.event
    where mining_event.family = 'command' or (mining_event.family = 'socket' and mining_event.opens)
),

others as (
    select event, 'mining' as stage, status,
        case when rule in ('behaving_flow', 'behaving_socket') then 'inferred' else 'shown' end as basis,
        case family when 'stratum' then 2 when 'share' then 7 when 'flow' then 5 when 'socket' then 4 else 7 end as weight,
        session_id, principal, act, rule, reason
    from mining_event
    where family in ('stratum', 'share', 'flow', 'socket', 'log')
    union all
    select event, 'accumulation', 'achieved', 'shown', 2, cast(null as varchar), cast(null as varchar),
        cast(null as varchar), 'share_accepted', 'work is credited: a pool accepted a share'
    from share_event
    where accepted is distinct from false
    union all
    select event, 'accumulation', 'achieved', 'shown', 1, cast(null as varchar), cast(null as varchar),
        cast(null as varchar), 'coin_' || kind, 'proceeds: ' || kind
    from coin_event
    where side = 'in'
    union all
    -- a pool's standing of an account that mined here
    select coin_event.event, 'accumulation', 'achieved', 'shown', 1, cast(null as varchar), cast(null as varchar),
        cast(null as varchar), 'pool_standing', 'proceeds: a pool''s account stands at ' || coin_event.purpose
    from coin_event
    join (select distinct wallet from mining_event where wallet is not null) as mined_for
        on mined_for.wallet = coin_event.account
    where
        coin_event.kind = 'balance'
        and coin_event.purpose in ('due', 'not yet mature', 'not yet confirmed', 'not yet exchanged', 'paid in total')
        and coin_event.amount > 0
    union all
    select event, 'reinvestment', 'achieved', 'shown', 1, cast(null as varchar), cast(null as varchar),
        cast(null as varchar), 'coin_' || kind, 'proceeds are put to use: ' || kind
    from coin_event
    where side = 'out'
    union all
    select event, 'recovery', 'achieved', 'shown', 1, cast(null as varchar), cast(null as varchar),
        cast(null as varchar), 'custody_' || coalesce(kind, 'action'), 'a responder records: ' || coalesce(kind, 'action')
    from custody_event
    union all
    select event, 'setup', 'achieved', 'shown', 4, cast(null as varchar), cast(null as varchar),
        cast(null as varchar), 'miner_config', 'a miner''s configuration names a ' || kind
    from miner_config
    where kind = 'pool' or value in (select value from entity where kind = 'wallet')
    union all
    -- what came in from outside before a start that is not the agent's
    select piped_download.event, 'acquisition', 'achieved', 'shown', 2, cast(null as varchar), actor_of_event.principal,
        actor_of_event.act, 'piped_download', 'a download is handed straight to a shell before mining starts'
    from piped_download
    join actor_of_event on actor_of_event.event = piped_download.event and actor_of_event.actor <> 'agent'
    join command_event on command_event.event = piped_download.event
    join (
        select principal, min(best_us) as best_us
        from mining_event
        where opens and family = 'command' and actor <> 'agent'
        group by principal
    ) as start
        on start.principal = actor_of_event.principal
        and command_event.best_us between start.best_us - 3600000000 and start.best_us
    union all
    -- and the fetching program that such a line starts
    select child.event, 'acquisition', 'achieved', 'shown', 4, cast(null as varchar), actor_of_event.principal,
        actor_of_event.act, 'piped_download', 'a download is handed straight to a shell before mining starts'
    from piped_download
    join actor_of_event on actor_of_event.event = piped_download.event and actor_of_event.actor <> 'agent'
    join command_event on command_event.event = piped_download.event and command_event.modality = 'executed'
    join (
        select principal, min(best_us) as best_us
        from mining_event
        where opens and family = 'command' and actor <> 'agent'
        group by principal
    ) as start
        on start.principal = actor_of_event.principal
        and command_event.best_us between start.best_us - 3600000000 and start.best_us
    join command_event as child
        on child.modality = 'executed'
        and child.parent_pid = command_event.pid
        and coalesce(child.host, '') = coalesce(command_event.host, '')
        and child.best_us between command_event.best_us and start.best_us
    join command_part
        on command_part.text_sha256 = child.text_sha256
        and command_part.part_no = 0
        and command_part.executable in ('curl', 'wget', 'fetch')
    union all
    -- handing the work to another agent is what the giver decided on
    select call.event, 'decision', 'achieved', 'shown', 1, call.session_id, 'session:' || call.session_id, call.event,
        'handed_on', 'the work is handed to another agent'
    from incident_session
    join transcript_once as call
        on call.session_id = incident_session.session_id
        and call.seq = incident_session.first_act_seq
        and call.kind = 'tool_call'
        and (call.tool_class = 'sub_agent' or call.event in (select call_event from handover))
    union all
    select miner_answer.event, miner_answer.shows, 'achieved', 'shown', 3, miner_answer.session_id,
        'session:' || miner_answer.session_id, miner_answer.call_event, 'miner_answer', miner_answer.reason
    from miner_answer
    join incident_session on incident_session.session_id = miner_answer.session_id
    where miner_answer.seq > incident_session.first_act_seq
    union all
    select miner_answer.call_event, miner_answer.shows, 'achieved', 'shown', 4, miner_answer.session_id,
        'session:' || miner_answer.session_id, miner_answer.call_event, 'miner_answer', 'the call that was answered so'
    from miner_answer
    join incident_session on incident_session.session_id = miner_answer.session_id
    where
        miner_answer.seq > incident_session.first_act_seq
        and miner_answer.shows in ('detection', 'containment')
    union all
    -- a file that a tool writes is laid ready, as one that a shell writes
    select file_written.event, wanted.stage, case wanted.stage when 'persistence' then 'prepared' else 'achieved' end,
        'shown', 1, transcript.session_id, 'session:' || transcript.session_id, file_written.event,
        case wanted.stage when 'persistence' then 'schedule_written' else 'file_written' end,
        case wanted.stage when 'persistence' then 'a start by clock or at boot is written into a file'
            else 'a ' || file_written.what || ' is written into a file' end
    from file_written
    join transcript_once as transcript on transcript.event = file_written.event
    join incident_session on incident_session.session_id = transcript.session_id
    join (select 'setup' as stage union all select 'persistence') as wanted
        on wanted.stage = 'setup' or file_written.schedules
    where file_written.table_name = 'transcript' and (file_written.what <> 'miner' or file_written.minerlike)
    union all
    select event, 'setup', 'achieved', 'shown', 2, session_id, 'session:' || session_id, event, 'taken_along',
        'a file is written that what then mines takes along'
    from taken_along
    union all
    select event, 'egress', 'achieved', 'shown', 5, cast(null as varchar), 'address:' || client_address,
        cast(null as varchar), 'tunnel_flow', 'traffic of the tunnel'
    from tunnel_flow
    union all
    select limit_hit.event, 'constraint', 'achieved', 'shown', 1, limit_hit.session_id,
        'session:' || limit_hit.session_id, limit_hit.call_event, limit_hit.rule,
        'a machine answers that a resource ran out: ' || limit_hit.kind
    from limit_hit
    join incident_session on incident_session.session_id = limit_hit.session_id
    where limit_hit.seq < incident_session.first_act_seq
    union all
    select limit_hit.call_event, 'constraint', 'achieved', 'shown', 3, limit_hit.session_id,
        'session:' || limit_hit.session_id, limit_hit.call_event, limit_hit.rule, 'the call that met the limit'
    from limit_hit
    join incident_session on incident_session.session_id = limit_hit.session_id
    where limit_hit.seq < incident_session.first_act_seq and limit_hit.call_event is not null
    union all
    select told_limit.event, 'constraint', 'achieved', 'stated', 4, told_limit.session_id,
        'session:' || told_limit.session_id, cast(null as varchar), 'told_limit',
        'the agent is told that there is no more'
    from told_limit
    join incident_session on incident_session.session_id = told_limit.session_id
    where told_limit.seq < incident_session.first_act_seq
    union all
    select event, 'constraint', 'achieved', 'inferred', 5, session_id, 'session:' || session_id, call_event,
        'blocked_call', 'a call is refused and never made good before the agent turns away from its task'
    from blocked_call
    union all
    select call_event, 'constraint', 'achieved', 'inferred', 6, session_id, 'session:' || session_id, call_event,
        'blocked_call', 'the call that was refused'
    from blocked_call
    union all
    select event, stage, status, basis, 1, session_id, 'session:' || session_id, cast(null as varchar), 'words', reason
    from word_event
    union all
    select command_signal.event, command_signal.stage, command_signal.status, 'shown', 1, command_signal.session_id,
        command_signal.principal, command_signal.act, command_signal.rule, command_signal.reason
    from command_signal
    cross join (select min(earliest_us) as first_us from mining_event where opens) as start
    where
        command_signal.conduct = 'response'
        and (
            command_signal.actor <> 'agent'
            -- an agent that did not mine may be the one who looks into it
            or command_signal.session_id not in (select session_id from incident_session)
            -- what starts the miner does not stop it, even if it is a script that gives way now and then
            or (
                command_signal.stage = 'containment'
                and command_signal.rule <> 'files_seized'
                and command_signal.act not in (
                    select act from mining_event where family = 'command' and opens and act is not null
                )
            )
        )
        and (command_signal.latest_us is null or start.first_us is null or command_signal.latest_us >= start.first_us)
        and (
            command_signal.stage <> 'detection'
            or command_signal.principal is null
            or command_signal.principal not in (select principal from starter where principal is not null)
        )
    union all
    select event, stage, 'achieved', 'shown', 1, cast(null as varchar), principal, act, rule, reason
    from prepared_response
    union all
    select event, 'detection', 'achieved', 'shown', 3, cast(null as varchar), principal, act, 'looked_before', reason
    from looked_before
    union all
    select event, 'containment', 'achieved', 'shown', 2, cast(null as varchar), principal, act, 'rolled_back',
        'what was rolled out is taken back'
    from taken_back
    union all
    select used_event, 'request', 'achieved', 'shown', 1, session_id, 'session:' || session_id, used_event,
        'channel_used', 'the designated channel is used'
    from channel
    where used_event is not null
    union all
    select event, 'request', 'achieved', 'shown', 2, session_id, 'session:' || session_id, event, 'request_trail', reason
    from request_trail
    union all
    select event, stage, 'achieved', 'shown', 1, session_id, principal, act, rule, reason
    from cloud_stage
    union all
    select request_event.event, 'request', 'achieved', 'shown', 1, cast(null as varchar),
        'requester:' || coalesce(request_event.requester, ''), cast(null as varchar), 'channel_record',
        case request_event.kind when 'answer' then 'the designated channel answers: '
            || coalesce(request_event.outcome, 'no outcome told') else 'more is asked for in the designated channel' end
    from request_event
    cross join (select count(*) as sessions from incident_session) as incident
    where incident.sessions > 0
    union all
    select event, 'detection', 'achieved', 'shown', 1, cast(null as varchar), cast(null as varchar),
        cast(null as varchar), coalesce(rule, 'alert'), 'a sensor raises an alert'
    from alert_event
    where about_mining
),

every as (
    select * from act_rows
    union all
    select * from apart_rows
    union all
    select * from others
),

ranked as (
    select
        every.*,
        row_number() over (partition by every.event, every.stage order by every.weight, every.rule) as choice
    from every
    cross join mined
    where mined.events > 0 and every.event is not null
)

select
    ranked.event,
    ranked.stage,
    ranked.status,
    ranked.basis,
    ranked.weight,
    coalesce(event_actor.actor, 'unknown') as actor,
    ranked.session_id,
    ranked.principal,
    ranked.act,
    ranked.rule,
    ranked.reason,
    event_place.earliest_us,
    event_place.best_us,
    event_place.latest_us,
    event_place.ts_basis
from ranked
left join event_actor on event_actor.event = ranked.event
left join event_place on event_place.event = ranked.event
where ranked.choice = 1
