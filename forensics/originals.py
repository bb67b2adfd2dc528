"""Opening what was delivered, without being led astray and without touching it.

No link is followed, nothing that is not a regular file is opened for reading (a pipe would block, a device never ends),
and a file that changes while it is read is told from one that stayed as it was.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO, NamedTuple

_KINDS = (
    (stat.S_ISLNK, "symlink"),
    (stat.S_ISFIFO, "fifo"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "device"),
    (stat.S_ISBLK, "device"),
    (stat.S_ISDIR, "folder"),
    (stat.S_ISREG, "file"),
)


class State(NamedTuple):
    """What must not change while a file is read."""

    size: int
    mtime_ns: int
    inode: int
    device: int


class Refused(Exception):
    """A delivered file that is not taken; `kind` as in table `refusal`."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


def kind_of(mode: int) -> str:
    """Name what a file mode says: file, folder, symlink, fifo, socket, device."""
    return next((name for holds, name in _KINDS if holds(mode)), "unknown")


def open_original(path: Path | str | bytes) -> BinaryIO:
    """Open a regular file for reading; raises `Refused`."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = _opened(path, flags)
    except OSError as fault:
        raise Refused("unreadable", fault.strerror or str(fault)) from fault
    kind = kind_of(os.fstat(descriptor).st_mode)
    if kind != "file":
        os.close(descriptor)
        raise Refused(kind, "not a regular file")
    return os.fdopen(descriptor, "rb")


def _opened(path: Path | str | bytes, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_NOATIME)  # reading leaves no trace, where we own the file
    except PermissionError:
        return os.open(path, flags)


def state_of(stream: BinaryIO) -> State:
    """The state of an open file now."""
    found = os.fstat(stream.fileno())
    return State(found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)
