"""Documents taken apart: every byte accounted for, whatever is whole given, the rest rejected."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.contract import Reject, Structure
from parsers.jsonparts import JsonPart, Opened, head_parts, lists, parts
from parsers.source import Source

OPENED = Opened(frozenset({(), ("steps",), ("samples",), ("samples", None), ("samples", None, "events")}))


def read(data: bytes, opened: Opened = OPENED) -> tuple[list[JsonPart], list[Reject]]:
    """Read a stream; check that its items account for it and that records re-read."""
    at, found, rejects = 0, [], []
    for item in parts(Source.of_bytes(data), opened):
        if isinstance(item, Structure):
            assert item.offset == at
            assert item.length > 0
            at += item.length
            continue
        record = item.record
        assert record.offset == at
        assert record.line == data.count(b"\n", 0, at) + 1
        at += record.length + record.separator
        if isinstance(item, Reject):
            rejects.append(item)
            continue
        found.append(item)
        own = data[record.offset : record.offset + record.length]
        text = b"{" + own + b"}" if item.path and isinstance(item.path[-1], str) else own
        value = json.loads(text)
        assert value == ({item.path[-1]: item.value} if text is not own else item.value)
    assert at == len(data)
    return found, rejects


def test_members_and_elements_are_records():
    found, rejects = read(
        b'\xef\xbb\xbf{"id": 1,\n "steps": [ {"n": 1} , {"n": "\xc3\xa9"}\n], "rest": [1, {"a": 2}]}\n'
        b'{"samples": [{"id": 2, "events": [true]}, 3], "steps": {"not": "a list"}}\n'
    )
    assert rejects == []
    assert [(part.document, part.path, part.value) for part in found] == [
        (0, ("id",), 1),
        (0, ("steps", 0), {"n": 1}),
        (0, ("steps", 1), {"n": "é"}),
        (0, ("rest",), [1, {"a": 2}]),
        (1, ("samples", 0, "id"), 2),
        (1, ("samples", 0, "events", 0), True),
        (1, ("samples", 1), 3),
        (1, ("steps", "not"), "a list"),
    ]


@pytest.mark.parametrize(
    "behind",
    [
        b'{"n": 1},\n{"n": 2}\n]}\n',
        b'{"n": 1}\n]}\n',
        b' {"n": 1}\n ],\n"rest": {}}\n',
    ],
)
def test_elements_on_lines_of_their_own_are_no_documents_where_the_first_line_is_damaged(behind):
    whole, _ = read(b'{"id": 1, "steps": [\n' + behind)
    assert [part.document for part in whole] == [0] * len(whole)
    found, rejects = read(b'{"id": ~, "steps": [\n' + behind)
    assert found == []
    assert [reject.record.length for reject in rejects] == [21 + len(behind) - 1]


@pytest.mark.parametrize("behind", [b'{"id": 2}\n', b'{"id": 2}\n{"id": 3}\n', b'{"id": 2},"\n{"id": 3}\n'])
def test_lines_behind_a_damaged_first_one_are_documents(behind):
    found, rejects = read(b'{"id": ~}\n' + behind)
    assert [part.value for part in found][-1] == behind.count(b"\n") + 1
    assert (rejects[0].record.offset, rejects[0].record.length) == (1, 8)


@pytest.mark.parametrize(
    ("data", "paths", "reason"),
    [
        (b"", [], None),
        (b"7", [()], None),
        (b"\n \n\n", [], None),
        (b'\n{"id":\n1}', [("id",)], None),
        (b'{"steps": [', [], None),
        (b'{"steps": [1, 2', [("steps", 0), ("steps", 1)], None),
        (b'{"steps": [1, {"a"', [("steps", 0)], "Expecting ':' delimiter at character 18"),
        (b'{"id": 1, "na', [("id",)], "Unterminated string starting at at character 10"),
        (b'{"id": ', [], "Expecting value at character 7"),
        (b'{"id" 1}', [], "no key with a colon at character 1"),
        (b'{1: 2}', [], "no key with a colon at character 1"),
        (b'{"steps": [1 2]}', [("steps", 0)], "neither comma nor bracket at character 13"),
        (b'{"steps": [1}', [("steps", 0)], "neither comma nor bracket at character 12"),
        (b'{"steps": [1,,2]}', [("steps", 0)], "Expecting value at character 13"),
        (b'{"id": NaN}', [], "NaN is not JSON"),
        (b'\xff{}', [], "not UTF-8 at byte 0"),
        (b'{"id": ' + b"[" * 300 + b"]" * 300 + b"}", [], "nested too deep"),
    ],
)  # fmt: skip
def test_damage_is_told(data, paths, reason):
    found, rejects = read(data)
    assert [part.path for part in found] == paths
    assert [reject.reason for reject in rejects] == ([reason] if reason else [])


def test_a_damaged_line_takes_no_other_with_it():
    found, rejects = read(b'{"id": "to\n{"steps": [1, {"n": "to\n\n{"id": 3} {"id": 4}\n')
    assert [(part.document, part.path, part.value) for part in found] == [
        (1, ("steps", 0), 1),
        (2, ("id",), 3),
        (3, ("id",), 4),
    ]
    assert len(rejects) == 2


def test_repeated_keys_are_all_there():
    found, _ = read(b'{"steps": [1], "steps": [2]}')
    assert [part.value for part in found] == [1, 2]
    [part] = [item for item in parts(Source.of_bytes(b'{"x": {"a": 1, "a": 2}}'), OPENED) if isinstance(item, JsonPart)]
    assert (part.value, part.hidden, part.notes) == ({"a": 2}, (("a", 1),), ("duplicate_keys",))


def test_lone_surrogates_are_made_storable():
    [part] = [item for item in parts(Source.of_bytes(b'{"x": "\\ud800"}'), OPENED) if isinstance(item, JsonPart)]
    assert (part.value, part.notes) == ("\\ud800", ("lone_surrogates",))


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["steps", "samples", "events", "é"]), inner)
    ),
    max_leaves=12,
)


@given(_values, st.integers(0, 3), st.data())
def test_any_document_cut_anywhere_is_accounted_for(value, indent, data):
    written = json.dumps(value, ensure_ascii=False, indent=indent or None).encode()
    _, rejects = read(written)
    assert rejects == []
    read(written[: data.draw(st.integers(0, len(written)))])


# --- documents with lists at the top ---------------------------------------------------------------------------------

LISTS = lists("messages")

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
    "object where a list is meant": (b'{"messages": {"0": 1}}', [("messages", None, 1)]),
    "no members": (b"{}\n", []),
    "empty list": (b'{"messages": []}', []),
    "key twice": (b'{"a": 1, "a": 2}', [("a", None, 1), ("a", None, 2)]),
    "byte order mark": (b'\xef\xbb\xbf{"a": 1}', [("a", None, 1)]),
    "a scalar": (b"7", [(None, None, 7)]),
}  # fmt: skip
DAMAGED = {
    "torn element": (b'{"messages": [{"b": 2}, {"b": "to', 1, b'{"b": "to'),
    "torn list": (b'{"a": 1, "messages": [{"b"', 1, b'{"b"'),
    "no colon": (b'{"a": 1, "b" 2}', 1, b'"b" 2}'),
    "no comma": (b'{"a": 1 "b": 2}', 1, b'"b": 2}'),
    "not UTF-8": (b'{"a": 1, "b": "\xff", "c": 3}', 1, b'"b": "\xff", "c": 3}'),
    "no key": (b"{1: 2}", 0, b"1: 2}"),
}


@pytest.mark.parametrize(("data", "expected"), CASES.values(), ids=CASES)
def test_lists_of_a_document(data, expected):
    found, rejects = read(data, LISTS)
    assert [(part.key, part.place, part.value) for part in found] == expected
    assert [part.record.number for part in found] == list(range(1, len(found) + 1))
    assert not rejects


@pytest.mark.parametrize(("data", "whole", "rest"), DAMAGED.values(), ids=DAMAGED)
def test_damage_costs_only_what_comes_after_it(data, whole, rest):
    found, [reject] = read(data, LISTS)
    place = reject.record
    assert (len(found), data[place.offset : place.offset + place.length]) == (whole, rest)
    assert len(head_parts(data, LISTS)) == whole


def test_a_document_a_line():
    found, _ = read(b'{"messages": [1]}\n\n{"messages": [2, 3]} {"a": 4}\n[5\n{"a": 6}', LISTS)
    assert [(part.document, part.key, part.place, part.value, part.record.line) for part in found] == [
        (0, "messages", 0, 1, 1),
        (1, "messages", 0, 2, 3),
        (1, "messages", 1, 3, 3),
        (2, "a", None, 4, 3),
        (3, None, 0, 5, 4),
        (4, "a", None, 6, 5),
    ]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b'b": 1}}\n\n{"a": 1}\n{"a": 2}\n', [1, 2]),
        (b'{"a": 0, "b"\n{"a": 1}\n', [0, 1]),
        (b'{"a":\n1,\n"b":\n2}\n', [1, 2]),
        (b'{"a": 1,\n"b": {"c":\n{"d": 1}}\n}\n', [1, {"c": {"d": 1}}]),
    ],
)
def test_a_damaged_first_line_takes_no_other_with_it(data, found):
    assert [part.value for part in read(data)[0]] == found


def test_events_stay_whole():
    opened = lists("messages", whole=True)
    found, _ = read(b'{"id": 1}\n{"id": 2, "messages": [3]}\n[{"id": 4}]\n', opened)
    assert [(part.key, part.place, part.value) for part in found] == [
        (None, None, {"id": 1}),
        ("id", None, 2),
        ("messages", 0, 3),
        (None, 0, {"id": 4}),
    ]


@given(st.binary(max_size=60))
def test_any_bytes_are_accounted_for(data):
    read(data)
