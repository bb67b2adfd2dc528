"""A source as a parser sees it: a named, bounded, re-readable stream of bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

BLOCK_BYTES = 4 << 20
MAX_LINE_BYTES = 64 << 20


class Line(NamedTuple):
    """One physical line: number from 1, byte offset, content without its newline, newline bytes (0 at a torn end).

    Only b"\\n" ends a line; a carriage return is content. A line longer than `MAX_LINE_BYTES` comes with `data` None.
    """

    number: int
    offset: int
    length: int
    data: bytes | None
    newline: int


@dataclass(frozen=True)
class Source:
    """The decompressed stream of one delivered file.

    `id` is the sha256 of the bytes as delivered, `name` the path as delivered (a hint), `open` gives a fresh stream
    from byte 0, `path` a plain file that holds the very stream (None where it is compressed), `size` its bytes (None
    where not counted yet), `settings` what the investigator decided for this source (mapping file, sub-format).
    """

    id: str
    name: str
    open: Callable[[], BinaryIO]
    path: Path | None = None
    size: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_bytes(cls, data: bytes, name: str = "memory", **settings: Any) -> Source:
        """Wrap bytes, for tests and notebooks."""
        import hashlib
        import io

        return cls(hashlib.sha256(data).hexdigest(), name, lambda: io.BytesIO(data), None, len(data), settings)

    @classmethod
    def of_file(cls, path: Path, **settings: Any) -> Source:
        """Wrap an uncompressed file as it stands."""
        import hashlib

        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return cls(digest, path.name, lambda: path.open("rb"), path, path.stat().st_size, settings)

    def blocks(self, size: int = BLOCK_BYTES) -> Iterator[bytes]:
        """Yield the stream in blocks of at most `size` bytes."""
        with self.open() as stream:
            while block := stream.read(size):
                yield block

    def lines(self, longest: int = MAX_LINE_BYTES) -> Iterator[Line]:
        """Yield physical lines in order; together they cover every byte of the stream."""
        number = offset = 0
        head: list[bytes] = []
        held = 0
        for block in self.blocks():
            pieces = block.split(b"\n")
            for piece in pieces[:-1]:
                number += 1
                if held:
                    length = held + len(piece)
                    data = b"".join((*head, piece)) if length <= longest else None
                    head, held = [], 0
                else:
                    length, data = len(piece), piece
                yield Line(number, offset, length, data, 1)
                offset += length + 1
            if pieces[-1]:
                held += len(pieces[-1])
                # past the limit the bytes are only counted, never gathered: one line must not exhaust the machine
                head = [*head, pieces[-1]] if held <= longest else []
        if held:
            yield Line(number + 1, offset, held, b"".join(head) if held <= longest else None, 0)
