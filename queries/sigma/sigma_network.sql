-- question: which connections are there, in the words of Sigma's network_connection and firewall?
-- grain:    one row per socket event or flow, and name that a lookup gives its far address
-- columns:  event, table_name, at_us (as recorded, microseconds), Image, Initiated ('true' | 'false'), SourceIp,
--           SourcePort, DestinationIp, DestinationPort, DestinationHostname, Protocol, User, src_ip, src_port, dst_ip,
--           dst_port, action, fulltext (always null)
-- as:       view
-- not for:  the name that was meant: several names may share an address

with lookup as (
    select distinct name, address
    from name_lookup
    where name is not null and address is not null
),

every as (
    select
        source_id || '#' || record || '.' || part as event, 'socket_event' as table_name,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as at_us, executable as image,
        case kind when 'connect' then 'true' when 'accept' then 'false' end as initiated,
        cast(null as varchar) as src_address, cast(null as integer) as src_port, address as dst_address,
        port as dst_port, cast(null as varchar) as protocol, cast(uid as varchar) as user_name,
        cast(null as varchar) as action
    from socket_event
    where kind in ('connect', 'accept') and address is not null
    union all
    select
        source_id || '#' || record || '.' || part, 'flow', coalesce(epoch_us(ts), epoch_us(ts_local)),
        cast(null as varchar), 'true', src_address, src_port, dst_address, dst_port,
        case protocol when 6 then 'tcp' when 17 then 'udp' when 1 then 'icmp' else cast(protocol as varchar) end,
        cast(null as varchar), action
    from flow
)

select
    every.event,
    every.table_name,
    every.at_us,
    every.image as "Image",
    every.initiated as "Initiated",
    every.src_address as "SourceIp",
    cast(every.src_port as varchar) as "SourcePort",
    every.dst_address as "DestinationIp",
    cast(every.dst_port as varchar) as "DestinationPort",
    lookup.name as "DestinationHostname",
    every.protocol as "Protocol",
    every.user_name as "User",
    every.src_address as src_ip,
    cast(every.src_port as varchar) as src_port,
    every.dst_address as dst_ip,
    cast(every.dst_port as varchar) as dst_port,
    every.action,
    cast(null as varchar) as fulltext
from every
left join lookup on lookup.address = every.dst_address
