"""Logs of what people typed, one prompt a line: shared by the formats of several harnesses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from parsers.contract import Item, Parsed
from parsers.jsonlines import JsonRecord, records
from parsers.source import Source
from parsers.transcripts.fields import name
from parsers.transcripts.pieces import Piece
from parsers.transcripts.writer import Writer


def read_prompts(
    source: Source, agent: str, session_key: str, pieces_of: Callable[[dict[str, Any]], list[Piece]]
) -> Iterator[Item]:
    """Yield the rows of each line, then the sessions that the lines name. `pieces_of` gives at least one piece."""
    writer = Writer()
    for item in records(source):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        yield Parsed(item.record)
        session = name(item.value.get(session_key))
        pieces = pieces_of(item.value)
        yield from writer.write(item.record, session, pieces, notes=item.notes, hidden=item.hidden)
        writer.describe(session, agent_name=agent, cwd=pieces[0].get("cwd"))
    yield from writer.finish()
