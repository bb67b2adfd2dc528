"""Sources read through mappings: CSV and JSON lines give the same for the same."""

from __future__ import annotations

import json
import random
from typing import Any

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.contract import Grade
from parsers.mapping import mapped_csv, mapped_jsonl
from parsers.source import Source

CLOCK = {"source": "at", "format": "%Y-%m-%d %H:%M:%S", "zone": "Europe/Berlin"}
COLUMNS = {
    "asset": {"constant": "XMR"},
    "amount": "paid",
    "kind": {"source": "type", "map": {"pay": "payout"}},
    "account": "who",
}
RECORD = {"at": "2026-03-04 05:06:07", "paid": "1.25", "type": "pay", "who": "rig-7", "more": "x"}
MAPPING = {"table": "coin_movement", "null": ["", "-"], "time": CLOCK, "columns": COLUMNS}


def csv_rows(record: dict[str, str], **changes: Any) -> dict[str, list[dict[str, Any]]]:
    data = ",".join(record) + "\n" + ",".join(record.values()) + "\n"
    return read(mapped_csv, data.encode(), {"format": "csv", **MAPPING, **changes})


def json_rows(record: dict[str, Any], **changes: Any) -> dict[str, list[dict[str, Any]]]:
    return read(mapped_jsonl, json.dumps(record).encode() + b"\n", {"format": "jsonl", **MAPPING, **changes})


def read(parser, data: bytes, mapping: Any) -> dict[str, list[dict[str, Any]]]:
    _, found = golden.tables_of(Source.of_bytes(data, "x", mapping=mapping), parser)
    return {name: golden.rows_of(table) for name, table in found.items()}


def without_place(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in {"record", "part", "line", "offset", "length"}}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"at": "soon"},
        {"at": "2026-10-25 02:30:00"},
        {"at": ""},
        {"paid": "about one"},
        {"paid": "1e-30"},
        {"paid": "-"},
        {"type": "gift"},
        {"who": "-", "more": ""},
    ],
)
def test_csv_and_json_lines_give_the_same(changes):
    record = RECORD | changes
    plain = {key: text for key, text in record.items() if text not in {"", "-"}}
    one = csv_rows(record)["coin_movement"][0]
    other = json_rows(plain)["coin_movement"][0]
    for row in (one, other):
        row["notes"] = sorted(row.get("notes", []))
        row["extra"] = json.loads(row.get("extra", "{}"))
    assert without_place(one) == without_place(other)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"paid": 1.25}, {"amount": "1.250000000000000000", "amount_raw": "1.25"}),
        ({"paid": 2}, {"amount_raw": "2"}),
        ({"paid": True}, {"amount": None, "amount_raw": "true", "notes": ["amount_is_no_number"]}),
        ({"paid": None}, {"amount": None, "amount_raw": None, "notes": None}),
        ({"paid": {"x": 1}}, {"amount": None, "amount_raw": '{"x":1}'}),
        ({"who": ["a", 1]}, {"account": '["a",1]'}),
        ({"who": 7}, {"account": "7"}),
    ],
)
def test_json_values_are_read_as_their_text(record, expected):
    found = json_rows(record)["coin_movement"][0]
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/a/b", "deep"),
        ("/list/1", "second"),
        ("/list/9", None),
        ("/list/-", None),
        ("/s~1l/t~0t", "escaped"),
        ("/a/b/c", None),
        ("/a", '{"b":"deep"}'),
        ("plain/key", "slash inside"),
        ("gone", None),
        ("/", "empty"),
    ],
)
def test_pointers(pointer, expected):
    record = {
        "a": {"b": "deep"},
        "list": ["first", "second"],
        "s/l": {"t~t": "escaped"},
        "plain/key": "slash inside",
        "": "empty",
    }
    found = json_rows(record, columns={"account": pointer}, time={"source": "at"})["coin_movement"][0]
    assert found.get("account") == expected


@pytest.mark.parametrize(
    ("parser", "mapping", "reason"),
    [
        (mapped_csv, None, "no mapping was given for this source"),
        (mapped_csv, "format = 'csv'", "no mapping was given for this source"),
        (mapped_csv, {"format": "csv"}, "the mapping lacks the key 'table'"),
        (mapped_csv, {"format": "jsonl", **MAPPING}, "the mapping is one for jsonl"),
        (mapped_jsonl, {"format": "csv", **MAPPING}, "the mapping is one for csv"),
        (mapped_jsonl, None, "no mapping was given for this source"),
    ],
)
def test_without_its_mapping_a_source_is_not_read(parser, mapping, reason):
    found = read(parser, b"a,b\n1,2\n", mapping)
    assert [(row["reason"], row["length"]) for row in found["quarantine"]] == [(reason, 8)]


def test_a_header_that_lacks_a_column_is_told():
    found = csv_rows({"at": "2026-03-04 05:06:07", "type": "pay"})
    assert {row["reason"] for row in found["quarantine"]} == {"no header that this format knows comes before it"}


def test_columns_by_number():
    mapping = {"format": "csv", "table": "login", "header": False, "columns": {"user_name": 2, "pid": "3"}}
    found = read(mapped_csv, b"a,b,7\nc,d,8\ne,f\n", mapping)
    assert [(row["user_name"], row["pid"]) for row in found["login"]] == [("b", 7), ("d", 8)]
    assert found["quarantine"][0]["reason"] == "2 fields where 3 are due"


def test_every_table_can_be_mapped():
    from parsers.mapping.values import reader
    from parsers.schema import EVIDENCE_TABLES, TABLES

    for table in EVIDENCE_TABLES:
        names = [
            field.name
            for field in TABLES[table]
            if reader(field.type) is not None
            and not field.name.startswith(("ts", "time_of"))
            and field.name not in {"source_id", "record", "part", "line", "offset", "length", "extra"}
            and not (field.name.endswith("_raw") and field.name.removesuffix("_raw") in TABLES[table].names)
        ]
        data = ",".join(names) + "\n" + ",".join("7" for _ in names) + "\n"
        mapping = {"table": table, "columns": {name: name for name in names}}
        found = read(mapped_csv, data.encode(), {"format": "csv", **mapping})
        line = json.dumps(dict.fromkeys(names, 7)).encode()
        other = read(mapped_jsonl, line, {"format": "jsonl", **mapping})
        assert set(found[table][0]) >= set(other[table][0]) - {"length"}


@pytest.mark.parametrize("parser", [mapped_csv, mapped_jsonl])
def test_content_alone_never_claims(parser):
    assert parser.recognise(b'{"at": 1}\n', "a.jsonl") == Grade.NONE
    assert parser.recognise(b"at,paid\n", "a.csv") == Grade.NONE


@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=100)
def test_damage_is_contained(seed):
    dice = random.Random(seed)
    line = json.dumps(RECORD).encode()
    data = bytearray(line + b"\n" + line + b"\n" + line + b"\n")
    for _ in range(3):
        at = dice.randrange(len(line), 2 * len(line))
        data[at : at + dice.randrange(3)] = dice.choice([b'"', b"{", b"\0", b"\xff", b"9" * 50, b"", b"\\ud800"])
    found = read(mapped_jsonl, bytes(data), {"format": "jsonl", **MAPPING})
    first = without_place(read(mapped_jsonl, line, {"format": "jsonl", **MAPPING})["coin_movement"][0])
    rows = [without_place(row) for row in found["coin_movement"]]
    assert rows[0] == first
    assert rows[-1] == first


@pytest.mark.parametrize(
    ("paid", "scale", "amount", "note"),
    [
        ("150000000001", -12, "0.150000000001000000", "scaled_by_mapping"),
        ("5e3", -3, "5.000000000000000000", "scaled_by_mapping"),
        ("2", 3, "2000.000000000000000000", "scaled_by_mapping"),
        ("1", -19, None, "amount_not_exact"),
        ("many", -12, None, "amount_is_no_number"),
        ("2", 0, "2.000000000000000000", None),
    ],
)
@pytest.mark.parametrize("rows", [csv_rows, json_rows])
def test_small_units_are_read_as_the_mapping_counts_them(rows, paid, scale, amount, note):
    (row,) = rows(RECORD | {"paid": paid}, columns=COLUMNS | {"amount": {"source": "paid", "scale": scale}})[
        "coin_movement"
    ]
    assert (row.get("amount"), row["amount_raw"]) == (amount, paid)
    assert [each for each in row["notes"] if each != "zone_from_mapping"] == ([note] if note else [])


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(RECORD) + "\n" + json.dumps(RECORD) + "\n",
        json.dumps([RECORD, RECORD]),
        json.dumps([RECORD, RECORD], indent=1),
        json.dumps({"page": 1, "rows": [RECORD, RECORD]}),
        json.dumps({"page": 1, "rows": [RECORD, RECORD]}, indent=1),
        json.dumps({"rows": [RECORD]}) + "\n" + json.dumps({"rows": [RECORD]}) + "\n",
    ],
)
def test_records_stand_in_lines_arrays_and_lists(data):
    found = read(mapped_jsonl, data.encode(), {"format": "jsonl", "list": "rows", **MAPPING})
    assert [(row["record"], row["amount_raw"]) for row in found["coin_movement"]] == [(1, "1.25"), (2, "1.25")]
    assert set(found) == {"coin_movement"}
