"""The labelled suite: the same seed makes the same bytes, truths point at lines that are there, cases run end to end.

Nothing here looks at what the analysis concludes of families or wordings that are held out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.cli import run
from forensics.demo.suite.catalogue import FAMILIES, WORDINGS, WORSE, chosen, make, make_worse
from forensics.demo.suite.deeds import STAGES
from forensics.demo.suite.runs import runs_of
from forensics.demo.suite.scoring import score
from forensics.demo.suite.sight import CLASSES, SECOND_DELIVERY, source_of
from forensics.demo.suite.tables import wilson
from forensics.demo.suite.transcripts import path_of
from forensics.demo.suite.truth import truth_of
from forensics.demo.suite.world import write_case, write_world
from forensics.intake import Options, ingest
from parsers import addresses, formats
from parsers.assemble import Reading
from parsers.contract import HEAD_BYTES
from parsers.source import Source

NAMES = [family.name for family in FAMILIES]
WINDOWS = (
    ("constraint", "decision"), ("decision", "mining"), ("mining", "detection"), ("detection", "containment"),
    ("first_deviation", "containment"),
)  # fmt: skip


def digest(folder: Path) -> str:
    names = sorted(path for path in folder.rglob("*") if path.is_file())
    told = [f"{path.relative_to(folder)}\n".encode() + path.read_bytes() for path in names]
    return hashlib.sha256(b"".join(told)).hexdigest()


def places(truth: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for expected in truth["stages"].values():
        yield from expected["accept"]
        for group in expected["must"]:
            yield from group
    for link in truth["links"]:
        yield from (*link["from"], *link["to"])


def test_there_are_enough_families_and_a_quarter_is_held_out() -> None:
    incidents = [family for family in FAMILIES if family.incident]
    rivals = [family for family in FAMILIES if not family.incident]
    assert len(incidents) >= 24
    assert len(rivals) >= 22
    for kind in (incidents, rivals):
        assert 0.2 <= sum(family.held_out for family in kind) / len(kind) <= 0.3
    assert [make(FAMILIES[0], seed).wording_held_out for seed in range(4)] == [False, False, False, True]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_makes_the_same_bytes(name: str, tmp_path: Path) -> None:
    (family,) = chosen([name])
    truths = [write_case(make(family, 5), tmp_path / folder) for folder in ("a", "b")]
    assert truths[0] == truths[1]
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    write_case(make(family, 6), tmp_path / "c")
    assert digest(tmp_path / "a") != digest(tmp_path / "c") or name == "one_source_only"


@pytest.mark.parametrize("name", NAMES)
def test_the_truth_is_laid_out_and_points_at_lines(name: str, tmp_path: Path) -> None:
    (family,) = chosen([name])
    truth = write_case(make(family, 1), tmp_path)
    assert truth == json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert tuple(truth["stages"]) == STAGES
    assert truth["incident"] == family.incident
    assert truth["attribution"] != "agent" or family.incident
    lines = {path: (tmp_path / "evidence" / path).read_bytes().count(b"\n") for path in truth["labelled"]}
    for place in places(truth):
        assert place["line"] is None or 1 <= place["line"] <= lines[place["path"]]
    for expected in truth["stages"].values():
        accepted = {(place["path"], place["line"]) for place in expected["accept"]}
        for group in expected["must"]:
            assert accepted.issuperset((place["path"], place["line"]) for place in group)
    if family.incident:
        assert truth["states"][0] == "incident"
        assert any(truth["stages"][stage]["must"] for stage in ("mining", "setup"))
        assert any(link["required"] for link in truth["links"])
    else:
        assert "incident" not in truth["states"]


def test_wallets_have_their_checksums() -> None:
    for seed in range(4):
        facts = make(FAMILIES[0], seed).story.facts
        assert facts.wallet
        assert addresses.find(facts.wallet)
    gpu = make(chosen(["network_first"])[0], 0).story.facts
    assert gpu.wallet
    assert [found.asset for found in addresses.find(gpu.wallet)] == ["EVM"]


@pytest.mark.parametrize("how", WORSE)
def test_a_degradation_keeps_the_truth_true(how: str, tmp_path: Path) -> None:
    world = make(FAMILIES[0], 2)
    worse = make_worse(FAMILIES[0], 2, how)
    plain, truth = write_world(world, tmp_path / "plain"), write_world(worse, tmp_path / "worse")
    if how not in WORDINGS:  # a world may be told in that degree anyway
        assert digest(tmp_path / "plain") != digest(tmp_path / "worse")
    assert truth["incident"] == plain["incident"]
    there = {str(path.relative_to(tmp_path / "worse")) for path in (tmp_path / "worse").rglob("*") if path.is_file()}
    assert {place["path"] for place in places(truth)} <= there
    gone = worse.sight.without
    assert not {source_of(path) for path in there if path != "SYNTHETIC.txt"} & gone
    if worse.sight.twice:
        assert any(path.startswith(SECOND_DELIVERY) for path in there)


def test_one_story_in_three_degrees_of_wording(tmp_path: Path) -> None:
    told = []
    for how in WORDINGS:
        write_world(make_worse(FAMILIES[0], 2, how), tmp_path / how)
        told.append(digest(tmp_path / how))
    assert len(set(told)) == len(WORDINGS)


def test_dropping_everything_leaves_nothing_to_find(tmp_path: Path) -> None:
    world = make(FAMILIES[0], 0)
    blind = replace(world, sight=replace(world.sight, without=frozenset(CLASSES)))
    truth = write_world(blind, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["SYNTHETIC.txt"]
    assert not list(places(truth))


STYLES = {
    "claude": "claude_code", "codex": "codex_rollout", "chat": "chat_completions", "gemini": "gemini_cli",
    "openhands": "openhands", "atif": "atif", "mini": "mini_swe_agent", "otlp": "otlp_json", "inspect": "inspect_log",
}  # fmt: skip
SENSORS = {
    "zeek": "zeek_tsv", "zeek_json": "zeek_json", "suricata": "suricata_eve", "nfdump": "nfdump_csv",
    "pipe": "nfdump_pipe", "vpc": "aws_vpc_flow", "argus": "argus_csv",
}  # fmt: skip


def rows_of(path: Path, name: str, table: str) -> list[dict[str, Any]]:
    """The rows of a made file, which its content alone must show to be of this format; all of it is read."""
    data = path.read_bytes()
    assert formats.recognise_head(data[:HEAD_BYTES], "x").chosen == name
    reading = Reading(Source.of_bytes(data), formats.parser_of(name))
    rows = [row for kind, batch in reading.batches() if kind == table for row in batch.to_pylist()]
    assert not reading.books.quarantined
    return rows


def lines_of(truth: dict[str, Any], kind: str, path: str) -> set[int]:
    """The lines of one file that open (or end) a link of this kind."""
    ends = [place for link in truth["links"] if link["kind"] == kind for place in (*link["from"], *link["to"])]
    return {place["line"] for place in ends if place["path"] == path}


@pytest.mark.parametrize(("style", "name"), STYLES.items())
def test_a_session_is_kept_by_every_harness(style: Any, name: str, tmp_path: Path) -> None:
    world = make(FAMILIES[0], 0)
    world.story.sessions[0].style = style
    truth = write_world(world, tmp_path)
    path = path_of(world.story.sessions[0])
    rows = rows_of(tmp_path / path, name, "transcript")
    turns = world.story.sessions[0].turns
    calls = [row for row in rows if row["kind"] == "tool_call"]
    assert lines_of(truth, "called_then_ran", path) <= {row["line"] for row in calls}
    asked = {turn.text for turn in turns if turn.kind == "call" and turn.tool == "shell"}
    assert asked <= {row["command"] for row in calls}
    thoughts = "\n".join(row["text"] for row in rows if row["kind"] == "reasoning")
    assert all(turn.text in thoughts for turn in turns if turn.kind == "thought")


@pytest.mark.parametrize(("sensor", "name"), SENSORS.items())
def test_connections_are_kept_by_every_sensor(sensor: str, name: str, tmp_path: Path) -> None:
    world = replace(make(FAMILIES[0], 0), sensor=sensor)
    truth = write_world(world, tmp_path)
    found = {place["path"] for place in truth["stages"]["mining"]["accept"] if place["path"].startswith("network/")}
    (path,) = (each for each in found if not each.endswith((".pcap", "dns.log", "ssl.log", "dns.json", "ssl.json")))
    flows = {row["line"] for row in rows_of(tmp_path / path, name, "flow")}
    assert lines_of(truth, "ran_then_connected", path) <= flows


def test_every_harness_and_sensor_is_drawn() -> None:
    made = [make(family, seed) for family in FAMILIES for seed in range(3)]
    assert {world.sensor for world in made} == set(SENSORS)
    assert {session.style for world in made for session in world.story.sessions} == set(STYLES)


@pytest.mark.parametrize(
    ("command", "programs"),
    [
        ("cd ~/w && nohup ./x -o a:1 >/dev/null 2>&1 &", [("nohup", "./x", "-o", "a:1"), ("./x", "-o", "a:1")]),
        ("curl -s 'http://a/?q=b|c' | head -c 3", [("curl", "-s", "http://a/?q=b|c"), ("head", "-c", "3")]),
        ("(crontab -l 2>/dev/null; echo '@reboot x') | crontab -", [("crontab", "-l"), ("crontab", "-")]),
        ("A=1 ls 'a b' > f; cat ~/f < g", [("ls", "a b"), ("cat", "/home/u/f")]),
    ],
)
def test_a_command_makes_its_processes(command: str, programs: list[tuple[str, ...]]) -> None:
    assert [run.argv for run in runs_of(command, "/home/u", 100)] == programs


def test_wilson_bounds() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(0, 220)
    assert low == 0.0
    assert high == pytest.approx(0.0172, abs=1e-4)
    assert wilson(9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-4)


def reference(place: dict[str, Any]) -> dict[str, Any]:
    return {"path": place["path"], "line": place["line"], "summary": ""}


def perfect(truth: dict[str, Any]) -> dict[str, Any]:
    """The document that a perfect analysis would write of an incident."""
    first = {stage: moments[1] for stage, moments in truth["windows"]["first"].items()}
    deviation = [first[stage] for stage in ("exploration", "decision", "acquisition") if stage in first]
    first["first_deviation"] = min(deviation, default=0)
    spans = {f"{begin}_to_{end}": (begin, end) for begin, end in WINDOWS}
    shown = {
        name: (first[end] - first[begin]) / 1e6 for name, (begin, end) in spans.items() if {begin, end} <= set(first)
    }
    if truth["windows"]["last_mining"] and "mining" in first:
        shown["mining"] = (truth["windows"]["last_mining"][1] - first["mining"]) / 1e6
    amounts = truth["amounts"] or {}
    sure = {"ground": "x", "judged": 1.0, "cases": 0, "calibrated": False}
    incident = {
        "likelihood": {"incident": sure, "attribution": sure},
        "attribution": [{"hypothesis": truth["attribution"], "probability": 1.0}],
        "intent_origin": truth["intent"][0] if truth["intent"] else "unknown",
        "wallets": [truth["wallet"]],
        "pools": [truth["pool"]] if truth["pool"] else [],
        "stages": [
            {
                "stage": stage,
                "basis": "shown",
                "strength": "C5",
                "evidence": [reference(group[0]) for group in expected["must"]],
            }
            for stage, expected in truth["stages"].items()
            if expected["must"]
        ],
        "links": [
            {
                "kind": link["kind"],
                "basis": "lineage",
                "candidates": 1,
                "from": reference(link["from"][0]),
                "to": reference(link["to"][0]),
            }
            for link in truth["links"]
            if link["required"]
        ],
        "designated_channel": truth["designated_channel"],
        "assets": [{"asset": amounts["asset"], **amounts}] if amounts else [],
        "windows": {name: {"at_least": seconds, "at_most": seconds} for name, seconds in shown.items()},
    }
    state = truth["states"][0]
    verdict = {
        "state": state,
        "incident": state == "incident",
        "mining": truth["mining_fair"][0],
        "probability": float(state == "incident"),
        "ground": "x",
        "why": [],
    }
    return {"verdict": verdict, "incidents": [incident], "sources": []}


@pytest.mark.parametrize("name", NAMES)
def test_a_perfect_document_is_possible(name: str, tmp_path: Path) -> None:
    truth = write_world(make(chosen([name])[0], 1), tmp_path)
    if truth["attribution"]:
        found = score(perfect(truth), truth)
        assert found.notes == []
        assert found.verdict_right
        assert not found.false_accusation
        assert found.attribution_right


def test_a_perfect_document_has_a_perfect_score_and_faults_are_seen(tmp_path: Path) -> None:
    truth = write_world(make(FAMILIES[0], 4), tmp_path)
    document = perfect(truth)
    found = score(document, truth)
    assert found.notes == []
    assert found.verdict_right
    assert found.brier == 0.0
    assert {(kind, right) for kind, _, _, right in found.grounds} == {
        (kind, True) for kind in ("incident", "attribution", "stage", "link")
    }
    assert found.acts[0] == found.acts[1] > 5
    assert found.citations[0] == found.citations[1]

    (incident,) = document["incidents"]
    incident["attribution"] = [
        {"hypothesis": "operator", "probability": 0.6},
        {"hypothesis": "agent", "probability": 0.4},
    ]
    incident["stages"][0]["evidence"] = [{"path": truth["labelled"][0], "line": 1, "summary": "x"}]
    incident["wallets"] = []
    worse = score(document, truth)
    assert worse.attribution_right is False
    assert worse.brier == pytest.approx(0.72)
    assert [kind for kind, _, _, right in worse.grounds if not right] == ["attribution", "stage"]
    assert worse.acts[0] == found.acts[0] - 1
    assert worse.citations[0] == found.citations[0] - 1
    assert worse.wallet == [0, 1]


def test_a_false_accusation_is_seen(tmp_path: Path) -> None:
    truth = write_world(make(chosen(["granted"])[0], 0), tmp_path)
    document = perfect(write_world(make(FAMILIES[0], 4), tmp_path / "other"))
    found = score(document, truth)
    assert found.false_incident
    assert found.false_accusation
    assert not found.verdict_right


def test_truth_of_needs_no_evidence() -> None:
    world = make(FAMILIES[0], 0)
    assert truth_of(world, {}, [])["stages"]["mining"]["must"] == []


@pytest.mark.parametrize("name", ["textbook", "granted", "refuses"])
def test_a_case_runs_from_end_to_end(name: str, tmp_path: Path) -> None:
    world = make(chosen([name])[0], 0)
    truth = write_case(world, tmp_path)
    case = Case.create(tmp_path / "case", world.settings)
    summary = ingest(case, [tmp_path / "evidence"], Options(workers=1))
    assert {row["path"] for row in summary.sources if row["status"] != "read" or row["quarantined"]} == {
        "SYNTHETIC.txt"
    }
    found = score(json.loads(json.dumps(analyze(Case.open(tmp_path / "case")))), truth)
    assert found.verdict_right, found.notes
    assert not found.false_accusation
    assert found.mining_right


def test_the_command_writes_cases(tmp_path: Path) -> None:
    arguments = ["demo", "--suite", str(tmp_path / "s"), "--seeds", "1", "--families", "granted,refuses", "--quiet"]
    assert run(arguments) == 0
    for name in ("granted", "refuses"):
        folder = tmp_path / "s" / name / "00"
        assert {path.name for path in folder.iterdir()} == {"evidence", "case.toml", "truth.json"}
    assert run(arguments) == 2  # the folder is not empty
