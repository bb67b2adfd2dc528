"""bash histories: what bash wrote comes back as it was typed, and nothing gets a time that the file does not give."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers import blocks
from parsers.contract import Grade
from parsers.shell import bash_entries, bash_history
from parsers.source import Source

T = 1_790_000_000


def rows(data: bytes, golden) -> list[dict]:
    return golden.golden(Source.of_bytes(data), bash_history)["rows"].get("process", [])


def pairs(data: bytes, golden) -> list[tuple[int | None, str]]:
    """Return (seconds, command) of every row."""
    _, tables = golden.tables_of(Source.of_bytes(data), bash_history)
    if "process" not in tables:
        return []
    times = tables["process"].column("ts").cast("int64").to_pylist()
    return [
        (None if us is None else us // 1_000_000, command)
        for us, command in zip(times, tables["process"].column("command").to_pylist(), strict=True)
    ]


def written(entries: list[tuple[int | None, str]]) -> bytes:
    """Write entries as bash does."""
    return "".join((f"#{second}\n" if second is not None else "") + text + "\n" for second, text in entries).encode()


# --- cases ----------------------------------------------------------------------------------------------------------

HEREDOC = "cat <<EOF\na\nEOF\n"

CASES = {
    "timed": ([(T, "ls"), (T + 1, "pwd")], {}),
    "untimed": ([(None, "ls"), (None, "pwd")], {}),
    "untimed then timed": ([(None, "ls"), (T, "pwd"), (T + 1, "id")], {}),
    "one time among untimed lines is doubtful": (
        [(None, "ls"), (T, "pwd"), (None, "id")],
        {1: ["ambiguous_timestamp"]},
    ),
    "untimed after exit": ([(T, "ls"), (T + 1, "exit"), (None, "id"), (T + 9, "ls")], {}),
    "untimed after a finished command": (
        [(T, "ls"), (None, "id"), (None, "pwd"), (T + 9, "ls")],
        {1: ["ambiguous_boundary"], 2: ["ambiguous_boundary"]},
    ),
    "typed comment of digits": ([(T, "#1700000000"), (T + 1, "ls")], {}),
    "typed comment of digits twice": ([(T, "#1700000000"), (T + 1, "#1700000001"), (T + 2, "ls")], {}),
    "here-document": ([(T, HEREDOC), (T + 1, "ls")], {}),
    "here-document with a forged time": (
        [(T, f"cat <<EOF\n#{T + 1}\nxmrig -o pool.example:1\n#{T + 2}\nls\nEOF\n"), (T + 5, "ls")],
        {0: ["ambiguous_timestamp"]},
    ),
    "quote with a forged time": (
        [(T, f"echo '\n#{T + 1}\nrm -rf x\n'"), (T + 5, "ls")],
        {0: ["ambiguous_timestamp"]},
    ),
    "here-document with a time long ago": (
        [(T, "cat <<EOF\n#1234567890\nEOF\n"), (T + 5, "ls")],
        {0: ["ambiguous_timestamp"]},
    ),
    "compound with lithist": ([(T, "for i in 1 2\ndo\necho $i\ndone"), (T + 1, "ls")], {}),
    "open quote given up": (
        [(T, "echo don't"), (T + 1, HEREDOC), (T + 2, "echo isn't"), (T + 3, "ls")],
        {0: ["unfinished_command"], 1: ["ambiguous_timestamp"], 2: ["ambiguous_timestamp", "unfinished_command"]},
    ),
    "here-document given up": ([(T, "cat <<EOF"), (T + 1, "ls"), (T + 2, "id")], {0: ["unfinished_command"]}),
    "every line timed": (
        [(T, "echo 'a"), (T + 1, "b'"), (T + 1, "echo back\\"), (T + 2, "slash"), (T + 3, "ls")],
        {0: ["unfinished_command"], 1: ["ambiguous_timestamp", "unfinished_command"], 2: ["unfinished_command"]},
    ),
    "untimed here-document": (
        [(None, HEREDOC), (None, "ls")],
        {0: ["joined_by_grammar"]},
    ),
    "untimed here-document with a forged time": (
        [(None, "cat <<EOF\n#1234567890\nEOF\n"), (None, "ls")],
        {0: ["ambiguous_timestamp", "joined_by_grammar"]},
    ),
    "untimed here-document without an end": ([(None, "cat <<EOF"), (None, "ls")], {0: ["unfinished_command"]}),
    "times step back at a session's border": ([(T, "ls"), (T + 5, "exit"), (T + 1, "id"), (T + 2, "exit")], {}),
    "early clock": ([(35, "ls"), (36, "id")], {}),
    "leading and trailing blanks": ([(T, "  ls  "), (None, "\tid\t")], {1: ["ambiguous_boundary"]}),
    "open command at the end": ([(T, "ls"), (T + 1, "cat <<EOF\nbody")], {1: ["unfinished_command"]}),
    "a number sign is no time": ([(T, "ls"), (T + 1, "#12 apples"), (T + 2, "# 1700000000")], {}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_entries_come_back(case, golden):
    entries, notes = case
    assert pairs(written(entries), golden) == entries
    found = [row.get("notes") for row in rows(written(entries), golden)]
    assert {at: value for at, value in enumerate(found) if value} == notes


def test_place_of_an_entry_is_timestamp_and_text(golden):
    data = written([(T, "ls"), (T + 1, "echo 'a\nb'"), (T + 2, "id")])
    second = rows(data, golden)[1]
    assert (second["record"], second["line"]) == (2, 3)
    assert data[second["offset"] : second["offset"] + second["length"]] == f"#{T + 1}\necho 'a\nb'".encode()


@pytest.mark.parametrize(
    ("data", "reasons"),
    [
        (b"#1790000000", ["a timestamp without a command"]),
        (b"#1790000000\n\n#1790000001\nls\n", ["a timestamp without a command"]),
        (b"\0\0\0", ["3 NUL bytes, as a crash leaves them"]),
        (b"ls\n\0\0\0\nid\n", ["3 NUL bytes, as a crash leaves them"]),
        (b"ls\n\0id\n", ["1 NUL bytes, as a crash leaves them"]),
    ],
)
def test_what_holds_no_command_is_rejected(data, reasons, golden):
    found = golden.golden(Source.of_bytes(data), bash_history)
    assert [row["reason"] for row in found["rows"]["quarantine"]] == reasons


@pytest.mark.parametrize(
    ("data", "command", "notes"),
    [
        (b"ls \xff\n", "ls \\xff", ["undecodable_bytes"]),
        (b"ls\r\n", "ls", ["carriage_returns"]),
        (b"#1790000000\r\nls\r\n", "ls", ["carriage_returns"]),
        (b"#1790000000\necho 'a\r\nb'\n", "echo 'a\r\nb'", None),
        (b"ls a\0b\n", "ls a\0b", ["nul_bytes"]),
        (b"#99999999999999999999999\nls\n", "ls", ["timestamp_out_of_range"]),
        ("ls größe\n".encode(), "ls größe", None),
        (b"ls\t\x1b[31m\x07\n", "ls\t\x1b[31m\x07", None),
        (b"ls", "ls", ["no_final_newline"]),
    ],
)
def test_odd_bytes(data, command, notes, golden):
    (row,) = rows(data, golden)
    assert (row["command"], row.get("notes")) == (command, notes)


def test_blank_lines_behind_a_time_are_not_the_command(golden):
    assert pairs(b"#1790000000\n\n\nls\n#1790000001\nid\n", golden) == [(T, "ls"), (T + 1, "id")]
    assert pairs(b"#1790000000\n\n\n#1790000001\nid\n", golden) == [(T, "\n"), (T + 1, "id")]


def test_blank_lines_between_untimed_entries_are_structure(golden):
    found = golden.golden(Source.of_bytes(b"\n\nls\n\nid\n\n"), bash_history)
    assert found["books"] == {
        "records": 2, "quarantined": 0, "bytes_parsed": 4, "bytes_quarantined": 0, "bytes_structure": 6
    }  # fmt: skip


# --- against shells and peers ---------------------------------------------------------------------------------------


@pytest.mark.shared
def test_what_was_typed_into_bash(shared, golden):
    folder = shared / "data" / "host_execution" / "bash" / "generated"
    oracle = json.loads((folder / "expected.json").read_text())
    checked = 0
    for name, wanted in oracle.items():
        found = pairs((folder / name).read_bytes(), golden)
        if "commands" in wanted:
            assert found == [(entry["ts"], entry["command"]) for entry in wanted["commands"]], name
        elif "ts" in wanted:
            assert found == list(zip(wanted["ts"], wanted["commands_typed"], strict=True)), name
        elif "timestamped" in wanted:
            assert [command for _, command in found] == wanted["commands_typed"], name
            assert [at for at, (second, _) in enumerate(found) if second is not None] == wanted["timestamped"], name
        else:
            # without times the file does not say where an entry ends: here-documents are joined, all else are lines,
            # and the typed comment `#1700000000` cannot be told from a time (noted)
            lines = [line for _, command in found for line in command.split("\n")]
            typed = [line for command in wanted["commands_typed"] for line in command.split("\n")]
            typed.remove("#1700000000")
            assert lines == typed, name
        checked += 1
    assert checked == len(oracle) == 9


@pytest.mark.shared
def test_expectations_of_peers(shared, golden):
    folder = shared / "data" / "host_execution"
    plaso = json.loads((folder / "bash" / "plaso_expected.json").read_text())
    found = pairs((folder / "bash" / "plaso__test_data__bash_history").read_bytes(), golden)
    assert len(found) == plaso["bash_history"]["events"]
    assert found[0] == (1380630977, plaso["bash_history"]["0"]["command"])
    # plaso flattens the lines of a quoted argument; the command as typed is what counts
    assert found[3][1] == plaso["bash_history"]["3"]["command_true"]
    desync = pairs((folder / "bash" / "plaso__test_data__bash_history_desync").read_bytes(), golden)
    assert len(desync) == plaso["bash_history_desync"]["events"]
    assert desync[1] == (1380630977, "/usr/lib/plaso")

    inline = json.loads((folder / "inline_from_tests" / "expected.json").read_text())
    for name in ("atuin_bash_ts", "atuin_bash_partial_ts"):
        data = (folder / "inline_from_tests" / name).read_bytes()
        assert pairs(data, golden) == [tuple(pair) for pair in inline[name]["expected"]], name
    # a negative number is no timestamp to bash: it stays, as the comment it looks like (atuin takes it for a time)
    negative = pairs((folder / "inline_from_tests" / "atuin_bash_neg_ts").read_bytes(), golden)
    assert [command for _, command in negative] == ["cargo install atuin", "#-377705116800", "cargo update"]
    assert pairs((folder / "inline_from_tests" / "dissect_bash").read_bytes(), golden) == [
        (1648598339, 'echo "this is a test"'),
        (None, 'echo "O no. A line without timestamp"'),
        (1658578468, "exit"),
    ]


@pytest.mark.shared
def test_lab_histories(shared, golden):
    folder = shared / "data" / "lab" / "incident-a" / "evidence" / "shell"
    for name in ("agent.bash_history", "operator.bash_history"):
        lines = (folder / name).read_text().splitlines()
        wanted = [(int(stamp[1:]), command) for stamp, command in zip(lines[::2], lines[1::2], strict=True)]
        assert pairs((folder / name).read_bytes(), golden) == wanted
        assert bash_history.recognise((folder / name).read_bytes(), "x") == Grade.STRONG


TYPED = [
    "ls -la", " id", "echo it\\'s", "echo 'two\nlines'", "cat <<EOF\n#1234567890\n\nx\nEOF\n", "#1700000000", "# note",
    'python3 - <<"PY"\nimport sys\nprint("#1700000001")\nPY\n', "echo größe", "f() { echo a; }", "cd / && ls | wc -l &",
]  # fmt: skip


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
@pytest.mark.parametrize("timed", [True, False])
def test_what_bash_itself_writes(timed, tmp_path, golden):
    # a shell without a terminal writes no history of its own accord
    form = "HISTTIMEFORMAT=''; " if timed else ""
    script = form + 'unset HISTFILE; set -o history; for c in "${@:2}"; do history -s -- "$c"; done; history -w "$1"'
    environment = {"PATH": "/bin:/usr/bin", "LC_ALL": "C.UTF-8"}
    command = ["bash", "--norc", "-c", script, "bash", str(tmp_path / "h"), *TYPED]
    subprocess.run(command, env=environment, check=True, timeout=20)
    found = pairs((tmp_path / "h").read_bytes(), golden)
    if timed:
        assert [command for _, command in found] == TYPED
        assert all(second is not None for second, _ in found)
    else:
        assert "\n".join(command for _, command in found).split("\n") == [
            line for line in "\n".join(TYPED).split("\n") if line != "#1700000000"
        ]


# --- properties -----------------------------------------------------------------------------------------------------

COMMANDS = st.one_of(
    st.sampled_from(TYPED),
    st.sampled_from(["for i in 1 2\ndo echo $i\ndone", "if a\nthen b\nfi", "x=(1\n2)", "{ a\n}", 'echo "a\n#5\nb"']),
    st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0'\"`\\<(){}|&$;#!"), min_size=1).filter(
        lambda text: text.split() and text.split()[0] not in {"exit", "logout", "if", "for", "while", "until", "case",
                                                              "select", "function", "time", "coproc"}
    ),
)  # fmt: skip
TIMED = st.lists(st.tuples(st.integers(T, T + 9_000_000), COMMANDS), max_size=30)


@given(TIMED)
def test_timed_entries_come_back_as_written(golden, entries):
    assert pairs(written(entries), golden) == entries


ANY_LINE = st.one_of(
    COMMANDS,
    st.integers(0, 2**70).map(lambda number: f"#{number}"),
    st.sampled_from(["", "exit", "EOF", "echo '", 'echo "', "cat <<EOF", "a \\", "a |", "done", "#", "#-1", "\0\0",
                     "\0x", "a\r", "\r", "for i in 1", f"#{T}", f"#{T + 1}"]),
)  # fmt: skip
ANY_FILE = st.lists(ANY_LINE, max_size=60).map("\n".join).map(str.encode)


@given(ANY_FILE, st.integers(1, 40), st.sampled_from([2, 5, 256]))
@settings(deadline=None, max_examples=300)
def test_the_size_of_blocks_changes_nothing(golden, data, size, sight):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bash_entries, "LOOK_AHEAD_LINES", sight)
        patch.setattr(bash_entries, "LOOK_AHEAD_NESTED", max(sight // 2, 1))
        whole = golden.golden(Source.of_bytes(data), bash_history)
        patch.setattr(bash_history, "line_blocks", functools.partial(blocks.line_blocks, size=size))
        assert golden.golden(Source.of_bytes(data), bash_history) == whole


@given(ANY_FILE)
@settings(deadline=None)
def test_the_quick_way_changes_nothing(golden, data):
    quick = golden.golden(Source.of_bytes(data), bash_history)
    with pytest.MonkeyPatch.context() as patch:
        splitter = bash_entries._Splitter
        patch.setattr(splitter, "_hard_stamps", lambda self: list(range(len(self.stamps) + 1)))
        patch.setattr(splitter, "_surely_complete", lambda self, lines: [False] * len(lines))
        assert golden.golden(Source.of_bytes(data), bash_history) == quick


@given(ANY_FILE)
@settings(deadline=None)
def test_every_line_is_in_a_row_once(golden, data):
    found = golden.golden(Source.of_bytes(data), bash_history)
    covered = bytearray(len(data))
    for table in ("process", "quarantine"):
        for row in found["rows"].get(table, []):
            for at in range(row["offset"], row["offset"] + row["length"]):
                covered[at] += 1
    rest = bytes(byte for byte, count in zip(data, covered, strict=True) if not count)
    assert set(covered) <= {0, 1}
    assert set(rest) <= {10, 13}


@given(st.lists(st.sampled_from(["ls", "id -u", "pwd", "echo a"]), min_size=9, max_size=20), st.data())
def test_damage_stays_where_it_is(golden, commands, data):
    entries = [(T + at, text) for at, text in enumerate(commands)]
    whole = written(entries)
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    hit = whole[:at].count(b"\n") // 2
    found = pairs(damaged, golden)
    assert found[: max(hit - 1, 0)] == entries[: max(hit - 1, 0)]
    after = entries[hit + 2 :]
    assert found[len(found) - len(after) :] == after


def test_entries_and_lines_without_end_are_rejected_and_the_rest_is_read(golden, monkeypatch):
    monkeypatch.setattr(bash_history, "MAX_ENTRY_BYTES", 100)
    monkeypatch.setattr(bash_history, "line_blocks", functools.partial(blocks.line_blocks, size=64))
    long_line = written([(T, "ls"), (T + 1, "x" * 300), (T + 2, "id")])
    found = golden.golden(Source.of_bytes(long_line), bash_history)
    assert [row["command"] for row in found["rows"]["process"]] == ["ls", "id"]
    assert [row["reason"] for row in found["rows"]["quarantine"]] == [
        "a timestamp without a command", "an entry of more than 16 MiB"
    ]  # fmt: skip
    long_entry = written([(T, "cat <<EOF\n" + "body\n" * 60 + "EOF\n"), (T + 2, "id"), (T + 3, "ls")])
    found = golden.golden(Source.of_bytes(long_entry), bash_history)
    assert found["rows"]["quarantine"][0]["reason"] == "an entry of more than 16 MiB"
    assert pairs(long_entry, golden)[-2:] == [(T + 2, "id"), (T + 3, "ls")]


def test_a_long_tail_without_times_is_read_line_by_line(golden, monkeypatch):
    monkeypatch.setattr(bash_history, "line_blocks", functools.partial(blocks.line_blocks, size=4096))
    monkeypatch.setattr(bash_history, "MAX_ENTRY_BYTES", 20_000)
    entries = [(T, "echo don't"), *((None, f"echo {at}") for at in range(20_000))]
    assert pairs(written(entries), golden) == entries


# --- recognition ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "name", "grade"),
    [
        (written([(T, "ls"), (T + 1, "id"), (T + 2, "pwd")]), "x", Grade.STRONG),
        (written([(T, "ls"), (T + 1, "id")]), "x", Grade.PROBABLE),
        (written([(None, "ls"), (T, "id")] + [(None, "ls")] * 50), "x", Grade.WEAK),
        (written([(None, "ls"), (T, "id")] + [(None, "ls")] * 50), "home/a/.bash_history", Grade.PROBABLE),
        (b"ls\nid\n", "x", Grade.WEAK),
        (b"ls\nid\n", "home/a/.bash_history", Grade.PROBABLE),
        (b"ls\nid\n", "home/a/.bash_sessions/1A2B.history", Grade.PROBABLE),
        (b"ls\nid\n", "home/a/.zsh_sessions/1A2B.history", Grade.WEAK),
        (b": 1700000000:0;ls\n", "home/a/.bash_history", Grade.NONE),
        (b"- cmd: ls\n  when: 1700000000\n", "home/a/.bash_history", Grade.NONE),
        (b'{"a": 1}\n', "home/a/.bash_history", Grade.NONE),
        (b"\x7fELF\x02\x01\x01\0\0\0", "home/a/.bash_history", Grade.NONE),
        (b"", "home/a/.bash_history", Grade.NONE),
        (b"#separator \\x09\n#path\tconn\n", "conn.log", Grade.WEAK),
    ],
)
def test_grades(head, name, grade):
    assert bash_history.recognise(head, name) == grade
