-- question: in which sessions did an agent get ready to mine and never start: software fetched and an account or pool
--           written down?
-- grain:    one row per preparing call of such a session
-- columns:  event, source_id, record, part, line, session_id, principal, act, stage, rule, reason, wallet, pool_name,
--           pool_address, pool_port, earliest_us,
--           best_us, latest_us, ts_basis
-- as:       table
-- not for:  sessions that mined, which mining_event shows; fetching alone is no preparation, nor is an account alone:
--           what books and watchers note too

with own as (
    select command_signal.event, command_signal.stage, command_signal.rule, command_signal.reason,
        command_signal.entity_kind, command_signal.session_id, command_signal.principal, command_signal.act
    from command_signal
    join command_event on command_event.event = command_signal.event and command_event.modality = 'called'
    where
        command_signal.actor = 'agent'
        and command_signal.conduct = 'deviation'
        and command_signal.stage in ('acquisition', 'setup')
),

tool_written as (
    select file_written.event, 'setup' as stage, 'file_written' as rule,
        'a ' || file_written.what || ' is written into a file' as reason, file_written.what as entity_kind,
        transcript.session_id, 'session:' || transcript.session_id as principal, file_written.event as act
    from file_written
    join transcript_once as transcript on transcript.event = file_written.event
    where file_written.table_name = 'transcript'
),

every as (
    select * from own
    union all
    select * from tool_written
),

-- an account that was read or told before it was written down is somebody else's: an analyst notes such
foreign_account as (
    select distinct every.session_id
    from every
    join account_written on account_written.event = every.event and account_written.heard
),

-- settings that a miner could start from: an account together with a place, or with what only miners ask for
startable as (
    select event
    from file_written
    where what = 'pool' or (what = 'wallet' and (starts or minerlike))
),

ready as (
    select session_id
    from every
    where session_id not in (select session_id from foreign_account)
    group by session_id
    having
        bool_or(rule in ('miner_fetched', 'miner_cloned'))
        and bool_or(rule = 'file_written' and event in (select event from startable))
),

holding as (
    select
        text.event,
        min(case when observable.kind = 'wallet' and observable."check" = 'valid' then observable.value end) as wallet,
        min(case when observable.port is not null then lower(observable.host) end) as pool,
        min(case when observable.port is not null then observable.port end) as pool_port
    from (
        select event, text_sha256 from command_event
        union
        select event, text_sha256 from file_written
    ) as text
    join observable on observable.text_sha256 = text.text_sha256
    group by text.event
)

select
    every.event,
    event_place.source_id,
    event_place.record,
    event_place.part,
    event_place.line,
    every.session_id,
    every.principal,
    every.act,
    every.stage,
    every.rule,
    every.reason,
    holding.wallet,
    case when every.entity_kind in ('wallet', 'pool') and not regexp_matches(holding.pool, '^[0-9.]+$|:')
        then holding.pool end as pool_name,
    case when every.entity_kind in ('wallet', 'pool') and regexp_matches(holding.pool, '^[0-9.]+$|:')
        then holding.pool end as pool_address,
    case when every.entity_kind in ('wallet', 'pool') then holding.pool_port end as pool_port,
    event_place.earliest_us,
    event_place.best_us,
    event_place.latest_us,
    event_place.ts_basis
from every
join ready on ready.session_id = every.session_id
join event_place on event_place.event = every.event
left join holding on holding.event = every.event
where every.session_id not in (
    select session_id from mining_event where session_id is not null and family in ('command', 'socket') and opens
)
