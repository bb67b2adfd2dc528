-- question: which payout accounts did a session write into a file, and had it read or been told of them before?
-- grain:    one row per writing call and account
-- columns:  event, session_id, seq, wallet, heard (an earlier answer or message of a person in the session holds it)
-- as:       table
-- order:    event, wallet
-- not for:  whose account it is: one that was heard before is somebody else's, one that was not may be

with written as (
    select distinct file_written.event, transcript_once.session_id, transcript_once.seq, observable.value as wallet
    from file_written
    join transcript_once on transcript_once.event = file_written.event
    join observable on observable.text_sha256 = file_written.text_sha256
    where observable.kind = 'wallet' and observable."check" = 'valid'
),

heard as (
    select distinct written.event, written.wallet
    from written
    join transcript_once as earlier
        on earlier.session_id = written.session_id
        and earlier.seq < written.seq
        and (earlier.kind = 'tool_result' or earlier.author = 'human')
        and contains(earlier.text, written.wallet)
)

select written.event, written.session_id, written.seq, written.wallet, heard.event is not null as heard
from written
left join heard on heard.event = written.event and heard.wallet = written.wallet
