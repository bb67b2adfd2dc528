"""Taking evidence in: every delivery listed, every byte accounted for, the same content every time."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from forensics import custody, ledger, readings
from forensics.case import Case
from forensics.errors import StorageFault, UsageFault
from forensics.intake import Options, ingest
from forensics.readings import Decision
from forensics.workers import Failure, Work, Workers
from parsers.errors import UnknownFormat


def by_path(case: Case) -> dict[str, dict]:
    return {row["path"]: row for row in ledger.load(case).sources}


def rows_of(case: Case, table: str) -> list[dict]:
    return [row for part in case.tables().get(table, []) for row in pq.read_table(part).to_pylist()]


def test_every_delivery_is_listed_with_what_became_of_it(sealed) -> None:
    case, summary = sealed
    told = {path: (row["status"], row["format"], row["codec"], row["records"]) for path, row in by_path(case).items()}
    assert told == {
        "copy of it": ("read", "bash_history", None, 3),
        "cut.history.gz": ("partly_read", "bash_history", "gz", 4),
        "empty.log": ("empty", None, None, 0),
        "hosts/gpu1/home/bob/.bash_history": ("read", "bash_history", None, 3),
        "old.history.gz": ("read", "bash_history", "gz", 3),
        "outer.tar.gz": ("container", "tar", "gz", 0),
        "outer.tar.gz!a/.bash_history": ("read", "bash_history", None, 3),
        "outer.tar.gz!inner.zip": ("container", "zip", None, 0),
        "outer.tar.gz!inner.zip!notes.txt": ("not_recognised", None, None, 0),
        "outer.tar.gz!inner.zip!root/.bash_history": ("read", "bash_history", None, 3),
        "picture.bin": ("not_recognised", None, None, 0),
    }
    assert {row["path"]: (row["kind"], row["detail"]) for row in summary.refusals} == {
        "link": ("symlink", "/etc/passwd"),
        "pipe": ("fifo", ""),
        "outer.tar.gz!shortcut": ("symlink", "/etc/passwd"),
    }
    assert not summary.all_read


def test_the_books_of_every_source_balance(sealed) -> None:
    case, summary = sealed
    assert summary.unbalanced == []
    for path, row in by_path(case).items():
        accounted = row["bytes_parsed"] + row["bytes_quarantined"] + row["bytes_structure"]
        assert accounted == row["stream_bytes"], path
        if row["codec"] is None:
            assert (row["stream_bytes"], row["stream_sha256"]) == (row["bytes"], row["source_id"])


def test_the_same_content_is_read_once_and_delivered_as_often_as_it_was(sealed) -> None:
    case, summary = sealed
    source_id = by_path(case)["copy of it"]["source_id"]
    same = [row for row in ledger.load(case).sources if row["source_id"] == source_id]
    assert [row["path"] for row in same] == [
        "copy of it",
        "hosts/gpu1/home/bob/.bash_history",
        "outer.tar.gz!a/.bash_history",
    ]
    assert len([row for row in rows_of(case, "process") if row["source_id"] == source_id]) == 3
    assert summary.rows["process"] == 3 + 3 + 3 + 4
    inside = same[2]
    assert inside["container_member"] == 0
    assert inside["container_id"] == by_path(case)["outer.tar.gz"]["source_id"]


def test_evidence_is_sealed_read_only_under_its_hash(sealed) -> None:
    case, _ = sealed
    for row in ledger.load(case).sources:
        sealed = case.root / "evidence" / row["source_id"][:2] / row["source_id"]
        assert sealed.stat().st_mode & 0o777 == 0o444
        assert hashlib.sha256(sealed.read_bytes()).hexdigest() == row["source_id"]
        assert sealed.stat().st_size == row["bytes"]
    assert {path.name for path in case.root.iterdir()} == {
        ".lock",
        "case.toml",
        "custody.jsonl",
        "evidence",
        "manifest.json",
        "tables",
    }


def test_damage_ends_in_quarantine_and_a_gap_and_what_came_before_is_kept(sealed) -> None:
    case, _ = sealed
    source = by_path(case)["cut.history.gz"]
    commands = [row["command"] for row in rows_of(case, "process") if row["source_id"] == source["source_id"]]
    assert commands == ["whoami", "id", "exit", "last"]
    [row] = [row for row in rows_of(case, "quarantine") if row["source_id"] == source["source_id"]]
    assert (row["record"], row["offset"], row["length"]) == (5, source["stream_bytes"], 0)
    assert row["reason"].startswith("the stream is cut short before its checksum")
    [gap] = rows_of(case, "coverage_gap")
    assert (gap["source_id"], gap["reason"]) == (source["source_id"], "stream_truncated")


def test_what_no_parser_knows_is_in_quarantine_as_a_whole(sealed) -> None:
    case, _ = sealed
    source = by_path(case)["picture.bin"]
    [row] = [row for row in rows_of(case, "quarantine") if row["source_id"] == source["source_id"]]
    assert (row["record"], row["offset"], row["length"], row["reason"]) == (1, 0, 2048, "no parser knows it")


def test_what_paths_say_stands_in_the_scope(taken) -> None:
    case, _ = taken()
    scopes = {row["path"]: (row["host"], row["user"], row["basis"]) for row in rows_of(case, "source_scope")}
    assert scopes["hosts/gpu1/home/bob/.bash_history"] == ("gpu1", "bob", "path")
    assert scopes["copy of it"] == (None, None, None)
    (case.root / "case.toml").write_text('[[scope]]\nmatch = "copy*"\nhost = "laptop"\n')
    with case.writing("anything"):
        pass
    scopes = {row["path"]: (row["host"], row["user"], row["basis"]) for row in rows_of(case, "source_scope")}
    assert scopes["copy of it"] == ("laptop", None, "case")


def test_originals_are_not_touched(taken, evidence: Path) -> None:
    def states() -> list[tuple]:
        found = []
        for path in sorted(evidence.rglob("*")):
            state = path.lstat()
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            found.append((path, state.st_mode, state.st_mtime_ns, state.st_ctime_ns, state.st_size, content))
        return found

    before = states()
    taken()
    assert states() == before


def test_custody_tells_what_was_sealed_and_what_was_refused(taken, evidence: Path) -> None:
    case, _ = taken()
    entries = [entry for entry in custody.load(case.root).entries if entry["act"] == "ingest"]
    assert [entry["phase"] for entry in entries] == ["begin", "note", "note", "end"]
    assert entries[0]["details"]["paths"] == [str(evidence)]
    assert {item[0] for item in entries[1]["details"]["sealed"]} >= {"copy of it", "outer.tar.gz"}
    assert {item[1] for item in entries[2]["details"]["refused"]} == {"link", "pipe", "outer.tar.gz!shortcut"}
    assert entries[3]["details"]["deliveries"] == 11


def test_the_content_does_not_rest_on_workers_folder_or_order_of_names(taken, evidence: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned" / "evidence"
    turned.mkdir(parents=True)
    for path in sorted(evidence.rglob("*"), reverse=True):
        target = turned / path.relative_to(evidence)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            target.symlink_to(path.readlink())
        elif path.is_file():
            shutil.copyfile(path, target)
        elif path.is_fifo():
            os.mkfifo(target)
    roots = {
        taken("one", workers=1)[0].manifest.content_root,
        taken("turned/case", turned, workers=3)[0].manifest.content_root,
    }
    assert len(roots) == 1


SCRIPT = """
import sys
from pathlib import Path
from forensics.case import Case
from forensics.intake import Options, ingest
if __name__ == "__main__":
    case = Case.create(sys.argv[1])
    ingest(case, [Path(sys.argv[2])], Options(workers=1))
    print(case.manifest.content_root)
"""


def test_the_content_does_not_rest_on_zone_hash_seed_locale_or_umask(sealed, evidence: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "TZ": "Asia/Kolkata", "PYTHONHASHSEED": "77", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "elsewhere"), str(evidence)],
        env=environment,
        cwd="/",
        umask=0o027,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == sealed[0].manifest.content_root


def test_a_second_intake_reads_only_what_is_new(taken, evidence: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, _ = taken()
    before = set(case.files("tables/process"))
    (evidence / "new.history").write_bytes(b"#1772700000\nuptime\n#1772700001\ndf\n#1772700002\nfree\n")
    summary = ingest(case, [evidence], Options(workers=1))
    assert summary.intakes == [2]
    assert len(set(case.files("tables/process")) - before) == 1
    assert summary.rows["process"] == 3
    rows = ledger.load(case).sources
    assert len([row for row in rows if row["intake"] == 1]) == 11
    assert len([row for row in rows if row["intake"] == 2]) == 12
    both = {row["intake"]: row for row in rows if row["path"] == "copy of it"}
    assert {**both[1], "intake": 2} == both[2]


def test_several_paths_are_several_intakes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"2")
    case = Case.create(tmp_path / "case")
    ingest(case, [tmp_path / "b", tmp_path / "a"], Options(workers=1))
    assert [(row["intake"], row["path"]) for row in ledger.load(case).sources] == [(1, "b"), (2, "a")]


def test_new_evidence_takes_away_what_was_found_without_it(taken, evidence: Path) -> None:
    case, _ = taken()
    with case.writing("analyze") as act:
        act.put("incident.json", b"{}")
        act.put("findings/x/1.parquet", b"x")
    ingest(case, [evidence], Options(workers=1))
    assert "incident.json" not in case.manifest.files
    assert case.files("findings/") == {}


def test_in_place_evidence_is_referred_to_and_its_rows_are_the_same(sealed, taken, evidence: Path) -> None:
    case, _ = sealed
    placed, _ = taken("placed", in_place=True)
    assert placed.files("tables/") == case.files("tables/")
    kept = {path for path in placed.files("evidence/") if not path.endswith("references.json")}
    members = {row["source_id"] for row in ledger.load(case).sources if row["container_id"]}
    history = by_path(case)["copy of it"]["source_id"]
    assert {path.rsplit("/")[-1] for path in kept} == members
    assert history in members
    elsewhere = evidence.rename(evidence.with_name("moved"))
    moved, _ = taken("moved-case", elsewhere, in_place=True)
    assert moved.manifest.content_root == placed.manifest.content_root


def test_the_investigator_decides_the_format_and_the_decision_lasts(taken, evidence: Path) -> None:
    case, _ = taken(decisions=(Decision("bash_history", "picture.bin"),))
    assert by_path(case)["picture.bin"]["format"] == "bash_history"
    assert "format_decided" in by_path(case)["picture.bin"]["notes"]
    assert by_path(case)["outer.tar.gz!inner.zip!notes.txt"]["format"] is None
    parts = case.files("tables/process")
    ingest(case, [evidence], Options(workers=1))
    assert by_path(case)["picture.bin"]["format"] == "bash_history"
    assert case.files("tables/process") == parts


def test_a_later_decision_replaces_what_was_read_before(taken, evidence: Path) -> None:
    case, _ = taken()
    ingest(case, [evidence], Options(decisions=(Decision("bash_history", "notes.txt"),), workers=1))
    notes = [row for row in ledger.load(case).sources if row["path"].endswith("notes.txt")]
    assert [(row["intake"], row["format"]) for row in notes] == [(1, "bash_history"), (2, "bash_history")]
    reasons = [row for row in rows_of(case, "quarantine") if row["source_id"] == notes[0]["source_id"]]
    assert reasons == []


def test_an_unknown_format_is_told_before_anything_is_done(taken, evidence: Path, tmp_path: Path) -> None:
    case = Case.create(tmp_path / "case")
    with pytest.raises(UnknownFormat):
        ingest(case, [evidence], Options(decisions=(Decision("morse"),)))
    assert len(custody.load(case.root).entries) == 2


MAPPING = """
format = "csv"
table = "coin_movement"
[match]
header = ["Date", "Paid"]
[time]
source = "Date"
zone = "UTC"
[columns]
asset = { constant = "XMR" }
amount = "Paid"
"""


def test_a_mapping_file_is_copied_and_reads_what_it_claims(tmp_path: Path) -> None:
    (tmp_path / "e").mkdir()
    (tmp_path / "e/pool.csv").write_text("Date,Paid\n2026-03-01T00:00:00,0.25\n")
    (tmp_path / "pool.toml").write_text(MAPPING)
    case = Case.create(tmp_path / "case")
    ingest(case, [tmp_path / "e"], Options(mappings=(tmp_path / "pool.toml",), workers=1))
    row = by_path(case)["pool.csv"]
    assert (row["status"], row["format"]) == ("read", "mapped_csv")
    [movement] = rows_of(case, "coin_movement")
    assert movement["amount_raw"] == "0.25"
    [kept] = case.files("mappings/")
    assert case.read(kept) == MAPPING.encode()
    parts = case.files("tables/coin_movement")
    ingest(case, [tmp_path / "e"], Options(workers=1))
    assert case.files("tables/coin_movement") == parts


def test_a_mapping_that_fits_nothing_of_itself_must_be_told_where(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("Date,Paid\n2026-03-01T00:00:00,0.25\n")
    (tmp_path / "pool.toml").write_text(MAPPING.replace('[match]\nheader = ["Date", "Paid"]\n', ""))
    case = Case.create(tmp_path / "case")
    mapping = (tmp_path / "pool.toml",)
    with pytest.raises(UsageFault, match="which files it is for"):
        ingest(case, [tmp_path / "e.csv"], Options(mappings=mapping))
    with pytest.raises(UsageFault, match="needs one mapping file"):
        ingest(case, [tmp_path / "e.csv"], Options(decisions=(Decision("mapped_csv"),)))
    ingest(case, [tmp_path / "e.csv"], Options(mappings=mapping, decisions=(Decision("mapped_csv"),), workers=1))
    assert len(rows_of(case, "coin_movement")) == 1


def test_expected_hashes_are_compared(tmp_path: Path, evidence: Path) -> None:
    wrong = hashlib.sha256(b"else").hexdigest()
    right = hashlib.sha256((evidence / "copy of it").read_bytes()).hexdigest()
    (tmp_path / "list").write_text(f"{right}  /mnt/copy of it\n{wrong}  picture.bin\n{wrong}  lost.log\n")
    case = Case.create(tmp_path / "case")
    summary = ingest(case, [evidence], Options(hashes=tmp_path / "list", workers=1))
    assert summary.comparison is not None
    assert summary.comparison.matching == ["copy of it"]
    assert summary.comparison.mismatched == ["picture.bin"]
    assert summary.comparison.missing == ["lost.log"]
    assert by_path(case)["picture.bin"]["expected_sha256"] == wrong


def test_a_reader_that_dies_costs_its_source_and_no_other(
    taken, tmp_path: Path, evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "naughty.py").write_text("import os\ndef die(*_):\n    os.abort()\n")
    monkeypatch.syspath_prepend(tmp_path)

    def work(function: str, arguments: tuple, size: int = 0, tag: object = None) -> Work:
        names = getattr(arguments[0], "names", ())
        if function == "forensics.reading:read" and "old.history.gz" in names:
            function = "naughty:die"
        return Work(function, arguments, size, tag)

    monkeypatch.setattr(readings, "Work", work)
    case, summary = taken()
    row = by_path(case)["old.history.gz"]
    assert (row["status"], row["quarantined"], row["bytes_quarantined"]) == ("partly_read", 1, row["stream_bytes"])
    [told] = [each for each in rows_of(case, "quarantine") if each["source_id"] == row["source_id"]]
    assert told["reason"] == "the reading process was killed by SIGABRT"
    assert by_path(case)["copy of it"]["status"] == "read"
    assert summary.unbalanced == []


def test_a_source_that_cannot_even_be_looked_at_is_sealed_and_listed(taken, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Workers.run

    def failing(self, works):
        for work, outcome in run(self, works):
            reads = work.function.startswith("forensics.reading:")
            yield work, Failure("fault", "worn out") if reads and "picture.bin" in work.arguments[0].names else outcome

    monkeypatch.setattr(Workers, "run", failing)
    case, _ = taken()
    row = by_path(case)["picture.bin"]
    assert (row["status"], row["bytes_quarantined"]) == ("not_recognised", 2048)


def nested(levels: int) -> bytes:
    data = b"#1772600000\nwhoami\n#1772600001\nid\n#1772600002\nexit\n"
    for level in range(levels):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as archive:
            info = tarfile.TarInfo(f"level{level}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        data = stream.getvalue()
    return data


def test_archives_are_opened_three_deep_and_no_deeper(tmp_path: Path) -> None:
    (tmp_path / "deep.tar").write_bytes(nested(5))
    case = Case.create(tmp_path / "case")
    ingest(case, [tmp_path / "deep.tar"], Options(workers=1))
    rows = by_path(case)
    assert [row["status"] for row in rows.values()] == ["container"] * 3 + ["not_recognised"]
    assert list(rows)[-1] == "deep.tar!level4!level3!level2"
    [told] = rows_of(case, "quarantine")
    assert told["reason"] == "a tar archive that was not opened: it is nested deeper than 3"


def test_an_archive_that_grows_without_bound_is_stopped(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, size in (("small", 1000), ("large", 40 << 20), ("after", 10)):
            info = tarfile.TarInfo(name)
            info.size = size
            archive.addfile(info, io.BytesIO(bytes(size)))
    packed = gzip.compress(gzip.compress(stream.getvalue()))
    (tmp_path / "bomb.tar.gz").write_bytes(packed)
    case = Case.create(tmp_path / "case")
    summary = ingest(case, [tmp_path / "bomb.tar.gz"], Options(workers=1))
    row = by_path(case)["bomb.tar.gz"]
    assert row["status"] == "container"
    assert row["quarantined"] >= 1
    assert by_path(case)["bomb.tar.gz!small"]["bytes"] == 1000
    assert "bomb.tar.gz!after" not in by_path(case)
    reasons = [told["reason"] for told in rows_of(case, "quarantine") if told["source_id"] == row["source_id"]]
    assert reasons == ["decodes to more bytes than the limit allows", "member large is cut: 25167872 bytes are missing"]
    assert [(told["path"], told["kind"]) for told in summary.refusals] == [("bomb.tar.gz!large", "damaged")]
    sealed = sum(path.stat().st_size for path in (case.root / "evidence").rglob("*") if path.is_file())
    assert sealed < 20 << 20


def test_an_archive_that_holds_itself_comes_to_an_end(tmp_path: Path) -> None:
    inner = nested(1)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name in ("one", "two"):
            info = tarfile.TarInfo(name)
            info.size = len(inner)
            archive.addfile(info, io.BytesIO(inner))
    (tmp_path / "twins.tar").write_bytes(stream.getvalue())
    case = Case.create(tmp_path / "case")
    ingest(case, [tmp_path / "twins.tar", tmp_path / "twins.tar"], Options(workers=2))
    assert len(ledger.load(case).sources) == 2 * (1 + 2 + 2)
    assert len(rows_of(case, "process")) == 3


def test_a_full_disk_leaves_the_case_as_it_was(evidence: Path, tmp_path: Path) -> None:
    case = Case.create(tmp_path / "case")
    (evidence / "large.bin").write_bytes(os.urandom(3 << 20))
    root = case.manifest.content_root
    code = SCRIPT.replace("Case.create", "Case.open").replace(
        "    case =", "    import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))\n    case ="
    )
    (tmp_path / "script.py").write_text(code)
    arguments = [sys.executable, str(tmp_path / "script.py"), str(case.root), str(evidence)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "StorageFault" in done.stderr
    again = Case.open(case.root)
    assert again.manifest.content_root == root
    assert sorted(path.name for path in case.root.iterdir()) == [".lock", "case.toml", "custody.jsonl", "manifest.json"]


def test_a_full_disk_in_a_reading_process_is_a_fault_of_the_case(
    taken, evidence: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "naughty.py").write_text("def full(*_):\n    raise OSError(28, 'No space left on device')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(readings, "Work", lambda function, *rest: Work("naughty:full", *rest))
    with pytest.raises(StorageFault, match="No space left"):
        taken()
    assert Case.open(tmp_path / "case").tables() == {}
