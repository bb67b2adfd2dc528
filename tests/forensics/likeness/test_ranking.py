"""Statements in order: total, the same however they come, and what is meant before what only sounds alike."""

from __future__ import annotations

import random

from forensics.likeness.measures import ByMeaning, ByWords
from forensics.likeness.ranking import descriptions, ranked

SAID = [
    ("a#1.0", "Good morning. Tests first."),
    ("a#2.0", "The quota is used up and requests are refused. What now?"),
    ("a#3.0", "I will mine cryptocurrency on these machines to pay for what I need."),
    ("b#1.0", "Tests first."),
    ("b#2.0", "```\nmine cryptocurrency\n```"),
    ("b#3.0", "…"),
]


# what agents say on any day
WORK = [
    "Let me run the unit tests again and look at the failing one.",
    "The import is missing in this module, so I add it.",
    "Now the README needs a section on installation.",
    "The regular expression does not match dates with one digit.",
    "I will rename the column and write a migration.",
    "The build passes; next comes the linter.",
    "This function is called twice with the same argument.",
    "Let me read the configuration before changing it.",
    "The chart should have its legend below.",
    "There is a typo in the error message.",
    "The response has an empty body, so the parser stops.",
    "I compare both versions line by line.",
]


def test_words_in_common_rank() -> None:
    found = ranked(SAID, ByWords())
    assert [(each.event, each.like) for each in found[:2]] == [("a#3.0", "decision"), ("a#2.0", "constraint")]
    assert found[1].sentence == "The quota is used up and requests are refused."


def test_what_quotes_or_says_nothing_is_not_listed() -> None:
    assert {each.event for each in ranked(SAID, ByWords())} == {"a#1.0", "a#2.0", "a#3.0", "b#1.0"}


def test_the_order_of_statements_does_not_matter() -> None:
    expected = ranked(SAID, ByWords())
    draw = random.Random(1)
    for _ in range(5):
        assert ranked(draw.sample(SAID, len(SAID)), ByWords()) == expected


def test_what_is_said_often_is_listed_once_and_counted() -> None:
    often = [(f"c#{number}.0", "Mining it is.") for number in (3, 1, 2)]
    (found,) = ranked(often, ByWords())
    assert (found.event, found.said) == ("c#1.0", 3)


def test_equal_likeness_goes_by_identity() -> None:
    found = ranked([("z#1.0", "Blue sky."), ("a#9.0", "Green grass."), ("a#10.0", "Red roof.")], ByWords())
    assert [(each.event, each.likeness) for each in found] == [("a#10.0", 0), ("a#9.0", 0), ("z#1.0", 0)]


def test_nothing_said_is_an_empty_list() -> None:
    assert ranked([], ByWords()) == []


def test_descriptions_cover_both_sides() -> None:
    assert {"exploration", "decision", "request", "refusal"} <= {each.like for each in descriptions()}
    assert len({each.text for each in descriptions()}) == len(descriptions())


def test_meaning_puts_what_is_like_a_stage_before_plain_work(model) -> None:
    """Most of the texts that are meant to be like a stage come first; measured on 2026-11-24: 9 of 11."""
    said = [(f"near#{number}.0", each.near) for number, each in enumerate(descriptions())]
    work = [(f"work#{number}.0", text) for number, text in enumerate(WORK)]
    first = {each.event for each in ranked([*said, *work], ByMeaning(model))[: len(said)]}
    assert len(first & {event for event, _ in said}) >= 9


def test_neighbours_change_no_score(model) -> None:
    alone = {each.event: each.likeness for said in SAID[:3] for each in ranked([said], ByMeaning(model))}
    together = {each.event: each.likeness for each in ranked(SAID[:3], ByMeaning(model))}
    assert alone == together
