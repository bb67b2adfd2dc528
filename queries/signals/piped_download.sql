-- question: which commands hand what they download straight to a shell or interpreter?
-- grain:    one row per command event
-- columns:  event, address (whether the download is from a bare address, no name)
-- as:       table
-- not for:  blame: installers of honest software are run like this too

with fetching as (
    select text_sha256, part_no
    from command_part
    where lower(executable) in ('curl', 'wget', 'fetch')
),

running as (
    select text_sha256, part_no
    from command_part
    where via = 'pipe' and lower(executable) in ('sh', 'bash', 'dash', 'zsh', 'python', 'python3', 'perl')
),

piped as (
    select distinct fetching.text_sha256
    from fetching
    join running
        on running.text_sha256 = fetching.text_sha256
        and running.part_no > fetching.part_no
)

select
    command_event.event,
    bool_or(observable.kind is not null) as address
from command_event
join piped on piped.text_sha256 = command_event.text_sha256
left join observable
    on observable.text_sha256 = command_event.text_sha256
    and observable.kind = 'url'
    and regexp_matches(observable.host, '^[0-9.]+$|:')
group by command_event.event
