"""Citations: from an event's key to the reference that the incident document prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from forensics.engine import Engine
from parsers.dissect.secrets import mask
from parsers.schema import EVIDENCE_TABLES, TABLES
from parsers.times import text_of

MAX_SPANS = 1000
MAX_SUMMARY = 200
_SUMMARY_COLUMNS = {
    "transcript": ("command", "text"),
    "process": ("command",),
    "application_message": ("text", "method"),
    "custody_action": ("text", "kind"),
    "alert": ("title", "rule"),
    "artefact": ("value", "kind"),
    "name_lookup": ("name",),
    "coin_movement": ("kind",),
    "cloud_activity": ("operation",),
    "charge": ("charge_description", "resource_id"),
    "resource_request": ("text", "kind"),
}


_PLACED_BY_ROW = """
    select cited.event, evidence.source_id, evidence.record, evidence.part, evidence.line, '{table}' as table_name,
        epoch_us(evidence.ts) as earliest_us, epoch_us(evidence.ts) as best_us,
        epoch_us(evidence.ts) + coalesce(evidence.ts_precision_us, 0) as latest_us,
        case when evidence.ts is null then 'none' else 'recorded' end as ts_basis, delivery.intake, delivery.path,
        event_actor.actor
    from "{table}" as evidence
    join cited on cited.event = evidence.source_id || '#' || evidence.record || '.' || evidence.part
    join delivery on delivery.source_id = evidence.source_id
    left join event_actor on event_actor.event = cited.event
    order by cited.event
"""


@dataclass(frozen=True, slots=True)
class Citation:
    """One record as cited. `group_key` names the table, with the kind where it decides who could have written it."""

    event: str
    table: str
    group_key: str
    reference: Mapping[str, Any]


class Citations:
    """Looks up references for events of an engine; remembers what it found."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, Citation] = {}
        ids = [
            row["source_id"] for row in engine.rows("select distinct source_id from source where source_id is not null")
        ]
        self._digits = _digits_needed(ids)
        self._disputed = {
            (row["source_id"], row["record"], row["part"]): row["text"] or ""
            for row in engine.rows("select * from annotation where kind = 'dispute' order by seq")
        }

    def load(self, events: Iterable[str]) -> None:
        """Fetch what is not known yet, in one pass per table."""
        wanted = sorted(set(events) - self._known.keys())
        if not wanted:
            return
        self._want(wanted)
        places = self._engine.rows(
            "select cited_place.*, delivery.intake, delivery.path, event_actor.actor from cited_place"
            " join cited on cited.event = cited_place.event"
            " join delivery on delivery.source_id = cited_place.source_id"
            " left join event_actor on event_actor.event = cited_place.event order by cited_place.event"
        )
        self._keep(places)

    def load_rows(self, tables: Mapping[str, str]) -> None:
        """Fetch records that no relation of the chain places, by event with the table each lies in."""
        self.load(tables)
        for table in sorted(set(tables.values()) & set(EVIDENCE_TABLES)):
            wanted = sorted(event for event, name in tables.items() if name == table and event not in self._known)
            if wanted:
                self._want(wanted)
                self._keep(self._engine.rows(_PLACED_BY_ROW.format(table=table)))

    def _want(self, events: list[str]) -> None:
        self._engine.connection.execute("drop table if exists cited")
        self._engine.connect_arrow("cited", pa.table({"event": pa.array(events, pa.string())}))

    def _keep(self, places: list[dict[str, Any]]) -> None:
        spans = self._spans()
        details = self._details({place["table_name"] for place in places})
        for place in places:
            self._known[place["event"]] = self._citation(place, spans, details.get(place["event"], {}))

    def _details(self, tables: set[str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for table in sorted(tables & set(EVIDENCE_TABLES)):
            names = TABLES[table].names
            extra = "extra" if "extra" in names else "null"
            kind = "kind" if "kind" in names else "null"
            said = ", ".join(_SUMMARY_COLUMNS.get(table, ()))
            summary = f"left(coalesce({said}), 2000)" if said else "null"
            recorded = "epoch_us(ts)" if "ts" in names else "null"
            rows = self._engine.rows(
                f'select cited.event, "offset" as start, length, {extra} as extra, {kind} as kind,'
                f' {summary} as summary, {recorded} as recorded_us from "{table}" as evidence'
                " join cited on cited.event = evidence.source_id || '#' || evidence.record || '.' || evidence.part"
            )
            for row in rows:
                found.setdefault(row["event"], row)
        return found

    def _spans(self) -> dict[str, list[list[int]]]:
        rows = self._engine.rows(
            "select cited.event, span_offset, span_length from locator"
            " join cited on cited.event = locator.source_id || '#' || locator.record || '.' || locator.part"
            f" where span < {MAX_SPANS} order by cited.event, span"
        )
        spans: dict[str, list[list[int]]] = {}
        for row in rows:
            spans.setdefault(row["event"], []).append([row["span_offset"], row["span_length"]])
        return spans

    def _citation(self, place: dict[str, Any], spans: dict[str, list[list[int]]], detail: dict[str, Any]) -> Citation:
        table = place["table_name"]
        reference: dict[str, Any] = {
            "ref": self.ref(place["source_id"], place["record"], place["part"]),
            "intake": place["intake"],
            "path": place["path"],
            "sha256": place["source_id"],
            "record": place["record"],
            "part": place["part"],
            "line": place["line"],
            "offset": detail.get("start"),
            "length": detail.get("length"),
            "table": table,
            "actor": place["actor"] or "unknown",
            "ts": moment(place["best_us"]),
            "ts_recorded": moment(detail.get("recorded_us")),
            "ts_earliest": moment(place["earliest_us"]),
            "ts_latest": moment(place["latest_us"]),
            "ts_basis": place["ts_basis"],
        }
        disputed = self._why_disputed(place)
        if disputed is not None:
            reference["disputed"] = summary_of(disputed)
        if place["event"] in spans:
            reference["spans"] = spans[place["event"]]
        if detail and detail["start"] is None:  # a row of a columnar file or a database, which has no bytes of its own
            reference["row"] = {"row": place["record"] - 1}
        packets = _packets(detail.get("extra"))
        if packets:
            reference["packets"] = packets
        if detail.get("summary"):
            reference["summary"] = summary_of(detail["summary"])
        group_key = "process:history" if table == "process" and detail.get("kind") == "history" else table
        return Citation(place["event"], table, group_key, reference)

    def ref(self, source_id: str, record: int, part: int | None) -> str:
        """Write a reference as this document prints it."""
        return f"{source_id[: self._digits]}#{record}" + (f".{part}" if part else "")

    def _why_disputed(self, place: dict[str, Any]) -> str | None:
        source_id, record = place["source_id"], place["record"]
        return self._disputed.get((source_id, record, None), self._disputed.get((source_id, record, place["part"])))

    def __getitem__(self, event: str) -> Citation:
        return self._known[event]

    def __contains__(self, event: str) -> bool:
        return event in self._known


def moment(us: int | None) -> str | None:
    """Write microseconds since 1970 as the document prints times; None stays None."""
    return None if us is None else text_of(us)


def instant(value: Any) -> str | None:
    """Write a time of a table as the document prints times; None stays None."""
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def summary_of(text: str) -> str:
    """One line of at most `MAX_SUMMARY` characters: secrets masked, control characters made visible."""
    line = visible(mask(text))
    return line if len(line) <= MAX_SUMMARY else line[: MAX_SUMMARY - 1] + "…"


_BLANKS = str.maketrans("\n\t\r", "   ")


def visible(text: str) -> str:
    """Text on one line, runs of blanks as one, what does not print as its number."""
    shown = text.translate(_BLANKS)
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown)
    return " ".join(shown.split())


def _packets(extra: str | None) -> dict[str, int] | None:
    if not extra or '"packets"' not in extra:
        return None
    import json

    found = json.loads(extra).get("packets")
    return found if isinstance(found, dict) and {"first", "last", "count"} <= found.keys() else None


def _digits_needed(ids: list[str]) -> int:
    """Return how many hex digits tell all sources apart, 12 at least."""
    digits = 12
    while len({source_id[:digits] for source_id in ids}) < len(ids):
        digits += 1
    return digits
