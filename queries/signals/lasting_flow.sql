-- question: which contacts with an outside endpoint lasted an hour without a pause of 15 minutes?
-- grain:    one row per such contact: the flow record with which its first hour was full
-- columns:  event, source_id, record, part, line, client_address, far_address, far_port, begin_us (of the contact),
--           full_us (an hour later), flows (records of the contact)
-- as:       table
-- not for:  saying what the contact was; streams, tunnels and queues last too

with outward as (
    select * from lasting_record where way <> 'in'
),

lasting as (
    select client_address, far_address, far_port
    from outward
    group by client_address, far_address, far_port
    having max(end_us) - min(begin_us) >= 3600000000
),

following as (
    select
        outward.*,
        max(outward.end_us) over (
            partition by outward.client_address, outward.far_address, outward.far_port
            order by outward.begin_us, outward.event
            rows between unbounded preceding and 1 preceding
        ) as before_end_us
    from outward
    join lasting
        on lasting.client_address = outward.client_address
        and lasting.far_address = outward.far_address
        and lasting.far_port = outward.far_port
),

numbered as (
    select
        *,
        sum(case when begin_us <= before_end_us + 900000000 then 0 else 1 end) over (
            partition by client_address, far_address, far_port
            order by begin_us, event
            rows between unbounded preceding and current row
        ) as contact
    from following
),

spanned as (
    select
        *,
        min(begin_us) over (partition by client_address, far_address, far_port, contact) as contact_us,
        count(*) over (partition by client_address, far_address, far_port, contact) as flows
    from numbered
),

filling as (
    select
        *,
        row_number() over (
            partition by client_address, far_address, far_port, contact
            order by begin_us, event
        ) as choice
    from spanned
    where end_us >= contact_us + 3600000000
)

select
    event,
    source_id,
    record,
    part,
    line,
    client_address,
    far_address,
    far_port,
    contact_us as begin_us,
    contact_us + 3600000000 as full_us,
    flows
from filling
where choice = 1
