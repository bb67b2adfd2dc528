"""The labelled case suite: families of incidents and of innocent look-alikes, each a world made from a seed, with its
truth.

A family is a function that tells a story to a `Teller`; the story is projected into the files of many formats, seen
through a `Sight` (what was kept, which clocks were wrong), and its truth is written beside them. Families and wordings
in modules whose names end in `held_out` are kept apart: no rule, threshold or test may be written against them.
"""

from __future__ import annotations
