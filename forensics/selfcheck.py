"""Whether this tool is the one that was installed: its packages where they belong, its files as the wheel had them.

Package names are common words: another distribution with a `parsers/` overwrites ours without a warning from pip
(measured), and a folder of evidence may hold one too. So the four packages must lie side by side, and every file of a
wheel must have the hash that its RECORD says; files that RECORD does not know are named as well.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.util
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from forensics.errors import CheckFailed
from forensics.identity import DISTRIBUTION

PACKAGES = ("forensics", "parsers", "queries", "reports")
DEVELOPMENT = "development install, not verified"
_CACHED = "__pycache__"


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """`verified` counts files that are as installed; `altered` and `foreign` name the others."""

    verified: int
    altered: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the tool being what was installed."""
        return not self.altered and not self.foreign

    @property
    def told(self) -> str:
        """The result in words."""
        if not self.holds:
            return f"altered: {', '.join(self.altered) or 'none'}; foreign: {', '.join(self.foreign) or 'none'}"
        return f"{self.verified} files as installed" if self.verified else DEVELOPMENT


def check_packages() -> None:
    """Raise `CheckFailed` where one of the packages is not the one beside this file."""
    home = Path(__file__).resolve().parent.parent
    for name in PACKAGES:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None or Path(found.origin).resolve().parent.parent != home:
            where = found.origin if found else None
            raise CheckFailed(
                f"package {name!r} is not the one of this tool",
                where=where or "nowhere",
                hint="run the console script `forensics`, installed in an environment of its own",
            )


def check_files() -> SelfCheck:
    """Hold every file of the four packages against the wheel's RECORD."""
    distribution = metadata.distribution(DISTRIBUTION)
    return check_record(distribution.read_text("RECORD") or "", Path(str(distribution.locate_file(""))))


def check_record(record: str, root: Path) -> SelfCheck:
    """Hold files below `root` against the lines of a RECORD."""
    listed = {
        path: digest.removeprefix("sha256=")
        for path, digest, *_ in csv.reader(record.splitlines())
        if path.split("/", 1)[0] in PACKAGES and digest.startswith("sha256=")
    }
    if not listed:
        return SelfCheck(0)
    altered = [path for path, digest in sorted(listed.items()) if _digest(root / path) != digest]
    present = (file for package in PACKAGES for file in (root / package).rglob("*") if not file.is_dir())
    relative = (file.relative_to(root).as_posix() for file in present if _CACHED not in file.parts)
    foreign = sorted(path for path in relative if path not in listed)
    return SelfCheck(len(listed) - len(altered), tuple(altered), tuple(foreign))


def _digest(path: Path) -> str | None:
    try:
        digest = hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return None
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
