"""The engine's connection: shut to everything but its folders, and silent beside what a command prints."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from forensics.engine import Engine


@pytest.mark.parametrize(
    "question",
    [
        "select * from read_csv('/etc/passwd')",
        "copy (select 1) to '/tmp/written-by-a-question.csv'",
        "install httpfs",
        "set enable_external_access = true",
        "set enable_progress_bar = true",
    ],
)
def test_what_evidence_could_ask_for_is_refused(question: str, tmp_path: Path) -> None:
    with closing(Engine({}, tmp_path)) as engine, pytest.raises(duckdb.Error):
        engine.connection.execute(question)


# a program that is no file looks interactive, and there a bar is drawn unless it is turned off
SHOWN = """
import sys
from pathlib import Path
import duckdb
from forensics.engine import Engine
question = "select current_setting('enable_progress_bar') as shown"
print(duckdb.connect().sql(question).fetchall()[0][0], Engine({}, Path(sys.argv[1])).rows(question)[0]["shown"])
"""


def test_no_bar_is_drawn(tmp_path: Path) -> None:
    asked = [sys.executable, "-P", "-c", SHOWN, str(tmp_path)]
    assert subprocess.run(asked, check=True, capture_output=True, text=True).stdout == "True False\n"
