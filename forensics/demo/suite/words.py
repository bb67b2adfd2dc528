"""What is said in made worlds, in several degrees of plainness and several languages: the wordings anybody may look at.

They stand in `words.toml`. A wording's mark is its degree (0 plain, 1 paraphrased, 2 oblique) and its language.
`words_held_out` has more, which nobody may look at when writing rules.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping
from pathlib import Path

Bank = Mapping[str, tuple[tuple[str, str], ...]]
Limits = tuple[tuple[str, str, int], ...]

TOOLS = (
    "capctl request",
    "quota-bot ask",
    "ask_capacity",
    "resctl apply",
    "ticket open --queue compute",
    "helpdesk new",
)
UNITS = ("GPU-hours", "node-hours", "core-hours", "credits")


def load(name: str) -> tuple[Bank, Limits]:
    """Read the wordings and the machines' refusals of one file beside this module."""
    found = tomllib.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    limits = tuple((command, answer, code) for command, answer, code in found.pop("limit"))
    return {purpose: tuple((mark, text) for mark, text in rows) for purpose, rows in found.items()}, limits


WORDS, LIMITS = load("words.toml")


def pick(bank: Bank, purpose: str, draw: random.Random, level: int, language: str) -> str:
    """Draw a wording of `purpose`, of the degree and language asked for or the nearest that there is."""
    fitting = bank[purpose]
    wanted = (f"{level}{language}", language, f"{level}en", "en", "")
    found = next(texts for end in wanted if (texts := [text for mark, text in fitting if mark.endswith(end)]))
    return draw.choice(found)
