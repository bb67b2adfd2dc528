"""Where the bytes of evidence are: sealed copies by hash, or references to files left in place.

    evidence/ab/<sha256>        read-only
    evidence/references.json    sha256 -> where the file lies on this machine, its size and time of change

References tell of this machine and are no part of the case's content root; the hashes they are bound to are.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from forensics import canonical
from forensics.case import Case
from forensics.errors import CheckFailed, UsageFault
from forensics.manifest import REFERENCES, Entry
from forensics.originals import Refused, open_original
from forensics.paths import as_bytes, as_text
from forensics.sealing import Sealed
from forensics.transaction import Transaction

COPIED = "copy"


def relative_path(source_id: str) -> str:
    """The path in the case of a sealed copy."""
    return f"evidence/{source_id[:2]}/{source_id}"


def references(case: Case) -> dict[str, dict[str, Any]]:
    """The files left in place, by sha256: `path` (as text), `size`, `mtime_ns`."""
    if REFERENCES not in case.manifest.files:
        return {}
    found: dict[str, dict[str, Any]] = json.loads(case.read(REFERENCES))
    return found


def place_of(case: Case, source_id: str) -> Path:
    """Where the bytes of a source lie; raises `UsageFault` if the case holds none such."""
    if relative_path(source_id) in case.manifest.files:
        return case.path(relative_path(source_id))
    reference = references(case).get(source_id)
    if reference is None:
        raise UsageFault(f"the case holds no source {source_id}", where=str(case.root))
    return reference_path(reference)


def open_evidence(case: Case, source_id: str) -> BinaryIO:
    """Open the bytes of a source as delivered; raises `CheckFailed` where they are gone."""
    try:
        return open_original(place_of(case, source_id))
    except Refused as fault:
        raise CheckFailed(str(fault), where=f"evidence {source_id}", hint="`forensics verify` tells more") from fault


def reference_path(reference: dict[str, Any]) -> Path:
    """Where a file left in place lies on this machine."""
    return Path(as_bytes(reference["path"]).decode("utf-8", "surrogateescape"))


@dataclass
class Shelf:
    """The evidence of a case while an act adds to it."""

    case: Case
    act: Transaction
    _references: dict[str, dict[str, Any]] = field(default_factory=dict)
    _added: bool = False

    def __post_init__(self) -> None:
        self._references = references(self.case)

    def holds(self, source_id: str) -> bool:
        """Whether the bytes are here already."""
        return relative_path(source_id) in self.act.files or source_id in self._references

    def seal(self, temporary: Path, size: int, sha256: str) -> None:
        """Move a finished copy to its place, or discard it where the same bytes are sealed already."""
        if relative_path(sha256) in self.act.files:
            temporary.unlink()
        else:
            self.act.put_file(relative_path(sha256), temporary, Entry(size, sha256))

    def refer(self, place: bytes, sealed: Sealed) -> None:
        """Keep a file in place."""
        if not self.holds(sealed.sha256):
            where = {"path": "/" + as_text(place.lstrip(b"/")), "size": sealed.size, "mtime_ns": sealed.state.mtime_ns}
            self._references[sealed.sha256] = where
            self._added = True

    def place(self, source_id: str) -> Path:
        """Where the bytes lie now."""
        if relative_path(source_id) in self.act.files:
            return self.case.root / relative_path(source_id)
        return reference_path(self._references[source_id])

    def finish(self) -> None:
        """Write the references down."""
        if self._added:
            self.act.put(REFERENCES, canonical.encoded(self._references) + b"\n")

    @staticmethod
    def clear(folder: Path) -> None:
        """Remove a worker's scratch folder."""
        shutil.rmtree(folder, ignore_errors=True)
