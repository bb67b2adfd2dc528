"""Work in processes of its own: what goes wrong there costs that piece of work and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from forensics import workers
from forensics.errors import StorageFault
from forensics.progress import Progress
from forensics.workers import Failure, Work, Workers

NAUGHTY = """
import os, signal, time
from pathlib import Path

def double(number, tell):
    tell(number)
    return 2 * number

def die(tell):
    os.kill(os.getpid(), signal.SIGSEGV)

def leave(tell):
    os._exit(7)

def die_once(marker, tell):
    if not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "well"

def hoard(tell):
    return len(bytearray(1 << 40))

def fail(tell):
    raise ValueError("not so")

def full(tell):
    raise OSError(28, "No space left on device", "part")

def hang(tell):
    time.sleep(100)

def process(tell):
    return os.getpid()
"""


@pytest.fixture
def naughty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "naughty.py").write_text(NAUGHTY)
    monkeypatch.syspath_prepend(tmp_path)


def outcome(pool: Workers, function: str, *arguments: object) -> object:
    [(_, found)] = pool.run([Work(f"naughty:{function}", arguments)])
    return found


@pytest.mark.usefixtures("naughty")
def test_results_come_back_with_their_work_and_progress_is_told() -> None:
    told: list[int] = []

    class Told(Progress):
        def advance(self, amount: int = 1) -> None:
            told.append(amount)

    with Workers(2, Told()) as pool:
        works = [Work("naughty:double", (number,), tag=number) for number in range(20)]
        assert {work.tag: found for work, found in pool.run(works)} == {number: 2 * number for number in range(20)}
    assert sorted(told) == list(range(20))


@pytest.mark.usefixtures("naughty")
def test_each_way_to_fail_is_told_apart_and_the_next_work_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Workers(1) as pool:
        assert outcome(pool, "die") == Failure("died", "the reading process was killed by SIGSEGV")
        assert outcome(pool, "leave") == Failure("died", "the reading process ended with code 7")
        assert outcome(pool, "fail") == Failure("fault", "ValueError: not so")
        found = outcome(pool, "hoard")
        assert isinstance(found, Failure)
        assert found.kind == "memory"
        assert outcome(pool, "die_once", str(tmp_path / "marker")) == "well"
        with monkeypatch.context() as impatient:
            impatient.setattr(workers, "PATIENCE_S", 1.0)
            assert outcome(pool, "hang") == Failure("time", "reading took longer than the time allowed")
        assert outcome(pool, "double", 4) == 8


@pytest.mark.usefixtures("naughty")
def test_a_full_disk_in_a_worker_is_a_fault_of_the_case() -> None:
    with Workers(1) as pool, pytest.raises(StorageFault, match="No space left"):
        outcome(pool, "full")


@pytest.mark.usefixtures("naughty")
def test_workers_end_with_the_pool() -> None:
    with Workers(1) as pool:
        process = outcome(pool, "process")
        assert isinstance(process, int)
        os.kill(process, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_workers_end_with_their_parent_however_it_ends(tmp_path: Path) -> None:
    (tmp_path / "naughty.py").write_text(NAUGHTY)
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent("""
            import os, signal
            from forensics.workers import Work, Workers
            if __name__ == "__main__":
                with Workers(1) as pool:
                    [(_, process)] = pool.run([Work("naughty:process", ())])
                    print(process, flush=True)
                    os.kill(os.getpid(), signal.SIGKILL)
        """)
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    process = int(done.stdout)
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the worker outlived its parent")


def test_a_hostile_working_folder_is_not_on_the_workers_path(tmp_path: Path) -> None:
    for name in ("multiprocessing", "pickle", "parsers", "pyarrow"):
        (tmp_path / f"{name}.py").write_text("import pathlib; pathlib.Path('/proc/self/fd/2').write_text('hostile')")
    script = tmp_path.parent / f"{tmp_path.name}-script.py"
    script.write_text(
        textwrap.dedent("""
            from forensics.workers import Work, Workers
            def name(tell):
                return "ours"
            if __name__ == "__main__":
                with Workers(1) as pool:
                    print([found for _, found in pool.run([Work("forensics.identity:version", ())])])
        """)
    )
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert "hostile" not in done.stderr
    assert "TypeError" in done.stdout  # it was reached, and takes no argument


def test_a_tool_that_does_not_load_judges_no_evidence(tmp_path: Path) -> None:
    (tmp_path / "extra/family").mkdir(parents=True)
    (tmp_path / "extra/family/__init__.py").write_text("")
    (tmp_path / "extra/family/broken.py").write_text("import nothing_of_that_name\n")
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
            import parsers
            parsers.__path__.append({str(tmp_path / "extra")!r})
            from forensics.workers import Work, Workers
            if __name__ == "__main__":
                with Workers(1) as pool:
                    print([found for _, found in pool.run([Work("os:getpid", ())])])
        """)
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == ""
    assert "CheckFailed: a parser of this tool does not load: ModuleNotFoundError" in done.stderr
