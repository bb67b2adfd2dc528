"""Traffic with a miner's shape, from the bytes to the report: a lead alone, more where the host agrees, no name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.collecting import wanted
from forensics.demo.suite.catalogue import chosen, make
from forensics.demo.suite.sight import dropped
from forensics.demo.suite.world import World, write_case
from forensics.document.lint import lint
from forensics.intake import ingest
from forensics.reporting import write_report


def _world(family: str, seed: int = 0) -> World:
    (found,) = chosen([family])
    return make(found, seed)


def _analysed(world: World, folder: Path) -> tuple[Case, dict[str, Any]]:
    write_case(world, folder)
    ingest(Case.create(folder / "case", world.settings), [folder / "evidence"])
    document = analyze(Case.open(folder / "case"))
    return Case.open(folder / "case"), document


@pytest.fixture(scope="module")
def unlisted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return _analysed(_world("unlisted_tls"), tmp_path_factory.mktemp("unlisted"))[1]


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, dict[str, Any]]:
    return _analysed(_world("thin_lookalikes"), tmp_path_factory.mktemp("alike"))


def test_traffic_program_and_load_together_show_mining_and_accuse_nobody(unlisted: dict[str, Any]) -> None:
    verdict, (incident,) = unlisted["verdict"], unlisted["incidents"]
    assert (verdict["state"], verdict["incident"], verdict["mining"]) == ("undetermined", False, None)
    assert not verdict["calibrated"]
    (mining,) = (stage for stage in incident["stages"] if stage["stage"] == "mining")
    assert mining["basis"] == "inferred"
    assert {reference["table"] for reference in mining["evidence"]} >= {"flow", "socket_event"}
    assert incident["attribution"][0]["hypothesis"] == "unknown"
    assert incident["likelihood"]["incident"]["ground"] == "behaviour alone"
    assert {agent["role"] for agent in incident["agents"]} == {"witness"}
    assert "behaves like" in " ".join(verdict["why"])


def test_without_the_hosts_load_the_same_traffic_is_a_lead(tmp_path: Path) -> None:
    world = _world("unlisted_tls").seen_less_well(dropped("platform"))
    document = _analysed(world, tmp_path)[1]
    endpoint = next(wire.server for wire in world.story.wires if wire.server.name == wire.server.address)
    found = [lead for lead in document["leads"] if lead["endpoint"]["address"] == endpoint.address]
    assert document["incidents"] == []
    assert [lead["grade"] for lead in found] == ["strong"]
    assert document["verdict"]["mining"] is False


def test_what_only_looks_alike_opens_nothing(alike: tuple[Case, dict[str, Any]]) -> None:
    document = alike[1]
    assert document["incidents"] == []
    assert document["verdict"]["state"] == "no_incident"


def test_a_lead_says_what_else_it_fits_and_points_at_bytes(alike: tuple[Case, dict[str, Any]]) -> None:
    case, document = alike
    assert document["leads"], "the made world keeps up a thin contact with a bare address"
    assert document["leads_total"] == len(document["leads"])
    for lead in document["leads"]:
        assert lead["also_fits"]
        assert lead["evidence"]
        assert "probability" not in lead
    named = [lead for lead in document["leads"] if lead["program"]]
    assert [lead["endpoint"]["name"] for lead in named] != []
    write_report(case)
    page = (case.root / "report/index.html").read_text(encoding="utf-8")
    assert "Leads from the shape of traffic" in page
    assert "they accuse nobody" in page


def test_what_holds_a_connection_is_asked_for(alike: tuple[Case, dict[str, Any]]) -> None:
    document = dict(alike[1])
    document["leads"] = [lead | {"program": None} for lead in document["leads"]]
    document["sources"] = [source for source in document["sources"] if source["format"] != "auditd"]
    why = [reason for item in wanted(document) for reason in item.why]
    assert any(reason.startswith("a lead: which program on ") for reason in why)


def test_the_document_is_sound(unlisted: dict[str, Any], alike: tuple[Case, dict[str, Any]]) -> None:
    for document in (unlisted, alike[1]):
        lint(document)
