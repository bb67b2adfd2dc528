"""How long analysis takes, relation by relation, and how much memory it needs.

Two cases: the demo's incident with made flows put beside its own (ten million by default), and real transcripts, as
they come, sealed, read, analysed and reported. Each is measured in a process of its own, so that one's memory is not
the other's. Memory is the peak of resident pages as Linux counts it; elsewhere it is left out.

    python tests/benchmarks/bench_analysis.py [flows] [folder of transcripts]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from forensics.analysis import DOCUMENT, policy_file, run_relations
from forensics.canonical import encoded
from forensics.case import Case
from forensics.demo.run import SEED as DEMO_SEED
from forensics.demo.run import make_world
from forensics.demo.scenario import AGENT_HOST, BEGIN_US, POOL_ADDRESS, POOL_PORT, incident
from forensics.dissecting import dissect_case
from forensics.engine import Engine
from forensics.intake import ingest
from forensics.progress import SILENT
from forensics.reporting import write_report
from parsers.schema import ALL_TABLES
from parsers.tables import PartWriter
from queries.catalogue import Relation

SEED = 20261124
FLOWS = 10_000_000
DEMO_FLOWS = 20_000
BATCH = 131_072
INSIDE, OUTSIDE = 2_000, 20_000
POOL_SHARE = 2_000  # while the demo mines, one flow in so many goes to its pool
SPACING_US = 25_000  # on the average: ten million flows are three days
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")

Numbers = dict[str, Any]


def flow_part(path: Path, rows: int, source_id: str, first_record: int) -> None:
    """Write `rows` flows as a part of the source `source_id`, whose records go on from `first_record`."""
    dice = np.random.default_rng(SEED)
    inside = pa.array([f"10.{20 + (n >> 14)}.{n >> 7 & 127}.{n & 127}" for n in range(INSIDE)])
    outside = pa.array([f"{a}.{b}.{c}.{d}" for a, b, c, d in dice.integers(1, 224, (OUTSIDE, 4)).tolist()])
    clock = BEGIN_US
    with PartWriter(path, "flow") as writer:
        for begin in range(0, rows, BATCH):
            size = min(BATCH, rows - begin)
            times = clock + np.cumsum(dice.integers(0, 2 * SPACING_US, size))
            clock = int(times[-1])
            writer.write(_flows(dice, inside, outside, times, source_id, first_record + begin))


def _flows(
    dice: np.random.Generator, inside: pa.Array, outside: pa.Array, times: np.ndarray, source_id: str, first: int
) -> pa.RecordBatch:
    rows = len(times)
    story = incident(DEMO_SEED)
    numbers = np.arange(first, first + rows)
    mining = (times > story.mining_from_us + 60_000_000) & (times < story.mining_to_us)
    to_pool = pa.array(mining & (numbers % POOL_SHARE == 0))
    sent, received = dice.integers(60, 100_000, rows), dice.integers(60, 3_000_000, rows)
    ports = np.array([80, 443, 53, 22, 8080])[dice.integers(0, 5, rows)]
    some = {
        "source_id": _all(source_id, rows),
        "record": numbers,
        "part": np.zeros(rows),
        "line": numbers + 8,
        "offset": numbers * 140,
        "length": np.full(rows, 140),
        "ts": times,
        "ts_precision_us": np.ones(rows),
        "src_address": pa.compute.if_else(to_pool, AGENT_HOST.address, _chosen(dice, inside, rows)),
        "src_port": dice.integers(1024, 65_536, rows),
        "dst_address": pa.compute.if_else(to_pool, POOL_ADDRESS, _chosen(dice, outside, rows)),
        "dst_port": np.where(to_pool.to_numpy(zero_copy_only=False), POOL_PORT, ports),
        "protocol": np.where(dice.random(rows) < 0.8, 6, 17),
        "duration_us": dice.exponential(5e6, rows).astype(np.int64),
        "src_bytes": sent,
        "dst_bytes": received,
        "src_packets": sent // 800 + 1,
        "dst_packets": received // 1400 + 1,
        "directionality": _all("both", rows),
    }
    arrays = [
        pa.nulls(rows, column.type) if column.name not in some else _typed(some[column.name], column.type)
        for column in ALL_TABLES["flow"]
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=ALL_TABLES["flow"])


def _all(text: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(text), rows)


def _chosen(dice: np.random.Generator, values: pa.Array, rows: int) -> pa.Array:
    return values.take(pa.array(dice.integers(0, len(values), rows)))


def _typed(values: Any, kind: pa.DataType) -> pa.Array:
    found = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(np.asarray(values, np.int64))
    return found.combine_chunks().cast(kind) if isinstance(found, pa.ChunkedArray) else found.cast(kind)


class MeasuredEngine(Engine):
    """An engine that notes seconds and peak memory of every relation that it builds."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.measured: dict[str, Numbers] = {}
        super().__init__(*arguments, **options)

    def _create(self, relation: Relation) -> None:
        with measuring() as numbers:
            super()._create(relation)
        self.measured[relation.name] = numbers


@contextmanager
def measuring() -> Iterator[Numbers]:
    """Seconds by the clock and, where the system tells, the peak of resident memory in between, in MB."""
    numbers: Numbers = {}
    known = _forget_peak()
    begin = time.perf_counter()
    yield numbers
    numbers["seconds"] = time.perf_counter() - begin
    numbers["peak_mb"] = _peak_mb() if known else None


def _forget_peak() -> bool:
    try:
        CLEAR.write_text("5")
    except OSError:
        return False
    return True


def _peak_mb() -> float | None:
    for line in STATUS.read_text().splitlines() if STATUS.exists() else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return None


def analysis_of_flows(folder: Path, flows: int) -> Numbers:
    """Make the case and analyse it in another process."""
    world = make_world(folder / "evidence", flows=DEMO_FLOWS)
    case = Case.create(folder / "case")
    ingest(case, [world.evidence])
    case = Case.open(folder / "case")
    part = folder / "part.parquet"
    begin = time.perf_counter()
    source_id = _conn_log(case)
    flow_part(part, flows, source_id, 10_000_000)
    made = time.perf_counter() - begin
    with case.writing("benchmark") as transaction:
        transaction.put_file("tables/flow/benchmark.parquet", part)
    return {"flows": flows, "made_seconds": made, **_in_another_process("analyse", folder / "case")}


def _conn_log(case: Case) -> str:
    engine = Engine(case.tables(), case.root)
    found = engine.rows("select source_id from source where path like '%conn.log' order by path limit 1")
    engine.close()
    return str(found[0]["source_id"])


def analysis_of_transcripts(folder: Path, transcripts: Path) -> Numbers:
    """Seal, read, analyse and report a folder of transcripts, each station in a process of its own."""
    Case.create(folder / "case")
    files = [path for path in transcripts.rglob("*") if path.is_file()]
    found: Numbers = {"files": len(files), "megabytes": sum(path.stat().st_size for path in files) / 1e6}
    for station in ("ingest", "analyse", "report"):
        found[station] = _in_another_process(station, folder / "case", transcripts)
    found["rows"] = _in_another_process("count", folder / "case")["rows"]
    return found


def _in_another_process(station: str, *paths: Path) -> Numbers:
    command = [sys.executable, "-P", __file__, "--station", station, *map(str, paths)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    numbers: Numbers = json.loads(told.splitlines()[-1])
    return numbers


def station(name: str, root: Path, given: Path | None) -> Numbers:
    """Run one station on the case in `root`; returns its numbers."""
    case = Case.open(root)
    if name == "analyse":
        return _analyse(case)
    if name == "count":
        engine = Engine(case.tables(), root)
        return {"rows": engine.rows("select count(*) as n from transcript")[0]["n"]}
    with measuring() as numbers:
        if name == "ingest" and given:
            ingest(case, [given])
        elif name == "report":
            write_report(case)
    return numbers | {"largest_child_mb": _largest_child_mb()}


def _largest_child_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6


def _analyse(case: Case) -> Numbers:
    """What `forensics.analysis.analyze` does, with every step measured."""
    begin = time.perf_counter()
    with case.scratch() as scratch, case.writing("analyze") as transaction:
        parts = dict(case.tables())
        with measuring() as dissecting:
            parts |= dissect_case(parts, transaction, scratch)
        engine = MeasuredEngine(parts, scratch)
        with measuring() as whole:
            document = run_relations(case, engine, policy_file(case), transaction, scratch, SILENT)
        rows = {name: engine.rows(f'select count(*) as n from "{name}"')[0]["n"] for name in engine.measured}
        engine.close()
        transaction.put(DOCUMENT, encoded(document) + b"\n")
    seconds = time.perf_counter() - begin
    relations = {name: numbers | {"rows": rows[name]} for name, numbers in engine.measured.items()}
    peaks = [numbers["peak_mb"] for numbers in (dissecting, whole, *relations.values()) if numbers["peak_mb"]]
    return {
        "seconds": seconds,
        "peak_mb": max(peaks, default=None),
        "verdict": document["verdict"]["state"],
        "dissecting": dissecting,
        "relations": relations,
        "rest_seconds": whole["seconds"] - sum(numbers["seconds"] for numbers in relations.values()),
    }


def main(flows: int = FLOWS, transcripts: Path | None = None) -> dict[str, Numbers]:
    """Run both, the first alone without `transcripts`, in scratch folders; prints a line for each, returns numbers."""
    found: dict[str, Numbers] = {}
    with tempfile.TemporaryDirectory(prefix="bench-analysis-") as scratch:
        found["flows"] = numbers = analysis_of_flows(Path(scratch), flows)
        peak = numbers["peak_mb"] or 0
        print(f"analysis of {flows:,} flows: {numbers['seconds']:.1f} s, peak {peak:.0f} MB", flush=True)
    if transcripts is not None:
        with tempfile.TemporaryDirectory(prefix="bench-analysis-") as scratch:
            found["transcripts"] = numbers = analysis_of_transcripts(Path(scratch), transcripts)
            told = ", ".join(f"{name} {numbers[name]['seconds']:.1f} s" for name in ("ingest", "analyse", "report"))
            print(f"{numbers['files']} transcript files, {numbers['megabytes']:.1f} MB: {told}", flush=True)
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["--station"]:
        print(json.dumps(station(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]) if sys.argv[4:] else None)))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else FLOWS, Path(sys.argv[2]) if sys.argv[2:] else None)
