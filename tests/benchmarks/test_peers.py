"""What is said of other tools is counted the same way for all, and by nobody's parser."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import peer_readers
import peers


@pytest.mark.parametrize(
    ("form", "data", "count"),
    [
        ("bash_history", b"ls\nid\n#1700000000\necho 'a\nb'\n\n#1700000001\nid\n", 4),
        ("zsh_history", b": 1700000000:0;echo a\\\nb\nls\n\n", 2),
        ("fish_history", b"- cmd: ls\n  when: 1\n- cmd: id\n# 1339519901\n", 3),
        ("aws_vpc_flow", b"version account-id\n2 1 eni\n\n2 1 eni\n", 2),
        ("zeek_tsv", b"#fields\tts\n1\n2\n#close\n", 2),
        ("cloudtrail", b'{"Records": [{}, {}]}', 2),
        ("cloudtrail", b"{}\n{}\n{}\n", 3),
        ("inspect_log", b'{"samples": [{}]}', 1),
    ],
)
def test_what_is_offered(tmp_path: Path, form: str, data: bytes, count: int) -> None:
    (tmp_path / "file").write_bytes(data)
    assert peers.OFFERED[form](tmp_path / "file") == count


def test_missing_records_are_silent_unless_told() -> None:
    answer = {"given": 3, "fault": None, "told": 0, "warned": False, "replaced": 1}
    rows = [
        (5, answer, peers.Ours("x", 5, 0)),
        (5, answer | {"fault": "ValueError"}, peers.Ours("x", 4, 1)),
        (5, answer | {"warned": True}, peers.Ours("x", 4, 0)),
        (5, answer | {"told": 1}, peers.Ours("x", 6, 0)),
        (2, answer, peers.Ours("x", 2, 0)),
    ]
    told = peers.held("tool", "x", rows)
    assert (told.missing_silent, told.silent_files, told.missing_told, told.beyond) == (3, 2, 5, 1)
    assert (told.faults, told.replaced) == ({"ValueError": 1}, 5)
    assert (told.ours_missing, told.ours_beyond, told.ours_quarantined) == (1, 1, 1)


def test_the_page_holds_the_section_once() -> None:
    kept = json.loads(peers.KEPT.read_bytes())
    told = peers.section(kept)
    page = peers.put("# Page\n\n## What was not read\n\nx\n", told)
    assert page == peers.put(page, told) == f"# Page\n\n{told}\n## What was not read\n\nx\n"
    assert told in peers.DOCUMENT.read_text(encoding="utf-8")
    assert all(version for version in kept["versions"].values()) or "did not install" in told


def test_a_reader_says_what_came_of_each_file() -> None:
    def read(path: Path, form: str, answer: dict) -> Iterator[str]:
        yield "a \ufffd"
        if path.name == "bad":
            raise SystemExit
        answer["told"] = len(form)

    good, bad = peer_readers._each([{"file": "good", "format": "ab"}, {"file": "bad", "format": "ab"}], read)
    assert good == {"file": "good", "given": 1, "fault": None, "told": 2, "warned": False, "replaced": 1}
    assert bad == {"file": "bad", "given": 1, "fault": "SystemExit", "told": 0, "warned": False, "replaced": 1}


def test_every_peer_has_a_reader_and_every_format_a_count() -> None:
    assert {peer.reader for peer in peers.PEERS} == peer_readers.READERS.keys()
    assert {form for peer in peers.PEERS for form in peer.formats} == peers.OFFERED.keys()
