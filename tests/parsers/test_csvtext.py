"""Delimited text is cut at true offsets, the same way by both cutters, whatever the blocks."""

from __future__ import annotations

import csv
import io
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers import csvfields, csvtext
from parsers.csvtext import CsvRecord, first_fields, records, stretches
from parsers.source import Source

QUOTINGS = [csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]
CELLS = st.text(st.sampled_from('ab,"\n\r\t ;é\0'), max_size=8) | st.text(max_size=6)
WIDE_ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=20)
RAGGED_BYTES = st.lists(
    st.sampled_from([b"a", b",", b'"', b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"x,y\n", b'""'])
).map(b"".join)


def cut(data: bytes, delimiter: bytes = b",") -> list[CsvRecord]:
    return list(records(Source.of_bytes(data), delimiter))


def fields_of(data: bytes, delimiter: bytes = b",") -> list[tuple[bytes, ...] | str]:
    return [record.fault or record.fields for record in cut(data, delimiter)]


def by_field_only(monkeypatch):
    monkeypatch.setattr(csvtext, "_cut_block", lambda *_, **__: None)


def small_bounds(monkeypatch, size: int, lines: int = 10_000):
    for module in (csvtext, csvfields):
        monkeypatch.setattr(module, "MAX_RECORD_BYTES", size)
        monkeypatch.setattr(module, "MAX_RECORD_LINES", lines)


def cover(data: bytes, delimiter: bytes = b",") -> None:
    at = 0
    for stretch in stretches(Source.of_bytes(data), delimiter):
        assert stretch.offset == at
        if len(stretch):
            assert stretch.starts[0] == 0
            assert (stretch.starts[1:] == stretch.nexts[:-1]).all()
            assert (stretch.ends <= stretch.nexts).all()
            at += int(stretch.nexts[-1])
        else:
            at += len(stretch.data)
    assert at == len(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n\r\n\n", []),
        (b"a,b\n", [(b"a", b"b")]),
        (b"a,b", [(b"a", b"b")]),
        (b"a,b\r\nc,d\r\n", [(b"a", b"b"), (b"c", b"d")]),
        (b"\xef\xbb\xbfa,b\n", [(b"a", b"b")]),
        (b'\xef\xbb\xbf"a",b\n', [(b"a", b"b")]),
        (b',\n""\n"",""\n', [(b"", b""), (b"",), (b"", b"")]),
        (b'"a,b","c""d"\n', [(b"a,b", b'c"d')]),
        (b'"a\nb",c\nd\n', [(b"a\nb", b"c"), (b"d",)]),
        (b'"a\r\nb"\r\nc\r\n', [(b"a\r\nb",), (b"c",)]),
        (b'5" disk,b\n', [(b'5" disk', b"b")]),
        (b'a"b"c,"d"\n', [(b'a"b"c', b"d")]),
        (b"a\rb,c\r\n", [(b"a\rb", b"c")]),
        (b"a,b\r", [(b"a", b"b\r")]),
        (b"a\0b,\0\n", [(b"a\0b", b"\0")]),
        (b"a,\xff\n", [(b"a", b"\xff")]),
        (b'"a"b,c\nd,e\n', [csvfields.TEXT_AFTER_QUOTE, (b"d", b"e")]),
        (b'"a"\rb\nd,e\n', [csvfields.TEXT_AFTER_QUOTE, (b"d", b"e")]),
        (b'a,"b\nc,d\ne,f\n', [csvfields.NOT_CLOSED, (b"c", b"d"), (b"e", b"f")]),
        (b'a,b\n"', [(b"a", b"b"), csvfields.NOT_CLOSED]),
        (b"a," * 70_000 + b"\nb\n", [csvfields.TOO_MANY_FIELDS, (b"b",)]),
        (b'"",' * 70_000 + b"\nb\n", [csvfields.TOO_MANY_FIELDS, (b"b",)]),
    ],
)
@pytest.mark.parametrize("cutter", ["both", "by field"])
def test_records(data, expected, cutter, monkeypatch):
    if cutter == "by field":
        by_field_only(monkeypatch)
    assert fields_of(data) == expected
    cover(data)


def test_places_are_true():
    data = b'\xef\xbb\xbfh1,h2\r\n\r\n"a\nb",c\n\nd,e'
    assert cut(data) == [
        CsvRecord(1, 3, 5, 1, (b"h1", b"h2"), 2),
        CsvRecord(2, 12, 7, 3, (b"a\nb", b"c"), 1),
        CsvRecord(3, 21, 3, 6, (b"d", b"e"), 0),
    ]
    assert all(data[r.offset : r.offset + r.length].startswith((b"h1", b'"a', b"d")) for r in cut(data))


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t", b"|", b"]", b"^", b"-", b"\\"])
def test_any_delimiter(delimiter):
    data = b"a" + delimiter + b'"b' + delimiter + b'"' + b"\nc" + delimiter + b"d\n"
    assert fields_of(data, delimiter) == [(b"a", b"b" + delimiter), (b"c", b"d")]


@given(
    rows=WIDE_ROWS,
    quoting=st.sampled_from(QUOTINGS),
    end=st.sampled_from(["\n", "\r\n"]),
    block=st.sampled_from([1, 2, 7, 64, 4 << 20]),
    careful=st.booleans(),
)
@settings(deadline=None, max_examples=300)
def test_what_the_csv_module_writes_is_read_back_at_true_offsets(rows, quoting, end, block, careful):
    if end == "\n" and quoting != csv.QUOTE_ALL:  # the csv module leaves a carriage return bare there
        rows = [[cell.replace("\r", "r") for cell in row] for row in rows]
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=quoting, lineterminator=end)
    places = []
    for row in rows:
        begin = len(written.getvalue().encode("utf-8", "surrogatepass"))
        writer.writerow(row)
        places.append(begin)
    data = written.getvalue().encode("utf-8", "surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvtext, "BLOCK_BYTES", block)
        if careful:
            by_field_only(patch)
        found = cut(data)
        cover(data)
    wanted = [tuple(cell.encode("utf-8", "surrogatepass") for cell in row) for row in rows]
    assert [record.fields for record in found] == wanted
    assert [record.offset for record in found] == places
    assert [record.offset + record.length + record.separator for record in found] == [*places[1:], len(data)][
        : len(rows)
    ]
    assert [record.line for record in found] == [data.count(b"\n", 0, place) + 1 for place in places]


@given(data=RAGGED_BYTES, blocks=st.tuples(st.sampled_from([1, 3, 5, 1000]), st.sampled_from([1, 2, 1000])))
@settings(deadline=None, max_examples=500)
def test_both_cutters_agree_on_anything_at_any_block_size(data, blocks):
    with pytest.MonkeyPatch.context() as patch:
        small_bounds(patch, 12, 3)
        patch.setattr(csvtext, "BLOCK_BYTES", blocks[0])
        one = cut(data)
        cover(data)
        patch.setattr(csvtext, "BLOCK_BYTES", blocks[1])
        by_field_only(patch)
        assert cut(data) == one
        cover(data)


@given(data=RAGGED_BYTES.map(lambda data: data.replace(b"\0", b"")), careful=st.booleans())
@settings(deadline=None, max_examples=300)
def test_columns_are_the_fields(data, careful):
    with pytest.MonkeyPatch.context() as patch:
        if careful:
            by_field_only(patch)
        for stretch in stretches(Source.of_bytes(data)):
            for width in {int(width) for width in stretch.widths if width > 0}:
                rows = np.flatnonzero(stretch.widths == width)
                columns, undecodable = stretch.columns(rows, width)
                got = list(zip(*(column.to_pylist() for column in columns), strict=True))
                wanted = [csvtext.decoded_fields(stretch.fields(at)) for at in rows.tolist()]
                assert got == [tuple(texts) for texts, _ in wanted]
                assert undecodable.tolist() == [not clean for _, clean in wanted]


def test_a_record_that_looks_like_a_byte_order_mark_keeps_it():
    for stretch in stretches(Source.of_bytes(b"a,b\n\xef\xbb\xbfc,d\n")):
        columns, _ = stretch.columns(np.array([1]), 2)
        assert columns[0].to_pylist() == ["\ufeffc"]


def test_a_quote_left_open_costs_one_line_even_if_one_closes_it_too_late(monkeypatch):
    small_bounds(monkeypatch, 20)
    data = b'a,"b\n' + b"c,d\n" * 10 + b'e,f"\ng,h\n'
    found = fields_of(data)
    assert found[0] == csvfields.NOT_CLOSED
    assert found[1:] == [(b"c", b"d")] * 10 + [(b"e", b'f"'), (b"g", b"h")]


@pytest.mark.parametrize(("lines", "kept"), [(3, True), (2, False)])
def test_a_record_may_span_so_many_lines_and_no_more(lines, kept, monkeypatch):
    small_bounds(monkeypatch, 1000, lines)
    assert (fields_of(b'"a\nb\nc"\n')[0] == (b"a\nb\nc",)) is kept
    by_field_only(monkeypatch)
    assert (fields_of(b'"a\nb\nc"\n')[0] == (b"a\nb\nc",)) is kept


@pytest.mark.parametrize("end", [b"", b"\n", b"\nx,y\n"])
def test_a_line_too_long_is_counted_and_not_kept(end, monkeypatch):
    for module in (csvtext, csvfields):
        monkeypatch.setattr(module, "MAX_LINE_BYTES", 100)
    monkeypatch.setattr(csvtext, "BLOCK_BYTES", 16)
    data = b"a,b\n" + b"z" * 500 + end
    found = cut(data)
    cover(data)
    assert (found[1].fault, found[1].offset, found[1].length, found[1].line) == (csvfields.LINE_TOO_LONG, 4, 500, 2)
    assert [(record.fields, record.line) for record in found[2:]] == ([((b"x", b"y"), 3)] if len(end) > 1 else [])


def test_many_open_quotes_cost_no_more_than_their_bytes():
    data = b'"a,b\n' * 200_000 + b'x,"' * 100_000 + b"\n" + b'"' * 100_001
    begin = time.monotonic()
    cover(data)
    assert time.monotonic() - begin < 20


@given(head=RAGGED_BYTES, at=st.integers(0, 40))
def test_first_fields_survive_any_cut(head, at):
    for fields in first_fields(head[:at], most=3):
        assert fields


def test_first_fields():
    assert first_fields(b'\xef\xbb\xbf\n"a",b\nc') == [(b"a", b"b")]
    assert first_fields(b"a\tb\nc\td\n", b"\t", most=2) == [(b"a", b"b"), (b"c", b"d")]
    assert first_fields(b"") == []
