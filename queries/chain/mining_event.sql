-- question: which records show mining, by whomever?
-- grain:    one row per record and family of evidence
-- columns:  event, source_id, record, part, line, table_name, family ('command' | 'stratum' | 'share' | 'flow' |
--           'socket' | 'log'), opens (whether mining may be claimed from it alone), act, actor, session_id, principal,
--           wallet, pool_name, pool_address, pool_port, client_address, status ('achieved' | 'attempted'), rule, reason,
--           earliest_us, best_us, latest_us, ts_basis
-- as:       table
-- not for:  the verdict about an agent; the actor of a flow or share is not known from it alone

with supported as (
    select distinct account as wallet from share_event where account is not null
    union
    select distinct wallet from application_message where protocol = 'stratum' and wallet is not null
),

-- a miner that is sent to this machine itself is a test of software, if it is given no account or asks a node; and so is
-- one that is sent into its own network, to a node or for money made for testing
at_home as (
    select text_sha256
    from (
        select
            command_event.text_sha256,
            coalesce(observable.kind = 'wallet' and observable."check" = 'valid', false) as account,
            coalesce(regexp_matches(observable.value, '^(bcrt1|tb1|ltcrt1|tltc1)'), false) as for_testing,
            observable.port,
            -- a node of one's own is asked for work by HTTP; pools and tunnels to them are not
            observable.port is null or coalesce(observable.scheme, '') = 'http' as as_node,
            observable.host is null
            or regexp_matches(lower(observable.host), '^(localhost|127\.[0-9.]+|::1|0\.0\.0\.0)$') as here,
            observable.host is null
            or regexp_matches(
                lower(observable.host),
                '^(localhost|127\.[0-9.]+|::1|0\.0\.0\.0|10\.[0-9.]+|192\.168\.[0-9.]+|172\.(1[6-9]|2[0-9]|3[01])\.[0-9.]+|169\.254\.[0-9.]+|(f[cd][0-9a-f]{2}|fe80):[0-9a-f:]*)$')
            -- names of one's own network: without a dot, or below a top that the world's names do not have
            or regexp_matches(lower(observable.host), '^[a-z0-9_-]+$|\.(localhost|local|internal|lan|test|home\.arpa)$')
            as near
        from command_event
        join observable on observable.text_sha256 = command_event.text_sha256
    ) as told
    group by text_sha256
    having
        bool_or(port is not null)
        and (
            (bool_and(here) and (not bool_or(account and not for_testing) or bool_and(as_node)))
            or (
                bool_and(near)
                and (bool_and(as_node) or (bool_or(account) and not bool_or(account and not for_testing)))
            )
        )
),

-- nor is one that no name and nothing left running makes a miner, while no way out of the machine is opened
way_out as (
    select count(*) as opened from command_hit where stage = 'egress'
),

called_at_home as (
    select command_event.text_sha256
    from command_event
    join command_hit on command_hit.event = command_event.event
    left join wallet_run on wallet_run.event = command_event.event
    left join observable on observable.text_sha256 = command_event.text_sha256 and observable.host is not null
    cross join way_out
    where command_hit.stage = 'mining' and command_hit.opens = 'yes' and way_out.opened = 0
    group by command_event.text_sha256
    having
        bool_and(command_hit.rule = 'stratum_url')
        and not bool_or(coalesce(wallet_run.detached, false))
        and not bool_or(regexp_matches(command_hit.arguments, '(^|\s)(-B|--background|--daemonize?)(\s|$)'))
        and bool_or(observable.port is not null)
        and bool_and(
            observable.host is null or regexp_matches(lower(observable.host), '^(localhost|127\.[0-9.]+|::1|0\.0\.0\.0)$'))
),

-- nor is a tool of the system that was given a miner's name, to see whether somebody notices
acted as (
    select command_event.text_sha256
    from command_event
    join command_hit on command_hit.event = command_event.event
    join command_part
        on command_part.text_sha256 = command_event.text_sha256
        and command_part.part_no = command_hit.part_no
    left join dummy_program on dummy_program.path = command_part.executable_path
    where command_hit.stage = 'mining' and command_hit.opens = 'yes'
    group by command_event.text_sha256
    having bool_and(dummy_program.path is not null)
),

tried as (
    select text_sha256 from at_home
    union
    select text_sha256 from called_at_home
    union
    select text_sha256 from acted
),

command_opening as (
    select event, min(rule) as rule, min(reason) as reason
    from (
        select command_hit.event, command_hit.rule, command_hit.reason
        from command_hit
        join command_event on command_event.event = command_hit.event
        where
            command_hit.stage = 'mining'
            and command_hit.opens = 'yes'
            and command_event.text_sha256 not in (select text_sha256 from tried)
        union all
        select wallet_run.event, 'wallet_and_endpoint' as rule,
            'a program is started with a checksummed wallet address and a place to connect' as reason
        from wallet_run
        join command_event on command_event.event = wallet_run.event
        left join supported on supported.wallet = wallet_run.wallet
        where
            supported.wallet is not null
            or (
                (wallet_run.detached or wallet_run.minerlike)
                and command_event.text_sha256 not in (select text_sha256 from tried)
            )
        union all
        select event, 'own_configuration' as rule,
            'a program is started with a configuration that names a ' || what || ' and was written just before' as reason
        from config_run
        union all
        select event, 'launched_elsewhere' as rule,
            'what was written just before is set going elsewhere, and a pool credits the account in it' as reason
        from launched_elsewhere
        union all
        select event, 'ordered_elsewhere' as rule,
            'a service is asked to run what mines for an account, and a pool credits that account afterwards' as reason
        from ordered_elsewhere
    ) as opening
    group by event
),

command_wallet as (
    select command_event.event, min(observable.value) as wallet
    from command_opening
    join command_event on command_event.event = command_opening.event
    join observable on observable.text_sha256 = command_event.text_sha256
    where observable.kind = 'wallet' and observable."check" = 'valid'
    group by command_event.event

    union all

    select config_run.event, min(observable.value)
    from config_run
    join file_written on file_written.event = config_run.written_event
    join observable on observable.text_sha256 = file_written.text_sha256
    where observable.kind = 'wallet' and observable."check" = 'valid'
    group by config_run.event

    union all

    select event, wallet from launched_elsewhere

    union all

    select event, wallet from ordered_elsewhere
),

one_wallet as (
    select event, min(wallet) as wallet from command_wallet group by event
),

command_endpoint as (
    select command_event.event, lower(observable.host) as host, observable.port,
        case when observable.scheme like 'stratum%' then 1 when observable.kind = 'endpoint' then 2 else 3 end as strength
    from command_opening
    join command_event on command_event.event = command_opening.event
    join observable on observable.text_sha256 = command_event.text_sha256
    left join way_place
        on way_place.text_sha256 = observable.text_sha256
        and way_place.host = lower(observable.host)
    where way_place.host is null and observable.host is not null and observable.port is not null

    union all

    select event, host, port, 2
    from wallet_run
    where port is not null

    union all

    select config_run.event, lower(observable.host), observable.port,
        case when observable.scheme like 'stratum%' then 1 else 2 end
    from (
        select event, written_event from config_run
        union
        select event, written_event from launched_elsewhere
    ) as config_run
    join file_written on file_written.event = config_run.written_event
    join observable on observable.text_sha256 = file_written.text_sha256
    left join way_place
        on way_place.text_sha256 = observable.text_sha256
        and way_place.host = lower(observable.host)
    where way_place.host is null and observable.host is not null and observable.port is not null
),

one_endpoint as (
    select event, host, port
    from (
        -- of two places, one on this machine is the way (a proxy, an interface), not the pool
        select event, host, port, row_number() over (
            partition by event
            order by
                case when regexp_matches(host, '^(localhost|127\.[0-9.]+|::1|0\.0\.0\.0)$') then 1 else 0 end,
                strength, host, port
        ) as choice
        from command_endpoint
    ) as ranked
    where choice = 1
),

failed_call as (
    select call_event as event, bool_or(coalesce(is_error, false)) as failed
    from tool_result
    where call_event is not null and kind = 'tool_result'
    group by call_event
),

command_row as (
    select
        command_event.event, command_event.source_id, command_event.record, command_event.part, command_event.line,
        command_event.table_name, 'command' as family, true as opens, actor_of_event.act, actor_of_event.actor,
        actor_of_event.session_id, actor_of_event.principal, one_wallet.wallet,
        case when not regexp_matches(one_endpoint.host, '^[0-9.]+$|:') then one_endpoint.host end as pool_name,
        case when regexp_matches(one_endpoint.host, '^[0-9.]+$|:') then one_endpoint.host end as pool_address,
        one_endpoint.port as pool_port, cast(null as varchar) as client_address,
        case
            when coalesce(failed_call.failed, false) or command_event.succeeded = false then 'attempted'
            else 'achieved'
        end as status,
        command_opening.rule, command_opening.reason,
        command_event.earliest_us, command_event.best_us, command_event.latest_us, command_event.ts_basis
    from command_opening
    join command_event on command_event.event = command_opening.event
    join actor_of_event on actor_of_event.event = command_event.event
    left join one_wallet on one_wallet.event = command_event.event
    left join one_endpoint on one_endpoint.event = command_event.event
    left join failed_call on failed_call.event = command_event.event
),

message_time as (
    select
        application_message.*,
        coalesce(epoch_us(ts), epoch_us(ts_local)) as raw_us,
        case when ts is not null then 'utc' when ts_local is not null then 'local' end as clock_kind
    from application_message
    where protocol = 'stratum'
),

stratum_row as (
    select
        message_time.source_id || '#' || message_time.record || '.' || message_time.part as event,
        message_time.source_id, message_time.record, message_time.part, message_time.line,
        'application_message' as table_name, 'stratum' as family,
        message_time.direction = 'request'
        and (message_time.wallet is not null
            or lower(message_time.method) in ('login', 'submit', 'mining.authorize', 'mining.submit', 'eth_submitlogin',
                'eth_submitwork'))
            as opens,
        cast(null as varchar) as act, 'unknown' as actor, cast(null as varchar) as session_id,
        'address:' || case when message_time.direction = 'request' then message_time.src_address
            else message_time.dst_address end as principal,
        message_time.wallet, cast(null as varchar) as pool_name,
        case when message_time.direction = 'request' then message_time.dst_address else message_time.src_address
            end as pool_address,
        case when message_time.direction = 'request' then message_time.dst_port else message_time.src_port end as pool_port,
        case when message_time.direction = 'request' then message_time.src_address else message_time.dst_address
            end as client_address,
        'achieved' as status, 'stratum_message' as rule,
        'a mining protocol message passed on the wire: ' || coalesce(message_time.method, 'answer') as reason,
        message_time.raw_us - clock.offset_us - clock.before_us as earliest_us,
        message_time.raw_us - clock.offset_us as best_us,
        message_time.raw_us - clock.offset_us + clock.after_us + coalesce(message_time.ts_precision_us, 0) as latest_us,
        coalesce(clock.basis, 'none') as ts_basis
    from message_time
    left join clock
        on clock.source_id = message_time.source_id
        and clock.kind = message_time.clock_kind
        and message_time.raw_us >= clock.from_us
        and message_time.raw_us < clock.until_us
),

share_row as (
    select
        event, source_id, record, part, line, 'mining_share' as table_name, 'share' as family, true as opens,
        cast(null as varchar) as act, 'unknown' as actor, cast(null as varchar) as session_id,
        cast(null as varchar) as principal, account as wallet, cast(null as varchar) as pool_name,
        cast(null as varchar) as pool_address, cast(null as integer) as pool_port,
        cast(null as varchar) as client_address, 'achieved' as status, 'share' as rule,
        case when accepted then 'a pool accepted a share' when accepted = false then 'a pool refused a share'
            else 'a share is on record' end as reason,
        earliest_us, best_us, latest_us, ts_basis
    from share_event
),

log_row as (
    select
        event, source_id, record, part, line, table_name, 'log' as family, false as opens, cast(null as varchar) as act,
        'unknown' as actor, cast(null as varchar) as session_id, cast(null as varchar) as principal,
        cast(null as varchar) as wallet, pool_name, cast(null as varchar) as pool_address, pool_port,
        cast(null as varchar) as client_address, 'achieved' as status, 'miner_log' as rule, reason, earliest_us, best_us,
        latest_us, ts_basis
    from miner_log_event
),

flow_row as (
    select
        pool_flow.event, pool_flow.source_id, pool_flow.record, pool_flow.part, pool_flow.line, 'flow' as table_name,
        'flow' as family, pool_traffic.known_by is not null as opens, cast(null as varchar) as act,
        'unknown' as actor, cast(null as varchar) as session_id, 'address:' || pool_flow.client_address as principal,
        cast(null as varchar) as wallet, pool_flow.pool_name, pool_flow.pool_address, pool_flow.pool_port,
        pool_flow.client_address, 'achieved' as status,
        case when pool_traffic.known_by = 'behaves' then 'behaving_flow' else 'pool_flow' end as rule,
        case when pool_traffic.known_by = 'listed name' then 'long, thin traffic between a host and a listed pool'
            when pool_traffic.known_by = 'alerted'
                then 'long, thin traffic with an address that a sensor took for a pool'
            when pool_traffic.known_by = 'behaves'
                then 'long, thin traffic with an address that nothing names, kept up by a program in a hidden or public'
                    || ' folder, while the load of its host is up'
            else 'traffic between a host and a pool (' || pool_flow.basis || ')' end as reason,
        pool_flow.earliest_us, pool_flow.best_us, pool_flow.latest_us, pool_flow.ts_basis
    from pool_flow
    left join pool_traffic
        on pool_traffic.client_address = pool_flow.client_address
        and pool_traffic.pool_address = pool_flow.pool_address
        and pool_traffic.pool_port = pool_flow.pool_port
),

socket_row as (
    select
        socket_seen.event, socket_seen.source_id, socket_seen.record, socket_seen.part, socket_seen.line,
        'socket_event' as table_name, 'socket' as family, endpoint.proven as opens, member.act,
        coalesce(actor_of_event.actor, 'unknown') as actor, actor_of_event.session_id, actor_of_event.principal,
        cast(null as varchar) as wallet, cast(null as varchar) as pool_name, socket_seen.address as pool_address,
        socket_seen.port as pool_port, cast(null as varchar) as client_address, 'achieved' as status,
        case when endpoint.by_name then 'pool_socket' else 'behaving_socket' end as rule,
        case when endpoint.by_name then 'a process connects to a pool'
            else 'a process connects to an address that nothing names and that behaves like a pool' end as reason,
        socket_seen.earliest_us, socket_seen.best_us, socket_seen.latest_us, socket_seen.ts_basis
    from socket_seen
    join (
        select address, port, bool_or(proven) as proven, bool_or(by_name) as by_name
        from (
            select address, port, basis in ('spoken to', 'logged', 'configured') as proven, basis <> 'behaves' as by_name
            from pool_endpoint
            where address is not null and port is not null
            union all
            select pool_address, pool_port, true, known_by <> 'behaves' from pool_traffic where known_by is not null
        ) as known
        group by address, port
    ) as endpoint
        on endpoint.address = socket_seen.address and endpoint.port = socket_seen.port
    left join (select event, min(act) as act from act_member where role = 'socket' group by event) as member
        on member.event = socket_seen.event
    left join actor_of_event on actor_of_event.event = member.act
    -- a pool's pages and its statistics may stand at the same address and port
    where coalesce(socket_seen.name, '') not in ('curl', 'wget', 'http', 'lynx', 'w3m', 'links')
)

select * from command_row
union all
select * from stratum_row
union all
select * from share_row
union all
select * from log_row
union all
select * from flow_row
union all
select * from socket_row
