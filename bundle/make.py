"""Make a bundle: everything that an installation on a machine without a network needs, with hashes.

Wheels of the default install, as requirements.lock pins them, for the Python and platform that run this; the project's
own wheel; `requirements.txt` with a hash for each; SHA256SUMS over all files; an installer. Run by `make bundle`.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import requires, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NAME = "agent-mining-forensics"
ROOT = Path(__file__).parent.parent
HERE = Path(__file__).parent


def needed(name: str) -> set[str]:
    """The distributions of a default installation of `name`, itself left out, by canonical name."""
    found: set[str] = set()
    open_names = [name]
    while open_names:
        for text in requires(open_names.pop()) or []:
            requirement = Requirement(text)
            own = canonicalize_name(requirement.name)
            if own not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
                found.add(own)
                open_names.append(own)
    return found


def pinned(lock: str, names: set[str]) -> str:
    """The entries of a lock file for `names`, with their hashes; raises `ValueError` where one is missing."""
    entries = {canonicalize_name(each.split("==")[0]): each for each in re.split(r"\n(?=[a-z0-9])", lock.strip())}
    missing = sorted(names - entries.keys())
    if missing:
        raise ValueError(f"requirements.lock does not pin {', '.join(missing)}: `make lock` does")
    return "".join(f"{entries[name].rstrip()}\n" for name in sorted(names))


def make(target: Path) -> Path:
    """Fill the folder `target` and pack it; return the archive."""
    shutil.rmtree(target, ignore_errors=True)
    wheels = target / "wheels"
    wheels.mkdir(parents=True)
    requirements = target / "requirements.txt"
    requirements.write_text(pinned((ROOT / "requirements.lock").read_text(encoding="utf-8"), needed(NAME)))
    _pip(
        "download",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
        "-r",
        str(requirements),
        "-d",
        str(wheels),
    )
    _pip("wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(ROOT))
    own = next(wheels.glob(f"{NAME.replace('-', '_')}-*.whl"))
    with requirements.open("a", encoding="utf-8") as stream:
        stream.write(f"{NAME}=={version(NAME)} --hash=sha256:{_sha256(own)}\n")
    for name in ("install.sh", "README.txt"):
        shutil.copyfile(HERE / name, target / name)
    (target / "python-version").write_text(f"{sys.version_info.major}.{sys.version_info.minor}\n")
    files = sorted(path for path in target.rglob("*") if path.is_file())
    sums = "".join(f"{_sha256(path)}  {path.relative_to(target).as_posix()}\n" for path in files)
    (target / "SHA256SUMS").write_text(sums)
    return _packed(target)


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    subprocess.run(command, check=True)  # noqa: S603  # this very Python, and arguments of our own


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _packed(folder: Path) -> Path:
    """Pack a folder so that the same files give the same archive."""
    archive = folder.with_name(f"{folder.name}.tar")
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as stream:
        for path in sorted(folder.rglob("*")):
            info = stream.gettarinfo(path, f"{folder.name}/{path.relative_to(folder).as_posix()}")
            info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "", ""
            info.mode = 0o755 if path.is_dir() or path.suffix == ".sh" else 0o644
            if path.is_file():
                with path.open("rb") as content:
                    stream.addfile(info, content)
            else:
                stream.addfile(info)
    return archive


if __name__ == "__main__":
    made = make(ROOT / "dist" / f"{NAME}-{version(NAME)}-bundle")
    sys.stdout.write(f"{made.relative_to(ROOT)}: {made.stat().st_size} bytes, sha256 {_sha256(made)}\n")
