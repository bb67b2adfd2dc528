-- question: which commands start a program with a configuration that the same session wrote a pool or wallet into?
-- grain:    one row per running command
-- columns:  event, written_event (that wrote the file), path (its base name), what ('wallet' | 'pool' | 'miner'),
--           program
-- as:       table
-- not for:  files whose content is not in evidence

with placed as (
    select event, session_id, source_id, seq
    from transcript_once
    where kind = 'tool_call'
    union all
    select event, session_id, source_id, seq
    from command_event
    where modality <> 'called'
),

written as (
    select
        file_written.event,
        file_written.what,
        regexp_extract(file_written.path, '([^/]+)$', 1) as path,
        file_written.acts,
        file_written.starts,
        placed.source_id,
        placed.seq
    from file_written
    join placed on placed.event = file_written.event
    where file_written.what in ('wallet', 'pool') and file_written.minerlike
),

-- what stands under a customary name runs without being named: a pipeline when it is pushed, a plan when it is applied
customary as (
    select
        file_written.event,
        file_written.what,
        regexp_extract(file_written.path, '([^/]+)$', 1) as path,
        placed.source_id,
        placed.seq,
        customary_file.path as kind
    from file_written
    join placed on placed.event = file_written.event
    cross join (select distinct path from customary_file) as customary_file
    where
        file_written.what in ('wallet', 'pool', 'miner')
        and file_written.minerlike
        and file_written.starts
        and regexp_matches(file_written.path, customary_file.path)
),

set_going as (
    select command_event.event, command_event.source_id, command_event.seq, part_reach.program,
        customary_file.path as kind
    from command_event
    join part_reach
        on part_reach.text_sha256 = command_event.text_sha256
        and part_reach.reach = 'run'
    join customary_file
        on regexp_matches(part_reach.program, '^(' || customary_file.program || ')$')
        and regexp_matches(part_reach.arguments, customary_file.arguments)
),

detaching as (
    select distinct text_sha256
    from command_part
    where
        list_contains(notes, 'background')
        or lower(coalesce(executable, '')) in ('nohup', 'setsid', 'screen', 'tmux', 'systemd-run', 'daemonize')
),

running as (
    select command_event.event, command_event.source_id, command_event.seq, part_reach.program, part_reach.arguments,
        detaching.text_sha256 is not null as detached
    from command_event
    join part_reach
        on part_reach.text_sha256 = command_event.text_sha256
        and part_reach.reach = 'run'
    left join detaching on detaching.text_sha256 = command_event.text_sha256
    where
        part_reach.program not in (select name from reader_program)
        and part_reach.program not in ('chmod', 'cp', 'mv', 'rm', 'mkdir', 'touch', 'ln', 'scp', 'curl', 'wget', 'ssh',
            'tar', 'zip', 'install', 'jsonlint', 'chown', 'rsync', 'shred', 'base64', 'gzip', 'xz', '')
        -- managers are asked as well to show and to stop
        and not regexp_matches(
            part_reach.arguments,
            '^\S*(systemctl|service|launchctl|kubectl|docker|podman|docker-compose|nomad|helm)(\.\S+)? ([^ ]+ )*?(stop|disable|mask|delete|down|rm|kill|status|is-active|is-enabled|cat|show|logs|get|describe|ps|edit|diff|config|pull|build|unload|bootout)(\s|$)')
),

naming as (
    select running.event, running.program, running.detached, written.event as written_event, written.path, written.what,
        written.acts, written.starts, left(running.arguments, strpos(running.arguments, written.path) - 1) as before
    from running
    join written
        on running.source_id = written.source_id
        and running.seq > written.seq
        and length(written.path) >= 4
        and contains(running.arguments, written.path)
),

every as (
    -- the place in the command tells a file that is run, or is a program's settings, from one that is read or tested
    select event, written_event, path, what, program
    from naming
    where
        not contains(before, ' ')                                                      -- it is the program
        or (
            program in (select name from interpreter)
            and regexp_matches(before, '^\S+( -\S+)* \S*$')
            and not regexp_matches(before, ' -m ')
            and (acts or program in ('bash', 'sh', 'zsh', 'dash', 'ksh', 'source', '.'))
        )
        or regexp_matches(
            before,
            '(?i) --?(c|conf|config[a-z_-]*|settings|env|env-file|options|params|profile)[= ]\S*$')
        or (program in (select name from orchestrator) and starts)
        or (
            detached
            and program not in (select name from interpreter)
            and not regexp_matches(before, ' -\S+ \S*$')                               -- the value of another option
        )

    union all

    select running.event, written.event, written.path, written.what, running.program
    from running
    join written
        on running.source_id = written.source_id
        and running.seq > written.seq
        and length(written.path) >= 4
        -- a unit is started by its name, without the ending of its file
        and running.program in ('systemctl', 'service')
        and regexp_matches(running.arguments, ' (start|restart|enable|reenable)( |$)')
        and regexp_matches(written.path, '\.(service|timer|socket)$')
        and contains(running.arguments || ' ', ' ' || regexp_replace(written.path, '\.[a-z]+$', '', 'g') || ' ')

    union all

    select set_going.event, customary.event, customary.path, customary.what, set_going.program
    from set_going
    join customary
        on set_going.source_id = customary.source_id
        and set_going.kind = customary.kind
        and set_going.seq > customary.seq
)

select
    event,
    min(written_event) as written_event,
    min(path) as path,
    min(what) as what,
    min(program) as program
from every
group by event
