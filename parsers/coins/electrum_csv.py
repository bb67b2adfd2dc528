"""The history of an Electrum wallet as it exports it.

Source of the format: spesmilo/electrum electrum/wallet.py (export_history_to_file in gui/qt/history_list.py):
`transaction_hash,label,confirmations,value,...,timestamp`, since 4.x `oc_transaction_hash,ln_payment_hash,label,
confirmations,amount_chain_bc,amount_lightning_bc,...,network_fee_satoshi,...`, later `network_fee_bc`.

One record is one transaction. The amount is the change of the wallet in whole coins, the fee of what was sent
included. The time is the computer's, without zone. The first layout is also written by Electrum's descendants for
other coins: BTC is taken, and noted. Lightning amounts stay in `extra`. A transaction without confirmations is noted.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers.coins.entries import ASSET_ASSUMED, NOT_CONFIRMED, Entries, Sheet, constant
from parsers.contract import Format, Grade, Item
from parsers.csvcells import flags, only, present
from parsers.money import scaled
from parsers.schema import COIN, STRING
from parsers.source import Source

FORMAT = Format(name="electrum_csv", title="Electrum history (CSV)", tables=("coin_movement",), signature=True)

FROM_SATOSHI = "converted_from_satoshi"

_SATOSHI = -8


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for the header of either layout."""
    return SHEET.recognise(head)


def read(source: Source) -> Iterator[Item]:
    """Yield one `coin_movement` row a transaction."""
    return SHEET.read(source)


def _fill(entries: Entries) -> None:
    new = entries.cells.has("amount_chain_bc")
    entries.columns["asset"] = constant("BTC", entries)
    if not new:
        entries.note(ASSET_ASSUMED, entries.all())
    entries.time("timestamp")
    negative = entries.amount("amount", "amount_chain_bc" if new else "value", size=True)
    moved = flags(pc.match_substring_regex(entries.columns["amount_raw"], "[1-9]"))
    kinds = pa.array(np.where(negative, "spend", "receipt"), STRING)
    entries.columns["kind"] = only(kinds, moved)
    _fee(entries)
    entries.text("transaction_id", "oc_transaction_hash" if new else "transaction_hash")
    entries.text("purpose", "label")
    entries.note(NOT_CONFIRMED, flags(pc.equal(entries.cells.text("confirmations"), "0")))


def _fee(entries: Entries) -> None:
    if entries.cells.has("network_fee_satoshi"):
        entries.amount("fee", "network_fee_satoshi", _from_satoshi)
        entries.note(FROM_SATOSHI, present(entries.columns["fee"]))
    else:
        entries.amount("fee", "network_fee_bc" if entries.cells.has("network_fee_bc") else "fee")


def _from_satoshi(text: str) -> str | None:
    value = scaled(text, _SATOSHI, COIN).value
    return None if value is None else f"{value:f}"


SHEET = Sheet(
    "coin_movement",
    (
        frozenset({"transaction_hash", "label", "value", "timestamp"}),
        frozenset({"oc_transaction_hash", "label", "amount_chain_bc", "timestamp"}),
    ),
    _fill,
)
