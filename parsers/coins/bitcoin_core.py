"""A wallet's transactions as Bitcoin Core answers them, saved as JSON.

Source of the format: bitcoin/bitcoin src/wallet/rpc/transactions.cpp (`listtransactions`, a list; `listsinceblock`, an
object with the list under `transactions`).

One entry is one output of a transaction; the fee of what was sent is that of the whole transaction, and stands at each
of its entries (noted). Amounts are whole coins, negative where they leave. The coin is what the address tells: many
coins share the software. A test network's address is noted and has no asset. Times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from parsers import addresses
from parsers.coins.entries import NOT_CONFIRMED
from parsers.contract import Format, Grade, Item
from parsers.jsonanswers import Answer, Made, Reader, coins, read_answers, recognised
from parsers.source import Source

FORMAT = Format(
    name="bitcoin_core", title="Bitcoin Core wallet transactions (JSON)", tables=("coin_movement",), signature=True
)

IMMATURE = "block_not_mature"
ORPHANED = "block_orphaned"
TESTNET = "test_network"
WHOLE_FEE = "fee_of_whole_transaction"

_KINDS = {"send": "spend", "receive": "receipt", "generate": "credit", "immature": "credit", "orphan": None}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for a list of transactions."""
    return recognised(head, shape_of, (b'"transactions"', b'"category"', b'"txid"'))


def read(source: Source) -> Iterator[Item]:
    """Yield one `coin_movement` row an entry."""
    return read_answers(source, shape_of, "transaction of a Bitcoin Core wallet")


def shape_of(value: Mapping[str, Any]) -> Reader | None:
    """Return how an object is read, None if it is no transaction and no list of them."""
    if _is_entry(value):
        return lambda answer: [_entry(answer)]
    listed = value.get("transactions")
    if isinstance(listed, list) and listed and "lastblock" in value and all(_is_entry(item) for item in listed):
        return lambda answer: [_entry(entry, own=True) for entry in answer.objects("transactions")]
    return None


def _is_entry(value: Any) -> bool:
    if not isinstance(value, dict) or not {"category", "amount", "txid", "time"} <= value.keys():
        return False
    return isinstance(value["category"], str) and value["category"] in _KINDS


def _entry(answer: Answer, *, own: bool = False) -> Made:
    """Return the row of an entry; `own`: what is left over belongs to it and not to the answer around it."""
    category = answer.left["category"]
    address = answer.text("address")
    sent = category == "send"
    raw, fee = answer.digits("amount"), answer.digits("fee")
    row, paid = _size(raw, "amount"), _size(fee, "fee")
    asset, notes = _asset(address)
    notes += [*row["notes"], *paid["notes"], *([WHOLE_FEE] if fee is not None else [])]
    notes += [NOT_CONFIRMED] if answer.left.get("confirmations") == 0 else []
    notes += {"immature": [IMMATURE], "orphan": [ORPHANED]}.get(category, [])
    row |= paid | answer.seconds("time")
    row |= {"kind": _KINDS[category], "asset": asset, "to_address": address, "account": None if sent else address}
    row |= {"transaction_id": answer.text("txid"), "purpose": answer.text("label"), "notes": notes}
    return Made("coin_movement", row | ({"extra": answer.left} if own else {}))


def _size(raw: str | None, column: str) -> dict[str, Any]:
    row = coins(raw, 0, column)
    return row | {column: None if row[column] is None else row[column].copy_abs()}


def _asset(address: str | None) -> tuple[str | None, list[str]]:
    known = addresses.classify(address) if address else None
    if known is None or known.asset == "EVM" or known.also:
        return None, []
    return (None, [TESTNET]) if known.testnet else (known.asset, [])
