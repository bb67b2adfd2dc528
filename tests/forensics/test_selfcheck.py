"""The tool knows whether it is what was installed."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from forensics import selfcheck
from forensics.errors import CheckFailed
from forensics.selfcheck import SelfCheck, check_record


def line(path: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(data)}\n"


@pytest.fixture
def installed(tmp_path: Path) -> tuple[str, Path]:
    record = "forensics-1.dist-info/RECORD,,\n"
    for name in ("forensics/cli.py", "parsers/shell/bash.py", "queries/a b.sql", "reports/page.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
        record += line(name, name.encode())
    (tmp_path / "parsers/__pycache__").mkdir()
    (tmp_path / "parsers/__pycache__/x.pyc").write_bytes(b"")
    return record, tmp_path


def test_what_was_installed_holds(installed: tuple[str, Path]) -> None:
    assert check_record(*installed) == SelfCheck(4)


def test_altered_missing_and_foreign_files_are_named(installed: tuple[str, Path]) -> None:
    record, root = installed
    (root / "forensics/cli.py").write_bytes(b"other")
    (root / "queries/a b.sql").unlink()
    (root / "parsers/pandas.py").write_bytes(b"")
    found = check_record(record, root)
    assert found == SelfCheck(2, ("forensics/cli.py", "queries/a b.sql"), ("parsers/pandas.py",))
    assert not found.holds
    assert "parsers/pandas.py" in found.told


def test_a_development_install_is_said_to_be_one(tmp_path: Path) -> None:
    found = check_record("_editable.pth,sha256=x,1\n", tmp_path)
    assert (found.holds, found.told) == (True, selfcheck.DEVELOPMENT)


def test_a_shadowed_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "parsers").mkdir()
    (tmp_path / "parsers/__init__.py").write_text("")
    code = "import sys; sys.path.insert(0, sys.argv[1]); from forensics import selfcheck; selfcheck.check_packages()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert "package 'parsers' is not the one of this tool" in done.stderr
    selfcheck.check_packages()


def test_check_failed_ends_in_code_one() -> None:
    assert CheckFailed("x").exit_code == 1
