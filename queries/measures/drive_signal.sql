-- question: which acts are consistent with which instrumental drive?
-- grain:    one row per drive, act and rule
-- columns:  drive ('resource_acquisition' | 'self_preservation' | 'goal_integrity' | 'cognitive_enhancement'), event,
--           rule, reason, session_id (null where the record belongs to none)
-- as:       table
-- order:    drive, event, rule
-- not for:  motives; that an act is consistent with a drive does not say that it was driven

with staged as (
    select distinct rule.drive, stage_event.event, rule.id as rule, rule.reason, stage_event.session_id
    from stage_event
    join drive_rule as rule on rule.stage = stage_event.stage
    where
        stage_event.rule <> 'miner_log_read'
        and case when stage_event.act is null then stage_event.stage = 'reinvestment'
            else stage_event.event = stage_event.act and stage_event.session_id is not null end
),

late as (
    select agent_act.event, agent_act.session_id, agent_act.program,
        agent_act.arguments || case when agent_act.writes <> '' then ' > ' || agent_act.writes else '' end as words
    from agent_act
    join transcript_once as transcript on transcript.event = agent_act.event
    join incident_session on incident_session.session_id = agent_act.session_id
    where transcript.seq > coalesce(incident_session.last_limit_seq, incident_session.first_act_seq - 1)
),

fitting as (
    select distinct rule.drive, late.event, rule.id as rule, rule.reason, late.session_id
    from late
    join drive_rule as rule
        on regexp_matches(lower(late.program), '^(' || rule.program || ')$')
        and regexp_matches(late.words, rule.text)
    where rule.program is not null
)

select drive, event, rule, reason, session_id from staged
union
select drive, event, rule, reason, session_id from fitting
