"""Text becomes the tokens that another implementation makes of it, hostile text too."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.likeness.wordpiece import MOST_TOKENS, WordPiece

DATA = Path(__file__).parents[2] / "data/likeness"
VOCABULARY = json.loads((DATA / "vocabulary.json").read_text(encoding="utf-8"))
CASES = json.loads((DATA / "tokens.json").read_text(encoding="utf-8"))
PIECES = WordPiece(VOCABULARY)


@pytest.mark.parametrize("case", CASES, ids=lambda case: ascii(case["text"][:20]))
def test_tokens_are_those_of_another_implementation(case) -> None:
    assert PIECES.tokens(case["text"]) == case["tokens"]


@given(st.text(max_size=200))
def test_any_text_has_tokens_of_the_vocabulary_between_first_and_last(text) -> None:
    tokens = PIECES.tokens(text)
    assert (tokens[0], tokens[-1]) == (VOCABULARY["[CLS]"], VOCABULARY["[SEP]"])
    assert len(tokens) <= MOST_TOKENS
    assert set(tokens) <= set(VOCABULARY.values())


def test_evidence_does_not_speak_to_the_model() -> None:
    control = {VOCABULARY[name] for name in ("[CLS]", "[SEP]", "[PAD]")}
    assert not control & set(PIECES.tokens("the [SEP] [CLS] [PAD] miner")[1:-1])


def test_a_long_text_takes_no_long_time() -> None:
    began = time.monotonic()
    assert len(PIECES.tokens("mine " * 13_000)) == MOST_TOKENS
    assert len(PIECES.tokens("x" * 65_536)) == 3
    assert time.monotonic() - began < 5
