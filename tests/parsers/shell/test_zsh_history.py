"""zsh histories: what zsh wrote, by the rules of its source, comes back as it was typed."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.contract import Grade
from parsers.shell import typed, zsh_history
from parsers.source import Source

T = 1_790_000_000
METAFIED = {0, *range(0x83, 0xA3)}


def written(command: str, start: int | None = None, elapsed: int = 0) -> bytes:
    """Write one entry as savehistfile() does."""
    out = bytearray()
    for byte in command.encode():
        out += bytes([0x83, byte ^ 0x20]) if byte in METAFIED else bytes([byte])
    text = bytes(out).replace(b"\n", b"\\\n")
    if re.search(rb"\\ *\Z", text):
        text += b" "
    if start is not None:
        return b": %d:%d;" % (start, elapsed) + text + b"\n"
    return (b"\\" if text.startswith(b":") else b"") + text + b"\n"


def rows(data: bytes, golden) -> list[dict]:
    return golden.golden(Source.of_bytes(data), zsh_history)["rows"].get("process", [])


def triples(data: bytes, golden) -> list[tuple[int | None, int | None, str]]:
    """Return (start, elapsed, command) of every row, in seconds."""
    _, tables = golden.tables_of(Source.of_bytes(data), zsh_history)
    if "process" not in tables:
        return []
    table = tables["process"]
    times = [us if us is None else us // 1_000_000 for us in table.column("ts").cast("int64").to_pylist()]
    spans = [us if us is None else us // 1_000_000 for us in table.column("duration_us").to_pylist()]
    return list(zip(times, spans, table.column("command").to_pylist(), strict=True))


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (b": 1790000000:0;ls\n", (T, None, "ls")),
        (b": 1790000000:7;ls\n", (T, 7, "ls")),
        (b": 1790000000:1790000009;ls\n", (T, 9, "ls")),
        (b":   1790000000:2;ls\n", (T, 2, "ls")),
        (b":1790000000:2;ls\n", (T, 2, "ls")),
        (b": 0:0;ls\n", (None, None, "ls")),
        (b": :;ls\n", (None, None, "ls")),
        (b"ls\n", (None, None, "ls")),
        (b"\\: note\n", (None, None, ": note")),
        (b": >file\n", (None, None, ": >file")),
        (b": 1790000000 ls\n", (None, None, ": 1790000000 ls")),
        (b": 1790000000:0;: note\n", (T, None, ": note")),
        (b": 1790000000:0;\\: note\n", (T, None, "\\: note")),
        (b": 1790000000:0;a;b\n", (T, None, "a;b")),
        (b"a \\\\ \n", (None, None, "a \\\\")),
        (b"a \\  \n", (None, None, "a \\ ")),
        (b"a\\\nb\n", (None, None, "a\nb")),
        (b"a\\\\\nb\n", (None, None, "a\\\nb")),
        (b"a\\\n\\\nb\n", (None, None, "a\n\nb")),
        (b"  a  \n", (None, None, "  a  ")),
        ("größe\n".encode(), (None, None, "größe")),
        (b"\xe4\xbd\x83\x80\n", (None, None, "\u4f60")),  # metafied
        (b"\xe3\x83\xa0\n", (None, None, "\u30e0")),  # raw: 0x83 begins no pair
        (b"\xe3\x83\xa3\n", (None, None, "\u30e3")),  # raw, though 0x83 0xa3 would be a pair: only raw is UTF-8
        (b"\x83 \n", (None, None, "\0")),
    ],
)
def test_one_entry(line, wanted, golden):
    assert triples(line, golden) == [wanted]


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        (b"\xe3\x83\xa0\n", ["not_metafied"]),
        (b"\xe4\xbd\x83\x80\n", None),
        (b"ls \xff\n", ["undecodable_bytes"]),
        (b": 1790000000:0;dir\r\n", ["carriage_returns"]),
        (b": 1790000000:0;ls", ["no_final_newline"]),
        (b"ls\\\n", ["unfinished_command"]),
        (b"ls a\0b\n", ["not_metafied", "nul_bytes"]),
        (b": 99999999999999999999:0;ls\n", ["timestamp_out_of_range"]),
        (b": 1790000000:99999999999999999999;ls\n", ["timestamp_out_of_range"]),
        (b": 1790000000:0;a\\\n: 1790000001:0;b\n", ["ambiguous_boundary"]),
    ],
)
def test_notes(data, notes, golden):
    (row,) = rows(data, golden)
    assert row.get("notes") == notes


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b": 1790000000:0;\n", "a timestamp without a command"),
        (b": :;\n", "a timestamp without a command"),
        (b"ls\n: 17900", "a timestamp without a command"),
        (b"ls\n: 1790000000:", "a timestamp without a command"),
        (b"\0\0\0\nls\n", "3 NUL bytes, as a crash leaves them"),
        (b"ls\\\n\0\0id\n", "2 NUL bytes, as a crash leaves them"),
    ],
)
def test_rejects(data, reason, golden):
    found = golden.golden(Source.of_bytes(data), zsh_history)
    assert [row["reason"] for row in found["rows"]["quarantine"]] == [reason]


def test_what_is_too_long_is_rejected_and_the_rest_is_read(golden, monkeypatch):
    for module in (zsh_history, typed):
        monkeypatch.setattr(module, "MAX_ENTRY_BYTES", 50)
    data = b"ls\n" + b"x" * 60 + b"\n" + b"a\\\n" * 30 + b"b\nid\n"
    found = golden.golden(Source.of_bytes(data), zsh_history)
    assert {row["reason"] for row in found["rows"]["quarantine"]} == {"an entry of more than 16 MiB"}
    assert [found["rows"]["process"][at]["command"] for at in (0, -1)] == ["ls", "id"]


@pytest.mark.shared
def test_what_was_typed_into_zsh(shared, golden):
    folder = shared / "data" / "host_execution" / "zsh" / "generated"
    oracle = json.loads((folder / "expected.json").read_text())
    checked = set()
    for name, wanted in oracle.items():
        found = triples((folder / name).read_bytes(), golden)
        if "commands" not in wanted:
            continue
        # an elapsed time of 0 may have been written before the command ended: no duration
        assert found == [(one["start"], one["elapsed"] or None, one["command"]) for one in wanted["commands"]], name
        checked.add(name)
    # those two have a note only: SHARE_HISTORY writes 0 for all, INC_APPEND_HISTORY_TIME 1 for `sleep 1`
    assert set(oracle) - checked == {"zsh_share.hist", "zsh_inc_time.hist"}
    share = triples((folder / "zsh_share.hist").read_bytes(), golden)
    timed = triples((folder / "zsh_inc_time.hist").read_bytes(), golden)
    assert [elapsed for _, elapsed, command in share if command == "sleep 1"] == [None]
    assert [elapsed for _, elapsed, command in timed if command == "sleep 1"] == [1]


@pytest.mark.shared
def test_expectations_of_peers(shared, golden):
    folder = shared / "data" / "host_execution"
    plaso = triples((folder / "zsh" / "plaso__test_data__zsh_extended_history.txt").read_bytes(), golden)
    assert len(plaso) == 4
    assert plaso[0] == (1457771210, None, "cd plaso")
    # plaso keeps the backslash and makes a blank of the newline
    assert plaso[2][2] == "echo dfgdfg \\\n& touch /tmp/afile"
    inline = json.loads((folder / "inline_from_tests" / "expected.json").read_text())
    for name in ("atuin_zsh_multiline", "atuin_zsh_metafied"):
        found = triples((folder / "inline_from_tests" / name).read_bytes(), golden)
        assert [command for _, _, command in found] == inline[name]["expected"], name
    found = triples((folder / "inline_from_tests" / "dissect_zsh").read_bytes(), golden)
    assert [(start, command) for start, _, command in found] == [
        tuple(pair) for pair in inline["dissect_zsh"]["expected"]
    ]


COMMAND = st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1).filter(
    # a bare newline and a bare NUL in front are what a torn file looks like
    lambda text: text[0] not in "\0\n"
)
ENTRY = st.tuples(COMMAND, st.integers(1, T), st.integers(0, 10**6))


@given(st.lists(ENTRY, max_size=20))
def test_timed_entries_come_back_as_written(golden, entries):
    data = b"".join(written(command, start, elapsed if elapsed < start else 0) for command, start, elapsed in entries)
    assert triples(data, golden) == [
        (start, (elapsed if elapsed < start else 0) or None, command) for command, start, elapsed in entries
    ]


@given(st.lists(COMMAND, max_size=20))
def test_plain_entries_come_back_as_written(golden, commands):
    data = b"".join(map(written, commands))
    assert [command for _, _, command in triples(data, golden)] == commands


@given(st.lists(st.sampled_from(["ls", "id -u", "pwd", "cd ~"]), min_size=9, max_size=20), st.data())
def test_damage_stays_where_it_is(golden, commands, data):
    entries = [(T + at, None, text) for at, text in enumerate(commands)]
    whole = b"".join(written(command, start) for start, _, command in entries)
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    hit = whole[:at].count(b"\n")
    found = triples(damaged, golden)
    assert found[:hit] == entries[:hit]
    after = entries[hit + 2 :]
    assert found[len(found) - len(after) :] == after


@pytest.mark.parametrize(
    ("head", "name", "grade"),
    [
        (written("ls", T) + written("id", T), "x", Grade.STRONG),
        (written("ls", T), "x", Grade.STRONG),
        (written("ls", T) + b"x\n" * 30, "x", Grade.WEAK),
        (written("ls", T) + b"x\n" * 30, "home/a/.zsh_history", Grade.PROBABLE),
        (b"ls\nid\n", "x", Grade.WEAK),
        (b"ls\nid\n", "home/a/.zsh_history", Grade.PROBABLE),
        (b"ls\nid\n", "home/a/.zhistory", Grade.PROBABLE),
        (b"ls\nid\n", "home/a/.zsh_sessions/1A2B.history", Grade.PROBABLE),
        (b"ls\nid\n", "home/a/.bash_history", Grade.WEAK),
        (b'{"a": 1}\n', "home/a/.zsh_history", Grade.NONE),
        (b"", "home/a/.zsh_history", Grade.NONE),
    ],
)
def test_grades(head, name, grade):
    assert zsh_history.recognise(head, name) == grade
