-- question: was this part of a command line run by it, or only put into a schedule, a file or a room without a network?
-- grain:    one row per part of a distinct command line
-- columns:  text_sha256, part_no, reach ('run' | 'scheduled' | 'written' | 'isolated': run where no network is),
--           program (lower case, extension removed), arguments (joined argument vector, at most 8192 characters),
--           handed (the same without words that are texts of their own, such as a quoted command line: what a
--           program is told about is not what it is started with), path (base name of the file written to; null
--           where reach is not 'written')
-- as:       table
-- not for:  showing that a schedule or a file was used; see script_run

with recursive part as (
    select
        text_sha256,
        part_no,
        parent_no,
        -- what fetches a program by its name and runs it is known by that program
        coalesce(
            nullif(
                regexp_extract(
                    lower(left(coalesce(array_to_string(argv, ' '), ''), 1024)),
                    '^(?:\S*/)?(?:npx|bunx|pnpx|uvx|pipx run|npm exec|yarn dlx|pnpm dlx|bun x)(?: -\S*)* (?:@[^\s/]+/)?([a-z][a-z0-9._-]*)',
                    1),
                ''),
            regexp_replace(lower(coalesce(executable, '')), '\.(exe|bin|sh|py)$', '', 'g')) as program,
        left(coalesce(array_to_string(argv, ' '), text, ''), 8192) as arguments,
        -- words stay apart by a sign that no command line holds, so that a word with blanks is known for one
        left(coalesce(array_to_string(argv, chr(31)), text, ''), 8192) as words,
        via,
        notes
    from command_part
),

marked as (
    select
        text_sha256,
        part_no,
        parent_no,
        program,
        arguments,
        replace(
            regexp_replace(
                words,
                '(^|\x1f)([^\x1f-][^\x1f]*\s|\s|-[^\x1f\s=]*=[^\x1f-][^\x1f]*\s)[^\x1f]*',
                '\1_',
                'g'),
            chr(31),
            ' ') as words_alone,
        case
            when
                (program in ('docker', 'podman', 'nerdctl')
                    and regexp_matches(words, '\x1f--net(work)?[=\x1f]none(\x1f|$)'))
                or (program = 'unshare' and regexp_matches(words, '\x1f(--net|-[A-Za-z]*n[A-Za-z]*)(\x1f|$)'))
                or (program = 'firejail' and regexp_matches(words, '\x1f--net=none(\x1f|$)'))
                or (program = 'bwrap' and regexp_matches(words, '\x1f--unshare-(net|all)(\x1f|$)')
                    and not contains(words, '--share-net'))
                or (program = 'systemd-run' and contains(words, 'PrivateNetwork=yes'))
                then 'isolated'
            when via = 'cron' then 'scheduled'
            when via = 'written' or list_contains(notes, 'written') then 'written'
        end as own_mark
    from part
),

sibling as (
    select text_sha256, parent_no, min(part_no) as first_no, max(own_mark) as mark
    from marked
    where own_mark is not null and parent_no is not null
    group by text_sha256, parent_no
),

reached as (
    select
        marked.text_sha256,
        marked.part_no,
        marked.part_no as descendant,
        coalesce(marked.own_mark, sibling.mark) as mark
    from marked
    left join sibling
        on sibling.text_sha256 = marked.text_sha256
        and sibling.parent_no = marked.parent_no
        and sibling.first_no <= marked.part_no
    where coalesce(marked.own_mark, sibling.mark) is not null
    union
    select child.text_sha256, child.part_no, child.part_no, reached.mark
    from reached
    join marked as child
        on child.text_sha256 = reached.text_sha256
        and child.parent_no = reached.part_no
),

mark as (
    select text_sha256, part_no, min(mark) as mark
    from reached
    group by text_sha256, part_no
),

redirect as (
    select text_sha256, part_no, unnest(redirect_out) as written
    from command_part
),

target as (
    select
        text_sha256,
        part_no,
        min(regexp_extract(regexp_replace(written, '^[0-9]*&?>>?[|&]?', '', 'g'), '([^/]+)$', 1)) as path
    from redirect
    where not regexp_matches(written, '^[0-9]*&?>>?[|&]?(/dev/|[0-9-]+$)')
    group by text_sha256, part_no
)

select
    marked.text_sha256,
    marked.part_no,
    coalesce(mark.mark, 'run') as reach,
    marked.program,
    marked.arguments,
    case
        when text_runner.name is not null and regexp_matches(marked.arguments, text_runner.pattern)
            then marked.arguments
        else marked.words_alone
    end as handed,
    case when mark.mark = 'written' then target.path end as path
from marked
left join mark on mark.text_sha256 = marked.text_sha256 and mark.part_no = marked.part_no
left join text_runner
    on text_runner.name = regexp_replace(marked.program, '^(python|perl|ruby|node|php)[0-9.]+$', '\1', 'g')
left join target on target.text_sha256 = marked.text_sha256 and target.part_no = marked.parent_no
