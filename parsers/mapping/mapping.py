"""A mapping file: how the investigator says that an unusual CSV file or JSON lines are to be read.

Source of the format: this project. A mapping is TOML, and becomes the source's setting `mapping`:

    format = "csv"                     # or "jsonl"
    table = "coin_movement"            # a table of evidence
    delimiter = ";"                    # csv: one byte, a comma if not said
    header = true                      # csv: false where there is none, columns are then 1, 2, ...
    decimal_mark = ","                 # a point if not said
    null = ["", "n/a"]                 # texts that mean nothing; the empty one if not said
    list = "payments"                  # jsonl: the member under which objects keep the records, if they do

    [match]                            # when to use it without being told; both must hold where both are given
    glob = "*/payouts-*.csv"           # on the path as delivered
    header = ["Date", "Paid"]          # names that must be in the header, or keys of the first object

    [time]                             # fills ts or ts_local; [time_end] likewise ts_end or ts_end_local
    source = "Date"
    format = "%d.%m.%Y %H:%M"          # iso (if not said), epoch_s, epoch_ms, or a strptime pattern of a whole date
    zone = "Europe/Berlin"             # IANA name, if the investigator knows it: only then is ts filled

    [columns]                          # column of the table = where it comes from
    asset = { constant = "XMR" }
    amount = "Paid"                    # a column of the file; for JSON lines a key, or a pointer as "/to/address"
    kind = { source = "Type", map = { "pay" = "payout" } }
    fee = { source = "Fee", scale = -12 }                      # counts units of ten to the -12 (piconero)
    known_at = { source = "Exported", format = "epoch_s" }     # columns that hold times take format and zone

What no column asks for is kept in `extra`. Every key is checked here, so that a slip of the pen is told, not obeyed.
"""

from __future__ import annotations

import fnmatch
import tomllib
import zoneinfo
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pyarrow as pa

from parsers.contract import Structure
from parsers.csvfields import MAX_FIELDS
from parsers.csvtext import decoded_fields, first_fields
from parsers.errors import ParsersError
from parsers.jsondocument import document_records
from parsers.jsonlines import JsonRecord
from parsers.mapping.values import Clock, pattern_fault, reader
from parsers.schema import EVIDENCE_TABLES, PROVENANCE, REMARKS, TABLES, WHEN
from parsers.source import Source

FORMATS = ("csv", "jsonl")
TIMES = ("time", "time_end")
_FREE_OF_MAPPING = frozenset(name for name, _ in (*PROVENANCE, *WHEN, *REMARKS))
_TOP_KEYS = frozenset(
    {"format", "table", "delimiter", "header", "decimal_mark", "null", "list", "match", "columns", *TIMES}
)
MAX_SCALE = 38


class MappingFault(ParsersError):
    """A mapping file cannot be used; the message names the key and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the values of a column come from: a column or pointer of the source, or one value for all rows.

    Numbers count units of ten to the `scale`.
    """

    source: str | None = None
    constant: Any = None
    values: Table[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    scale: int = 0


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping."""

    format: str
    table: str
    columns: Table[str, Origin]
    times: Table[str, Origin]
    delimiter: bytes = b","
    header: bool = True
    decimal_mark: str = "."
    nulls: frozenset[str] = frozenset({""})
    glob: str | None = None
    match_header: tuple[str, ...] = ()
    lists: frozenset[str] = frozenset()

    @property
    def sources(self) -> frozenset[str]:
        """What the source must have: names or positions of columns, or JSON pointers."""
        origins = (*self.columns.values(), *self.times.values())
        return frozenset(origin.source for origin in origins if origin.source is not None)


def load(text: str) -> Mapping:
    """Read a mapping file; raises `MappingFault`."""
    try:
        return parse(tomllib.loads(text))
    except tomllib.TOMLDecodeError as fault:
        raise MappingFault(f"the mapping is no TOML: {fault}") from None


def parse(given: Table[str, Any]) -> Mapping:
    """Check a mapping that was read from TOML; raises `MappingFault`."""
    _only(given, _TOP_KEYS, "the mapping")
    form = _text(given, "format", "the mapping")
    if form not in FORMATS:
        _fault("format", f"must be one of {', '.join(FORMATS)}, not {form!r}")
    table = _text(given, "table", "the mapping")
    if table not in EVIDENCE_TABLES:
        _fault("table", f"there is no table of evidence called {table!r}")
    mark = given.get("decimal_mark", ".")
    if mark not in {".", ","}:
        _fault("decimal_mark", "must be . or ,")
    header = given.get("header", True)
    if not isinstance(header, bool):
        _fault("header", "must be true or false")
    match = _section(given, "match")
    _only(match, frozenset({"glob", "header"}), "[match]")
    glob = match.get("glob")
    if glob is not None and not isinstance(glob, str):
        _fault("[match] glob", "must be text")
    times = {name: _time(given, name) for name in TIMES if name in given}
    columns = {name: _origin(table, name, value, mark) for name, value in _section(given, "columns").items()}
    mapping = Mapping(
        form,
        table,
        columns,
        times,
        _delimiter(given),
        header,
        mark,
        frozenset(_texts(given.get("null", [""]), "null")),
        glob,
        tuple(_texts(match.get("header", []), "[match] header")),
        _lists(given, form),
    )
    if not mapping.sources:
        _fault("columns", "nothing is taken from the source")
    if form == "csv" and not header:
        for name in mapping.sources:
            if not (name.isascii() and name.isdigit() and 0 < int(name[:9]) <= MAX_FIELDS):
                _fault(f"source {name!r}", "a file without header has columns 1, 2, ...")
    return mapping


def matches(mapping: Mapping, name: str, head: bytes) -> bool:
    """Tell whether a mapping applies of itself: its `match` section names the path, the header, or both."""
    if mapping.glob is None and not mapping.match_header:
        return False
    if mapping.glob is not None and not fnmatch.fnmatchcase(name, mapping.glob):
        return False
    return set(mapping.match_header) <= _names_in(mapping, head) if mapping.match_header else True


def _names_in(mapping: Mapping, head: bytes) -> set[str]:
    if mapping.format == "csv":
        first = first_fields(head, mapping.delimiter)
        return set(decoded_fields(first[0])[0]) if first else set()
    items = document_records(Source.of_bytes(head), mapping.lists)
    record = next((item for item in items if not isinstance(item, Structure)), None)
    return set(record.value) if isinstance(record, JsonRecord) else set()


def _fault(key: str, problem: str) -> NoReturn:
    raise MappingFault(f"mapping, {key}: {problem}")


def _only(given: Table[str, Any], known: frozenset[str], where: str) -> None:
    for key in given:
        if key not in known:
            raise MappingFault(f"{where} has an unknown key {key!r}", hint=f"known are {', '.join(sorted(known))}")


def _section(given: Table[str, Any], name: str) -> Table[str, Any]:
    section = given.get(name, {})
    if not isinstance(section, dict):
        _fault(name, "must be a section")
    return section


def _text(given: Table[str, Any], key: str, where: str) -> str:
    if key not in given:
        raise MappingFault(f"{where} lacks the key {key!r}")
    value = given[key]
    if not isinstance(value, str):
        _fault(key, "must be text")
    return value


def _texts(given: Any, key: str) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        _fault(key, "must be a list of texts")
    return given


def _delimiter(given: Table[str, Any]) -> bytes:
    delimiter = given.get("delimiter", ",")
    if not isinstance(delimiter, str) or len(delimiter.encode()) != 1 or delimiter in {'"', "\n", "\r", "\0"}:
        _fault("delimiter", "must be one byte, neither quote nor line end")
    return delimiter.encode()


def _lists(given: Table[str, Any], form: str) -> frozenset[str]:
    if "list" not in given:
        return frozenset()
    if form != "jsonl" or not isinstance(given["list"], str) or not given["list"]:
        _fault("list", "must be the name of a member, in JSON")
    return frozenset({given["list"]})


def _source(given: Any, key: str) -> str:
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    if not isinstance(given, str) or not given:
        _fault(key, "must name a column, or a JSON pointer")
    return given


def _clock(given: Table[str, Any], key: str) -> Clock:
    written = given.get("format", "iso")
    if not isinstance(written, str):
        _fault(f"{key} format", "must be text")
    problem = None if written in {"iso", "epoch_s", "epoch_ms"} else pattern_fault(written)
    if problem:
        _fault(f"{key} format", f"{written!r} {problem}")
    if "zone" not in given:
        return Clock(written)
    zone = given["zone"]
    if not isinstance(zone, str):
        _fault(f"{key} zone", "must be text")
    try:
        return Clock(written, zoneinfo.ZoneInfo(zone))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        _fault(f"{key} zone", f"there is no time zone called {zone!r}")


def _time(given: Table[str, Any], name: str) -> Origin:
    section = _section(given, name)
    _only(section, frozenset({"source", "format", "zone"}), f"[{name}]")
    if "source" not in section:
        _fault(f"[{name}]", "lacks the key 'source'")
    return Origin(_source(section["source"], f"[{name}] source"), clock=_clock(section, f"[{name}]"))


def _origin(table: str, name: str, given: Any, mark: str) -> Origin:
    schema, key = TABLES[table], f"[columns] {name}"
    if name not in schema.names:
        _fault(key, f"the table {table} has no such column")
    if name in _FREE_OF_MAPPING:
        _fault(key, "is filled in by the reader; times are mapped under [time] and [time_end]")
    kind = schema.field(name).type
    if name.endswith("_raw") and name.removesuffix("_raw") in schema.names:
        _fault(key, f"is filled in together with {name.removesuffix('_raw')}")
    if reader(kind) is None:
        _fault(key, "holds lists, which a mapping cannot fill")
    if not isinstance(given, dict):
        return Origin(_source(given, key))
    timed = pa.types.is_timestamp(kind)
    more = ("format", "zone") if timed else ("scale",) if pa.types.is_decimal(kind) else ()
    _only(given, frozenset({"source", "constant", "map", *more}), key)
    if ("source" in given) == ("constant" in given):
        _fault(key, "needs either a source or a constant")
    clock = _clock(given, key)
    if "constant" in given:
        return Origin(constant=_constant(given["constant"], kind, mark, clock, key), clock=clock)
    values = _section(given, "map")
    if not all(isinstance(value, str) for value in values.values()):
        _fault(f"{key} map", "must lead from text to text")
    return Origin(_source(given["source"], key), values=values, clock=clock, scale=_scale(given, key))


def _scale(given: Table[str, Any], key: str) -> int:
    scale = given.get("scale", 0)
    if not isinstance(scale, int) or isinstance(scale, bool) or abs(scale) > MAX_SCALE:
        _fault(f"{key} scale", f"must be a whole number from -{MAX_SCALE} to {MAX_SCALE}")
    return scale


def _constant(given: Any, kind: pa.DataType, mark: str, clock: Clock, key: str) -> Any:
    if not isinstance(given, str | int | bool):
        _fault(f"{key} constant", "must be text, a whole number, true or false")
    text = str(given).lower() if isinstance(given, bool) else str(given)
    read = reader(kind, mark, clock)
    assert read is not None
    found = read(text)
    if found.value is None:
        _fault(f"{key} constant", f"{text!r} does not fit the column")
    return found.value
