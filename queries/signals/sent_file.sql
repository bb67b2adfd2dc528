-- question: which calls send away whole, to another machine or a service, the folder or the archive that holds a file
--           which the same session wrote?
-- grain:    one row per pair (writing call, sending call)
-- columns:  written_event, call_event, path (base name of the file), how ('copied': to another machine or a store;
--           'deployed': a program whose work is to bring what lies here to where it runs)
-- as:       table
-- order:    written_event, call_event
-- not for:  showing that the file was run; that the call names the file itself is told by file_launch

with written as (
    select
        file_written.event,
        transcript_once.session_id,
        transcript_once.seq,
        regexp_extract(file_written.path, '([^/]+)$', 1) as path,
        '/' || file_written.path as whole_path
    from file_written
    join transcript_once on transcript_once.event = file_written.event
    where transcript_once.kind = 'tool_call' and file_written.starts
),

part as (
    select distinct
        command_event.event,
        command_event.session_id,
        command_event.seq,
        part_reach.part_no,
        part_reach.program,
        part_reach.arguments,
        -- a path behind an option's sign, a scheme for local files, and without its last slash
        regexp_replace(
            regexp_replace(word.value, '^(-[a-zA-Z-]+=|fileb?://|@|\./)+', '', 'g'),
            '/+$', '', 'g') as word
    from command_event
    join part_reach on part_reach.text_sha256 = command_event.text_sha256 and part_reach.reach = 'run'
    join command_part
        on command_part.text_sha256 = part_reach.text_sha256
        and command_part.part_no = part_reach.part_no
    cross join unnest(command_part.argv) as word(value)
    where
        command_event.modality = 'called'
        and part_reach.program not in (select name from reader_program)
        and length(word.value) <= 4096
),

-- the file itself, or a folder that it lies in
holding as (
    select written.event as written_event, written.path, part.event, part.session_id, part.seq, part.part_no,
        part.program, part.arguments
    from written
    join part
        on part.session_id = written.session_id
        and part.seq >= written.seq
        and length(part.word) >= 2
        and contains(written.whole_path || '/', '/' || part.word || '/')
),

packed as (
    select holding.written_event, holding.path, part.session_id, part.seq,
        regexp_extract(part.word, '([^/]+)$', 1) as archive
    from holding
    join part
        on part.event = holding.event
        and part.part_no = holding.part_no
        and regexp_matches(lower(part.word), '\.(zip|tar|tgz|tar\.[a-z0-9]+|jar|war|whl|7z)$')
    where holding.program in ('zip', 'tar', '7z', 'jar', 'bsdtar')
),

carrying as (
    select written_event, path, event, part_no, program, arguments from holding
    union
    select packed.written_event, packed.path, part.event, part.part_no, part.program, part.arguments
    from packed
    join part
        on part.session_id = packed.session_id
        and part.seq > packed.seq
        and regexp_extract(part.word, '([^/]+)$', 1) = packed.archive
),

sent as (
    select written_event, event, path, 'copied' as how
    from carrying
    where
        -- the last word is a place on another machine or in a store
        regexp_matches(arguments, '\s([A-Za-z0-9._-]+@)?[A-Za-z0-9.-]{2,}:[^\s]*$|\s[a-z][a-z0-9]+://\S+$')
        and not regexp_matches(arguments, '\s(--dry-run|-n|--list-only)(\s|$)')
        and not regexp_matches(arguments, '\sfileb?://\S+$')
        and program in (
            'rsync', 'scp', 'sftp', 'rclone', 'aws', 'gsutil', 'gcloud', 'az', 'azcopy', 's3cmd', 'mc', 'lftp'
        )
    union
    select written_event, event, path, 'deployed'
    from carrying
    where regexp_matches(
        arguments,
        '^\S+( \S+){0,3} (deploy|publish|up|push|release|submit|create-function|update-function-code|create-app|create-job)(\s|$)')
)

select
    written_event,
    event as call_event,
    min(path) as path,
    min(how) as how
from sent
where written_event <> event
group by written_event, event
