-- question: what stands beside a thin contact on its host: whose socket is it, and did the load rise and fall with it?
-- grain:    one row per thin contact
-- columns:  contact, grade, far_address, far_port, begin_us, end_us, socket_event (first connect to the endpoint in
--           that time; null where none is in evidence, or where several hosts connect), host, executable, name (of the
--           program as the kernel calls it), hidden (it runs from a hidden folder or one that anybody may write to, and
--           is no program of ordinary work), fetched_event (a command that fetched something into its folder within a
--           day before; null where none is in evidence), load ('rises': a device is at 80 % or more nearly always while
--           the contact lasts and hardly ever within a day around it; 'other'; null where not enough samples of the
--           host are in evidence), behaves (all of it at once: a contact of grade 'strong', by a hidden program that
--           was fetched, with load that rises and falls with it)
-- as:       table
-- not for:  naming anybody; a single one of these says nothing

with reached as (
    select
        thin_contact.contact,
        socket_seen.event,
        socket_seen.host,
        socket_seen.executable,
        socket_seen.name,
        row_number() over (partition by thin_contact.contact order by socket_seen.best_us, socket_seen.event) as choice
    from thin_contact
    join socket_seen
        on socket_seen.address = thin_contact.far_address
        and socket_seen.port = thin_contact.far_port
        and socket_seen.best_us between thin_contact.begin_us - 300000000 and thin_contact.end_us
    where socket_seen.kind = 'connect'
),

-- the same endpoint from several hosts: whose socket it is cannot be told by time alone
one_host as (
    select contact
    from reached
    group by contact
    having count(distinct host) = 1
),

held as (
    select
        thin_contact.contact,
        thin_contact.grade,
        thin_contact.far_address,
        thin_contact.far_port,
        thin_contact.begin_us,
        thin_contact.end_us,
        reached.event as socket_event,
        reached.host,
        reached.executable,
        reached.name,
        coalesce(
            regexp_matches(left(reached.executable, 4096), '(^|/)\.[^/.][^/]*/|^/(var/tmp|tmp|dev/shm)/')
            and regexp_replace(regexp_extract(left(reached.executable, 4096), '([^/]+)$', 1), '[0-9.]+$', '', 'g')
                not in (select name from work_program),
            false
        ) as hidden,
        nullif(regexp_extract(left(reached.executable, 4096), '([^/]+/[^/]+)/[^/]+$', 1), '') as folder
    from thin_contact
    left join one_host on one_host.contact = thin_contact.contact
    left join reached on reached.contact = one_host.contact and reached.choice = 1
),

-- the last two folders of the path: commands write a home in many ways
fetching as (
    select
        held.contact,
        command_event.event,
        row_number() over (partition by held.contact order by command_event.best_us, command_event.event) as choice
    from held
    join command_event on command_event.best_us between held.begin_us - 86400000000 and held.begin_us
    where
        held.hidden
        and contains(left(command_event.text, 20000), held.folder)
        and regexp_matches(left(command_event.text, 20000), '(^|[\s;&|(])(curl|wget|aria2c|scp|rsync|git\s+clone)\s')
),

metered as (
    select
        usage_metric.*,
        coalesce(usage_metric.host_name, delivery.host) as host,
        coalesce(epoch_us(usage_metric.ts), epoch_us(usage_metric.ts_local)) as raw_us,
        case when usage_metric.ts is not null then 'utc' when usage_metric.ts_local is not null then 'local' end
            as clock_kind
    from usage_metric
    join delivery on delivery.source_id = usage_metric.source_id
    where usage_metric.metric in ('gpu_utilisation', 'cpu_utilisation') and usage_metric.value is not null
),

sample as (
    select
        metered.host,
        metered.metric,
        coalesce(metered.device, '') as device,
        metered.value >= 80 as busy,
        metered.raw_us - clock.offset_us as best_us
    from metered
    join clock
        on clock.source_id = metered.source_id
        and clock.kind = metered.clock_kind
        and metered.raw_us >= clock.from_us
        and metered.raw_us < clock.until_us
),

-- ten minutes on both sides belong to neither: a program starts before it connects, a monitor averages
loaded as (
    select
        held.contact,
        sample.metric,
        sample.device,
        count(case when sample.best_us between held.begin_us + 600000000 and held.end_us - 600000000 then 1 end)
            as samples,
        count(case when sample.busy and sample.best_us between held.begin_us + 600000000 and held.end_us - 600000000
            then 1 end) as busy,
        count(case when sample.best_us < held.begin_us - 600000000 then 1 end) as earlier,
        count(case when sample.best_us < held.begin_us - 600000000 or sample.best_us > held.end_us + 600000000
            then 1 end) as around,
        count(case when sample.busy and (sample.best_us < held.begin_us - 600000000
            or sample.best_us > held.end_us + 600000000) then 1 end) as busy_around
    from held
    join sample
        on sample.host = held.host
        and sample.best_us between held.begin_us - 86400000000 and held.end_us + 86400000000
    group by held.contact, sample.metric, sample.device
),

load as (
    select contact, bool_or(busy * 10 >= samples * 9 and busy_around * 10 <= around) as rises
    from loaded
    where samples >= 3 and earlier >= 1 and around >= 3
    group by contact
)

select
    held.contact,
    held.grade,
    held.far_address,
    held.far_port,
    held.begin_us,
    held.end_us,
    held.socket_event,
    held.host,
    held.executable,
    held.name,
    held.hidden,
    fetching.event as fetched_event,
    case when load.rises then 'rises' when load.rises = false then 'other' end as load,
    held.grade = 'strong' and held.hidden and fetching.event is not null and coalesce(load.rises, false) as behaves
from held
left join fetching on fetching.contact = held.contact and fetching.choice = 1
left join load on load.contact = held.contact
