"""The recovery ledger: acts of recovering assets, one a line, as the responder wrote them down.

Source of the format: this project. The ledger is a CSV file (RFC 4180, UTF-8, comma, semicolon or tab) with a header,
written by hand, by a script or saved from a spreadsheet. Columns come in any order; names are read without regard to
case, blanks, hyphens and underscores. `time`, `action`, `asset` and one of `amount` and `txid` must be there:

    time        when it was done, ISO 8601, with zone (`2026-03-01T10:00:00+01:00`); without zone it is local time,
                unless the column is called `time utc`. Also: date, datetime, timestamp, when
    action      what was done: identified, balance_observed, control_obtained, test_transfer, transfer_to_custody,
                confirmed, handed_over, converted, returned, disposed. Also: event, act, step
    asset       BTC, XMR, ... Also: coin, currency, symbol
    network     Also: chain, blockchain
    amount      of the asset, a decimal point, no thousands separators. Also: quantity
    fee         in the same asset. Also: network fee, tx fee
    from, to    addresses. Also: from address, source, sender; to address, destination, recipient
    txid        Also: tx, tx id, tx hash, transaction, transaction id, transaction hash
    actor       who did it. Also: by, operator, performed by
    witness     who saw it. Also: witnessed by, second person
    authority   on what ground: warrant, order, consent. Also: legal authority, approval, warrant
    note        Also: notes, remark, remarks, comment, comments

Further columns (evidence references, hashes of the line before) are kept in `extra`. Actions not in the list stay as
they are written, and are noted. What cannot be read as time or amount is noted and stays beside it as text. A line of
empty fields, as spreadsheets leave behind, makes no row; blanks around a value are no part of it, but in the note.
The tool reads a ledger; it never touches keys or networks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers.contract import HEAD_BYTES, Format, Grade, Item
from parsers.csvcells import Cells, amounts, blanked, each, json_of, notes_of, only, present, times
from parsers.csvsheet import Converted, WholeRecords, header_of, read_sheet
from parsers.csvtext import Flags, decoded_fields, first_fields
from parsers.money import LOSSY
from parsers.schema import COIN, STRING
from parsers.source import Source
from parsers.text import UNDECODABLE
from parsers.times import iso

FORMAT = Format(
    name="ledger_csv", title="recovery ledger (CSV as described here)", tables=("custody_action",), signature=True
)

ACTIONS = frozenset(
    {
        "identified",
        "balance_observed",
        "control_obtained",
        "test_transfer",
        "transfer_to_custody",
        "confirmed",
        "handed_over",
        "converted",
        "returned",
        "disposed",
    }
)
UNKNOWN_ACTION = "action_unknown"
NO_TIME = "time_unreadable"
NO_NUMBER = "amount_is_no_number"
ZONE_FROM_HEADER = "zone_from_header"

DELIMITERS = (b",", b";", b"\t")
_ALIASES = {
    "time": ("time", "timeutc", "date", "datetime", "datetimeutc", "timestamp", "timestamputc", "when"),
    "action": ("action", "event", "act", "step"),
    "asset": ("asset", "coin", "currency", "symbol"),
    "network": ("network", "chain", "blockchain"),
    "amount": ("amount", "quantity"),
    "fee": ("fee", "networkfee", "txfee"),
    "from_address": ("from", "fromaddress", "source", "sender"),
    "to_address": ("to", "toaddress", "destination", "recipient"),
    "transaction_id": ("txid", "tx", "txhash", "transaction", "transactionid", "transactionhash"),
    "actor": ("actor", "by", "operator", "performedby"),
    "witness": ("witness", "witnessedby", "secondperson"),
    "authority": ("authority", "legalauthority", "approval", "warrant"),
    "text": ("note", "notes", "remark", "remarks", "comment", "comments"),
}
_TEXTS = ("asset", "network", "from_address", "to_address", "transaction_id", "actor", "witness", "authority", "text")
_ROWS_LOOKED_AT = 50


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head: a ledger's header is probable, with an action of the list in a line below it is certain."""
    found = header_of(head, layout_of, DELIMITERS)
    if found is None:
        return Grade.NONE
    delimiter, layout = found
    actions = layout.texts_of_action(first_fields(head, delimiter, most=_ROWS_LOOKED_AT)[1:])
    return Grade.STRONG if any(_action(text) in ACTIONS for text in actions) else Grade.PROBABLE


def read(source: Source) -> Iterator[Item]:
    """Yield one `custody_action` row a line that says anything; header lines and blank lines are structure."""
    with source.open() as stream:
        found = header_of(stream.read(HEAD_BYTES), layout_of, DELIMITERS)
    return read_sheet(source, "custody_action", layout_of, delimiter=found[0] if found else b",")


def layout_of(header: tuple[str, ...]) -> LedgerLayout | None:
    """Return the layout of a ledger's header, None of anything else, or where a name is there twice."""
    plain = [name.casefold().translate(_SEPARATORS) for name in header]
    places: dict[str, int] = {}
    for column, names in _ALIASES.items():
        found = [at for at, name in enumerate(plain) if name in names]
        if len(found) > 1:
            return None
        if found:
            places[column] = found[0]
    if not {"time", "action", "asset"} <= places.keys() or not places.keys() & {"amount", "transaction_id"}:
        return None
    if len(set(header)) != len(header):
        return None
    return LedgerLayout(header, places, in_utc=plain[places["time"]].endswith("utc"))


_SEPARATORS = str.maketrans("", "", " \t_-")


@dataclass(frozen=True)
class LedgerLayout(WholeRecords):
    """The columns of one header: `places` of those that have a column in the table; `in_utc`: the header says so."""

    places: dict[str, int]
    in_utc: bool

    def texts_of_action(self, records: list[tuple[bytes, ...]]) -> list[str]:
        """Return the actions of some records, where they have one."""
        at = self.places["action"]
        return [decoded_fields(fields)[0][at] for fields in records if len(fields) > at]

    def convert(self, columns: list[pa.StringArray], undecodable: Flags) -> Converted:
        """Return the columns of `custody_action`."""
        cells = Cells(self.header, columns, undecodable, padding=" ")
        remarks: dict[str, Flags] = {UNDECODABLE: undecodable}
        extra = [(name, cells.at(at)) for at, name in enumerate(self.header) if at not in self.places.values()]
        found: dict[str, Any] = {column: self._cells(cells, column) for column in _TEXTS}
        if "text" in self.places:
            found["text"] = cells.at(self.places["text"], padded=True)
        found["kind"] = each(self._cells(cells, "action"), _action, STRING)
        known = pc.is_in(found["kind"], pa.array(sorted(ACTIONS)))
        remarks[UNKNOWN_ACTION] = present(found["kind"]) & ~known.to_numpy(zero_copy_only=False)
        for column in ("amount", "fee"):
            amount = amounts(self._cells(cells, column), COIN)
            found[column], found[f"{column}_raw"] = amount.values, amount.raw
            remarks[NO_NUMBER] = remarks.get(NO_NUMBER, amount.wrong) | amount.wrong
            remarks[LOSSY] = remarks.get(LOSSY, amount.lossy) | amount.lossy
        printed = self._cells(cells, "time")
        when = times(printed, iso)
        zoned = when.zoned | (present(when.us) & self.in_utc)
        found |= {"ts": only(when.us, zoned), "ts_local": blanked(when.us, zoned)}
        found |= {"ts_precision_us": when.precision_us, "ts_remainder_ns": when.remainder_ns}
        remarks |= {NO_TIME: when.wrong, ZONE_FROM_HEADER: zoned & ~when.zoned}
        extra.append((self.header[self.places["time"]], only(printed, when.wrong)))
        found["extra"] = pa.array(json_of(extra, len(cells)), STRING)
        found["notes"] = notes_of(remarks, len(cells))
        empty = np.logical_and.reduce([~present(cells.at(at)) for at in range(self.width)])
        return Converted(found, {}, empty)

    def _cells(self, cells: Cells, column: str) -> pa.StringArray:
        at = self.places.get(column)
        return cells.text(None) if at is None else cells.at(at)


def _action(text: str) -> str:
    """Return an action of the list in its spelling there, any other as it is written."""
    plain = "_".join(text.casefold().replace("_", " ").replace("-", " ").split())
    return plain if plain in ACTIONS else text
