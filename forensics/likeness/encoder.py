"""A BERT encoder's forward pass in numpy: token numbers in, one unit vector out. No network, no framework, no state.

Source of the method: Vaswani et al. 2017, Devlin et al. 2018; mean over tokens and unit length as Sentence-BERT
(Reimers, Gurevych 2019) has it. Texts are read one at a time, so that what else is compared changes no digit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_EPSILON = np.float32(1e-12)
# the share of a normal distribution below x: exact at points evenly laid from -6 to 6, a straight line between
_REACH = 6
_STEPS = 1 << 10  # per unit; the line is off by less than 1e-7
_EXACT = np.array(
    [(1 + math.erf(step / _STEPS / math.sqrt(2))) / 2 for step in range(-_REACH * _STEPS, _REACH * _STEPS + 1)]
)
_BELOW, _SLOPE = _EXACT[:-1].astype(np.float32), np.diff(_EXACT).astype(np.float32)


class Encoder:
    """Weights by their published names (`encoder.layer.0.attention.self.query.weight`), and the number of heads."""

    def __init__(self, weights: Mapping[str, Floats], heads: int) -> None:
        self._weights = weights
        self._heads = heads
        self._layers = len({name.split(".")[2] for name in weights if name.startswith("encoder.layer.")})

    def vector(self, tokens: Sequence[int]) -> Floats:
        """Return the vector of one text of at least one token; its length is 1."""
        weights = self._weights
        state = (
            weights["embeddings.word_embeddings.weight"][np.array(tokens, np.int64)]
            + weights["embeddings.position_embeddings.weight"][: len(tokens)]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        state = self._normed(state, "embeddings.LayerNorm")
        for number in range(self._layers):
            state = self._layer(state, f"encoder.layer.{number}")
        mean = state.mean(axis=0)
        vector: Floats = mean / np.linalg.norm(mean)
        return vector

    def _layer(self, state: Floats, name: str) -> Floats:
        seen = self._linear(self._attention(state, f"{name}.attention.self"), f"{name}.attention.output.dense")
        state = self._normed(state + seen, f"{name}.attention.output.LayerNorm")
        inner = self._linear(state, f"{name}.intermediate.dense")
        inner = inner * _below(inner)
        return self._normed(state + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _attention(self, state: Floats, name: str) -> Floats:
        query, key, value = (self._split(self._linear(state, f"{name}.{part}")) for part in ("query", "key", "value"))
        scores = query @ key.transpose(0, 2, 1) / np.float32(math.sqrt(query.shape[-1]))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares = scores / scores.sum(axis=-1, keepdims=True)
        joined: Floats = (shares @ value).transpose(1, 0, 2).reshape(state.shape)
        return joined

    def _split(self, state: Floats) -> Floats:
        """Rows by token become rows by head and token."""
        split: Floats = state.reshape(len(state), self._heads, -1).transpose(1, 0, 2)
        return split

    def _linear(self, state: Floats, name: str) -> Floats:
        result: Floats = state @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return result

    def _normed(self, state: Floats, name: str) -> Floats:
        centred = state - state.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + _EPSILON)
        result: Floats = centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return result


def _below(values: Floats) -> Floats:
    """How much of a normal distribution lies below each value; with the value as factor this is BERT's activation."""
    place = np.clip((values + np.float32(_REACH)) * np.float32(_STEPS), 0, len(_BELOW) - np.float32(0.5))
    point = place.astype(np.int32)
    share: Floats = _BELOW[point] + _SLOPE[point] * (place - point.astype(np.float32))
    return share
