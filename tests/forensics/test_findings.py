"""Kept findings: named after all that made them, used only where that is what it is today."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from forensics import findings
from forensics.analysis import analyze
from forensics.case import Case
from forensics.errors import CheckFailed
from forensics.intake import Options, ingest
from forensics.reporting import write_report
from queries.catalogue import all_relations


@pytest.fixture
def analysed(tmp_path: Path) -> Case:
    (tmp_path / ".bash_history").write_text("#1772600400\n./xmrig -o pool.example:3333 -u wallet\n#1772600460\nls\n")
    case = Case.create(tmp_path / "case")
    ingest(case, [tmp_path / ".bash_history"], Options(workers=1))
    analyze(Case.open(case.root))
    return Case.open(case.root)


def test_a_report_from_kept_findings_is_the_same(
    analysed: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "stage_event" in findings.kept(analysed)
    kept = write_report(analysed, tmp_path / "kept.html").read_bytes()
    monkeypatch.setattr(findings, "kept", lambda _: {})
    assert write_report(analysed, tmp_path / "built.html").read_bytes() == kept


def test_a_finding_that_was_changed_is_refused(analysed: Case) -> None:
    path = findings.kept(analysed)["stage_event"]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(CheckFailed):
        findings.kept(analysed)


def test_the_name_follows_every_relation_below(monkeypatch: pytest.MonkeyPatch) -> None:
    relations = dict(all_relations())
    before = findings.name_of(relations["stage_event"])
    below = min(relations["stage_event"].reads & relations.keys())
    relations[below] = replace(relations[below], text=relations[below].text + "\n-- changed")
    monkeypatch.setattr(findings, "all_relations", lambda: relations)
    assert findings.name_of(relations["stage_event"]) != before
