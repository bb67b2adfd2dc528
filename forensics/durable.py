"""Writing so that a crash or a full disk leaves the old or the new, never a mixture.

Nothing syncs by itself (`pyarrow` and DuckDB do not): files are synced, then renamed, then their folder is synced.
Faults of the case's storage come out as `StorageFault`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forensics.errors import StorageFault

READ_ONLY = 0o444
BLOCK_BYTES = 1 << 20
STORAGE_HINT = "free or repair the storage and run the command again; the case is as it was"


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn an operating system error inside into a `StorageFault` at `path`."""
    try:
        yield
    except OSError as fault:
        raise StorageFault(
            fault.strerror or str(fault),
            where=str(path),
            hint=STORAGE_HINT,
        ) from fault


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the content of `path` durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_new(path: Path, data: bytes) -> None:
    """Write and sync a file that must not exist yet."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def move(source: Path, target: Path) -> None:
    """Rename a synced file to its place, over what is there, and make the new name durable."""
    make_folders(target.parent)
    source.replace(target)
    sync_folder(target.parent)


def make_folders(folder: Path) -> None:
    """Create `folder` and its parents, private, each name durable."""
    if folder.is_dir():
        return
    make_folders(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def replace_bytes(target: Path, data: bytes) -> None:
    """Replace a file as a whole."""
    temporary = target.with_name(f"{target.name}.tmp")
    temporary.unlink(missing_ok=True)
    write_new(temporary, data)
    move(temporary, target)


def hash_file(path: Path) -> tuple[int, str]:
    """Return size and sha256 of a regular file; a link is refused."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return os.fstat(stream.fileno()).st_size, digest
