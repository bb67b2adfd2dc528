"""IPython's history: what of a cell is a shell's, and what is not."""

from __future__ import annotations

import json

import pytest

from parsers.contract import HEAD_BYTES
from parsers.formats import recognise_head
from parsers.shell import ipython_history
from parsers.shell.ipython_history import shell_part
from parsers.source import Source


@pytest.mark.parametrize(
    ("cell", "command"),
    [
        ("!nvidia-smi -L", "nvidia-smi -L"),
        ("!!id", "id"),
        ("files = !ls /tmp", "ls /tmp"),
        ("%sx whoami", "whoami"),
        ("%system  uname -a", "uname -a"),
        ("%%bash\ncd /tmp\n./run\n", "cd /tmp\n./run\n"),
        ("%%bash --bg\n./run", "./run"),
        ("%%script bash\nid", "id"),
        ("for n in range(2):\n    !echo {n}\nprint()", "echo {n}"),
        ("!a\n!b", "a\nb"),
        ("print('!')", None),
        ("x != y", None),
        ("%%time\nx = 1", None),
        ("%%bashful\nx", None),
        ("%cd /tmp", None),
        ("", None),
    ],
)
def test_what_a_cell_hands_to_a_shell(cell, command):
    assert shell_part(cell) == command


@pytest.mark.shared
def test_a_database_that_ipython_wrote(shared, golden):
    source = Source.of_file(shared / "data" / "host_execution" / "ipython" / "history.sqlite")
    with source.open() as stream:
        assert recognise_head(stream.read(HEAD_BYTES), "x").chosen == "ipython_history"
    _, tables = golden.tables_of(source, ipython_history)
    rows = tables["process"].to_pylist()
    assert [row["command"] for row in rows] == [None, "nvidia-smi -L", None]
    assert all(row["ts"] is None for row in rows)
    told = json.loads(rows[0]["extra"])
    assert (told["source"], told["session_start"]) == ("x=1", "2026-11-23 15:29:18.176498")
    assert told["session_end"] == "2026-11-23 15:29:25.800030+00:00"
