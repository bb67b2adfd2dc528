"""What to collect next: why each kind is asked for, and when it is not."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from forensics.cli import run
from forensics.collecting import kinds, wanted
from forensics.document.episodes import STAGES
from parsers.formats import all_parsers

HYPOTHESES = {
    "agent",
    "operator",
    "intruder",
    "sanctioned_workload",
    "supply_chain",
    "look_alike_load",
    "planted_test",
    "unknown",
}
SHOWN = {"basis": "shown", "strength": "C5"}


def stage(name: str, day: str = "2026-03-11", **fields: Any) -> dict[str, Any]:
    moment = f"{day}T10:00:00.000000Z"
    return {"stage": name, "first": moment, "last": moment, **SHOWN, **fields}


def source(form: str, first: str = "2026-03-01", last: str = "2026-03-31", **fields: Any) -> dict[str, Any]:
    ends = {"first": f"{first}T00:00:00.000000Z", "last": f"{last}T00:00:00.000000Z"}
    return {"path": f"a/{form}", "format": form, "rows": {"transcript": 1}, **ends, **fields}


def document(
    stages: list[dict[str, Any]], *sources: dict[str, Any], agent: float = 0.95, **fields: Any
) -> dict[str, Any]:
    rivals = [
        {"hypothesis": "agent", "probability": agent},
        {"hypothesis": "intruder", "probability": round(1 - agent, 3)},
    ]
    incident = {"id": "I1", "agents": [], "pools": [], "wallets": [], "stages": stages, "attribution": rivals}
    return {"incidents": [incident], "sources": list(sources), "gaps": [], "absences": [], **fields}


def asked(found: dict[str, Any], word: str) -> tuple[str, ...]:
    return next((item.why for item in wanted(found) if word in item.kind.kind), ())


WHOLE = [stage(name) for name in STAGES]


def test_kinds_name_formats_stages_and_hypotheses_that_there_are() -> None:
    for kind in kinds():
        assert set(kind.formats) <= all_parsers().keys()
        assert set(kind.settles) <= set(STAGES)
        assert set(kind.tells) <= HYPOTHESES
        assert kind.holder
        assert kind.basis
        assert kind.when
    assert len({kind.kind for kind in kinds()}) == len(kinds())


def test_nothing_is_asked_for_where_nothing_is_open() -> None:
    assert wanted(document(WHOLE, source("auditd"), source("cloudtrail"))) == []


@pytest.mark.parametrize(
    ("found", "word", "reason"),
    [
        (document([]), "audit log", "I1: stage mining is not in evidence"),
        (document([stage("mining", strength="C3")]), "audit log", "I1: stage mining rests on C3"),
        (document([*WHOLE[1:], stage("decision", basis="inferred")]), "provider", ""),
        (document(WHOLE, agent=0.6), "shell histories", "not decided between agent and intruder"),
        (document(WHOLE, source("auditd", first="2026-03-12")), "audit log", "begins on 2026-03-12"),
        (document(WHOLE, source("auditd", last="2026-03-10")), "audit log", "ends on 2026-03-10"),
        (document(WHOLE, source("auditd"), gaps=[{"what": "a/auditd: lost"}]), "audit log", "a/auditd: lost"),
        (
            document(WHOLE, absences=[{"claim": "no mining is in evidence", "coverage": 0.333}]),
            "network sensor",
            "covered for 33 %",
        ),
    ],
)
def test_each_line_says_why(found, word, reason) -> None:
    if reason:
        assert any(reason in why for why in asked(found, word))
    else:
        assert asked(found, word)


def test_a_gap_of_one_source_is_not_told_of_another() -> None:
    found = document(WHOLE, source("auditd"), gaps=[{"what": "a/auditd.1: lost"}])
    assert wanted(found) == []


@pytest.mark.parametrize("word", ["Azure", "Google Cloud audit", "pool's answers", "container output"])
def test_only_what_the_case_points_at_is_asked_for(word) -> None:
    assert asked(document([], source("guardduty")), word) == ()
    assert asked(document([], source("guardduty")), "CloudTrail")


def test_what_goes_first_comes_first_and_no_clock_is_asked() -> None:
    items = wanted(document([stage("mining", strength="C3")], source("guardduty")))
    dated = [item.before for item in items if item.before]
    assert dated == sorted(dated)
    assert [item.before is None for item in items] == sorted(item.before is None for item in items)
    trail = next(item for item in items if "event history" in item.kind.kind)
    assert (trail.begins, trail.before) == (date(2026, 3, 11), date(2026, 6, 9))


def test_without_a_time_no_day_is_made_up() -> None:
    empty = source("guardduty") | {"first": None, "last": None}
    assert {item.before for item in wanted(document([], empty))} == {None}


def test_the_command_tells_and_is_deterministic(small_demo: Path, capfd) -> None:
    assert run(["next", str(small_demo / "case"), "--json"]) == 0
    first = capfd.readouterr().out
    assert run(["next", str(small_demo / "case"), "--json"]) == 0
    assert capfd.readouterr().out == first
    assert all(item["why"] and item["from_whom"] for item in json.loads(first))
    assert run(["next", str(small_demo / "case"), "--on", "2026-04-09"]) == 0
    assert "usually gone" not in capfd.readouterr().out
    assert run(["next", str(small_demo / "case"), "--on", "2026-04-10"]) == 0
    assert "usually gone" in capfd.readouterr().out


def test_a_case_without_document_is_refused(tmp_path: Path, capfd) -> None:
    assert run(["init", str(tmp_path / "case")]) == 0
    assert run(["next", str(tmp_path / "case")]) == 2
    assert "forensics analyze" in capfd.readouterr().err
