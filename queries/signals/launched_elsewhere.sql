-- question: which calls set going, on machines that no host record shows, what the same session wrote just before?
-- grain:    one row per starting call
-- columns:  event, session_id, written_event (that wrote account and place to mine at), wallet
-- as:       table
-- not for:  files that nothing proves to have run: here a pool credits the very account that the session wrote down,
--           after it was written; an account that was read or told before is somebody else's

with laid as (
    select
        account_written.event,
        account_written.session_id,
        account_written.seq,
        account_written.wallet,
        regexp_extract(file_written.path, '([^/]+)/[^/]+$', 1) as folder,
        regexp_extract(file_written.path, '([^/]+)$', 1) as name
    from account_written
    join file_written on file_written.event = account_written.event
    -- a program that takes the account to a place is known by that, whatever it calls what it does
    where
        not account_written.heard
        and (file_written.minerlike or (file_written.what = 'wallet' and file_written.starts and file_written.acts))
),

timed as (
    select
        laid.event, laid.session_id, laid.seq, laid.wallet, account_credited.last_us,
        -- a name that half of all files have says nothing: the folder's stands for it
        case
            when regexp_matches(lower(laid.name),
                '^(main|index|app|run|start|job|train|config|script|setup|notebook|entrypoint)\.[a-z]+$|^dockerfile$|^makefile$')
                then laid.folder
            else laid.name
        end as known_as
    from laid
    join account_credited on account_credited.wallet = laid.wallet
    join call_span on call_span.event = laid.event and call_span.begin_us <= account_credited.first_us
),

doing as (
    select distinct text_sha256
    from command_part
    where
        executable is not null
        and lower(executable) not in (select name from reader_program)
        and lower(executable) not in (
            'cd', 'cp', 'mv', 'rm', 'mkdir', 'chmod', 'touch', 'tee', 'echo', 'printf', 'zip', 'tar'
        )
),

setting as (
    select command_event.event, timed.session_id, timed.event as written_event, timed.wallet
    from timed
    join command_event
        on command_event.session_id = timed.session_id
        and command_event.modality = 'called'
        and command_event.seq > timed.seq
        and command_event.best_us <= timed.last_us
        and contains(command_event.text, timed.known_as)
    join doing on doing.text_sha256 = command_event.text_sha256
    left join file_written as writes on writes.event = command_event.event
    where length(timed.known_as) >= 4 and writes.event is null

    union all

    -- what is pushed may be rolled out by something that watches the store, without being named
    select command_event.event, timed.session_id, timed.event, timed.wallet
    from timed
    join file_launch on file_launch.written_event = timed.event and file_launch.how = 'pushed'
    join command_event on command_event.event = file_launch.call_event and command_event.best_us <= timed.last_us

    union all

    -- nor what goes with its whole folder to where pages, functions and workers run
    select command_event.event, timed.session_id, timed.event, timed.wallet
    from timed
    join sent_file on sent_file.written_event = timed.event
    join command_event on command_event.event = sent_file.call_event and command_event.best_us <= timed.last_us
)

select
    event,
    min(session_id) as session_id,
    min(written_event) as written_event,
    min(wallet) as wallet
from setting
group by event
