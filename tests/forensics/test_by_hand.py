"""A report is checked without this tool: the list and the instructions work with sha256sum, sed, tail and head."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.intake import Options, ingest
from forensics.reporting import by_hand, write_report

HISTORY = "#1772500000\nls -la\n#1772500100\n./xmrig -o pool.supportxmr.com:3333\n"
NAMES = ["plain", "with space", "line\nbreak", "back\\slash", "100%", "wow!", "-dash", "Größe"]
SECRET = "project-blue"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("by hand")
    (folder / "evidence").mkdir()
    for number, name in enumerate([*NAMES, SECRET]):
        (folder / "evidence" / name).write_text(f"{HISTORY}#177250{number:04}\nid\n")
    case = Case.create(folder / "case", f'[redaction]\nwords = ["{SECRET}"]\n'.encode())
    ingest(case, [folder / "evidence"], Options(workers=1))
    analyze(Case.open(folder / "case"))
    write_report(Case.open(folder / "case"))
    return folder


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)


def instructions(folder: Path) -> str:
    return (folder / "case/report" / by_hand.TEXT).read_text(encoding="utf-8")


def test_every_delivered_file_is_found_as_it_was(folder: Path) -> None:
    done = shell("sha256sum --strict --check ../case/report/evidence.sha256", folder / "evidence")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("OK") == len(NAMES)


def test_a_changed_file_is_seen(folder: Path, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).write_bytes((folder / "evidence" / name).read_bytes())
    (tmp_path / "plain").write_text("another\n")
    done = shell(f"sha256sum --check '{folder}/case/report/evidence.sha256'", tmp_path)
    assert done.returncode == 1
    assert "plain: FAILED" in done.stdout


def test_private_names_are_left_out_and_counted(folder: Path) -> None:
    assert SECRET not in (folder / "case/report" / by_hand.SUMS).read_text(encoding="utf-8")
    assert f"names {len(NAMES)} delivered files" in instructions(folder)
    assert "1 have names that are masked" in instructions(folder)


def test_the_bytes_of_a_record_are_cut_out(folder: Path) -> None:
    document = json.loads((folder / "case/incident.json").read_text(encoding="utf-8"))
    record = next(
        each
        for incident in document["incidents"]
        for stage in incident["stages"]
        for each in stage["evidence"]
        if each["path"] == "plain" and stage["stage"] == "mining"
    )
    command = re.search(r"tail -c .*", instructions(folder))[0]
    command = command.replace("SOURCE", "plain").replace("OFFSET", str(record["offset"]))
    done = shell(command.replace("LENGTH", str(record["length"])), folder / "evidence")
    assert "./xmrig" in done.stdout
    assert len(done.stdout.encode()) == record["length"]


def test_the_chain_of_custody_is_followed(folder: Path) -> None:
    command = re.search(r"sed 's/(?s:.*?)done", instructions(folder))[0]
    done = shell(command, folder / "case")
    entries = [json.loads(line) for line in (folder / "case/custody.jsonl").read_text().splitlines()]
    assert [line.split()[0] for line in done.stdout.splitlines()] == [entry["hash"] for entry in entries]
