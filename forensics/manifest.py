"""The manifest: every file of a case with size and sha256, and two values that stand for all of it.

`content_root` is a Merkle root after RFC 6962 (leaf prefix 0x00, node prefix 0x01) over the canonical JSON of
`[path, size, sha256]`, sorted by path: the same evidence and settings give the same root anywhere. `custody_head` is
the last custody entry at the time of writing. References to evidence left in place tell of this machine and stay out
of the root. Replacing the file is the only commit point of a case.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from forensics import canonical
from forensics.errors import CheckFailed

FILE_NAME = "manifest.json"
SCHEMA = "agent-mining-forensics/manifest/1"
REFERENCES = "evidence/references.json"
NOT_CONTENT = frozenset({REFERENCES})


class Entry(NamedTuple):
    """One file as sealed."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The files of a case by their path in it ('/' between parts), and the custody entry that it was written after."""

    files: Mapping[str, Entry]
    custody_head: str

    @cached_property  # a case asks for it with every path
    def content_root(self) -> str:
        """The root over all content."""
        return root_of({path: entry for path, entry in self.files.items() if path not in NOT_CONTENT})

    @property
    def files_digest(self) -> str:
        """The sha256 over the whole list, references included; custody entries bind it."""
        return canonical.digest(_listed(self.files))

    def encoded(self) -> bytes:
        """Return the bytes of `manifest.json`."""
        document = {
            "schema": SCHEMA,
            "content_root": self.content_root,
            "custody_head": self.custody_head,
            "files": _listed(self.files),
        }
        return canonical.encoded(document) + b"\n"


def decode(data: bytes) -> Manifest:
    """Read `manifest.json`; raises `CheckFailed` where it is not, byte for byte, what was written."""
    try:
        document = json.loads(data)
        files = {path: Entry(_size(size), _hash(sha)) for path, size, sha in document["files"]}
        manifest = Manifest(files, _hash(document["custody_head"]))
        sound = all(map(_inside, files)) and manifest.encoded() == data
    except (ValueError, KeyError, TypeError) as fault:
        raise CheckFailed(f"not a manifest ({type(fault).__name__})", where=FILE_NAME) from fault
    if not sound:
        raise CheckFailed("the manifest is not as it was written", where=FILE_NAME)
    return manifest


def root_of(files: Mapping[str, Entry]) -> str:
    """Return the Merkle root over `files` in hex."""
    leaves = [hashlib.sha256(b"\0" + canonical.encoded(item)).digest() for item in _listed(files)]
    return _merkle(leaves).hex()


def _merkle(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + _merkle(leaves[:split]) + _merkle(leaves[split:])).digest()


def _listed(files: Mapping[str, Entry]) -> list[list[Any]]:
    return [[path, files[path].size, files[path].sha256] for path in sorted(files)]


def _inside(path: str) -> bool:
    parts = PurePosixPath(path)
    return bool(path) and not parts.is_absolute() and ".." not in parts.parts and str(parts) == path


def _size(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError("size")
    return value


def _hash(value: object) -> str:
    if not isinstance(value, str) or len(value) != 64 or set(value) - set("0123456789abcdef"):
        raise TypeError("hash")
    return value
