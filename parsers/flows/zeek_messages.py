"""Zeek's logs of what was said over connections, as rows: HTTP, TLS, QUIC, SSH, certificates, files, and all others.

Source of the mapping: zeek/zeek scripts/base/protocols/{http,ssl,quic,ssh}/main.zeek, scripts/base/files/x509/,
scripts/base/frameworks/files/main.zeek; docs.zeek.org, script reference, log files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.flows.names import asked_host, bound, host_name
from parsers.flows.zeek_fields import Produced, Taken, ends_of

_MESSAGE, _NAME = "application_message", "name_lookup"
_LAST_STATUS = 2**31 - 1


def tls(taken: Taken) -> Iterator[Produced]:
    """Yield a TLS session and the name that the client sent."""
    yield from _session("tls", taken)


def quic(taken: Taken) -> Iterator[Produced]:
    """Yield a QUIC session and the name that the client sent."""
    yield from _session("quic", taken)


def _session(protocol: str, taken: Taken) -> Iterator[Produced]:
    row = {"protocol": protocol, **ends_of(taken), "host": host_name(taken.text("server_name"))}
    yield _MESSAGE, row
    if row["host"]:
        yield _NAME, bound("tls_sni", row["host"], row)


def http(taken: Taken) -> Iterator[Produced]:
    """Yield a request with its answer, and the host's name where the request went to that host itself."""
    row: dict[str, Any] = {"protocol": "http", "direction": "request", **ends_of(taken)}
    for column in ("method", "host", "uri", "user_agent"):
        row[column] = taken.text(column)
    row["status"] = taken.number("status_code", _LAST_STATUS)
    yield _MESSAGE, row
    name = asked_host(row)
    if name:
        yield _NAME, bound("http_host", name, row)


def ssh(taken: Taken) -> Iterator[Produced]:
    """Yield an SSH session; whether it got in is a guess of Zeek's, and stays in `extra`."""
    yield _MESSAGE, {"protocol": "ssh", **ends_of(taken), "user_agent": taken.text("client")}


def x509(taken: Taken) -> Iterator[Produced]:
    """Yield a certificate that was seen; older logs have the id of its file in place of its fingerprint."""
    row = {"protocol": "tls", "method": "certificate", "message_id": taken.first("fingerprint", "id")}
    yield _MESSAGE, row | {"text": taken.text("certificate.subject")}


def files(taken: Taken) -> Iterator[Produced]:
    """Yield a file that was transferred, from its sender to its receiver where there is one of each."""
    source = taken.text("source")
    row = {"protocol": source.lower() if source else None, "method": "file", "message_id": taken.text("fuid")}
    by_originator = taken.look("is_orig")
    if taken.has("id.orig_h") and type(by_originator) is bool:
        ends = ends_of(taken)
        yield _MESSAGE, row | (ends if by_originator else _turned(ends))
        return
    row["flow_id"] = taken.text("uid") or taken.one("conn_uids")
    yield _MESSAGE, row | {"src_address": taken.one("tx_hosts"), "dst_address": taken.one("rx_hosts")}


def other(path: str, taken: Taken) -> Iterator[Produced]:
    """Yield a record of a log that has no columns of its own: who spoke to whom, and all else in `extra`."""
    row = {"protocol": path or None, **ends_of(taken), "method": taken.first("method", "command", "cmd", "operation")}
    yield _MESSAGE, row | {"text": taken.text("message")}


def _turned(ends: dict[str, Any]) -> dict[str, Any]:
    """Return the ends of a connection seen from the other side."""
    swapped = {"src": "dst", "dst": "src"}
    return {swapped.get(name[:3], name[:3]) + name[3:]: value for name, value in ends.items()}
