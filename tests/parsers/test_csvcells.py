"""Columns of text become columns of values exactly as the scalar readers read them."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from parsers import csvcells
from parsers.csvcells import Cells, Faults, amounts, counts, each, json_of, notes_of, only, times
from parsers.jsontext import compact
from parsers.schema import COIN, INT, MONEY, STRING, UNIT_PRICE
from parsers.times import iso

NUMBERS = st.from_regex(r"[+-]?[0-9]{0,26}\.?[0-9]{0,24}([eE][+-]?[0-9]{1,3})?", fullmatch=True) | st.text(max_size=5)


def column(*texts: str | None) -> pa.StringArray:
    return pa.array(texts, STRING)


def exactly(text: str | None, kind: pa.Decimal128Type) -> Fraction | None:
    """An oracle of its own: a number of 38 digits, so many of them behind the point."""
    number = re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", text or "")
    if not number or not text:
        return None
    steps = Fraction(text) * 10**kind.scale
    return Fraction(text) if steps.denominator == 1 and abs(steps) < 10**38 else None


@given(texts=st.lists(st.none() | NUMBERS, max_size=8), kind=st.sampled_from([MONEY, UNIT_PRICE, COIN]))
@example(texts=["10000000000000.000000000000000000001", "12345678901234567890.1234567890123456789"], kind=MONEY)
@example(texts=["0e100", "0E-99", "99999999999999999999.999999999999999999", "1e37"], kind=COIN)
def test_amounts_are_exact_or_absent(texts, kind):
    texts = [text or None for text in texts]
    found = amounts(column(*texts), kind)
    assert [value if value is None else Fraction(value) for value in found.values.to_pylist()] == [
        exactly(text, kind) for text in texts
    ]
    assert found.raw.to_pylist() == texts
    for text, value, wrong, lossy in zip(texts, found.values.to_pylist(), found.wrong, found.lossy, strict=True):
        assert bool(wrong) + bool(lossy) == (text is not None and value is None)


@pytest.mark.parametrize("text", ["١", "1_000", " 1", "1 ", "1\n", "0x1", "inf", "NaN", "--1", ".", "1e5000", "1,0"])
def test_what_is_no_number(text):
    found = amounts(column(text, "1"), MONEY)
    assert (found.values.to_pylist(), found.wrong.tolist()) == ([None, Decimal(1)], [True, False])


@pytest.mark.parametrize("text", ["0e100", "0E-99", "-0", "0." + "0" * 60])
def test_zero_is_zero_with_any_exponent(text):
    assert amounts(column(text), MONEY).values.to_pylist() == [Decimal(0)]


def test_more_digits_than_fit_are_lossy():
    found = amounts(column("0.123456789012345678901", "1e30", "0.1" + "0" * 60), MONEY)
    assert found.lossy.tolist() == [True, True, False]
    assert found.values.to_pylist()[2] == Decimal("0.1")


def test_each_distinct_text_is_read_once():
    seen: list[str] = []

    def read(text: str) -> int:
        seen.append(text)
        return len(text)

    assert each(column("a", "bb", None, "a", "bb"), read, INT).to_pylist() == [1, 2, None, 1, 2]
    assert seen == ["a", "bb"]


def test_columns_without_a_text():
    assert each(column(None, None), len, INT).to_pylist() == [None, None]
    assert each(column(), len, INT).to_pylist() == []
    assert amounts(column(None), MONEY).values.to_pylist() == [None]


def test_times():
    found = times(column("2026-03-04T05:06:07.1234567Z", "2026-03-04 05:06:07", "soon", None), iso)
    assert found.us.null_count == 2
    assert found.zoned.tolist() == [True, False, False, False]
    assert found.precision_us.to_pylist() == [1, 1_000_000, None, None]
    assert found.remainder_ns.to_pylist() == [700, None, None, None]
    assert found.wrong.tolist() == [False, False, True, False]


def test_counts():
    faults = Faults()
    found = counts(column("0", "18446744073709551615", "18446744073709551616", "-1", "²", None), "bytes", faults)
    assert found.to_pylist() == [0, 2**64 - 1, None, None, None, None]
    assert sorted(faults) == [2, 3, 4]


def test_the_first_fault_of_a_record_stays():
    faults = Faults()
    faults.add(np.array([False, True]), "one")
    faults.add(np.array([True, True]), "two")
    assert faults == {0: "two", 1: "one"}


def test_notes():
    found = notes_of({"a": np.array([True, False, True]), "b": np.array([True, False, False])}, 3)
    assert found.to_pylist() == [["a", "b"], None, ["a"]]
    assert notes_of({}, 2).to_pylist() == [None, None]


@given(rows=st.lists(st.tuples(st.none() | st.text(), st.none() | st.text()), min_size=1, max_size=5))
def test_json_is_written_as_everywhere_else(rows):
    rows = [tuple(text and "".join(c for c in text if not "\ud800" <= c <= "\udfff") for text in row) for row in rows]
    found = json_of([("a", column(*(row[0] for row in rows))), ("b", [row[1] for row in rows])], len(rows))
    for text, (a, b) in zip(found, rows, strict=True):
        kept = {key: value for key, value in {"a": a, "b": b}.items() if value is not None}
        assert text == (compact(kept) if kept else None)


@given(rows=st.lists(st.tuples(st.none() | st.sampled_from("aü"), st.none() | st.sampled_from("xyz")), max_size=60))
def test_records_that_are_alike_are_written_once_and_read_the_same(rows):
    found = json_of([("a", column(*(row[0] for row in rows))), ("b", column(*(row[1] for row in rows)))], len(rows))
    expected = [{key: value for key, value in zip("ab", row, strict=True) if value is not None} for row in rows]
    assert found == [compact(kept) if kept else None for kept in expected]


def test_too_many_kinds_are_written_one_by_one():
    rows = 40
    columns = [(f"c{place}", column(*(str(row) for row in range(rows)))) for place in range(12)]
    found = json_of(columns, rows)
    assert [len(set(found)), found[7]] == [rows, compact({name: "7" for name, _ in columns})]


def test_cells():
    cells = Cells(
        ("a", "b"), [column(" x ", "NULL"), column("", "y")], np.zeros(2, np.bool_), frozenset({"", "NULL"}), " "
    )
    assert cells.text("a").to_pylist() == ["x", None]
    assert cells.at(0, padded=True).to_pylist() == [" x ", None]
    assert cells.text("b").to_pylist() == [None, "y"]
    assert cells.text("c").to_pylist() == [None, None]
    assert (cells.has("a"), cells.has("c"), len(cells)) == (True, False, 2)


def test_masks():
    texts = column("a", None, "c")
    assert csvcells.present(texts).tolist() == [True, False, True]
    assert only(texts, np.array([True, True, False])).to_pylist() == ["a", None, None]


CLOCK = st.from_regex(
    r"[0-3][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,8})?)?(Z|z|[+-]0[0-9]:00)?",
    fullmatch=True,
)
DATED = st.datetimes().map(lambda when: when.isoformat(sep=" ")) | st.datetimes().map(
    lambda when: f"{when.isoformat()}Z"
)


@given(texts=st.lists(st.none() | CLOCK | DATED | st.text(max_size=3), max_size=6))
def test_times_are_those_of_the_scalar_reader(texts):
    found = times(column(*texts), iso)
    moments = [iso(text) if text is not None else None for text in texts]
    assert found.us.to_pylist() == [moment and moment.us for moment in moments]
    assert found.zoned.tolist() == [bool(moment and moment.zoned) for moment in moments]
    assert found.precision_us.to_pylist() == [moment and moment.precision_us for moment in moments]
    assert found.remainder_ns.to_pylist() == [(moment and moment.remainder_ns) or None for moment in moments]
    assert found.wrong.tolist() == [
        text is not None and moment is None for text, moment in zip(texts, moments, strict=True)
    ]
