-- question: which flow records belong to contacts with an outside endpoint that were kept up for a quarter of an hour?
-- grain:    one row per flow record over TCP of such a contact; slices of one connection are records of their own
-- columns:  event, source_id, record, part, line, way ('both' | 'out' | 'in': which directions the record counts),
--           client_address, client_port, far_address, far_port, flow_id, app_protocol, begin_us, end_us,
--           sent_bytes, sent_packets, received_bytes, received_packets (as on the layer of IP, sampling made up for;
--           null where not told), ts_basis, before_us, after_us, precision_us
-- as:       table
-- not for:  sums: some records tell again what others tell; see flow_connection

-- of a record of one direction only, and of one that begins in the middle, the lower port is the one that serves
with turned as (
    select
        *,
        coalesce(
            src_port < dst_port
            and (directionality = 'one_way' or (
                initiator_known = false
                and regexp_matches(dst_address, '^(0\.|10\.|127\.|169\.254\.|172\.(1[6-9]|2[0-9]|3[01])\.|192\.168\.|22[4-9]\.|23[0-9]\.|255\.|::|f[cdef])')
            ))
            and not regexp_matches(src_address, '^(0\.|10\.|127\.|169\.254\.|172\.(1[6-9]|2[0-9]|3[01])\.|192\.168\.|22[4-9]\.|23[0-9]\.|255\.|::|f[cdef])'),
            false
        ) as turned
    from flow
    where protocol = 6 and src_address is not null and dst_address is not null
),

placed as (
    select
        source_id, record, part, line, flow_id, app_protocol, ts, ts_local, time_of_day_us, ts_precision_us,
        duration_us,
        case when directionality = 'one_way' then case when turned then 'in' else 'out' end else 'both' end as way,
        case when turned then dst_address else src_address end as client_address,
        case when turned then dst_port else src_port end as client_port,
        case when turned then src_address else dst_address end as far_address,
        case when turned then src_port else dst_port end as far_port,
        case when turned then dst_bytes else src_bytes end as sent_bytes,
        case when turned then dst_packets else src_packets end as sent_packets,
        case when turned then src_bytes else dst_bytes end as received_bytes,
        case when turned then src_packets else dst_packets end as received_packets,
        least(greatest(coalesce(sampling_rate, 1), 1), 10000) as scale,
        case bytes_layer when 'payload' then 40 when 'frame' then -14 else 0 end as layer   -- bytes a packet
    from turned
    where
        turned
        or not regexp_matches(dst_address, '^(0\.|10\.|127\.|169\.254\.|172\.(1[6-9]|2[0-9]|3[01])\.|192\.168\.|22[4-9]\.|23[0-9]\.|255\.|::|f[cdef])')
),

timed as (
    select
        placed.*,
        coalesce(epoch_us(placed.ts), epoch_us(placed.ts_local), placed.time_of_day_us) - clock.offset_us as begin_us,
        coalesce(placed.duration_us, 0) as lasts_us,
        clock.basis as ts_basis,
        clock.before_us,
        clock.after_us
    from placed
    join clock
        on clock.source_id = placed.source_id
        and clock.kind = case when placed.ts is not null then 'utc' when placed.ts_local is not null then 'local'
            else 'time_of_day' end
        and coalesce(epoch_us(placed.ts), epoch_us(placed.ts_local), placed.time_of_day_us) >= clock.from_us
        and coalesce(epoch_us(placed.ts), epoch_us(placed.ts_local), placed.time_of_day_us) < clock.until_us
),

-- no counter of a thin contact is near the bound, which keeps sums of hostile numbers within 64 bits
bounded as (
    select
        source_id, record, part, line, way, client_address, client_port, far_address, far_port, flow_id, app_protocol,
        begin_us, begin_us + lasts_us as end_us, scale, layer, ts_basis, before_us, after_us,
        coalesce(ts_precision_us, 0) as precision_us,
        cast(case when sent_bytes > 1000000000000 then 1000000000000 else sent_bytes end as bigint)
            as sent_bytes,
        cast(case when sent_packets > 10000000000 then 10000000000 else sent_packets end as bigint)
            as sent_packets,
        cast(case when received_bytes > 1000000000000 then 1000000000000 else received_bytes end as bigint)
            as received_bytes,
        cast(case when received_packets > 10000000000 then 10000000000 else received_packets end as bigint)
            as received_packets
    from timed
),

lasting as (
    select client_address, far_address, far_port
    from bounded
    group by client_address, far_address, far_port
    having max(end_us) - min(begin_us) >= 900000000
)

select
    bounded.source_id || '#' || bounded.record || '.' || bounded.part as event,
    bounded.source_id,
    bounded.record,
    bounded.part,
    bounded.line,
    bounded.way,
    bounded.client_address,
    bounded.client_port,
    bounded.far_address,
    bounded.far_port,
    bounded.flow_id,
    bounded.app_protocol,
    bounded.begin_us,
    bounded.end_us,
    (bounded.sent_bytes + bounded.layer * bounded.sent_packets) * bounded.scale as sent_bytes,
    bounded.sent_packets * bounded.scale as sent_packets,
    (bounded.received_bytes + bounded.layer * bounded.received_packets) * bounded.scale as received_bytes,
    bounded.received_packets * bounded.scale as received_packets,
    bounded.ts_basis,
    bounded.before_us,
    bounded.after_us,
    bounded.precision_us
from bounded
join lasting
    on lasting.client_address = bounded.client_address
    and lasting.far_address = bounded.far_address
    and lasting.far_port = bounded.far_port
