"""A case folder: acts, their atomicity, and what an interrupted one leaves."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from forensics import custody, manifest
from forensics.case import Case
from forensics.errors import CaseBusy, CheckFailed, StorageFault, UsageFault


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case.create(tmp_path / "case")


def on_disk(root: Path) -> set[str]:
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if not p.is_dir()} - {".lock", "custody.jsonl"}


def test_a_new_case_holds_its_settings_and_nothing_else(case: Case) -> None:
    assert on_disk(case.root) == {"case.toml", "manifest.json"}
    assert case.settings.id == "case"
    assert case.tables() == {}
    assert Case.open(case.root).manifest.custody_head == custody.load(case.root).head


def test_two_cases_in_different_folders_have_the_same_root(tmp_path: Path) -> None:
    roots = set()
    for name in ("one", "another"):
        case = Case.create(tmp_path / name)
        with case.writing("test") as act:
            act.put("tables/process/a.parquet", b"rows")
        roots.add(case.manifest.content_root)
    assert len(roots) == 1


def test_init_refuses_a_folder_in_use_and_open_refuses_a_folder_without_case(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UsageFault, match="not empty"):
        Case.create(tmp_path)
    with pytest.raises(UsageFault, match="no case"):
        Case.open(tmp_path)


def test_init_takes_over_a_case_toml_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text('[case]\nid = "2026-1"\n')
    assert Case.create(tmp_path).settings.id == "2026-1"


def test_what_an_act_puts_is_committed_and_readable(case: Case, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.write_bytes(b"12345")
    with case.writing("test") as act:
        act.put("incident.json", b"{}")
        act.put_file("tables/flow/x.parquet", given)
        act.outcome["rows"] = 3
    again = Case.open(case.root)
    assert again.read("incident.json") == b"{}"
    assert again.tables() == {"flow": [case.root / "tables/flow/x.parquet"]}
    assert not given.exists()
    last = custody.load(case.root).entries[-1]
    assert (last["phase"], last["details"]["rows"]) == ("end", 3)
    assert last["details"]["content_root"] == again.manifest.content_root


def test_replacing_and_dropping(case: Case) -> None:
    with case.writing("test") as act:
        act.put("incident.json", b"old")
        act.put("findings/a/1", b"a")
        act.put("findings/b/1", b"b")
    with case.writing("test") as act:
        act.drop("findings/")
        act.put("findings/b/1", b"b")
        act.put("incident.json", b"new")
        assert Case.open(case.root).read("incident.json") == b"old"
        assert Case.open(case.root).read("findings/a/1") == b"a"
    assert on_disk(case.root) == {"case.toml", "manifest.json", "incident.json", "findings/b/1"}
    assert Case.open(case.root).read("incident.json") == b"new"


def test_a_failing_act_changes_nothing(case: Case) -> None:
    with case.writing("test") as act:
        act.put("incident.json", b"old")
    before = case.manifest.content_root

    def attempt() -> None:
        with case.writing("test") as act:
            act.put("incident.json", b"new")
            act.put("tables/flow/y", b"y")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        attempt()
    again = Case.open(case.root)
    assert again.manifest.content_root == before
    assert again.read("incident.json") == b"old"
    assert on_disk(case.root) == {"case.toml", "manifest.json", "incident.json"}
    assert custody.load(case.root).entries[-1]["phase"] == "failed"


def test_a_changed_file_is_noticed_when_read(case: Case) -> None:
    with case.writing("test") as act:
        act.put("incident.json", b"old")
    (case.root / "incident.json").write_bytes(b"odd")
    with pytest.raises(CheckFailed, match=r"incident\.json"):
        case.read("incident.json")


def test_an_edited_case_toml_is_taken_over_by_the_next_act_and_told(case: Case) -> None:
    (case.root / "case.toml").write_text('[case]\nid = "B"\n')
    with case.writing("test"):
        assert case.settings.id == "B"
    begun = [entry for entry in custody.load(case.root).entries if entry["phase"] == "begin"][-1]
    assert begun["details"]["settings_changed"] is True
    Case.open(case.root).check(["case.toml"])


def test_a_faulty_case_toml_stops_an_act_before_it_begins(case: Case) -> None:
    (case.root / "case.toml").write_text('[case]\nnumber = "B"\n')
    count = len(custody.load(case.root).entries)
    with pytest.raises(UsageFault, match=r"case\.number"), case.writing("test"):
        pass
    assert len(custody.load(case.root).entries) == count


def test_the_second_writer_is_turned_away_at_once_and_told_who_is_first(case: Case) -> None:
    code = "import sys; from forensics.case import Case; c = Case.open(sys.argv[1])\nwith c.writing('second'): pass"
    with case.writing("first"):
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-c", code, str(case.root)], capture_output=True, text=True, check=False)
        assert time.monotonic() - began < 5
    assert f"process {os.getpid()} (first) writes to it" in done.stderr
    with case.writing("third"), pytest.raises(CaseBusy), Case.open(case.root).writing("fourth"):
        pass


def test_scratch_is_inside_the_case_and_gone_afterwards_and_no_sweep_takes_it(case: Case) -> None:
    with case.scratch() as folder:
        (folder / "x").write_bytes(b"x")
        assert folder.parent == case.root
        with case.writing("test"):
            assert (folder / "x").exists()
    assert not folder.exists()


def test_leftovers_are_swept_and_links_are_not_followed(case: Case, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").write_bytes(b"keep")
    (case.root / "tables").mkdir()
    (case.root / "tables/flow").symlink_to(outside)
    (case.root / "evidence/ab").mkdir(parents=True)
    (case.root / "evidence/ab/left").write_bytes(b"left")
    (case.root / ".work-1").mkdir()
    (case.root / "notes.txt").write_text("the user's own")
    with case.writing("test"):
        pass
    assert on_disk(case.root) == {"case.toml", "manifest.json", "notes.txt"}
    assert (outside / "keep").exists()
    swept = next(entry for entry in custody.load(case.root).entries if entry["act"] == "recover")
    assert set(swept["details"]["names"]) == {".work-1", "evidence/ab/left", "tables/flow"}


DRIVER = """
import os, signal, sys
from forensics import durable, custody, transaction, case
stop = int(sys.argv[2])
count = 0
def step(function):
    def stepping(*given, **named):
        global count
        count += 1
        if count == stop:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)
    return stepping
import pathlib
os.fsync = step(os.fsync)
pathlib.Path.replace = step(pathlib.Path.replace)
pathlib.Path.unlink = step(pathlib.Path.unlink)
os.write = step(os.write)
with case.Case.open(sys.argv[1]).writing("update") as act:
    act.put("incident.json", b"new")
    act.put("tables/flow/new", b"flow")
    act.drop("findings/")
    act.put("findings/b/1", b"b2")
"""


def test_killed_at_every_step_the_case_is_as_before_or_as_after(tmp_path: Path) -> None:
    states = {}
    for stop in range(1, 100):
        case = Case.create(tmp_path / str(stop))
        with case.writing("test") as act:
            act.put("incident.json", b"old")
            act.put("findings/a/1", b"a")
            act.put("findings/b/1", b"b")
        before = case.manifest.content_root
        done = subprocess.run([sys.executable, "-c", DRIVER, str(case.root), str(stop)], check=False)
        now = Case.open(case.root)
        now.check(list(now.files()))
        states.setdefault(now.manifest.content_root == before, []).append(stop)
        with now.writing("again") as act:
            act.put("incident.json", b"new")
            act.put("tables/flow/new", b"flow")
            act.drop("findings/")
            act.put("findings/b/1", b"b2")
        assert on_disk(case.root) == {"case.toml", "manifest.json", "incident.json", "tables/flow/new", "findings/b/1"}
        chain = custody.load(case.root)
        assert not chain.faults
        assert chain.head == Case.open(case.root).manifest.custody_head
        if done.returncode == 0:
            break
        assert any(entry["act"] == "recover" for entry in chain.entries) or stop < 4
    assert len(states[True]) > 5
    assert len(states[False]) > 3
    assert max(states[True]) < min(states[False])


def test_a_full_disk_leaves_the_case_as_it_was(case: Case) -> None:
    code = """
import resource, sys
from forensics.case import Case
from forensics.errors import StorageFault
case = Case.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    with case.writing("big") as act:
        act.put("tables/flow/small", b"s")
        act.put("tables/flow/big", b"b" * 100_000)
except StorageFault as fault:
    print(fault)
"""
    done = subprocess.run([sys.executable, "-c", code, str(case.root)], capture_output=True, text=True, check=True)
    assert "too large" in done.stdout
    assert on_disk(case.root) == {"case.toml", "manifest.json"}
    assert custody.load(case.root).entries[-1]["phase"] == "failed"


def test_custody_that_cannot_be_written_leaves_no_half_line(case: Case) -> None:
    code = """
import resource, sys
from forensics.case import Case
from forensics.errors import StorageFault
case = Case.open(sys.argv[1])
size = (case.root / "custody.jsonl").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, size + 100))
try:
    with case.writing("act"): pass
except StorageFault as fault:
    print("told")
"""
    before = (case.root / custody.FILE_NAME).read_bytes()
    done = subprocess.run([sys.executable, "-c", code, str(case.root)], capture_output=True, text=True, check=True)
    assert done.stdout == "told\n"
    assert (case.root / custody.FILE_NAME).read_bytes() == before


def test_the_lock_is_free_after_its_holder_was_killed(case: Case) -> None:
    with (case.root / ".lock").open("r+b") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with pytest.raises(CaseBusy), case.writing("test"):
            pass
    with case.writing("test"):
        pass


def test_storage_faults_carry_the_exit_code_of_storage() -> None:
    assert StorageFault("x").exit_code == 6
    assert CaseBusy("x").exit_code == 5
    assert manifest.FILE_NAME == "manifest.json"
