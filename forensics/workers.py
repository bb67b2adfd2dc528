"""Processes that do what may go wrong: decode, open up, parse. One that dies costs its piece of work, nothing else.

Workers are spawned (never forked: threads of Arrow and DuckDB do not survive it), limited in address space, and end
with their parent however it ends. A piece of work whose worker died or ran out of memory is tried once more in a fresh
worker, so that the outcome does not rest on what a worker did before.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, Protocol

from forensics import interruption
from forensics.errors import CheckFailed, StorageFault
from forensics.progress import SILENT, Progress
from parsers.formats import all_parsers

ADDRESS_SPACE = 6 << 30
LOOK_AGAIN_S = 1.0  # an interruption that comes just before waiting begins ends no wait
PATIENCE_S = 900.0  # and as long again for each 100 MB of the work's size
_BYTES_PER_SECOND = 100_000


class Work(NamedTuple):
    """One call: `function` is `module:name`, importable in any process; `size` in bytes says how long it may take."""

    function: str
    arguments: tuple[Any, ...]
    size: int = 0
    tag: Any = None


class Failure(NamedTuple):
    """Why a piece of work has no result: `kind` is died | memory | time | fault | books."""

    kind: str
    reason: str


class Pool(Protocol):
    """Who does pieces of work: processes of this machine, or executors of a cluster."""

    def run(self, works: Iterable[Work]) -> Iterator[tuple[Work, Any]]:
        """Yield (work, result or `Failure`); raises `StorageFault` if a result could not be written."""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    work: Work | None = None
    deadline: float = 0.0
    second_try: bool = False


@dataclass
class Workers:
    """A pool of `count` processes; a context manager."""

    count: int
    progress: Progress = SILENT
    _idle: list[_Worker] = field(default_factory=list)
    _busy: list[_Worker] = field(default_factory=list)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in (*self._idle, *self._busy):
            _end(worker)
        self._idle, self._busy = [], []

    def run(self, works: Iterable[Work]) -> Iterator[tuple[Work, Any]]:
        """Yield (work, result or `Failure`) as they come in; raises `StorageFault` if a worker could not write."""
        waiting = deque((work, False) for work in works)
        while waiting or self._busy:
            while waiting and len(self._busy) < self.count:
                work, second_try = waiting.popleft()
                self._give(work, second_try=second_try)
            ready = self._ready()
            interruption.check()
            for worker in ready:
                outcome = self._outcome(worker)
                if outcome is None:
                    continue
                work = self._take_back(worker, outcome)
                if isinstance(outcome, Failure) and outcome.kind in {"died", "memory"} and not worker.second_try:
                    waiting.append((work, True))
                else:
                    yield work, outcome

    def _give(self, work: Work, *, second_try: bool) -> None:
        if second_try:
            for worker in self._idle:
                _end(worker)
            self._idle = []
        worker = self._idle.pop() if self._idle else _start()
        worker.work, worker.second_try = work, second_try
        worker.deadline = time.monotonic() + PATIENCE_S + work.size / _BYTES_PER_SECOND
        worker.pipe.send((work.function, work.arguments))
        self._busy.append(worker)

    def _ready(self) -> list[_Worker]:
        soonest = min(worker.deadline for worker in self._busy) - time.monotonic()
        pipes = wait([worker.pipe for worker in self._busy], timeout=min(max(soonest, 0), LOOK_AGAIN_S))
        return [worker for worker in self._busy if worker.pipe in pipes or worker.deadline <= time.monotonic()]

    def _outcome(self, worker: _Worker) -> Any:
        """The result or `Failure`; None while there is only progress to tell."""
        if not worker.pipe.poll():
            return Failure("time", "reading took longer than the time allowed")
        try:
            kind, value = worker.pipe.recv()
        except (EOFError, ConnectionResetError):
            worker.process.join()
            code = worker.process.exitcode or 0
            how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
            return Failure("died", f"the reading process {how}")
        if kind == "progress":
            self.progress.advance(value)
            return None
        if kind == "broken":
            raise CheckFailed(f"a parser of this tool does not load: {value}", hint="this is a defect of the tool")
        if kind == "storage":
            raise StorageFault(
                value, hint="free or repair the storage and run the command again; the case is as it was"
            )
        return value

    def _take_back(self, worker: _Worker, outcome: Any) -> Work:
        self._busy.remove(worker)
        work = worker.work
        assert work is not None
        worker.work = None
        if isinstance(outcome, Failure) and outcome.kind not in {"fault", "books"}:
            _end(worker)
        else:
            self._idle.append(worker)
        return work


def _start() -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, ADDRESS_SPACE), daemon=True)
    with _safe_path():
        process.start()
    theirs.close()
    return _Worker(process, ours)


@contextmanager
def _safe_path() -> Iterator[None]:
    """A spawned interpreter would look for its very first import in the working folder, where evidence may lie."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


def _end(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join()
    worker.pipe.close()


def _serve(pipe: Connection, address_space: int) -> None:
    """The life of a worker: take a call, answer it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        all_parsers()
    except Exception as fault:  # noqa: BLE001  # told and raised in the parent: no evidence is judged by a broken tool
        pipe.send(("broken", f"{type(fault).__name__}: {fault}"))
        return
    while True:
        try:
            function, arguments = pipe.recv()
        except EOFError:
            return
        try:
            answer = ("done", _resolved(function)(*arguments, _teller(pipe)))
        except MemoryError:
            answer = ("done", Failure("memory", "reading needs more memory than a reading process is allowed"))
        except OSError as fault:
            answer = ("storage", f"{fault.filename or ''}: {fault.strerror or fault}")
        except Exception as fault:  # noqa: BLE001  # whatever a parser did wrong is told and contained, never swallowed
            kind = "books" if type(fault).__name__ == "BooksDoNotBalance" else "fault"
            answer = ("done", Failure(kind, f"{type(fault).__name__}: {fault}"))
        pipe.send(answer)


def _resolved(function: str) -> Callable[..., Any]:
    module, _, name = function.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _teller(pipe: Connection) -> Callable[[int], None]:
    return lambda amount: pipe.send(("progress", amount))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
