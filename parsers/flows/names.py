"""Names of hosts in network logs, and what binds them to addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parsers.capture.http import Request

_ASCII_LOWER = {upper: upper + 32 for upper in range(65, 91)}


def host_name(text: str | None) -> str | None:
    """Return a name in lower case (ASCII letters only) and without its trailing dot."""
    return text.translate(_ASCII_LOWER).removesuffix(".") if text is not None else None


def asked_host(message: Mapping[str, Any]) -> str | None:
    """Return the name of the host that a row of an HTTP request asks for, where the request went to that host itself.

    None where it went to a proxy, and for an address.
    """
    return Request(message["method"] or "", message["uri"] or "", message["host"], None, (), cut=False).name


def bound(kind: str, name: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `name_lookup` of a name that the client of a message's row asked for, as that of the server."""
    return {
        "kind": kind,
        "name": name,
        "address": message["dst_address"],
        "port": message["dst_port"],
        "client_address": message["src_address"],
        "flow_id": message["flow_id"],
    }
