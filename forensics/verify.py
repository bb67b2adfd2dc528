"""Verifying a case: every hash anew, every name accounted for, the chain of custody link by link.

What is found is named exactly: which file, and whether it is changed, missing or was added. The tool is checked too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from forensics import custody, manifest, selfcheck
from forensics.case import Case
from forensics.durable import hash_file
from forensics.errors import CheckFailed
from forensics.evidence import reference_path
from forensics.locking import FILE_NAME as LOCK
from forensics.manifest import Entry, Manifest
from forensics.originals import Refused, open_original, state_of
from forensics.progress import SILENT, Progress
from forensics.sealing import seal
from forensics.transaction import SCRATCH_PREFIX, STAGED, WORK_PREFIX


class Finding(NamedTuple):
    """One thing that is not as it was sealed: `problem` is changed | missing | added."""

    item: str
    problem: str
    detail: str = ""


@dataclass
class Verification:
    """What verifying found; `notes` are worth knowing and no fault."""

    content_root: str | None = None
    custody_head: str | None = None
    files: int = 0
    bytes: int = 0
    tool: str = ""
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether everything is as it was sealed."""
        return not self.findings

    def told(self) -> dict[str, Any]:
        """The verification as `--json` has it."""
        return {
            "holds": self.holds,
            "content_root": self.content_root,
            "custody_head": self.custody_head,
            "files": self.files,
            "bytes": self.bytes,
            "tool": self.tool,
            "findings": [finding._asdict() for finding in self.findings],
            "notes": self.notes,
        }


def verify(root: Path, progress: Progress = SILENT) -> Verification:
    """Check the case in `root`; raises `UsageFault` where there is none."""
    result = Verification()
    tool = selfcheck.check_files()
    result.tool = tool.told
    if not tool.holds:
        result.findings.append(Finding("the tool itself", "changed", tool.told))
    try:
        case = Case.open(root)
    except CheckFailed as fault:
        result.findings.append(Finding(manifest.FILE_NAME, "changed", fault.message))
        return result
    committed = case.manifest
    result.content_root, result.custody_head = committed.content_root, committed.custody_head
    progress.begin("verifying", sum(entry.size for entry in committed.files.values()), "bytes")
    result.findings.extend(_changed(case, result, progress))
    result.findings.extend(_added(case))
    result.findings.extend(_references(case, result, progress))
    result.findings.extend(_custody(case, committed, result))
    return result


def _changed(case: Case, result: Verification, progress: Progress) -> Iterator[Finding]:
    for path, entry in sorted(case.manifest.files.items()):
        place = case.path(path)
        result.files += 1
        result.bytes += entry.size
        try:
            found = Entry(*hash_file(place)) if place.is_file() else None
        except OSError as fault:
            yield Finding(path, "changed", fault.strerror or str(fault))
            continue
        if place.is_symlink() or (found is None and place.exists()):
            yield Finding(path, "changed", "no regular file")
        elif found is None:
            yield Finding(path, "missing")
        elif found != entry:
            hint = (
                "edited since the last act? the next act takes it over"
                if path == "case.toml" or path.endswith(".cedar")
                else ""
            )
            yield Finding(path, "changed", hint)
        progress.advance(entry.size)


def _added(case: Case) -> Iterator[Finding]:
    own = {manifest.FILE_NAME, custody.FILE_NAME, LOCK}
    for place in sorted(case.root.rglob("*")):
        path = place.relative_to(case.root).as_posix()
        if place.is_dir() and not place.is_symlink():
            continue
        if path in own or path in case.manifest.files or path.startswith(f"{STAGED}/{case.manifest.content_root}/"):
            continue
        left = path.startswith((WORK_PREFIX, SCRATCH_PREFIX))
        yield Finding(path, "added", "left over from an interrupted act, or one in progress" if left else "")


def _references(case: Case, result: Verification, progress: Progress) -> Iterator[Finding]:
    if manifest.REFERENCES not in case.manifest.files:
        return
    try:
        references = json.loads(case.read(manifest.REFERENCES))
    except CheckFailed:
        return  # named already
    progress.begin("verifying evidence left in place", sum(each["size"] for each in references.values()), "bytes")
    for source_id, reference in sorted(references.items()):
        place = reference_path(reference)
        result.files += 1
        result.bytes += reference["size"]
        try:
            with open_original(place) as stream:
                mtime_ns = state_of(stream).mtime_ns
            sealed = seal(bytes(place), None, frozenset(), progress.advance)
        except Refused as fault:
            yield Finding(f"evidence {source_id}", "missing", f"{place}: {fault.kind}, {fault.detail}")
            continue
        if sealed.sha256 != source_id:
            yield Finding(f"evidence {source_id}", "changed", str(place))
        elif mtime_ns != reference["mtime_ns"]:
            result.notes.append(f"{place}: its time of change is another, its content is the same")


def _custody(case: Case, committed: Manifest, result: Verification) -> Iterator[Finding]:
    chain = custody.load(case.root)
    for fault in chain.faults:
        yield Finding(custody.FILE_NAME, "changed", fault)
    if chain.torn:
        yield Finding(custody.FILE_NAME, "changed", f"its last {len(chain.torn)} bytes are no whole entry")
    if chain.faults or chain.torn:
        return
    hashes = [entry["hash"] for entry in chain.entries]
    ended = [entry for entry in chain.entries if entry["phase"] == "end" and "files_digest" in entry["details"]]
    agrees = bool(ended) and ended[-1]["details"]["files_digest"] == committed.files_digest
    if committed.custody_head not in hashes:
        item = manifest.FILE_NAME if agrees else custody.FILE_NAME
        yield Finding(item, "changed", "the custody entry that the manifest names is not there")
        return
    if not agrees and chain.open_act is None:
        yield Finding(manifest.FILE_NAME, "changed", "it is not the one that the last act in custody ended with")
    if chain.open_act is not None:
        act = chain.open_act
        result.notes.append(f"act {act['seq']} ({act['act']}) has begun and not ended: interrupted, or in progress")
    later = len(hashes) - 1 - hashes.index(committed.custody_head)
    if later:
        result.notes.append(f"custody has {later} entries after the one that the manifest names")
