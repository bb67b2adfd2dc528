-- question: which contacts with an outside endpoint have the shape of a miner's: long, thin, both ways, by itself?
-- grain:    one row per contact: client, endpoint and port, without a pause of 15 minutes between its connections
-- columns:  contact (the event of its first record), client_address, far_address, far_port, begin_us, end_us,
--           connections, records, repeats (records not counted), sent_bytes, received_bytes, sent_packets,
--           received_packets, minutes, sent_per_minute, received_per_minute (bytes), packets_per_hour, sent_size,
--           received_size (bytes a packet), sent_percent (of the packets), clients (that keep such contact with the
--           endpoint), partners (endpoints at that port with which the client keeps such contact), burst (largest
--           slice in averages, 0 where not sliced), app_protocol (only what may carry a miner's), far_name (null: no
--           lookup or handshake in evidence names the address), bare (nothing names it, though names that the client
--           asked for are in evidence), grade ('thin' | 'fair': alone and for an hour | 'strong': fair, and a bare
--           address), unlike (the rules of grade 'fair' that it misses)
-- as:       table
-- order:    client_address, far_address, far_port, begin_us
-- not for:  a finding: messengers, telemetry and remote consoles can have this shape. It is a lead, whatever the grade

with fit as (
    select *
    from flow_connection
    -- a protocol that a sensor recognised is not a miner's; inside of TLS none is recognised
    where app_protocol is null or lower(app_protocol) in ('', '-', 'ssl', 'tls', 'failed', 'unknown', 'stratum', 'json')
),

following as (
    select
        *,
        max(end_us) over (
            partition by client_address, far_address, far_port
            order by begin_us, end_us desc, connection
            rows between unbounded preceding and 1 preceding
        ) as before_end_us
    from fit
),

numbered as (
    select
        *,
        sum(case when begin_us <= before_end_us + 900000000 then 0 else 1 end) over (
            partition by client_address, far_address, far_port
            order by begin_us, end_us desc, connection
            rows between unbounded preceding and current row
        ) as number,
        row_number() over (
            partition by client_address, far_address, far_port
            order by begin_us, end_us desc, connection
        ) as place
    from following
),

summed as (
    select
        client_address,
        far_address,
        far_port,
        number,
        min(place) as first_place,
        min(begin_us) as begin_us,
        max(end_us) as end_us,
        sum(end_us - begin_us) as lasting_us,
        count(*) as connections,
        cast(sum(records) as bigint) as records,
        cast(sum(repeats) as bigint) as repeats,
        cast(sum(sent_bytes) as bigint) as sent_bytes,
        cast(sum(received_bytes) as bigint) as received_bytes,
        cast(sum(sent_packets) as bigint) as sent_packets,
        cast(sum(received_packets) as bigint) as received_packets,
        max(case when slices >= 5 and slice_bytes > 0 then largest_slice * slices // slice_bytes else 0 end) as burst,
        min(app_protocol) as app_protocol
    from numbered
    group by client_address, far_address, far_port, number
),

sized as (
    select
        numbered.connection as contact,
        summed.*,
        (summed.end_us - summed.begin_us) // 60000000 as minutes,
        cast(summed.sent_bytes * 60000000 // summed.lasting_us as bigint) as sent_per_minute,
        cast(summed.received_bytes * 60000000 // summed.lasting_us as bigint) as received_per_minute,
        cast((summed.sent_packets + summed.received_packets) * 3600000000 // summed.lasting_us as bigint)
            as packets_per_hour,
        summed.sent_bytes // nullif(summed.sent_packets, 0) as sent_size,
        summed.received_bytes // nullif(summed.received_packets, 0) as received_size,
        summed.sent_packets * 100 // nullif(summed.sent_packets + summed.received_packets, 0) as sent_percent
    from summed
    join numbered
        on numbered.client_address = summed.client_address
        and numbered.far_address = summed.far_address
        and numbered.far_port = summed.far_port
        and numbered.place = summed.first_place
),

measured as (
    select contact, 'minutes' as measure, minutes as value from sized
    union all
    select contact, 'sent_per_minute', sent_per_minute from sized
    union all
    select contact, 'received_per_minute', received_per_minute from sized
    union all
    select contact, 'packets_per_hour', packets_per_hour from sized
    union all
    select contact, 'sent_size', sent_size from sized
    union all
    select contact, 'received_size', received_size from sized
    union all
    select contact, 'sent_percent', sent_percent from sized
),

shaped as (
    select measured.contact
    from measured
    join flow_shape on flow_shape.measure = measured.measure and flow_shape.grade = 'thin'
    group by measured.contact
    having bool_and(coalesce(
        measured.value between cast(flow_shape.at_least as bigint) and cast(flow_shape.at_most as bigint), false))
),

thin as (
    select sized.* from sized join shaped on shaped.contact = sized.contact
),

shared as (
    select far_address, far_port, count(distinct client_address) as clients
    from thin
    group by far_address, far_port
),

busy as (
    select client_address, far_port, count(distinct far_address) as partners
    from thin
    group by client_address, far_port
),

counted as (
    select thin.*, shared.clients, busy.partners
    from thin
    join shared on shared.far_address = thin.far_address and shared.far_port = thin.far_port
    join busy on busy.client_address = thin.client_address and busy.far_port = thin.far_port
),

judged as (
    select contact, 'minutes' as measure, minutes as value from counted
    union all
    select contact, 'sent_size', sent_size from counted
    union all
    select contact, 'clients', clients from counted
    union all
    select contact, 'partners', partners from counted
    union all
    select contact, 'burst', burst from counted
),

unlike as (
    select judged.contact, string_agg(flow_shape.id, ', ' order by flow_shape.id) as rules
    from judged
    join flow_shape on flow_shape.measure = judged.measure and flow_shape.grade = 'fair'
    where not judged.value between cast(flow_shape.at_least as bigint) and cast(flow_shape.at_most as bigint)
    group by judged.contact
),

named as (
    select address, min(name) as name
    from name_lookup
    where name is not null and address in (select far_address from counted)
    group by address
),

-- three names asked for: the client's lookups are in evidence
asking as (
    select client_address
    from name_lookup
    where name is not null
    group by client_address
    having count(distinct name) >= 3
)

select
    counted.contact,
    counted.client_address,
    counted.far_address,
    counted.far_port,
    counted.begin_us,
    counted.end_us,
    counted.connections,
    counted.records,
    counted.repeats,
    counted.sent_bytes,
    counted.received_bytes,
    counted.sent_packets,
    counted.received_packets,
    counted.minutes,
    counted.sent_per_minute,
    counted.received_per_minute,
    counted.packets_per_hour,
    counted.sent_size,
    counted.received_size,
    counted.sent_percent,
    counted.clients,
    counted.partners,
    counted.burst,
    counted.app_protocol,
    named.name as far_name,
    named.name is null and asking.client_address is not null as bare,
    case when unlike.rules is not null then 'thin'
        when named.name is null and asking.client_address is not null then 'strong'
        else 'fair' end as grade,
    unlike.rules as unlike
from counted
left join unlike on unlike.contact = counted.contact
left join named on named.address = counted.far_address
left join asking on asking.client_address = counted.client_address
