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

-- what a call only puts into a schedule or a file, the clock runs or a later call; see written_run
called_part as (
    select distinct command_part.text_sha256, command_part.loose_key
    from command_part
    left join part_reach
        on part_reach.text_sha256 = command_part.text_sha256
        and part_reach.part_no = command_part.part_no
        and part_reach.reach <> 'run'
    where command_part.loose_key is not null and command_part.loose_key <> '' and part_reach.text_sha256 is null
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

-- words that the shell puts in at run time are not known beforehand: the others must all be there
literal_word as (
    select distinct
        command_part.text_sha256,
        command_part.part_no,
        lower(command_part.executable) as program,
        regexp_replace(word.value, '^(~|\$HOME|\$\{HOME\}|/root|/home/[^/]+)/', '', 'g') as word
    from command_part
    cross join unnest(command_part.argv) as word(value)
    where
        list_contains(command_part.notes, 'dynamic')
        and command_part.executable is not null
        and command_part.executable not in ('cd', 'echo', 'export', 'printf', 'test')
        and not regexp_matches(left(word.value, 4096), '[$`*?]')
        and word.value <> command_part.executable_path
),

skeleton as (
    select text_sha256, part_no, program, count(*) as words
    from literal_word
    group by text_sha256, part_no, program
    having count(*) >= 2 and sum(length(word)) >= 8
),

executed_word as (
    select distinct
        command_event.event,
        command_event.text_sha256,
        command_event.earliest_us,
        command_event.best_us,
        command_event.latest_us,
        lower(command_part.executable) as program,
        regexp_replace(word.value, '^(~|\$HOME|\$\{HOME\}|/root|/home/[^/]+)/', '', 'g') as word
    from command_event
    join command_part on command_part.text_sha256 = command_event.text_sha256 and command_part.part_no = 0
    cross join unnest(command_part.argv) as word(value)
    where command_event.modality = 'executed' and command_event.best_us is not null
),

filled_in as (
    select calls.event as call_event, executed_word.event as run_event, 'same command' as basis,
        executed_word.best_us - calls.best_us as lag_us, executed_word.latest_us < calls.earliest_us as before_call
    from calls
    join skeleton on skeleton.text_sha256 = calls.text_sha256
    join literal_word on literal_word.text_sha256 = skeleton.text_sha256 and literal_word.part_no = skeleton.part_no
    join executed_word
        on executed_word.program = skeleton.program
        and executed_word.word = literal_word.word
        and executed_word.latest_us >= calls.earliest_us - 2000000
        and executed_word.earliest_us <= calls.until_us
    group by calls.event, executed_word.event, executed_word.best_us, calls.best_us, executed_word.latest_us,
        calls.earliest_us, skeleton.part_no, skeleton.words
    having count(*) = skeleton.words
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
    select call_event, run_event, basis, lag_us, before_call from same_text
    union all
    select call_event, run_event, basis, lag_us, before_call from same_command
    union
    select call_event, run_event, basis, lag_us, before_call from filled_in
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
