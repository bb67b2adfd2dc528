"""Lines by the block: the same lines, places and numbers that a loop finds."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.blocks import Lines, delimited, equal_to, line_blocks, line_ranges, micros, runs
from parsers.contract import Range
from parsers.source import Line, Source

texts = st.lists(st.binary(max_size=12), max_size=20).map(b"\n".join)


def lines_of(blocks) -> list[Line]:
    found: list[Line] = []
    for block in blocks:
        found.extend([block] if isinstance(block, Line) else [block.line(at) for at in range(len(block))])
    return found


@settings(deadline=None)
@given(texts, st.integers(1, 50))
def test_blocks_give_the_lines_of_the_source(data, size):
    source = Source.of_bytes(data)
    assert lines_of(line_blocks(source, size=size)) == list(source.lines())


@settings(deadline=None)
@given(texts, st.integers(1, 50), st.integers(1, 60))
def test_only_overlong_lines_come_without_data(data, size, longest):
    source = Source.of_bytes(data)
    found = lines_of(line_blocks(source, size=min(size, longest), longest=longest))
    assert found == [line._replace(data=None) if line.length > longest else line for line in source.lines()]


@settings(deadline=None)
@given(texts, st.integers(1, 40))
def test_a_range_gives_the_lines_in_it(data, size):
    source = Source.of_bytes(data)
    lines = list(source.lines())
    for begin in range(len(lines)):
        offset = lines[begin].offset
        span = Range(offset, len(data) - offset, begin, 0)
        assert lines_of(line_blocks(source, span, size)) == lines[begin:]


@settings(deadline=None)
@given(texts, st.integers(1, 100))
def test_ranges_follow_one_another_and_count(data, size):
    source = Source.of_bytes(data)

    def survey(block, state):
        return (len(block) if isinstance(block, Lines) else 1), state + 1

    spans = list(line_ranges(source, size, 0, survey))
    assert sum(span.length for span in spans) == len(data)
    for before, span in itertools.pairwise(spans):
        assert span.offset == before.offset + before.length
        assert (span.lines, span.records) == (data.count(b"\n", 0, span.offset),) * 2
        assert before.length >= size


def test_an_overlong_line_is_counted_not_held():
    data = b"a\n" + b"x" * 100 + b"\nb\n" + b"y" * 100
    found = lines_of(line_blocks(Source.of_bytes(data), size=7, longest=10))
    assert [(line.number, line.offset, line.length, line.newline) for line in found] == [
        (1, 0, 1, 1),
        (2, 2, 100, 1),
        (3, 103, 1, 1),
        (4, 105, 100, 0),
    ]
    assert [line.data for line in found] == [b"a", None, b"b", None]


@given(texts.filter(bool), st.sampled_from([9, 1, 124, 59]))
def test_delimiters(data, delimiter):
    found = delimited(Lines.of(data, 0, 0), delimiter)
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    mark = bytes([delimiter])
    assert found.counts.tolist() == [line.count(mark) for line in lines]
    assert found.places.tolist() == [at for at, byte in enumerate(data) if byte == delimiter]
    assert found.control.tolist() == [at for at, byte in enumerate(data) if byte < 32 and byte not in {10, delimiter}]


def fields(*texts: bytes) -> tuple[Lines, np.ndarray, np.ndarray]:
    lines = Lines.of(b"\n".join(texts) + b"\n", 0, 0)
    return lines, lines.starts, lines.ends


NUMBERS = ["0.000000", "1.5", "", "-", "12.345678", "123456789.987654", "99999999999.999999", "999999999999.999999"]
NUMBERS += ["-1.000000", "+1.000000", "1e5.000000", " 1.000000", "1.00000a", "1.0000000", "1..000000", "a.000000"]
NUMBERS += [
    "1234567:.000000",
    "1234567/.000000",
    "1,000000",
    ".000000",
    "000001.000001",
    "1\x002345.000000",
    "é1.000000",
]


@pytest.mark.parametrize("before", [0, 40])
@pytest.mark.parametrize("text", NUMBERS)
def test_micros(text, before):
    lines, starts, ends = fields(b"x" * before, text.encode())
    values, good = micros(lines, starts, ends, 11)
    whole, point, fraction = text.partition(".")
    expected = point and len(fraction) == 6 and (whole + fraction).isdigit() and 1 <= len(whole) <= 11
    assert good.tolist() == [False, bool(expected)]
    assert not expected or int(values[1]) == int(whole + fraction)


@given(st.lists(st.integers(0, 10**17 - 1), min_size=1, max_size=30), st.integers(1, 12))
def test_micros_of_any_number(numbers, most):
    texts = [f"{number // 10**6}.{number % 10**6:06d}" for number in numbers]
    lines, starts, ends = fields(*(text.encode() for text in texts))
    values, good = micros(lines, starts, ends, most)
    assert good.tolist() == [len(text) - 7 <= most for text in texts]
    assert values[good].tolist() == [number for number, fits in zip(numbers, good, strict=True) if fits]


@given(st.lists(st.text("0123456789.-/: e", max_size=22), min_size=1, max_size=20))
def test_micros_of_any_text(texts):
    lines, starts, ends = fields(*(text.encode() for text in texts))
    values, good = micros(lines, starts, ends, 11)
    shaped = [bool(re.fullmatch(r"[0-9]{1,11}\.[0-9]{6}", text)) for text in texts]
    assert good.tolist() == shaped
    assert [int(value) for value, fits in zip(values, shaped, strict=True) if fits] == [
        int(text.replace(".", "")) for text, fits in zip(texts, shaped, strict=True) if fits
    ]


def test_equal_to():
    lines, starts, ends = fields(b"-", b"--", b"", b"x", b"-")
    assert equal_to(lines, starts, ends, b"-").tolist() == [True, False, False, False, True]
    assert equal_to(lines, starts, ends, b"").tolist() == [False, False, True, False, False]


def test_parts_and_joined_lines():
    lines = Lines.of(b"a\nbb\nccc\ndd", 100, 7)
    part = lines.part(1, 4)
    assert (part.offset, part.before, part.data) == (102, 8, b"bb\nccc\ndd")
    assert [part.line(at) for at in range(3)] == [lines.line(at) for at in range(1, 4)]
    assert lines.part(0, 4) is lines
    assert lines.joined(np.array([True, False, True, True])) == b"a\nccc\ndd"
    assert lines.holding(np.array([0, 3, 10])).tolist() == [True, True, False, True]


def test_runs():
    assert list(runs(np.array([True, True, False, True]))) == [(0, 2, True), (2, 3, False), (3, 4, True)]
    assert list(runs(np.array([], np.bool_))) == []
