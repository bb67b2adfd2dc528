"""One writer for a case. The kernel frees the lock when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forensics.durable import storing
from forensics.errors import CaseBusy

FILE_NAME = ".lock"


@contextmanager
def locked(root: Path, act: str) -> Iterator[None]:
    """Hold the case's lock; raises `CaseBusy` at once, naming the holder, where another process has it."""
    path = root / FILE_NAME
    with storing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode("ascii", "backslashreplace")
            raise CaseBusy(
                f"the case is busy: {holder or 'another process'} writes to it",
                where=str(root),
                hint="run the command again when that is done",
            ) from None
        with storing(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} ({act})".encode("ascii", "backslashreplace"), 0)
        yield
    finally:
        os.close(descriptor)
