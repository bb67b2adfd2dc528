"""`make conformance`: read the reference evidence under names that tell nothing, and write docs/conformance.md.

    python tests/benchmarks/conformance.py [--output FILE] [--tests PATH ...]

Each file is given a number for a name and sealed into a case of its own kind: what is recognised is recognised by its
content. Expectations are the tests of parsers that take the reference evidence (fixture `shared`), counted per format.
What `make peers` measured of other tools is put beside them. The evidence is only read; nothing of it is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import peers

from forensics import ledger
from forensics.case import Case
from forensics.intake import Options, ingest
from forensics.plan import plan
from parsers.formats import all_parsers

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = ROOT / "docs/conformance.md"
_ABOUT = """\
# Conformance

Written by `make conformance`; not to be edited. Every file of the reference evidence was given a number for a name and
taken into one case, so that content alone told what it is; `by name` counts those that were recognised only under their
own names. `expectations` are tests that hold a format to values known from elsewhere (golden files of other tools,
documented sums, oracles) on this evidence.
"""
_ABOUT_UNREAD = """\
## What was not read

By folder of the reference evidence. Much of it is meant not to be: descriptions, expected values, rules, formats that
are left out. It is sealed, listed and searched for addresses all the same.
"""


@dataclass
class Tally:
    """What became of the files of one format."""

    files: int = 0
    by_name: int = 0
    records: int = 0
    quarantined: int = 0
    met: int = 0
    not_met: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Unread:
    """One file that no parser reads, by its folder, and why."""

    folder: str
    why: str


def measure(evidence: Path, scratch: Path) -> tuple[dict[str, Tally], list[Unread]]:
    """Take every file below `evidence` under a number; return tallies by format and what was not read."""
    files = sorted(path for path in evidence.rglob("*") if path.is_file() and not path.is_symlink())
    scrambled = scratch / "scrambled"
    scrambled.mkdir()
    homes = {}
    for number, path in enumerate(files):
        name = f"{number:05}"
        homes[name] = path
        shutil.copyfile(path, scrambled / name)
    case = Case.create(scratch / "case")
    ingest(case, [scrambled], Options(in_place=True))
    tallies = {name: Tally() for name in all_parsers()}
    unread = []
    own_names = {each.path: each.format for each in plan([evidence], ())}
    for row in ledger.load(Case.open(case.root)).sources:
        outer, _, inner = row["path"].partition("!")
        if row["status"] == "container":
            continue
        home = homes[outer].relative_to(evidence)
        if row["format"] is not None:
            tally = tallies[row["format"]]
            tally.files += 1
            tally.records += row["records"]
            tally.quarantined += row["quarantined"]
        elif own := own_names.get(home.as_posix() + (f"!{inner}" if inner else "")):
            tallies[own].by_name += 1
        else:
            kind = "empty" if row["status"] == "empty" else f"{Path(inner or home).suffix.lower() or 'no suffix'}"
            unread.append(Unread("/".join(home.parent.parts[:2]), f"{row['status'].replace('_', ' ')}: {kind}"))
    return tallies, unread


class Expectations:
    """A pytest plugin: keeps the tests that take the reference evidence, and counts how each ended, by module."""

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()
        self.not_met: dict[str, list[str]] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave those without the fixture `shared`."""
        items[:] = [item for item in items if "shared" in getattr(item, "fixturenames", ())]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one test by the name of its module, which is the format's."""
        form = Path(report.nodeid.split("::")[0]).stem.removeprefix("test_")
        if report.failed:
            lines = str(report.longrepr).strip().splitlines() or [""]
            self.not_met.setdefault(form, []).append(f"{report.nodeid.split('::', 1)[1]}: {lines[-1][:160]}")
        elif report.when == "call" and report.passed:
            self.met[form] += 1


def hold(tests: Sequence[str], tallies: dict[str, Tally]) -> Tally:
    """Run the expectations into `tallies`; return those of modules that belong to no single format."""
    plugin = Expectations()
    pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:randomly", *tests], plugins=[plugin])
    rest = Tally()
    for form, met in plugin.met.items():
        tallies.get(form, rest).met += met
    for form, told in plugin.not_met.items():
        tallies.get(form, rest).not_met += told
    return rest


def document(
    tallies: dict[str, Tally], rest: Tally, unread: Iterable[Unread], kept: Mapping[str, Any] | None = None
) -> str:
    """The page; `kept` is what `make peers` measured of other tools."""
    lines = [_ABOUT, "| format | files | by name | records | quarantined | expectations met | not met |"]
    lines.append("|---|---:|---:|---:|---:|---:|---:|")
    for name, tally in tallies.items():
        counts = (tally.files, tally.by_name, tally.records, tally.quarantined, tally.met, len(tally.not_met))
        lines.append(f"| `{name}` | {' | '.join(f'{count:,}' if count else '' for count in counts)} |")
    seen = sum(1 for tally in tallies.values() if tally.files or tally.by_name)
    files = sum(tally.files for tally in tallies.values())
    met = sum(tally.met for tally in tallies.values())
    lines.append(
        f"\n{seen} of {len(tallies)} formats have a file in the reference evidence; {files:,} files were recognised by "
        f"content. {met:,} expectations of single formats are met, and {rest.met:,} of what formats share."
    )
    missed = [*((name, why) for name, tally in tallies.items() for why in tally.not_met)]
    missed += [("shared", why) for why in rest.not_met]
    lines.append("\n## Not met, and why\n")
    lines.extend([f"- `{name}`: {why}" for name, why in missed] or ["Every expectation is met."])
    if kept is not None:
        lines.append(f"\n{peers.section(kept).rstrip()}")
    counted = Counter((each.folder, each.why) for each in unread)
    lines.append(f"\n{_ABOUT_UNREAD}\n| folder | files | what |\n|---|---:|---|")
    lines.extend(f"| {folder} | {count} | {why} |" for (folder, why), count in sorted(counted.items()))
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, hold, write."""
    parser = argparse.ArgumentParser(description="Write docs/conformance.md from the reference evidence.")
    parser.add_argument("--output", type=Path, default=DOCUMENT)
    parser.add_argument("--tests", nargs="*", default=[str(ROOT / "tests/parsers")])
    arguments = parser.parse_args()
    shared = Path(os.environ.get("FORENSICS_SHARED", ROOT.parent / "shared")) / "data"
    if not shared.is_dir():
        sys.stderr.write("the reference evidence is not beside this checkout (set FORENSICS_SHARED)\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="conformance-") as scratch:
        tallies, unread = measure(shared, Path(scratch))
    rest = hold(arguments.tests, tallies)
    kept = json.loads(peers.KEPT.read_bytes()) if peers.KEPT.exists() else None
    arguments.output.write_text(document(tallies, rest, unread, kept), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
