"""Compressed streams, decoded by a bounded reader that checks everything there is to check.

Common readers were measured to skip gzip's checksum, to end silently inside a cut zstd frame and to read only the
first of two frames. Here a `DecodedStream` yields every byte that could be decoded and then ends; `damage` says why it
ended early (cut short, corrupt, checksum, bytes after the end, limit), `remarks` what is odd but harmless (padding,
skippable frames). Output per step is bounded, so that no input, however small, exhausts the memory.

Formats: gzip RFC 1952 (members concatenated, zero padding between and after them), zstd RFC 8878 (all frames, window up
to 128 MiB), xz 1.1 (all streams, stream padding, dictionary up to 256 MiB), bzip2 (all streams).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO, NamedTuple, cast

from parsers.codecs import DECODERS, INPUT_BYTES, Damage, Damaged, Input, codec_of
from parsers.source import Source

MOST_LAYERS = 3
MOST_BYTES = 1 << 40
FREE_BYTES = 16 << 20
MOST_RATIO = 1100  # gzip cannot exceed 1032 in one layer


def allowed_bytes(delivered: int) -> int:
    """How many bytes a delivery of `delivered` bytes may decode to, over all its layers."""
    return min(MOST_BYTES, max(FREE_BYTES, MOST_RATIO * delivered))


class DecodedStream(io.BufferedIOBase):
    """The decoded bytes of `raw`; `read` returns short only at the end. Closing it closes `raw`."""

    def __init__(self, raw: BinaryIO, codec: str, limit: int = MOST_BYTES) -> None:
        self.remarks: list[str] = getattr(raw, "remarks", [])  # of all layers
        self.position = 0
        self._raw = raw
        self._limit = limit
        self._input = Input(raw)
        self._chunks = DECODERS[codec](self._input, self.remarks)
        self._held = memoryview(b"")
        self._damage: Damage | None = None
        self._ended = False

    @property
    def damage(self) -> Damage | None:
        """Why the stream ended early, once it has; the fault of an outer layer explains those of inner ones."""
        outer: Damage | None = getattr(self._raw, "damage", None)
        return outer if outer and (outer.kind != "trailing" or self._damage is None) else self._damage

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return `size` bytes (all without), fewer only at the end."""
        wanted = -1 if size is None else size
        found: list[bytes | memoryview] = []
        count = 0
        while wanted < 0 or count < wanted:
            if not self._held and not self._next_chunk():
                break
            piece = self._held if wanted < 0 else self._held[: wanted - count]
            self._held = self._held[len(piece) :]
            found.append(piece)
            count += len(piece)
        self.position += count
        return b"".join(found)

    def read1(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes."""
        return self.read(INPUT_BYTES if size < 0 else size)

    def tell(self) -> int:
        """Count the decoded bytes read so far."""
        return self.position

    def close(self) -> None:
        """Close the compressed stream too."""
        self._raw.close()
        super().close()

    def _next_chunk(self) -> bool:
        while not self._ended:
            try:
                chunk = next(self._chunks)
            except StopIteration:
                self._ended = True
            except Damaged as fault:
                self._damage, self._ended = fault.damage, True
            else:
                if len(chunk) > self._limit:
                    reason = "decodes to more bytes than the limit allows"
                    self._damage, self._ended = Damage("limit", reason, self._input.position), True
                    chunk = chunk[: self._limit]
                self._limit -= len(chunk)
                if chunk:
                    self._held = memoryview(chunk)
                    return True
        return False


class Measure(NamedTuple):
    """One whole pass over a decoded stream."""

    size: int
    sha256: str
    damage: Damage | None
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decoding:
    """A source behind its layers of compression: `codecs` from the outside in, `source` the decoded one."""

    source: Source
    codecs: tuple[str, ...]

    def measure(self, sink: Callable[[bytes], object] = lambda _: None) -> Measure:
        """Decode everything once, handing each block to `sink`."""
        digest, size = hashlib.sha256(), 0
        with self.source.open() as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
                size += len(block)
                sink(block)
            damage = getattr(stream, "damage", None)
            remarks = tuple(getattr(stream, "remarks", ()))
        return Measure(size, digest.hexdigest(), damage, remarks)


def decoded(source: Source, limit: int | None = None) -> Decoding:
    """Look behind up to `MOST_LAYERS` layers of compression; a plain source comes back as it is.

    `limit` is how many bytes each layer may decode to; by default it follows from `source.size`.
    """
    limit = allowed_bytes(source.size or 0) if limit is None else limit
    codecs: list[str] = []
    inner = source
    while len(codecs) < MOST_LAYERS:
        with inner.open() as stream:
            codec = codec_of(stream.read(INPUT_BYTES))
        if codec is None:
            break
        codecs.append(codec)
        inner = replace(source, open=_opener(inner.open, codec, limit), path=None, size=None)
    return Decoding(inner, tuple(codecs))


def _opener(outer: Callable[[], BinaryIO], codec: str, limit: int) -> Callable[[], BinaryIO]:
    return lambda: cast("BinaryIO", DecodedStream(outer(), codec, limit))
