"""IP addresses from text: RFC 5952 or absent, the same on every Python."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
V4_SHAPE = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_V4 = re.compile(V4_SHAPE)
_LONGEST = 45


def canonical(text: str) -> str | None:
    """Return an address in its one canonical form, None if it is none.

    No leading zeros, no zone, no brackets. IPv4-mapped addresses stay IPv6 and are written `::ffff:192.0.2.1`.
    """
    return _canonical(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=65_536)
def _canonical(text: str) -> str | None:
    if _V4.fullmatch(text):
        return text
    if ":" not in text or "%" in text:
        return None
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return None
    # Python before 3.13 writes the last 32 bits in hexadecimal
    mapped = address.ipv4_mapped
    return f"::ffff:{mapped}" if mapped else str(address)
