"""What lies under a delivered folder, and sealing it without touching it."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from pathlib import Path

import pytest

from forensics import sealing
from forensics.errors import StorageFault, UsageFault
from forensics.originals import Refused, open_original
from forensics.sealing import seal
from forensics.walk import walk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    given = tmp_path / "given"
    (given / "hosts/gpu1").mkdir(parents=True)
    (given / "hosts/gpu1/audit.log").write_bytes(b"type=EXECVE\n")
    (given / "b.txt").write_bytes(b"b")
    (given / "a.txt").write_bytes(b"a")
    (given / "link").symlink_to("/etc/passwd")
    (given / "loop").symlink_to(given)
    os.mkfifo(given / "pipe")
    Path(os.fsdecode(bytes(given) + b"/bad\xff")).write_bytes(b"?")
    return given


def test_files_are_found_in_order_and_the_rest_is_told_of(folder: Path) -> None:
    found = [(each.path, each.kind, each.size, each.detail) for each in walk(folder)]
    assert found == [
        ("a.txt", "file", 1, ""),
        ("b.txt", "file", 1, ""),
        ("bad%FF", "file", 1, ""),
        ("hosts/gpu1/audit.log", "file", 12, ""),
        ("link", "symlink", 11, "/etc/passwd"),
        ("loop", "symlink", len(str(folder)), str(folder)),
        ("pipe", "fifo", 0, ""),
    ]


def test_sockets_are_told_of() -> None:
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/s")
        assert [each.kind for each in walk(Path(short))] == ["socket"]


def test_one_file_is_called_by_its_name(folder: Path) -> None:
    assert [(each.path, each.size) for each in walk(folder / "hosts/gpu1/audit.log")] == [("audit.log", 12)]


def test_a_link_that_the_user_names_is_followed_once(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "shortcut").symlink_to(folder / "a.txt")
    assert [(each.path, each.kind) for each in walk(tmp_path / "shortcut")] == [("shortcut", "file")]


def test_devices_are_told_of_and_not_read() -> None:
    assert [each.kind for each in walk(Path("/dev/zero"))] == ["device"]


def test_the_case_itself_is_left_out(folder: Path) -> None:
    (folder / "hosts/case").mkdir()
    (folder / "hosts/case/inside").write_bytes(b"x")
    found = {each.path: each.kind for each in walk(folder, folder / "hosts/case")}
    assert found["hosts/case"] == "case"
    assert "hosts/case/inside" not in found


def test_nothing_there_is_a_fault_of_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="nothing here"):
        walk(tmp_path / "absent")


def test_only_regular_files_are_opened(folder: Path) -> None:
    for name, kind in (("link", "unreadable"), ("pipe", "fifo"), ("hosts", "folder"), ("absent", "unreadable")):
        with pytest.raises(Refused) as refused:
            open_original(folder / name)
        assert refused.value.kind == kind


def test_a_sealed_copy_has_the_hashes_and_the_original_stays_as_it_was(folder: Path, tmp_path: Path) -> None:
    place = folder / "hosts/gpu1/audit.log"
    before = place.stat()
    told: list[int] = []
    sealed = seal(bytes(place), tmp_path / "copy", frozenset({"md5"}), told.append)
    after = place.stat()
    assert sealed.digests == {
        "md5": hashlib.md5(place.read_bytes()).hexdigest(),
        "sha256": hashlib.sha256(place.read_bytes()).hexdigest(),
    }
    assert (tmp_path / "copy").read_bytes() == place.read_bytes()
    assert sum(told) == 12
    assert (before.st_mtime_ns, before.st_ctime_ns, before.st_atime_ns) == (
        after.st_mtime_ns,
        after.st_ctime_ns,
        after.st_atime_ns,
    )


def test_a_file_that_changes_while_it_is_read_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder / "a.txt"
    read_block = sealing._block

    def grows(original):
        with place.open("ab") as writer:
            writer.write(b"more")
        return read_block(original) if original.tell() < 100 else b""

    monkeypatch.setattr(sealing, "_block", grows)
    with pytest.raises(Refused, match="changes while it is read"):
        seal(bytes(place), None, frozenset(), lambda _: None)


def test_a_fault_of_the_original_is_not_one_of_the_case(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="unreadable"):
        seal(bytes(folder / "absent"), tmp_path / "copy", frozenset(), lambda _: None)
    with pytest.raises(StorageFault):
        seal(bytes(folder / "a.txt"), tmp_path / "absent/copy", frozenset(), lambda _: None)
