-- question: which parts of a command line put a request to a service, which service is it, and what is the request for?
-- grain:    one row per part of a distinct command line that is run, and host
-- columns:  text_sha256, part_no, host (lower case, as the address gives it), verb ('sends': the service is given
--           something to make or change; 'removes'; 'asks')
-- as:       table
-- not for:  showing that the service did what it was asked to

with part as (
    select
        part_reach.text_sha256,
        part_reach.part_no,
        case
            when regexp_matches(part_reach.arguments, request_program.removes) then 'removes'
            when regexp_matches(part_reach.arguments, request_program.sends) then 'sends'
            else 'asks'
        end as verb
    from part_reach
    join request_program on regexp_matches(part_reach.program, '^(' || request_program.program || ')$')
    where part_reach.reach = 'run'
),

addressed as (
    select distinct
        part.text_sha256,
        part.part_no,
        part.verb,
        lower(
            regexp_extract(
                left(word.value, 4096),
                '^(?:https?://)?(?:[^/@\s]*@)?([A-Za-z0-9.-]+\.[A-Za-z0-9]+|localhost)(?::\d+)?/',
                1)
        ) as host
    from part
    join command_part on command_part.text_sha256 = part.text_sha256 and command_part.part_no = part.part_no
    cross join unnest(command_part.argv) as word(value)
    where regexp_matches(left(word.value, 4096), '^(https?://|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?/)')
)

select text_sha256, part_no, host, verb
from addressed
where host <> ''
