-- question: which call to a cloud's API may come from which command?
-- grain:    one row per pair (command of AWS's command line, call in CloudTrail) of the same operation, the call within
--           the time that the command can have run
-- columns:  call_event (the command), cloud_event (the call to the cloud), basis ('same service and operation' | 'same
--           operation'), lag_us (cloud call minus command, best estimates), calls_fitting (commands that fit this cloud
--           call), clouds_fitting (cloud calls that fit this command), choice (1 = the nearest command)
-- as:       table
-- not for:  proving that a command made the call: anybody with the key may have; calls made by programs have no pair

with asked as (
    select
        command_event.event,
        command_event.earliest_us,
        command_event.best_us,
        command_event.latest_us,
        regexp_extract(
            lower(part_reach.arguments),
            '^\S*aws(?:\.exe)? (?:--[a-z-]+(?:[= ]\S+)? )*?([a-z][a-z0-9-]* [a-z][a-z0-9-]*)',        -- options first
            1
        ) as words
    from command_event
    join part_reach on part_reach.text_sha256 = command_event.text_sha256
    where part_reach.program = 'aws' and part_reach.reach = 'run' and command_event.best_us is not null
),

command as (
    select
        asked.event,
        asked.earliest_us,
        asked.best_us,
        replace(split_part(asked.words, ' ', 1), '-', '') as service,
        replace(split_part(asked.words, ' ', 2), '-', '') as operation,
        coalesce(max(tool_result.latest_us), asked.latest_us + 600000000) + 5000000 as until_us         -- 5 s slack
    from asked
    left join tool_result on tool_result.call_event = asked.event and tool_result.kind = 'tool_result'
    where asked.words <> ''
    group by asked.event, asked.earliest_us, asked.best_us, asked.latest_us, asked.words
),

call as (
    select
        event,
        split_part(service, '.', 1) as service,
        regexp_replace(lower(operation), '20[0-9]{6}(v[0-9])?$', '', 'g') as operation,    -- CreateFunction20150331
        earliest_us,
        best_us,
        latest_us
    from cloud_event
    where provider = 'aws' and best_us is not null
),

pair as (
    select
        command.event as call_event,
        call.event as cloud_event,
        case when command.service = call.service then 'same service and operation' else 'same operation' end as basis,
        call.best_us - command.best_us as lag_us,
        call.latest_us < command.earliest_us as before_command
    from command
    join call
        on call.operation = command.operation
        and call.latest_us >= command.earliest_us - 2000000
        and call.earliest_us <= command.until_us
)

select
    call_event,
    cloud_event,
    basis,
    lag_us,
    count(*) over (partition by cloud_event) as calls_fitting,
    count(*) over (partition by call_event) as clouds_fitting,
    row_number() over (
        partition by cloud_event
        order by before_command, basis desc, abs(lag_us), call_event
    ) as choice
from pair
