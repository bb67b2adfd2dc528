-- question: which execution, started by a daemon, a queue, a container engine or another host, is word for word what
--           a tool call put into a file, a schedule or its own text?
-- grain:    one row per pair (tool call, exec): every argument of the exec stands in what a call wrote, and a long one
--           was first uttered by that agent; the call is the one that had it run
-- columns:  call_event, run_event, written_event (the call that holds the words), lag_us (run minus call, best
--           estimates), calls_fitting (calls that fit this run), choice (1 = nearest call before the run)
-- as:       table
-- not for:  execs that a call explains by its own command in its own window; see call_run

with call as (
    select call_span.event, call_span.session_id, call_span.begin_us, call_span.end_us, transcript.seq,
        left(coalesce(transcript.command, transcript.text), 20000) as text, sha256(transcript.command) as text_sha256
    from call_span
    join transcript_once as transcript on transcript.event = call_span.event
),

-- what was executed, and no call's own command explains it
stray as (
    select command_event.event, command_event.host, command_event.login_uid, command_event.best_us,
        command_part.loose_key,
        substring(left(array_to_string(command_part.argv, ' '), 8192), length(command_part.executable_path) + 1)
            as arguments
    from command_event
    join command_part on command_part.text_sha256 = command_event.text_sha256 and command_part.part_no = 0
    where
        command_event.modality = 'executed'
        and command_event.best_us is not null
        and command_part.executable_path is not null
        and command_event.event not in (select run_event from call_run where choice = 1)
),

stray_token as (
    select distinct stray.event, regexp_replace(token.value, '^(~|HOME|/root|/home/[^/]+)/', '', 'g') as token
    from stray
    cross join unnest(
        string_split(regexp_replace(left(stray.arguments, 8192), '[^A-Za-z0-9_./:@+~-]+', ' ', 'g'), ' ')
    ) as token(value)
    where token.value not in ('', '-c', '-lc', '-l', '-e', '-i', 'nohup', '.')
),

size as (
    select event, count(*) as tokens
    from stray_token
    group by event
    having count(*) >= 3 and max(length(token)) >= 12
),

spoken as (
    select event, session_id, seq, text from call
    union all
    select call.event, call.session_id, call.seq, left(command_part.text, 20000)
    from call
    join command_part on command_part.text_sha256 = call.text_sha256 and list_contains(command_part.notes, 'decoded')
),

call_token as (
    select distinct spoken.event, spoken.session_id, spoken.seq,
        regexp_replace(token.value, '^(~|HOME|/root|/home/[^/]+)/', '', 'g') as token
    from spoken
    cross join unnest(
        string_split(
            regexp_replace(replace(left(spoken.text, 20000), '\n', ' '), '[^A-Za-z0-9_./:@+~-]+', ' ', 'g'), ' ')
    ) as token(value)
),

long_token as (
    select distinct stray_token.token
    from stray_token
    join size on size.event = stray_token.event
    where length(stray_token.token) >= 12
),

first_said as (
    select call_token.session_id, call_token.token, min(call_token.seq) as seq
    from call_token
    join long_token on long_token.token = call_token.token
    group by call_token.session_id, call_token.token
),

-- what was read or told before it was said is somebody else's
foreign_token as (
    select distinct first_said.session_id, first_said.token
    from first_said
    join transcript_once as earlier
        on earlier.session_id = first_said.session_id
        and earlier.seq < first_said.seq
        and (earlier.kind = 'tool_result' or earlier.author = 'human')
        and contains(earlier.text, first_said.token)
),

own_token as (
    select first_said.session_id, first_said.token
    from first_said
    left join foreign_token
        on foreign_token.session_id = first_said.session_id
        and foreign_token.token = first_said.token
    where foreign_token.token is null
),

candidate as (
    select stray_token.event as run_event, call_token.event as written_event, call_token.session_id,
        min(size.tokens) as tokens, min(own_token.token) as token
    from stray_token
    join size on size.event = stray_token.event
    join call_token on call_token.token = stray_token.token
    join own_token on own_token.token = call_token.token and own_token.session_id = call_token.session_id
    group by stray_token.event, call_token.event, call_token.session_id
),

worded as (
    select candidate.run_event, candidate.written_event, candidate.session_id, candidate.token
    from candidate
    join stray_token on stray_token.event = candidate.run_event
    join call_token on call_token.event = candidate.written_event and call_token.token = stray_token.token
    group by candidate.run_event, candidate.written_event, candidate.session_id, candidate.token, candidate.tokens
    having count(*) = candidate.tokens
),

-- a line of a schedule may be short; it must be the same command, and none that was read before
scheduled as (
    select distinct stray.event as run_event, call.event as written_event, call.session_id, command_part.text
    from call
    join part_reach on part_reach.text_sha256 = call.text_sha256 and part_reach.reach = 'scheduled'
    join command_part
        on command_part.text_sha256 = part_reach.text_sha256
        and command_part.part_no = part_reach.part_no
    join stray on stray.loose_key = command_part.loose_key
    left join transcript_once as earlier
        on earlier.session_id = call.session_id
        and earlier.seq < call.seq
        and (earlier.kind = 'tool_result' or earlier.author = 'human')
        and contains(earlier.text, command_part.text)
    where length(command_part.loose_key) >= 12 and earlier.event is null
),

fitting as (
    select run_event, written_event, session_id, token from worded
    union
    select run_event, written_event, session_id, cast(null as varchar) from scheduled
),

-- how what was written came to run: at once, by a schedule, or because a later call had the file run
launch as (
    select distinct call.event as written_event, call.event as call_event, part_reach.arguments, call.begin_us,
        case
            when part_reach.reach = 'scheduled' or later.text_sha256 is not null
                then call.end_us + 604800000000        -- a week
            else call.end_us + 60000000
        end as until_us
    from call
    join part_reach on part_reach.text_sha256 = call.text_sha256
    left join (
        select distinct text_sha256 from part_reach where program in (select name from later_program)
    ) as later
        on later.text_sha256 = part_reach.text_sha256
    where
        part_reach.reach in ('run', 'scheduled')
        and part_reach.program not in (select name from reader_program)
        and part_reach.program not in ('pkill', 'pgrep', 'kill', 'killall', '')

    union all

    select file_launch.written_event, file_launch.call_event, cast(null as varchar), call.begin_us,
        call.end_us + 604800000000
    from file_launch
    join call on call.event = file_launch.call_event
),

first_run as (
    select loose_key, min(best_us) as best_us
    from stray
    group by loose_key
),

-- the accounts under which a session's calls are known to run
account as (
    select distinct call.session_id, command_event.host, command_event.login_uid
    from call_run
    join call on call.event = call_run.call_event
    join command_event on command_event.event = call_run.run_event
    where call_run.choice = 1 and command_event.modality = 'executed' and command_event.login_uid is not null
),

known_account as (
    select distinct session_id, host from account
),

pair as (
    select distinct launch.call_event, fitting.run_event, fitting.written_event,
        stray.best_us - launch.begin_us as lag_us
    from fitting
    join launch on launch.written_event = fitting.written_event
    join call as writing on writing.event = fitting.written_event
    join stray on stray.event = fitting.run_event
    join first_run on first_run.loose_key = stray.loose_key
    left join known_account
        on known_account.session_id = fitting.session_id
        and known_account.host = stray.host
    left join account
        on account.session_id = fitting.session_id
        and account.host = stray.host
        and account.login_uid = stray.login_uid
    where
        (launch.arguments is null or fitting.token is null or contains(launch.arguments, fitting.token))
        and stray.best_us between launch.begin_us - 2000000 and launch.until_us
        -- what ran before it was written is somebody else's
        and first_run.best_us >= writing.begin_us - 2000000
        -- nobody else who is logged in there started it
        and (stray.login_uid is null or known_account.host is null or account.host is not null)
)

select
    call_event,
    run_event,
    min(written_event) as written_event,
    min(lag_us) as lag_us,
    count(*) over (partition by run_event) as calls_fitting,
    row_number() over (partition by run_event order by min(lag_us), call_event) as choice
from pair
group by call_event, run_event
