"""One payout told by three: the pool's own log, its saved answers, and the wallet. It is counted once, and linked."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.intake import ingest

pytestmark = pytest.mark.slow

HEADER = "blockHeight,epoch,date,direction,amount,atomicAmount,fee,txid,label,subaddrAccount,paymentId,description"


def payouts(small_demo: Path) -> list[dict[str, Any]]:
    lines = (small_demo / "evidence/pool/ledger.jsonl").read_text().splitlines()
    return [entry for entry in map(json.loads, lines) if entry["event"] == "payout"]


def test_a_payout_that_three_sources_tell_counts_once(small_demo: Path, tmp_path: Path) -> None:
    paid = payouts(small_demo)
    answers = [
        {"pt": "pplns", "ts": each["ts"], "amount": int(Decimal(each["amount"]) * 10**12), "txnHash": each["txid"]}
        for each in paid
    ]
    history = [
        f"330{number},{each['ts'] + 120},,in,{each['amount']},,0,{each['txid']},,0,,"
        for number, each in enumerate(paid)
    ]
    given = tmp_path / "later"
    given.mkdir()
    (given / "payments-first").write_text(json.dumps(answers[:1]))
    (given / "payments-then").write_text(json.dumps(answers, indent=1))
    (given / "history").write_text("\n".join([HEADER, *history]) + "\n")
    root = tmp_path / "case"
    shutil.copytree(small_demo / "case", root)
    (before,) = json.loads(Case.open(root).read("incident.json"))["incidents"][0]["assets"]
    ingest(Case.open(root), [given])
    (incident,) = analyze(Case.open(root))["incidents"]
    (after,) = incident["assets"]
    assert after["paid"] == before["paid"] == str(sum(Decimal(each["amount"]) for each in paid).normalize())
    assert (before["received"], after["received"]) == (None, after["paid"])
    assert after["outstanding"] == before["outstanding"]
    received = [link for link in incident["links"] if link["kind"] == "paid_then_received"]
    assert len(received) == len(paid)
    assert {link["to"]["path"] for link in received} == {"history"}
