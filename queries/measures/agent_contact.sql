-- question: which hosts did an agent's acts reach for, and what shows it?
-- grain:    one row per call, record that shows it, name, address and port; this machine itself left out
-- columns:  act (the call), event (the call where its words name the host, else the socket), session_id, basis
--           ('named' | 'connected'), name (lower case; null for bare addresses), address (null where neither a
--           lookup nor a socket tells it), port (null where none is given), own_network (a private address; null
--           without one)
-- as:       table
-- not for:  proving traffic by what is only named; see socket_seen and flow

with lookup as (
    select name, min(address) as address
    from name_lookup
    where name is not null and address is not null
    group by name
),

spoken as (
    select agent_act.event, agent_act.session_id, agent_act.arguments, transcript.text_sha256
    from agent_act
    join (select event, sha256(coalesce(command, text)) as text_sha256 from transcript_once where kind = 'tool_call')
        as transcript on transcript.event = agent_act.event
    where agent_act.program not in (select name from reader_program) and agent_act.program not in ('echo', 'printf')
),

named as (
    select distinct
        spoken.event as act,
        spoken.event,
        spoken.session_id,
        'named' as basis,
        lower(observable.host) as host,
        coalesce(observable.port, case observable.scheme when 'http' then 80 when 'https' then 443 end) as port
    from spoken
    join observable on observable.text_sha256 = spoken.text_sha256
    where observable.host is not null and observable.kind <> 'email'
        and contains(lower(spoken.arguments), lower(observable.host))
),

connected as (
    select distinct
        act_member.act,
        socket_seen.event,
        transcript.session_id,
        'connected' as basis,
        socket_seen.address as host,
        socket_seen.port
    from act_member
    join transcript_once as transcript on transcript.event = act_member.act and transcript.kind = 'tool_call'
    join socket_seen on socket_seen.event = act_member.event
    where act_member.role = 'socket' and socket_seen.kind = 'connect' and socket_seen.address is not null
        and coalesce(socket_seen.port, 0) <> 53
),

every as (
    select * from named
    union all
    select * from connected
),

remote as (
    select
        act,
        event,
        session_id,
        basis,
        case when not regexp_matches(host, '^[0-9.]+$|:') then host end as name,
        case when regexp_matches(host, '^[0-9.]+$|:') then host end as address,
        port
    from every
    where host <> 'localhost' and not regexp_matches(host, '^(127\.|0\.0\.0\.0$|::1?$)')
),

-- one name and one address at one port of one act are the same host
pair as (
    select act, port, min(name) as name, min(address) as address
    from remote
    where port is not null
    group by act, port
    having count(distinct name) = 1 and count(distinct address) = 1
),

placed as (
    select
        remote.act,
        remote.event,
        remote.session_id,
        remote.basis,
        coalesce(remote.name, pair.name) as name,
        coalesce(remote.address, lookup.address, pair.address) as address,
        remote.port
    from remote
    left join lookup on lookup.name = remote.name
    left join pair on pair.act = remote.act and pair.port = remote.port
)

select
    act,
    event,
    session_id,
    basis,
    name,
    address,
    port,
    regexp_matches(address, '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|169\.254\.|f[cd][0-9a-f]{2}:|fe80:)')
        as own_network
from placed
