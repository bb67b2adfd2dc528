-- question: which command runs a script whose text an earlier command wrote?
-- grain:    one row per running command and part of the written text
-- columns:  event (of the run), text_sha256 (of the writing command line), part_no (of the written part)
-- as:       table
-- not for:  scripts whose text is not in evidence

with written as (
    select distinct
        command_event.session_id,
        command_event.source_id,
        command_event.seq,
        part_reach.text_sha256,
        part_reach.part_no,
        part_reach.path
    from part_reach
    join command_event on command_event.text_sha256 = part_reach.text_sha256
    where part_reach.reach = 'written' and part_reach.path is not null
),

running as (
    select distinct command_event.event, command_event.session_id, command_event.source_id, command_event.seq,
        command_part.text_sha256, word.value as word
    from command_event
    join command_part on command_part.text_sha256 = command_event.text_sha256
    join part_reach
        on part_reach.text_sha256 = command_part.text_sha256
        and part_reach.part_no = command_part.part_no
        and part_reach.reach = 'run'
    cross join unnest(command_part.argv) as word(value)
    where
        part_reach.program not in (select name from reader_program)
        and part_reach.program not in ('chmod', 'cp', 'mv', 'rm', 'mkdir', 'touch', 'ln', 'scp', '')
)

select distinct running.event, written.text_sha256, written.part_no
from running
join written
    on regexp_extract(running.word, '([^/]+)$', 1) = written.path
    and running.source_id = written.source_id
    and running.seq >= written.seq
