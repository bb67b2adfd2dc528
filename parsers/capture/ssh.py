"""The banners of an SSH session.

Source of the format: RFC 4253 section 4.2. Each side sends one line, in clear, before anything else (a server that
sends other lines first is not recognised).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from parsers.capture.messages import Found, Heard
from parsers.text import decoded

OPENING = b"SSH-"
LONGEST = 255
_BANNER = re.compile(rb"SSH-(\d+\.\d+)-([^\r\n]+)(\r?\n)?")


class Banner(NamedTuple):
    """Protocol version and software (with its comment); `cut`: the line's end was not seen."""

    version: str
    software: str
    cut: bool


def read(buffer: bytes, *, final: bool) -> Heard:
    """Take a banner off the front of `buffer`; `final`: no more bytes will come."""
    match = _BANNER.match(buffer[: LONGEST + 2])
    whole = bool(match and match[3])
    if not whole and not final and len(buffer) <= LONGEST:
        return Heard((), 0, waiting=True)
    if not match:
        return Heard((), len(buffer))
    banner = Banner(match[1].decode("ascii"), decoded(match[2])[0], cut=not whole)
    return Heard((Found(0, match.end(), banner),), len(buffer))
