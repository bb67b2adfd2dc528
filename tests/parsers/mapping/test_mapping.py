"""Mapping files: checked to the letter, and matched to sources."""

from __future__ import annotations

from typing import Any

import pytest

from parsers.mapping.mapping import MappingFault, load, matches, parse

WHOLE = """
format = "csv"
table = "coin_movement"
delimiter = ";"
decimal_mark = ","
null = ["", "n/a"]

[match]
glob = "*/payouts-*.csv"
header = ["Date", "Paid"]

[time]
source = "Date"
format = "%d.%m.%Y %H:%M"
zone = "Europe/Berlin"

[time_end]
source = "Until"

[columns]
asset = { constant = "XMR" }
amount = "Paid"
kind = { source = "Type", map = { "pay" = "payout" } }
"""


def mapping(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"format": "csv", "table": "login", "columns": {"user_name": "User"}}
    return {key: value for key, value in (base | changes).items() if value is not None}


def test_a_whole_mapping():
    found = load(WHOLE)
    assert (found.format, found.table, found.delimiter, found.decimal_mark) == ("csv", "coin_movement", b";", ",")
    assert found.nulls == {"", "n/a"}
    assert found.sources == {"Date", "Until", "Paid", "Type"}
    assert found.columns["asset"].constant == "XMR"
    assert found.columns["kind"].values == {"pay": "payout"}
    assert str(found.times["time"].clock.zone) == "Europe/Berlin"
    assert found.times["time_end"].clock.zone is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (mapping(format=None), "lacks the key 'format'"),
        (mapping(format="xml"), "format: must be one of csv, jsonl"),
        (mapping(table=None), "lacks the key 'table'"),
        (mapping(table="quarantine"), "no table of evidence called 'quarantine'"),
        (mapping(table=7), "table: must be text"),
        (mapping(colums={}), "unknown key 'colums'"),
        (mapping(columns=None), "nothing is taken from the source"),
        (mapping(columns=["a"]), "columns: must be a section"),
        (mapping(columns={"user": "User"}), "login has no such column"),
        (mapping(columns={"source_id": "User"}), "filled in by the reader"),
        (mapping(columns={"ts": "User"}), "times are mapped under [time]"),
        (mapping(columns={"extra": "User"}), "filled in by the reader"),
        (mapping(columns={"user_name": {"source": "a", "constant": "b"}}), "either a source or a constant"),
        (mapping(columns={"user_name": {}}), "either a source or a constant"),
        (mapping(columns={"user_name": {"source": "a", "zone": "UTC"}}), "unknown key 'zone'"),
        (mapping(columns={"user_name": {"source": "a", "map": {"b": 1}}}), "must lead from text to text"),
        (mapping(columns={"user_name": {"source": ""}}), "must name a column"),
        (mapping(columns={"user_name": True}), "must name a column"),
        (mapping(columns={"pid": {"constant": "seven"}, "tty": "t"}), "'seven' does not fit the column"),
        (mapping(columns={"pid": {"constant": 1.5}, "tty": "t"}), "must be text, a whole number"),
        (mapping(table="charge", columns={"billed_cost_raw": "c"}), "filled in together with billed_cost"),
        (mapping(table="process", columns={"argv": "c"}), "holds lists"),
        (mapping(delimiter=",,"), "delimiter: must be one byte"),
        (mapping(delimiter='"'), "delimiter: must be one byte"),
        (mapping(delimiter="é"), "delimiter: must be one byte"),
        (mapping(delimiter=7), "delimiter: must be one byte"),
        (mapping(header="no"), "header: must be true or false"),
        (mapping(header=False), "columns 1, 2, ..."),
        (mapping(header=False, columns={"tty": 0}), "columns 1, 2, ..."),
        (mapping(header=False, columns={"tty": 999_999_999}), "columns 1, 2, ..."),
        (mapping(decimal_mark="'"), "decimal_mark: must be . or ,"),
        (mapping(null="x"), "null: must be a list of texts"),
        (mapping(match={"globe": "*"}), "[match] has an unknown key 'globe'"),
        (mapping(match={"glob": 7}), "[match] glob: must be text"),
        (mapping(match={"header": "a"}), "[match] header: must be a list"),
        (mapping(time={"format": "iso"}), "[time]: lacks the key 'source'"),
        (mapping(time={"source": "t", "tz": "UTC"}), "[time] has an unknown key 'tz'"),
        (mapping(time={"source": "t", "format": "epoch"}), "neither iso, epoch_s, epoch_ms nor"),
        (mapping(time={"source": "t", "format": 7}), "[time] format: must be text"),
        (mapping(time={"source": "t", "format": "%H:%M"}), "prints no whole date"),
        (mapping(time={"source": "t", "format": "%d %b %H:%M"}), "prints no whole date"),
        (mapping(time={"source": "t", "format": "%Y-%m-%d %Z"}), "has %Z, which is not supported"),
        (mapping(time={"source": "t", "zone": "Mars/Olympus"}), "no time zone called 'Mars/Olympus'"),
        (mapping(time={"source": "t", "zone": "../../etc/passwd"}), "no time zone called"),
        (mapping(time={"source": "t", "zone": "Europe"}), "no time zone called"),
        (mapping(time={"source": "t", "zone": 1}), "[time] zone: must be text"),
        (mapping(list="rows"), "list: must be the name of a member, in JSON"),
        (mapping(format="jsonl", list=7), "list: must be the name of a member, in JSON"),
        (mapping(columns={"user_name": {"source": "a", "scale": 1}}), "unknown key 'scale'"),
        (mapping(table="price", columns={"price": {"source": "a", "scale": "-8"}}), "scale: must be a whole number"),
        (mapping(table="price", columns={"price": {"source": "a", "scale": True}}), "scale: must be a whole number"),
        (mapping(table="price", columns={"price": {"source": "a", "scale": 39}}), "scale: must be a whole number"),
    ],
)
def test_a_slip_is_told(given, message):
    with pytest.raises(MappingFault) as caught:
        parse(given)
    assert message in str(caught.value)


def test_what_is_no_toml_is_told():
    with pytest.raises(MappingFault, match="no TOML"):
        load("format = csv")


@pytest.mark.parametrize(
    ("match", "name", "head", "expected"),
    [
        ({}, "a.csv", b"User\n", False),
        ({"glob": "*.csv"}, "x/a.csv", b"", True),
        ({"glob": "*.csv"}, "x/a.CSV", b"", False),
        ({"header": ["User", "At"]}, "x", b"At,User,More\n", True),
        ({"header": ["User", "At"]}, "x", b'\xef\xbb\xbf\n"At",User', True),
        ({"header": ["User", "At"]}, "x", b"User,More\n", False),
        ({"header": ["User"]}, "x", b"", False),
        ({"header": ["User"]}, "x", b"\xff\xfeU\0s\0", False),
        ({"glob": "*.csv", "header": ["User"]}, "a.txt", b"User\n", False),
        ({"glob": "*.csv", "header": ["User"]}, "a.csv", b"User\n", True),
    ],
)
def test_matching(match, name, head, expected):
    assert matches(parse(mapping(match=match)), name, head) is expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b'{"User": 1, "At": 2}\n', True),
        (b'\xef\xbb\xbf\n \r\n{"At":1,"User":{}}\n{}', True),
        (b'{"User": 1}\n', False),
        (b'{"User": 1, "At"', False),
        (b"[1]\n", False),
        (b"", False),
        (b"\xff\n", False),
    ],
)
def test_matching_json_lines(head, expected):
    found = parse(mapping(format="jsonl", match={"header": ["User", "At"]}))
    assert matches(found, "x", head) is expected
