-- question: of the starts of mining that come from an agent's call, which did the agent name itself, and which did only
--           the program bring that it ran?
-- grain:    one row per tool call behind a start that a host recorded
-- columns:  act (the call), session_id, named_event (the agent's own call, this one or an earlier, that names account,
--           pool or program; null where none does), what ('wallet' | 'pool' | 'program'; null likewise)
-- as:       table
-- not for:  calls that start mining in their own words: mining_event holds those as they are

with started as (
    select distinct
        mining_event.act,
        mining_event.session_id,
        mining_event.wallet,
        lower(coalesce(mining_event.pool_name, mining_event.pool_address)) as pool,
        run.text_sha256,
        call.source_id,
        call.seq,
        call.best_us
    from mining_event
    join command_event as call on call.event = mining_event.act and call.modality = 'called'
    left join socket_seen on socket_seen.event = mining_event.event
    left join command_event as run
        on run.modality <> 'called'
        and (
            run.event = mining_event.event
            or (
                run.pid = socket_seen.pid
                and coalesce(run.host, '') = coalesce(socket_seen.host, '')
                and run.best_us between socket_seen.best_us - 86400000000 and socket_seen.best_us + 1000000
            )
        )
    where
        mining_event.actor = 'agent'
        and mining_event.opens
        and mining_event.family in ('command', 'socket')
        and mining_event.table_name <> 'transcript'
),

-- what runs is the executable, or the script that an interpreter is given, known by its ending
program as (
    select started.act, lower(command_part.executable) as name
    from started
    join command_part on command_part.text_sha256 = started.text_sha256
    where command_part.executable is not null
    union
    select started.act, lower(regexp_extract(word.value, '([^/]+)$', 1))
    from started
    join command_part on command_part.text_sha256 = started.text_sha256
    cross join unnest(command_part.argv) as word(value)
    where regexp_matches(left(word.value, 4096), '^[A-Za-z0-9_./~-]+\.(py|sh|js|pl|rb|jar)$')
),

sought as (
    select distinct act, 'wallet' as what, wallet as value from started where wallet is not null
    union
    select distinct act, 'pool', pool from started where length(pool) >= 4
    union
    select act, 'program', name from program
    where
        length(name) >= 2
        and name not in (select name from carrier_program)
        and name not in (select name from reader_program)
),

call_piece as (
    select
        started.act,
        transcript.event,
        transcript.seq,
        lower(coalesce(transcript.text, '') || ' ' || coalesce(transcript.command, '')) as text,
        sha256(transcript.command) as text_sha256
    from (select distinct act, session_id, source_id, seq, best_us from started) as started
    join transcript_once as transcript
        on transcript.kind = 'tool_call'
        and case
            when transcript.source_id = started.source_id then transcript.seq <= started.seq
            -- a run before this one, or the session that handed the task on, may have laid it ready
            else epoch_us(transcript.ts) <= started.best_us
        end
),

-- a package that is asked for by name is not yet a program that is run
installing as (
    select text_sha256, part_no
    from command_part
    where list_contains(argv, 'install') or list_contains(argv, 'add') or list_contains(argv, 'clone')
),

called_word as (
    select command_part.text_sha256, lower(regexp_extract(word.value, '([^/=]+)$', 1)) as name
    from command_part
    cross join unnest(command_part.argv) as word(value)
    left join installing
        on installing.text_sha256 = command_part.text_sha256
        and installing.part_no = command_part.part_no
    where
        installing.text_sha256 is null
        and not contains(word.value, '://')
        and command_part.text_sha256 in (select text_sha256 from call_piece)
),

decoded as (
    select text_sha256, lower(value) as value from observable where kind = 'wallet'
    union
    select text_sha256, lower(host) from observable where host is not null
),

naming as (
    select call_piece.act, sought.what, call_piece.event, call_piece.seq
    from call_piece
    join sought on sought.act = call_piece.act
    left join decoded
        on decoded.text_sha256 = call_piece.text_sha256
        and decoded.value = lower(sought.value)
    left join (select distinct text_sha256, name from called_word) as called_word
        on called_word.text_sha256 = call_piece.text_sha256
        and called_word.name = lower(sought.value)
    where
        case sought.what
            when 'program' then called_word.name is not null
            -- files that the agent writes name what they start
            or (call_piece.text_sha256 is null and contains(call_piece.text, lower(sought.value)))
            else decoded.value is not null or contains(call_piece.text, lower(sought.value))
        end
),

first_naming as (
    select act, what, event,
        row_number() over (
            partition by act
            order by case what when 'wallet' then 1 when 'pool' then 2 else 3 end, seq, event
        ) as choice
    from naming
)

select behind.act, behind.session_id, first_naming.event as named_event, first_naming.what
from (select act, min(session_id) as session_id from started group by act) as behind
left join first_naming on first_naming.act = behind.act and first_naming.choice = 1
