"""Masking for whatever is shown: secrets by what they look like, and words that the case calls private."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from parsers.dissect.secrets import mask, spans

MASKED_WORD = "[masked]"


def masked(text: str, words: Iterable[str] = ()) -> str:
    """Return `text` with secrets masked, and every one of `words` (longest first)."""
    return without_words(mask(text), words)


def masked_arguments(arguments: Sequence[str | None], words: Iterable[str] = ()) -> list[str | None]:
    """Mask a list such as an argument vector, where the element before may be what makes the next one a secret."""
    joined = " ".join(argument or "" for argument in arguments)
    secrets = spans(joined)
    shown: list[str | None] = []
    begin = 0
    for argument in arguments:
        end = begin + len(argument or "")
        pieces, at = [], begin
        for secret in secrets:
            if secret.start < end and secret.end > begin:
                pieces += [joined[at : max(at, secret.start)], f"[masked:{secret.kind}]"]
                at = min(secret.end, end)
        told = "".join([*pieces, joined[at:end]])
        shown.append(None if argument is None else masked(told, words))
        begin = end + 1
    return shown


def without_words(text: str, words: Iterable[str]) -> str:
    """Return `text` with every one of `words` masked (longest first)."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, MASKED_WORD) if word else text
    return text
