"""Logs that the rules of a public detection set carry with them, as far as they are written as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def _logs(path: Path) -> list[tuple[dict[str, Any], bool]]:
    text = path.read_text("utf-8")
    decoder = json.JSONDecoder()
    found = []
    for match in re.finditer(r"ExpectedResult: (true|false)\s+(?:#.*\s+)?Log:\s+(?=\{)", text):
        try:
            found.append((decoder.raw_decode(text, match.end())[0], match[1] == "true"))
        except json.JSONDecodeError:  # YAML of another style
            continue
    return found


@pytest.fixture(scope="session")
def rule_logs(shared: Path) -> Callable[[str], list[tuple[dict[str, Any], bool]]]:
    """Return the logs of one rule, each with the rule's verdict over it."""
    return lambda name: _logs(shared / "data" / "billing_and_assets" / "cloud_audit_panther" / f"{name}.yml")
