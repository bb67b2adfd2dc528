r"""Clean runs of Zeek's conn.log as Arrow batches, without a loop over lines.

Lines are checked by counting delimiters and looking for what only the reading by line handles (escapes, control bytes,
text that is not ASCII, odd numbers). pyarrow.csv decodes the lines that check out; each distinct text then goes through
the very functions of `zeek_log` and `zeek_rows`, so that both speeds give the same rows (a test compares them).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from parsers import blocks, ip
from parsers.blocks import Lines, Mask, Positions
from parsers.contract import Block
from parsers.flows.zeek_log import Fields, Header, ZeekFault
from parsers.flows.zeek_rows import COUNTERPARTS, COUNTERPARTS6, DIRECTION_FLIPPED, ICMP, ICMP6, PROTOCOLS, extra_json
from parsers.schema import TABLES

FLOW = TABLES["flow"]
FEWEST_LINES = 32  # below this the set-up costs more than reading line by line
ODD_SHARE = 256  # with more than one odd line in so many, runs are too short to gain anything
MOST_WHOLE_TIME = 11  # digits before the point: up to the year 5138
MOST_WHOLE_DURATION = 9

# the columns that rows have, and what the header must say of them; all others go to `extra`
_TYPES = {
    "ts": "time",
    "uid": "string",
    "id.orig_h": "addr",
    "id.orig_p": "port",
    "id.resp_h": "addr",
    "id.resp_p": "port",
    "proto": "enum",
    "ip_proto": "count",
    "service": "string",
    "duration": "interval",
    "orig_bytes": "count",
    "resp_bytes": "count",
    "conn_state": "string",
    "history": "string",
    "orig_pkts": "count",
    "orig_ip_bytes": "count",
    "resp_pkts": "count",
    "resp_ip_bytes": "count",
    "vlan": "int",
    "_node_name": "string",
}
_REQUIRED = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "duration")
_OTHER_SENSOR = "_system_name"  # which column names the sensor then depends on the line
_OWN_DECIMALS = ("ts", "duration")  # never through a float
_COUNTS = {
    "src_packets": "orig_pkts",
    "dst_packets": "resp_pkts",
    "src_bytes": "orig_ip_bytes",
    "dst_bytes": "resp_ip_bytes",
    "src_payload_bytes": "orig_bytes",
    "dst_payload_bytes": "resp_bytes",
}
_TEXTS = {
    "src_address": "id.orig_h",
    "dst_address": "id.resp_h",
    "app_protocol": "service",
    "state": "conn_state",
    "history": "history",
    "sensor": "_node_name",
    "vlan": "vlan",
}
_PORTS = ("id.orig_p", "id.resp_p")
_MAPPED_COUNTS = frozenset(_COUNTS.values())
_NUMBERS = frozenset({pa.uint16(), pa.uint64()})
_DICTIONARY = pa.dictionary(pa.int32(), pa.string())
_V4_ONLY = f"^{ip.V4_SHAPE}$"
_FEW_COMBINATIONS = 1 << 16

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Clean:
    """The lines that checked out (`good`) and their rows, in order."""

    lines: Lines
    good: Mask
    flows: pa.RecordBatch

    def block(self, begin: int, end: int) -> Block:
        """Return the good lines `begin` to `end` (exclusive) as an item."""
        start = int(self.lines.starts[begin])
        length = int(self.lines.ends[end - 1]) + 1 - start
        records = end - begin
        rows = self.flows.slice(int(np.count_nonzero(self.good[:begin])), records)
        return Block(self.lines.offset + start, length, records, length - records, records, {"flow": rows})


def meta_candidates(lines: Lines, prefix: bytes) -> list[int]:
    """Return the numbers of all lines that are empty or begin as a meta line does."""
    if not len(lines):
        return []
    lengths = lines.ends - lines.starts
    first = lines.array[np.minimum(lines.starts, len(lines.data) - 1)]
    chosen = (lengths == 0) | ((lengths == 1) & (first == ord("\r"))) | (first == prefix[0])
    found: list[int] = np.flatnonzero(chosen).tolist()
    return found


def read(lines: Lines, header: Header, source_id: str, records: int) -> Clean | None:
    """Read lines of a conn log, numbered from `records` + 1; None where reading line by line is the better way."""
    if len(lines) < FEWEST_LINES or not _fits(header):
        return None
    delimiter = header.separator[0]
    found = blocks.delimited(lines, delimiter)
    good = found.counts == len(header.names) - 1
    if lines.ends[-1] == len(lines.data):
        good[-1] = False
    for positions in _odd_bytes(lines, found.control, delimiter):
        good &= ~lines.holding(positions)
    while _worth_it(good):
        conn = _Conn(lines, header, good, found)
        try:
            return conn.read(source_id, records)
        except pa.ArrowInvalid:  # a number that is none, in some line
            plain = conn.plain_numbers()
        if plain.all():
            return None
        good[np.flatnonzero(good)[~plain]] = False
    return None


def _fits(header: Header) -> bool:
    known = dict(zip(header.names, header.types, strict=True))
    return (
        len(header.separator) == 1
        and header.separator.isascii()
        and header.separator not in b"\r \\"
        and header.unset.isascii()
        and all(name in known for name in _REQUIRED)
        and _OTHER_SENSOR not in known
        and all(known.get(name, kind) == kind for name, kind in _TYPES.items())
    )


def _worth_it(good: Mask) -> bool:
    kept = int(np.count_nonzero(good))
    return kept >= FEWEST_LINES and (len(good) - kept) * ODD_SHARE <= len(good)


def _odd_bytes(lines: Lines, control: Positions, delimiter: int) -> Iterator[Positions]:
    """Yield positions of bytes that only the reading by line handles."""
    data, array = lines.data, lines.array
    yield control
    if not data.isascii():
        yield np.flatnonzero(array >= 0x80)
    if b"\\" in data:
        yield np.flatnonzero(array == ord("\\"))
    if b" " in data:  # pyarrow takes blanks around numbers
        blank = np.flatnonzero(array == ord(" "))
        before, after = array[blank - 1], array.take(blank + 1, mode="clip")
        at_edge = (before == delimiter) | (before == ord("\n")) | (after == delimiter) | (after == ord("\n"))
        yield blank[at_edge | (blank == 0)]


@dataclass(frozen=True, slots=True)
class _Distinct:
    """A column as its distinct values, and for each row which one it has (-1: none).

    `values` is an Arrow array where the texts are the values as they stand.
    """

    values: list[Any] | pa.Array
    codes: Codes
    good: Mask  # false where the text is not of the column's type

    def spread(self, kind: pa.DataType) -> pa.Array:
        """Return the column as an array."""
        values = pa.array(self.values, kind) if isinstance(self.values, list) else self.values
        return values.take(pa.array(self.codes, mask=self.codes < 0))

    def numbers(self, number_of: Callable[[Any], int | None]) -> Codes:
        """Return a number for each row, -1 where there is none."""
        found = [-1 if number is None else number for number in map(number_of, self.values)]
        return np.array([*found, -1], np.int32)[self.codes]


class _Conn:
    """One reading of the good lines."""

    def __init__(self, lines: Lines, header: Header, good: Mask, found: blocks.Delimiters) -> None:
        self._lines = lines
        self._header = header
        self._good = good
        self._rows = int(np.count_nonzero(good))
        places = found.places if self._rows == len(good) else found.places[np.repeat(good, found.counts)]
        self._delimiters = places.reshape(self._rows, -1)
        self._fields = Fields(header)
        self._kinds = dict(zip(header.names, header.types, strict=True))

    def read(self, source_id: str, records: int) -> Clean:
        """Read all good lines; raises `pa.ArrowInvalid` where a count or a port is none."""
        ts, duration, ok = self._times()
        table = self._decoded({name: self._arrow_type(name) for name in self._kinds if name not in _OWN_DECIMALS})
        distinct = {
            name: self._distinct(name, table[name].chunk(0))
            for name in table.column_names
            if table[name].type == _DICTIONARY
        }
        for column in distinct.values():
            ok &= column.good
        ok &= ~pc.equal(table["uid"], self._header.empty.decode("latin-1")).fill_null(fill_value=False).to_numpy()
        protocol = _protocols(distinct)
        ok &= (protocol >= 0) & self._decimal()
        columns = (
            self._places(source_id, records)
            | _when(ts, duration)
            | {name: table[column].chunk(0) for name, column in _COUNTS.items() if column in table.column_names}
            | {
                name: distinct[column].spread(FLOW.field(name).type)
                for name, column in _TEXTS.items()
                if column in distinct
            }
            | _endpoint_numbers(table, protocol)
            | {
                "flow_id": table["uid"].chunk(0),
                "protocol": pa.array(protocol),
                "bytes_layer": self._bytes_layer(table),
                "directionality": _constant("directionality", "both", len(ts)),
                "initiator_known": _initiator_known(distinct.get("history"), len(ts)),
                "extra": _extra({name: column for name, column in distinct.items() if name not in _TYPES}, len(ts)),
            }
        )
        flows = pa.RecordBatch.from_arrays(
            [columns[field.name] if field.name in columns else pa.nulls(len(ts), field.type) for field in FLOW],
            schema=FLOW,
        )
        if ok.all():
            return Clean(self._lines, self._good, flows)
        good = self._good.copy()
        good[np.flatnonzero(good)[~ok]] = False
        return Clean(self._lines, good, flows.filter(pa.array(ok)))

    def plain_numbers(self) -> Mask:
        """Tell which good lines hold numbers, and nothing else, where the header says so."""
        numbers = {name: pa.string() for name in self._kinds if self._arrow_type(name) in _NUMBERS}
        table = self._decoded(numbers)
        plain = np.ones(self._rows, np.bool_)
        for name in numbers:
            shape = "^[0-9]{1,19}$" if self._kinds[name] == "count" else "^[0-9]{1,4}$|^[1-5][0-9]{4}$"
            plain &= pc.match_substring_regex(table[name], shape).fill_null(fill_value=True).to_numpy()
        return plain

    def _arrow_type(self, name: str) -> pa.DataType:
        if name == "uid":
            return pa.string()
        if name in _PORTS:
            return pa.uint16()
        return pa.uint64() if name in _MAPPED_COUNTS else _DICTIONARY

    def _decoded(self, types: Mapping[str, pa.DataType]) -> pa.Table:
        data = self._lines.joined(self._good)
        return csv.read_csv(
            pa.BufferReader(data),
            csv.ReadOptions(column_names=self._header.names, use_threads=False, block_size=len(data) + 1),
            csv.ParseOptions(
                delimiter=self._header.separator.decode(),
                quote_char=False,
                double_quote=False,
                escape_char=False,
                newlines_in_values=False,
                ignore_empty_lines=False,
            ),
            csv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                null_values=[self._header.unset.decode()],
                strings_can_be_null=True,
                check_utf8=False,  # the good lines are ASCII
            ),
        )

    def _bounds(self, name: str) -> tuple[Positions, Positions]:
        at, last = self._header.names.index(name), len(self._header.names) - 1
        starts = self._delimiters[:, at - 1] + 1 if at else self._lines.starts[self._good]
        return starts, self._delimiters[:, at] if at < last else self._lines.ends[self._good]

    def _decimal(self) -> Mask:
        """Tell in which lines no count and no port is written in hexadecimal, which pyarrow would take."""
        array = self._lines.array
        numbers = [at for at, name in enumerate(self._header.names) if self._arrow_type(name) in _NUMBERS]
        starts = self._delimiters[:, [at - 1 for at in numbers if at]] + 1
        if 0 in numbers:
            starts = np.column_stack((starts, self._lines.starts[self._good]))
        row, column = np.nonzero(array[starts] == ord("0"))
        second = array.take(starts[row, column] + 1, mode="clip") | 0x20
        good = np.ones(self._rows, np.bool_)
        good[row[second == ord("x")]] = False
        return good

    def _times(self) -> tuple[Positions, np.ma.MaskedArray[Any, Any], Mask]:
        starts, ends = self._bounds("ts")
        ts, ok = blocks.micros(self._lines, starts, ends, MOST_WHOLE_TIME)
        ok &= ~blocks.equal_to(self._lines, starts, ends, self._header.unset)
        starts, ends = self._bounds("duration")
        duration, spanned = blocks.micros(self._lines, starts, ends, MOST_WHOLE_DURATION)
        unset = blocks.equal_to(self._lines, starts, ends, self._header.unset)
        return ts, np.ma.MaskedArray(duration, unset), ok & (spanned | unset)

    def _distinct(self, name: str, column: pa.DictionaryArray) -> _Distinct:
        codes = pc.fill_null(column.indices, -1).to_numpy()
        all_good = np.ones(len(codes), np.bool_)
        if self._kinds[name] == "addr" and pc.all(pc.match_substring_regex(column.dictionary, _V4_ONLY)).as_py():
            return _Distinct(column.dictionary, codes, all_good)
        read = self._fields.reader(self._kinds[name])
        values: list[Any] = []
        bad: list[int] = []
        for code, text in enumerate(column.dictionary.to_pylist()):
            try:
                values.append(read(text.encode()))
            except ZeekFault:
                values.append(None)
                bad.append(code)
        return _Distinct(values, codes, ~np.isin(codes, bad) if bad else all_good)

    def _places(self, source_id: str, records: int) -> dict[str, pa.Array]:
        lines, at = self._lines, np.flatnonzero(self._good)
        starts = lines.starts[at]
        return {
            "source_id": _constant("source_id", source_id, len(at)),
            "record": pa.array(records + 1 + at),
            "part": _constant("part", 0, len(at)),
            "line": pa.array(lines.before + 1 + at),
            "offset": pa.array(lines.offset + starts),
            "length": pa.array(lines.ends[at] - starts),
        }

    def _bytes_layer(self, table: pa.Table) -> pa.Array:
        sized = [table[name].is_valid() for name in ("orig_ip_bytes", "resp_ip_bytes") if name in table.column_names]
        if not sized:
            return pa.nulls(table.num_rows, pa.string())
        layer = _constant("bytes_layer", "ip", table.num_rows)
        known = sized[0] if len(sized) == 1 else pc.or_(*sized)
        return layer if pc.all(known).as_py() else pc.if_else(known.combine_chunks(), layer, None)


def _constant(column: str, value: Any, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, FLOW.field(column).type), rows)


def _when(ts: Positions, duration: np.ma.MaskedArray[Any, Any]) -> dict[str, pa.Array]:
    time = FLOW.field("ts").type
    return {
        "ts": pa.array(ts).view(time),
        "ts_end": pa.array(ts + duration.data, mask=duration.mask).view(time),
        "ts_precision_us": _constant("ts_precision_us", 1, len(ts)),
        "duration_us": pa.array(duration.data, mask=duration.mask),
    }


def _protocols(distinct: Mapping[str, _Distinct]) -> Codes:
    """Return the protocol number of each row, -1 where only the reading by line can tell."""
    protocol = distinct["proto"].numbers(PROTOCOLS.get)
    sources = distinct["id.orig_h"]
    if isinstance(sources.values, list):
        six = sources.numbers(lambda address: int(address is not None and ":" in address))
        protocol = np.where((protocol == ICMP) & (six == 1), np.int32(ICMP6), protocol)
    if "ip_proto" not in distinct:
        return protocol
    logged = distinct["ip_proto"].numbers(lambda number: number if number is not None and number <= 255 else None)
    return np.where(distinct["ip_proto"].codes < 0, protocol, logged)


def _endpoint_numbers(table: pa.Table, protocol: Codes) -> dict[str, pa.Array]:
    orig, resp = (table[name].chunk(0).cast(pa.int32()) for name in _PORTS)
    icmp = (protocol == ICMP) | (protocol == ICMP6)
    if not icmp.any():
        return {"src_port": orig, "dst_port": resp}
    first, second = (pc.fill_null(number, -1).to_numpy() for number in (orig, resp))
    answered = np.zeros(len(icmp), np.bool_)
    for family, pairs in ((ICMP, COUNTERPARTS), (ICMP6, COUNTERPARTS6)):
        for kind, answer in pairs.items():
            if answer:
                answered |= (protocol == family) & (first == kind) & (second == answer)
    return {
        "src_port": pa.array(first, mask=icmp | (first < 0)),
        "dst_port": pa.array(second, mask=icmp | (second < 0)),
        "icmp_type": pa.array(first, mask=~icmp | (first < 0)),
        "icmp_code": pa.array(second, mask=~icmp | answered | (second < 0)),
    }


def _initiator_known(history: _Distinct | None, rows: int) -> pa.Array:
    if history is None:
        return pa.array(np.ones(rows, np.bool_))
    return pa.array(history.numbers(lambda text: int(DIRECTION_FLIPPED in (text or ""))) != 1)


def _extra(columns: Mapping[str, _Distinct], rows: int) -> pa.Array:
    """Return the JSON of all unmapped columns: written once for each combination that occurs."""
    kind = FLOW.field("extra").type
    codes, bound = np.zeros(rows, np.int64), 1
    first = np.zeros(min(rows, 1), np.int64)
    for column in columns.values():
        codes = codes * (len(column.values) + 1) + column.codes + 1
        first, codes, bound = _compressed(codes, bound * (len(column.values) + 1))
    if not columns:
        return pa.nulls(rows, kind)
    texts = [
        extra_json(
            {
                name: value
                for name, column in columns.items()
                if column.codes[row] >= 0 and (value := column.values[column.codes[row]]) is not None
            }
        )
        for row in first.tolist()
    ]
    return pa.array(texts, kind).take(pa.array(codes))


def _compressed(codes: Positions, bound: int) -> tuple[Positions, Positions, int]:
    """Number the codes that occur: (row of one occurrence, new code of each row, how many)."""
    if bound > _FEW_COMBINATIONS:
        _, first, compact = np.unique(codes, return_index=True, return_inverse=True)
        return first, compact, len(first)
    some_row = np.full(bound, -1, np.int64)
    some_row[codes] = np.arange(len(codes))
    present = np.flatnonzero(some_row >= 0)
    numbering = np.zeros(bound, np.int64)
    numbering[present] = np.arange(len(present))
    return some_row[present], numbering[codes], len(present)
