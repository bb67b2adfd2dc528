"""The bundle: what a default installation needs, all of it pinned. `.ci/run` makes one and installs from it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
spec = importlib.util.spec_from_file_location("make_bundle", ROOT / "bundle/make.py")
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)


def test_a_default_installation_stays_small() -> None:
    names = make.needed(make.NAME)
    assert {"click", "duckdb", "pyarrow"} <= names
    assert not names & {"pytest", "pyspark", "pysigma", "cedarpy", "ipykernel"}
    assert len(names) < 40


def test_every_one_is_pinned_with_hashes() -> None:
    names = make.needed(make.NAME)
    text = make.pinned((ROOT / "requirements.lock").read_text(), names)
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(entries) == len(names)
    assert all("--hash=sha256:" in entry for entry in entries)


def test_what_is_not_pinned_is_told() -> None:
    with pytest.raises(ValueError, match="does not pin b"):
        make.pinned("a==1 \\\n    --hash=sha256:00\n", {"a", "b"})


def test_the_installer_refuses_a_bundle_that_changed(tmp_path: Path) -> None:
    (tmp_path / "install.sh").write_bytes((ROOT / "bundle/install.sh").read_bytes())
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  install.sh\n")
    done = subprocess.run(
        ["sh", tmp_path / "install.sh", tmp_path / "venv"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "not what was made" in done.stderr
    assert not (tmp_path / "venv").exists()
