-- question: which commands belong to which stage of the incident, whose are they, and why?
-- grain:    one row per event, stage and conduct
-- columns:  event, stage, conduct ('deviation' | 'response'), status ('achieved' | 'attempted' | 'prepared'), rule,
--           reason, actor, principal, session_id, act, entity_kind, earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  cases without mining: nothing here opens an incident

with entity_named as (
    select
        event,
        bool_or(kind = 'wallet') as wallet,
        bool_or(kind = 'log_path') as log_path,
        bool_or(kind = 'wallet_path') as wallet_path,
        bool_or(kind in ('program', 'program_path', 'folder')) as program,
        bool_or(kind = 'made_name') as made,
        bool_or(kind in ('laid_folder', 'laid_file')) as laid,
        -- a machine has other traffic too, and a copied folder other files
        bool_or(kind not in ('client_address', 'laid_folder')) as turned_on,
        min(kind) as any_kind
    from mention
    group by event
),

fitting as (
    select
        command_hit.event,
        command_hit.stage,
        command_hit.conduct,
        'achieved' as status,
        command_hit.rule,
        command_hit.reason,
        entity_named.any_kind as entity_kind
    from command_hit
    left join entity_named on entity_named.event = command_hit.event
    where
        case coalesce(command_hit.needs_entity, 'none')
            when 'none' then true
            when 'any'
                then entity_named.turned_on
                or (command_hit.conduct = 'response' and (entity_named.laid or command_hit.stage = 'containment')
                    and entity_named.event is not null)
            when 'made' then coalesce(entity_named.made, false)
            when 'laid' then coalesce(entity_named.laid, false)
            when 'wallet' then coalesce(entity_named.wallet, false)
            when 'log_path' then coalesce(entity_named.log_path, false)
            when 'wallet_path' then coalesce(entity_named.wallet_path, false)
            when 'program' then coalesce(entity_named.program, false)
            when 'principal' then true
        end
),

written as (
    select
        event,
        'setup' as stage,
        'deviation' as conduct,
        'achieved' as status,
        'file_written' as rule,
        'a ' || what || ' is written into a file' as reason,
        what as entity_kind
    from file_written
    union all
    select event, 'persistence', 'deviation', 'prepared', 'schedule_written',
        'a start by clock or at boot is written into a file', what
    from file_written
    where schedules
),

-- what was written and then set going elsewhere, and when
going as (
    select written.session_id, written.seq as written_seq, start.seq as start_seq, file_written.path as whole_path,
        regexp_extract(file_written.path, '([^/]+)$', 1) as path, launched_elsewhere.event as start_event
    from launched_elsewhere
    join (
        select written_event, call_event from sent_file
        union
        select written_event, call_event from file_launch where how = 'pushed'
    ) as away
        on away.written_event = launched_elsewhere.written_event
        and away.call_event = launched_elsewhere.event
    join file_written on file_written.event = launched_elsewhere.written_event
    join transcript_once as written on written.event = launched_elsewhere.written_event
    join command_event as start on start.event = launched_elsewhere.event
),

called_word as (
    select command_event.event, command_event.session_id, command_event.seq,
        regexp_replace(lower(coalesce(command_part.executable, '')), '\.(exe|bin)$', '', 'g') as program,
        regexp_replace(left(word.value, 4096), '^(\./)+', '', 'g') as word
    from command_event
    join command_part on command_part.text_sha256 = command_event.text_sha256
    cross join unnest(command_part.argv) as word(value)
    where command_event.modality = 'called'
),

laid_out as (
    -- it is packed, or worked into what stands there already
    select called_word.event, 'setup' as stage, 'laid_out' as rule,
        'what was written to mine is packed or worked into something' as reason
    from going
    join called_word
        on called_word.session_id = going.session_id
        and called_word.seq > going.written_seq
        and called_word.seq < going.start_seq
        and contains(called_word.word, going.path)
        and called_word.program in ('sed', 'perl', 'zip', 'tar', 'cp', 'mv', 'ln', 'install', 'tee')
    where length(going.path) >= 5

    union all

    -- the call that brings it there sets it up as well
    select going.start_event, 'setup', 'laid_out', 'what was written to mine is brought to where it runs'
    from going
    join sent_file on sent_file.call_event = going.start_event

    union all

    -- or that has it started by the clock
    select config_run.event, 'setup', 'laid_out', 'what was written to mine is brought to where a clock starts it'
    from config_run
    join file_written on file_written.event = config_run.written_event and file_written.schedules
    join command_event on command_event.event = config_run.event and command_event.modality = 'called'
    where config_run.program in (
        'serverless', 'sls', 'wrangler', 'vercel', 'netlify', 'sam', 'terraform', 'tofu', 'pulumi', 'kubectl', 'helm', 'nomad'
    )

    union all

    -- something is fetched into its folder
    select called_word.event, 'acquisition', 'fetched_beside', 'something is fetched into the folder of what then mines'
    from going
    join called_word
        on called_word.session_id = going.session_id
        and called_word.seq < going.start_seq
        and called_word.program in ('curl', 'wget', 'aria2c', 'axel')
        and not contains(called_word.word, '://')
        and regexp_matches(called_word.word, '[^/]/[^/]+\.[A-Za-z0-9]+$')
        and contains('/' || going.whole_path, '/' || regexp_extract(called_word.word, '^(.*/)[^/]+$', 1) || going.path)
),

every as (
    select * from fitting
    union all
    select distinct event, stage, 'deviation', 'achieved', rule, reason, cast(null as varchar)
    from laid_out
    union all
    select written.* from written join command_event on command_event.event = written.event
    union all
    select event, 'acquisition', 'deviation', 'achieved', 'service_joined',
        'a service that is then made to mine is asked for an account or a machine', cast(null as varchar)
    from service_joined
    union all
    select command_event.event, 'containment', 'response', 'achieved', 'service_closed',
        'something of the service that was made to mine is removed', min(entity.kind)
    from command_event
    join service_request
        on service_request.text_sha256 = command_event.text_sha256
        and service_request.verb = 'removes'
    join entity on entity.kind = 'service' and entity.value = service_request.host
    group by command_event.event
),

owned as (
    select
        every.*,
        actor_of_event.actor,
        actor_of_event.principal,
        actor_of_event.session_id,
        actor_of_event.act,
        command_event.earliest_us,
        command_event.best_us,
        command_event.latest_us,
        command_event.ts_basis,
        row_number() over (
            partition by every.event, every.stage, every.conduct
            order by every.rule
        ) as choice
    from every
    join actor_of_event on actor_of_event.event = every.event
    join command_event on command_event.event = every.event
)

select event, stage, conduct, status, rule, reason, actor, principal, session_id, act, entity_kind, earliest_us, best_us,
    latest_us, ts_basis
from owned
where
    choice = 1
    -- the books of an account are no software
    and not (rule = 'miner_fetched' and event in (select event from owned where rule = 'proceeds_checked'))
    -- a line that also stops something does not only look
    and not (stage = 'detection' and event in (select event from owned where stage = 'containment'))
