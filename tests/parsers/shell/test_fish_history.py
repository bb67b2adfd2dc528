"""fish histories: what fish wrote, by the rules of its source, comes back as it was typed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.contract import Grade
from parsers.shell import fish_history
from parsers.source import Source

T = 1_790_000_000


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def written(command: str, when: int | None = T, added: int | None = None, paths: tuple[str, ...] = ()) -> bytes:
    """Write one item as fish does."""
    lines = [f"- cmd: {escaped(command)}"]
    lines += [f"  when: {when}"] if when is not None else []
    lines += [f"  added_when: {added}"] if added is not None else []
    lines += ["  paths:", *(f"    - {escaped(path)}" for path in paths)] if paths else []
    return ("\n".join(lines) + "\n").encode()


def rows(data: bytes, golden) -> list[dict]:
    return golden.golden(Source.of_bytes(data), fish_history)["rows"].get("process", [])


def pairs(data: bytes, golden) -> list[tuple[int | None, str]]:
    _, tables = golden.tables_of(Source.of_bytes(data), fish_history)
    if "process" not in tables:
        return []
    times = tables["process"].column("ts").cast("int64").to_pylist()
    commands = tables["process"].column("command").to_pylist()
    return [(us if us is None else us // 1_000_000, command) for us, command in zip(times, commands, strict=True)]


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"- cmd: ls\n  when: 1790000000\n", (T, "ls")),
        (b"- cmd: ls\n   when:       1790000000\n", (T, "ls")),
        (b"- cmd: ls\n", (None, "ls")),
        (b"- cmd:ls\n", (None, "ls")),
        (b"- cmd:  ls \n", (None, " ls ")),
        (b"- cmd: a\\nb\n", (None, "a\nb")),
        (b"- cmd: a\\\\nb\n", (None, "a\\nb")),
        (b"- cmd: a\\\\\\nb\n", (None, "a\\\nb")),
        (b"- cmd: a\\tb\\\n", (None, "a\\tb\\")),
        (b"- cmd: x: [y\n", (None, "x: [y")),
        (b"- cmd: - cmd: ls\n", (None, "- cmd: ls")),
        (b"- cmd: ls\n  when: -5\n", (-5, "ls")),
        (b"- cmd: ls\n  when: soon\n", (None, "ls")),
        (b"- cmd: ls\n  when: 1790000000", (T, "ls")),
        (b"- cmd: ls\n  when: 17900", (None, "ls")),
        (b"- cmd: ls\n  when: 1\n  when: 2\n", (2, "ls")),
    ],
)
def test_one_item(data, wanted, golden):
    assert pairs(data, golden) == [wanted]


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        (b"- cmd: a\\tb\n", ["unknown_escape"]),
        (b"- cmd: a\\", ["no_final_newline", "unknown_escape"]),
        (b"- cmd: \xff\n", ["undecodable_bytes"]),
        (b"- cmd: ls\r\n  when: 1\r\n", ["carriage_returns"]),
        (b"- cmd: ls\n  when: 99999999999999999999\n", ["timestamp_out_of_range"]),
        (b"- cmd: ls\n  when: 17900", ["cut_number", "no_final_newline"]),
        (b"- cmd: ls\n  when: 1\n  when: 2\n", ["repeated_keys"]),
        (b"- cmd: ls\n  ?\n", ["unread_lines"]),
    ],
)
def test_notes(data, notes, golden):
    (row,) = rows(data, golden)
    assert row["notes"] == notes


def test_what_else_an_item_says_is_kept(golden):
    (row,) = rows(written("ls", added=T - 9, paths=("a b", "c\\n\nd")) + b"  mood: good\\\\\n  ?\n", golden)
    assert json.loads(row["extra"]) == {
        "added_when": T - 9, "paths": ["a b", "c\\n\nd"], "mood": "good\\", "lines": ["  ?"]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "reasons"),
    [
        (b"ERROR\n", ["a line that belongs to no item"]),
        (b"- OTHER: x\n  when: 1\n", ["a line that belongs to no item"]),
        (b"  when: 1\n", ["a line that belongs to no item"]),
        (b"- cmd: ls\n\n  when: 1\n", ["a line that belongs to no item"]),
        (b"- cmd:\n  when: 1\n", ["an item without a command"]),
        (b"\0\0\0- cmd: ls\n", ["3 NUL bytes, as a crash leaves them"]),
        (b"# 1790000000\nls\n# 1790000001", ["a timestamp without a command"]),
    ],
)
def test_rejects(data, reasons, golden):
    found = golden.golden(Source.of_bytes(data), fish_history)
    assert [row["reason"] for row in found["rows"]["quarantine"]] == reasons


def test_fish_1(golden):
    data = b"# 1790000000\nls /\n# 1790000001\nfunction f\\\n  a\\\\\n# 1790000002\n# 5\nstray\n%1\n"
    assert pairs(data, golden) == [
        (T, "ls /"), (T + 1, "function f\n  a\\\\"), (T + 2, "# 5"), (None, "stray"), (None, "%1")
    ]  # fmt: skip


def test_what_is_too_long_is_rejected_and_the_rest_is_read(golden, monkeypatch):
    monkeypatch.setattr(fish_history, "MAX_ENTRY_BYTES", 60)
    data = written("ls") + written("x" * 70) + written("id", paths=("p" * 30, "q" * 30)) + written("pwd")
    found = golden.golden(Source.of_bytes(data), fish_history)
    assert {row["reason"] for row in found["rows"]["quarantine"]} <= {
        "an entry of more than 16 MiB", "a line that belongs to no item"
    }  # fmt: skip
    assert [found["rows"]["process"][at]["command"] for at in (0, -1)] == ["ls", "pwd"]


@pytest.mark.shared
def test_what_was_typed_into_fish(shared, golden):
    folder = shared / "data" / "host_execution" / "fish"
    oracle = json.loads((folder / "generated" / "expected.json").read_text())
    found = rows((folder / "generated" / "fish_history").read_bytes(), golden)
    assert [row["command"] for row in found] == oracle["fish_history"]
    assert {row["command"]: json.loads(row["extra"])["paths"] for row in found if "extra" in row} == oracle["paths"]
    assert all("ts" in row for row in found)


@pytest.mark.shared
def test_samples_of_fish_and_peers(shared, golden):
    folder = shared / "data" / "host_execution"

    def sample(name: str) -> bytes:
        return (folder / "fish" / f"fish-shell__tests__history_sample_{name}").read_bytes()

    # fish leaves out the last item, which has no newline: it is read and noted here
    assert pairs(sample("fish_2_0"), golden) == [
        (1111122222, "echo alpha"),
        (1339717377, "function foo\necho bar\nend"),
        (1339717385, "echo this has\\\nbackslashes"),
        (None, "I should be ignored no trailing newline"),
    ]
    assert json.loads(rows(sample("fish_2_0"), golden)[0]["extra"]) == {"added_when": 1111111111}
    assert [command for _, command in pairs(sample("fish_1_x"), golden)] == [
        "ls /", "cd foobar", "function yay\necho hi\nend", "echo #abc", "#def", "echo no trailing newline ignore me"
    ]  # fmt: skip
    assert pairs(sample("corrupt1"), golden) == [
        (None, "this_command_is_ok"), (1403531898, "no_newline_at_end_of_file")
    ]  # fmt: skip
    inline = json.loads((folder / "inline_from_tests" / "expected.json").read_text())["atuin_fish_complex"]["expected"]
    found = pairs((folder / "inline_from_tests" / "atuin_fish_complex").read_bytes(), golden)
    assert [when for when, _ in found] == [when for when, _ in inline]
    # two of the texts are described rather than written out there
    assert [command for _, command in found if "echo" not in command] == [
        command for _, command in inline if "fish.rs" not in command
    ]
    assert [command for _, command in found if "echo" in command] == [
        "echo \"foo\" \\\n'bar' baz", 'echo "\\"" \\\\ "\\\\"'
    ]  # fmt: skip


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1)


@given(st.lists(st.tuples(TEXT, st.one_of(st.none(), st.integers(0, T))), max_size=20))
def test_items_come_back_as_written(golden, items):
    data = b"".join(written(command, when, paths=("p",)) for command, when in items)
    assert pairs(data, golden) == [(when, command) for command, when in items]


@given(st.lists(st.sampled_from(["ls", "id -u", "pwd", "cd ~"]), min_size=9, max_size=20), st.data())
def test_damage_stays_where_it_is(golden, commands, data):
    items = [(T + at, text) for at, text in enumerate(commands)]
    whole = b"".join(written(command, when) for when, command in items)
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    hit = whole[:at].count(b"\n") // 2
    found = pairs(damaged, golden)
    before, after = items[: max(hit - 1, 0)], items[hit + 2 :]
    # a first line that looks like fish 1 would turn the whole file
    if not damaged.startswith(b"# "):
        assert found[: len(before)] == before
        assert found[len(found) - len(after) :] == after


@pytest.mark.parametrize(
    ("head", "name", "grade"),
    [
        (written("ls"), "x", Grade.STRONG),
        (b"%YAML 1.1\n---\n" + written("ls"), "x", Grade.STRONG),
        (b"junk\n" + written("ls"), "x", Grade.PROBABLE),
        (b"junk\n" + written("ls"), "fish_history", Grade.STRONG),
        (b"- cmd: ls\n", "x", Grade.WEAK),
        (b"- cmd: ls\n", "fish_history", Grade.PROBABLE),
        (b"# 1790000000\nls\n# 1790000001\nid\n", "x", Grade.STRONG),
        (b"#1790000000\nls\n", "fish_history", Grade.NONE),
        (b"", "fish_history", Grade.NONE),
    ],
)
def test_grades(head, name, grade):
    assert fish_history.recognise(head, name) == grade
