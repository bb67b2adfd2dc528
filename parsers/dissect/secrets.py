"""Secrets in text: where they stand, and the text without them.

Evidence may hold keys, passwords and seeds; outputs must not. A secret is told by its shape (`secret_shapes`), its
place (`secret_places`) or its checksum (`wallet_secrets`), in the text as it stands and in its further readings: JSON
and percent escapes resolved, signs without width removed, base64 decoded. Wallet addresses, transaction ids and hashes
are evidence and are left alone. Personal data is not looked for.

Every pattern is linear, or bounded and tried only where a literal was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.dissect import flows
from parsers.dissect.readings import readings
from parsers.dissect.secret_places import placed
from parsers.dissect.secret_shapes import SecretSpan, shaped
from parsers.dissect.wallet_secrets import wallet_secrets

__all__ = ["SecretSpan", "mask", "spans"]

_CAPITALS = re.compile(r"[A-Z]+")


def spans(text: str) -> list[SecretSpan]:
    """Return the secrets of a text in order, without overlap; the longer of two that overlap gives the kind."""
    found = list(_in(text))
    for reading in readings(text):
        found.extend(SecretSpan(kind, *reading.place(start, end)) for kind, start, end in _in(reading.text))
    for literal in flows.literals(text):
        inner = next(_in(literal.text), None)
        if inner:
            found.append(SecretSpan(inner.kind, literal.start, literal.end))
    return _merged(found)


def mask(text: str) -> str:
    """Return the text with every secret replaced by `[masked:kind]`."""
    found = spans(text)
    if not found:
        return text
    pieces, at = [], 0
    for kind, start, end in found:
        pieces += [text[at:start], f"[masked:{kind}]"]
        at = end
    return "".join([*pieces, text[at:]])


def _in(text: str) -> Iterator[SecretSpan]:
    lowered = text.lower()
    if len(lowered) != len(text):
        # some capitals beyond ASCII become two letters: only ASCII is lowered then, so that places stay
        lowered = _CAPITALS.sub(lambda match: match[0].lower(), text)
    yield from shaped(text)
    yield from placed(text, lowered)
    yield from wallet_secrets(text, lowered)


def _merged(found: list[SecretSpan]) -> list[SecretSpan]:
    kept: list[SecretSpan] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end, span.kind)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
        elif span.end > kept[-1].end:
            last = kept[-1]
            longer = max(last, span, key=lambda one: one.end - one.start)
            kept[-1] = SecretSpan(longer.kind, last.start, span.end)
    return kept
