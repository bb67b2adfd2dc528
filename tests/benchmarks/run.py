"""`make bench`: run every benchmark and write docs/performance.md from what came of it.

    python tests/benchmarks/run.py [--megabytes N] [--flows N] [--output FILE]

Real transcripts are measured where the reference evidence is at hand (FORENSICS_SHARED; by default beside the
checkout).
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import platform
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import bench_analysis  # noqa: E402  # beside this file

DOCUMENT = ROOT / "docs/performance.md"
PACKAGES = ("duckdb", "pyarrow", "numpy", "pandas", "orjson", "sqlglot", "tree-sitter")
QUIET_LOAD = 0.5  # of a core
SLOWEST = 12

_ABOUT = """
    Written by `make bench`; not to be edited. All evidence is made and seeded except the transcripts. Both sides of a
    ratio ran in turn, in one run, on one machine: quote ratios, not speeds.
"""
_ABOUT_READING = """
    Ours: sha256 of the source, books, provenance of every row, quarantine and, for Zeek, Parquet parts by two
    processes. Beside it, on the same bytes: for Zeek DuckDB's `COPY` to Parquet, which does none of the rest; for the
    others the fastest plain Python known to us that yields the same main columns. A ratio above 1: ours is faster.
    Processor time is what a busy machine can still tell.
"""
_ABOUT_FLOWS = """
    The demo's incident with that many flows put beside its own. Commands are taken apart, every relation is built,
    findings and the incident document are written: **{seconds:.1f} s, peak {peak}** (verdict: {verdict}).
"""
_ABOUT_TRANSCRIPTS = """
    {files} files of agents' sessions as they come ({megabytes:.1f} MB, formats known and unknown) as one case:
    {rows:,} pieces of sessions; verdict: {verdict}.
"""

Numbers = dict[str, Any]


def main() -> int:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description="Run every benchmark and write docs/performance.md.")
    parser.add_argument("--megabytes", type=int, default=None, help="of the Zeek log")
    parser.add_argument("--flows", type=int, default=bench_analysis.FLOWS)
    parser.add_argument("--output", type=Path, default=DOCUMENT)
    given = parser.parse_args()
    machine = facts()
    reading = _reading(given.megabytes)
    transcripts = Path(os.environ.get("FORENSICS_SHARED", ROOT.parent / "shared")) / "data/transcripts"
    analysis = bench_analysis.main(given.flows, transcripts if transcripts.is_dir() else None)
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(document(machine, reading, analysis), encoding="utf-8")
    print(f"written: {given.output.name}")
    return 0


def _reading(megabytes: int | None) -> Numbers:
    if importlib.util.find_spec("bench_reading") is None:
        return {}
    bench = importlib.import_module("bench_reading")
    numbers: Numbers = bench.main(megabytes) if megabytes else bench.main()
    return numbers


def facts() -> dict[str, str]:
    """What the numbers depend on: the machine, the versions, and how busy it was when the run began."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    load = os.getloadavg()[0]
    quiet = "quiet" if load <= QUIET_LOAD else "not quiet: only the ratios within one run mean something"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {
        "machine": f"{platform.machine()}, {cores} cores, {memory:.0f} GB, {platform.system()}",
        "load when the run began": f"{load:.1f} ({quiet})",
        "Python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def document(machine: dict[str, str], reading: Numbers, analysis: Numbers) -> str:
    """The whole document as Markdown."""
    lines = [
        "# Performance",
        "",
        _paragraph(_ABOUT),
        "",
        *(f"- {name}: {told}" for name, told in machine.items()),
        "",
        *_told_reading(reading),
        *_told_flows(analysis["flows"]),
        *_told_transcripts(analysis.get("transcripts")),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _told_reading(reading: Numbers) -> list[str]:
    if not reading:
        return []
    lines = [
        "## Reading",
        "",
        _paragraph(_ABOUT_READING),
        "",
        "| format | MB | ours, MB/s | beside, MB/s | ratio, median | ratio, best | ratio of processor time |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, numbers in reading.items():
        lines.append(
            f"| {name} | {numbers['megabytes']:.0f} | {numbers['ours_median']:.1f} | {numbers['theirs_median']:.1f} "
            f"| {numbers['ratio_median']:.2f} | {numbers['ratio_best']:.2f} | {numbers.get('ratio_processor', 0):.2f} |"
        )
    return [*lines, ""]


def _told_flows(numbers: Numbers) -> list[str]:
    relations = numbers["relations"]
    slowest = sorted(relations.items(), key=lambda item: -item[1]["seconds"])[:SLOWEST]
    others = sum(each["seconds"] for name, each in relations.items() if name not in dict(slowest))
    return [
        f"## Analysis of {numbers['flows'] / 1e6:g} million flows",
        "",
        _paragraph(_ABOUT_FLOWS.format(**numbers, peak=_mb(numbers["peak_mb"]))),
        "",
        "| station or relation | rows | s | peak of memory |",
        "|---|---:|---:|---:|",
        f"| taking texts apart | | {numbers['dissecting']['seconds']:.2f} | {_mb(numbers['dissecting']['peak_mb'])} |",
        *(f"| {name} | {each['rows']:,} | {each['seconds']:.2f} | {_mb(each['peak_mb'])} |" for name, each in slowest),
        f"| the other {len(relations) - len(slowest)} relations | | {others:.2f} | |",
        f"| findings and document | | {numbers['rest_seconds']:.2f} | |",
        "",
    ]


def _told_transcripts(numbers: Numbers | None) -> list[str]:
    if numbers is None:
        return ["## Real transcripts", "", "Not measured: the reference evidence was not at hand.", ""]
    stations = (("ingest", "seal and read"), ("analyse", "analyse"), ("report", "report"))
    return [
        "## Real transcripts",
        "",
        _paragraph(_ABOUT_TRANSCRIPTS.format(**numbers, verdict=numbers["analyse"]["verdict"])),
        "",
        "| station | s | peak of memory | of its largest reader |",
        "|---|---:|---:|---:|",
        *(
            f"| {words} | {numbers[name]['seconds']:.1f} | {_mb(numbers[name]['peak_mb'])} "
            f"| {_mb(numbers[name].get('largest_child_mb'))} |"
            for name, words in stations
        ),
        "",
    ]


def _paragraph(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), width=120, break_long_words=False, break_on_hyphens=False)


def _mb(megabytes: float | None) -> str:
    return f"{megabytes:,.0f} MB" if megabytes else ""


if __name__ == "__main__":
    sys.exit(main())
