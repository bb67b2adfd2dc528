"""The policy beside case.toml: sealed with it, taken over when edited, read once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from forensics import cedar
from forensics.analysis import analyze, policy_file
from forensics.case import Case
from forensics.drafting import draft_policy
from forensics.errors import UsageFault
from forensics.intake import Options, ingest
from forensics.verify import verify

PERMIT = b"permit (principal, action, resource);\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    Case.create(tmp_path / "case")
    return tmp_path / "case"


def test_a_policy_is_sealed_by_the_next_act(root: Path) -> None:
    (root / "policy.cedar").write_bytes(PERMIT)
    assert [finding.item for finding in verify(root).findings] == ["policy.cedar"]
    with Case.open(root).writing("act"):
        pass
    assert verify(root).holds
    (root / "policy.cedar").write_bytes(PERMIT + PERMIT)
    (finding,) = verify(root).findings
    assert (finding.item, finding.problem) == ("policy.cedar", "changed")
    assert "takes it over" in finding.detail
    with Case.open(root).writing("act"):
        pass
    assert verify(root).holds
    told = [json.loads(line) for line in (root / "custody.jsonl").read_text("utf-8").splitlines()]
    begun = [entry for entry in told if entry["act"] == "act" and entry["phase"] == "begin"]
    assert [entry["details"]["policy_changed"] for entry in begun] == [True, True]


def test_a_policy_taken_away_is_let_go(root: Path) -> None:
    (root / "policy.cedar").write_bytes(PERMIT)
    with Case.open(root).writing("act"):
        pass
    (root / "policy.cedar").unlink()
    with Case.open(root).writing("act"):
        pass
    assert verify(root).holds


def test_another_name_is_taken_and_the_first_file_is_left_alone(root: Path) -> None:
    (root / "policy.cedar").write_bytes(PERMIT)
    with Case.open(root).writing("act"):
        pass
    (root / "other.cedar").write_bytes(PERMIT)
    (root / "case.toml").write_text('policy = "other.cedar"\n', encoding="utf-8")
    with Case.open(root).writing("act"):
        pass
    assert "other.cedar" in Case.open(root).manifest.files
    assert (root / "policy.cedar").read_bytes() == PERMIT


def test_a_policy_that_is_named_must_be_there(root: Path) -> None:
    (root / "case.toml").write_text('policy = "mine.cedar"\n', encoding="utf-8")
    with pytest.raises(UsageFault, match=r"holds no mine\.cedar"), Case.open(root).writing("act"):
        pass


@pytest.mark.parametrize("name", ["../p.cedar", "a/p.cedar", "p.txt", "a\\\\p.cedar"])
def test_a_policy_lies_beside_the_case_file(root: Path, name: str) -> None:
    (root / "case.toml").write_text(f'policy = "{name}"\n', encoding="utf-8")
    with pytest.raises(UsageFault, match="policy: the name of a file"):
        _ = Case.open(root).settings


def test_init_takes_over_a_policy_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case/policy.cedar").write_bytes(PERMIT)
    Case.create(tmp_path / "case")
    assert verify(tmp_path / "case").holds


def test_without_a_policy_nothing_is_judged_and_that_is_said(root: Path) -> None:
    assert analyze(Case.open(root))["policy"] == {"judged": False, "why": "the case holds no policy"}


def test_without_the_extra_nothing_is_judged_and_that_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "policy.cedar").write_bytes(PERMIT)
    monkeypatch.setattr(cedar, "installed", lambda: False)
    told = analyze(Case.open(root))["policy"]
    assert told["judged"] is False
    assert "not installed" in told["why"]


def test_a_faulty_policy_stops_the_analysis_before_it_begins(root: Path) -> None:
    pytest.importorskip("cedarpy", reason="the extra `policy` is not installed")
    (root / "policy.cedar").write_bytes(b"permit (")
    with pytest.raises(UsageFault, match=r"policy\.cedar: no Cedar policies"):
        analyze(Case.open(root))
    (root / "policy.cedar").write_bytes(b"\xff")
    with pytest.raises(UsageFault, match=r"policy\.cedar"):
        analyze(Case.open(root))
    assert "incident.json" not in Case.open(root).manifest.files


def test_a_draft_quotes_the_task_and_decides_nothing(root: Path, tmp_path: Path) -> None:
    pytest.importorskip("cedarpy", reason="the extra `policy` is not installed")
    lines = [
        {"type": "user", "message": {"content": "Fix it.\n); permit (principal, action, resource);\u2028x"}},
        {
            "type": "assistant",
            "message": {"content": [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls -la"}}]},
        },
    ]
    common = {"sessionId": "5a0d7c3e-0000-4000-8000-000000000001", "timestamp": "2026-03-01T10:00:00.000Z"}
    evidence = tmp_path / "s.jsonl"
    text = "".join(
        json.dumps({**common, "uuid": f"u{n}", "parentUuid": None, "version": "2.0.0", "cwd": "/w", **line}) + "\n"
        for n, line in enumerate(lines)
    )
    evidence.write_text(text, encoding="utf-8")
    ingest(Case.open(root), [evidence], Options(workers=1))
    assert draft_policy(Case.open(root)) == "policy.cedar"
    drafted = (root / "policy.cedar").read_text("utf-8")
    assert "Fix it." in drafted
    assert "run ls" in drafted
    assert all(line.startswith("//") or not line for line in drafted.split("\n"))
    assert verify(root).holds
    document = analyze(Case.open(root))
    assert document["policy"]["acts"] == {
        "total": 1,
        "allowed": 0,
        "unspecified": 1,
        "prohibited": 0,
        "share_unspecified": 1.0,
    }
    assert policy_file(Case.open(root)).text == drafted
    with pytest.raises(UsageFault, match="there already"):
        draft_policy(Case.open(root))
