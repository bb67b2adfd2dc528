-- question: which commands hand a checksummed wallet address and a place to connect to a program, whatever its name?
-- grain:    one row per event and part
-- columns:  event, part_no, program, wallet, asset, host, port (null where none is told), minerlike
--           (whether the options are those that mining programs take), detached (whether the program is left running behind the command)
-- as:       table
-- not for:  opening a finding where nothing else supports it: paying and testing software is given addresses too

with part as (
    select part_reach.text_sha256, part_reach.part_no, part_reach.program, part_reach.handed as arguments,
        list_contains(command_part.notes, 'background') as background
    from part_reach
    join command_part
        on command_part.text_sha256 = part_reach.text_sha256
        and command_part.part_no = part_reach.part_no
    where part_reach.reach = 'run'
),

detaching as (
    select distinct text_sha256
    from part
    where background or program in ('nohup', 'setsid', 'screen', 'tmux', 'systemd-run', 'disown', 'daemonize')
),

-- a container is handed its pool by name in its environment; what asks a pool about an account is handed a page of it,
-- or the port of its pages
contained as (
    select distinct text_sha256, part_no
    from part
    where
        program in ('docker', 'podman', 'nerdctl')
        and regexp_matches(arguments, '(^|\s)(run|create)\s')
        and regexp_matches(
            arguments,
            '(?i)\s(-e|--env)[= ]["'']?\w*(pool|stratum|miner|mining)\w*=((stratum2?|ssl|tcp|tls)[+a-z0-9]*://)?[a-z0-9.-]+:\d{2,5}["'']?(\s|$)')
        and not regexp_matches(arguments, '(?i)\w*(pool|stratum|miner|mining)\w*=[a-z0-9.-]+:(80|443|8080|8443)["'']?(\s|$)')
),

wallet as (
    select text_sha256, value, asset
    from observable
    where
        kind = 'wallet'
        and "check" = 'valid'
        and not regexp_matches(value, '^(bcrt1|tb1|ltcrt1|tltc1)')          -- of networks made for testing
),

endpoint as (
    select observable.text_sha256, lower(observable.host) as host, max(observable.port) as port
    from observable
    left join way_place
        on way_place.text_sha256 = observable.text_sha256
        and way_place.host = lower(observable.host)
    where
        way_place.host is null
        and observable.host is not null
        and observable.kind in ('url', 'endpoint', 'domain', 'ipv4', 'account')
    group by observable.text_sha256, lower(observable.host)
),

handed as (
    select
        command_event.event,
        part.part_no,
        part.program,
        wallet.value as wallet,
        wallet.asset,
        endpoint.host,
        coalesce(
            endpoint.port,
            try_cast(nullif(regexp_extract(part.arguments, '(?i)(?:--?[a-z-]*port[= ]|\s-P\s?)(\d{2,5})(?:\s|$)', 1), '')
                as integer)
        ) as port,
        contained.text_sha256 is not null
            or (
                regexp_matches(part.arguments, '(^|\s)(-o|--url|--pool|--server|--proxy)[= ]\S+')
                and regexp_matches(part.arguments, '(^|\s)(-u|--user|--wallet|--payout)[= ]\S+'))
            -- the same as a list that code hands on to what it starts
            or (
                regexp_matches(part.arguments, '["''](-o|--url|--pool|--server|--proxy)["'']\s*,\s*["'']\S+')
                and regexp_matches(part.arguments, '["''](-u|--user|--wallet|--payout)["'']\s*,\s*["'']\S+')
                and regexp_matches(part.arguments, '(?i)(popen|subprocess|child_process|spawn|exec[lv]p?e?\s*\()'))
            as minerlike,
        -- what watches or pays an account asks a node or an interface, which it is told as such
        detaching.text_sha256 is not null
            and not regexp_matches(
                left(lower(part.arguments), strpos(lower(part.arguments), endpoint.host) - 1),
                '\s--?(node|daemon|rpc|api|explorer|backend)[a-z-]*[= ](\S+(://|@))?$')
            as detached,
        row_number() over (
            partition by command_event.event, part.part_no, wallet.value
            order by
                -- of two places, one on this machine is the way to the other
                case when regexp_matches(endpoint.host, '^(localhost|127\.[0-9.]+|::1|0\.0\.0\.0)$') then 1 else 0 end,
                endpoint.port nulls last, endpoint.host
        ) as choice
    from part
    join wallet
        on wallet.text_sha256 = part.text_sha256
        and contains(part.arguments, wallet.value)
    join endpoint
        on endpoint.text_sha256 = part.text_sha256
        and contains(lower(part.arguments), endpoint.host)
    join command_event on command_event.text_sha256 = part.text_sha256
    left join detaching on detaching.text_sha256 = part.text_sha256
    left join contained
        on contained.text_sha256 = part.text_sha256
        and contained.part_no = part.part_no
    where
        part.program not in (select name from reader_program)
        -- an address as the name of a file is no account that is handed on
        and not regexp_matches(left(part.arguments, strpos(part.arguments, wallet.value) - 1), '[^/:]/$')
        and not regexp_matches(part.arguments, '(?i)\s(--bench|--benchmark|--stress|--version|--help|--dry-run)([=\s]|$)')
        and part.program not in ('curl', 'wget', 'http', 'ssh', 'scp', '')
        and (part.program not in ('docker', 'podman', 'nerdctl') or contained.text_sha256 is not null)
)

select event, part_no, program, wallet, asset, host, port, minerlike, detached
from handed
where choice = 1
