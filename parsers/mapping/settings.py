"""The mapping of a source, and what becomes of a source that has none."""

from __future__ import annotations

from collections.abc import Iterator

from parsers.contract import Item, Record, Reject
from parsers.mapping.mapping import Mapping, MappingFault, parse
from parsers.source import Source

NOT_GIVEN = "no mapping was given for this source"


def mapping_of(source: Source, form: str) -> Mapping | str:
    """Return the source's mapping, or in words why there is none for this form of file."""
    given = source.settings.get("mapping")
    if not isinstance(given, dict):
        return NOT_GIVEN
    try:
        mapping = parse(given)
    except MappingFault as fault:
        return str(fault)
    return mapping if mapping.format == form else f"the mapping is one for {mapping.format}"


def unread(source: Source, reason: str) -> Iterator[Item]:
    """Account for a source that cannot be read at all as one record turned down."""
    length = sum(len(block) for block in source.blocks())
    if length:
        yield Reject(Record(1, 0, length, 1), reason)
