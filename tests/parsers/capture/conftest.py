"""What capture tests share: a small writer of captures, and reading them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

if "wire" not in sys.modules:
    # tests are no package: the helper is loaded by its path, wherever the tests run from
    _spec = importlib.util.spec_from_file_location("wire", Path(__file__).parent / "wire.py")
    assert _spec
    assert _spec.loader
    sys.modules["wire"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["wire"])
