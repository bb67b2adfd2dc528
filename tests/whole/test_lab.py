"""The lab incident, captured by real sensors: every required act cited, and nothing beside the point."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.demo.check import differences
from forensics.document import lint
from forensics.intake import ingest

pytestmark = [pytest.mark.shared, pytest.mark.xdist_group("lab")]  # its case is made once


@pytest.fixture(scope="module")
def lab(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    case = tmp_path_factory.mktemp("lab") / "case"
    ingest(Case.create(case), [shared / "data/lab/incident-a/evidence"])
    return analyze(Case.open(case))


@pytest.fixture(scope="module")
def truth(shared: Path) -> dict[str, Any]:
    told = json.loads((shared / "data/lab/incident-a/truth.json").read_bytes())
    told["pool"] = {"name": told["pool"]["names"][0], **{key: told["pool"][key] for key in ("address", "port")}}
    return told


def test_the_document_meets_the_truth(lab: dict[str, Any], truth: dict[str, Any]) -> None:
    assert differences(lab, truth) == []


def test_the_document_is_valid(lab: dict[str, Any], shared: Path) -> None:
    schema = json.loads((shared / "contract/incident.schema.json").read_bytes())
    jsonschema.Draft202012Validator(schema).validate(lab)
    assert lint(lab) == []


def test_the_operator_is_not_the_miner(lab: dict[str, Any]) -> None:
    incident = lab["incidents"][0]
    conduct = [s for s in incident["stages"] if s["stage"] not in {"detection", "containment", "recovery"}]
    cited = {ref["path"] for stage in conduct for ref in stage["evidence"]}
    assert "shell/operator.bash_history" not in cited
    assert incident["agents"][0]["session"] == "53b99700-cc0b-4b2e-b7ff-3e8c22645057"


def test_the_tunnel_and_the_host_are_told(lab: dict[str, Any], truth: dict[str, Any]) -> None:
    incident = lab["incidents"][0]
    assert truth["agent_host"] in {address for host in incident["hosts"] for address in host["addresses"]}
    assert "egress" in {stage["stage"] for stage in incident["stages"]}


def test_times_without_zone_or_date_were_placed(lab: dict[str, Any]) -> None:
    """The printed times of nfdump, argus and the miner's log are placed by events that zoned sources saw too."""
    references = [ref for stage in lab["incidents"][0]["stages"] for ref in stage["evidence"]]
    placed = {ref["path"]: ref["ts_basis"] for ref in references if ref["path"].startswith(("network/", "artefacts/"))}
    assert placed["network/argus.csv"] == "clock_corrected"
    assert placed["network/nfdump.csv"] == "clock_corrected"
    assert placed["artefacts/xmrig.log"] == "clock_corrected"
