"""Verification names exactly what is not as it was sealed."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from forensics import custody, manifest
from forensics.case import Case
from forensics.errors import UsageFault
from forensics.intake import Options, ingest
from forensics.reporting import write_report
from forensics.verify import verify


@pytest.fixture
def small(tmp_path: Path, sealed) -> Path:
    """A copy of a sealed case, with a document on top."""
    root = tmp_path / "case"
    shutil.copytree(sealed[0].root, root)
    with Case.open(root).writing("analyze") as act:
        act.put("incident.json", b"{}\n")
        act.put("report/index.html", b"<html></html>")
    return root


def problems(root: Path) -> list[tuple[str, str]]:
    found = verify(root)
    assert found.holds == (not found.findings)
    return [(finding.item, finding.problem) for finding in found.findings]


def files_of(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file() and path.name != ".lock")


def rewrite(path: Path, data: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(data)


def test_a_sealed_case_holds(small: Path) -> None:
    found = verify(small)
    assert found.holds
    assert found.notes == []
    assert found.files == len(Case.open(small).manifest.files)
    assert found.custody_head == custody.load(small).head
    assert found.tool == "development install, not verified"
    json.dumps(found.told())


def test_one_flipped_bit_in_any_file_is_named_and_nothing_else(small: Path) -> None:
    chance = random.Random(5)
    for path in files_of(small):
        data = path.read_bytes()
        if not data:
            continue
        bit = chance.randrange(len(data) * 8)
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        rewrite(path, bytes(flipped))
        assert problems(small) == [(path.relative_to(small).as_posix(), "changed")], bit
        rewrite(path, data)
    assert problems(small) == []


def test_every_byte_of_manifest_and_custody_counts(small: Path) -> None:
    for name in (manifest.FILE_NAME, custody.FILE_NAME):
        data = (small / name).read_bytes()
        for at in range(0, len(data), 101):
            rewrite(small / name, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            assert {item for item, _ in problems(small)} == {name}, at
        rewrite(small / name, data)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\n", lambda data: b""])
def test_cut_grown_and_emptied_files_are_named(small: Path, change) -> None:
    for path in files_of(small):
        data = path.read_bytes()
        if change(data) == data:
            continue
        rewrite(path, change(data))
        assert {item for item, _ in problems(small)} == {path.relative_to(small).as_posix()}
        rewrite(path, data)


def test_missing_and_swapped_and_added_files_are_named(small: Path) -> None:
    evidence = sorted(path for path in (small / "evidence").rglob("*") if path.is_file() and path.stat().st_size)
    first, second = evidence[:2]
    names = [path.relative_to(small).as_posix() for path in (first, second)]
    first.rename(small / "aside")
    assert problems(small) == [(names[0], "missing"), ("aside", "added")]
    second.rename(first)
    (small / "aside").rename(second)
    assert problems(small) == [(names[0], "changed"), (names[1], "changed")]


def test_a_link_in_the_place_of_a_file_is_a_change(small: Path, tmp_path: Path) -> None:
    path = small / "incident.json"
    path.rename(tmp_path / "same bytes")
    path.symlink_to(tmp_path / "same bytes")
    assert problems(small) == [("incident.json", "changed")]


def test_a_rewritten_manifest_does_not_agree_with_custody(small: Path) -> None:
    case = Case.open(small)
    files = {path: entry for path, entry in case.manifest.files.items() if path != "incident.json"}
    (small / "incident.json").unlink()
    forged = manifest.Manifest(files, case.manifest.custody_head)
    rewrite(small / manifest.FILE_NAME, forged.encoded())
    assert problems(small) == [(manifest.FILE_NAME, "changed")]


def test_a_cut_chain_of_custody_is_noticed(small: Path) -> None:
    path = small / custody.FILE_NAME
    lines = path.read_bytes().splitlines(keepends=True)
    for kept in range(len(lines)):
        rewrite(path, b"".join(lines[:kept]))
        assert {item for item, _ in problems(small)} == {custody.FILE_NAME}, kept


def test_an_act_in_progress_is_noted(small: Path) -> None:
    with Case.open(small).writing("slow"):
        found = verify(small)
    assert any("(slow) has begun and not ended" in note for note in found.notes)
    assert all(finding.problem == "added" and "in progress" in finding.detail for finding in found.findings)


def test_evidence_left_in_place_is_checked_where_it_lies(tmp_path: Path, evidence: Path) -> None:
    case = Case.create(tmp_path / "case")
    ingest(case, [evidence], Options(in_place=True, workers=1))
    assert problems(case.root) == []
    os.utime(evidence / "picture.bin", (1, 1))
    found = verify(case.root)
    assert found.holds
    assert "time of change" in found.notes[0]
    (evidence / "picture.bin").write_bytes(b"another")
    (evidence / "old.history.gz").unlink()
    found = verify(case.root)
    assert sorted((finding.problem, finding.detail.split(":")[0]) for finding in found.findings) == [
        ("changed", str(evidence / "picture.bin")),
        ("missing", str(evidence / "old.history.gz")),
    ]


def test_a_document_of_another_build_is_no_ground_for_a_report(small: Path) -> None:
    """Its keys may be others; nothing is said before it is analysed again."""
    with Case.open(small).writing("analyze") as act:
        act.put("incident.json", b'{"tool": {"queries": {"act_member": "0000000000000000"}, "knowledge": {}}}\n')
    with pytest.raises(UsageFault, match="another build") as fault:
        write_report(Case.open(small))
    assert "analyze" in str(fault.value.hint)
