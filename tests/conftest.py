"""What all tests share: where the reference evidence lies, if it does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference evidence; tests that need it are skipped by name where it is absent."""
    folder = Path(os.environ.get("FORENSICS_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("reference evidence is not beside this checkout (set FORENSICS_SHARED)")
    return folder


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The folder of fixtures made by this project."""
    return Path(__file__).parent / "data"
