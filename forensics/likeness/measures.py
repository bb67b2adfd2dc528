"""Two measures of likeness, in thousandths: by meaning (a model), and by words in common where no model is at hand."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from forensics.likeness.model import NAME, Model

_WORD = re.compile(r"[^\W\d_]{2,}")
_STEM = 6  # so many letters of a word tell it from others; its ending does not


class Measure(Protocol):
    """`told` says in words what ranks."""

    told: str

    def scores(self, texts: Sequence[str], descriptions: Sequence[str]) -> Iterator[list[int]]:
        """Yield, text by text, the likeness with each description: -1000 to 1000."""
        ...


class ByMeaning:
    """The cosine of two vectors of the model."""

    def __init__(self, model: Model) -> None:
        self.told = f"likeness in meaning ({NAME})"
        self._model = model

    def scores(self, texts: Sequence[str], descriptions: Sequence[str]) -> Iterator[list[int]]:
        """Yield the likeness of each text with each description, rounded: last digits differ between processors."""
        wanted = np.stack([self._model.vector(text) for text in descriptions])
        for text in texts:
            yield [round(1000 * float(likeness)) for likeness in wanted @ self._model.vector(text)]


class ByWords:
    """The cosine of two bags of words, those that few of the texts hold weighing more."""

    told = "words in common"

    def scores(self, texts: Sequence[str], descriptions: Sequence[str]) -> Iterator[list[int]]:
        """Yield the likeness of each text with each description; the weights come from these texts alone."""
        bags = [_bag(text) for text in (*texts, *descriptions)]
        held = Counter(word for bag in bags for word in bag)
        weights = {word: math.log((1 + len(bags)) / (1 + count)) + 1 for word, count in held.items()}
        wanted = [_weighted(bag, weights) for bag in bags[len(texts) :]]
        for bag in bags[: len(texts)]:
            found = _weighted(bag, weights)
            yield [
                round(1000 * math.fsum(weight * found.get(word, 0.0) for word, weight in each.items()))
                for each in wanted
            ]


def _bag(text: str) -> Counter[str]:
    return Counter(word[:_STEM] for word in _WORD.findall(text.lower()))


def _weighted(bag: Counter[str], weights: dict[str, float]) -> dict[str, float]:
    """A bag as a vector of length 1; an empty one stays empty."""
    found = {word: count * weights[word] for word, count in bag.items()}
    length = math.sqrt(math.fsum(weight * weight for weight in found.values()))
    return {word: weight / length for word, weight in found.items()}
