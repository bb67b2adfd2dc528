"""The built-in case from end to end, with a smaller background: the truth is met, the twin is silent, bytes repeat."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.case import Case
from forensics.demo.check import differences
from forensics.demo.run import make_world

ONE_RUN = """
import sys
from pathlib import Path
if __name__ == "__main__":
    from forensics.analysis import analyze
    from forensics.case import Case
    from forensics.intake import Options, ingest
    from forensics.reporting import write_report
    case, evidence, workers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    ingest(Case.create(case), [evidence], Options(workers=workers))
    analyze(Case.open(case))
    write_report(Case.open(case))
"""


def test_the_truth_is_met(small_demo: Path) -> None:
    document = json.loads((small_demo / "case/incident.json").read_bytes())
    truth = json.loads((small_demo / "truth.json").read_bytes())
    assert differences(document, truth) == []


def test_the_benign_twin_is_silent(small_demo: Path) -> None:
    document = json.loads((small_demo / "twin/case/incident.json").read_bytes())
    assert document["verdict"]["state"] == "no_incident"
    assert document["incidents"] == []


def test_every_source_balances(small_demo: Path) -> None:
    document = json.loads((small_demo / "case/incident.json").read_bytes())
    for source in document["sources"]:
        total = source["bytes_parsed"] + source["bytes_quarantined"] + source["bytes_structure"]
        assert total == source.get("stream_bytes", source["bytes"]), source["path"]


def test_the_report_says_that_it_is_synthetic(small_demo: Path) -> None:
    page = (small_demo / "case/report/index.html").read_text(encoding="utf-8")
    assert "Synthetic evidence" in page
    assert "almost certain" in page or "very likely" in page


def test_a_check_that_can_fail(small_demo: Path) -> None:
    document = json.loads((small_demo / "case/incident.json").read_bytes())
    truth = json.loads((small_demo / "truth.json").read_bytes())
    document["incidents"][0]["wallets"] = []
    for stage in document["incidents"][0]["stages"]:
        if stage["stage"] == "containment":
            stage["evidence"] = stage["evidence"][:1]
    found = differences(document, truth)
    assert "the wallet is missing" in found
    assert any(sentence.startswith("containment: no record cited") for sentence in found)


def test_the_world_repeats(tmp_path: Path) -> None:
    def digest(folder: Path) -> str:
        make_world(folder, flows=200)
        names = sorted(path for path in folder.rglob("*") if path.is_file())
        return hashlib.sha256(b"".join(path.read_bytes() for path in names)).hexdigest()

    assert digest(tmp_path / "a") == digest(tmp_path / "b")


@pytest.mark.slow
def test_two_runs_are_byte_identical(tmp_path: Path) -> None:
    """Other folder, zone, hash seed and number of workers: the same tables, document and report."""
    make_world(tmp_path / "first/evidence", flows=500)
    shutil.copytree(tmp_path / "first/evidence", tmp_path / "elsewhere/deeper/evidence")
    script = tmp_path / "run.py"
    script.write_text(ONE_RUN)
    roots = {}
    for name, zone, seed, workers in (("first", "UTC", "1", "1"), ("elsewhere/deeper", "Asia/Kolkata", "77", "2")):
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": "C"}
        arguments = [str(tmp_path / name / "case"), str(tmp_path / name / "evidence"), workers]
        subprocess.run([sys.executable, str(script), *arguments], check=True, env=environment, timeout=300)
        case = Case.open(tmp_path / name / "case")
        roots[name] = (case.manifest.content_root, dict(case.manifest.files))
    assert roots["first"][1] == roots["elsewhere/deeper"][1]
    assert roots["first"][0] == roots["elsewhere/deeper"][0]
