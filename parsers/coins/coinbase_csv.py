"""Coinbase's transaction history.

Source of the format: help.coinbase.com (transaction history reports): lines about the report and its user, then
`[ID,]Timestamp,Transaction Type,Asset,Quantity Transacted,[Spot ]Price Currency,...,Subtotal,Total (...),Fees...,
Notes[,Sender Address,Recipient Address]`; times in UTC.

One record is one transaction; the lines before the header are structure. Money is printed with its sign (`$1,234.50`).
`quote_amount` is the subtotal, in the price's currency; total, price and fees, which are in that currency and not in
coins, stay in `extra`. A conversion is one record: what came in stands in its notes only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.coins.entries import Entries, Sheet, constant
from parsers.contract import Format, Grade, Item
from parsers.source import Source

FORMAT = Format(name="coinbase_csv", title="Coinbase transactions (CSV)", tables=("coin_movement",), signature=True)

_KINDS = {
    "buy": "receipt",
    "advanced trade buy": "receipt",
    "advance trade buy": "receipt",
    "sell": "trade",
    "advanced trade sell": "trade",
    "advance trade sell": "trade",
    "convert": "trade",
    "send": "spend",
    "receive": "receipt",
    "deposit": "receipt",
    "withdrawal": "spend",
    "rewards income": "receipt",
    "reward income": "receipt",
    "staking income": "receipt",
    "learning reward": "receipt",
    "coinbase earn": "receipt",
    "inflation reward": "receipt",
    "pro deposit": "transfer",
    "pro withdrawal": "transfer",
    "exchange deposit": "transfer",
    "exchange withdrawal": "transfer",
}
_ABOUT = (b"You can use this transaction report", b"Transactions", b"User", b"Account")
_MONEY = re.compile(r"(-?)[^\d\s.,-]{0,4}((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)", re.ASCII)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for the header, also behind the lines about the report."""
    return SHEET.recognise(head)


def read(source: Source) -> Iterator[Item]:
    """Yield one `coin_movement` row a transaction."""
    return SHEET.read(source)


def money(text: str) -> str | None:
    """Return the digits of an amount printed with a currency sign and thousands separators, None of anything else."""
    found = _MONEY.fullmatch(text)
    return found[1] + found[2].replace(",", "") if found else None


def _about(position: int, fields: tuple[bytes, ...]) -> bool:
    """Tell whether a record is one of the lines about the report."""
    return position < 8 and bool(fields) and fields[0].startswith(_ABOUT)


def _fill(entries: Entries) -> None:
    entries.columns["counterparty"] = constant("Coinbase", entries)
    entries.time("timestamp")
    negative = entries.amount("amount", "quantity transacted", size=True)
    entries.kinds("transaction type", lambda text, _: _KINDS.get(text.casefold()), negative)
    entries.text("asset", "asset")
    spot = entries.cells.has("spot price currency")
    entries.text("quote_currency", "spot price currency" if spot else "price currency")
    entries.amount("quote_amount", "subtotal", money, size=True)
    entries.text("purpose", "notes")
    entries.text("from_address", "sender address")
    entries.text("to_address", "recipient address")


SHEET = Sheet(
    "coin_movement",
    (frozenset({"timestamp", "transaction type", "asset", "quantity transacted"}),),
    _fill,
    trailer=_about,
    header_within=8,
)
