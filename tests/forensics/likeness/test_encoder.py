"""The forward pass: against a slow one written otherwise, on weights made up; against published values of the model."""

from __future__ import annotations

import math

import numpy as np
import pytest

from forensics.likeness.encoder import Encoder, _below

HIDDEN, HEADS, INNER, LAYERS, WORDS = 12, 3, 20, 2, 30


def made_up(seed: int = 3) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)

    def some(*shape: int) -> np.ndarray:
        return draw.normal(0, 0.7, shape).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": some(WORDS, HIDDEN),
        "embeddings.position_embeddings.weight": some(16, HIDDEN),
        "embeddings.token_type_embeddings.weight": some(2, HIDDEN),
    }
    linear = {"attention.self.query": (HIDDEN, HIDDEN), "attention.self.key": (HIDDEN, HIDDEN)}
    linear |= {"attention.self.value": (HIDDEN, HIDDEN), "attention.output.dense": (HIDDEN, HIDDEN)}
    linear |= {"intermediate.dense": (INNER, HIDDEN), "output.dense": (HIDDEN, INNER)}
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        norms += [f"{name}.attention.output.LayerNorm", f"{name}.output.LayerNorm"]
        for part, shape in linear.items():
            weights |= {f"{name}.{part}.weight": some(*shape), f"{name}.{part}.bias": some(shape[0])}
    for norm in norms:
        weights |= {f"{norm}.weight": some(HIDDEN), f"{norm}.bias": some(HIDDEN)}
    return weights


def slow(weights: dict[str, np.ndarray], tokens: list[int]) -> list[float]:
    """The same by lists of Python floats, number by number, with the exact error function."""
    exact = {name: values.astype(float).tolist() for name, values in weights.items()}

    def linear(row, name):
        return [math.fsum(map(math.prod, zip(row, line, strict=True))) + bias
                for line, bias in zip(exact[f"{name}.weight"], exact[f"{name}.bias"], strict=True)]  # fmt: skip

    def normed(row, name):
        mean = math.fsum(row) / len(row)
        deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in row) / len(row) + 1e-12)
        scale, shift = exact[f"{name}.weight"], exact[f"{name}.bias"]
        return [(x - mean) / deviation * a + b for x, a, b in zip(row, scale, shift, strict=True)]

    def added(*rows):
        return [math.fsum(column) for column in zip(*rows, strict=True)]

    word, place, kind = (exact[f"embeddings.{x}_embeddings.weight"] for x in ("word", "position", "token_type"))
    rows = [normed(added(word[t], place[i], kind[0]), "embeddings.LayerNorm") for i, t in enumerate(tokens)]
    size = HIDDEN // HEADS
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        query, key, value = (
            [linear(row, f"{name}.attention.self.{part}") for row in rows] for part in ("query", "key", "value")
        )
        seen = []
        for q in query:
            joined = []
            for head in range(HEADS):
                part = slice(head * size, (head + 1) * size)
                weights_ = [math.exp(math.fsum(a * b for a, b in zip(q[part], k[part], strict=True)) / math.sqrt(size))
                            for k in key]  # fmt: skip
                whole = math.fsum(weights_)
                for column in range(size):
                    shares = (w / whole * v[part][column] for w, v in zip(weights_, value, strict=True))
                    joined.append(math.fsum(shares))
            seen.append(linear(joined, f"{name}.attention.output.dense"))
        rows = [normed(added(r, s), f"{name}.attention.output.LayerNorm") for r, s in zip(rows, seen, strict=True)]
        inner = [[x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in linear(r, f"{name}.intermediate.dense")]
                 for r in rows]  # fmt: skip
        out = [linear(r, f"{name}.output.dense") for r in inner]
        rows = [normed(added(r, o), f"{name}.output.LayerNorm") for r, o in zip(rows, out, strict=True)]
    mean = [math.fsum(column) / len(rows) for column in zip(*rows, strict=True)]
    length = math.sqrt(math.fsum(x * x for x in mean))
    return [x / length for x in mean]


@pytest.mark.parametrize("tokens", [[1], [1, 2, 3], [5, 5, 5, 5], [9, 29, 0, 14, 7, 7, 3, 28, 1, 2, 11, 12]])
def test_it_agrees_with_a_slow_one(tokens) -> None:
    weights = made_up()
    vector = Encoder(weights, HEADS).vector(tokens)
    assert np.abs(vector - slow(weights, tokens)).max() < 1e-5
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-6)


def test_the_order_of_words_matters() -> None:
    encoder = Encoder(made_up(), HEADS)
    assert np.abs(encoder.vector([1, 2, 3]) - encoder.vector([3, 2, 1])).max() > 1e-3


def test_it_is_the_same_every_time() -> None:
    first, second = (Encoder(made_up(), HEADS).vector([4, 8, 15]) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_the_activation_is_that_of_the_exact_error_function() -> None:
    values = np.linspace(-9, 9, 40_001).astype(np.float32)
    exact = np.array([(1 + math.erf(float(x) / math.sqrt(2))) / 2 for x in values])
    assert np.abs(_below(values) - exact).max() < 2e-7


def test_published_values_of_the_model(model) -> None:
    """The first example of the Sentence-BERT documentation (sbert.net, quickstart), printed there to four digits."""
    said = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    vectors = np.stack([model.vector(text) for text in said])
    published = [[1.0000, 0.6660, 0.1046], [0.6660, 1.0000, 0.1411], [0.1046, 0.1411, 1.0000]]
    assert np.abs(vectors @ vectors.T - published).max() < 1e-4


@pytest.mark.parametrize("text", ["", "\x00\x1b[31m\u202e", "🙂" * 5_000, "x" * 65_536, "mine " * 13_000])
def test_hostile_text_has_a_vector(model, text) -> None:
    vector = model.vector(text)
    assert np.isfinite(vector).all()
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)
