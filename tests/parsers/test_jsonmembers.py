"""Documents taken apart: every part at its place, every byte accounted for, what stands before damage kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.contract import Reject, Structure
from parsers.jsonmembers import Part, document_parts, head_members
from parsers.source import Source

LISTS = frozenset({"messages"})

CASES = {
    "one line": (
        b'{"a": 1, "messages": [{"b": 2}, 3], "c": []}\n',
        [("a", None, 1), ("messages", 0, {"b": 2}), ("messages", 1, 3), ("c", None, [])],
    ),
    "over lines": (
        b'{\n "messages": [\n  {"b": "\xc3\xa4"}\n ],\n "z": null\n}',
        [("messages", 0, {"b": "ä"}), ("z", None, None)],
    ),
    "array at the top": (b'[\n{"x": 1},\n2\n]', [(None, 0, {"x": 1}), (None, 1, 2)]),
    "list that is none": (b'{"messages": {"0": 1}}', [("messages", None, {"0": 1})]),
    "no members": (b"{}\n", []),
    "empty list": (b'{"messages": []}', []),
    "key twice": (b'{"a": 1, "a": 2}', [("a", None, 1), ("a", None, 2)]),
    "byte order mark": (b'\xef\xbb\xbf{"a": 1}', [("a", None, 1)]),
    "a scalar": (b"7", [(None, None, 7)]),
}  # fmt: skip
DAMAGED = {
    "torn element": (b'{"messages": [{"b": 2}, {"b": "to', 1, b'{"b": "to'),
    "torn list": (b'{"a": 1, "messages": [{"b"', 1, b'"messages": [{"b"'),
    "no colon": (b'{"a": 1, "b" 2}', 1, b'"b" 2}'),
    "no comma": (b'{"a": 1 "b": 2}', 1, b'"b": 2}'),
    "comma before the bracket": (b'{"messages": [1,]}', 1, b"]}"),
    "not UTF-8": (b'{"a": 1, "b": "\xff", "c": 3}', 1, b'"b": "\xff", "c": 3}'),
    "no key": (b"{1: 2}", 0, b"{1: 2}"),
}


def _read(data: bytes) -> list:
    items = list(document_parts(Source.of_bytes(data), LISTS))
    at = 0
    for item in items:
        begin, length = (
            (item.offset, item.length)
            if isinstance(item, Structure)
            else (item.record.offset, item.record.length + item.record.separator)
        )
        assert begin == at
        at += length
    assert at == len(data)
    return items


@pytest.mark.parametrize(("data", "expected"), CASES.values(), ids=CASES)
def test_parts(data, expected):
    parts = [item for item in _read(data) if isinstance(item, Part)]
    assert [(part.key, part.place, part.value) for part in parts] == expected
    assert [part.record.number for part in parts] == list(range(1, len(parts) + 1))
    for part in parts:
        own = data[part.record.offset : part.record.offset + part.record.length]
        assert json.loads(own if part.place is not None or part.key is None else b"{" + own + b"}")
        assert part.record.line == data.count(b"\n", 0, part.record.offset) + 1


@pytest.mark.parametrize(("data", "whole", "rest"), DAMAGED.values(), ids=DAMAGED)
def test_damage_costs_only_what_comes_after_it(data, whole, rest):
    items = _read(data)
    assert sum(isinstance(item, Part) for item in items) == whole
    rejects = [item for item in items if isinstance(item, Reject)]
    assert len(rejects) == 1
    place = rejects[0].record
    assert data[place.offset : place.offset + place.length] == rest
    assert len(head_members(data, LISTS)) == whole


def test_a_document_a_line():
    items = _read(b'{"messages": [1]}\n\n{"messages": [2, 3]} {"a": 4}\n[5\n{"a": 6}')
    parts = [(item.top, item.key, item.place, item.value, item.record.line) for item in items if isinstance(item, Part)]
    assert [part[1:] for part in parts] == [
        ("messages", 0, 1, 1),
        ("messages", 0, 2, 3),
        ("messages", 1, 3, 3),
        ("a", None, 4, 3),
        (None, 0, 5, 4),
        ("a", None, 6, 5),
    ]
    assert len({part[0] for part in parts}) == 5
    assert [part[0] for part in parts] == sorted(part[0] for part in parts)


def test_odd_json_is_noted():
    parts = [item for item in _read(b'{"messages": [{"a": 1, "a": 2}, "\\ud800"]}') if isinstance(item, Part)]
    assert [(part.value, part.notes, part.hidden) for part in parts] == [
        ({"a": 2}, ("duplicate_keys",), (("a", 1),)),
        ("\\ud800", ("lone_surrogates",), ()),
    ]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abm", max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["messages", "a", "b"]), _VALUES), st.sampled_from([None, 1]), st.booleans())
def test_any_document_comes_out_whole(document, indent, ascii_only):
    data = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
    found: dict = {key: [] for key, value in document.items() if key in LISTS and isinstance(value, list)}
    for item in _read(data):
        if isinstance(item, Part) and item.place is not None:
            found[item.key].append(item.value)
        elif isinstance(item, Part):
            found[item.key] = item.value
    assert found == document


@given(st.binary(max_size=60))
def test_any_bytes_are_accounted_for(data):
    _read(data)
