"""Everything the workbench raises, and the exit code each fault ends in.

    ForensicsError            2  anything the user can put right by asking differently
    +-- UsageFault            2  wrong arguments, no case there, unknown reference
    +-- CheckFailed           1  a hash, a chain or an audit does not hold
    +-- BooksFault            3  bytes unaccounted for: a defect of ours
    +-- NotReadFault          4  something was not read and `--strict` was given
    +-- CaseBusy              5  another process writes to the case
    +-- StorageFault          6  the case's storage is full or failing

Faults of one piece of evidence are never raised: they are rows in quarantine or refusals.
"""

from __future__ import annotations


class ForensicsError(Exception):
    """A fault told in one line: what is wrong, where, and what to do next."""

    exit_code = 2

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        told = f"{self.where}: {self.message}" if self.where else self.message
        return f"{told}; {self.hint}" if self.hint else told


class UsageFault(ForensicsError):
    """What was asked for cannot be done as asked."""


class CheckFailed(ForensicsError):
    """Something that was sealed is not as it was."""

    exit_code = 1


class BooksFault(ForensicsError):
    """A source's bytes are not all accounted for."""

    exit_code = 3


class NotReadFault(ForensicsError):
    """Something was not read, and the user said that this must not be."""

    exit_code = 4


class CaseBusy(ForensicsError):
    """Another process holds the case's lock."""

    exit_code = 5


class StorageFault(ForensicsError):
    """Writing to the case failed: disk full, quota, input/output error. The case is as it was."""

    exit_code = 6
