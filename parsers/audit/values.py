"""Values of audit records: text that a kernel did not trust, numbers, identities, socket addresses.

Source of the format: Linux kernel/audit.c (audit_log_untrustedstring, audit_log_n_hex), audit-userspace
lib/audit_logging.c (audit_value_needs_encoding) and auparse/interpret.c (socket addresses); linux/socket.h.

A value in double quotes stands for itself. A bare value of a field that may be encoded is upper-case hexadecimal of the
bytes; the quote decides, never the look of the value. `(null)`, `(none)` and `?` say that there is none.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from parsers.ip import canonical
from parsers.text import decoded

FIELD = re.compile(rb'(?<![^\s(])([^\s=(]++)=("[^"]*"|\S*)')
# the fields of a SYSCALL record in the kernel's order; those in brackets of the pattern are kept
_SYSCALL_ORDER = (
    *(b"<arch>", b"<syscall>", b"<success>", b"<exit>", b"<a0>", b"a1", b"a2", b"a3", b"items", b"<ppid>", b"<pid>"),
    *(b"<auid>", b"<uid>", b"gid", b"<euid>", b"suid", b"fsuid", b"egid", b"sgid", b"fsgid", b"<tty>", b"<ses>"),
    *(b"<comm>", b"<exe>", b"<subj>", b"<key>"),
)
_SYSCALL_KEYS = [name[1:-1] for name in _SYSCALL_ORDER if name[:1] == b"<"]
_SYSCALL = re.compile(
    b" ".join(
        name[1:-1] + rb'=("[^"\s]*"|[^\s"]*)' if name[:1] == b"<" else name + rb'=[^\s"]*' for name in _SYSCALL_ORDER
    ).replace(rb' subj=("[^"\s]*"|[^\s"]*)', rb'(?: subj=("[^"\s]*"|[^\s"]*))?')
    + rb"\s*"
)
UNSET = 4_294_967_295

_HEX = re.compile(rb"(?:[0-9A-F]{2})+")
_NUMBER = re.compile(rb"-?\d{1,18}")
_NOTHING = frozenset({b"(null)", b"(none)", b"?", b"(unknown)"})
_FAMILIES = {1: "unix", 2: "inet", 10: "inet6", 16: "netlink"}
_SADDR = re.compile(rb"SADDR=\{([^}]*)\}")
_NAMES = {"local": "unix", "unix": "unix", "inet": "inet", "inet6": "inet6", "netlink": "netlink"}
_MOST_PORT = 65_535
_MOST_DIGITS = 18
_INET_BYTES = 8
_INET6_BYTES = 24


def fields(body: bytes) -> dict[bytes, bytes]:
    """Split a record's body into its fields as written; of a key that comes twice, the last."""
    return dict(FIELD.findall(body))


def syscall_fields(body: bytes) -> dict[bytes, bytes]:
    """Return those fields of a SYSCALL record that rows are made of, quickly for a body in the kernel's own order."""
    match = _SYSCALL.fullmatch(body)
    return dict(zip(_SYSCALL_KEYS, match.groups(b""), strict=True)) if match else fields(body)


def plain(value: bytes | None) -> bytes | None:
    """Return a value that is never encoded, without quotes; None if it says that there is none."""
    if not value or value in _NOTHING:
        return None
    if value[:1] == b'"':
        value = value[1:].removesuffix(b'"')
        return value if value not in _NOTHING else None
    return value


def untrusted(value: bytes | None) -> bytes | None:
    """Return the bytes of a value that may be encoded; None if it says that there is none."""
    if value is None or value in _NOTHING:
        return None
    if value[:1] == b'"':
        return value[1:].removesuffix(b'"')
    return bytes.fromhex(value.decode()) if _HEX.fullmatch(value) else value


def text(data: bytes | None) -> str | None:
    """Return bytes as text, with what is no UTF-8 as escapes; None for None."""
    return None if data is None else decoded(data)[0]


def number(value: bytes | None) -> int | None:
    """Read a decimal number."""
    if value and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    value = plain(value)
    return int(value) if value and _NUMBER.fullmatch(value) else None


def identity(value: bytes | None) -> int | None:
    """Read a user id, login id or session; None where it is unset."""
    found = number(value)
    return None if found in {None, UNSET, -1} else found


class Peer(NamedTuple):
    """A socket address: `family` is inet, inet6, unix, netlink or other; `whole` is False if bytes are missing."""

    family: str | None
    address: str | None = None
    port: int | None = None
    path: str | None = None
    whole: bool = True


def socket_address(data: bytes, *, little_endian: bool) -> Peer:
    """Read a `struct sockaddr`; the family is in the host's byte order, port and address are in network order."""
    if len(data) < 2:
        return Peer(None, whole=False)
    family = _FAMILIES.get(int.from_bytes(data[:2], "little" if little_endian else "big"), "other")
    if family == "inet":
        if len(data) < _INET_BYTES:
            return Peer(family, whole=False)
        return Peer(family, ".".join(map(str, data[4:8])), int.from_bytes(data[2:4], "big"))
    if family == "inet6":
        if len(data) < _INET6_BYTES:
            return Peer(family, whole=False)
        return Peer(family, _inet6(data[8:24]), int.from_bytes(data[2:4], "big"))
    if family == "unix":
        return Peer(family, path=_unix_path(data[2:]))
    return Peer(family)


def enriched_address(names: bytes) -> Peer | None:
    """Read `SADDR={ ... }` as the host interpreted it; None where there is none."""
    match = _SADDR.search(names)
    if not match:
        return None
    found = fields(match[1])
    family = text(found.get(b"saddr_fam") or found.get(b"fam"))
    port = number(found.get(b"lport"))
    return Peer(
        _NAMES.get(family or "", "other"),
        canonical(text(found.get(b"laddr")) or ""),
        port if port is not None and port <= _MOST_PORT else None,
        text(found.get(b"path")),
    )


def _inet6(data: bytes) -> str:
    address = ipaddress.IPv6Address(data)
    mapped = address.ipv4_mapped
    return f"::ffff:{mapped}" if mapped else str(address)


def _unix_path(data: bytes) -> str | None:
    if data[:1] == b"\0":
        # an abstract name, which may hold NUL bytes of its own; shown with the usual @
        name = data[1:].rstrip(b"\0")
        return "@" + decoded(name)[0] if name else None
    return decoded(data.split(b"\0", 1)[0])[0] or None
