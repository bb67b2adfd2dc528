"""Damage stays where it is: every sample of every format, damaged in many places.

The damage keeps the length, so that places stay comparable. A row is far from it if none of its records is damaged or
next to one that is. Such a row is read as before, or its bytes are in quarantine; and no row is made from far records
that was not there before.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator

import golden
import pyarrow as pa
import pytest

from parsers.contract import Parser
from parsers.formats import all_parsers
from parsers.schema import PROVENANCE
from parsers.source import Source

PLACE = frozenset(name for name, _ in PROVENANCE)
DAMAGES = 12
COPIES = 4
Span = tuple[int, int]
# a document tells the same twice; where the telling that is preferred is torn, the other is given
TOLD_TWICE = frozenset({"openai_run_state", "swe_agent"})
# what holds no two rows that could be far from each other
NOTHING_FAR = frozenset(
    {name for name in all_parsers() if name.endswith("_parquet")}  # rows of pages have no byte range
    | {"atuin_history", "ipython_history", "xonsh_sqlite"}
    | {"xmrig_config", "xonsh_json"}  # one document, one record
    | {"claude_index"}  # sessions only
)


def _open(name: str, sample: str) -> tuple[Parser, Source, bytes]:
    folder = golden.DATA / name
    source = golden.source_of(folder, sample, golden.expectations(folder)[sample].get("settings"))
    with source.open() as stream:
        return all_parsers()[name], source, stream.read()


def _damaged(data: bytes, records: list[Span], dice: random.Random) -> Iterator[tuple[bytes, int]]:
    """Yield damaged copies, and which record was hit: a byte changed, a byte of structure put in, a hole of zeros."""
    for _ in range(DAMAGES):
        hit = dice.randrange(len(records))
        begin, end = records[hit]
        at = dice.randrange(begin, end)
        noise = dice.choice((b"~", b'"', b"\xff", b"{", b"\0" * min(64, end - at)))
        yield data[:at] + noise + data[at + len(noise) :], hit


def _rows(tables: dict[str, pa.Table], carried: frozenset[str]) -> Iterator[tuple[str, tuple[Span, ...]]]:
    """Every row in writing, without places and what rests on other records, and the spans that it was made from."""
    further: dict[tuple[int, int], list[Span]] = {}
    for row in golden.rows_of(tables["locator"]) if "locator" in tables else []:
        if row.get("span_offset") is not None:
            span = (row["span_offset"], row["span_offset"] + row["span_length"])
            further.setdefault((row["record"], row["part"]), []).append(span)
    for table in sorted(set(tables) - {"locator", "quarantine", "session"}):
        for row in golden.rows_of(tables[table]):
            if row.get("offset") is None:
                continue
            own = (row["offset"], row["offset"] + row["length"])
            spans = (own, *further.get((row["record"], row["part"]), ()))
            kept = {key: value for key, value in row.items() if key not in PLACE | carried}
            yield json.dumps([table, kept], sort_keys=True, default=str), tuple(sorted(set(spans)))


def _meets(spans: tuple[Span, ...], others: list[Span]) -> bool:
    return any(begin < stop and start < end for begin, end in spans for start, stop in others)


def _inside(spans: tuple[Span, ...], others: tuple[Span, ...]) -> bool:
    return all(any(start <= begin and end <= stop for start, stop in others) for begin, end in spans)


def far_rows_hold(parser: Parser, source: Source, seed: str) -> int:
    """Check one sample; return how many far rows were compared."""
    with source.open() as stream:
        data = stream.read()
    carried = frozenset(parser.FORMAT.carried)
    _, tables = golden.tables_of(source, parser)
    before = list(_rows(tables, carried))
    records = sorted({span for _, spans in before for span in spans if span[0] < span[1]})
    compared = 0
    for damaged, hit in _damaged(data, records, random.Random(seed)) if records else ():
        _, found = golden.tables_of(Source.of_bytes(damaged, source.name, **source.settings), parser)
        near = records[max(hit - 1, 0) : hit + 2]
        after = list(_rows(found, carried))
        held = [
            (row["offset"], row["offset"] + row["length"])
            for row in (golden.rows_of(found["quarantine"]) if "quarantine" in found else [])
        ]
        # an entry whose end is damaged goes on, and takes the next with it
        held += [span for _, spans in after if _meets(spans, near) for span in spans]
        wanted = Counter(each for each in before if not _meets(each[1], near))
        got = Counter(each for each in after if not _meets(each[1], near))
        lost = [each for each in wanted - got if not _meets(each[1], held)]
        assert not lost, (hit, near)
        # an event that lost a record to the damage is made from those that are left
        partial = [spans for _, spans in before if _meets(spans, near) or _meets(spans, held)]
        made = [each for each in got - wanted if not any(_inside(each[1], spans) for spans in partial)]
        assert not made or parser.FORMAT.name in TOLD_TWICE, (hit, near)
        compared += sum(wanted.values())
    return compared


@pytest.mark.parametrize("name", all_parsers())
def test_rows_far_from_the_damage_are_unchanged(name: str) -> None:
    compared = 0
    for sample in golden.samples(golden.DATA / name):
        parser, source, data = _open(name, sample)
        alone = far_rows_hold(parser, source, f"{name}/{sample}")
        if not alone:  # few records: several such documents, where the format may hold them one after another
            several = Source.of_bytes(
                (data + b"\n" * (not data.endswith(b"\n"))) * COPIES, source.name, **source.settings
            )
            once, often = (golden.tables_of(each, parser)[0].records for each in (source, several))
            if often == once * COPIES:
                alone = far_rows_hold(parser, several, f"{name}/{sample}/{COPIES}")
        compared += alone
    assert (compared == 0) == (name in NOTHING_FAR)
