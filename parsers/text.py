"""Bytes to text without loss of sight: what does not decode is shown as an escape and noted, never replaced."""

from __future__ import annotations

UNDECODABLE = "undecodable_bytes"


def decoded(data: bytes) -> tuple[str, bool]:
    r"""Decode UTF-8; bytes that are none become `\xNN` and the second value is False.

    The bytes themselves stay reachable through the row's offset and length.
    """
    try:
        return data.decode("utf-8"), True
    except UnicodeDecodeError:
        return data.decode("utf-8", "backslashreplace"), False


def storable(text: str) -> tuple[str, bool]:
    r"""Make text with lone surrogates (legal in JSON escapes) storable: they become `\udNNN`, second value False."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8"), False
    return text, True
