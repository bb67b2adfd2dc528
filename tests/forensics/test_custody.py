"""The chain of custody: what was written cannot be changed, dropped or reordered unseen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from forensics import canonical, custody


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        custody.append(tmp_path, "act", "begin", {"number": number})
        custody.append(tmp_path, "act", "end", {})
    return tmp_path


def lines_of(folder: Path) -> list[bytes]:
    return (folder / custody.FILE_NAME).read_bytes().split(b"\n")[:-1]


def test_entries_follow_one_another(folder: Path) -> None:
    chain = custody.load(folder)
    assert [entry["seq"] for entry in chain.entries] == [1, 2, 3, 4, 5, 6]
    assert chain.faults == ()
    assert chain.torn == b""
    assert chain.entries[0]["previous"] == custody.START
    assert chain.head == chain.entries[-1]["hash"]
    assert all(line == canonical.encoded(json.loads(line)) for line in lines_of(folder))


def test_an_absent_record_is_an_empty_chain(tmp_path: Path) -> None:
    chain = custody.load(tmp_path)
    assert (chain.entries, chain.head, chain.open_act) == ((), custody.START, None)


def test_every_flipped_bit_is_a_fault(folder: Path) -> None:
    data = (folder / custody.FILE_NAME).read_bytes()
    for bit in range(0, len(data) * 8, 7):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        chain = custody.read_chain(bytes(flipped))
        assert chain.faults or chain.torn, bit


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[1:],
        lambda lines: lines[:2] + lines[3:],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines[:3], lines[2], *lines[3:]],
        lambda lines: [*lines, b"{}"],
        lambda lines: [*lines, b""],
    ],
)
def test_dropping_reordering_doubling_and_adding_are_faults(folder: Path, change) -> None:
    assert custody.read_chain(b"\n".join([*change(lines_of(folder)), b""])).faults


def test_an_entry_written_anew_does_not_fit_the_next(folder: Path) -> None:
    lines = lines_of(folder)
    entry = json.loads(lines[2])
    entry["details"]["number"] = 7
    del entry["hash"]
    entry["hash"] = canonical.digest(entry)
    lines[2] = canonical.encoded(entry)
    assert custody.read_chain(b"\n".join([*lines, b""])).faults == ("line 4 does not follow the entry before it",)


def test_a_torn_line_stays_and_the_next_entry_declares_it(folder: Path) -> None:
    path = folder / custody.FILE_NAME
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"act":"x","deta')
    assert custody.load(folder).torn == b'{"act":"x","deta'
    custody.append(folder, "recover", "begin", {})
    chain = custody.load(folder)
    assert chain.faults == ()
    assert len(chain.entries) == 7
    assert chain.entries[-1]["torn"]["bytes"] == 16
    assert path.read_bytes().startswith(whole + b'{"act":"x","deta\n')


def test_a_torn_line_that_no_entry_declares_is_a_fault(folder: Path) -> None:
    lines = lines_of(folder)
    chain = custody.read_chain(b"\n".join([*lines[:2], b"torn", *lines[2:], b""]))
    assert chain.faults == ("line 3 is no sound entry",)


def test_the_open_act_is_the_one_without_an_end(tmp_path: Path) -> None:
    custody.append(tmp_path, "ingest", "begin", {})
    custody.append(tmp_path, "ingest", "note", {})
    custody.append(tmp_path, "show", "begin", {})
    custody.append(tmp_path, "show", "end", {})
    open_act = custody.load(tmp_path).open_act
    assert open_act is not None
    assert open_act["seq"] == 1
    custody.append(tmp_path, "ingest", "failed", {})
    assert custody.load(tmp_path).open_act is None
