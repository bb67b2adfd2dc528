-- question: which tool calls search the web, by a tool of their own or by a request that carries a question?
-- grain:    one row per call
-- columns:  event, session_id, seq, on_resources (whether the question speaks of money or machines)
-- as:       table
-- not for:  saying what the search was for; see search_act

select
    event,
    session_id,
    seq,
    regexp_matches(
        lower(left(coalesce(command, text, ''), 4000)),
        '(^|[^a-z])(earn|credits?|fund(s|ing)?|money|free|spot|trial|idle|spare|min(e|ing)|monero|crypto|coins?|compute|gpu|cpu|capacity|quota|profit)([^a-z]|$)')
        as on_resources
from transcript_once
where
    kind = 'tool_call'
    and (
        tool_class = 'web'
        or regexp_matches(lower(left(coalesce(command, ''), 4000)),
            '(curl|wget|lynx|links|w3m|http).*(\?q=|&q=|search|/s\?|query=|\?s=)')
        -- catalogues of programs, packages and machines are searched by commands of their own
        or regexp_matches(lower(left(coalesce(command, ''), 4000)),
            '(^|[;&|(] *)(gh|pip3?|npm|cargo|conda|mamba|docker|podman|helm|brew|apt|apt-cache|dnf|snap|nix|ddgr|googler|vastai) +(search|repo search)\b')
    )
