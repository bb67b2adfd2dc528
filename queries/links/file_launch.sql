-- question: which tool call hands a file that its session wrote to something that runs it?
-- grain:    one row per pair (writing call, handing call)
-- columns:  written_event, call_event, path (base name of the file), how ('named': the call names the file to a program
--           that neither shows nor places it; 'unit': it has a service manager start the unit of that name;
--           'customary': the program reads a file of that name of its own accord; 'own place': the file lies where it
--           runs by itself, and no call is needed; 'pushed': it is committed, and the call sends what was committed
--           to where it may be rolled out)
-- as:       table
-- not for:  showing that the file was run; see written_run

with written as (
    select
        file_written.event,
        transcript.session_id,
        transcript.seq,
        file_written.path as whole_path,
        regexp_extract(file_written.path, '([^/]+)$', 1) as path,
        regexp_extract(file_written.path, '([^/]+)\.(?:service|timer|socket|path|plist)$', 1) as unit
    from file_written
    join transcript_once as transcript on transcript.event = file_written.event
    where transcript.kind = 'tool_call'
),

part as (
    select distinct
        command_event.event,
        command_event.session_id,
        command_event.seq,
        part_reach.program,
        part_reach.arguments,
        regexp_extract(word.value, '([^/=]+)$', 1) as word
    from command_event
    join command_part on command_part.text_sha256 = command_event.text_sha256
    join part_reach
        on part_reach.text_sha256 = command_part.text_sha256
        and part_reach.part_no = command_part.part_no
        and part_reach.reach = 'run'
    cross join unnest(command_part.argv) as word(value)
    where
        command_event.modality = 'called'
        and part_reach.program not in (select name from reader_program)
        and part_reach.program not in ('chmod', 'cp', 'mv', 'rm', 'mkdir', 'touch', 'ln', 'scp', 'curl', 'wget', 'tar',
            'zip', 'install', 'jsonlint', 'chown', 'rsync', 'shred', 'base64', 'gzip', 'xz', '')
        -- managers are asked as well to show and to stop
        and not regexp_matches(
            part_reach.arguments,
            '^\S*(systemctl|service|launchctl|kubectl|docker|podman|docker-compose|nomad|helm)(\.\S+)? ([^ ]+ )*?(stop|disable|mask|delete|down|rm|kill|status|is-active|is-enabled|cat|show|logs|get|describe|ps|edit|diff|config|pull|build|unload|bootout)(\s|$)')
),

-- what is committed is sent by the next push, whether or not that names it
versioned as (
    select distinct command_event.event, command_event.session_id, command_event.seq, part_reach.part_no,
        part_reach.arguments,
        case
            when regexp_matches(part_reach.arguments, '^\S+( -\S+( \S+)?)*? add\s') then 'add'
            when regexp_matches(part_reach.arguments, '^\S+( -\S+( \S+)?)*? commit(\s|$)') then 'commit'
            when regexp_matches(part_reach.arguments, '^\S+( -\S+( \S+)?)*? push(\s|$)')
                and not regexp_matches(part_reach.arguments, '\s(--dry-run|-n|--delete|-d)(\s|$)')
                then 'push'
        end as verb
    from command_event
    join part_reach on part_reach.text_sha256 = command_event.text_sha256 and part_reach.reach = 'run'
    where command_event.modality = 'called' and part_reach.program = 'git'
),

added_folder as (
    select distinct versioned.session_id, versioned.seq, versioned.part_no,
        regexp_replace(regexp_replace(word.value, '^(\./)+', '', 'g'), '/+$', '', 'g') as folder
    from versioned
    cross join unnest(string_split(versioned.arguments, ' ')) as word(value)
    where versioned.verb = 'add' and length(word.value) >= 2
),

committed as (
    select written.event as written_event, written.path, added_folder.session_id, added_folder.seq, added_folder.part_no
    from written
    join added_folder
        on added_folder.session_id = written.session_id
        and added_folder.seq >= written.seq
        and contains('/' || written.whole_path, '/' || added_folder.folder || '/')

    union

    select written.event as written_event, written.path, versioned.session_id, versioned.seq, versioned.part_no
    from written
    join versioned
        on versioned.session_id = written.session_id
        and versioned.seq >= written.seq
        and (
            (versioned.verb = 'add' and (
                regexp_matches(versioned.arguments, '\s(\.|-A|--all|-u|--update|:/)(\s|$)')
                or list_contains(string_split(regexp_replace(versioned.arguments, '\S*/', '', 'g'), ' '), written.path)
            ))
            or (versioned.verb = 'commit' and (
                regexp_matches(versioned.arguments, '\s(-[A-Za-z]*a[A-Za-z]*|--all)(\s|$)')
                or list_contains(string_split(regexp_replace(versioned.arguments, '\S*/', '', 'g'), ' '), written.path)
            ))
        )
)

select written.event as written_event, part.event as call_event, written.path, 'named' as how
from part
join written
    on part.word = written.path
    and part.session_id = written.session_id
    and part.seq >= written.seq
    and part.event <> written.event
where length(written.path) >= 2

union

select written.event, part.event, written.path, 'unit'
from part
join written
    on part.word = written.unit
    and part.session_id = written.session_id
    and part.seq >= written.seq
where written.unit <> '' and part.program in ('systemctl', 'service', 'rc-service', 'launchctl', 'loginctl')

union

select config_run.written_event, config_run.event, config_run.path, 'customary'
from config_run
join command_event on command_event.event = config_run.event and command_event.modality = 'called'

union

select committed.written_event, versioned.event, committed.path, 'pushed'
from committed
join versioned
    on versioned.session_id = committed.session_id
    and versioned.verb = 'push'
    and (
        versioned.seq > committed.seq
        or (versioned.seq = committed.seq and versioned.part_no > committed.part_no)
    )

union

select event, event, path, 'own place'
from written
where
    regexp_matches(
        whole_path,
        '(/cron\.(d|hourly|daily|weekly|monthly)/|/spool/cron/|/systemd/(system|user)/|/autostart/|/LaunchAgents/|/LaunchDaemons/|/init\.d/|/rc\.local$|/\.(bashrc|profile|bash_profile|zshrc|zprofile)$)')
