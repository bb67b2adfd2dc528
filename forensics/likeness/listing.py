"""A case's reading list: the agents' own statements, where the chain says to look for reasons, likest first.

Looked at are messages and reasoning of agents: no prompt, no output of a tool, no quotation. Where the case knows a
session's first deviating act, its statements between the last limit and that act; where it knows none, whole sessions.
Nothing is written: neither the document nor any finding hears of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from forensics.asking import ask
from forensics.case import Case
from forensics.document.cite import moment
from forensics.engine import Engine
from forensics.findings import kept
from forensics.likeness.measures import Measure
from forensics.likeness.ranking import ranked
from forensics.likeness.sentences import MOST_CHARACTERS
from forensics.masking import masked
from forensics.progress import SILENT, Progress

NO_FINDING = "a reading list and no finding: likeness shows nothing, and nothing of it enters document or verdict"
BETWEEN = "between the last limit and the first act of sessions that took part"
WHOLE = "whole sessions"

# a secret is told by what surrounds it, so more is masked than is read
_MASKED_CHARACTERS = 4 * MOST_CHARACTERS
_SAID = """
    select
        statement.event, statement.session_id, statement.kind, statement.best_us,
        left(statement.text, $2) as text, coalesce(length(statement.text), 0) as characters,
        incident_session.session_id is not null
        and statement.seq < incident_session.first_act_seq
        and statement.seq > coalesce(incident_session.last_limit_seq, -1) as between_limit_and_act
    from statement
    left join incident_session on incident_session.session_id = statement.session_id
    where statement.author = 'agent' and ($1 is null or list_contains(cast($1 as varchar[]), statement.session_id))
    order by statement.event
"""
_TOOK_PART = """
    select count(*) as sessions
    from incident_session
    where $1 is null or list_contains(cast($1 as varchar[]), session_id)
"""


@dataclass(frozen=True, slots=True)
class Listing:
    """`rows` in order, fit to be shown; `scope` says where they come from. `unreadable` statements have no text
    (encrypted, redacted, not captured); of `cut` ones only the beginning was read."""

    scope: str
    ranked_by: str
    sessions: int
    statements: int
    unreadable: int
    cut: int
    rows: list[dict[str, Any]]

    def told(self) -> dict[str, Any]:
        """The list as plain JSON."""
        counts = {
            "sessions": self.sessions,
            "statements": self.statements,
            "unreadable": self.unreadable,
            "cut": self.cut,
        }
        return {"what": NO_FINDING, "scope": self.scope, "ranked_by": self.ranked_by, **counts, "rows": self.rows}


def listing(
    case: Case, measure: Measure, *, sessions: Sequence[str] = (), everything: bool = False, progress: Progress = SILENT
) -> Listing:
    """Rank what agents said in `sessions` (all where none is named), `everything` or where the chain says to look."""
    case.check(list(case.files("tables/")))
    wanted = list(sessions) or None
    with case.scratch() as scratch:
        engine = Engine(case.tables(), scratch, findings=kept(case))
        try:
            took_part = ask(engine, _TOOK_PART, [wanted]).to_pylist()[0]["sessions"]
            said = ask(engine, _SAID, [wanted, _MASKED_CHARACTERS]).to_pylist()
        finally:
            engine.close()
    whole = everything or not took_part
    said = [row for row in said if whole or row["between_limit_and_act"]]
    words = case.settings.redacted_words
    found = ranked([(row["event"], masked(row["text"] or "", words)) for row in said], measure, progress)
    rows = {row["event"]: row for row in said}
    return Listing(
        scope=WHOLE if whole else BETWEEN,
        ranked_by=measure.told,
        sessions=len({row["session_id"] for row in said}),
        statements=len(said),
        unreadable=sum(not row["characters"] for row in said),
        cut=sum(row["characters"] > MOST_CHARACTERS for row in said),
        rows=[
            {
                "likeness": f"{each.likeness / 1000:.3f}",
                "like": each.like,
                "session": masked(rows[each.event]["session_id"] or "", words) or None,
                "kind": rows[each.event]["kind"],
                "time": moment(rows[each.event]["best_us"]),
                "text": each.sentence,
                "said": each.said,
                "ref": _ref(each.event),
            }
            for each in found
        ],
    )


def _ref(event: str) -> str:
    source, _, place = event.partition("#")
    return f"{source[:12]}#{place.removesuffix('.0')}"
