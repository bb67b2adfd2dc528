"""What parser tests share: golden rows, and items by place."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _load_golden() -> ModuleType:
    # tests are no package: the helper is loaded by its path, wherever the tests run from
    if "golden" in sys.modules:
        return sys.modules["golden"]
    spec = importlib.util.spec_from_file_location("golden", Path(__file__).parent.parent / "golden.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["golden"] = module
    spec.loader.exec_module(module)
    return module


_load_golden()


@pytest.fixture(scope="session")
def golden() -> ModuleType:
    """The helpers of `tests/golden.py`: `golden.tables_of(source, parser)`, `golden.rows_of(table)`, ..."""
    return sys.modules["golden"]
