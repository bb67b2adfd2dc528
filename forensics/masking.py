"""Masking for whatever is shown: secrets by what they look like, and words that the case calls private."""

from __future__ import annotations

from collections.abc import Iterable

from parsers.dissect.secrets import mask

MASKED_WORD = "[masked]"


def masked(text: str, words: Iterable[str] = ()) -> str:
    """Return `text` with secrets masked, and every one of `words` (longest first)."""
    shown: str = mask(text)
    for word in sorted(words, key=len, reverse=True):
        shown = shown.replace(word, MASKED_WORD) if word else shown
    return shown
