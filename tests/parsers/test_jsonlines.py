"""JSON lines and documents as records: every byte is in a record, in quarantine or in structure."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.contract import HEAD_BYTES, Reject, Structure
from parsers.jsondocument import MAX_DOCUMENT_BYTES, document_records, is_document
from parsers.jsonlines import JsonRecord, first_values, records
from parsers.source import Source


def _laid_out(data: bytes, read=records) -> list[tuple]:
    """Return what became of the bytes, having checked that it is all of them."""
    at, number, found = 0, 0, []
    for item in read(Source.of_bytes(data)):
        if isinstance(item, Structure):
            assert item.offset == at
            at += item.length
            found.append(("structure", data[item.offset : item.offset + item.length]))
            continue
        record = item.record
        number += 1
        assert (record.number, record.offset) == (number, at)
        assert record.line == data.count(b"\n", 0, record.offset) + 1
        at += record.length + record.separator
        place = data[record.offset : record.offset + record.length]
        found.append(("reject", place) if isinstance(item, Reject) else ("record", place))
        if isinstance(item, JsonRecord) and not item.notes:
            assert json.loads(place) == item.value
    assert at == len(data)
    return found


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n\n", [("structure", b"\n"), ("structure", b"\n")]),
        (b" \t\r", [("structure", b" \t\r")]),
        (b'{"a":1}', [("record", b'{"a":1}')]),
        (b'{"a":1}\r\n', [("record", b'{"a":1}')]),
        (b'  {"a":1} \n', [("structure", b"  "), ("record", b'{"a":1}')]),
        (b'{"a":1} {"b":2}\n', [("record", b'{"a":1}'), ("record", b'{"b":2}')]),
        (b'{"a":1}{"b":\n', [("record", b'{"a":1}'), ("reject", b'{"b":')]),
        (b'{"a":1}\n{"b":', [("record", b'{"a":1}'), ("reject", b'{"b":')]),
        (b'\xef\xbb\xbf{"a":1}\n', [("structure", b"\xef\xbb\xbf"), ("record", b'{"a":1}')]),
        (b'{"a":1}\n\xef\xbb\xbf{"a":1}\n', [("record", b'{"a":1}'), ("reject", b'\xef\xbb\xbf{"a":1}')]),
        (b'[1]\n"s"\n7\ntrue\nnull\n', [("reject", text) for text in (b"[1]", b'"s"', b"7", b"true", b"null")]),
        (b'\x00\x00{"a":1}\n', [("reject", b'\x00\x00{"a":1}')]),
        (b'{"a":"\xff"}\n{"a":1}', [("reject", b'{"a":"\xff"}'), ("record", b'{"a":1}')]),
    ],
)
def test_lines(data, expected):
    assert _laid_out(data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a":1}\n{"b":2}\n', [("record", b'{"a":1}'), ("record", b'{"b":2}')]),
        (b'{\n "a": 1\n}\n', [("record", b'{\n "a": 1\n}')]),
        (b'{\n "a": 1\n}\n{\n "b": 2\n}\n', [("record", b'{\n "a": 1\n}'), ("record", b'{\n "b": 2\n}')]),
        (b'[\n {"a":1},\n {"b":2}\n]\n', [("structure", b"[\n "), ("record", b'{"a":1}'), ("record", b'{"b":2}')]),
        (b'[{"a":1},', [("structure", b"["), ("record", b'{"a":1}')]),
        (b'[{"a":1}', [("structure", b"["), ("record", b'{"a":1}')]),
        (b'[{"a":1}, {"b":', [("structure", b"["), ("record", b'{"a":1}'), ("reject", b'{"b":')]),
        (b'[{"a":1}, 7]', [("structure", b"["), ("record", b'{"a":1}'), ("reject", b"7")]),
        (b'[\n{"a":1}\n] x\n', [("structure", b"[\n"), ("record", b'{"a":1}'), ("reject", b"] x\n")]),
        (b"[]\n", [("structure", b"[]\n")]),
        (b'{\n "a": \n', [("reject", b'{\n "a": \n')]),
        (b'\xef\xbb\xbf[{"a":1}]', [("structure", b"\xef\xbb\xbf["), ("record", b'{"a":1}')]),
        # a line torn at its beginning does not make a document of a file of lines
        (b'"a":1},\n{"b":2}\n', [("reject", b'"a":1},'), ("record", b'{"b":2}')]),
    ],
)
def test_documents(data, expected):
    assert _laid_out(data, document_records) == expected


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b'{"a":1}', b'{"k":{"k":1,"k":2}}', b"[", b"]", b",", b"\n", b" ", b"{", b"}", b'"', b"\xff", b"7"]
        )
    )
)
def test_any_pieces_are_accounted_for(pieces):
    data = b"".join(pieces)
    _laid_out(data)
    _laid_out(data, document_records)


def test_repeated_keys_and_surrogates_are_noted():
    (record,) = records(Source.of_bytes(b'{"c":"\\ud83d","c":"ls","d":"\\udc00"}'))
    assert record.value == {"c": "ls", "d": "\\udc00"}
    assert record.notes == ("duplicate_keys", "lone_surrogates")
    assert record.hidden == (("c", "\\ud83d"),)


def test_what_is_too_long_is_quarantined_whole():
    class Zeros:
        """A stream of one endless line, as cheap as it can be."""

        def __init__(self) -> None:
            self.left = MAX_DOCUMENT_BYTES + 10

        def read(self, size: int) -> bytes:
            given, self.left = min(size, self.left), self.left - min(size, self.left)
            return b"[" + b" " * (given - 1) if given else b""

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    source = replace(Source.of_bytes(b""), open=Zeros, size=None)
    for read in (records, document_records):
        (item,) = read(source)
        assert isinstance(item, Reject)
        assert item.record.length == MAX_DOCUMENT_BYTES + 10
        assert "the limit is" in item.reason


def test_a_document_is_told_by_its_first_line():
    assert is_document(b"[")
    assert is_document(b'\xef\xbb\xbf \n{\n "a":1}')
    assert is_document(b'[{"a":1}]\n\n')
    assert not is_document(b'[7]\n{"b":2}\n')
    assert not is_document(b'{"a":1}\n{"b":2}\n')
    assert not is_document(b"{")
    assert not is_document(b"")


def test_first_values_are_those_of_whole_lines():
    found = first_values(b'{"a":1}\n{"b":\n{"c":1}{"d":1}\n')
    assert (found.values, found.faults, found.cut) == ([{"a": 1}, {"c": 1}, {"d": 1}], 1, b"")
    long = b'{"a":1}\n{"b":"' + b"x" * HEAD_BYTES
    assert first_values(long[:HEAD_BYTES]).cut.startswith(b'{"b":"x')
    assert first_values(b'{"a":1}\n' * 100, lines=3).values == [{"a": 1}] * 3
