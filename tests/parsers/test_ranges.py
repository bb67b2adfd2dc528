"""A source read range by range comes out as in one pass."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from parsers.assemble import Books, Reading
from parsers.contract import Format, Grade, Parsed, Range, Record, Reject, Row, is_ranged
from parsers.errors import BooksDoNotBalance
from parsers.source import Source

FORMAT = Format(name="numbers", title="One number a line", tables=("price",), signature=False)
DATA = b"1\n22\nno\n333\n4\n"
WHOLE = Range(0, len(DATA), 0, 0)
PARTS = [Range(0, 5, 0, 0), Range(5, 3, 2, 2), Range(8, 6, 3, 3)]


def read_range(source: Source, span: Range):
    with source.open() as stream:
        stream.seek(span.offset)
        lines = stream.read(span.length).splitlines()
    offset = span.offset
    for at, line in enumerate(lines, 1):
        record = Record(span.records + at, offset, len(line), span.lines + at, 1)
        if line.isdigit():
            yield Parsed(record)
            yield Row("price", record, {"ts": int(line) * 10, "price_raw": line.decode()})
        else:
            yield Reject(record, "no number")
        offset += len(line) + 1


NUMBERS = SimpleNamespace(
    FORMAT=FORMAT,
    recognise=lambda head, name: Grade.NONE,
    read=lambda source: read_range(source, WHOLE),
    ranges=lambda source, size=8: iter(PARTS),
    read_range=read_range,
)


def rows_of(reading: Reading) -> list[tuple[str, dict]]:
    return [(table, row) for table, batch in reading.batches() for row in batch.to_pylist()]


def test_ranges_give_the_rows_and_the_books_of_one_pass():
    source = Source.of_bytes(DATA)
    whole = Reading(source, NUMBERS)
    once = rows_of(whole)
    readings = [Reading(source, NUMBERS, span=part) for part in PARTS]
    ranged = [row for reading in readings for row in rows_of(reading)]
    assert sorted(ranged, key=str) == sorted(once, key=str)
    assert Books.total(reading.books for reading in readings) == whole.books
    assert [row["record"] for table, row in ranged if table == "quarantine"] == [3]
    assert (whole.books.first_us, whole.books.last_us, whole.books.rows) == (10, 3330, {"price": 4, "quarantine": 1})


def test_books_of_no_range_are_empty():
    assert Books.total([]) == Books()


@pytest.mark.parametrize("span", [Range(0, 4, 0, 0), Range(0, 6, 0, 0), Range(2, 3, 2, 2)])
def test_a_parser_that_does_not_keep_to_its_range_is_found_out(span):
    ill = SimpleNamespace(**{**vars(NUMBERS), "read_range": lambda source, _: read_range(source, PARTS[0])})
    with pytest.raises(BooksDoNotBalance):
        list(Reading(Source.of_bytes(DATA), ill, span=span).batches())


def test_a_parser_that_stops_leaves_the_rest_of_its_range_in_quarantine():
    def stops(source, span):
        yield from list(read_range(source, span))[:2]
        raise ValueError("worn out")

    worn = SimpleNamespace(**{**vars(NUMBERS), "read_range": stops})
    reading = Reading(Source.of_bytes(DATA), worn, span=PARTS[2])
    (row,) = [row for table, row in rows_of(reading) if table == "quarantine"]
    assert (row["record"], row["offset"], row["length"]) == (5, 12, 2)
    assert reading.books.stream_bytes == PARTS[2].length


def test_a_parser_without_ranges_is_not_asked_for_one():
    plain = SimpleNamespace(FORMAT=FORMAT, recognise=NUMBERS.recognise, read=NUMBERS.read)
    assert is_ranged(NUMBERS)
    assert not is_ranged(plain)
    with pytest.raises(BooksDoNotBalance):
        list(Reading(Source.of_bytes(DATA), plain, span=PARTS[0]).batches())
