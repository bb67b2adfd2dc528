"""What single lines of a bash history are: a timestamp, blank, or text that may leave a command unfinished."""

from __future__ import annotations

import re

import numpy as np

from parsers.blocks import Lines, Mask, Positions

OUT_OF_RANGE = -2  # the seconds of a timestamp line that no calendar holds
LATEST_SECOND = 253_402_300_799

_STAMP = re.compile(rb"#\d+")
_TENS = 10 ** np.arange(9, -1, -1, dtype=np.int64)
# bytes that can leave a command unfinished, or join it with the next line
_OPENERS = np.zeros(256, np.bool_)
_OPENERS[list(b"'\"`\\<({|&;")] = True
_WORD_STARTS = np.array(
    [int.from_bytes(word, "little") for word in (b"if", b"fo", b"wh", b"un", b"ca", b"se", b"fu")], np.uint16
)


def stamps_in(lines: Lines) -> tuple[Positions, Positions]:
    """Return the lines that are a timestamp, and their seconds."""
    data = lines.array
    lengths = lines.ends - lines.starts
    candidates = np.flatnonzero(lengths >= 2)
    candidates = candidates[data[lines.starts[candidates]] == ord("#")]
    digit = data[lines.starts[candidates] + 1]
    candidates = candidates[(digit >= 48) & (digit <= 57)]
    ten = lengths[candidates] == 11
    digits = data[lines.starts[candidates[ten]][:, None] + np.arange(1, 11)].astype(np.int64) - 48
    is_stamp = np.zeros(len(candidates), np.bool_)
    seconds = np.zeros(len(candidates), np.int64)
    is_stamp[ten] = ((digits >= 0) & (digits <= 9)).all(axis=1)
    seconds[ten] = digits @ _TENS
    for at in np.flatnonzero(~is_stamp).tolist():
        line = int(candidates[at])
        text = lines.data[int(lines.starts[line]) : int(lines.ends[line])].removesuffix(b"\r")
        if _STAMP.fullmatch(text):
            is_stamp[at] = True
            second = int(text[1:]) if len(text) <= 13 else LATEST_SECOND + 1
            seconds[at] = second if second <= LATEST_SECOND else OUT_OF_RANGE
    return candidates[is_stamp], seconds[is_stamp]


def blank_in(lines: Lines) -> Mask:
    """Tell which lines are empty, but for a carriage return."""
    lengths = lines.ends - lines.starts
    blank: Mask = lengths == 0
    one = np.flatnonzero(lengths == 1)
    blank[one] = lines.array[lines.starts[one]] == ord("\r")
    return blank


def openers_in(lines: Lines) -> Mask:
    """Tell which lines hold anything that could leave a command unfinished."""
    marked = lines.holding(np.flatnonzero(_OPENERS[lines.array]))
    two = np.flatnonzero(lines.ends - lines.starts >= 2)
    begin = lines.starts[two]
    first = lines.array[begin]
    pair = first.astype(np.uint16) | (lines.array[begin + 1].astype(np.uint16) << 8)
    marked[two[np.isin(pair, _WORD_STARTS) | (first == ord(" ")) | (first == ord("\t"))]] = True
    return marked
