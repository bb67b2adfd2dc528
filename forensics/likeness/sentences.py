"""A statement as its sentences, without what it quotes: fenced code, quoted lines, what stands in quotation marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MOST_CHARACTERS = 65_536  # of one statement; what is beyond is told as not read
MOST_IN_SENTENCE = 600  # what never ends is cut at a blank
_FENCE = "```"
_QUOTED = re.compile('"[^"\\n]{20,600}"|“[^”\\n]{20,600}”|«[^»\\n]{20,600}»|„[^“\\n]{20,600}“|「[^」\\n]{10,600}」')
_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|(?<=[。！？；])|\n+")


class Sentence(NamedTuple):
    """One sentence as it stands, and what of it are the speaker's own words."""

    text: str
    own: str


def sentences(statement: str) -> Iterator[Sentence]:
    """Yield the sentences of a statement that hold words of its own, in order."""
    spoken = _spoken(statement[:MOST_CHARACTERS].split("\n"))
    for run in _END.split("\n".join(spoken)):
        for text in _cut(" ".join(run.split())):
            own = _QUOTED.sub("…", text)
            if any(character.isalpha() for character in own):
                yield Sentence(text, own)


def _spoken(lines: Sequence[str]) -> list[str]:
    """Lines that quote nothing. A fence that is never closed is none: nobody hides words behind one."""
    fences = [number for number, line in enumerate(lines) if line.lstrip().startswith(_FENCE)]
    closed = len(fences) // 2 * 2
    within = {number for pair in range(0, closed, 2) for number in range(fences[pair], fences[pair + 1] + 1)}
    return [line for number, line in enumerate(lines) if number not in within and not line.lstrip().startswith(">")]


def _cut(text: str) -> Iterator[str]:
    while len(text) > MOST_IN_SENTENCE:
        blank = text.rfind(" ", 0, MOST_IN_SENTENCE)
        end = blank if blank > 0 else MOST_IN_SENTENCE
        yield text[:end]
        text = text[end:].lstrip()
    if text:
        yield text
