"""`make peers`: what other tools make of the same files as we do, written into docs/conformance.md.

    python tests/benchmarks/peers.py [--environments FOLDER]

Every peer is installed from the package registry into a virtual environment of its own, by default in a scratch
folder, and reads there (`peer_readers.py`) the files of the reference evidence that are of a format which it says it
reads. What is offered is counted by `OFFERED`: neither by the peer nor by our parsers. The evidence is only read. The
numbers are kept (docs/peers.json), and `make conformance` writes them beside its own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from forensics import ledger
from forensics.case import Case
from forensics.intake import Options, ingest
from forensics.plan import plan

ROOT = Path(__file__).parent.parent.parent
KEPT = ROOT / "docs/peers.json"
DOCUMENT = ROOT / "docs/conformance.md"
HEADING = "## Beside other tools"
SECONDS = 900  # for one peer and one format


class Peer(NamedTuple):
    """One way of reading with one distribution, and the formats that it says it reads."""

    name: str
    distribution: str
    reader: str
    formats: tuple[str, ...]


_HISTORIES = ("bash_history", "zsh_history", "fish_history")
PEERS = (
    Peer("dissect.target", "dissect.target", "dissect", (*_HISTORIES, "auditd", "syslog")),
    Peer("plaso", "plaso", "plaso", (*_HISTORIES, "auditd", "syslog", "cloudtrail")),
    Peer("zat, row by row", "zat", "zat_reader", ("zeek_tsv",)),
    Peer("zat, as a data frame", "zat", "zat_dataframe", ("zeek_tsv",)),
    Peer("flowlogs-reader", "flowlogs-reader", "flowlogs", ("aws_vpc_flow",)),
    Peer("inspect_ai", "inspect_ai", "inspect_ai", ("inspect_log",)),
)


# --- what is offered ------------------------------------------------------------------------------------------------


def _lines(data: bytes) -> list[bytes]:
    return [line for line in data.split(b"\n") if line.strip(b" \r\t\0")]


def _bash(data: bytes) -> int:
    """Commands: a line is one, but for the lines after the first that follow a time, which belong to its command."""
    commands, timed, has = 0, False, False
    for line in _lines(data):
        if re.fullmatch(rb"#\d{9,10}\r?", line):
            timed, has = True, False
        elif not (timed and has):
            commands, has = commands + 1, True
    return commands


def _zsh(data: bytes) -> int:
    """Commands: a line that ends in an odd number of backslashes goes on in the next."""
    return sum(1 for entry in re.findall(rb"(?:[^\n]*\\\n)*[^\n]+", data) if entry.strip())


def _vpc(data: bytes) -> int:
    """Records: all but the header and what says that there was nothing or nothing is known."""
    return sum(1 for line in _lines(data) if not re.match(rb"(version|account.id)[ ,]", line))


def _cloudtrail(data: bytes) -> int:
    """Events: of a delivered file, of a list, or one a line."""
    try:
        told = json.loads(data)
    except ValueError:
        return len(_lines(data))
    return len(told.get("Records", [told]) if isinstance(told, dict) else told)


def _inspect(path: Path) -> int:
    """Samples: a member each in an archive, or those of the document."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return sum(name.startswith("samples/") for name in archive.namelist())
    return len(json.loads(path.read_bytes()).get("samples") or ())


def _stream(data: bytes) -> bytes:
    """What a compressed file holds; of a cut one what stands before the cut, as `zcat` has it."""
    return zlib.decompressobj(31).decompress(data) if data[:2] == b"\x1f\x8b" else data


def _of_stream(count: Callable[[bytes], int]) -> Callable[[Path], int]:
    return lambda path: count(_stream(path.read_bytes()))


OFFERED: dict[str, Callable[[Path], int]] = {
    "aws_vpc_flow": _of_stream(_vpc),
    "auditd": _of_stream(lambda data: len(_lines(data))),
    "bash_history": _of_stream(_bash),
    "cloudtrail": _of_stream(_cloudtrail),
    "fish_history": _of_stream(lambda data: len(re.findall(rb"^(?:- cmd:|# \d+$)", data, re.MULTILINE))),
    "inspect_log": _inspect,
    "syslog": _of_stream(lambda data: len(_lines(data))),
    "zeek_tsv": _of_stream(lambda data: sum(not line.startswith(b"#") for line in _lines(data))),
    "zsh_history": _of_stream(_zsh),
}


# --- what we make of it ---------------------------------------------------------------------------------------------


class Ours(NamedTuple):
    """One file: its format, the records (of Inspect AI: samples) that we give, and those in quarantine."""

    form: str
    given: int
    quarantined: int


def ours(evidence: Path, scratch: Path) -> dict[str, Ours]:
    """Read the files of `evidence` that are of a format which a peer reads; return what came of each, by its path."""
    asked = {form for peer in PEERS for form in peer.formats}
    chosen = sorted({each.path.partition("!")[0] for each in plan([evidence], ()) if each.format in asked})
    for path in chosen:
        (scratch / "chosen" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(evidence / path, scratch / "chosen" / path)
    case = Case.create(scratch / "case")
    ingest(case, [scratch / "chosen"], Options(in_place=True))
    case = Case.open(case.root)
    sessions: Counter[str] = Counter()
    for part in case.tables().get("session", ()):
        sessions.update(pq.read_table(part, columns=["source_id"]).column("source_id").to_pylist())
    found: dict[str, Ours] = {}
    for row in ledger.load(case).sources:
        outer, archived, _ = row["path"].partition("!")
        form = row["format"]
        if form is None or (archived and form != "inspect_log"):
            continue  # no peer looks into archives
        before = found.get(outer, Ours(form, 0, 0))
        given = sessions[row["source_id"]] if form == "inspect_log" else row["records"]
        found[outer] = Ours(form, before.given + given, before.quarantined + row["quarantined"])
    return found


# --- what a peer makes of it ----------------------------------------------------------------------------------------


class Told(NamedTuple):
    """A line of the table: one peer, one format."""

    peer: str
    form: str
    files: int
    offered: int
    given: int
    beyond: int  # rows more than records, file by file
    faults: Mapping[str, int]  # exceptions, by their names
    missing_told: int  # records missing where the peer raised or said so
    missing_silent: int  # records missing without a word
    silent_files: int
    replaced: int  # rows in which bytes were replaced by U+FFFD
    ours_given: int
    ours_quarantined: int
    ours_beyond: int
    ours_missing: int


def install(distribution: str, home: Path) -> str | None:
    """Make an environment with the newest `distribution`; return its version, or None where it does not install."""
    python = home / "bin/python"
    if not python.exists():
        venv.create(home, with_pip=True, symlinks=True)
    options = ("--quiet", "--disable-pip-version-check")
    done = subprocess.run([python, "-m", "pip", "install", *options, distribution], check=False, capture_output=True)
    if done.returncode:
        return None
    asked = f"import importlib.metadata as m; print(m.version({distribution!r}))"
    return subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()


def answers(python: Path, reader: str, files: Iterable[tuple[Path, str]]) -> list[dict[str, Any]]:
    """Let a peer read `files` (path, format) in its own environment."""
    asked = json.dumps([{"file": str(path), "format": form} for path, form in files])
    script = str(Path(__file__).parent / "peer_readers.py")
    done = subprocess.run(
        [python, "-I", script, reader], input=asked, capture_output=True, text=True, timeout=SECONDS, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def _unpacked(path: Path, home: Path) -> Path:
    """The file itself, or what a compressed one holds: most peers do not decompress."""
    data = path.read_bytes()
    if data[:2] != b"\x1f\x8b":
        return path
    home.parent.mkdir(parents=True, exist_ok=True)
    plain = home.with_name(home.name.removesuffix(".gz"))  # a name that tells what is in it
    plain.write_bytes(_stream(data))
    return plain.resolve()


def held(peer: str, form: str, rows: Iterable[tuple[int, Mapping[str, Any], Ours]]) -> Told:
    """Sum up (offered, the peer's answer, ours) of every file of one format."""
    counts: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for offered, answer, own in rows:
        missing = max(offered - answer["given"], 0)
        told = missing if answer["fault"] or answer["warned"] else min(missing, answer["told"])
        if answer["fault"]:
            faults[answer["fault"]] += 1
        counts.update(
            files=1,
            offered=offered,
            given=answer["given"],
            beyond=max(answer["given"] - offered, 0),
            missing_told=told,
            missing_silent=missing - told,
            silent_files=int(missing > told),
            replaced=answer["replaced"],
            ours_given=own.given,
            ours_quarantined=own.quarantined,
            ours_beyond=max(own.given - offered, 0),
            ours_missing=max(offered - own.given - own.quarantined, 0),
        )
    fields = {name: counts[name] for name in Told._fields if name not in {"peer", "form", "faults"}}
    return Told(peer=peer, form=form, faults=dict(sorted(faults.items())), **fields)


def measure(evidence: Path, environments: Path, scratch: Path) -> dict[str, Any]:
    """Install and run every peer; return versions and lines of the table."""
    own = ours(evidence, scratch)
    by_format = defaultdict(list)
    for path, each in sorted(own.items()):
        by_format[each.form].append(path)
    versions: dict[str, str | None] = {}
    lines = []
    for peer in PEERS:
        home = environments / peer.distribution
        if peer.distribution not in versions:
            versions[peer.distribution] = install(peer.distribution, home)
        if versions[peer.distribution] is None:
            continue
        for form in peer.formats:
            paths = by_format[form]
            files = [(_unpacked(evidence / path, scratch / "unpacked" / path), form) for path in paths]
            found = answers(home / "bin/python", peer.reader, files)
            offered = [OFFERED[form](evidence / path) for path in paths]
            rows = zip(offered, found, (own[path] for path in paths), strict=True)
            lines.append(held(peer.name, form, rows)._asdict())
            sys.stderr.write(f"{peer.name}: {form}\n")
    return {"versions": versions, "lines": lines}


# --- the page -------------------------------------------------------------------------------------------------------

_ABOUT = """\
Written by `make peers`. The files of the reference evidence that are of a format which another tool says it reads,
under the names that it expects, unpacked where they are compressed; archives are left out. `offered` is counted by a
few lines of `tests/benchmarks/peers.py`, neither by the tool nor by us: lines that hold a record; commands of a
history by its continuations (of bash, one for each time and one for each line before any time: what follows without a
time of its own is another command only where the shell's grammar says so, so that more rows than offered are no fault
there by themselves); events of CloudTrail; samples of Inspect AI. `missing` are records offered and not given:
`told`, where the tool raised, warned or counted them, `in silence`, where it did not. Ours are missing when they are
neither given nor in quarantine. plaso takes events of CloudTrail as the look-up command prints them, one a line; none
is delivered so.
"""

_COLUMNS = (
    "tool",
    "format",
    "files",
    "offered",
    "given",
    "more than offered",
    "missing, told",
    "missing in silence",
    "exceptions (files)",
    "rows with bytes replaced",
    "ours: given",
    "in quarantine",
    "more than offered",
    "missing",
)


def section(kept: Mapping[str, Any]) -> str:
    """The part of docs/conformance.md that tells of other tools."""
    versions = ", ".join(
        f"{name} {version}" if version else f"{name} (did not install)" for name, version in kept["versions"].items()
    )
    lines = [f"{HEADING}\n", _ABOUT, f"Versions: {versions}.\n"]
    lines.append(f"| {' | '.join(_COLUMNS)} |")
    lines.append("|---|---|" + "---:|" * 6 + "---|" + "---:|" * 5)
    for row in kept["lines"]:
        silent = f"{row['missing_silent']:,} in {row['silent_files']} files" if row["missing_silent"] else ""
        faults = ", ".join(f"{name} {count}" for name, count in row["faults"].items())
        theirs, own = (
            [_count(row[name]) for name in names]
            for names in (
                ("files", "offered", "given", "beyond", "missing_told"),
                ("replaced", "ours_given", "ours_quarantined", "ours_beyond", "ours_missing"),
            )
        )
        cells = [row["peer"], f"`{row['form']}`", *theirs, silent, faults, *own]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _count(number: int) -> str:
    return f"{number:,}" if number else ""


def put(document: str, told: str) -> str:
    """Put the section where it stands in the page, or before its last part."""
    before, heading, rest = document.partition(HEADING)
    if not heading:
        before, _, after = document.partition("## What was not read")
        return f"{before}{told}\n## What was not read{after}"
    return f"{before}{told}\n## {rest.partition(chr(10) + '## ')[2]}"


def main() -> int:
    """Measure, keep, and bring the page up to date."""
    parser = argparse.ArgumentParser(description="Write what other tools make of the reference evidence.")
    parser.add_argument("--environments", type=Path, help="a folder with environments of an earlier run")
    arguments = parser.parse_args()
    evidence = Path(os.environ.get("FORENSICS_SHARED", ROOT.parent / "shared")) / "data"
    if not evidence.is_dir():
        sys.stderr.write("the reference evidence is not beside this checkout (set FORENSICS_SHARED)\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="peers-") as scratch:
        kept = measure(evidence, arguments.environments or Path(scratch, "environments"), Path(scratch))
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    DOCUMENT.write_text(put(DOCUMENT.read_text(encoding="utf-8"), section(kept)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
