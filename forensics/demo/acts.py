"""Acts of the made-up world, before any sensor has seen them."""

from __future__ import annotations

from dataclasses import dataclass

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Exec:
    """One program execution that a command caused: argument vector, delay after the call, whether it is long-lived."""

    argv: tuple[str, ...]
    after_us: int = 30_000
    connects: tuple[tuple[str, int], ...] = ()  # address, port
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an agent: thought, words, or a command with its answer.

    `act` names what the step is evidence of in the truth; None for ordinary work.
    """

    at_us: int
    think: str | None = None
    say: str | None = None
    command: str | None = None
    output: str = ""
    is_error: bool = False
    execs: tuple[Exec, ...] = ()
    act: str | None = None
    human: str | None = None
    think_act: str | None = None


@dataclass(frozen=True, slots=True)
class Typed:
    """One line typed by a person."""

    at_us: int
    command: str
    act: str | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """One machine."""

    name: str
    address: str
    user: str
    uid: int
