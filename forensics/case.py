"""A case folder: open it, read what is committed, and write to it in acts.

    case.toml  evidence/  custody.jsonl  tables/  findings/  incident.json  report/  manifest.json

Readers need no lock: what the manifest names is there and stays until the next act is committed. One writer holds
`.lock`. An act stages what it makes; the manifest, replaced last, commits it; what an interrupted act left behind is
swept by the next one, and custody tells of both.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from forensics import custody, locking, manifest, settings
from forensics.durable import hash_file, replace_bytes, storing, write_new
from forensics.errors import CaseBusy, CheckFailed, ForensicsError, StorageFault, UsageFault
from forensics.identity import tool
from forensics.locking import locked
from forensics.manifest import Entry, Manifest
from forensics.settings import Settings
from forensics.transaction import SCRATCH_PREFIX, STAGED, Transaction, sweep


class Case:
    """One case as committed when it was opened; `writing` moves it forward."""

    def __init__(self, root: Path, committed: Manifest) -> None:
        self.root = root
        self.manifest = committed

    @classmethod
    def open(cls, path: Path | str) -> Case:
        """Open the case in folder `path`; raises `UsageFault` where there is none, `CheckFailed` if it is not sound."""
        root = Path(path).absolute()
        file = root / manifest.FILE_NAME
        if not file.is_file():
            raise UsageFault("no case is here", where=str(path), hint="`forensics init` makes one")
        return cls(root, manifest.decode(file.read_bytes()))

    @classmethod
    def create(cls, path: Path | str, toml: bytes = settings.TEMPLATE) -> Case:
        """Make an empty case in a folder that is absent, empty, or holds no more than a `case.toml`."""
        root = Path(path).absolute()
        with storing(root):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            present = {item.name for item in root.iterdir()}
        expected = {settings.FILE_NAME, custody.FILE_NAME, locking.FILE_NAME, f"{manifest.FILE_NAME}.tmp"}
        if not present <= expected | {settings.DEFAULT_POLICY}:
            raise UsageFault("the folder is not empty", where=str(path), hint="name a new folder")
        with locked(root, "init"):
            if settings.FILE_NAME not in present:
                with storing(root):
                    write_new(root / settings.FILE_NAME, toml)
            settings.decode((root / settings.FILE_NAME).read_bytes())
            custody.append(root, "init", "begin", {"tool": tool()})
            case = cls(root, Manifest({}, custody.START))
            case.manifest = Manifest(case._own(), custody.START)
            case._seal("init", case.manifest.files)
        return case

    @cached_property
    def settings(self) -> Settings:
        """What `case.toml` says now."""
        return settings.decode((self.root / settings.FILE_NAME).read_bytes())

    @property
    def policy(self) -> str | None:
        """The name of the policy file in the case folder; None where there is none."""
        name = self.settings.policy or settings.DEFAULT_POLICY
        if (self.root / name).is_file():
            return name
        if self.settings.policy:
            raise UsageFault(f"policy: the case folder holds no {name}", where=settings.FILE_NAME)
        return None

    def _own(self) -> dict[str, Entry]:
        """The files that the investigator writes, as they are now."""
        names = [settings.FILE_NAME, *([self.policy] if self.policy else [])]
        return {name: Entry(*hash_file(self.root / name)) for name in names}

    def files(self, prefix: str = "") -> dict[str, Entry]:
        """The committed files whose path in the case begins with `prefix`."""
        return {path: entry for path, entry in sorted(self.manifest.files.items()) if path.startswith(prefix)}

    def tables(self) -> dict[str, list[Path]]:
        """The committed Parquet parts by table, in a fixed order. `check` verifies their hashes."""
        found: dict[str, list[Path]] = {}
        for path in self.files("tables/"):
            _, table, _ = path.split("/", 2)
            found.setdefault(table, []).append(self.path(path))
        return found

    def path(self, relative: str) -> Path:
        """Where the committed file `relative` lies; raises `UsageFault` if the manifest names none."""
        if relative not in self.manifest.files:
            raise UsageFault(f"the case holds no {relative}", where=str(self.root))
        staged = self.root / STAGED / self.manifest.content_root / relative
        return staged if staged.is_file() else self.root / relative

    def read(self, relative: str) -> bytes:
        """The bytes of a committed file; raises `CheckFailed` if they are not what was sealed."""
        self.check([relative])
        return self.path(relative).read_bytes()

    def check(self, relatives: list[str]) -> None:
        """Recompute the hashes of committed files; raises `CheckFailed` at the first that is not as sealed."""
        for relative in relatives:
            path = self.path(relative)
            if not path.is_file() or Entry(*hash_file(path)) != self.manifest.files[relative]:
                raise CheckFailed(
                    "is not what was sealed", where=relative, hint="`forensics verify` names all such files"
                )

    @contextmanager
    def writing(self, act: str, **details: Any) -> Iterator[Transaction]:
        """Begin an act: take the lock, sweep what an interrupted act left, tell custody; commit at the end.

        An exception inside leaves the case as it was and custody with a `failed` entry. Raises `CaseBusy`,
        `StorageFault`.
        """
        with locked(self.root, act):
            before = self.manifest = manifest.decode((self.root / manifest.FILE_NAME).read_bytes())
            self.__dict__.pop("settings", None)
            sweep(self.root, self.manifest)
            own = self._own()  # a faulty file is told before anything is done
            sealed = {name: entry for name, entry in before.files.items() if "/" in name or not name.endswith(".cedar")}
            policies = {name: entry for name, entry in before.files.items() if name not in sealed}
            begun = {
                "tool": tool(),
                "content_root": self.manifest.content_root,
                "settings_changed": own[settings.FILE_NAME] != before.files.get(settings.FILE_NAME),
                "policy_changed": policies != {n: entry for n, entry in own.items() if n != settings.FILE_NAME},
                **details,
            }
            custody.append(self.root, act, "begin", begun)
            transaction = Transaction(self.root, act, {**sealed, **own})
            try:
                if begun["settings_changed"]:
                    _take_over_settings(self, transaction)
                yield transaction
                transaction.place()
                self._seal(act, transaction.files, transaction.outcome)
            except BaseException as fault:
                if self.manifest is before:
                    transaction.abandon()
                    told = str(fault) if isinstance(fault, ForensicsError) else type(fault).__name__
                    with suppress(StorageFault):
                        custody.append(self.root, act, "failed", {"reason": told})
                raise
            transaction.tidy(self.manifest)

    def record(self, act: str, phase: str, **details: Any) -> None:
        """Tell custody of an act that changes no content; beside a writer too."""
        try:
            with locked(self.root, act):
                current = manifest.decode((self.root / manifest.FILE_NAME).read_bytes())
                head = custody.append(self.root, act, phase, details)
                with storing(self.root / manifest.FILE_NAME):
                    replace_bytes(self.root / manifest.FILE_NAME, Manifest(current.files, head).encoded())
        except CaseBusy:
            custody.append(self.root, act, phase, details)

    def _seal(self, act: str, files: Mapping[str, Entry], outcome: dict[str, Any] | None = None) -> None:
        """Commit: the manifest names the new content, custody tells of it, the manifest names the custody entry."""
        new = Manifest(dict(files), custody.load(self.root).head)
        with storing(self.root / manifest.FILE_NAME):
            replace_bytes(self.root / manifest.FILE_NAME, new.encoded())
        self.manifest = new
        ended = {"content_root": new.content_root, "files_digest": new.files_digest, **(outcome or {})}
        head = custody.append(self.root, act, "end", ended)
        self.manifest = Manifest(new.files, head)
        with storing(self.root / manifest.FILE_NAME):
            replace_bytes(self.root / manifest.FILE_NAME, self.manifest.encoded())

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A private temporary folder inside the case, on its file system, removed at the end."""
        with storing(self.root):
            folder = Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=self.root))
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(held, fcntl.LOCK_SH)  # a sweep leaves it alone while we live
        try:
            yield folder
        finally:
            os.close(held)
            shutil.rmtree(folder, ignore_errors=True)


def _take_over_settings(case: Case, act: Transaction) -> None:
    from forensics.ledger import refresh_scopes  # reads Parquet: only where settings changed

    refresh_scopes(case, act)
