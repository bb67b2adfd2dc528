"""What one act adds to a case, takes from it and replaces, and how that becomes true all at once.

New names are put in their place at once: no manifest names them, so nobody sees them before the commit and the next
act sweeps them if there is none. A name that is committed already is staged under `.staged/<content_root>/` and moved
after the commit; an interrupted move is finished by the next act, and readers look there first.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from forensics import custody, manifest
from forensics.durable import READ_ONLY, hash_file, make_folders, storing, sync_file, sync_folder, write_new
from forensics.manifest import Entry, Manifest

STAGED = ".staged"
WORK_PREFIX = ".work-"
SCRATCH_PREFIX = ".scratch-"
EVIDENCE = "evidence/"
STATIONS = ("evidence", "findings", "mappings", "report", "tables")
SINGLE_FILES = ("incident.json", f"{manifest.FILE_NAME}.tmp")
TOLD_AT_MOST = 200


class Transaction:
    """The changes of one act. `outcome` goes into the act's last custody entry."""

    def __init__(self, root: Path, act: str, committed: dict[str, Entry]) -> None:
        self.root = root
        self.act = act
        self.files = dict(committed)
        self.outcome: dict[str, Any] = {}
        self._before = dict(committed)
        self._staged: dict[str, Path] = {}
        self._placed: set[str] = set()
        self._folders: set[Path] = set()
        with storing(root):
            self.work = Path(tempfile.mkdtemp(prefix=WORK_PREFIX, dir=root))

    def note(self, **details: Any) -> None:
        """Tell custody something in the course of the act."""
        custody.append(self.root, self.act, "note", details)

    def put(self, relative: str, data: bytes) -> Entry:
        """Add or replace a file with `data`."""
        with storing(self.root / relative):
            handle, name = tempfile.mkstemp(dir=self.work)
            os.close(handle)
            temporary = Path(name)
            temporary.unlink()
            write_new(temporary, data)
        return self.put_file(relative, temporary)

    def put_file(self, relative: str, temporary: Path, entry: Entry | None = None) -> Entry:
        """Add or replace a file by moving `temporary` there; `entry` where the caller hashed what it wrote."""
        with storing(self.root / relative):
            sync_file(temporary)
            entry = entry or Entry(*hash_file(temporary))
            known = self._before.get(relative)
            if known == entry:
                temporary.unlink()
            elif known is not None:
                self._staged[relative] = self._to(self.work / "staged" / relative, temporary)
            else:
                if relative.startswith(EVIDENCE):
                    temporary.chmod(READ_ONLY)
                self._folders.add(self._to(self.root / relative, temporary).parent)
                self._placed.add(relative)
        self.files[relative] = entry
        return entry

    def drop(self, prefix: str) -> None:
        """Take away every file whose path begins with `prefix`; the bytes go after the commit."""
        self.files = {path: entry for path, entry in self.files.items() if not path.startswith(prefix)}

    def drop_derived(self) -> None:
        """Take away what `analyze` and `report` made: it was made from something else than what is there now."""
        for stale in ("findings/", "incident.json", "report/"):
            self.drop(stale)

    def place(self) -> None:
        """Make everything durable that the commit will name."""
        with storing(self.root):
            if self._staged:
                root = Manifest(self.files, custody.START).content_root
                for relative, temporary in self._staged.items():
                    self._folders.add(self._to(self.root / STAGED / root / relative, temporary).parent)
            for folder in sorted(self._folders):
                sync_folder(folder)

    def tidy(self, committed: Manifest) -> None:
        """After the commit: move what was staged, delete what was dropped."""
        with storing(self.root):
            finish_staged(self.root, committed)
            gone = [*(self._before.keys() - self.files.keys()), *(self._placed - self.files.keys())]
            for relative in gone:
                (self.root / relative).unlink(missing_ok=True)
            shutil.rmtree(self.work)
            remove_empty_folders(self.root)

    def abandon(self) -> None:
        """Without a commit: take away what was made. What storage will not let go the next act sweeps."""
        with suppress(OSError):
            for relative in self._placed:
                (self.root / relative).unlink(missing_ok=True)
            shutil.rmtree(self.root / STAGED, ignore_errors=True)
            shutil.rmtree(self.work)
            remove_empty_folders(self.root)

    @staticmethod
    def _to(target: Path, temporary: Path) -> Path:
        make_folders(target.parent)
        temporary.replace(target)
        return target


def finish_staged(root: Path, committed: Manifest) -> None:
    """Move files that a commit named into their places; what belongs to no commit goes."""
    staged = root / STAGED / committed.content_root
    for relative in committed.files:
        if (staged / relative).is_file():
            make_folders((root / relative).parent)
            (staged / relative).replace(root / relative)
            sync_folder((root / relative).parent)
    if (root / STAGED).exists():
        shutil.rmtree(root / STAGED)
        sync_folder(root)


def sweep(root: Path, committed: Manifest) -> None:
    """Remove what no manifest names, having told custody; called with the lock held."""
    with storing(root):
        leftovers = sorted(left_over(root, committed))
        open_act = custody.load(root).open_act
        pending = (root / STAGED).exists()
        if not leftovers and open_act is None and not pending:
            return
        told = {
            "content_root": committed.content_root,
            "interrupted": None if open_act is None else {"seq": open_act["seq"], "act": open_act["act"]},
            "interrupted_was_committed": open_act is not None
            and open_act["details"].get("content_root") != committed.content_root,
            "leftovers": len(leftovers),
            "names": leftovers[:TOLD_AT_MOST],
        }
        custody.append(root, "recover", "begin", told)
        finish_staged(root, committed)
        for relative in leftovers:
            path = root / relative
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        remove_empty_folders(root)
        custody.append(root, "recover", "end", {"removed": len(leftovers)})


def left_over(root: Path, committed: Manifest) -> Iterator[str]:
    """Files and work folders under the case's own names that the manifest does not name."""
    for item in root.iterdir():
        if item.name.startswith((WORK_PREFIX, SCRATCH_PREFIX)):
            if not _in_use(item):
                yield item.name
        elif item.name in STATIONS:
            yield from (path for path in files_below(root, item.name) if path not in committed.files)
        elif item.name in SINGLE_FILES and item.name not in committed.files:
            yield item.name


def files_below(root: Path, name: str) -> Iterator[str]:
    """Every name under `root/name` that is no folder, links included, none followed."""
    if (root / name).is_symlink() or not (root / name).is_dir():
        yield name
        return
    for folder, folders, files in os.walk(root / name):
        inside = Path(folder).relative_to(root)
        yield from ((inside / file).as_posix() for file in files)
        yield from ((inside / file).as_posix() for file in folders if (Path(folder) / file).is_symlink())


def remove_empty_folders(root: Path) -> None:
    """Remove folders of the case's own that hold nothing."""
    for station in STATIONS:
        for folder, _, _ in os.walk(root / station, topdown=False):
            with suppress(OSError):  # not empty
                Path(folder).rmdir()


def _in_use(folder: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
