"""Work on Spark's executors has the outcomes that it has in processes of this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from forensics.errors import StorageFault
from forensics.reading import Assignment, Outcome
from forensics.spark.workers import SparkWorkers
from forensics.workers import Failure, Pool, Work, Workers
from parsers import blocks
from parsers.flows import zeek_tsv
from parsers.source import Source
from parsers.streams import Measure

pytestmark = pytest.mark.xdist_group("spark")


def test_nothing_is_imported_from_the_working_folder(spark: Any) -> None:
    assert spark.sparkContext.parallelize([0], 1).map(lambda _: sys.flags.safe_path).collect() == [True]


def test_what_goes_wrong_is_an_outcome_too(spark: Any) -> None:
    works = [Work("operator:floordiv", (1,)), Work("operator:not_", ())]
    fault, told = (outcome for _, outcome in SparkWorkers(spark).run(works))
    assert told is False
    assert isinstance(fault, Failure)
    assert fault.kind == "fault"


def test_storage_that_fails_ends_it(spark: Any, tmp_path: Path) -> None:
    lost = Assignment("0" * 64, str(tmp_path / "gone"), 1, ("gone",), str(tmp_path / "no" / "scratch"))
    with pytest.raises(StorageFault, match="No such file"):
        list(SparkWorkers(spark).run([Work("forensics.reading:read", (lost,))]))


def test_no_work_needs_no_job() -> None:
    assert list(SparkWorkers(None).run([])) == []


HEADER = "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\n#types\ttime\tstring\taddr\tport\n"


def test_byte_ranges_have_the_same_books_and_parts(spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks.line_blocks, "__defaults__", (None, 4_000, blocks.MAX_LINE_BYTES))
    lines = [f"1700{number:06}.5\tC{number}\t10.0.0.1\t{number % 60000}\n" for number in range(800)]
    log = tmp_path / "conn.log"
    log.write_text(HEADER + "".join([*lines[:250], "damaged\n", *lines[250:]]))

    def read(pool: Pool, name: str) -> tuple[list[Any], dict[str, bytes]]:
        scratch = tmp_path / name
        scratch.mkdir()
        works = ranges(log, scratch)
        assert len(works) > 3
        found = {work.tag: books for work, (books, _) in pool.run(works)}
        return [found[number] for number in sorted(found)], {part.name: part.read_bytes() for part in scratch.iterdir()}

    with Workers(1) as workers:
        alone = read(workers, "alone")
    assert sum(books.stream_bytes for books in alone[0]) == log.stat().st_size
    assert {"flow-0000.parquet", "flow-0003.parquet"} < alone[1].keys()
    assert read(SparkWorkers(spark), "spark") == alone


def ranges(log: Path, scratch: Path) -> list[Work]:
    size = log.stat().st_size
    whole = Source("0" * 64, "conn.log", lambda: log.open("rb"), log, size)
    plan = Outcome(
        key="key",
        status="read",
        format="zeek_tsv",
        format_version=zeek_tsv.FORMAT.version,
        candidates=(),
        codecs=(),
        stream=Measure(size, "0" * 64, None, ()),
        name="conn.log",
        ranges=tuple(zeek_tsv.ranges(whole, 4_000)),
        stream_path=str(log),
    )
    assignment = Assignment("0" * 64, str(log), size, ("conn.log",), str(scratch))
    return [
        Work("forensics.reading:read_range", (assignment, plan, number), span.length, number)
        for number, span in enumerate(plan.ranges)
    ]
