-- question: which commands hand a checksummed wallet address and a place to connect to a program, whatever its name?
-- grain:    one row per event and part
-- columns:  event, part_no, program, wallet, asset
-- as:       table
-- not for:  commands that only read, print or store an address

with part as (
    select text_sha256, part_no, program, arguments
    from part_reach
    where reach = 'run'
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
    wallet.asset
from part
join wallet
    on wallet.text_sha256 = part.text_sha256
    and contains(part.arguments, wallet.value)
join endpoint
    on endpoint.text_sha256 = part.text_sha256
    and contains(part.arguments, endpoint.host || ':' || endpoint.port)
join command_event on command_event.text_sha256 = part.text_sha256
where
    part.program not in (select name from reader_program)
    and part.program not in ('curl', 'wget', 'http', 'ssh', 'scp', 'docker', '')
