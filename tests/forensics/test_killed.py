"""Killed in mid-intake, however far it was: the case is as before or as after, and the next run comes out the same."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from forensics import custody
from forensics.case import Case
from forensics.intake import Options, ingest
from forensics.verify import verify

DRIVER = """
import os, pathlib, signal, sys
stop, count = int(sys.argv[3]), 0
def step(function):
    def stepping(*given, **named):
        global count
        count += 1
        if count == stop:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)
    return stepping
if __name__ == "__main__":
    from forensics.case import Case
    from forensics.intake import Options, ingest
    os.fsync = step(os.fsync)
    pathlib.Path.replace = step(pathlib.Path.replace)
    ingest(Case.open(sys.argv[1]), [pathlib.Path(sys.argv[2])], Options(workers=1))
    print(count)
"""


@pytest.fixture
def driver(tmp_path: Path) -> Path:
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    return script


def tiny(folder: Path) -> Path:
    folder.mkdir()
    (folder / "x.bash_history").write_bytes(b"#1772600000\nwhoami\n#1772600001\nid\n#1772600002\nexit\n")
    (folder / "unknown").write_bytes(b"\x00\x01\x02")
    return folder


def recovered(root: Path, evidence: Path) -> tuple[str, list[dict]]:
    """What a killed case comes to when the command is run again."""
    case = Case.open(root)
    case.check(list(case.files()))
    if not case.tables():
        ingest(case, [evidence], Options(workers=1))
    else:  # it was killed after the commit
        with case.writing("look"):
            pass
    found = verify(root)
    assert found.findings == []
    return Case.open(root).manifest.content_root, list(custody.load(root).entries)


@pytest.mark.slow
def test_killed_at_any_durable_step(tmp_path: Path, driver: Path) -> None:
    evidence = tiny(tmp_path / "evidence")
    undisturbed = Case.create(tmp_path / "undisturbed")
    ingest(undisturbed, [evidence], Options(workers=1))
    steps = None
    for stop in (1, 2, 3, 5, 8, 13, 18, 23, 28, 31, 34, 37, 40, 43, 46, 49, 52, 55, 10**9):
        root = tmp_path / f"case{stop}"
        Case.create(root)
        done = subprocess.run(
            [sys.executable, str(driver), str(root), str(evidence), str(stop)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            steps = int(done.stdout)
        else:
            assert done.returncode == -signal.SIGKILL, done.stderr
        content_root, entries = recovered(root, evidence)
        assert content_root == undisturbed.manifest.content_root, stop
        if done.returncode:
            began = [entry for entry in entries if entry["act"] == "ingest" and entry["phase"] == "begin"]
            swept = [entry for entry in entries if entry["act"] == "recover"]
            assert not began or swept or stop == 1, stop
    assert steps is not None
    assert steps > 20


@pytest.mark.slow
def test_killed_at_any_moment(tmp_path: Path, driver: Path, evidence: Path, sealed) -> None:
    chance = random.Random(11)
    for number in range(4):
        root = tmp_path / f"case{number}"
        Case.create(root)
        process = subprocess.Popen(
            [sys.executable, str(driver), str(root), str(evidence), "0"], stdout=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(0.2, 3.0))
        process.kill()
        process.wait()
        assert recovered(root, evidence)[0] == sealed[0].manifest.content_root
