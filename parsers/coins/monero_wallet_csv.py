"""The history of a Monero wallet as the Monero GUI and Feather export it.

Source of the format: monero-project/monero-gui src/libwalletqt/TransactionHistory.cpp (writeCSV), with the columns
`blockHeight,epoch,date,direction,amount,...`, older ones without `description`; feather-wallet/feather
src/dialog/HistoryExportDialog.cpp (`blockHeight,timestamp,date,accountIndex,direction,balanceDelta,...`).

One record is one transaction of one account, `in` or `out`; amounts are whole XMR, the fee is not in the amount.
`epoch` and `timestamp` are seconds since 1970; the printed date beside them stays in `extra`. A transaction without a
block is not confirmed, and noted so. The wallet's own address is not in the file.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.compute as pc

from parsers.coins.entries import NOT_CONFIRMED, Entries, Sheet, constant, epoch
from parsers.contract import Format, Grade, Item
from parsers.csvcells import flags
from parsers.source import Source

FORMAT = Format(
    name="monero_wallet_csv", title="Monero GUI and Feather history (CSV)", tables=("coin_movement",), signature=True
)

KINDS = {"in": "receipt", "out": "spend"}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for the header of either wallet."""
    return SHEET.recognise(head)


def read(source: Source) -> Iterator[Item]:
    """Yield one `coin_movement` row a transaction."""
    return SHEET.read(source)


def _fill(entries: Entries) -> None:
    entries.columns["asset"] = constant("XMR", entries)
    entries.time("epoch" if entries.cells.has("epoch") else "timestamp", epoch)
    negative = entries.amount("amount", "amount", size=True)
    entries.kinds("direction", lambda text, _: KINDS.get(text), negative)
    entries.amount("fee", "fee")
    entries.text("transaction_id", "txid")
    entries.text("purpose", "description" if entries.cells.has("description") else "label")
    entries.text("account", "subaddraccount" if entries.cells.has("subaddraccount") else "accountindex")
    entries.note(NOT_CONFIRMED, flags(pc.equal(entries.cells.text("blockheight"), "0")))


SHEET = Sheet("coin_movement", (frozenset({"blockheight", "direction", "amount", "fee", "txid", "paymentid"}),), _fill)
