"""Pool and account that a miner's answer names, as rows."""

from __future__ import annotations

from typing import Any

from parsers import addresses
from parsers.jsonanswers import Made
from parsers.mining.endpoints import endpoint, login


def pool(text: str, path: str) -> Made:
    """Return the row of a pool as a miner writes it; `path` is where it stands."""
    place = endpoint(text)
    row: dict[str, Any] = {"kind": "pool", "name": path.rpartition("/")[2], "path": path}
    if place is None:
        return Made("artefact", row | {"value": text})
    return Made("artefact", row | {"value": place.text, "host": place.host, "port": place.port, "tls": place.tls})


def account(text: str, path: str) -> list[Made]:
    """Return the rows of a login: its account, and its worker if it names one."""
    parts = login(text)
    row: dict[str, Any] = {"name": path.rpartition("/")[2], "path": path}
    wallet = row | {"kind": "wallet", "value": parts.account}
    wallet["notes"] = [] if addresses.classify(parts.account) else ["no_valid_address"]
    wallet["extra"] = {"login": text} if parts.account != text else {}
    made = [Made("artefact", wallet)]
    if parts.worker:
        made.append(Made("artefact", row | {"kind": "worker", "value": parts.worker}))
    return made


def pool_of(text: str | None) -> str | None:
    """Return a pool as host and port, as it stands where it is none."""
    place = endpoint(text) if text else None
    return place.text if place else text


def account_of(text: str | None) -> str | None:
    """Return the account of a login."""
    return login(text).account if text else None
