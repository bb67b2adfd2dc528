-- question: who keeps up traffic with a pool the way miners do: long, thin, both ways?
-- grain:    one row per client and pool endpoint
-- columns:  client_address, pool_address, pool_port, pool_name, known_by ('listed name': a lookup in evidence gives the
--           address a name on the list of pools; 'alerted': a sensor took it for mining; 'behaves': see contact_beside;
--           null where none), flows, lasting_us (sum of the flows' durations, one way), bytes
-- as:       table
-- order:    client_address, pool_address, pool_port
-- not for:  naming the process or the person; a look at a pool's page is short, or wide

with known as (
    select address, port, max(basis) as basis          -- 'listed name' before 'behaves' before 'alerted'
    from pool_endpoint
    where basis in ('listed name', 'alerted', 'behaves') and address is not null
    group by address, port
),

measured as (
    select
        client_address,
        pool_address,
        pool_port,
        min(pool_name) as pool_name,
        count(*) as flows,
        -- both halves of a slice last as long as one of them
        greatest(
            sum(case when way = 'in' then 0 else end_us - best_us end),
            sum(case when way = 'in' then end_us - best_us else 0 end)
        ) as lasting_us,
        max(end_us - best_us) as longest_us,
        count(distinct best_us // 60000000) as minutes,
        sum(bytes) as bytes
    from pool_flow
    where best_us is not null and counts
    group by client_address, pool_address, pool_port
)

select
    measured.client_address,
    measured.pool_address,
    measured.pool_port,
    measured.pool_name,
    max(known.basis) as known_by,
    measured.flows,
    measured.lasting_us,
    measured.bytes
from measured
left join known
    on known.address = measured.pool_address
    and (known.port is null or known.port = measured.pool_port)
where
    measured.lasting_us >= 600000000
    -- thin: less than 4 kB a second on the whole
    and measured.bytes * 250 <= measured.lasting_us
    -- pages of pools lie on the ports of the web, and are left open for minutes at most
    and (measured.pool_port not in (80, 443) or measured.longest_us >= 600000000 or measured.minutes >= 30)
group by measured.client_address, measured.pool_address, measured.pool_port, measured.pool_name, measured.flows,
    measured.lasting_us, measured.bytes
