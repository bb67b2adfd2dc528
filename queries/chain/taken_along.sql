-- question: which files that need not name account or pool did a session write for what it then set going elsewhere:
--           named by the settings of it, or packed into what the start hands over?
-- grain:    one row per writing call
-- columns:  event, session_id, start_event (the call that set it going), path (base name of the file)
-- as:       table
-- not for:  showing what such a file does

with write as (
    select
        event,
        session_id,
        seq,
        regexp_extract(
            left(text, 2000), '(?i)"(?:[a-z]+_)*(?:(?:file)?path|file|file_?name)"\s*:\s*"([^"]+)"', 1) as path
    from transcript_once
    where
        kind = 'tool_call'
        and tool_class = 'file'
        and regexp_matches(lower(coalesce(tool_name, '')), '(write|edit|create|patch|replace)')

    union all

    select event, session_id, seq, regexp_extract(left(text, 8192), '\*\*\* (?:Add|Update) File: ([^\n\\"]+)', 1)
    from transcript_once
    where kind = 'tool_call' and contains(text, '*** Begin Patch')

    union all

    select command_event.event, command_event.session_id, command_event.seq,
        regexp_extract(left(command_event.text, 2000), '>>?\s*"?([^\s"''<>|;&]{3,})"?\s*<<', 1)
    from command_event
    where command_event.modality = 'called'
),

written as (
    select event, session_id, seq,
        regexp_extract(path, '([^/]+)$', 1) as path,
        regexp_replace(regexp_extract(path, '([^/]+/[^/]+)$', 1), '\.[a-z]+$', '', 'g') as place
    from write
    where path <> ''
),

started as (
    select distinct command_event.event, command_event.session_id, command_event.seq, command_event.text_sha256
    from mining_event
    join command_event on command_event.event = mining_event.event and command_event.modality = 'called'
    where mining_event.family = 'command' and mining_event.opens and mining_event.actor = 'agent'
),

-- the settings say which program they are for
settings as (
    select started.event, started.session_id, started.seq, transcript_once.event as written_event,
        left(transcript_once.text, 20000) as text
    from started
    join (
        select event, written_event from config_run
        union
        select event, written_event from launched_elsewhere
    ) as laid
        on laid.event = started.event
    join transcript_once on transcript_once.event = laid.written_event
),

word as (
    select command_event.event, command_event.session_id, command_event.seq, command_part.part_no,
        lower(coalesce(command_part.executable, '')) as program,
        regexp_extract(left(said.value, 4096), '([^/]+)$', 1) as value
    from command_event
    join command_part on command_part.text_sha256 = command_event.text_sha256
    cross join unnest(command_part.argv) as said(value)
    where command_event.modality = 'called'
),

packed as (
    select file.session_id, file.seq, file.value as path, archive.value as archive
    from word as file
    join word as archive
        on archive.event = file.event
        and archive.part_no = file.part_no
        and regexp_matches(lower(archive.value), '\.(zip|tar|tgz|tar\.[a-z0-9]+|jar|war|whl|7z)$')
    where file.program in ('zip', 'tar', '7z', 'jar', 'bsdtar')
),

along as (
    select written.event, written.session_id, settings.event as start_event, written.path
    from settings
    join written
        on written.session_id = settings.session_id
        and written.seq < settings.seq
        and written.event <> settings.written_event
        and length(written.place) >= 6
        and contains(settings.text, written.place)

    union all

    select written.event, written.session_id, started.event, written.path
    from started
    join word on word.event = started.event
    join packed on packed.session_id = started.session_id and packed.archive = word.value and packed.seq < started.seq
    join written
        on written.session_id = packed.session_id
        and written.path = packed.path
        and written.seq <= packed.seq
)

select
    event,
    min(session_id) as session_id,
    min(start_event) as start_event,
    min(path) as path
from along
group by event
