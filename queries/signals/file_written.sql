-- question: which commands or file tools write a wallet, a pool or a miner's start line into a file?
-- grain:    one row per event
-- columns:  event, text_sha256, table_name, path (one file written), what ('wallet' | 'pool' | 'miner'), minerlike
--           (whether the text also has what only miners' settings have), schedules (whether the text
--           asks for a start by clock or at boot), acts (whether a program of this text starts others or speaks to
--           others; one that only handles samples does neither), starts (whether
--           a place to connect and an account stand together in it, as a start needs; a list of names to block has no
--           account)
-- as:       table
-- not for:  showing that the file was used

with redirect as (
    select text_sha256, part_no, unnest(redirect_out) as written
    from command_part
),

target as (
    select text_sha256, part_no, min(regexp_replace(written, '^[0-9]*&?>>?[|&]?', '', 'g')) as path
    from redirect
    where not regexp_matches(written, '^[0-9]*&?>>?[|&]?(/dev/|[0-9-]+$)')
    group by text_sha256, part_no
),

shell_write as (
    select
        command_event.event,
        'command' as table_name,
        target.path,
        left(command_event.text, 20000) as text,
        command_event.text_sha256,
        case when array_length(command_part.redirect_in) = 0 then command_part.text end as own_text
    from command_part
    join target on target.text_sha256 = command_part.text_sha256 and target.part_no = command_part.part_no
    join command_event on command_event.text_sha256 = command_part.text_sha256
    where regexp_replace(lower(coalesce(command_part.executable, '')), '\.(exe|bin)$', '', 'g')
        in ('echo', 'printf', 'cat', 'tee', '')
),

tool_write as (
    select
        event,
        'transcript' as table_name,
        coalesce(
            nullif(
                regexp_extract(
                    left(text, 2000), '(?i)"(?:[a-z]+_)*(?:(?:file)?path|file|file_?name)"\s*:\s*"([^"]+)"', 1),
                ''
            ),
            -- a tool that takes patches names its file in the patch
            nullif(regexp_extract(left(text, 8192), '\*\*\* (?:Add|Update) File: ([^\n\\"]+)', 1), ''),
            tool_name
        ) as path,
        left(text, 20000) as text,
        sha256(text) as text_sha256,
        cast(null as varchar) as own_text
    from transcript_once
    where kind = 'tool_call' and tool_class = 'file' and text is not null
        and regexp_matches(lower(coalesce(tool_name, '')), '(write|edit|create|patch|replace)')

    union all

    -- a patch that a shell call applies
    select
        event,
        'transcript' as table_name,
        regexp_extract(left(text, 8192), '\*\*\* (?:Add|Update) File: ([^\n\\"]+)', 1),
        left(text, 20000) as text,
        sha256(text),
        cast(null as varchar)
    from transcript_once
    where kind = 'tool_call' and coalesce(tool_class, 'shell') = 'shell' and contains(text, '*** Begin Patch')
),

every as (
    select * from shell_write
    union all
    select * from tool_write
),

holding as (
    select
        every.event,
        every.text_sha256,
        every.table_name,
        every.path,
        regexp_matches(every.text, '(?i)(@reboot|cron|\[Service\]|WantedBy=|\brate\(\d+ (?:minute|hour|day)|systemd|\.bashrc|\.profile)') as schedules,
        regexp_matches(every.text,
            '(subprocess|os\.(system|popen|exec|spawn)|socket|\bpty\.|open_connection|child_process|spawn\(|exec\(|\bnet\.|\btls\.|fetch\(|websocket|WebSocket|system\(|startMining\(|\.Anonymous\(|<script)')
            -- a test starts what it tests, and its samples are not started
            and not regexp_matches(every.text, '(\bunittest\b|\bpytest\b|\bassert|\bexpect\()') as acts,
        -- a place to go and an account to go for, as flags, as settings or in one address
        (
            regexp_matches(every.text, '(^|[\s"'',\[])(-o|--url|--pool|--server)[\s"'',=\\]')
            and regexp_matches(every.text, '(^|[\s"'',\[])(-u|--user|--wallet)[\s"'',=\\]')
        )
        or (
            regexp_matches(every.text, '(?i)pool[a-z_]*\\?["'']?\s*[:=]')
            and regexp_matches(every.text, '(?i)(wallet|user|account|address)[a-z_]*\\?["'']?\s*[:=]')
        )
        or regexp_matches(every.text, '(?i)stratum[a-z0-9+]*://[^\s/@"'']+@') as told,
        regexp_matches(every.text,
            '(?i)(stratum2?\+|donate-level|\\?"pools\\?"|rx/0|randomx|cryptonight|max-threads-hint|kawpow|ethash|rig-id|nicehash|xmrig|hash-?rate|mining\.(authorize|submit)|startMining\(|\.Anonymous\(|web-?miner|coin-?hive|coin-?imp)')
            -- a program that is handed a place to connect and an account, the way miners take them
            or (
                regexp_matches(every.text, '(^|[\s"'',\[])(-o|--url|--pool|--server)[\s"'',=\\]')
                and regexp_matches(every.text, '(^|[\s"'',\[])(-u|--user|--wallet)[\s"'',=\\]')
            ) as minerlike,
        -- a pool's pages and its answers to questions are no place to mine at
        max(case when pool_name.domain is not null and coalesce(observable.scheme, '') not in ('http', 'https')
            then 1 else 0 end) as listed_pools,
        max(case when observable.port is not null and coalesce(observable.scheme, '') not in ('http', 'https')
            then 1 else 0 end) as places,
        max(case when observable.kind = 'wallet' and observable."check" = 'valid' then 1 else 0 end) as wallets,
        max(case
            when observable.scheme like 'stratum%'
                -- a program that speaks the miners' protocol to a listed pool has it for its own
                or (
                    pool_name.domain is not null
                    and coalesce(observable.scheme, '') not in ('http', 'https')
                    and regexp_matches(every.text, 'mining\.(subscribe|authorize)|["'']login["'']')
                )
                then 1
            else 0
        end) as pools,
        max(case when regexp_matches(coalesce(every.own_text, every.text), '(?i)(^|[^a-z])(xmrig|xmr-stak|cpuminer|minerd|ethminer|t-rex|lolminer|nbminer|srbminer)')
            then 1 else 0 end) as miners
    from every
    left join observable
        on observable.text_sha256 = every.text_sha256
        -- of a line with several commands only what this one says; a here-document belongs to its command
        and (every.own_text is null or contains(every.own_text, observable.value))
    left join pool_name
        on lower(observable.host) = pool_name.domain
        or lower(observable.host) like '%.' || pool_name.domain
    group by every.event, every.text_sha256, every.table_name, every.path, schedules, minerlike, acts, told
)

select
    event,
    min(text_sha256) as text_sha256,
    min(table_name) as table_name,
    min(path) as path,
    case when max(wallets) = 1 then 'wallet' when max(pools) = 1 then 'pool' else 'miner' end as what,
    bool_or(minerlike or (wallets = 1 and listed_pools = 1)) as minerlike,
    bool_or(schedules) as schedules,
    bool_or(acts) as acts,
    bool_or(told or (wallets = 1 and places = 1)) as starts
from holding
where wallets + pools + miners > 0
group by event
