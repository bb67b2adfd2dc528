"""What a delivery says about host, user, account, zone and actor: by `case.toml`, else by telling folder names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from forensics.paths import matches
from forensics.settings import Settings

KEYS = ("host", "user", "account", "zone", "actor")
# folder names by long custom, each followed by the name it tells; the last part of a path is a file and tells nothing
_HINTS = {"host": ("hosts",), "user": ("home", "Users"), "account": ("accounts", "AWSLogs")}


def scope_of(path: str, settings: Settings) -> dict[str, str | None]:
    """Return the scope columns of a delivered path; `basis` is case | path, None where nothing is known."""
    found: dict[str, str | None] = dict.fromkeys(KEYS)
    for scope in settings.scopes:
        if matches(path, scope.match):
            found = {key: found[key] or getattr(scope, key) for key in KEYS}
    found["zone"] = found["zone"] or settings.zone
    basis = "case" if any(found.values()) else None
    hints = _hints(path)
    found = {key: value or hints.get(key) for key, value in found.items()}
    return found | {"basis": basis or ("path" if any(found.values()) else None)}


def _hints(path: str) -> Mapping[str, str]:
    parts = re.split("[/!]", path)
    found: dict[str, str] = {}
    for before, name in pairwise(parts[:-1]):
        for key, folders in _HINTS.items():
            if before in folders and name:
                found.setdefault(key, name)
    if "user" not in found and _is_root_home(parts):
        found["user"] = "root"
    return found


def _is_root_home(parts: list[str]) -> bool:
    at_top = parts[:1] == ["root"]
    return len(parts) > 1 and (at_top or (len(parts) > 3 and parts[0] == "hosts" and parts[2] == "root"))


def scope_row(source: Mapping[str, Any], settings: Settings, confirmed_zone: str | None = None) -> dict[str, Any]:
    """Return the `source_scope` row of a `source` row; a zone that was confirmed for the source outdoes all others."""
    place = {key: source[key] for key in ("source_id", "intake", "path")}
    known = scope_of(source["path"], settings)
    return place | known | ({"zone": confirmed_zone, "basis": "case"} if confirmed_zone else {})
