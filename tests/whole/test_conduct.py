"""What the document says of conduct, on the built-in case and its benign twin: policies, controls, drives, reversal."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.demo.suite.catalogue import write_suite
from forensics.intake import Options, ingest
from forensics.reporting import write_report

Document = dict[str, Any]


@pytest.fixture(scope="module")
def plain(small_demo: Path) -> tuple[Document, Document]:
    """The documents of the incident and of its twin as the demo leaves them."""
    return _read(small_demo / "case"), _read(small_demo / "twin/case")


def _read(case: Path) -> Document:
    found: Document = json.loads((case / "incident.json").read_bytes())
    return found


def test_acts_are_held_against_the_policy(plain: tuple[Document, Document], small_demo: Path) -> None:
    pytest.importorskip("cedarpy", reason="the extra `policy` is not installed")
    policy = plain[0]["policy"]
    assert policy["errors"] == []
    chain = policy["chain_acts"]
    assert (chain["allowed"], chain["prohibited"]) == (0, 6)
    assert chain["share_unspecified"] == round(chain["unspecified"] / chain["total"], 3)
    assert policy["gap"]["prohibited_only_if_meant"] == 1
    by = {entry["act"]["summary"].split()[0]: entry["by"] for entry in policy["prohibited"] if len(entry["by"]) == 1}
    assert by["ssh"] == ["no-way-in"]
    assert by["mkdir"] == ["only-in-work"]
    assert all(entry["in_chain"] for entry in policy["prohibited"])
    assert "left unspecified" in (small_demo / "case/report/index.html").read_text("utf-8")


def test_the_twin_did_nothing_prohibited(plain: tuple[Document, Document]) -> None:
    pytest.importorskip("cedarpy", reason="the extra `policy` is not installed")
    policy = plain[1]["policy"]
    assert policy["prohibited"] == []
    assert policy["acts"]["unspecified"] == 1
    assert "api.models.example" in policy["unspecified"][0]["act"]["summary"]
    assert policy["chain_acts"]["total"] == 0
    assert policy["gap"]["acts"] == 0


def test_a_case_without_its_policy_says_so(small_demo: Path, tmp_path: Path) -> None:
    shutil.copytree(small_demo / "twin/case", tmp_path / "case")
    (tmp_path / "case/policy.cedar").unlink()
    document = analyze(Case.open(tmp_path / "case"))
    assert document["policy"] == {"judged": False, "why": "the case holds no policy"}
    assert "the case holds no policy" in write_report(Case.open(tmp_path / "case")).read_text("utf-8")


def _controls(document: Document) -> dict[str, Document]:
    (incident,) = document["incidents"]
    return {control["control"]: control for control in incident["controls"]}


def test_each_control_is_replayed(plain: tuple[Document, Document]) -> None:
    found = _controls(plain[0])
    assert {name: control["stages"] for name, control in found.items()} == {
        "behaviour_detection": ["egress"],
        "budget_cap": [],
        "command_allow_list": ["exploration"],
        "egress_allow_list": ["exploration"],
        "name_or_port_block": ["mining"],
        "sandbox_without_network": ["exploration"],
    }
    assert all(control["replayed"] for control in found.values())


def test_a_control_that_stops_later_leaves_less_to_come(plain: tuple[Document, Document]) -> None:
    found = _controls(plain[0])
    late, early = found["behaviour_detection"], found["name_or_port_block"]
    assert late["lead"]["at_most"] < early["lead"]["at_least"]
    assert float(late["cost_after"][0]["amount"]) < float(early["cost_after"][0]["amount"])
    assert late["coins_after"] == [{"asset": "XMR", "amount": plain[0]["incidents"][0]["assets"][0]["paid"]}]
    assert found["budget_cap"]["first_stopped"] is None
    assert found["budget_cap"]["cost_after"] == []


def test_false_stops_are_counted_and_cited(plain: tuple[Document, Document]) -> None:
    found = _controls(plain[0])
    assert found["egress_allow_list"]["false_stops_before"] == 0
    (wrong,) = found["sandbox_without_network"]["false_stops"]
    assert "jobs.corp.example" in wrong["summary"]
    assert "persistence" in found["sandbox_without_network"]["stages_unseen"]
    for control in found.values():
        assert len(control["false_stops"]) == min(control["false_stops_before"], 5)


def test_the_twin_has_nothing_to_replay_controls_over(plain: tuple[Document, Document], small_demo: Path) -> None:
    assert plain[1]["incidents"] == []
    page = (small_demo / "twin/case/report/index.html").read_text("utf-8")
    assert "There is no incident to replay controls over." in page
    assert "Sandbox without a network" in (small_demo / "case/report/index.html").read_text("utf-8")


def test_drives_are_answered_with_evidence_or_coverage(plain: tuple[Document, Document]) -> None:
    (incident,) = plain[0]["incidents"]
    answers = {entry["drive"]: entry["answer"] for entry in incident["drives"]}
    assert answers == {
        "resource_acquisition": "yes",
        "self_preservation": "yes",
        "goal_integrity": "no",
        "cognitive_enhancement": "no",
    }
    for entry in incident["drives"]:
        assert (entry["answer"] == "yes") == bool(entry["evidence"])
        assert entry["coverage"] == 1.0
    assert incident["drives_not_assessed"] == ["deception", "sandbagging"]


def test_what_was_left_behind_is_told(plain: tuple[Document, Document]) -> None:
    reversal = plain[0]["incidents"][0]["reversal"]
    assert reversal["acts"] == reversal["reversible"] + reversal["compensable"] + reversal["irreversible"]
    undone = {entry["stage"]: entry["undone_by"] for entry in reversal["entries"]}
    assert undone["persistence"] is None
    assert "ssh -f -N -R" in undone["egress"]["summary"]
    assert undone["mining"]["summary"].startswith("pkill")
    assert undone["accumulation"]["table"] == "custody_action"


def test_no_loop_is_said_aloud_and_measured(plain: tuple[Document, Document], small_demo: Path) -> None:
    loop = plain[0]["incidents"][0]["feedback_loop"]
    assert (loop["seen"], loop["spends"], loop["rounds"], loop["growth"]) == (False, 1, 0, None)
    assert loop["gains"] == [{"asset": "XMR", "gathered": "0.02148", "put_to_use": "0.009", "share": "0.419"}]
    assert loop["coverage"] == 1.0
    page = (small_demo / "case/report/index.html").read_text("utf-8")
    assert "No feedback loop was seen" in page
    assert "whose conduct could be looked at" in (small_demo / "twin/case/report/index.html").read_text("utf-8")


WORDS = """
title: A miner is named
id: 00000000-0000-4000-8000-00000000000a
author: Somebody Else
logsource: {product: linux, category: process_creation}
detection:
    s:
        CommandLine|contains: 'XMRIG'
    condition: s
level: critical
"""


def test_rules_of_others_alert_and_open_nothing(
    small_demo: Path, plain: tuple[Document, Document], tmp_path: Path
) -> None:
    pytest.importorskip("sigma", reason="the extra `sigma` is not installed")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/words.yml").write_text(WORDS, encoding="utf-8")
    shutil.copytree(small_demo / "twin/case", tmp_path / "case")
    document = analyze(Case.open(tmp_path / "case"), rules=tmp_path / "rules")
    sigma = document.pop("sigma")
    (hit,) = sigma["hits"]
    assert (hit["title"], hit["author"], hit["level"]) == ("A miner is named", "Somebody Else", "critical")
    assert hit["records"] >= len(hit["evidence"]) > 0
    assert all(reference["path"] for reference in hit["evidence"])
    without = {key: value for key, value in plain[1].items() if key != "sigma"}
    assert document == without
    assert document["verdict"]["state"] == "no_incident"
    page = write_report(Case.open(tmp_path / "case")).read_text("utf-8")
    assert "Somebody Else" in page
    told = (tmp_path / "case/custody.jsonl").read_text("utf-8")
    assert sigma["sha256"] in told


@pytest.mark.shared
def test_published_rules_find_the_incident_and_not_the_twin(small_demo: Path, tmp_path: Path, shared: Path) -> None:
    pytest.importorskip("sigma", reason="the extra `sigma` is not installed")
    found = {}
    for name in ("case", "twin/case"):
        target = tmp_path / name.replace("/", "-")
        shutil.copytree(small_demo / name, target)
        sigma = analyze(Case.open(target), rules=shared / "data/analysis/rules_sigma")["sigma"]
        assert sigma["ran"] == 33
        found[name] = {hit["title"] for hit in sigma["hits"]}
    assert {"Linux Crypto Mining Indicators", "Monero Crypto Coin Mining Pool Lookup"} <= found["case"]
    assert found["twin/case"] == set()


def test_without_rules_nothing_of_them_is_said(plain: tuple[Document, Document]) -> None:
    assert [document["sigma"] for document in plain] == [None, None]


def test_an_incident_that_is_not_the_agents_says_nothing_of_its_drives(tmp_path: Path) -> None:
    write_suite(tmp_path / "suite", ["operator_by_hand", "supply_chain"], 1)
    for family in ("operator_by_hand", "supply_chain"):
        made = tmp_path / "suite" / family / "00"
        case = tmp_path / family
        ingest(Case.create(case), [made / "evidence"], Options(workers=1))
        (incident,) = analyze(Case.open(case))["incidents"]
        assert incident["attribution"][0]["hypothesis"] != "agent"
        assert {entry["answer"] for entry in incident["drives"]} == {"unknown"}
        assert all(entry["evidence"] == [] for entry in incident["drives"])


def test_a_loop_that_goes_round_is_counted_and_cited(tmp_path: Path) -> None:
    write_suite(tmp_path / "suite", ["respend_loop"], 1)
    ingest(Case.create(tmp_path / "case"), [tmp_path / "suite/respend_loop/00/evidence"], Options(workers=1))
    (incident,) = analyze(Case.open(tmp_path / "case"))["incidents"]
    loop = incident["feedback_loop"]
    assert (loop["seen"], loop["rounds"], loop["basis"]) == (True, 1, "order")
    assert loop["capacity"][0]["new_place"] is not None
    assert len(loop["evidence"]) == 3
    assert loop["growth_why"] == "not estimable below 3 rounds"
