"""Text as the numbers that a BERT model reads: uncased WordPiece.

Source of the method: Devlin et al. 2018 and the published `tokenizer.json` of the model (normaliser, splitting at
punctuation, greedy longest piece, words over 100 characters unknown). One thing is different on purpose: a text that
spells a control token ("[SEP]") is text; evidence does not speak to the model's machinery.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterator, Mapping

MOST_TOKENS = 256  # what the model was trained to read at once
MOST_IN_WORD = 100
_PUNCTUATION = frozenset(string.punctuation)
_UNSEEN = frozenset({"Cc", "Cf", "Co"})
# ideographs stand alone: each is a word
_IDEOGRAPHS = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)


class WordPiece:
    """Turns text into token numbers, by a vocabulary of pieces; those that go on within a word begin with `##`."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self._unknown = vocabulary["[UNK]"]
        self._first, self._last = vocabulary["[CLS]"], vocabulary["[SEP]"]
        self._longest = max(map(len, vocabulary))

    def tokens(self, text: str, most: int = MOST_TOKENS) -> list[int]:
        """Return the numbers of `text`, set between first and last; of more than `most`, the first."""
        found: list[int] = []
        for word in _words(text):
            found += self._pieces(word)
            if len(found) >= most - 2:
                break
        return [self._first, *found[: most - 2], self._last]

    def _pieces(self, word: str) -> list[int]:
        if len(word) > MOST_IN_WORD:
            return [self._unknown]
        found: list[int] = []
        at = 0
        while at < len(word):
            prefix = "##" if at else ""
            ends = range(min(len(word), at + self._longest), at, -1)
            end = next((end for end in ends if prefix + word[at:end] in self._vocabulary), None)
            if end is None:
                return [self._unknown]
            found.append(self._vocabulary[prefix + word[at:end]])
            at = end
        return found


def _words(text: str) -> Iterator[str]:
    """Words and single punctuation marks, lower case, without accents and control characters."""
    spaced = "".join(map(_cleaned, text))
    bare = "".join(each for each in unicodedata.normalize("NFD", spaced) if unicodedata.category(each) != "Mn")
    for run in "".join(each.lower() for each in bare).split():
        word = ""
        for character in run:
            if _is_punctuation(character):
                yield from filter(None, (word, character))
                word = ""
            else:
                word += character
        if word:
            yield word


def _cleaned(character: str) -> str:
    if character in "\t\n\r" or character.isspace():
        return " "
    if character == "\ufffd" or unicodedata.category(character) in _UNSEEN:
        return ""
    return f" {character} " if _is_ideograph(ord(character)) else character


def _is_ideograph(code: int) -> bool:
    return any(first <= code <= last for first, last in _IDEOGRAPHS)


def _is_punctuation(character: str) -> bool:
    return character in _PUNCTUATION or unicodedata.category(character).startswith("P")
