"""What lies under a folder or file given to `ingest`: regular files, and everything that is not taken with its kind."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from forensics.errors import UsageFault
from forensics.originals import kind_of
from forensics.paths import as_text


class Found(NamedTuple):
    """One name: `kind` is file for what can be taken; `place` is where it lies on this machine."""

    path: str
    place: bytes
    kind: str
    size: int
    detail: str = ""


def walk(given: Path, case_root: Path | None = None) -> list[Found]:
    """List what `given` holds, in the order of the names' bytes; links are not followed, the case itself is left out.

    Only `given` itself may be reached through links: the user named it. Raises `UsageFault` where it does not exist.
    """
    try:
        root = given.resolve(strict=True)
        found = root.stat()
    except (OSError, RuntimeError) as fault:
        raise UsageFault("there is nothing here to ingest", where=str(given), hint="name a file or folder") from fault
    own = _identity(case_root) if case_root else None
    if not stat.S_ISDIR(found.st_mode):
        place = os.fsencode(root)
        name = as_text(os.fsencode(given.name or root.name))
        return [Found(name, place, kind_of(found.st_mode), found.st_size)]
    return sorted(_below(os.fsencode(root), own), key=lambda each: each.place)


def _below(root: bytes, own: tuple[int, int] | None) -> Iterator[Found]:
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                names = list(entries)
        except OSError as fault:
            yield Found(_relative(folder, root), folder, "unreadable", 0, fault.strerror or str(fault))
            continue
        for entry in names:
            path = _relative(entry.path, root)
            try:
                state = entry.stat(follow_symlinks=False)
            except OSError as fault:
                yield Found(path, entry.path, "unreadable", 0, fault.strerror or str(fault))
                continue
            kind = kind_of(state.st_mode)
            if kind != "folder":
                yield Found(path, entry.path, kind, state.st_size, _target(entry.path) if kind == "symlink" else "")
            elif (state.st_dev, state.st_ino) == own:
                yield Found(path, entry.path, "case", 0, "the case itself")
            else:
                folders.append(entry.path)


def _relative(path: bytes, root: bytes) -> str:
    return as_text(os.path.relpath(path, root))


def _target(path: bytes) -> str:
    try:
        return os.fsencode(Path(os.fsdecode(path)).readlink()).decode("utf-8", "backslashreplace")
    except OSError:
        return ""


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino
