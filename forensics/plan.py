"""`ingest --plan`: what would be taken, as what it would be read, and what would not. Nothing is written."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from forensics.archives import container_of, look, members_of
from forensics.members import Listing, Member
from forensics.originals import open_original
from forensics.paths import matches, of_member
from forensics.reading import name_behind
from forensics.readings import Decision
from forensics.walk import walk
from forensics.workers import Failure, Work, Workers
from parsers.codecs import codec_of
from parsers.contract import HEAD_BYTES
from parsers.formats import head_of, parser_of, recognise_head
from parsers.source import Source
from parsers.streams import DecodedStream, allowed_bytes


class Planned(NamedTuple):
    """One file or member: `format` as it would be read, or None and in `remark` why not."""

    path: str
    size: int
    codec: str | None
    format: str | None
    remark: str = ""


def plan(paths: Iterable[Path], decisions: tuple[Decision, ...], workers: int = 2) -> list[Planned]:
    """Look at everything under `paths`; raises `UsageFault` where one does not exist or a format is unknown."""
    for decision in decisions:
        parser_of(decision.format)
    found = [each for path in paths for each in walk(path)]
    planned = [
        Planned(each.path, 0, None, None, f"{each.kind} {each.detail}".rstrip())
        for each in found
        if each.kind != "file"
    ]
    works = [
        Work("forensics.plan:look_at", (each.place, each.path, each.size, decisions), each.size, each)
        for each in found
        if each.kind == "file"
    ]
    with Workers(workers) as pool:
        for work, outcome in pool.run(works):
            if isinstance(outcome, Failure):
                planned.append(Planned(work.tag.path, work.tag.size, None, None, outcome.reason))
            else:
                planned.extend(outcome)
    return sorted(planned, key=lambda each: each.path)


def look_at(
    place: bytes, path: str, size: int, decisions: tuple[Decision, ...], tell: Callable[[int], None]
) -> list[Planned]:
    """Look at one file and, where it is an archive, at its members; runs in a worker."""
    tell(size)
    decoding, kind = look(Source("", path, lambda: open_original(place), None, size))
    codec = "+".join(decoding.codecs) or None
    if kind is None:
        head = head_of(decoding.source)
        return [_recognised(path, size, codec, head, name_behind(path, decoding.codecs), decisions)]
    with decoding.source.open() as stream:
        whole = Planned(path, size, codec, kind, "archive")
        if kind == "zip" and codec:
            return [whole._replace(remark="archive, opened when taken")]
        return [whole, *_members(stream, kind, path, allowed_bytes(size), decisions)]


def _members(stream: BinaryIO, kind: str, path: str, budget: int, decisions: tuple[Decision, ...]) -> Iterator[Planned]:
    for member in members_of(stream, kind, Listing()):
        name = of_member(path, member.name)
        if member.kind != "file":
            target = member.target.decode("utf-8", "backslashreplace")
            yield Planned(name, 0, None, None, f"{member.kind} {target}".rstrip())
            continue
        head, size = _head(member, budget)
        budget -= size
        if budget < 0:
            yield Planned(name, size, None, None, "the archive holds more than it may grow to")
            return
        inner, codec = _behind(head)
        if container_of(inner):
            yield Planned(name, size, codec, container_of(inner), "archive, opened when taken")
        else:
            yield _recognised(name, size, codec, inner, name_behind(name, (codec,) if codec else ()), decisions)


def _head(member: Member, budget: int) -> tuple[bytes, int]:
    head, size = bytearray(), 0
    for chunk in member.content:
        if len(head) < HEAD_BYTES:
            head += chunk
        size += len(chunk)
        if size > budget:
            break
    return bytes(head[:HEAD_BYTES]), size


def _behind(head: bytes) -> tuple[bytes, str | None]:
    codec = codec_of(head)
    if codec is None:
        return head, None
    stream = DecodedStream(cast("BinaryIO", io.BytesIO(head)), codec, HEAD_BYTES)
    return stream.read(HEAD_BYTES), codec


def _recognised(
    path: str, size: int, codec: str | None, head: bytes, name: str, decisions: tuple[Decision, ...]
) -> Planned:
    for decision in reversed(decisions):
        if decision.pattern is None or matches(path, decision.pattern):
            return Planned(path, size, codec, decision.format, "decided")
    if not head:
        return Planned(path, size, codec, None, "empty")
    found = recognise_head(head, name)
    claims = ", ".join(f"{candidate}:{grade.name.lower()}" for candidate, grade in found.candidates)
    if found.chosen:
        return Planned(path, size, codec, found.chosen)
    why = "more than one format claims it" if found.ambiguous else "no parser knows it"
    return Planned(path, size, codec, None, f"{why} ({claims})" if claims else why)
