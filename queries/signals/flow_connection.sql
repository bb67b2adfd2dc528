-- question: which connections with an outside endpoint were kept up, told whole or in slices, counted once?
-- grain:    one row per connection of five minutes or more: client, its port, endpoint, without a pause of 15 minutes
-- columns:  connection (the event of its first record), client_address, client_port, far_address, far_port, begin_us,
--           end_us, records (that tell of it), repeats (records among them that tell again what another told: interim
--           ones, halves of a whole, a second exporter's), sent_bytes, sent_packets, received_bytes, received_packets
--           (without the repeats; null where not told), app_protocol, slices (of one direction, the first left out),
--           slice_bytes, largest_slice, smallest_slice (bytes), pause_us (the longest between two slices)
-- as:       table
-- not for:  saying what a connection was for

with following as (
    select
        *,
        max(end_us) over (
            partition by client_address, client_port, far_address, far_port
            order by begin_us, end_us desc, event
            rows between unbounded preceding and 1 preceding
        ) as before_end_us
    from lasting_record
    where client_port is not null and far_port is not null
),

numbered as (
    select
        *,
        sum(case when begin_us <= before_end_us + 900000000 then 0 else 1 end) over (
            partition by client_address, client_port, far_address, far_port
            order by begin_us, end_us desc, event
            rows between unbounded preceding and current row
        ) as contact
    from following
),

kept_up as (
    select
        client_address, client_port, far_address, far_port, contact,
        bool_or(way = 'both') as whole,
        min(begin_us) as first_us,
        max(end_us) as last_us,
        count(*) as records
    from numbered
    group by client_address, client_port, far_address, far_port, contact
    having max(end_us) - min(begin_us) >= 300000000
),

-- where a sensor tells a flow whole, halves of it are repeats
telling as (
    select numbered.*, kept_up.first_us, kept_up.last_us, kept_up.records
    from numbered
    join kept_up
        on kept_up.client_address = numbered.client_address
        and kept_up.client_port = numbered.client_port
        and kept_up.far_address = numbered.far_address
        and kept_up.far_port = numbered.far_port
        and kept_up.contact = numbered.contact
    where not kept_up.whole or numbered.way = 'both'
),

overlapping as (
    select
        *,
        max(end_us) over (
            partition by client_address, client_port, far_address, far_port, contact, way
            order by begin_us, end_us desc, event
            rows between unbounded preceding and 1 preceding
        ) as told_until_us
    from telling
),

-- more than half of it was told before: an interim record of the same connection, or another exporter's
counted as (
    select
        *,
        begin_us - told_until_us as gap_us,
        row_number() over (
            partition by client_address, client_port, far_address, far_port, contact, way
            order by begin_us, end_us desc, event
        ) as slice
    from overlapping
    where told_until_us is null or told_until_us <= begin_us or (told_until_us - begin_us) * 2 <= end_us - begin_us
),

summed as (
    select
        client_address,
        client_port,
        far_address,
        far_port,
        contact,
        min(first_us) as begin_us,
        max(last_us) as end_us,
        max(records) as records,
        count(*) as counted,
        sum(sent_bytes) as sent_bytes,
        sum(sent_packets) as sent_packets,
        sum(received_bytes) as received_bytes,
        sum(received_packets) as received_packets,
        min(app_protocol) as app_protocol,
        count(case when slice > 1 and way <> 'in' then 1 end) as slices,
        sum(case when slice > 1 and way <> 'in' then coalesce(sent_bytes, 0) + coalesce(received_bytes, 0) end)
            as slice_bytes,
        max(case when slice > 1 and way <> 'in' then coalesce(sent_bytes, 0) + coalesce(received_bytes, 0) end)
            as largest_slice,
        min(case when slice > 1 and way <> 'in' then coalesce(sent_bytes, 0) + coalesce(received_bytes, 0) end)
            as smallest_slice,
        max(case when way <> 'in' then gap_us end) as pause_us
    from counted
    group by client_address, client_port, far_address, far_port, contact
),

first_record as (
    select
        client_address, client_port, far_address, far_port, contact, event,
        row_number() over (
            partition by client_address, client_port, far_address, far_port, contact
            order by begin_us, end_us desc, event
        ) as choice
    from counted
)

select
    first_record.event as connection,
    summed.client_address,
    summed.client_port,
    summed.far_address,
    summed.far_port,
    summed.begin_us,
    summed.end_us,
    summed.records,
    summed.records - summed.counted as repeats,
    cast(summed.sent_bytes as bigint) as sent_bytes,
    cast(summed.sent_packets as bigint) as sent_packets,
    cast(summed.received_bytes as bigint) as received_bytes,
    cast(summed.received_packets as bigint) as received_packets,
    summed.app_protocol,
    summed.slices,
    cast(summed.slice_bytes as bigint) as slice_bytes,
    summed.largest_slice,
    summed.smallest_slice,
    summed.pause_us
from summed
join first_record
    on first_record.client_address = summed.client_address
    and first_record.client_port = summed.client_port
    and first_record.far_address = summed.far_address
    and first_record.far_port = summed.far_port
    and first_record.contact = summed.contact
    and first_record.choice = 1
