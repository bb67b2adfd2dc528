"""SWE-agent trajectories (`<instance>.traj`), and the demonstrations made from them.

Source of the format: SWE-agent's documentation of output files; sweagent/types.py and agents.py of versions 0.6 to 1.1.
One record is one message of `history`, one step of `trajectory`, or one other member of the document (`info`,
`replay_config`, `environment`).

History and trajectory tell the same run twice. Rows are made of the history; a call and its answer rest on the step
too, which says how long it took and where. A step that the history does not hold gives rows of its own. What a step
repeats of all that was said before it (`query`, `messages`) gives none.
There are no times. Calls of older versions have no ids, theirs are made from their order (note `call_id_by_order`);
runs have none, theirs is made from the bytes (note `session_id_derived`). The state of the shell after one step gives
the directory of the next call. Demonstrations shown to the model are replayed context, not acts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.contract import Format, Grade, Item, Parsed, Reject
from parsers.jsonlines import kind_of
from parsers.jsonparts import JsonPart, head_parts, lists, parts
from parsers.source import Source
from parsers.transcripts.swe_run import Run
from parsers.transcripts.writer import CARRIED, Writer, derived_session

FORMAT = Format(
    name="swe_agent",
    title="SWE-agent trajectory",
    tables=("session", "transcript"),
    signature=True,
    line_based=False,
    carried=(*CARRIED, "duration_us", "extra", "notes", "command"),
    version=4,
)

LISTS = frozenset({"trajectory", "history"})
_OPENED = lists(*LISTS)
_STEP = frozenset({"action", "observation", "response"})
_MESSAGE = frozenset({"role", "content", "agent"})
_BEGINNING = re.compile(
    rb'\s*\{\s*(?:"environment"\s*:\s*"[^"]{0,200}"\s*,\s*)?"trajectory"\s*:\s*\[\s*\{\s*"(?:action|observation)"\s*:'
)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001 - names lie
    """STRONG where the elements of `trajectory` are steps, or those of `history` are messages of a named agent."""
    elements = [part for part in head_parts(head, _OPENED) if part.key in LISTS and part.place is not None]
    wanted = {"trajectory": _STEP, "history": _MESSAGE}
    ours = sum(isinstance(part.value, dict) and wanted[part.key or ""] <= part.value.keys() for part in elements)
    if elements:
        return Grade.STRONG if ours * 2 > len(elements) else Grade.NONE
    return Grade.STRONG if _BEGINNING.match(head) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield `transcript` rows for messages, calls, answers, usage and the end of the run, then one `session` row."""
    writer = Writer()
    run: Run | None = None
    for item in parts(source, _OPENED):
        if not isinstance(item, JsonPart):
            yield item
            continue
        if item.place is not None and not isinstance(item.value, dict):
            yield Reject(item.record, f"a JSON {kind_of(item.value)} where an object was expected")
            continue
        yield Parsed(item.record)
        if run is None or run.top != item.document:
            if run is not None:
                yield from run.rows(writer)
            run = Run(item.document, derived_session(source, item.document))
        run.add(item)
    if run is not None:
        yield from run.rows(writer)
    yield from writer.finish()
