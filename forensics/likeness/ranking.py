"""Statements in the order in which they are worth reading. A statement counts as its likest sentence."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from forensics.likeness.measures import Measure
from forensics.likeness.sentences import Sentence, sentences
from forensics.progress import SILENT, Progress


@dataclass(frozen=True, slots=True)
class Description:
    """What may be said in a stage, with a text that is like it and one that only shares its words."""

    like: str
    text: str
    near: str
    far: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """One statement: its identity, its likest sentence, what that is like, and how much in thousandths.

    It stands for `said` statements with that likest sentence, the first by identity.
    """

    event: str
    sentence: str
    like: str
    likeness: int
    said: int


@cache
def descriptions() -> tuple[Description, ...]:
    """What statements are compared with."""
    text = (files("forensics") / "likeness/described.toml").read_text(encoding="utf-8")
    return tuple(Description(**each) for each in tomllib.loads(text)["description"])


def ranked(statements: Sequence[tuple[str, str]], measure: Measure, progress: Progress = SILENT) -> list[Ranked]:
    """Rank statements (identity, text fit to be shown): likest first, then by identity; those without words not at all.

    A sentence said often is compared and listed once. The order of `statements` does not matter.
    """
    said = [(event, sentence) for event, text in sorted(statements) for sentence in sentences(text)]
    distinct = sorted({sentence.own for _, sentence in said})
    progress.begin("comparing", len(distinct), "sentences")
    best: dict[str, tuple[int, str]] = {}
    wanted = descriptions()
    for own, scores in zip(distinct, measure.scores(distinct, [each.text for each in wanted]), strict=True):
        likeness = max(scores)
        best[own] = (likeness, wanted[scores.index(likeness)].like)
        progress.advance()
    chosen: dict[str, Sentence] = {}
    for event, sentence in said:
        if event not in chosen or best[sentence.own][0] > best[chosen[event].own][0]:
            chosen[event] = sentence
    alike: dict[Sentence, list[str]] = {}
    for event, sentence in chosen.items():
        alike.setdefault(sentence, []).append(event)
    found = [_ranked(events, sentence, *best[sentence.own]) for sentence, events in alike.items()]
    return sorted(found, key=lambda each: (-each.likeness, each.event))


def _ranked(events: list[str], sentence: Sentence, likeness: int, like: str) -> Ranked:
    return Ranked(events[0], sentence.text, like, likeness, len(events))
