"""CICFlowMeter: names of every release, days before months, payload and not packets."""

from __future__ import annotations

import json

import pytest

from parsers.assemble import Books, Reading
from parsers.contract import Grade
from parsers.flows import cicflowmeter_csv
from parsers.flows.cicflowmeter_csv import layout_of
from parsers.source import Source

LONG = "Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Total Fwd Packet,Total Bwd packets,"
LONG += "Total Length of Fwd Packet,Total Length of Bwd Packet,Flow Bytes/s,Label"
SHORT = "Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Tot Fwd Pkts,Tot Bwd Pkts,"
SHORT += "TotLen Fwd Pkts,TotLen Bwd Pkts,Flow Byts/s,Label"
PADDED = "Flow ID, Source IP, Source Port, Destination IP, Destination Port, Protocol, Timestamp, Flow Duration,"
PADDED += " Total Fwd Packets, Total Backward Packets,Total Length of Fwd Packets, Total Length of Bwd Packets"
PADDED += ",Flow Bytes/s, Label"
VALUES = [
    "id",
    "10.71.0.50",
    "49152",
    "198.51.100.23",
    "3333",
    "6",
    "23/11/2026 03:31:33 PM",
    "5000000",
    "6",
    "5",
    "400",
]
VALUES += ["900.0", "NaN", "Miner"]
NAMES = [
    "id",
    "src",
    "sport",
    "dst",
    "dport",
    "proto",
    "time",
    "duration",
    "fwd",
    "bwd",
    "flen",
    "blen",
    "rate",
    "label",
]


def line(**fields: str) -> str:
    return ",".join((dict(zip(NAMES, VALUES, strict=True)) | fields).values()) + "\n"


def read(text: str) -> tuple[Books, dict[str, list[dict]]]:
    reading = Reading(Source.of_bytes(text.encode(), "x"), cicflowmeter_csv)
    rows: dict[str, list[dict]] = {}
    for table, batch in reading.batches():
        rows.setdefault(table, []).extend(batch.to_pylist())
    assert reading.books.stream_bytes == len(text.encode())
    return reading.books, rows


def one(header: str = LONG, **fields: str) -> dict:
    _, rows = read(f"{header}\n{line(**fields)}")
    (row,) = rows["flow"]
    return row


@pytest.mark.parametrize("header", [LONG, SHORT, PADDED])
def test_the_names_of_every_release(header):
    row = one(header)
    found = [
        row[key]
        for key in ("src_address", "src_port", "dst_address", "dst_port", "protocol", "src_packets", "dst_packets")
    ]
    assert found == ["10.71.0.50", 49152, "198.51.100.23", 3333, 6, 6, 5]
    assert [row[key] for key in ("src_payload_bytes", "dst_payload_bytes", "src_bytes", "bytes_layer")] == [
        400,
        900,
        None,
        None,
    ]
    assert (row["ts"], row["ts_local"].isoformat(), row["duration_us"]) == (None, "2026-11-23T15:31:33", 5_000_000)
    assert json.loads(row["extra"])["Label"] == "Miner"


@pytest.mark.parametrize(
    ("text", "local", "precision", "noted"),
    [
        ("23/11/2026 12:00:01 AM", "2026-11-23T00:00:01", 1_000_000, False),
        ("23/11/2026 12:00:01 PM", "2026-11-23T12:00:01", 1_000_000, False),
        ("03/04/2026 01:02:03 AM", "2026-04-03T01:02:03", 1_000_000, False),
        ("7/7/2017 3:30", "2017-07-07T03:30:00", 60_000_000, True),
        ("7/7/2017 15:30", "2017-07-07T15:30:00", 60_000_000, False),
        ("23/11/2026 08:31:01", "2026-11-23T08:31:01", 1_000_000, True),
        ("2026-11-23 15:31:33.5", "2026-11-23T15:31:33.500000", 100_000, False),
    ],
)
def test_times(text, local, precision, noted):
    row = one(time=text)
    assert (row["ts_local"].isoformat(), row["ts_precision_us"]) == (local, precision)
    assert bool(row["notes"]) == noted


@pytest.mark.parametrize(
    "fields",
    [
        {"time": "31/02/2026 03:31:33 PM"},
        {"time": "23/11/2026 13:31:33 PM"},
        {"time": "soon"},
        {"src": "x"},
        {"dport": "70000"},
        {"proto": "300"},
        {"fwd": "-1"},
        {"flen": "1.5"},
        {"duration": "1.5"},
    ],
)
def test_what_is_not_of_its_column_turns_a_record_down(fields):
    books, _ = read(f"{LONG}\n{line()}{line(**fields)}")
    assert (books.records, books.quarantined) == (1, 1)


def test_protocols_without_ports_have_none():
    row = one(proto="1", sport="0", dport="8")
    assert (row["src_port"], row["dst_port"]) == (None, None)
    extra = json.loads(row["extra"])
    assert (extra.get("src_port"), extra["dst_port"]) == (None, "8")


def test_a_duration_below_zero_is_none():
    row = one(duration="-1")
    assert (row["duration_us"], row["ts_end_local"]) == (None, None)
    assert json.loads(row["extra"])["Flow Duration"] == "-1"


def test_a_name_that_comes_twice_keeps_both_values():
    _, rows = read(f"{LONG},Fwd Header Length,Fwd Header Length\n{line()[:-1]},40,41\n")
    extra = json.loads(rows["flow"][0]["extra"])
    assert (extra["Fwd Header Length"], extra["Fwd Header Length 2"]) == ("40", "41")


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (LONG, True),
        (LONG.replace("Timestamp", "When"), False),
        (LONG.replace("Label", "Src IP"), False),
        ("Src IP,Dst IP", False),
    ],
)
def test_recognition(header, known):
    assert (layout_of(tuple(header.split(","))) is not None) == known
    assert (cicflowmeter_csv.recognise(f"{header}\n".encode(), "x") == Grade.STRONG) == known


@pytest.mark.shared
def test_the_published_columns(shared):
    rows = (shared / "data/netflow/cicflowmeter/columns.tsv").read_text().splitlines()[1:]
    names = [row.split("\t")[1] for row in rows]
    assert len(names) == 84
    layout = layout_of(tuple(names))
    assert layout is not None
    assert len(layout.places) == len(cicflowmeter_csv.NAMES)
