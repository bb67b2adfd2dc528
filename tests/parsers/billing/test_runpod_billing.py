"""RunPod: what was billed for which pod, endpoint or volume."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.billing import runpod_billing
from parsers.contract import Grade
from parsers.source import Source

PLAIN = {"amount": 1.5, "time": "2026-03-01T09:00:00Z", "timeBilledMs": 1000}


@pytest.mark.parametrize("resource", ["podId", "endpointId", "networkVolumeId"])
def test_whatever_was_billed_is_the_resource(resource: str):
    data = json.dumps([PLAIN | {resource: "r-1"}]).encode()
    row = golden.rows_of(golden.tables_of(Source.of_bytes(data), runpod_billing)[1]["charge"])[0]
    assert (row["resource_id"], row["billed_cost_raw"], row["consumed_unit"]) == ("r-1", "1.5", "ms")
    assert "ts_end" not in row


@pytest.mark.parametrize(
    ("value", "grade"), [([PLAIN | {"podId": "p"}], Grade.STRONG), ([PLAIN], Grade.NONE), ({"podId": 1}, Grade.NONE)]
)
def test_recognition(value: Any, grade: Grade):
    assert runpod_billing.recognise(json.dumps(value).encode(), "x") == grade
