-- question: which things does the mining in this case turn on: accounts, pools, programs, files, hosts, processes?
-- grain:    one row per kind and value
-- columns:  kind ('wallet' | 'pool_name' | 'pool_address' | 'pool_port' | 'program' | 'program_path' | 'log_path' |
--           'config_path' | 'wallet_path' | 'folder' | 'tunnel_host' | 'tunnel_address' | 'tunnel_command' | 'pid' |
--           'service': one that was made to mine | 'handed_file': given to it, or its key |
--           'made_name': of what was made elsewhere to mine | 'laid_folder': where it was copied to |
--           'client_address': whose traffic it is |
--           'laid_file': set going elsewhere | 'unit': of a service manager |
--           'program_folder'), value (text)
-- as:       table
-- order:    kind, value
-- not for:  blame; a pool's address may serve others too

with opening as (
    select distinct mining_event.event, command_event.text_sha256
    from mining_event
    join command_event on command_event.event = mining_event.event
    where mining_event.family = 'command'
),

opening_part as (
    select
        command_part.text_sha256,
        regexp_replace(lower(coalesce(command_part.executable, '')), '\.(exe|bin)$', '', 'g') as program,
        command_part.executable_path,
        left(coalesce(array_to_string(command_part.argv, ' '), ''), 8192) as arguments
    from command_part
    join (select distinct text_sha256 from opening) as texts on texts.text_sha256 = command_part.text_sha256
),

written as (
    select distinct regexp_replace(redirect.written, '^[0-9]*&?>>?[|&]?', '', 'g') as path
    from (select text_sha256, argv, unnest(redirect_out) as written from command_part) as redirect
    join observable
        on observable.text_sha256 = redirect.text_sha256
        and observable.kind = 'wallet'
        and observable."check" = 'valid'
    join command_event on command_event.text_sha256 = redirect.text_sha256
    where contains(coalesce(array_to_string(redirect.argv, ' '), ''), observable.value)
),

named_program as (
    select program as name from opening_part
    where program <> '' and program not in (select name from carrier_program)
        and program not in (select name from reader_program)
        -- a hidden name is odd enough when it is short
        and (length(program) >= 3 or regexp_matches(program, '^\.[a-z0-9]$'))
    union
    select regexp_extract(word.value, '([^/]+)$', 1)
    from opening_part
    cross join unnest(string_split(opening_part.arguments, ' ')) as word(value)
    where regexp_matches(word.value, '^[A-Za-z0-9_./~-]+\.(py|sh|js|pl|rb|jar)$')
        and length(regexp_extract(word.value, '([^/]+)$', 1)) >= 5
    union
    -- an interpreter that is told a module runs that
    select regexp_extract(arguments, '^\S*python[0-9.]*(?: -[A-Za-z]+)* -m ([A-Za-z0-9_]{4,})', 1)
    from opening_part
    where program like 'python%'
),

-- what was moved or copied to the name that mines had another name before
renaming as (
    select
        regexp_extract(array_to_string(argv, ' '), '([^/\s]+)/?$', 1) as new_name,
        regexp_extract(array_to_string(argv, ' '), '([^/\s]+)\s+\S+$', 1) as old_name
    from command_part
    where executable in ('mv', 'cp', 'ln', 'install')
),

former as (
    select renaming.old_name as name
    from named_program
    join renaming on lower(renaming.new_name) = lower(named_program.name)
    where renaming.old_name not in ('', 'mv', 'cp', 'ln', 'install') and renaming.old_name <> renaming.new_name
),

-- services at which the agent had something mine, or was given what mines
service as (
    select service_request.host
    from mining_event
    join command_event on command_event.event = mining_event.event and command_event.modality = 'called'
    join service_request on service_request.text_sha256 = command_event.text_sha256 and service_request.verb = 'sends'
    where mining_event.family = 'command' and mining_event.opens and mining_event.actor = 'agent'
    union
    select host from service_joined
),

laid as (
    select written_event from config_run
    union
    select written_event from launched_elsewhere
    union
    select written_run.written_event
    from written_run
    join mining_event on mining_event.event = written_run.run_event and mining_event.opens
    where written_run.choice = 1
),

-- what nothing names and what behaves like a miner is looked for by its own name and number
behaving as (
    select contact_beside.executable, socket_seen.pid
    from contact_beside
    left join socket_seen on socket_seen.event = contact_beside.socket_event
    where contact_beside.behaves
),

set_going as (
    select event, written_event from config_run
    union
    select event, written_event from launched_elsewhere
),

found as (
    select 'wallet' as kind, wallet as value from mining_event where wallet is not null and length(wallet) >= 26
    union
    select 'pool_name', pool_name from mining_event where pool_name is not null
    union
    select 'pool_name', name from pool_endpoint where name is not null
    union
    select 'pool_address', address from pool_endpoint where address is not null and port is not null
    union
    select 'pool_port', cast(port as varchar) from pool_endpoint where port is not null
    union
    select 'program', name from named_program
    union
    select 'program', name from former where length(name) >= 2
    union
    -- a program that came in a package is known by the package's name
    select 'program', regexp_extract(arguments, '/(?:node_modules|site-packages)/((?:@[^/\s]+/)?[^/\s]{3,})/', 1)
    from opening_part
    union
    -- whose machine mined, as the network knows it
    select 'client_address', client_address from mining_event where client_address is not null
    union
    -- what was made to mine elsewhere bears the name that the call gives it
    select 'made_name', regexp_extract(arguments, '\s--[a-z-]*name[= ]([A-Za-z0-9][A-Za-z0-9_.-]{3,})', 1)
    from opening_part
    where program not in (select name from reader_program)
    union
    -- or the one that stands in what was written and comes back in the answer
    select 'made_name', word.value
    from set_going
    join transcript_once as written on written.event = set_going.written_event
    join tool_result on tool_result.call_event = set_going.event
    cross join unnest(
        string_split(regexp_replace(left(written.text, 8192), '[^A-Za-z0-9_-]+', ' ', 'g'), ' ')) as word(value)
    where
        length(word.value) >= 6
        and regexp_matches(word.value, '^[A-Za-z0-9]+([_-][A-Za-z0-9]+)+$')
        and contains(tool_result.text, word.value)
    union
    -- where a folder was copied to, with the folder in it that holds what mines
    select 'laid_folder', regexp_replace(
            regexp_extract(array_to_string(command_part.argv, ' '), ':(/\S{3,})$', 1), '/+$', '', 'g')
        || '/' || regexp_extract(file_written.path, '([^/]+)/[^/]+$', 1)
    from sent_file
    join launched_elsewhere
        on launched_elsewhere.event = sent_file.call_event
        and launched_elsewhere.written_event = sent_file.written_event
    join file_written on file_written.event = sent_file.written_event
    join command_event on command_event.event = sent_file.call_event
    join command_part on command_part.text_sha256 = command_event.text_sha256
    where
        sent_file.how = 'copied'
        and regexp_matches(array_to_string(command_part.argv, ' '), ':/\S{3,}$')
    union
    select 'program', regexp_extract(executable, '([^/]+)$', 1)
    from behaving
    where regexp_matches(executable, '(^|/)([^/]{3,}|\.[a-z0-9])$')
    union
    select 'program_path', executable from behaving
    union
    select 'pid', cast(pid as varchar) from behaving
    union
    -- a container or a job is stopped by the name it was given
    select 'program', regexp_extract(arguments, '\s--name[= ]([A-Za-z0-9][A-Za-z0-9_.-]{2,})', 1) from opening_part
    where program in ('docker', 'podman', 'nerdctl')
    union
    select 'program', regexp_extract(left(placed.text, 8192), '(?:^|[\s{,])name: *\\?"?([a-z0-9][a-z0-9.-]{3,})', 1)
    from config_run
    join file_written on file_written.event = config_run.written_event
    join (
        select event, text from transcript_once where text is not null
        union
        select event, text from command_event
    ) as placed
        on placed.event = file_written.event
    where config_run.program in ('kubectl', 'oc', 'helm', 'nomad', 'docker', 'docker-compose', 'podman')
    union
    select 'program_path', executable_path from opening_part
    where program <> '' and program not in (select name from carrier_program)
        and program not in (select name from reader_program)
        and contains(coalesce(executable_path, ''), '/')
    union
    select 'log_path', regexp_extract(arguments, '(?:^|\s)(?:--log-file|-l)[= ](\S+)', 1) from opening_part
    where regexp_matches(arguments, '(^|\s)(--log-file|-l)[= ]\S+')
        and program not in (select name from reader_program)
    union
    select 'config_path', regexp_extract(arguments, '(?:--config|-c)[= ](\S+)', 1) from opening_part
    where regexp_matches(arguments, '(--config|-c)[= ]\S+') and program not in (select name from carrier_program)
    union
    select 'wallet_path', path from written where length(path) >= 3 and path not like '/dev/%'
    union
    -- where the sources of mining software were put: it is built there
    select 'folder', regexp_replace(regexp_extract(arguments, '([^\s/:]+|\s[^\s:]+)/?$', 1), '^\s|\.git$', '', 'g')
    from command_hit
    where rule = 'miner_cloned' and reach = 'run'
    union
    select 'tunnel_host', name from tunnel_endpoint where name is not null
    union
    select 'tunnel_address', address from tunnel_endpoint where address is not null
    union
    select 'tunnel_command', 'ssh -f -N -R' from tunnel_endpoint where rule = 'reverse_forward'
    union
    select 'service', host from service
    union
    select 'handed_file', regexp_extract(left(word.value, 4096), '(?:^|=)@([^@\s;]{5,})$', 1)
    from service
    join service_request on service_request.host = service.host
    join command_event
        on command_event.text_sha256 = service_request.text_sha256
        and command_event.modality = 'called'
    join command_part
        on command_part.text_sha256 = service_request.text_sha256
        and command_part.part_no = service_request.part_no
    cross join unnest(command_part.argv) as word(value)
    union
    -- with its folder, since half of all files have the same names
    select 'laid_file', regexp_extract(file_written.path, '([^/]+/[^/]+)$', 1)
    from laid
    join file_written on file_written.event = laid.written_event
    union
    -- where the program lies: a folder of its own, below a home or among what comes and goes
    select 'program_folder', regexp_extract(executable_path, '^(.+)/[^/]+$', 1) from opening_part
    where regexp_matches(
        coalesce(executable_path, ''),
        '^((~|\$HOME|/home/[^/]+|/root)/([^/]+/[^/]+|\.[^/]+)|/(tmp|var/tmp|dev/shm|opt|srv)/[^/]+)/(.+/)?[^/]+$')
    union
    -- a unit is started and stopped by its name
    select 'unit', regexp_extract(file_written.path, '([^/]{4,})\.(?:service|timer|socket|path|plist)$', 1)
    from laid
    join file_written on file_written.event = laid.written_event
    union
    select 'pid', cast(command_event.pid as varchar)
    from opening
    join command_event on command_event.event = opening.event
    where command_event.pid is not null
    union
    select 'pid', cast(pid as varchar)
    from (
        select unnest(tool_result.pids) as pid
        from tool_result
        join opening on opening.event = tool_result.call_event
    ) as named
)

select kind, value
from found
where value is not null and value <> '' and value <> '/dev/null'
