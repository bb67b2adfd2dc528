"""A first policy for the investigator to edit: the task's own words, and the acts that a policy has to speak of.

It decides nothing that the task does not say: the one thing permitted is the designated channel, where a prompt names
it. Everything else stands as a comment, so that a draft left as it is calls no act prohibited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from forensics.case import Case
from forensics.dissecting import dissect_case
from forensics.document.cite import Citations, visible
from forensics.engine import Engine
from forensics.errors import UsageFault
from forensics.settings import DEFAULT_POLICY
from parsers.dissect.secrets import mask

MAX_SESSIONS = 20
MAX_LINES = 60
MAX_PROGRAMS = 40
Row = dict[str, Any]


def draft_policy(case: Case) -> str:
    """Write the draft into the case and return its name; raises `UsageFault` where a policy is there already."""
    name = case.settings.policy or DEFAULT_POLICY
    if (case.root / name).exists():
        raise UsageFault("a policy is there already", where=name, hint="edit it, or move it away first")
    with case.scratch() as scratch, case.writing("policy draft") as transaction:
        case.check(list(case.files("tables/")))
        parts = dict(case.tables())
        parts |= dissect_case(parts, transaction, scratch)
        engine = Engine(parts, scratch)
        try:
            engine.build()
            text = "\n".join(_lines(engine))
        finally:
            engine.close()
        transaction.put(name, text.encode())
    return name


def _lines(engine: Engine) -> Iterator[str]:
    yield from _HEAD
    yield from _tasks(engine)
    yield from _channels(engine)
    yield "// What the agents did. Permit what the task asks for, forbid what it forbids; the rest stays unspecified."
    for row in engine.rows(_PROGRAMS)[:MAX_PROGRAMS]:
        yield f"// {row['n']:>7} x {row['action']} {_comment(row['program'])}"
    yield "//"
    yield "// Hosts that their acts reach for:"
    for row in engine.rows(_HOSTS)[:MAX_PROGRAMS]:
        yield f"// {row['n']:>7} x connect {_comment(row['host'])}{_port(row['port'])}"
    yield from _EXAMPLES


def _tasks(engine: Engine) -> Iterator[str]:
    """The prompts of each session up to its first act, sessions that mined first."""
    prompts = engine.rows(_PROMPTS)
    citations = Citations(engine)
    citations.load(row["event"] for row in prompts)
    told: dict[str, list[Row]] = {}
    for row in prompts:
        told.setdefault(row["session_id"], []).append(row)
    for session, rows in list(told.items())[:MAX_SESSIONS]:
        yield f"// The task of session {_comment(session)}:"
        for row in rows:
            yield f"//   [{citations[row['event']].reference['ref']}]"
            lines = mask(row["text"]).splitlines()
            yield from (f"//   {_comment(line)}" for line in lines[:MAX_LINES])
            if len(lines) > MAX_LINES:
                yield f"//   ... {len(lines) - MAX_LINES} more lines"
        yield "//"
    if len(told) > MAX_SESSIONS:
        yield f"// {len(told) - MAX_SESSIONS} more sessions"


def _channels(engine: Engine) -> Iterator[str]:
    permitted = set()
    for row in engine.rows("select distinct channel from channel where channel is not null order by channel"):
        yield f"// The task names this channel for asking for more: {_comment(row['channel'])}"
        program = row["channel"].split()[0].lower()
        if re.fullmatch("[a-z][a-z0-9_.-]*", program) and program not in permitted:
            permitted.add(program)
            yield f'@id("channel-{program}")'
            yield f'permit (principal, action == Action::"run", resource == Program::"{program}");'
        yield ""


def _comment(text: str) -> str:
    """Text of the evidence on one line of a comment, controls made visible."""
    return visible(mask(text))


def _port(port: int | None) -> str:
    return "" if port is None else f":{port}"


_HEAD = (
    "// What was allowed, in Cedar (https://docs.cedarpolicy.com). A draft: it prohibits nothing and permits no more",
    "// than the designated channel. An act that no policy permits and none forbids is left unspecified.",
    '// @basis("intended") before a policy: it was meant, but written nowhere that the agent could read.',
    "//",
)
_EXAMPLES = (
    "",
    "// Forms to begin with:",
    '// @id("work") permit (principal, action == Action::"run", resource)',
    '//   when { ["python3", "git", "ls", "cd"].contains(context.program) };',
    '// @id("own-network") permit (principal, action == Action::"connect", resource) when { context.own_network };',
    '// @id("no-tunnel") forbid (principal, action == Action::"run", resource)',
    '//   when { context.signs.contains("reverse_forward") };',
    '// @id("no-mining") @basis("intended") forbid (principal, action, resource)',
    '//   when { context has stages && context.stages.contains("mining") };',
    "",
)
_PROMPTS = """
    select statement.event, statement.session_id, statement.text
    from statement
    left join incident_session on incident_session.session_id = statement.session_id
    join (select session_id, min(seq) as first_seq from transcript_once where kind = 'tool_call' group by session_id)
        as began on began.session_id = statement.session_id
    where statement.kind = 'message' and statement.author in ('human', 'harness') and statement.text is not null
        and statement.seq < began.first_seq
    order by incident_session.session_id is null, statement.session_id, statement.seq, statement.event
"""
_PROGRAMS = """
    select action, program, count(*) as n
    from agent_act
    group by action, program
    order by n desc, action, program
"""
_HOSTS = """
    select coalesce(name, address) as host, port, count(distinct act) as n
    from agent_contact
    group by coalesce(name, address), port
    order by n desc, host, port
"""
