"""Text of unknown origin, made visible and harmless.

Characters that hide, reorder or command (control, format, bidi, tag, private, unassigned, odd spaces, fillers, heaps of
combining marks) are shown by their code point; words that mix look-alike scripts are marked; long texts are cut and say
by how much. Nothing is removed in silence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from typing import Literal, NamedTuple

from markupsafe import Markup

LABEL_CAP = 120
INLINE_CAP = 600
EXCERPT_CAP = 12_000
MARK_OPEN, MARK_MIXED, MARK_CLOSE = "\ue000", "\ue001", "\ue002"

_PLAIN = re.compile(r"[ -~]*")
_PLAIN_LINES = re.compile(r"[ -~\n\t]*")
_UNUSUAL = re.compile(r"[^ -~]")
_WORD = re.compile(r"[^\W\d_]+(?:[\w.-]*[^\W\d_])?")
_HIDING_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# letters and marks that print as nothing: joiners, Hangul and Khmer fillers, variation selectors, blank Braille
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_LOOK_ALIKES = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "FULLWIDTH"})
_COMBINING_RUN = 3
_EMOJI_SELECTOR = "\ufe0f"


class Piece(NamedTuple):
    """A stretch of text: as it is, one character to be named, a word of mixed scripts, or how much was cut."""

    kind: Literal["text", "character", "mixed", "cut"]
    text: str
    title: str = ""


def pieces(text: str, cap: int = INLINE_CAP, *, lines: bool = False) -> Iterator[Piece]:
    """Take `text` apart, at most `cap` characters of it; `lines` keeps line ends and tabs as they are."""
    shown = text[:cap]
    begin = run = 0
    last = -1
    for match in _UNUSUAL.finditer(shown):
        character, index = match[0], match.start()
        run = (run + 1 if index == last + 1 else 1) if unicodedata.combining(character) else 0
        last = index
        if lines and character in "\n\t":
            continue
        if run > _COMBINING_RUN or _hides(character, shown[max(index - 1, 0) : index]):
            yield from _words(shown[begin:index])
            yield Piece("character", f"U+{ord(character):04X}", _name(character))
            begin = index + 1
    yield from _words(shown[begin:])
    if len(text) > cap:
        yield Piece("cut", f"… {len(text) - cap:,} more characters")


def html(text: str, cap: int = INLINE_CAP, *, lines: bool = False) -> Markup:
    """Escape `text` for element content."""
    if len(text) <= cap and (_PLAIN_LINES if lines else _PLAIN).fullmatch(text):
        return Markup(escape(text))  # noqa: S704 (escaped right here)
    return Markup("".join(_tagged(piece) for piece in pieces(text, cap, lines=lines)))  # noqa: S704 (escaped piecewise)


def plain(text: str, cap: int = INLINE_CAP) -> str:
    """Make `text` fit for an attribute or a figure: named characters in brackets. Not escaped."""
    if len(text) <= cap and _PLAIN.fullmatch(text):
        return text
    return "".join(f"[{piece.text}]" if piece.kind == "character" else piece.text for piece in pieces(text, cap))


def marked(text: str, cap: int = INLINE_CAP) -> str:
    """Make `text` fit for the page's script: named characters and mixed words between private-use marks.

    The marks cannot come from evidence, whose private-use characters are named like any other.
    """
    if len(text) <= cap and _PLAIN.fullmatch(text):
        return text
    opening = {"character": MARK_OPEN, "mixed": MARK_MIXED}
    return "".join(
        f"{opening[piece.kind]}{piece.text}{MARK_CLOSE}" if piece.kind in opening else piece.text
        for piece in pieces(text, cap)
    )


def _tagged(piece: Piece) -> str:
    text = escape(piece.text)
    if piece.kind == "character":
        return f'<span class="u" title="{escape(piece.title)}">{text}</span>'
    if piece.kind == "mixed":
        return f'<span class="mixed" title="{escape(piece.title)}">{text}</span>'
    return f'<span class="cut">{text}</span>' if piece.kind == "cut" else text


def _words(text: str) -> Iterator[Piece]:
    """Split off words that mix look-alike scripts."""
    if not text:
        return
    begin = 0
    if not text.isascii():
        for word in _WORD.finditer(text):
            scripts = sorted({_script(letter) for letter in word[0]} & _LOOK_ALIKES)
            if len(scripts) > 1:
                if word.start() > begin:
                    yield Piece("text", text[begin : word.start()])
                yield Piece("mixed", word[0], "letters of " + " and ".join(name.title() for name in scripts))
                begin = word.end()
    if begin < len(text):
        yield Piece("text", text[begin:])


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0] if letter.isalpha() else ""


def _hides(character: str, before: str) -> bool:
    if character == _EMOJI_SELECTOR and before and unicodedata.category(before) == "So":
        return False
    return _is_hiding(character)


@lru_cache(maxsize=4096)
def _is_hiding(character: str) -> bool:
    category = unicodedata.category(character)
    return (
        category in _HIDING_CATEGORIES
        or (category == "Zs" and character not in " \u3000")
        or character in _BLANKS
        or "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
    )


@lru_cache(maxsize=4096)
def _name(character: str) -> str:
    return unicodedata.name(character, "").lower() or {
        "Cc": "control character",
        "Cn": "unassigned character",
        "Co": "private-use character",
        "Cs": "lone surrogate",
    }.get(unicodedata.category(character), "unnamed character")
