"""AWS CloudTrail events as CSV: results of Athena and of CloudTrail Lake.

Source of the format: docs.aws.amazon.com, Athena, querying CloudTrail logs (its table), and CloudTrail Lake, supported
schema for event data stores; which columns there are and how they are written depends on the query, so they are found
by name, without case.

One record is one event and one `cloud_activity` row, as in `parsers.cloud.cloudtrail`; without a column of error codes
nothing tells that a call succeeded. Times are UTC, also where no zone is printed (noted). An identity stands as JSON
or as Athena writes structures (`{type=IAMUser, arn=...}`); request and answer that are no JSON stay in `extra` as they
stand, like every column that has no place of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from parsers.cloud.cloudtrail import row_of
from parsers.cloud.fields import json_object, utc_columns
from parsers.contract import Format, Grade, Item
from parsers.csvcells import Cells, Faults
from parsers.csvsheet import Converted, WholeRecords, header_of, read_sheet
from parsers.csvtext import Flags
from parsers.jsontext import compact
from parsers.schema import TABLES
from parsers.source import Source
from parsers.text import UNDECODABLE

FORMAT = Format(name="cloudtrail_csv", title="AWS CloudTrail events (CSV)", tables=("cloud_activity",), signature=True)

REQUIRED = frozenset({"eventtime", "eventsource", "eventname"})
TELLING = frozenset({"eventid", "useridentity", "sourceipaddress", "recipientaccountid"})
PLAIN = (
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "eventID",
    "eventType",
    "readOnly",
    "recipientAccountId",
)
OBJECTS = ("requestParameters", "responseElements")
# names inside an identity, which Athena writes in small letters
INSIDE = {
    name.lower(): name
    for name in (
        "principalId",
        "accountId",
        "invokedBy",
        "accessKeyId",
        "userName",
        "sessionContext",
        "sessionIssuer",
        "creationDate",
        "mfaAuthenticated",
    )
}
_DEEPEST = 8
_TABLE = TABLES["cloud_activity"]


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head: time, source and name of events, and their id, identity, address or account, are CloudTrail's."""
    return Grade.STRONG if header_of(head, layout_of) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield one `cloud_activity` row a record; header lines and blank lines are structure."""
    return read_sheet(source, "cloud_activity", layout_of)


def layout_of(header: tuple[str, ...]) -> EventLayout | None:
    """Return the layout of a header, None of anything else."""
    names = tuple(name.casefold() for name in header)
    if len(set(names)) < len(names) or not REQUIRED.issubset(names) or TELLING.isdisjoint(names):
        return None
    return EventLayout(header, names)


@dataclass(frozen=True)
class EventLayout(WholeRecords):
    """The columns of one header: as printed, and in small letters."""

    names: tuple[str, ...]

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of `cloud_activity`."""
        cells = Cells(self.names, columns, undecodable)
        texts = [cells.at(at).to_pylist() for at in range(len(self.names))]
        faults = Faults()
        rows: list[dict[str, Any]] = []
        for at, record in enumerate(zip(*texts, strict=True)):
            fields = {name: text for name, text in zip(self.names, record, strict=True) if text is not None}
            row = self._row(fields, undecodable=bool(undecodable[at]))
            rows.append(row if isinstance(row, dict) else {})
            if isinstance(row, str):
                faults[at] = row
        made = {
            field.name: pa.array([row.get(field.name) for row in rows], field.type)
            for field in _TABLE
            if any(field.name in row for row in rows)
        }
        return Converted(made, faults)

    def _row(self, fields: dict[str, str], *, undecodable: bool) -> dict[str, Any] | str:
        """Return the columns of one record, or why it is turned down."""
        when = utc_columns(fields.get("eventtime"))
        if when is None:
            return "an event without a time"
        if not {"eventsource", "eventname"} <= fields.keys():
            return "an event without source or name"
        event: dict[str, Any] = {name: fields[name.lower()] for name in PLAIN if name.lower() in fields}
        event["userIdentity"] = _identity(fields.get("useridentity"))
        parsed = {name: json_object(fields.get(name.lower())) for name in OBJECTS}
        event |= {name: value for name, value in parsed.items() if value is not None}
        row = when | row_of(event)
        if row["succeeded"] and "errorcode" not in self.names:  # the query did not ask
            row["succeeded"] = None
        taken = {"eventtime", *(name.lower() for name, value in event.items() if value is not None)}
        taken -= {"eventtype", "useridentity"} if row["address"] else {"eventtype", "useridentity", "sourceipaddress"}
        printed = dict(zip(self.names, self.header, strict=True))
        rest = {printed[name]: text for name, text in fields.items() if name not in taken}
        notes = [*([UNDECODABLE] if undecodable else []), *when.get("notes", ())]
        return row | {"notes": notes or None, "extra": compact(rest) if rest else None}


def _identity(text: str | None) -> dict[str, Any] | None:
    """Return an identity from JSON or from a structure as Athena writes it."""
    if text is None:
        return None
    found = json_object(text)
    if found is None and text.startswith("{") and text.endswith("}"):
        found = _structure(text[1:-1], _DEEPEST)
    return found


def _structure(text: str, depth: int) -> dict[str, Any]:
    """Read `name=value, name={...}`; a piece without a name belongs to the value before it."""
    pieces: list[str] = []
    open_brackets = begin = 0
    for at, letter in enumerate(text):
        open_brackets += (letter == "{") - (letter == "}")
        if letter == "," and open_brackets == 0 and text.startswith(", ", at):
            pieces.append(text[begin:at])
            begin = at + 2
    pieces.append(text[begin:])
    found: dict[str, Any] = {}
    last = None
    for piece in pieces:
        key, equals, value = piece.partition("=")
        if not equals and last is not None and isinstance(found[last], str):
            found[last] += f", {piece}"
            continue
        last = INSIDE.get(key, key)
        if value.startswith("{") and value.endswith("}") and depth:
            found[last] = _structure(value[1:-1], depth - 1)
        else:
            found[last] = None if value == "null" else value
    return found
