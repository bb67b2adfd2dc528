-- question: which calls order at a service, in the words of the request itself, that something mines for an account,
--           and a pool credits that very account afterwards?
-- grain:    one row per ordering call
-- columns:  event, session_id, wallet, host (the service that was asked)
-- as:       table
-- not for:  requests that nothing proves to have been carried out; accounts that were read or told before, which are
--           somebody else's; starts that a person made himself, whoever wrote the words first

with order_text as (
    select distinct
        service_request.text_sha256,
        service_request.host
    from service_request
    where service_request.verb = 'sends'
),

-- account and place stand where a miner takes them, behind its options or in settings of these names
told as (
    select
        command_event.event,
        command_event.session_id,
        command_event.seq,
        command_event.best_us,
        observable.value as wallet,
        min(order_text.host) as host
    from order_text
    join command_event on command_event.text_sha256 = order_text.text_sha256 and command_event.modality = 'called'
    join observable
        on observable.text_sha256 = order_text.text_sha256
        and observable.kind = 'wallet'
        and observable."check" = 'valid'
    where
        (
            regexp_matches(left(command_event.text, 20000),
                '(^|[\s"'',\[])(-o|--url|--pool|--server)[\s"'',=\\]+([a-z0-9+]+://)?[A-Za-z0-9.-]+:\d{2,5}')
            and regexp_matches(left(command_event.text, 20000),
                '(^|[\s"'',\[])(-u|--user|--wallet)[\s"'',=\\]+[A-Za-z0-9]{20,}')
        )
        or (
            regexp_matches(left(command_event.text, 20000),
                '(?i)(pool|url|server|host)[a-z_]*([^a-z0-9]|value){1,16}([a-z0-9+]+://)?[a-z0-9-]+(\.[a-z0-9-]+)+:\d{2,5}')
            and regexp_matches(left(command_event.text, 20000),
                '(?i)(wallet|user|account|address|payout)[a-z_]*([^A-Za-z0-9]|value){1,16}[A-Za-z0-9]{20,}')
        )
        or regexp_matches(left(command_event.text, 20000), '(?i)stratum[a-z0-9+]*://[A-Za-z0-9]{20,}[^\s/@"'']*@')
    group by command_event.event, command_event.session_id, command_event.seq, command_event.best_us, observable.value
),

heard as (
    select distinct told.event, told.wallet
    from told
    join transcript_once as earlier
        on earlier.session_id = told.session_id
        and earlier.seq < told.seq
        and (earlier.kind = 'tool_result' or earlier.author = 'human')
        and contains(earlier.text, told.wallet)
    -- what the session itself ordered before may be told back to it
    left join told as before
        on before.session_id = told.session_id
        and before.wallet = told.wallet
        and before.seq < earlier.seq
    where before.event is null
),

-- whoever is logged in and starts it with that account did not need the order
started_by_hand as (
    select distinct wallet_run.wallet
    from wallet_run
    join command_event on command_event.event = wallet_run.event
    left join call_run on call_run.run_event = command_event.event and call_run.choice = 1
    left join written_run on written_run.run_event = command_event.event and written_run.choice = 1
    where
        (command_event.modality = 'typed' or command_event.login_uid is not null)
        and call_run.run_event is null
        and written_run.run_event is null
),

placed as (
    select told.*, min(told.best_us) over (partition by told.session_id, told.wallet) as first_order_us
    from told
    left join heard on heard.event = told.event and heard.wallet = told.wallet
    where heard.event is null and told.wallet not in (select wallet from started_by_hand)
)

select
    placed.event,
    min(placed.session_id) as session_id,
    min(placed.wallet) as wallet,
    min(placed.host) as host
from placed
join account_credited
    on account_credited.wallet = placed.wallet
    and placed.first_order_us <= account_credited.first_us
    and placed.best_us <= account_credited.last_us
group by placed.event
