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
        placed.source_id,
        placed.seq
    from file_written
    join placed on placed.event = file_written.event
    where file_written.what in ('wallet', 'pool') and file_written.minerlike
),

-- what stands in a repository's pipeline runs when it is pushed, without being named
pipeline as (
    select
        file_written.event,
        file_written.what,
        regexp_extract(file_written.path, '([^/]+)$', 1) as path,
        placed.source_id,
        placed.seq
    from file_written
    join placed on placed.event = file_written.event
    where
        file_written.what in ('wallet', 'pool', 'miner')
        and regexp_matches(
            file_written.path,
            '(\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml|\.circleci/config\.yml|Jenkinsfile|azure-pipelines\.yml|bitbucket-pipelines\.yml)$')
),

pushed as (
    select command_event.event, command_event.source_id, command_event.seq, part_reach.program
    from command_event
    join part_reach
        on part_reach.text_sha256 = command_event.text_sha256
        and part_reach.reach = 'run'
    where
        (part_reach.program = 'git' and regexp_matches(part_reach.arguments, '^\S+( -\S+( \S+)?)* push(\s|$)'))
        or (
            part_reach.program in ('gh', 'glab')
            and regexp_matches(part_reach.arguments, ' (workflow|ci|pipeline) run(\s|$)')
        )
),

running as (
    select command_event.event, command_event.source_id, command_event.seq, part_reach.program, part_reach.arguments
    from command_event
    join part_reach
        on part_reach.text_sha256 = command_event.text_sha256
        and part_reach.reach = 'run'
    where
        part_reach.program not in (select name from reader_program)
        and part_reach.program not in ('chmod', 'cp', 'mv', 'rm', 'mkdir', 'touch', 'ln', 'scp', 'curl', 'wget', 'ssh',
            'tar', 'zip', 'install', 'jsonlint', 'chown', 'rsync', 'shred', 'base64', 'gzip', 'xz', '')
),

every as (
    select running.event, written.event as written_event, written.path, written.what, running.program
    from running
    join written
        on running.source_id = written.source_id
        and running.seq > written.seq
        and length(written.path) >= 4
        and contains(running.arguments, written.path)

    union all

    select pushed.event, pipeline.event, pipeline.path, pipeline.what, pushed.program
    from pushed
    join pipeline
        on pushed.source_id = pipeline.source_id
        and pushed.seq > pipeline.seq
)

select
    event,
    min(written_event) as written_event,
    min(path) as path,
    min(what) as what,
    min(program) as program
from every
group by event
