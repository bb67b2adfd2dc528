"""The README tells the truth: its commands run, its formats are the formats, what it points at is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from forensics import errors
from forensics.cli import COMMANDS, INTERRUPTED
from parsers.formats import all_parsers
from parsers.schema import EVIDENCE_TABLES

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "docs/README.md"]
BLOCKS = re.findall(r"<!-- run -->\n```bash\n(.*?)```", README, re.DOTALL)


def formats_table() -> str:
    """What stands between the marks in the README."""
    lines = ["| format | what it is | told by | tables |", "|---|---|---|---|"]
    for name, parser in all_parsers().items():
        declared = parser.FORMAT
        mapped = set(declared.tables) == set(EVIDENCE_TABLES)
        told = "`--mapping`" if mapped else "content" if declared.signature else "content, name or `--as`"
        tables = "any" if mapped else ", ".join(f"`{table}`" for table in declared.tables)
        lines.append(f"| `{name}` | {declared.title} | {told} | {tables} |")
    return "\n".join(lines)


def test_formats_are_those_that_are_read() -> None:
    written = README.split("<!-- formats -->\n")[1].split("\n<!-- /formats -->")[0]
    assert written == formats_table(), f"it should be:\n{formats_table()}"


def test_exit_codes_are_those_of_the_errors() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert told == {0, INTERRUPTED, *(kind.exit_code for kind in kinds)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_points_at_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    paths = [path for path in re.findall(r"`([a-z]+/[\w/.]+\.\w+)`", text) if not path.startswith(("mycase/", "in/"))]
    assert links
    assert [link for link in links if not (document.parent / link).exists()] == []
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_index_names_every_document() -> None:
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    assert [
        path.name for path in (ROOT / "docs").iterdir() if path.name != "README.md" and path.name not in index
    ] == []


def test_the_tour_shows_every_command() -> None:
    shown = {word for block in BLOCKS for word in re.findall(r"forensics (\w+)", block)}
    assert shown == COMMANDS.keys() - {"demo"}


def test_the_tour_runs(small_demo: Path, tmp_path: Path) -> None:
    shutil.copytree(small_demo / "evidence", tmp_path / "evidence")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    script = "set -euo pipefail\n" + "\n".join(BLOCKS)
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "as sealed" in done.stdout + done.stderr
    assert (tmp_path / "mycase/report/index.html").is_file()
    assert (tmp_path / "incident.json").read_bytes() == (tmp_path / "mycase/incident.json").read_bytes()
