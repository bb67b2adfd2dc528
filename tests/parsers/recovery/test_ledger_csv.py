"""The recovery ledger: names and actions in the spellings that responders use."""

from __future__ import annotations

from typing import Any

import golden
import pytest

from parsers.contract import Grade
from parsers.recovery import ledger_csv
from parsers.source import Source

PLAIN = {"time": "2026-03-05T10:00:00Z", "action": "confirmed", "asset": "XMR", "amount": "1.25"}


def tables(**cells: str) -> dict[str, list[dict[str, Any]]]:
    record = PLAIN | cells
    quoted = ['"' + text.replace('"', '""') + '"' for text in record.values()]
    _, found = golden.tables_of(Source.of_bytes(f"{','.join(record)}\n{','.join(quoted)}\n".encode()), ledger_csv)
    return {name: golden.rows_of(table) for name, table in found.items()}


def act(**cells: str) -> dict[str, Any]:
    return tables(**cells)["custody_action"][0]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, {"ts": "2026-03-05T10:00:00.000000Z", "ts_local": None, "kind": "confirmed", "notes": None}),
        ({}, {"asset": "XMR", "amount": "1.250000000000000000", "amount_raw": "1.25"}),
        ({"time": "2026-03-05T11:00:00+01:00"}, {"ts": "2026-03-05T10:00:00.000000Z"}),
        (
            {"time": "2026-03-05 10:00"},
            {"ts": None, "ts_local": "2026-03-05T10:00:00.000000", "ts_precision_us": 60_000_000},
        ),
        ({"time": "noon"}, {"ts": None, "notes": ["time_unreadable"], "extra": '{"time":"noon"}'}),
        ({"time": ""}, {"ts": None, "notes": None}),
        ({"action": "Transfer to  custody"}, {"kind": "transfer_to_custody", "notes": None}),
        ({"action": "HANDED-OVER"}, {"kind": "handed_over", "notes": None}),
        ({"action": "Burned The Disk"}, {"kind": "Burned The Disk", "notes": ["action_unknown"]}),
        ({"action": ""}, {"kind": None, "notes": None}),
        ({"amount": "1,25"}, {"amount": None, "amount_raw": "1,25", "notes": ["amount_is_no_number"]}),
        ({"amount": "0.0000000000000000001"}, {"amount": None, "notes": ["amount_not_exact"]}),
        ({"fee": "1 XMR", "amount": "x"}, {"fee_raw": "1 XMR", "notes": ["amount_is_no_number"]}),
        ({"TX Hash": "aa", "From-Address": " A ", "recipient": "B"}, {"transaction_id": "aa", "from_address": "A"}),
        (
            {"recipient": "B", "By": "me", "second_person": "you", "Warrant": "w 1"},
            {"to_address": "B", "authority": "w 1"},
        ),
        ({"Remarks": "  as it stands "}, {"text": "  as it stands "}),
        ({"prev_hash": "00ff"}, {"extra": '{"prev_hash":"00ff"}'}),
    ],
)
def test_values(cells, expected):
    found = act(**cells)
    assert {key: found.get(key) for key in expected} == expected


def test_a_header_may_say_that_times_are_utc():
    data = b"Date time UTC;Act;Coin;Tx\n2026-03-05 10:00:00;identified;XMR;aa\n"
    data = data.replace(b"Date time UTC", b"DateTime-UTC")
    _, found = golden.tables_of(Source.of_bytes(data), ledger_csv)
    row = golden.rows_of(found["custody_action"])[0]
    assert (row["ts"], row["notes"]) == ("2026-03-05T10:00:00.000000Z", ["zone_from_header"])


def test_empty_lines_of_a_spreadsheet_make_no_row():
    books, found = golden.tables_of(
        Source.of_bytes(b"time,action,asset,amount\n, ,,\n2026-03-05,confirmed,XMR,1\n"), ledger_csv
    )
    assert (books.records, found["custody_action"].num_rows) == (2, 1)


@pytest.mark.parametrize(
    ("head", "grade"),
    [
        (b"time,action,asset,amount\n", Grade.PROBABLE),
        (b"time,action,asset,txid\n2026-03-05,bought,XMR,aa\n", Grade.PROBABLE),
        (b"time,action,asset,txid\n2026-03-05,bought,XMR,aa\n2026-03-05,Control obtained,XMR,aa\n", Grade.STRONG),
        (b"When\tStep\tCoin\tTX\nx\tidentified\tXMR\taa\n", Grade.STRONG),
        (b"time,action,asset,network\n", Grade.NONE),
        (b"time,asset,amount,txid\n", Grade.NONE),
        (b"time,action,asset,amount,date\n", Grade.NONE),  # which of the two is the time?
        (b"txid,refid,time,type,subtype,aclass,asset,amount,fee,balance\n", Grade.NONE),  # an exchange's ledger
        (b"UTC_Time,Account,Operation,Coin,Change\n", Grade.NONE),
        (b"time,action,asset,amount\n,", Grade.PROBABLE),
    ],
)
def test_recognition(head, grade):
    assert ledger_csv.recognise(head, "x.csv") == grade
