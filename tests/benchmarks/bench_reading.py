"""How fast evidence is read, and beside what.

Zeek conn logs: our whole reading (sha256, books, provenance and quarantine, Parquet parts by ranges in two processes)
beside DuckDB turning the same bytes into Parquet with none of these. Other formats: our reading into Arrow beside the
fastest plain Python we know that yields the same main columns, and no places, books or quarantine (`plain`). Both sides
run in turn; of the rounds the best and the median count. `main()` prints MB/s and ratios (ours over theirs: above 1 is
faster) and returns all numbers; the ratio asked for is 0.8 for Zeek.

    python tests/benchmarks/bench_reading.py [zeek megabytes]
"""

from __future__ import annotations

import hashlib
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

sys.path.insert(0, str(Path(__file__).parent))

import generate
import plain

from parsers.assemble import Books, Reading
from parsers.contract import Range
from parsers.formats import parser_of
from parsers.source import Source
from parsers.tables import PartWriter

ROUNDS = 3
PROCESSES = 2
MEGABYTES = 400
OTHER_MEGABYTES = 40

_DUCKDB_TYPES = {"time": "DOUBLE", "interval": "DOUBLE", "count": "UBIGINT", "port": "USMALLINT", "bool": "BOOLEAN"}


class Timing(NamedTuple):
    """Seconds of each round, by the clock and of processor time, ours and theirs, over so many bytes."""

    size: int
    ours: list[tuple[float, float]]
    theirs: list[tuple[float, float]]

    def numbers(self) -> dict[str, float]:
        """Return MB/s of best and median and their ratios; the ratio of processor time is what a busy machine tells."""
        megabytes = self.size / 1e6
        found = {"megabytes": megabytes}
        for word, pick in (("best", min), ("median", statistics.median)):
            ours, theirs = (pick(clock for clock, _ in rounds) for rounds in (self.ours, self.theirs))
            found[f"ours_{word}"], found[f"theirs_{word}"] = megabytes / ours, megabytes / theirs
            found[f"ratio_{word}"] = theirs / ours
        ours, theirs = (min(cpu for _, cpu in rounds) for rounds in (self.ours, self.theirs))
        return found | {"ratio_processor": theirs / ours}


def in_turn(size: int, ours: Callable[[], float], theirs: Callable[[], float], rounds: int = ROUNDS) -> Timing:
    """Run both in turn, each once before the clock runs (caches, imports), and time the rounds.

    Each returns the processor time that it took in other processes.
    """
    timing = Timing(size, [], [])
    for number in range(-1, rounds):
        for run, spent in ((ours, timing.ours), (theirs, timing.theirs)):
            clock, cpu = time.perf_counter(), time.process_time()
            elsewhere = run()
            if number >= 0:
                spent.append((time.perf_counter() - clock, time.process_time() - cpu + elsewhere))
    return timing


# --- Zeek ---------------------------------------------------------------------------------------------------------


def zeek(folder: Path, megabytes: int = MEGABYTES) -> dict[str, float]:
    """Our reading of a conn.log beside DuckDB's COPY of it."""
    log = folder / "conn.log"
    records = generate.zeek_conn(log, megabytes * 1_000_000)
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES) as pool, duckdb.connect(config={"threads": PROCESSES}) as connection:
        timing = in_turn(
            log.stat().st_size,
            lambda: _read_with_books(pool, log, folder, records),
            lambda: _copy_with_duckdb(connection, log, folder / "duckdb.parquet", records),
        )
    return timing.numbers()


def _read_with_books(pool: Any, log: Path, folder: Path, records: int) -> float:
    # hashing and the search for ranges take one processor each; both must be done before any row can be written
    with ThreadPoolExecutor(1) as beside:
        hashing = beside.submit(_sha256, log)
        spans = list(parser_of("zeek_tsv").ranges(_source(log, "")))  # type: ignore[attr-defined]
        digest = hashing.result()
    tasks = ((log, digest, span, folder / f"flow-{number}.parquet") for number, span in enumerate(spans))
    finished = list(pool.imap(_read_range, tasks))
    books = Books.total(books for books, _ in finished)
    assert (books.records, books.quarantined, books.rows) == (records, 0, {"flow": records})
    assert books.stream_bytes == log.stat().st_size
    return sum(cpu for _, cpu in finished)


def _read_range(task: tuple[Path, str, Range, Path]) -> tuple[Books, float]:
    log, digest, span, part = task
    begin = time.process_time()
    reading = Reading(_source(log, digest), parser_of("zeek_tsv"), span=span)
    with PartWriter(part, "flow") as writer:
        for _, batch in reading.batches():
            writer.write(batch)
    return reading.books, time.process_time() - begin


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _source(path: Path, digest: str) -> Source:
    return Source(digest, path.name, lambda: path.open("rb"), path, path.stat().st_size)


def _copy_with_duckdb(connection: duckdb.DuckDBPyConnection, log: Path, target: Path, records: int) -> float:
    with log.open("rb") as stream:
        header = [stream.readline().decode().rstrip("\n") for _ in range(generate.ZEEK_HEADER_LINES)]
    names, types = header[-2].split("\t")[1:], header[-1].split("\t")[1:]
    columns = ", ".join(
        f"'{name}': '{_DUCKDB_TYPES.get(kind, 'VARCHAR')}'" for name, kind in zip(names, types, strict=True)
    )
    reader = (
        f"read_csv('{log}', delim='\t', quote='', escape='', skip={generate.ZEEK_HEADER_LINES}, header=false, "
        f"auto_detect=false, nullstr='-', columns={{{columns}}})"
    )
    copied = connection.execute(f"copy (from {reader}) to '{target}' (format parquet, compression zstd)").fetchone()
    assert copied == (records,)
    return 0.0


# --- the others ---------------------------------------------------------------------------------------------------


def beside_plain(
    folder: Path,
    format_name: str,
    write: Callable[[Path, int], None],
    read_plainly: Callable[[Path], Any],
    megabytes: int = OTHER_MEGABYTES,
) -> dict[str, float]:
    """Our reading of a made source into Arrow beside plain Python's, in one process each."""
    path = folder / format_name
    write(path, megabytes * 1_000_000)
    parser = parser_of(format_name)

    def ours() -> float:
        reading = Reading(_source(path, _sha256(path)), parser)
        for _ in reading.batches():
            pass
        assert reading.books.quarantined == 0
        return 0.0

    def theirs() -> float:
        read_plainly(path)
        return 0.0

    return in_turn(path.stat().st_size, ours, theirs).numbers()


OTHERS: dict[str, tuple[Callable[[Path, int], None], Callable[[Path], Any]]] = {
    "auditd": (generate.audit_log, plain.auditd),
    "bash_history": (generate.bash_history, plain.bash_history),
    "claude_code": (generate.claude_code, plain.claude_code),
    "pcap": (generate.pcap, plain.pcap),
}


def main(megabytes: int = MEGABYTES) -> dict[str, dict[str, float]]:
    """Run every comparison in a scratch folder; prints a line for each and returns the numbers by format."""
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-reading-") as scratch:
        folder = Path(scratch)
        results["zeek_tsv"] = _told("zeek_tsv", "DuckDB COPY", zeek(folder, megabytes))
        for name, (write, read_plainly) in OTHERS.items():
            results[name] = _told(name, "plain Python", beside_plain(folder, name, write, read_plainly))
    return results


def _told(name: str, other: str, numbers: dict[str, float]) -> dict[str, float]:
    for word in ("best", "median"):
        ours, theirs, ratio = (numbers[f"{kind}_{word}"] for kind in ("ours", "theirs", "ratio"))
        print(f"{name:14} {word:6} {ours:7.1f} MB/s beside {other} {theirs:7.1f} MB/s: {ratio:.2f}")
    print(f"{name:14} processor time: {numbers['ratio_processor']:.2f}", flush=True)
    return numbers


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
