-- question: which programs are no more than a harmless tool of the system under another name?
-- grain:    one row per path
-- columns:  path, tool
-- as:       table
-- not for:  a path that anything else may have written too: such a one is no row

with part as (
    select left(text, 4096) as line, parent_no, executable, executable_path
    from command_part
),

copied as (
    select
        line,
        regexp_extract(
            line, '^(cp|ln|install)\s(-\S+\s)*(/usr)?/bin/(true|false|sleep|echo|cat|ls|yes|date|id)\s+\S+$', 4) as tool,
        regexp_extract(line, '(\S+)$', 1) as path
    from part
),

made as (
    select path, min(tool) as tool
    from copied
    where tool <> '' and not regexp_matches(path, '/$')
    group by path
),

-- what else names the path and neither runs it nor only looks at it or sets its mode
otherwise as (
    select made.path
    from made
    join part on contains(part.line, made.path)
    left join copied on copied.line = part.line and copied.tool <> ''
    where
        part.parent_no is null
        and part.executable_path <> made.path
        and part.executable not in ('chmod', 'chown', 'ls', 'file', 'stat', 'rm', 'test', 'sha256sum')
        and copied.line is null
    union
    select made.path
    from made
    join file_written on regexp_extract(file_written.path, '([^/]+)$', 1) = regexp_extract(made.path, '([^/]+)$', 1)
)

select made.path, made.tool
from made
left join otherwise on otherwise.path = made.path
where otherwise.path is null
