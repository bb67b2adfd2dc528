"""The argument list of an executed command, from EXECVE records or, for want of them, from PROCTITLE.

Source of the format: Linux kernel/auditsc.c, audit_log_execve_info() and audit_log_proctitle(). Arguments that do not
fit a record come in pieces `aN[i]` over several records, with their length `aN_len` before them (counted in hexadecimal
digits or in bytes: both are seen). Kernels before 5.x left out empty arguments.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from parsers.audit.values import untrusted

EMPTY_ARGUMENT = "empty_argument_inferred"  # a gap between two arguments is one that was empty
INCOMPLETE = "arguments_incomplete"
PROCTITLE_CUT = "proctitle_cut"
PROCTITLE_BYTES = 128

_ARGUMENT = re.compile(rb'(?:^|\s)a(\d{1,9})(?:\[(\d{1,9})\])?=("[^"]*"|\S*)')
_LENGTH = re.compile(rb"(?:^|\s)a(\d{1,9})_len=(\d{1,12})")
_COUNT = re.compile(rb"(?:^|\s)argc=(\d{1,9})")
_MOST_GAPS = 64
# one record that holds all arguments, of which there are few
_PLAIN = re.compile(rb"argc=([1-5]?\d)((?: a\d{1,2}=(?:\"[^\"]*\"|[^\s\"]*))+)\s*")
_INDEXES = [b"%d" % index for index in range(60)]


class Arguments(NamedTuple):
    """`values` as bytes, in order; `notes` on what is missing or inferred."""

    values: list[bytes]
    notes: list[str]


def of_execve(bodies: Sequence[bytes]) -> Arguments:
    """Put together the arguments of one event's EXECVE records."""
    if len(bodies) == 1 and (plain := _PLAIN.fullmatch(bodies[0])):
        found = _ARGUMENT.findall(plain[2])
        if len(found) == int(plain[1]) and [index for index, _, _ in found] == _INDEXES[: len(found)]:
            return Arguments([untrusted(value) or b"" for _, _, value in found], [])
    return _pieced(bodies)


def _pieced(bodies: Iterable[bytes]) -> Arguments:
    pieces: dict[int, dict[int, bytes]] = {}
    lengths: dict[int, int] = {}
    count: int | None = None
    for body in bodies:
        counted = _COUNT.search(body)
        if counted and count is None:
            count = int(counted[1])
        for index, piece, value in _ARGUMENT.findall(body):
            pieces.setdefault(int(index), {}).setdefault(int(piece or 0), value)
        if b"_len=" in body:
            lengths.update((int(index), int(length)) for index, length in _LENGTH.findall(body))
    notes = []
    if lengths and not all(_whole(pieces.get(index, {}), length) for index, length in lengths.items()):
        notes.append(INCOMPLETE)
    values = {index: _joined(parts) for index, parts in pieces.items()}
    return _in_order(values, count, notes)


def _joined(parts: dict[int, bytes]) -> bytes:
    # bytes are joined before they are decoded: a piece may end inside a character
    return b"".join(untrusted(parts[at]) or b"" for at in sorted(parts))


def _whole(parts: dict[int, bytes], length: int) -> bool:
    if sorted(parts) != list(range(len(parts))):
        return False
    written = sum(len(value.strip(b'"')) for value in parts.values())
    return length in {written, len(_joined(parts))}


def _in_order(values: dict[int, bytes], count: int | None, notes: list[str]) -> Arguments:
    last = max(values, default=-1)
    gaps = last + 1 - len(values)
    if gaps > _MOST_GAPS + len(values):
        notes.append(INCOMPLETE)
        return Arguments([values[index] for index in sorted(values)], sorted(set(notes)))
    if gaps:
        notes.append(EMPTY_ARGUMENT)
    if count is None or count != last + 1:
        notes.append(INCOMPLETE)
    return Arguments([values.get(index, b"") for index in range(last + 1)], sorted(set(notes)))


def of_proctitle(value: bytes | None) -> Arguments:
    """Read the title that a process had, which the kernel cuts after 128 bytes."""
    title = untrusted(value)
    if not title:
        return Arguments([], [])
    notes = [PROCTITLE_CUT] if len(title) >= PROCTITLE_BYTES else []
    return Arguments(title.removesuffix(b"\0").split(b"\0"), notes)
