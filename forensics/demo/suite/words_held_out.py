"""HELD OUT. Wordings that no rule, lexicon, threshold or test may be written against, nor tuned after seeing results.

They stand in `words_held_out.toml` and serve a quarter of the seeds of every family; results on them are reported apart
and only as totals. Who has read that file for any other purpose than to add to it should say so in the notes on
accuracy.
"""

from __future__ import annotations

from forensics.demo.suite.words import WORDS, Bank, load

_APART, HELD_OUT_LIMITS = load("words_held_out.toml")
HELD_OUT_WORDS: Bank = {**WORDS, **_APART}
