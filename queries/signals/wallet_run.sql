-- question: which commands hand a checksummed wallet address and a place to connect to a program, whatever its name?
-- grain:    one row per event and part
-- columns:  event, part_no, program, wallet, asset, detached (whether the program is left running behind the command)
-- as:       table
-- not for:  opening a finding where nothing else supports it: paying and testing software is given addresses too

with part as (
    select part_reach.text_sha256, part_reach.part_no, part_reach.program, part_reach.arguments,
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

wallet as (
    select text_sha256, value, asset
    from observable
    where kind = 'wallet' and "check" = 'valid'
),

endpoint as (
    select distinct text_sha256, host, port
    from observable
    where host is not null and port is not null
)

select distinct
    command_event.event,
    part.part_no,
    part.program,
    wallet.value as wallet,
    wallet.asset,
    detaching.text_sha256 is not null as detached
from part
join wallet
    on wallet.text_sha256 = part.text_sha256
    and contains(part.arguments, wallet.value)
join endpoint
    on endpoint.text_sha256 = part.text_sha256
    and contains(part.arguments, endpoint.host || ':' || endpoint.port)
join command_event on command_event.text_sha256 = part.text_sha256
left join detaching on detaching.text_sha256 = part.text_sha256
where
    part.program not in (select name from reader_program)
    and part.program not in ('curl', 'wget', 'http', 'ssh', 'scp', 'docker', '')
