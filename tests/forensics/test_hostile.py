"""The hostile corpus, taken in whole: nothing lost, nothing outside the case, everything within bounds."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from forensics import ledger
from forensics.case import Case
from forensics.intake import Options, Summary, ingest
from forensics.verify import verify

PROGRAM = Path(sys.executable).with_name("forensics")


@pytest.fixture(scope="module")
def corpus(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Summary, Path]:
    folder = tmp_path_factory.mktemp("hostile")
    case = Case.create(folder / "inner" / "case")
    return case, ingest(case, [shared / "data/hostile"], Options(workers=2)), folder


@pytest.mark.shared
@pytest.mark.slow
def test_every_file_is_sealed_listed_and_accounted_for(corpus, shared: Path) -> None:
    case, summary, _ = corpus
    delivered = {path.name: path.read_bytes() for path in (shared / "data/hostile").iterdir()}
    rows = {row["path"]: row for row in ledger.load(case).sources}
    assert delivered.keys() == {path for path in rows if "!" not in path}
    for name, data in delivered.items():
        assert rows[name]["source_id"] == hashlib.sha256(data).hexdigest()
        assert rows[name]["bytes"] == len(data)
    assert summary.unbalanced == []
    for path, row in rows.items():
        accounted = row["bytes_parsed"] + row["bytes_quarantined"] + row["bytes_structure"]
        assert accounted == row["stream_bytes"], path


@pytest.mark.shared
@pytest.mark.slow
def test_rows_and_rejects_point_into_their_source(corpus) -> None:
    case, _, _ = corpus
    sizes = {row["source_id"]: row["stream_bytes"] for row in ledger.load(case).sources}
    for table, parts in case.tables().items():
        for part in parts if table not in {"source", "source_scope", "refusal", "locator"} else ():
            for row in pq.read_table(part, columns=["source_id", "offset", "length"]).to_pylist():
                if row["length"] is not None:
                    assert 0 <= row["offset"] <= row["offset"] + row["length"] <= sizes[row["source_id"]]


@pytest.mark.shared
@pytest.mark.slow
def test_members_with_every_kind_of_name_are_there_and_nothing_was_written_elsewhere(corpus) -> None:
    case, summary, folder = corpus
    paths = [row["path"] for row in ledger.load(case).sources]
    assert "tar_traversal.tar!%2E%2E/%2E%2E/evil" in paths
    assert "tar_abs.tar!%2Ftmp/evil_abs" in paths
    assert paths.count("tar_dup.tar!a.jsonl") == 2
    assert len([path for path in paths if path.startswith("names.tar!")]) == 20
    refused = {(row["path"], row["kind"]) for row in summary.refusals}
    assert {("tar_symlink.tar!l", "symlink"), ("tar_dev.tar!d", "device"), ("tar_fifo.tar!f", "fifo")} <= refused
    assert {("tar_hardlink.tar!h", "hardlink"), ("zip_hostile.zip!ln", "symlink")} <= refused
    assert [path.name for path in folder.iterdir()] == ["inner"]
    assert [path.name for path in (folder / "inner").iterdir()] == ["case"]
    assert not Path("/tmp/evil_abs").exists()
    assert {path.name for path in case.root.iterdir()} == {
        ".lock",
        "case.toml",
        "custody.jsonl",
        "evidence",
        "manifest.json",
        "tables",
    }


@pytest.mark.shared
@pytest.mark.slow
def test_bombs_stop_at_their_limit_and_damage_is_told(corpus) -> None:
    case, _, _ = corpus
    rows = {row["path"]: row for row in ledger.load(case).sources}
    ids = {row["source_id"]: path for path, row in rows.items()}
    gaps = {
        ids[row["source_id"]]: row["reason"]
        for part in case.tables()["coverage_gap"]
        for row in pq.read_table(part).to_pylist()
    }
    assert rows["gz_bomb_nested.gz.gz"]["stream_bytes"] == 16 << 20
    assert rows["zst_bomb_1GiB.zst"]["stream_bytes"] < 64 << 20
    assert gaps["gz_bomb_nested.gz.gz"] == gaps["zst_bomb_1GiB.zst"] == "stream_limit"
    assert gaps["gz_payload_bit_flipped.csv.gz"] == "stream_checksum"
    assert gaps["gz_truncated.csv.gz"] == gaps["zst_truncated_at_block.csv.zst"] == "stream_truncated"
    assert rows["zst_two_frames.csv.zst"]["stream_bytes"] == rows["zst_full.csv.zst"]["stream_bytes"] + 12
    assert "gz_zero_tail.csv.gz" not in gaps
    assert rows["gz_zero_tail.csv.gz"]["notes"][0].startswith("512 zero bytes of padding")


@pytest.mark.shared
@pytest.mark.slow
def test_what_is_printed_of_it_cannot_act(corpus) -> None:
    case, _, _ = corpus
    assert verify(case.root).holds
    sql = "select path, format, candidates, notes from source order by path"
    for arguments in (["query", sql], ["query", sql, "--csv"], ["query", sql, "--json"], ["verify"]):
        command = [str(PROGRAM), arguments[0], str(case.root), *arguments[1:]]
        printed = subprocess.run(command, capture_output=True, check=True).stdout.decode()
        acting = {c for c in printed if (ord(c) < 0x20 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 or c == "\u202e"}
        assert acting == set(), arguments
