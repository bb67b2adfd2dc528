"""GPU samples of nvidia-smi: `--query-gpu=... --format=csv` and `--query-compute-apps=... --format=csv`.

Source of the format: nvidia-smi(1), `--help-query-gpu` and `--help-query-compute-apps`: a header of the properties
asked for, with their units in brackets; values between comma and blank, with their units unless `nounits` was given.
Nothing is quoted: commas too many belong to the name of the process. Files without header are not read, for which
column is which was only on the command line.

One record is one line; each load in it (use of GPU and memory, power, temperature, clocks) makes one `usage_metric`
row, and one process on a GPU makes one, whether or not its memory is known. Values that the driver does not give
(`[N/A]`) are null, as printed in `value_raw`. Times are the host's, in its zone, which is not printed (`ts_local`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from parsers import times
from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.jsontext import compact
from parsers.money import amount
from parsers.schema import COIN
from parsers.shell.typed import NO_FINAL_NEWLINE
from parsers.source import Line, Source
from parsers.text import UNDECODABLE, decoded

FORMAT = Format(
    name="nvidia_smi_csv",
    title="nvidia-smi samples (CSV of GPUs and of compute processes)",
    tables=("usage_metric",),
    signature=True,
)

VALUE_UNREAD = "value_unread"
TIMESTAMP_UNREAD = "timestamp_unread"
COMMA_IN_NAME = "comma_in_process_name"

_METRICS = {
    "utilization.gpu": "gpu_utilisation",
    "utilization.memory": "memory_utilisation",
    "memory.used": "memory_used",
    "memory.total": "memory_total",
    "used_gpu_memory": "memory_used",
    "used_memory": "memory_used",
    "power.draw": "power",
    "power.draw.average": "power",
    "power.draw.instant": "power",
    "temperature.gpu": "temperature",
    "fan.speed": "fan_speed",
    **dict.fromkeys(("clocks.sm", "clocks.current.sm"), "clock_sm"),
    **dict.fromkeys(("clocks.gr", "clocks.current.graphics"), "clock_graphics"),
    **dict.fromkeys(("clocks.mem", "clocks.current.memory"), "clock_memory"),
}
_UNITS = {"temperature.gpu": "°C"}  # the one that is printed without
_DEVICES = ("gpu_uuid", "uuid", "gpu_bus_id", "pci.bus_id", "index", "gpu_serial", "serial")
_PROCESS_NAMES = frozenset({"process_name", "name"})
_TELLING = frozenset({*_METRICS, "process_name", "gpu_uuid", "gpu_name", "gpu_bus_id"})
_ANYBODYS = frozenset({"timestamp", "pid", "process_name"})  # columns that any list of processes may have
_NAME = re.compile(r"([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)(?: \[([A-Za-z%/]{1,8})\])?")
_VALUE = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,18})?)(?: ([A-Za-z%/]{1,8}))?", re.ASCII)
_NOT_GIVEN = re.compile(r"\[.*\]|N/A|ERR!", re.DOTALL)
_SLASHES = re.compile(r"(\d{4})/(\d\d)/(\d\d) ([\d:.]{8,15})", re.ASCII)
_PID = re.compile(r"\d{1,10}", re.ASCII)
_BLANK = (b"", b"\r")
_LONGEST_LINE = 1 << 16


@dataclass(frozen=True)
class _Header:
    """The properties of a file, in order, each with its unit."""

    names: tuple[str, ...]
    units: tuple[str | None, ...]

    @property
    def of_processes(self) -> bool:
        return "pid" in self.names

    @property
    def process_name(self) -> str | None:
        """Return what the column of process names is called, None where there is none."""
        return next((name for name in self.names if name in _PROCESS_NAMES), None) if self.of_processes else None

    def fields(self, text: str) -> tuple[list[str] | None, bool]:
        """Return a line's fields, None if it is of another width, and whether commas were left in a process's name."""
        parts = text.split(",")
        spare = len(parts) - len(self.names)
        name = self.process_name
        if spare > 0 and name:
            at = self.names.index(name)
            parts[at : at + spare + 1] = [",".join(parts[at : at + spare + 1])]
        if len(parts) != len(self.names):
            return None, False
        return [part.removeprefix(" ") for part in parts], spare > 0


def _header_of(text: str) -> _Header | None:
    found = [_NAME.fullmatch(part.removeprefix(" ")) for part in text.split(",")]
    if not all(found):
        return None
    names = tuple(match[1] for match in found if match)
    units = tuple(match[2] for match in found if match)
    telling = {name for name in names if name in _TELLING}
    # a single plain word may be a column of anything; a property with its unit is nvidia-smi's
    if not telling or len(set(names)) != len(names) or (len(names) == 1 and units == (None,)):
        return None
    return _Header(names, units)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where the first line names properties of GPUs, with their units or as no one else does."""
    first = next((line for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line not in _BLANK), b"")
    header = _header_of(_text(first[:4096])[0])
    if header is None:
        return Grade.NONE
    return Grade.STRONG if any(header.units) or not _ANYBODYS.issuperset(header.names) else Grade.PROBABLE


def _text(data: bytes) -> tuple[str, bool]:
    text, whole = decoded(data)
    return text.removeprefix("\ufeff").removesuffix("\r"), whole


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each line in file order; headers, which come again in appended files, are structure."""
    header: _Header | None = None
    number = 0
    for line in source.lines():
        text, whole = _text(line.data) if line.data is not None and line.length <= _LONGEST_LINE else (None, True)
        found = _header_of(text) if text else None
        if found or text == "":
            header = found or header
            yield Structure(line.offset, line.length + line.newline)
            continue
        number += 1
        yield from _items(line, number, text, header, whole=whole)


def _items(line: Line, number: int, text: str | None, header: _Header | None, *, whole: bool) -> Iterator[Item]:
    record = Record(number, line.offset, line.length, line.number, line.newline)
    if text is None or header is None:
        yield Reject(record, f"a line of {line.length} bytes" if text is None else "no header comes before it")
        return
    fields, commas = header.fields(text)
    if fields is None:
        yield Reject(record, f"{text.count(',') + 1} fields where {len(header.names)} are due")
        return
    yield Parsed(record)
    notes = [UNDECODABLE] * (not whole) + [NO_FINAL_NEWLINE] * (not line.newline) + [COMMA_IN_NAME] * commas
    for part, values in enumerate(_rows(header, fields, notes)):
        yield Row("usage_metric", record, values, part)


def _rows(header: _Header, fields: list[str], notes: list[str]) -> Iterator[dict[str, Any]]:
    told = dict(zip(header.names, fields, strict=True))
    when, unread = _when(told.get("timestamp"))
    device = next((name for name in _DEVICES if told.get(name) and not _NOT_GIVEN.fullmatch(told[name])), None)
    pid = told.get("pid", "")
    mapped = {*_METRICS, device, header.process_name, *(() if unread else ("timestamp",))}
    mapped |= {"pid"} if _PID.fullmatch(pid) else set()
    extra = {name: value for name, value in told.items() if name not in mapped}
    common = {
        **when,
        "device": told[device] if device else None,
        "pid": int(pid) if _PID.fullmatch(pid) else None,
        "process_name": told[header.process_name] if header.process_name else None,
        "extra": compact(extra) if extra else None,
    }
    common_notes = [*notes, *([TIMESTAMP_UNREAD] if unread else [])]
    measured = [at for at, name in enumerate(header.names) if name in _METRICS]
    for at in measured:
        values, odd = _value(header, at, fields[at])
        yield common | values | {"notes": [*common_notes, *odd] or None}
    if not measured and header.of_processes:
        yield common | {"metric": "gpu_process", "notes": common_notes or None}


def _when(stated: str | None) -> tuple[dict[str, Any], bool]:
    """Return the time columns, and whether there is a time that could not be read."""
    if stated is None:
        return {}, False
    printed = _SLASHES.fullmatch(stated)
    when = times.iso("{}-{}-{} {}".format(*printed.groups())) if printed else times.iso(stated)
    return (dict(when.columns()), False) if when else ({}, True)


def _value(header: _Header, at: int, stated: str) -> tuple[dict[str, Any], list[str]]:
    name = header.names[at]
    found = _VALUE.fullmatch(stated)
    values = {
        "metric": _METRICS[name],
        "value": amount(found[1], COIN).value if found else None,
        "value_raw": stated,
        "unit": (found[2] if found else None) or header.units[at] or _UNITS.get(name),
    }
    return values, [] if found or _NOT_GIVEN.fullmatch(stated) else [VALUE_UNREAD]
