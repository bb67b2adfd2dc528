"""Exports: each is taken by the tool that it is for, says the same every time, and hides what is to be hidden."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import tomllib
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.case import Case
from forensics.cli import run
from forensics.exports import material, navigator, stix, timesketch
from forensics.exports.material import Found
from forensics.exports.techniques import CONDUCT, TECHNIQUES
from parsers.times import text_of
from reports.model import STAGES

ROOT = Path(__file__).parent.parent.parent
FORMS = ("timesketch-csv", "timesketch-jsonl", "navigator", "stix")
QUIET = {
    "case": {"id": "quiet", "title": None},
    "verdict": {"state": "no_incident", "probability": 0.01, "why": ["nobody mined"]},
    "incidents": [],
    "sources": [{"last": None}],
    "absences": [{"claim": "no mining is in evidence", "coverage": 1.0}],
    "tool": {"name": "tool", "version": "1"},
}
ROW = {
    "us": 1_000_000, "earliest_us": 1_000_000, "latest_us": None, "basis": "recorded", "source": "a",
    "actor": "agent", "stage": "mining", "kind": "process", "text": "x", "ref": "a1b2c3d4e5f6#1", "weight": 1,
}  # fmt: skip


def exported(capfdbinary, case: Path, form: str) -> bytes:
    capfdbinary.readouterr()
    assert run(["export", str(case), "--format", form]) == 0
    content: bytes = capfdbinary.readouterr().out
    return content


@pytest.fixture(scope="module")
def document(small_demo: Path) -> dict[str, Any]:
    return material.document(Case.open(small_demo / "case"))


@pytest.fixture(scope="module")
def found(small_demo: Path) -> list[Found]:
    return material.found(Case.open(small_demo / "case"), 12)


# --- taken by their tools -------------------------------------------------------------------------------------------


def is_sound_stix(bundle: dict[str, Any]) -> bool:
    validator = pytest.importorskip("stix2validator")
    options = validator.ValidationOptions(version="2.1")
    result = validator.validate_string(json.dumps(bundle), options)
    assert not [str(fault) for fault in getattr(result, "errors", None) or []]
    return bool(result.is_valid)


def is_sound_layer(layer: dict[str, Any]) -> bool:
    navlayers = pytest.importorskip("mitreattack.navlayers")
    read = navlayers.Layer(layer, strict=True).layer
    return len(read.techniques) == len(layer["techniques"])


def test_stix_is_valid_and_readable(document, found):
    bundle = stix.bundle(document, found)
    assert is_sound_stix(bundle)
    kinds = {each["type"] for each in bundle["objects"]}
    assert {"incident", "attack-pattern", "observed-data", "domain-name", "ipv4-addr", "file", "grouping"} <= kinds
    stix2 = pytest.importorskip("stix2")
    assert len(stix2.parse(json.dumps(bundle)).objects) == len(bundle["objects"])


def test_the_layer_is_valid(document, found):
    layer = navigator.layer(document, found)
    assert is_sound_layer(layer)
    assert {"T1496.001", "T1105", "T1572", "T1053.003"} == {each["techniqueID"] for each in layer["techniques"]}


def test_a_case_without_incident_is_told_too():
    bundle, layer = stix.bundle(QUIET, []), navigator.layer(QUIET, [])
    assert is_sound_stix(bundle)
    assert is_sound_layer(layer)
    assert layer["techniques"] == []
    (note,) = (each for each in bundle["objects"] if each["type"] == "note")
    assert "no incident" in note["content"]
    assert "no mining is in evidence (coverage 1.0)" in note["content"]


@pytest.mark.parametrize("form", ["timesketch-csv", "timesketch-jsonl"])
def test_timesketch_gets_the_columns_that_it_asks_for(small_demo, form, capfdbinary):
    content = exported(capfdbinary, small_demo / "case", form).decode()
    if form == "timesketch-csv":
        events = list(csv.DictReader(io.StringIO(content)))
    else:
        events = [json.loads(line) for line in content.splitlines()]
    timed = [row for row in material.timeline(Case.open(small_demo / "case")) if row["us"] is not None]
    assert len(events) == len(timed) > 1000
    for event, row in zip(events, timed, strict=True):
        assert event["message"]
        assert event["timestamp_desc"]
        assert datetime.fromisoformat(event["datetime"]).utcoffset().total_seconds() == 0
        assert text_of(int(event["timestamp"]))[:-1] == event["datetime"].removesuffix("+00:00")
        assert event["ref"] == row["ref"]
        assert len(event) < 300


@pytest.mark.parametrize(
    "pool",
    [
        {"name": "pool_1.example", "address": None, "port": None, "tls": None},
        {"name": "a b", "address": "203.0.113.9:3333", "port": 3333, "tls": None},
        {"name": "x" * 300, "address": "2001:db8::7", "port": 443, "tls": True},
        {"name": "xn--a.example", "address": "999.1.1.1", "port": 1, "tls": False},
        {"name": "pool.example.", "address": "", "port": 70000, "tls": None},
        {"name": "bücher.example", "address": "::1%eth0", "port": 0, "tls": None},
        {"name": "=cmd|' /C calc'!A0", "address": "203.0.113.9", "port": 1, "tls": None},
    ],
)
def test_names_and_addresses_that_are_none_stay_text(document, found, pool):
    changed = json.loads(json.dumps(document))
    changed["incidents"][0]["pools"] = [pool]
    bundle = stix.bundle(changed, found)
    assert is_sound_stix(bundle)
    (incident,) = (each for each in bundle["objects"] if each["type"] == "incident")
    (extension,) = incident["extensions"].values()
    assert extension["pools"] == [{key: value for key, value in pool.items() if value is not None}]


# --- the same every time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_the_same_case_gives_the_same_bytes(small_demo, form, capfdbinary):
    first, second = (exported(capfdbinary, small_demo / "case", form) for _ in range(2))
    assert first == second


def test_ids_follow_from_content(document, found):
    objects = stix.bundle(document, found)["objects"]
    assert len({each["id"] for each in objects}) == len(objects)
    assert {uuid.UUID(each["id"].partition("--")[2]).version for each in objects} == {5}
    changed = json.loads(json.dumps(document))
    changed["incidents"][0]["wallets"] = ["another"]
    ids = {each["id"] for each in objects}
    others = [each for each in stix.bundle(changed, found)["objects"] if each["id"] not in ids]
    assert {each["type"] for each in others} == {"incident", "grouping", "relationship"}
    assert stix.bundle(document, list(reversed(found))) == stix.bundle(document, found)


def test_an_observable_has_the_id_that_the_standard_gives_it(document, found):
    stix2 = pytest.importorskip("stix2")
    for each in stix.bundle(document, found)["objects"]:
        if each["type"] in {"domain-name", "ipv4-addr", "ipv6-addr", "file", "network-traffic"}:
            named = {key: value for key, value in each.items() if key not in {"id", "spec_version"}}
            assert stix2.parse({**named, "spec_version": "2.1"}, version="2.1").id == each["id"]


# --- what is said ---------------------------------------------------------------------------------------------------


def test_amounts_and_references_are_exact(document, found):
    (incident,) = (each for each in stix.bundle(document, found)["objects"] if each["type"] == "incident")
    (extension,) = incident["extensions"].values()
    (told,) = document["incidents"]
    assert [asset["paid"] for asset in extension["assets"]] == [asset["paid"] for asset in told["assets"]]
    assert all(isinstance(asset["paid"], str) for asset in extension["assets"])
    assert extension["wallets"] == told["wallets"]
    cited = {ref for stage in extension["stages"] for ref in stage["evidence"]}
    assert cited == {each["ref"] for each in material.references(told)}
    assert incident["confidence"] == round(told["probability"] * 100)


def test_every_score_is_the_number_of_records(document, found):
    layer = navigator.layer(document, found)
    for technique in layer["techniques"]:
        rules = [each for each in found if each.rule in TECHNIQUES and each.stage in CONDUCT]
        assert technique["score"] == sum(
            each.records for each in rules if TECHNIQUES[each.rule].id == technique["techniqueID"]
        )
    told = {entry["name"]: entry["value"] for entry in layer["metadata"]}
    assert "setup/miner_placed" in told["not mapped"]


def test_rules_that_are_techniques_exist():
    written = {rule["id"] for rule in tomllib.loads((ROOT / "queries/knowledge/command_rule.toml").read_text())["rule"]}
    sql = " ".join(path.read_text() for path in (ROOT / "queries").rglob("*.sql"))
    assert {rule for rule in TECHNIQUES if rule not in written and f"'{rule}'" not in sql} == set()
    assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", technique.id) for technique in TECHNIQUES.values())
    assert set(STAGES) >= CONDUCT


def test_acts_of_others_are_no_techniques(document):
    others = [Found("process_killed", "containment", 3, ()), Found("stratum_message", "detection", 3, ())]
    assert navigator.layer(document, others)["techniques"] == []


# --- hostile and private --------------------------------------------------------------------------------------------


@given(st.text(max_size=30))
def test_cells_are_read_back_and_none_is_a_formula(text):
    (row,) = csv.DictReader(io.StringIO(timesketch.as_csv([ROW | {"text": text}]).decode(), newline=""))
    said = row["message"]
    assert said in {text, f"'{text}", "process record"}
    assert not said.lstrip(" \n\ufeff\u200b").startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.text(max_size=30))
def test_lines_of_json_stay_lines(text):
    lines = timesketch.as_jsonl([ROW | {"text": text}]).split(b"\n")
    assert json.loads(lines[0])["message"] == text or not text
    assert lines[1:] == [b""]


def test_rows_without_a_time_are_left_out_and_counted(small_demo, capfd):
    rows = list(material.timeline(Case.open(small_demo / "case")))
    untimed = sum(row["us"] is None for row in rows)
    assert len(list(timesketch.events([ROW | {"us": None}, ROW]))) == 1
    assert run(["export", str(small_demo / "case"), "--format", "timesketch-csv"]) == 0
    told = capfd.readouterr().err
    assert told == (f"{untimed} rows have no time and were left out\n" if untimed else "")


@pytest.mark.parametrize("form", FORMS)
def test_private_words_are_masked(small_demo, tmp_path, form, capfdbinary):
    root = tmp_path / "case"
    shutil.copytree(small_demo / "case", root)
    before = exported(capfdbinary, root, form)
    words = [word for word in ("reverse_forward", "gpu-07", "supportxmr") if word.encode() in before]
    assert words
    with (root / "case.toml").open("a") as settings:
        settings.write(f"\n[redaction]\nwords = {json.dumps(['gpu-07', 'supportxmr'])}\n")
    after = exported(capfdbinary, root, form)
    assert b"gpu-07" not in after
    assert b"supportxmr" not in after
    if form == "stix":
        assert is_sound_stix(json.loads(after))


@pytest.mark.parametrize(
    ("form", "missing"), [("timesketch-csv", "report/"), ("stix", "incident.json"), ("navigator", "incident.json")]
)
def test_what_is_not_there_yet_is_told(small_demo, tmp_path, form, missing, capfd):
    root = tmp_path / "case"
    shutil.copytree(small_demo / "case", root)
    with Case.open(root).writing("ingest") as act:
        act.drop(missing)
    assert run(["export", str(root), "--format", form]) == 2
    told = capfd.readouterr().err
    assert ": this case has " in told
    assert "`forensics " in told
