"""Lists of expected hashes as others write them: sha256sum and its kin, hashdeep, CSV with a header.

A list names files by path; it is held against delivered paths part by part from the end, so that a list made from
`/mnt/evidence` fits a delivery of that folder.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from forensics.errors import UsageFault

_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_SUM_LINE = re.compile(r"(\\?)([0-9a-fA-F]{32,128}) [ *](.+)")
_BSD_LINE = re.compile(r"(\w+) \((.+)\) = ([0-9a-fA-F]{32,128})")
_PATH_COLUMNS = ("filename", "file", "path", "name", "file_name", "filepath", "file_path")


@dataclass(frozen=True, slots=True)
class Expected:
    """One line of a list: a path and its hashes by algorithm, in lower case."""

    path: str
    digests: Mapping[str, str]


@dataclass
class Comparison:
    """How a delivery agrees with a list: paths by outcome."""

    matching: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # in the list, not delivered
    extra: list[str] = field(default_factory=list)  # delivered, not in the list

    @property
    def holds(self) -> bool:
        """Whether everything listed was delivered as listed."""
        return not self.mismatched and not self.missing


def load(path: Path) -> tuple[Expected, ...]:
    """Read a list; raises `UsageFault` where it is none or has a line that says nothing."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageFault(f"no list of hashes ({fault})", where=str(path)) from fault
    lines = text.splitlines()
    if lines[:1] and lines[0].startswith("%%%% HASHDEEP"):
        found = list(_hashdeep(lines, path))
    elif lines[:1] and _SUM_LINE.fullmatch(lines[0]) is None and _BSD_LINE.fullmatch(lines[0]) is None:
        found = list(_table(text, path))
    else:
        found = list(_sums(lines, path))
    if not found:
        raise UsageFault("the list of hashes is empty", where=str(path))
    return tuple(found)


def _sums(lines: list[str], path: Path) -> Iterator[Expected]:
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#"):
            continue
        if match := _SUM_LINE.fullmatch(line):
            escaped, digest, name = match.groups()
            if escaped:
                name = name.replace("\\n", "\n").replace("\\\\", "\\")
            yield _expected(name, [digest], path, number)
        elif match := _BSD_LINE.fullmatch(line):
            yield _expected(match[2], [match[3]], path, number)
        else:
            raise UsageFault("not a line of a list of hashes", where=f"{path} line {number}")


def _hashdeep(lines: list[str], path: Path) -> Iterator[Expected]:
    columns: list[str] = []
    for number, line in enumerate(lines, 1):
        if line.startswith("%%%% ") and "," in line:
            columns = line.removeprefix("%%%% ").split(",")
        if not line or line[0] in "%#":
            continue
        values = line.split(",", len(columns) - 1)
        if len(values) != len(columns):
            raise UsageFault("not a line of a hashdeep list", where=f"{path} line {number}")
        cells = dict(zip(columns, values, strict=True))
        yield _expected(cells["filename"], list(cells.values()), path, number)


def _table(text: str, path: Path) -> Iterator[Expected]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    names = {name.strip().lower().replace(" ", "_"): name for name in rows.fieldnames or ()}
    column = next((names[name] for name in _PATH_COLUMNS if name in names), None)
    if column is None:
        raise UsageFault(
            "no list of hashes",
            where=str(path),
            hint="sha256sum, hashdeep and CSV with a path and a hash column are read",
        )
    for row in rows:
        values = [value for name, value in row.items() if name != column and isinstance(value, str)]
        yield _expected(row[column] or "", values, path, rows.line_num)


def _expected(name: str, values: list[str], path: Path, number: int) -> Expected:
    found = {
        _ALGORITHMS[len(value)]: value.lower()
        for value in map(str.strip, values)
        if len(value) in _ALGORITHMS and re.fullmatch("[0-9a-fA-F]+", value)
    }
    if not found or not name:
        raise UsageFault("a path and a hash are expected", where=f"{path} line {number}")
    return Expected(name.replace("\\", "/") if re.match(r"[A-Za-z]:\\", name) else name, found)


class Index:
    """Finds the expected hashes of a delivered path."""

    def __init__(self, listed: tuple[Expected, ...]) -> None:
        self.listed = listed
        self.algorithms = frozenset(name for each in listed for name in each.digests)
        self._by_name: dict[str, list[Expected]] = {}
        for each in listed:
            self._by_name.setdefault(_parts(each.path)[-1], []).append(each)

    def of(self, path: str) -> Expected | None:
        """The line whose path agrees with `path` in most parts from the end; None where two agree equally well."""
        parts = _parts(path)
        scored = [(_agreement(parts, _parts(each.path)), each) for each in self._by_name.get(parts[-1], ())]
        best = max((score for score, _ in scored), default=0)
        leaders = [each for score, each in scored if score == best]
        return leaders[0] if len(leaders) == 1 else None


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in {"", "."}] or [path]


def _agreement(one: list[str], other: list[str]) -> int:
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b:
            break
        count += 1
    return count


def compare(index: Index, delivered: Mapping[str, Mapping[str, str]]) -> Comparison:
    """Hold delivered paths with their digests against a list."""
    result = Comparison()
    seen: set[str] = set()
    for path, digests in sorted(delivered.items()):
        expected = index.of(path)
        if expected is None:
            result.extra.append(path)
            continue
        seen.add(expected.path)
        same = all(digests.get(name) == value for name, value in expected.digests.items())
        (result.matching if same else result.mismatched).append(path)
    result.missing.extend(sorted(each.path for each in index.listed if each.path not in seen))
    return result
