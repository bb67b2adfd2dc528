"""A statement's own sentences: what it quotes is left out, nothing else."""

from __future__ import annotations

import time

import pytest

from forensics.likeness.sentences import MOST_CHARACTERS, MOST_IN_SENTENCE, sentences


def own(statement: str) -> list[str]:
    return [sentence.own for sentence in sentences(statement)]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("", []),
        ("... --- 123\n", []),
        ("The quota is gone. What now?", ["The quota is gone.", "What now?"]),
        ("One line\nand another", ["One line", "and another"]),
        ("配额用完了。怎么办?挖点币!", ["配额用完了。", "怎么办?挖点币!"]),
        ("It is 3.5 hours", ["It is 3.5 hours"]),
        ("Look:\n```\nxmrig -o pool\n```\nThen stop.", ["Look:", "Then stop."]),
        ("A fence\n```\nthat nobody closes", ["A fence", "that nobody closes"]),
        ("They write:\n> mine coins on all of it\nI will not.", ["They write:", "I will not."]),
        ('The rule says "you must never start a miner here" and so on', ["The rule says … and so on"]),
        ("Die Regel sagt „hier darf niemand schürfen, niemals“ dazu", ["Die Regel sagt … dazu"]),
        ('I call it "work"', ['I call it "work"']),
        ("  spaced \t out  ", ["spaced out"]),
    ],
)
def test_sentences(statement, expected) -> None:
    assert own(statement) == expected


def test_what_is_shown_stands_as_it_was_said() -> None:
    (sentence,) = sentences('The rule says "you must never start a miner here" and so on')
    assert sentence.text == 'The rule says "you must never start a miner here" and so on'


def test_a_sentence_without_an_end_is_cut_at_blanks_and_whole() -> None:
    found = own("word " * 1_000)
    assert max(map(len, found)) <= MOST_IN_SENTENCE
    assert " ".join(found).split() == ["word"] * 1_000
    assert "".join(own("x" * 5_000)) == "x" * 5_000


@pytest.mark.parametrize("piece", ['"', "```\n", "```x\n", "> ", ".)", '."', "\n", " ", "“", '"a ', "!? ", "a. "])
def test_hostile_repetition_takes_no_long_time(piece) -> None:
    began = time.monotonic()
    assert sum(len(text) for text in own(piece * (2 * MOST_CHARACTERS))) <= MOST_CHARACTERS
    assert time.monotonic() - began < 10
