"""What the readers of shell histories share: typed text, the oddities of its bytes, what is text at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.source import Line, Source
from parsers.text import UNDECODABLE, decoded

CARRIAGE_RETURNS = "carriage_returns"  # every line ended in one; they are no part of the command
NUL_BYTES = "nul_bytes"
NO_FINAL_NEWLINE = "no_final_newline"  # a shell writes one: the file may have been cut here
TIMESTAMP_OUT_OF_RANGE = "timestamp_out_of_range"
NO_COMMAND = "a timestamp without a command"
MAX_ENTRY_BYTES = 16 << 20
TOO_LONG = "an entry of more than 16 MiB"

NUL_RUN = re.compile(rb"^\0+", re.MULTILINE)

_MARKUP = (b"{", b"[", b"<", b"%PDF", b"type=", b"node=")


def typed(command: bytes) -> tuple[str, list[str]]:
    """Return a command's text as typed, and notes on its bytes."""
    notes = []
    if b"\r" in command and all(line.endswith(b"\r") for line in command.split(b"\n")):
        command = command.replace(b"\r\n", b"\n").removesuffix(b"\r")
        notes.append(CARRIAGE_RETURNS)
    text, whole = decoded(command)
    if not whole:
        notes.append(UNDECODABLE)
    if "\0" in text:
        notes.append(NUL_BYTES)
    return text, notes


def without_nul_run(line: Line) -> Iterator[Line]:
    """Yield a line, cut in two behind the NUL bytes that it may begin with."""
    if not line.data or line.data[0]:
        yield line
        return
    rest = line.data.lstrip(b"\0")
    run = line.length - len(rest)
    yield Line(line.number, line.offset, run, line.data[:run], 0 if rest else line.newline)
    if rest:
        yield Line(line.number, line.offset + run, len(rest), rest, line.newline)


def continued_lines(source: Source, *marks: bytes) -> Iterator[list[Line]]:
    """Yield the physical lines of each entry, where a line that ends in one of the `marks` goes on in the next one.

    Blank lines, NUL runs and what is too long come as lines of their own.
    """
    held: list[Line] = []
    held_bytes = 0
    for line in source.lines(MAX_ENTRY_BYTES):
        for piece in without_nul_run(line):
            alone = not piece.data or piece.data[0] == 0
            if held and (alone or held_bytes > MAX_ENTRY_BYTES):
                yield held
                held, held_bytes = [], 0
            held.append(piece)
            held_bytes += piece.length
            if alone or not (piece.newline and piece.data and piece.data.endswith(marks)):
                yield held
                held, held_bytes = [], 0
    if held:
        yield held


def nul_reason(length: int) -> str:
    """Say why a run of NUL bytes is no entry."""
    return f"{length} NUL bytes, as a crash leaves them"


def may_be_commands(head: bytes) -> bool:
    """Tell whether a head could be lines that somebody typed: text, not too long a line, no markup."""
    rest = NUL_RUN.sub(b"", head)
    if not rest.lstrip() or rest.lstrip().startswith(_MARKUP) or len(rest) > 2000 * (rest.count(b"\n") + 1):
        return False
    control = sum(rest.count(bytes([byte])) for byte in range(32) if byte not in b"\t\n\r\x1b")
    return control * 100 <= len(rest)
