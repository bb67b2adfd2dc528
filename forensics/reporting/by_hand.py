"""How the recipient of a report checks it without this tool: a list for `sha256sum`, and plain instructions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forensics.masking import masked
from forensics.paths import as_bytes

SUMS = "evidence.sha256"
TEXT = "CHECK.txt"

_TEXT = """\
How to check this report without the tool that wrote it
=======================================================

You need the evidence as it was delivered, and sha256sum, tail, head and cut of any Unix-like system.

1. The evidence is what the report speaks of. In the folder that was given to `ingest` (in each, where there were more):

       sha256sum --check /path/to/{sums}

   "OK" beside a name: these very bytes were read. {sums} names {files} delivered files;
   {members} more sources lie inside of archives, {hidden} have names that are masked and stand in incident.json only.

2. The record behind a reference, such as a1b2c3d4e5f6#17. The page says below each cited record which source, at which
   byte and how many bytes it is (incident.json has the same as "path", "offset" and "length"):

       tail -c +$((OFFSET + 1)) SOURCE | head -c LENGTH

   Offsets of a compressed source count in what it unpacks to: gzip -dc, zstd -dc, xz -dc or bzip2 -dc before tail.

3. The page and the document themselves. Ask whoever sent them for these hashes by another way than the files came:

       sha256sum index.html incident.json

4. The chain of custody. Each line of custody.jsonl names the hash of the line before ("previous"), and its own ("hash")
   is the sha256 of the line without it:

       sed 's/"hash":"[0-9a-f]\\{{64\\}}","phase"/"phase"/' custody.jsonl |
           while IFS= read -r line; do printf %s "$line" | sha256sum; done

   It must print the "hash" of each line in turn.
"""


def sums(document: Mapping[str, Any], words: Sequence[str] = ()) -> bytes:
    """The delivered files in the form that `sha256sum --check` reads.

    Members of archives lie inside of files and are left out, as are names in which a secret or one of `words` would
    show. A name with a backslash or a line break in it is written as sha256sum does.
    """
    named = {(as_bytes(source["path"]), source["sha256"]) for source in _files(document) if _plain(source, words)}
    return b"".join(_line(sha256, name) for name, sha256 in sorted(named))


def text(document: Mapping[str, Any], words: Sequence[str] = ()) -> bytes:
    """The instructions."""
    files = _files(document)
    plain = sum(_plain(source, words) for source in files)
    members = len(document["sources"]) - len(files)
    return _TEXT.format(sums=SUMS, files=plain, members=members, hidden=len(files) - plain).encode("utf-8")


def _files(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [source for source in document["sources"] if "!" not in source["path"]]


def _plain(source: Mapping[str, Any], words: Sequence[str]) -> bool:
    path: str = source["path"]
    return masked(path, words) == path


def _line(sha256: str, name: bytes) -> bytes:
    escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return (b"" if escaped == name else b"\\") + sha256.encode() + b"  " + escaped + b"\n"
