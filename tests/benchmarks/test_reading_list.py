"""The page on the reading list counts what it says it counts."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from forensics.likeness.measures import ByWords
from forensics.likeness.ranking import descriptions

spec = importlib.util.spec_from_file_location("reading_list", Path(__file__).parent / "reading_list.py")
reading_list = importlib.util.module_from_spec(spec)
sys.modules["reading_list"] = reading_list
spec.loader.exec_module(reading_list)


def test_precision_is_one_where_all_wanted_come_first() -> None:
    assert reading_list.precision([True, True, False], [3, 2, 1]) == 1
    assert reading_list.precision([False, True], [2, 1]) == 0.5


def test_among_equal_ones_nobody_is_favoured() -> None:
    assert 0.7 < reading_list.precision([True, False], [1, 1]) < 0.8  # either order: the mean of 1 and 1/2
    assert reading_list.places([5, 1], [5, 5, 3, 1]) == [2, 4.5]


def test_a_statement_counts_as_its_likest_sentence_also_where_it_is_listed_under_another() -> None:
    said = ["Mining it is.", "Blue sky. Mining it is.", "Blue sky."]
    first, second, third = reading_list.likenesses(said, ByWords())
    assert first == second > third == 0


def test_the_word_list_is_the_relation_s() -> None:
    (hit, miss) = reading_list.ByList().scores(["the idle gpu", "good morning"], ["x", "y"])
    assert (hit, miss) == ([1000, 1000], [0, 0])


def test_hard_pairs_are_counted() -> None:
    assert 0 <= reading_list.pairs(ByWords()) <= len(descriptions())
