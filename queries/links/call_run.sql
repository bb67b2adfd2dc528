-- question: which shell entry or exec may come from which tool call?
-- grain:    one row per pair (tool call, history entry or exec) with the same command in the window of the call
-- columns:  call_event, run_event, basis ('same text' | 'same command'), lag_us (run minus call, best estimates; null
--           for a line without a time, which its order places),
--           calls_fitting (calls that fit this run), runs_fitting (runs that fit this call), choice (1 = nearest call)
-- as:       table
-- not for:  proving that the agent ran a command; a call without a process is a call

with calls as (
    select
        command_event.event,
        command_event.text_sha256,
        command_text.key,
        command_event.earliest_us,
        command_event.best_us,
        coalesce(max(tool_result.latest_us), command_event.latest_us + 600000000) + 5000000 as until_us   -- 5 s slack
    from command_event
    left join command_text on command_text.text_sha256 = command_event.text_sha256
    left join tool_result
        on tool_result.call_event = command_event.event
        and tool_result.kind = 'tool_result'
    where command_event.modality = 'called' and command_event.best_us is not null
    group by
        command_event.event, command_event.text_sha256, command_text.key, command_event.earliest_us,
        command_event.best_us, command_event.latest_us
),

typed as (
    select command_event.event, command_event.text_sha256, command_text.key, command_event.earliest_us,
        command_event.best_us, command_event.latest_us
    from command_event
    left join command_text on command_text.text_sha256 = command_event.text_sha256
    where command_event.modality = 'typed' and command_event.best_us is not null
),

called_part as (
    select distinct text_sha256, loose_key
    from command_part
    where loose_key is not null and loose_key <> ''
),

-- a shell that is started with a command line (what sshd, cron and harnesses do) runs what stands in it
carried as (
    select text_sha256
    from command_part
    where
        part_no = 0
        and lower(executable) in ('sh', 'bash', 'dash', 'zsh', 'ksh')
        and (list_contains(argv, '-c') or list_contains(argv, '-lc'))
),

executed as (
    select distinct command_event.event, command_part.loose_key, command_event.earliest_us, command_event.best_us,
        command_event.latest_us
    from command_event
    join command_part on command_part.text_sha256 = command_event.text_sha256
    where
        command_event.modality = 'executed'
        and command_event.best_us is not null
        and (command_part.part_no = 0 or command_part.text_sha256 in (select text_sha256 from carried))
),

same_text as (
    select calls.event as call_event, typed.event as run_event, 'same text' as basis,
        typed.best_us - calls.best_us as lag_us, typed.latest_us < calls.earliest_us as before_call
    from calls
    join typed
        on (typed.text_sha256 = calls.text_sha256 or typed.key = calls.key)
        and typed.latest_us >= calls.earliest_us - 2000000
        and typed.earliest_us <= calls.until_us
),

same_command as (
    select distinct calls.event as call_event, executed.event as run_event, 'same command' as basis,
        executed.best_us - calls.best_us as lag_us, executed.latest_us < calls.earliest_us as before_call
    from calls
    join called_part on called_part.text_sha256 = calls.text_sha256
    join executed
        on executed.loose_key = called_part.loose_key
        and executed.latest_us >= calls.earliest_us - 2000000
        and executed.earliest_us <= calls.until_us
),

pairs as (
    select * from same_text
    union all
    select * from same_command
    union all
    select call_event, event, 'same text', cast(null as bigint), false
    from untimed_line
    where call_event is not null
)

select
    call_event,
    run_event,
    basis,
    lag_us,
    count(*) over (partition by run_event) as calls_fitting,
    count(*) over (partition by call_event, basis) as runs_fitting,
    row_number() over (partition by run_event order by before_call, abs(lag_us), call_event) as choice
from pairs
