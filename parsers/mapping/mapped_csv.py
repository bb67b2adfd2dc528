"""CSV that no parser knows, read as a mapping says (`--as mapped_csv` with a mapping, or one that matches).

Source of the format: the mapping file, see `parsers.mapping.mapping`; records and fields are those of RFC 4180.

One record is one row of the mapping's table. A value that does not fit its column is null, noted, and kept in `extra`;
an amount keeps its text in the column beside it. A time without zone fills `ts` only if the mapping names the zone and
the zone's clocks showed that time once. Records of another width than the header are turned down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from parsers.contract import HEAD_BYTES, Format, Grade, Item
from parsers.csvcells import Cells, flags, json_of, notes_of, only, present, spread
from parsers.csvsheet import Converted, WholeRecords, read_sheet
from parsers.csvtext import Flags, first_fields
from parsers.mapping.mapping import Mapping, Origin
from parsers.mapping.settings import mapping_of, unread
from parsers.mapping.values import instant, reader
from parsers.schema import EVIDENCE_TABLES, INT, INT32, STRING, TABLES
from parsers.source import Source
from parsers.text import UNDECODABLE

FORMAT = Format(
    name="mapped_csv", title="CSV read through a mapping file", tables=EVIDENCE_TABLES, signature=False, version=2
)

_TIME_KINDS = (INT, INT, INT, INT32, STRING)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head: without a mapping any CSV could be anything."""
    return Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one row a record of the mapping's table; header lines and blank lines are structure."""
    mapping = mapping_of(source, "csv")
    if isinstance(mapping, str):
        return unread(source, mapping)
    layout = None
    if not mapping.header:
        with source.open() as stream:
            first = first_fields(stream.read(HEAD_BYTES), mapping.delimiter)
        width = max(len(first[0]) if first else 1, *(int(name) for name in mapping.sources))
        layout = MappedLayout(tuple(str(number + 1) for number in range(width)), mapping)
    return read_sheet(source, mapping.table, partial(_layout_of, mapping), delimiter=mapping.delimiter, layout=layout)


def _layout_of(mapping: Mapping, header: tuple[str, ...]) -> MappedLayout | None:
    if not mapping.header or not mapping.sources <= set(header) or len(set(header)) != len(header):
        return None
    return MappedLayout(header, mapping)


@dataclass(frozen=True)
class MappedLayout(WholeRecords):
    """The columns of one header, and the mapping they are read by."""

    mapping: Mapping

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of the mapping's table."""
        mapping = self.mapping
        cells = Cells(self.header, columns, undecodable, mapping.nulls)
        found: dict[str, Any] = {}
        remarks: dict[str, Flags] = {UNDECODABLE: undecodable}
        extra = [(name, cells.at(at)) for at, name in enumerate(self.header) if name not in mapping.sources]
        for name, origin in mapping.columns.items():
            kind = TABLES[mapping.table].field(name).type
            if origin.source is None:
                found[name] = pa.repeat(pa.scalar(origin.constant, kind), len(cells))
                continue
            texts = cells.text(origin.source)
            found[name], notes = _column(mapping, origin, texts, kind)
            _note(remarks, notes)
            if f"{name}_raw" in TABLES[mapping.table].names:
                found[f"{name}_raw"] = texts
            else:
                extra.append((origin.source, only(texts, present(texts) & ~present(found[name]))))
        for name, origin in mapping.times.items():
            texts = cells.text(origin.source)
            us, local, precision, remainder, notes = spread(texts, partial(instant, origin.clock), _TIME_KINDS)
            _note(remarks, notes)
            end = name == "time_end"
            found |= {"ts_end": us, "ts_end_local": local} if end else {"ts": us, "ts_local": local}
            if not end:
                found |= {"ts_precision_us": precision, "ts_remainder_ns": remainder}
            extra.append((origin.source or "", only(texts, ~present(us) & ~present(local))))
        found["extra"] = pa.array(json_of(extra, len(cells)), STRING)
        found["notes"] = notes_of(remarks, len(cells))
        return Converted(found, {})


def _column(mapping: Mapping, origin: Origin, texts: pa.StringArray, kind: pa.DataType) -> tuple[pa.Array, pa.Array]:
    read_value = reader(kind, mapping.decimal_mark, origin.clock, origin.scale)
    assert read_value is not None
    values = origin.values
    found, notes = spread(texts, lambda text: read_value(values.get(text, text)), [kind, STRING])
    return found, notes


def _note(remarks: dict[str, Flags], notes: pa.StringArray) -> None:
    for word in notes.unique().drop_null().to_pylist():
        where = flags(pc.equal(notes, word))
        remarks[word] = remarks.get(word, where) | where
