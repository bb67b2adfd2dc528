r"""Clean runs of Zeek's conn, dns and ssl logs as Arrow batches, without a loop over lines.

Lines are checked by counting delimiters and looking for what only the reading by line handles (escapes, control bytes,
text that is not ASCII, odd numbers); `zeek_columns` decodes what checks out. What a column means is said in
`zeek_rows`; here it is said again for whole columns, and a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers import blocks, ip
from parsers.blocks import Lines, Mask, Positions
from parsers.contract import Block
from parsers.flows.names import host_name
from parsers.flows.zeek_columns import (
    MOST_WHOLE_INTERVAL,
    MOST_WHOLE_TIME,
    Codes,
    Columns,
    Distinct,
    Millionths,
    Shape,
    json_joined,
    json_members,
    json_objects,
    members_of,
    odd_bytes,
    plain_numbers,
)
from parsers.flows.zeek_log import Header
from parsers.flows.zeek_rows import (
    ADDRESS_QUERIES,
    COUNTERPARTS,
    COUNTERPARTS6,
    DIRECTION_FLIPPED,
    ICMP,
    ICMP6,
    PROTOCOLS,
    whole_seconds,
)
from parsers.schema import TABLES

FEWEST_LINES = 32  # below this the set-up costs more than reading line by line
ODD_SHARE = 256  # with more than one odd line in so many, runs are too short to gain anything

_ENDS = {"id.orig_h": "addr", "id.orig_p": "port", "id.resp_h": "addr", "id.resp_p": "port"}
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
_JSON = pa.large_string()

_CONN = Shape(
    types=_ENDS
    | {"ts": "time", "uid": "string", "proto": "enum", "ip_proto": "count", "service": "string"}
    | {"duration": "interval", "conn_state": "string", "history": "string", "vlan": "int", "_node_name": "string"}
    | dict.fromkeys(_COUNTS.values(), "count"),
    required=("ts", "uid", *_ENDS, "proto", "duration"),
    numbers=frozenset({*_PORTS, *_COUNTS.values()}),
    decimals=frozenset({"ts", "duration"}),
    absent=frozenset({"_system_name"}),  # with it, which column names the sensor depends on the line
)
_DNS_TYPES = {"ts": "time", "uid": "string", "id.orig_h": "addr", "id.resp_h": "addr", "query": "string"}
_DNS_TYPES |= {"qtype_name": "string", "rcode_name": "string", "answers": "vector[string]", "TTLs": "vector[interval]"}
_DNS = Shape(types=_DNS_TYPES, required=tuple(_DNS_TYPES))
_SSL_TYPES = _ENDS | {"ts": "time", "uid": "string", "server_name": "string"}
_SSL = Shape(types=_SSL_TYPES, required=tuple(_SSL_TYPES), numbers=frozenset(_PORTS))


@dataclass(frozen=True, slots=True)
class Clean:
    """The lines that checked out (`good`) and their rows: each table's batch, and where each good line's rows begin."""

    lines: Lines
    good: Mask
    tables: Mapping[str, tuple[pa.RecordBatch, Positions]]

    def block(self, begin: int, end: int) -> Block:
        """Return the good lines `begin` to `end` (exclusive) as an item."""
        start = int(self.lines.starts[begin])
        length = int(self.lines.ends[end - 1]) + 1 - start
        records = end - begin
        first = int(np.count_nonzero(self.good[:begin]))
        tables = {}
        for table, (batch, begins) in self.tables.items():
            at, stop = int(begins[first]), int(begins[first + records])
            if stop > at:
                tables[table] = batch.slice(at, stop - at)
        return Block(self.lines.offset + start, length, records, length - records, records, tables)


class _Rows(NamedTuple):
    """Rows of one table as columns; `line` tells which good line each row is of (None: one row a line, in order)."""

    columns: dict[str, pa.Array]
    line: Positions | None = None


_Maker = Callable[[Columns], tuple[dict[str, _Rows], Mask]]


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
    """Read lines of one log, numbered from `records` + 1; None where reading line by line is the better or only way."""
    if header.path not in _LOGS:
        return None
    shape, make = _LOGS[header.path]
    if len(lines) < FEWEST_LINES or not shape.fits(header):
        return None
    found = blocks.delimited(lines, header.separator[0])
    good = found.counts == len(header.names) - 1
    if lines.ends[-1] == len(lines.data):
        good[-1] = False
    for positions in odd_bytes(lines, found.control, header.separator[0]):
        good &= ~lines.holding(positions)
    while _worth_it(good):
        try:
            columns = Columns(lines, header, shape, good, found)
        except pa.ArrowInvalid:  # a number that is none, in some line
            plain = plain_numbers(lines, header, shape, good)
        else:
            return _clean(columns, make, source_id, records)
        if plain.all():
            return None
        good[np.flatnonzero(good)[~plain]] = False
    return None


def _worth_it(good: Mask) -> bool:
    kept = int(np.count_nonzero(good))
    return kept >= FEWEST_LINES and (len(good) - kept) * ODD_SHARE <= len(good)


def _clean(columns: Columns, make: _Maker, source_id: str, records: int) -> Clean | None:
    made, good_rows = make(columns)
    good_rows &= columns.readable()
    good = columns.good
    if not good_rows.all():
        good = good.copy()
        good[np.flatnonzero(good)[~good_rows]] = False
        if not _worth_it(good):
            return None
    places = columns.places(records)
    tables = {table: _batch(table, rows, places, good_rows, source_id) for table, rows in made.items()}
    return Clean(columns.lines, good, tables)


def _batch(
    table: str, rows: _Rows, places: Mapping[str, Positions], good: Mask, source_id: str
) -> tuple[pa.RecordBatch, Positions]:
    schema = TABLES[table]
    line = np.arange(len(good)) if rows.line is None else rows.line
    columns = {name: pa.array(at if rows.line is None else at[line]) for name, at in places.items()}
    columns |= {"source_id": _constant(source_id, len(line)), "part": pa.array(np.zeros(len(line), np.int32))}
    columns |= rows.columns
    batch = pa.RecordBatch.from_arrays(
        [columns[field.name] if field.name in columns else pa.nulls(len(line), field.type) for field in schema],
        schema=schema,
    )
    kept = good[line]
    if not kept.all():
        batch, line = batch.filter(pa.array(kept)), line[kept]
    return batch, np.searchsorted(line, np.append(np.flatnonzero(good), len(good)))


def _constant(text: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(text), rows)


def _when(ts: Millionths, line: Positions | None = None) -> dict[str, pa.Array]:
    values = ts.values if line is None else ts.values[line]
    precision = pa.array(np.ones(len(values), np.int64))
    return {"ts": _time(pa.array(values)), "ts_precision_us": precision}


def _time(micros: pa.Array) -> pa.Array:
    return micros.view(TABLES["flow"].field("ts").type)


# --- conn -------------------------------------------------------------------------------------------------------------


def _flows(columns: Columns) -> tuple[dict[str, _Rows], Mask]:
    ts, duration = columns.micros("ts", MOST_WHOLE_TIME), columns.micros("duration", MOST_WHOLE_INTERVAL)
    protocol = _protocols(columns.distinct)
    end = pa.array(ts.values + duration.values, mask=~duration.known)
    schema = TABLES["flow"]
    flows = (
        _when(ts)
        | {name: columns.plain(column) for name, column in _COUNTS.items() if column in columns}
        | {
            name: columns.distinct[column].column(schema.field(name).type)
            for name, column in _TEXTS.items()
            if column in columns
        }
        | _endpoint_numbers(columns, protocol)
        | {
            "flow_id": columns.plain("uid"),
            "ts_end": _time(end),
            "duration_us": duration.column(),
            "protocol": pa.array(protocol),
            "bytes_layer": _bytes_layer(columns),
            "directionality": _constant("both", columns.rows),
            "initiator_known": _initiator_known(columns.distinct.get("history"), columns.rows),
            "extra": json_objects(json_members(columns.extras(), columns.rows), columns.rows),
        }
    )
    return {"flow": _Rows(flows)}, ts.known & duration.good & (protocol >= 0)


def _protocols(distinct: Mapping[str, Distinct]) -> Codes:
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


def _endpoint_numbers(columns: Columns, protocol: Codes) -> dict[str, pa.Array]:
    orig, resp = (columns.plain(name).cast(pa.int32()) for name in _PORTS)
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


def _bytes_layer(columns: Columns) -> pa.Array:
    sized = [columns.plain(name).is_valid() for name in ("orig_ip_bytes", "resp_ip_bytes") if name in columns]
    if not sized:
        return pa.nulls(columns.rows, pa.string())
    known = sized[0] if len(sized) == 1 else pc.or_(*sized)
    layer = _constant("ip", columns.rows)
    return layer if pc.all(known).as_py() else pc.if_else(known, layer, None)


def _initiator_known(history: Distinct | None, rows: int) -> pa.Array:
    if history is None:
        return pa.array(np.ones(rows, np.bool_))
    return pa.array(history.numbers(lambda text: int(DIRECTION_FLIPPED in (text or ""))) != 1)


# --- dns --------------------------------------------------------------------------------------------------------------


class _Lists(NamedTuple):
    """A column of lists: the elements of all distinct lists one after the other, and where each list's begin."""

    elements: list[Any]
    begins: Positions
    lengths: Positions
    codes: Codes

    @classmethod
    def of(cls, column: Distinct) -> _Lists:
        lists = [value or [] for value in column.values]
        lengths = np.array([*map(len, lists), 0], np.int64)  # the last for lines without a list
        return cls([element for one in lists for element in one], np.cumsum(lengths) - lengths, lengths, column.codes)

    def counts(self) -> Positions:
        """Return the number of elements of each line."""
        counted: Positions = self.lengths[self.codes]
        return counted

    def elements_of(self, line: Positions, part: Positions) -> pa.Array:
        """Return which element each row has, null where its line has none."""
        codes = self.codes[line]
        return pa.array(self.begins[codes] + part, mask=self.lengths[codes] <= part)


def _lookups(columns: Columns) -> tuple[dict[str, _Rows], Mask]:
    ts, distinct = columns.micros("ts", MOST_WHOLE_TIME), columns.distinct
    answers, ttls = _Lists.of(distinct["answers"]), _Lists.of(distinct["TTLs"])
    rows_of_line = np.maximum(answers.counts(), 1)
    line = np.repeat(np.arange(columns.rows), rows_of_line)
    part = np.arange(len(line)) - np.repeat(np.cumsum(rows_of_line) - rows_of_line, rows_of_line)
    answer = answers.elements_of(line, part)
    found = [ip.canonical(text) if text else None for text in answers.elements]
    addresses = pa.array(found, pa.string()).take(answer)
    aliases = pa.array(list(map(_alias, answers.elements, found)), pa.string()).take(answer)
    seconds = pa.array([whole_seconds(value) for value in ttls.elements], pa.int64())
    by_name = distinct["qtype_name"].numbers(lambda name: int(name in ADDRESS_QUERIES))[line] == 1
    aliases = pc.if_else(pa.array(by_name), aliases, None)
    unmapped = pa.array(members_of("answer", answers.elements), _JSON)
    unplaced = pc.if_else(pc.or_(addresses.is_valid(), aliases.is_valid()), None, unmapped.take(answer))
    at_line = pa.array(line)
    members = [part.column().take(at_line) for part in json_members(columns.extras(), columns.rows)]
    names = {
        "name": distinct["query"].mapped(host_name),
        "query_type": distinct["qtype_name"].mapped(_filled),
        "response_code": distinct["rcode_name"].mapped(_filled),
        "client_address": distinct["id.orig_h"],
        "server_address": distinct["id.resp_h"],
    }
    rows = (
        _when(ts, line)
        | {name: column.column(pa.string()).take(at_line) for name, column in names.items()}
        | {
            "part": pa.array(part.astype(np.int32)),
            "kind": pc.if_else(answer.is_valid(), "dns_answer", "dns_query"),
            "address": addresses,
            "alias_of": aliases,
            "ttl_s": seconds.take(ttls.elements_of(line, part)),
            "flow_id": columns.plain("uid").take(at_line),
            "extra": json_joined([*members, unplaced]),
        }
    )
    matching = (ttls.codes < 0) | (ttls.counts() == answers.counts())
    named = _named(distinct, "qtype") & _named(distinct, "rcode")
    return {"name_lookup": _Rows(rows, line)}, ts.known & matching & named


def _alias(answer: str | None, address: str | None) -> str | None:
    return host_name(answer) if answer and not address and " " not in answer else None


def _filled(text: str | None) -> str | None:
    return text or None


def _named(distinct: Mapping[str, Distinct], column: str) -> Mask:
    """Tell where a number has its name: without, the number has to stand in."""
    named: Mask = distinct[f"{column}_name"].numbers(lambda name: int(bool(name))) == 1
    return named if column not in distinct else named | (distinct[column].codes < 0)


# --- ssl --------------------------------------------------------------------------------------------------------------


def _handshakes(columns: Columns) -> tuple[dict[str, _Rows], Mask]:
    ts = columns.micros("ts", MOST_WHOLE_TIME)
    name = columns.distinct["server_name"].mapped(host_name)
    src_address, dst_address = (columns.distinct[end].column(pa.string()) for end in ("id.orig_h", "id.resp_h"))
    src_port, dst_port = (columns.plain(end).cast(pa.int32()) for end in _PORTS)
    messages = _when(ts) | {
        "protocol": _constant("tls", columns.rows),
        "src_address": src_address,
        "src_port": src_port,
        "dst_address": dst_address,
        "dst_port": dst_port,
        "flow_id": columns.plain("uid"),
        "host": name.column(pa.string()),
        "extra": json_objects(json_members(columns.extras(), columns.rows), columns.rows),
    }
    line = np.flatnonzero(name.numbers(lambda host: int(bool(host))) == 1)
    at_line = pa.array(line)
    lookups = _when(ts, line) | {
        "part": pa.array(np.ones(len(line), np.int32)),
        "kind": _constant("tls_sni", len(line)),
        "name": messages["host"].take(at_line),
        "address": dst_address.take(at_line),
        "port": dst_port.take(at_line),
        "client_address": src_address.take(at_line),
        "flow_id": columns.plain("uid").take(at_line),
    }
    return {"application_message": _Rows(messages), "name_lookup": _Rows(lookups, line)}, ts.known


_LOGS: dict[str, tuple[Shape, _Maker]] = {"conn": (_CONN, _flows), "dns": (_DNS, _lookups), "ssl": (_SSL, _handshakes)}
