"""What tests of flows share: a small writer of nfcapd files."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

if "nfcapd_made" not in sys.modules:
    # tests are no package: the helper is loaded by its path, wherever the tests run from
    _spec = importlib.util.spec_from_file_location("nfcapd_made", Path(__file__).parent / "nfcapd_made.py")
    assert _spec
    assert _spec.loader
    sys.modules["nfcapd_made"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["nfcapd_made"])
