"""Work fanned out over Spark's executors: over files and byte ranges, with the same limits and the same outcomes.

Each task does its share in a limited process of its own, as `forensics.workers` does on one machine, so that a parser
that dies or hangs costs its piece of work and not the task. Executors write parts where the case's scratch folder is:
on more than one machine that has to be storage which all of them see under the same path.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa

from forensics.errors import ForensicsError
from forensics.progress import SILENT, Progress
from forensics.workers import Work, Workers

TASKS_A_CORE = 4


@dataclass
class SparkWorkers:
    """What `Workers` is, over the executors of a Spark session."""

    spark: Any
    progress: Progress = SILENT

    def run(self, works: Iterable[Work]) -> Iterator[tuple[Work, Any]]:
        """Yield (work, result or `Failure`) in the order given, when all is done."""
        given = list(works)
        if not given:
            return
        calls = [(number, pickle.dumps(work._replace(tag=None))) for number, work in enumerate(given)]
        context = self.spark.sparkContext
        shares = min(len(given), TASKS_A_CORE * context.defaultParallelism)
        dealt = [call for share in range(shares) for call in calls[share::shares]]
        frame = self.spark.createDataFrame(context.parallelize(dealt, shares), "number long, work binary")
        answers = frame.mapInArrow(_done, "number long, outcome binary").collect()
        for answer in sorted(answers, key=lambda each: each.number):
            work = given[answer.number]
            outcome = pickle.loads(answer.outcome)  # noqa: S301  # written by our own tasks
            if isinstance(outcome, ForensicsError):
                raise outcome
            self.progress.advance(work.size)
            yield work, outcome


def _done(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """One task's share of the work: rows (number, pickled work) in, rows (number, pickled outcome) out."""
    for batch in batches:
        for number, work in zip(batch["number"].to_pylist(), batch["work"].to_pylist(), strict=True):
            outcome = pa.array([pickle.dumps(_outcome(pickle.loads(work)))], pa.binary())  # noqa: S301
            yield pa.record_batch({"number": pa.array([number], pa.int64()), "outcome": outcome})


def _outcome(work: Work) -> Any:
    """What `Workers` makes of one piece of work; what it raises is an outcome too, to be raised by the driver."""
    try:
        ((_, outcome),) = _workers().run([work])
    except ForensicsError as fault:
        _workers().__exit__()  # the process that told of it is still taken for busy
        return fault
    return outcome


@cache
def _workers() -> Workers:
    """Kept from task to task by a Python process of Spark, and gone with it."""
    return Workers(1)
