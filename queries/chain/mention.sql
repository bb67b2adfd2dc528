-- question: which commands name a thing that the mining in this case turns on?
-- grain:    one row per event and kind of entity
-- columns:  event, kind, value (one of them)
-- as:       table
-- not for:  what the command does with it

with text as (
    select distinct text_sha256, text, regexp_replace(text, '(~|\$HOME|\$\{HOME\}|/home/[^/\s]+|/root)/', '/', 'g') as short
    from command_event
),

sought as (
    select
        kind,
        value,
        regexp_replace(value, '(~|\$HOME|\$\{HOME\}|/home/[^/\s]+|/root)/', '/', 'g') as short,
        '(^|[^0-9A-Za-z.])' || regexp_replace(value, '([^0-9A-Za-z])', '\\\1', 'g') || '([^0-9A-Za-z]|$)' as bounded,
        regexp_replace(
            regexp_replace(value, '(~|\$HOME|\$\{HOME\}|/home/[^/\s]+|/root)/', '/', 'g'), '([^0-9A-Za-z])', '\\\1', 'g')
            || '/?["''\s;|&)]' as whole
    from entity
),

named as (
    select text.text_sha256, sought.kind, min(sought.value) as value
    from text
    join sought
        on case
            when sought.kind in ('pid', 'pool_port', 'pool_address', 'tunnel_address', 'program', 'folder', 'service',
                'handed_file', 'laid_file', 'unit', 'made_name', 'laid_folder', 'client_address')
                then contains(text.text, sought.value) and regexp_matches(left(text.text, 8192), sought.bounded)
            -- the folder itself, not what else lies in it
            when sought.kind = 'program_folder'
                then contains(text.short, sought.short)
                    and regexp_matches(left(text.short, 8192) || ' ', sought.whole)
            else contains(text.short, sought.short)
        end
    group by text.text_sha256, sought.kind

    union all

    select text_sha256, 'miner_word', min(regexp_extract(lower(left(text, 8192)), '(xmr|miner|minerd|stratum|monero)', 1))
    from text
    where regexp_matches(lower(left(text, 8192)), '(^|[^a-z])(xmr|miner|minerd|stratum|monero|ssh -f -n -r)')
    group by text_sha256

    union all

    select text.text_sha256, 'miner_word', min(miner_name.name)
    from text
    join miner_name on contains(lower(left(text.text, 8192)), miner_name.name) and length(miner_name.name) >= 5
    group by text.text_sha256
)

select command_event.event, named.kind, min(named.value) as value
from named
join command_event on command_event.text_sha256 = named.text_sha256
group by command_event.event, named.kind
