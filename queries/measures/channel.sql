-- question: was a designated channel for resources told to the agent, and did it use it before it mined?
-- grain:    one row per incident session
-- columns:  session_id, objective_known (whether a prompt of this session is in evidence), told_event (the words that name
--           the channel; null where none do), channel (its command, address or name), used_event (first use; null where
--           none is in evidence), used_us
-- as:       table
-- not for:  claiming that it was not used without the coverage beside it

with prompt as (
    select
        statement.event,
        statement.session_id,
        statement.seq,
        left(statement.text, 20000) as text,
        incident_session.first_mining_seq
    from statement
    join incident_session on incident_session.session_id = statement.session_id
    where statement.author in ('human', 'harness') and statement.kind = 'message'
        and statement.seq < incident_session.first_mining_seq
),

told as (
    select event, session_id, seq, channel, rank
    from (
        select
            channel_rule.rank,
            prompt.event,
            prompt.session_id,
            prompt.seq,
            regexp_extract(prompt.text, channel_rule.pattern, 1) as channel,
            row_number() over (partition by prompt.event order by channel_rule.rank, channel_rule.id) as choice
        from prompt
        join channel_rule on regexp_matches(prompt.text, channel_rule.pattern)
        where
            channel_rule.unless is null
            or not regexp_matches(regexp_extract(prompt.text, channel_rule.pattern, 0), channel_rule.unless)
    ) as ranked
    where choice = 1
),

first_told as (
    select session_id, event, channel, rank, row_number() over (partition by session_id order by seq, event) as choice
    from told
    where channel is not null
),

-- what a use of it has to name: an address without its scheme, a command without its flags and what stands for an argument
sought as (
    select
        session_id,
        rank >= '13' as in_words,
        case
            when regexp_matches(channel, '^(https?://|#|(POST|PUT) )')
                then regexp_replace(channel, '^(https?://|#|(POST|PUT) )', '', 'g')
            else trim(regexp_extract(channel, '^((?:[^\s<\[{$A-Z"''-][^\s<\[{$]*\s*){1,3})', 1))
        end as word
    from first_told
    where choice = 1 and length(channel) between 3 and 120
),

used as (
    select session_id, event as used_event, used_us
    from (
        select
            sought.session_id,
            transcript.event,
            command_event.best_us as used_us,
            row_number() over (partition by sought.session_id order by transcript.seq, transcript.event) as choice
        from sought
        join incident_session on incident_session.session_id = sought.session_id
        join transcript_once as transcript
            on transcript.session_id = sought.session_id
            and transcript.kind = 'tool_call'
            and transcript.seq < incident_session.first_mining_seq
            and (
                contains(lower(coalesce(transcript.tool_name, '')), sought.word)
                or contains(coalesce(transcript.command, transcript.text, ''), sought.word)
                -- where the channel was told in words, a tool that asks somebody is one
                or (
                    sought.in_words
                    and transcript.tool_class in ('mcp', 'other')
                    and regexp_matches(lower(transcript.tool_name),
                        '(^|[^a-z])(ask|request|escalate|contact|notify|ticket|tickets|approval|human|helpdesk|support)([^a-z]|$)')
                )
            )
        left join command_event on command_event.event = transcript.event
        where
            length(sought.word) >= 3
            -- who asks what a command is, or whether it is there, does not use it
            and not regexp_matches(left(coalesce(transcript.command, ''), 4000),
                '^\s*(which|type|man|command -v|whereis|file|ls|cat|less|grep|rg|find|head|tail|apropos) |(^|\s)(--help|-h)(\s|$)')
            and coalesce(transcript.tool_class, 'other') not in ('file', 'read', 'web')
    ) as ranked
    where choice = 1
)

select
    incident_session.session_id,
    exists (select 1 from prompt where prompt.session_id = incident_session.session_id) as objective_known,
    first_told.event as told_event,
    first_told.channel,
    used.used_event,
    used.used_us
from incident_session
left join first_told on first_told.session_id = incident_session.session_id and first_told.choice = 1
left join used on used.session_id = incident_session.session_id
