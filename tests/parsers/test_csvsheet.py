"""CSV files with headers: the same tables whatever the blocks and cutters; damage stays where it is."""

from __future__ import annotations

import random
from typing import Any

import golden
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers import csvsheet, csvtext
from parsers.billing import aws_cur_csv, focus_csv
from parsers.contract import Block, Parsed, Reject, Structure
from parsers.flows import argus_csv, aws_vpc_flow, nfdump_csv
from parsers.recovery import ledger_csv
from parsers.source import Source

PARSERS = {
    parser.FORMAT.name: parser for parser in (aws_cur_csv, aws_vpc_flow, focus_csv, argus_csv, nfdump_csv, ledger_csv)
}
SAMPLES = [(name, sample) for name in PARSERS for sample in golden.samples(golden.DATA / name)]
FOCUS_HEADER = b"BilledCost,BillingCurrency,BillingAccountId,ChargePeriodStart,ChargePeriodEnd\n"
OTHER_HEADER = b"BillingCurrency,BilledCost,BillingAccountId,ChargePeriodStart,ChargePeriodEnd\n"
WIDER_HEADER = b"BilledCost,BillingCurrency,BillingAccountId,ChargePeriodStart,ChargePeriodEnd,Tags\n"
SUMMARY = b"Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n1,2,3,4,5,6\n"
FLOW_HEADER = b"firstSeen,duration,proto,srcAddr,dstAddr,bytes\n"


def charge(cost: str) -> bytes:
    return f"{cost},USD,a,2026-03-04T05:00:00Z,2026-03-04T06:00:00Z\n".encode()


def flow(number: int) -> bytes:
    return f"2026-03-04 05:06:07.000,1.000,TCP,192.0.2.{number},198.51.100.1,{number}\n".encode()


def rows(parser, data: bytes, table: str) -> list[dict[str, Any]]:
    _, tables = golden.tables_of(Source.of_bytes(data), parser)
    return golden.rows_of(tables[table]) if table in tables else []


def reading(parser, data: bytes, block: int, *, careful: bool) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csvtext, "BLOCK_BYTES", block)
        if careful:
            patch.setattr(csvtext, "_cut_block", lambda *_, **__: None)
        return golden.golden(Source.of_bytes(data), parser)


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
@pytest.mark.parametrize(("block", "careful"), [(64, False), (64, True), (777, False), (4 << 20, True)])
def test_blocks_and_cutters_do_not_show(name, sample, block, careful):
    data = (golden.DATA / name / sample).read_bytes()
    assert reading(PARSERS[name], data, block, careful=careful) == reading(PARSERS[name], data, 4 << 20, careful=False)


@given(seed=st.integers(0, 2**32), which=st.sampled_from(SAMPLES), block=st.sampled_from([50, 300, 2000]))
@settings(deadline=None, max_examples=150)
def test_blocks_and_cutters_do_not_show_on_damaged_files(seed, which, block):
    name, sample = which
    data = bytearray((golden.DATA / name / sample).read_bytes() * 2)
    dice = random.Random(seed)
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(data))
        data[at : at + dice.randrange(3)] = dice.choice([b'"', b"\n", b",", b"\r", b"\0", b"\xff", b'",', b"", b"\r\n"])
    whole = reading(PARSERS[name], bytes(data), 4 << 20, careful=False)
    assert reading(PARSERS[name], bytes(data), block, careful=bool(seed & 1)) == whole


@pytest.mark.parametrize("damage", [b"x", b'"', b'a"b', b"\xff\xfe", b"\0", b",", b"\n", b"\r", b'"\n"', b"9" * 300])
def test_rows_away_from_the_damage_are_unchanged(damage):
    lines = [charge(f"{number}.5") for number in range(300)]
    sound = rows(focus_csv, FOCUS_HEADER + b"".join(lines), "charge")
    at = 150
    broken = [*lines[:at], lines[at][:20] + damage + lines[at][20:], *lines[at + 1 :]]
    found = rows(focus_csv, FOCUS_HEADER + b"".join(broken), "charge")
    places = {"record", "line", "offset", "length"}
    strip = [{key: value for key, value in row.items() if key not in places} for row in sound]
    kept = [{key: value for key, value in row.items() if key not in places} for row in found]
    assert kept[:at] == strip[:at]
    assert kept[-(len(lines) - at - 1) :] == strip[at + 1 :]


def test_files_laid_end_to_end_have_headers_in_the_middle():
    data = (
        FOCUS_HEADER
        + charge("1")
        + FOCUS_HEADER
        + charge("2")
        + OTHER_HEADER
        + b"EUR,3,a,2026-03-04,2026-03-05\n"
        + WIDER_HEADER
        + b'4,USD,a,2026-03-04,2026-03-05,"{""k"":1}"\n'
        + charge("5")
    )
    found = rows(focus_csv, data, "charge")
    assert [(row["record"], row["billed_cost_raw"], row["billing_currency"]) for row in found] == [
        (1, "1", "USD"),
        (2, "2", "USD"),
        (3, "3", "EUR"),
        (4, "4", "USD"),
    ]
    assert found[3]["tags"] == '{"k":1}'
    assert [row["reason"] for row in rows(focus_csv, data, "quarantine")] == ["5 fields where 6 are due"]


def test_too_many_new_headers_are_no_headers(monkeypatch):
    monkeypatch.setattr(csvsheet, "MAX_CHANGED_HEADERS", 3)
    data = (FOCUS_HEADER + charge("1") + OTHER_HEADER + b"EUR,2,a,2026-03-04,2026-03-05\n") * 3
    assert len(rows(focus_csv, data, "charge")) + len(rows(focus_csv, data, "quarantine")) > 6
    golden.tables_of(Source.of_bytes(data), focus_csv)


def test_many_records_between_new_headers_are_all_read():
    data = b"".join(
        FOCUS_HEADER + charge("1") * 700 + OTHER_HEADER + b"EUR,2,a,2026-03-04,2026-03-05\n" * 900 for _ in range(3)
    )
    assert [row["billed_cost_raw"] for row in rows(focus_csv, data, "charge")] == (["1"] * 700 + ["2"] * 900) * 3


@pytest.mark.parametrize("block", [40, 4 << 20])
def test_a_trailer_is_structure_wherever_it_is_cut(block, monkeypatch):
    monkeypatch.setattr(csvtext, "BLOCK_BYTES", block)
    data = FLOW_HEADER + flow(1) + SUMMARY + FLOW_HEADER + flow(2) + b"Summary\n" + flow(3) + b"flows,bytes\n"
    assert [row["src_bytes"] for row in rows(nfdump_csv, data, "flow")] == [1, 2, 3]
    assert [row["reason"] for row in rows(nfdump_csv, data, "quarantine")] == ["2 fields where 6 are due"]


def test_without_a_known_header_nothing_is_read_and_nothing_lost():
    data = b"a,b\n\n1,2\n" + FOCUS_HEADER + charge("1")
    assert [row["reason"] for row in rows(focus_csv, data, "quarantine")] == [csvsheet.NO_HEADER] * 2
    assert [row["record"] for row in rows(focus_csv, data, "charge")] == [3]


def test_items_follow_each_other():
    data = b"\xef\xbb\xbf" + FOCUS_HEADER + charge("1") + b"\n" + charge("x") + charge("2")
    items = list(focus_csv.read(Source.of_bytes(data)))
    assert [type(item) for item in items] == [Structure, Structure, Block, Structure, Reject, Block]
    assert [item.offset for item in items if isinstance(item, Structure | Block)] == [0, 3, 81, 131, 182]


def test_records_without_a_row_are_no_part_of_a_block():
    header = b"StartTime,Proto,SrcAddr,Dir,DstAddr,TotBytes\n"
    data = header + b"16:52:34,man,0,,0,0\n16:52:35,tcp,192.0.2.1,   ->,192.0.2.2,60\n"
    items = list(argus_csv.read(Source.of_bytes(data)))
    assert [type(item) for item in items] == [Structure, Parsed, Block]


def test_batches_can_be_written(tmp_path):
    from parsers.assemble import Reading
    from parsers.tables import PartWriter

    source = Source.of_bytes(FOCUS_HEADER + charge("1") * 3 + charge("x") + charge("2"))
    with PartWriter(tmp_path / "part.parquet", "charge") as writer:
        for table, batch in Reading(source, focus_csv).batches():
            if table == "charge":
                writer.write(batch)
    assert writer.rows == 4


@pytest.mark.shared
def test_nothing_else_in_the_reference_evidence_is_claimed(shared):
    claimed = {
        path.relative_to(shared / "data").parts[0:2]
        for path in sorted((shared / "data").rglob("*"))
        if path.is_file()
        for parser in PARSERS.values()
        if parser.recognise(path.open("rb").read(65_536), "intake/0001")
    }
    assert claimed == {
        ("billing_and_assets", "aws_cur"),
        ("billing_and_assets", "focus"),
        ("billing_and_assets", "focus_generated"),
        ("billing_and_assets", "koku"),
        ("lab", "incident-a"),
        ("netflow", "argus_binetflow"),
        ("netflow", "aws_vpcflow"),
        ("netflow", "ocsf"),
    }
