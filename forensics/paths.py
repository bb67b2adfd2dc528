"""Delivered paths as text: reversible, one line of UTF-8, never a path of this machine.

Relative to the intake, '/' between parts, archive members behind '!'. A literal '!' or '%', a NUL and every byte that
is no UTF-8 stand as %XX; so do the dots of a part that is '..' and the slash of an absolute member name.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SPECIAL = {ord("!"): "%21", ord("%"): "%25", 0: "%00"} | {0xDC00 + byte: f"%{byte:02X}" for byte in range(128, 256)}
_ESCAPED = re.compile(rb"%([0-9A-F]{2})")


def as_text(name: bytes) -> str:
    """Write a path, or a member's name, as text."""
    while name.startswith(b"./"):
        name = name[2:].lstrip(b"/")  # as tar writes what was packed from the folder itself
    text = name.decode("utf-8", "surrogateescape").translate(_SPECIAL)
    parts = ["%2E%2E" if part == ".." else part for part in text.split("/")]
    joined = "/".join(parts)
    return f"%2F{joined[1:]}" if joined.startswith("/") else joined


def as_bytes(text: str) -> bytes:
    """Undo `as_text` (but for a leading './')."""
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), text.encode("utf-8"))


def of_member(container: str, name: bytes) -> str:
    """The path of a container's member."""
    return f"{container}!{as_text(name)}"


def matches(path: str, pattern: str) -> bool:
    """Tell whether `path` fits a glob: `*` and `?` within a part, `**` over parts.

    A pattern without '/' is held against the last part alone.
    """
    subject = path if "/" in pattern else re.split("[/!]", path)[-1]
    return _compiled(pattern).fullmatch(subject) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces = re.findall(r"\*\*/?|\*|\?|[^*?]+", pattern)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(known.get(piece) or re.escape(piece) for piece in pieces), re.DOTALL)
