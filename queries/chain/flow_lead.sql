-- question: which contacts would repay a look because they have a miner's shape, though nothing shows what they are?
-- grain:    one row per contact of grade 'fair' or 'strong' whose endpoint is neither a known pool's nor a tunnel's
-- columns:  contact (the event of its first record), client_address, far_address, far_port, far_name, begin_us, end_us,
--           minutes, connections, records, sent_bytes, received_bytes, sent_per_minute, received_per_minute,
--           packets_per_hour, grade, bare, socket_event, host, executable, name, hidden, load
-- as:       table
-- order:    grade, begin_us, contact
-- not for:  a finding, or an accusation: it says where to look next

select
    thin_contact.contact,
    thin_contact.client_address,
    thin_contact.far_address,
    thin_contact.far_port,
    thin_contact.far_name,
    thin_contact.begin_us,
    thin_contact.end_us,
    thin_contact.minutes,
    thin_contact.connections,
    thin_contact.records,
    thin_contact.sent_bytes,
    thin_contact.received_bytes,
    thin_contact.sent_per_minute,
    thin_contact.received_per_minute,
    thin_contact.packets_per_hour,
    thin_contact.grade,
    thin_contact.bare,
    contact_beside.socket_event,
    contact_beside.host,
    contact_beside.executable,
    contact_beside.name,
    contact_beside.hidden,
    contact_beside.load
from thin_contact
join contact_beside on contact_beside.contact = thin_contact.contact
left join (select distinct address, port from pool_endpoint where address is not null) as pool
    on pool.address = thin_contact.far_address
    and (pool.port is null or pool.port = thin_contact.far_port)
left join (select distinct address, port from tunnel_endpoint where address is not null) as tunnel
    on tunnel.address = thin_contact.far_address
    and tunnel.port = thin_contact.far_port
where thin_contact.grade in ('fair', 'strong') and pool.address is null and tunnel.address is null
