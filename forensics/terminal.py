r"""Evidence on a terminal: what could act, hide or reorder becomes visible; nothing else changes.

Control characters (but newline and tab), format characters (bidi controls, zero width, tags), line separators, private
and unassigned characters, surrogates and letters that show nothing are written as Python escapes: \x1b, \u202e.
Everything that this tool prints of evidence, error messages included, goes through here.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# letters and symbols by category, blank by look
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5")
_KEPT = frozenset("\n\t")


def visible(text: str) -> str:
    """Write `text` so that it can be printed anywhere; printable text comes back as it is."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _is_plain(character) else _escape(character) for character in text)


def visible_bytes(data: bytes) -> str:
    r"""Write bytes so that they can be printed anywhere; what is no UTF-8 becomes `\xNN`."""
    return visible(data.decode("utf-8", "backslashreplace"))


def one_line(text: str) -> str:
    """Write `text` on one line."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _is_plain(character: str) -> bool:
    if character in _KEPT:
        return True
    return unicodedata.category(character) not in _HIDDEN and character not in _BLANK


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def say(*lines: str) -> None:
    """Print lines to standard error, each made visible."""
    for line in lines:
        sys.stderr.write(one_line(line) + "\n")


def put(lines: Iterable[str]) -> None:
    """Print lines to standard output, each made visible."""
    for line in lines:
        sys.stdout.write(one_line(line) + "\n")
