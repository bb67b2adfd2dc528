"""The transfers of a Monero wallet as monero-wallet-cli exports them (`export_transfers`).

Source of the format: monero-project/monero src/simplewallet/simplewallet.cpp (export_transfers): `block,direction,
unlocked,timestamp,amount,running balance,hash,payment ID,fee,destination,amount,index,note`, padded with blanks.

One record is one transfer; a further destination of it is a record of its own that says no more than address and
amount, and has no kind here (noted). Times are UTC, printed without a zone. Indices and notes are not quoted: where
they hold commas, index, note and the fields behind stay in `extra`. The direction `block` is a block's reward. What
failed has no kind.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from parsers.coins.entries import NOT_CONFIRMED, Entries, Sheet, constant
from parsers.contract import Format, Grade, Item
from parsers.csvcells import blanked, flags, present
from parsers.source import Source

FORMAT = Format(
    name="monero_cli_csv", title="monero-wallet-cli transfers (CSV)", tables=("coin_movement",), signature=True
)

CONTINUES = "continues_line_before"
FAILED = "transfer_failed"

KINDS = {"in": "receipt", "block": "credit", "out": "spend"}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for the header of an export."""
    return SHEET.recognise(head)


def read(source: Source) -> Iterator[Item]:
    """Yield one `coin_movement` row a record."""
    return SHEET.read(source)


def _fill(entries: Entries) -> None:
    entries.columns["asset"] = constant("XMR", entries)
    entries.time("timestamp", utc=True)
    negative = entries.amount("amount", "amount", size=True)
    entries.kinds("direction", lambda text, _: KINDS.get(text), negative)
    entries.amount("fee", "fee")
    entries.text("transaction_id", "hash")
    target = entries.text("to_address", "destination")
    entries.columns["to_address"] = blanked(target, flags(pc.equal(target, "-")))
    if not entries.is_wider:
        entries.text("purpose", "note")
    block = entries.cells.text("block")
    failed = flags(pc.equal(block, "failed"))
    entries.columns["kind"] = blanked(entries.columns["kind"], failed)
    entries.note(FAILED, failed)
    entries.note(NOT_CONFIRMED, flags(pc.is_in(block, pa.array(["pending", "pool"]))))
    entries.note(CONTINUES, ~present(entries.cells.text("direction")) & present(target))


SHEET = Sheet(
    "coin_movement",
    (frozenset({"block", "direction", "timestamp", "amount", "running balance", "hash", "payment id", "destination"}),),
    _fill,
    padding=" ",
    wider=True,
)
