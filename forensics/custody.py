"""The record of every act on a case: JSON lines, each bound to the one before by its hash.

Append-only and synced before the act it tells of is done, and again after. The only file of a case that knows a clock
or this machine; its content is no part of `content_root`. An entry is canonical JSON with
`seq`, `time` (UTC), `act`, `phase` (begin | note | end | failed), `details`, `previous` and `hash`, the sha256 of the
entry without `hash`. A line torn by a crash stays, and the next entry names its length and hash (`torn`).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.durable import storing

FILE_NAME = "custody.jsonl"
START = "0" * 64
_SHAPE = {"seq": int, "act": str, "phase": str, "details": dict, "previous": str, "hash": str}
READING_ACTS = frozenset({"show"})  # told of, but they change nothing and may run beside a writer


@dataclass(frozen=True, slots=True)
class Chain:
    """What a custody file holds: its sound entries, what is wrong with it, and the bytes of a torn last line."""

    entries: tuple[dict[str, Any], ...]
    faults: tuple[str, ...]
    torn: bytes

    @property
    def head(self) -> str:
        """The hash of the last sound entry."""
        return str(self.entries[-1]["hash"]) if self.entries else START

    @property
    def open_act(self) -> dict[str, Any] | None:
        """The last act that began and neither ended nor failed, if later acts did not account for it."""
        acts = [entry for entry in self.entries if entry["act"] not in READING_ACTS and entry["phase"] != "note"]
        return acts[-1] if acts and acts[-1]["phase"] == "begin" else None


def read_chain(data: bytes) -> Chain:
    """Check every line against the one before; one bad line is one fault."""
    lines = data.split(b"\n")
    torn = lines.pop()
    entries: list[dict[str, Any]] = []
    faults: list[str] = []
    previous, seq, unsound = START, 1, b""
    for number, line in enumerate(lines, 1):
        entry = _entry(line)
        if entry is None:
            faults.append(f"line {number} is no sound entry")
            unsound = line
            continue
        if unsound and entry.get("torn") == _torn_mark(unsound):
            faults.pop()  # an interrupted write that this entry owns up to
            unsound = b""
        follows = entry["previous"] == previous and entry["seq"] == seq
        if not follows and not (unsound and entry["seq"] == seq + 1):
            faults.append(f"line {number} does not follow the entry before it")
        previous, seq, unsound = entry["hash"], entry["seq"] + 1, b""
        entries.append(entry)
    return Chain(tuple(entries), tuple(faults), torn)


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    if not isinstance(entry, dict) or any(not isinstance(entry.get(key), kind) for key, kind in _SHAPE.items()):
        return None
    claimed = entry["hash"]
    body = {key: value for key, value in entry.items() if key != "hash"}
    if canonical.digest(body) != claimed or canonical.encoded(entry) != line:
        return None
    return entry


def _torn_mark(line: bytes) -> dict[str, Any]:
    return {"bytes": len(line), "sha256": hashlib.sha256(line).hexdigest()}


def load(folder: Path) -> Chain:
    """Read the custody record of the case in `folder`; an absent file is an empty chain."""
    path = folder / FILE_NAME
    return read_chain(path.read_bytes() if path.exists() else b"")


def append(folder: Path, act: str, phase: str, details: Mapping[str, Any]) -> str:
    """Add one entry, synced, and return its hash. Raises `StorageFault`; the file is then as it was."""
    path = folder / FILE_NAME
    with storing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            chain = read_chain(stream.read())
            entry = {
                "seq": chain.entries[-1]["seq"] + 1 if chain.entries else 1,
                "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "act": act,
                "phase": phase,
                "details": dict(details),
                "previous": chain.head,
            }
            prefix = b""
            if chain.torn:
                entry["torn"] = _torn_mark(chain.torn)
                prefix = b"\n"
            entry["hash"] = canonical.digest(entry)
            _write_whole(stream.fileno(), prefix + canonical.encoded(entry) + b"\n")
    return str(entry["hash"])


def _write_whole(descriptor: int, data: bytes) -> None:
    before = os.fstat(descriptor).st_size
    try:
        written = 0
        while written < len(data):
            written += os.write(descriptor, data[written:])
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, before)  # this very entry, of which nobody has been told yet
        raise
