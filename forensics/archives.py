"""Opening up a container: every member a file of its own in the scratch folder, named by its number.

Runs in a worker: archives are hostile. Names from the archive are data and never touch the file system; links, devices
and pipes are told of and not made; what a container may grow to is bounded by `budget` bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from forensics import tarstream, zipfiles
from forensics.members import Fault, Listing, Member
from forensics.originals import open_original
from parsers.codecs import Damage
from parsers.contract import HEAD_BYTES
from parsers.source import Source
from parsers.streams import Decoding, Measure, decoded

MOST_DEPTH = 3


class Taken(NamedTuple):
    """One member: its bytes in `file` of the scratch folder, or why they were not taken (`kind` other than file)."""

    number: int
    name: bytes
    kind: str
    detail: str
    file: str | None
    size: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """What was found in a file: `kind` is tar | zip, or None where it is no container (then only `codecs` counts)."""

    kind: str | None
    codecs: tuple[str, ...]
    stream: Measure | None = None
    members: tuple[Taken, ...] = ()
    faults: tuple[Fault, ...] = ()


def container_of(head: bytes) -> str | None:
    """Name the kind of container whose stream begins with `head`."""
    if tarstream.is_tar(head):
        return "tar"
    return "zip" if zipfiles.is_zip(head) else None


def members_of(stream: BinaryIO, kind: str, listing: Listing) -> Iterator[Member]:
    """Yield the members of a container; a zip file must be seekable."""
    return tarstream.members(stream, listing) if kind == "tar" else zipfiles.members(stream, listing)


def look(source: Source, limit: int | None = None) -> tuple[Decoding, str | None]:
    """Look behind a source's compression and name the container that is there."""
    decoding = decoded(source, limit)
    with decoding.source.open() as stream:
        return decoding, container_of(stream.read(HEAD_BYTES))


def open_up(path: str, size: int, sha256: str, scratch: str, budget: int, tell: Callable[[int], None]) -> Opened:
    """Write every member of the file at `path` into `scratch`; a file that is no container comes back as such."""
    tell(1)
    source = Source(sha256, "", lambda: open_original(path), Path(path), size)
    decoding, kind = look(source, budget)
    if kind is None:
        return Opened(None, decoding.codecs)
    folder = Path(scratch)
    folder.mkdir(exist_ok=True)
    listing = Listing()
    if decoding.codecs and kind == "zip":
        with (folder / "stream").open("wb") as spool:
            measure = decoding.measure(spool.write)
        with (folder / "stream").open("rb") as stream:
            taken = tuple(_take_all(stream, kind, folder, budget, listing))
    else:
        with _Counted(decoding.source.open()) as counted:
            taken = tuple(_take_all(cast("BinaryIO", counted), kind, folder, budget, listing))
            measure = counted.finish() if decoding.codecs else Measure(size, sha256, None, ())
    if measure.damage:
        listing.lost(measure.size, 0, measure.damage.reason)
    return Opened(kind, decoding.codecs, measure, taken, tuple(sorted(listing.faults)))


class _Counted:
    """A stream that is hashed as it is read forward; for tar only, which never seeks."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self._size = 0
        self.seek = stream.seek

    def __enter__(self) -> _Counted:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._digest.update(data)
        self._size += len(data)
        return data

    def finish(self) -> Measure:
        while self.read(1 << 20):
            pass
        damage: Damage | None = getattr(self._stream, "damage", None)
        remarks = tuple(getattr(self._stream, "remarks", ()))
        return Measure(self._size, self._digest.hexdigest(), damage, remarks)


@dataclass
class _Budget:
    left: int
    exceeded: bool = field(default=False)


def _take_all(stream: BinaryIO, kind: str, folder: Path, budget: int, listing: Listing) -> Iterator[Taken]:
    purse = _Budget(budget)
    for member in members_of(stream, kind, listing):
        if member.kind != "file":
            detail = member.target.decode("utf-8", "backslashreplace")
            yield Taken(member.index, member.name, member.kind, detail, None, 0, None)
            continue
        before = len(listing.faults)
        taken = _take(member, folder, purse)
        if purse.exceeded:
            (folder / str(member.index)).unlink()
            reason = f"members hold more than the {budget} bytes that this container may grow to"
            yield taken._replace(kind="limit", detail=reason, file=None, sha256=None)
            listing.lost(0, 0, reason)
            return
        yield taken._replace(detail=listing.faults[-1].reason if len(listing.faults) > before else "")


def _take(member: Member, folder: Path, purse: _Budget) -> Taken:
    digest = hashlib.sha256()
    size = 0
    with (folder / str(member.index)).open("wb") as file:
        for chunk in member.content:
            purse.left -= len(chunk)
            if purse.left < 0:
                purse.exceeded = True
                break
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    return Taken(member.index, member.name, "file", "", str(member.index), size, digest.hexdigest())
