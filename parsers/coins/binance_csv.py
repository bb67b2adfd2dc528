"""Binance's transaction records (all statements).

Source of the format: binance.com, Export Transaction Records: `User_ID,UTC_Time,Account,Operation,Coin,Change,Remark`.

One record is one change of one balance; a trade is several records of one second (bought, spent, fee). What comes in
is a receipt, what goes out a trade, or a spend where it is withdrawn; a transfer moves between wallets of the account.
What the mining pool distributes is a credit. Times are UTC by the header's word, in full or with two digits of the
year. Operations are Binance's own words: those without a kind are noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.coins.entries import Entries, Sheet, constant
from parsers.contract import Format, Grade, Item
from parsers.source import Source
from parsers.times import Moment, iso

FORMAT = Format(name="binance_csv", title="Binance statements (CSV)", tables=("coin_movement",), signature=True)

_OUT_AND_IN = {
    "deposit": ("spend", "receipt"),
    "fiat deposit": ("spend", "receipt"),
    "withdraw": ("spend", "receipt"),
    "withdrawal": ("spend", "receipt"),
    "fiat withdrawal": ("spend", "receipt"),
    "send": ("spend", "receipt"),
    "binance payment": ("spend", "receipt"),
    "fee": ("fee", "receipt"),
    "transaction fee": ("fee", "receipt"),
    "pool distribution": ("spend", "credit"),
}
_TRADES = re.compile(
    r"(?:transaction )?(?:buy|sell|sold|spend|revenue|related)|(?:binance )?convert|large otc trading"
    r"|small assets exchange bnb"
)
_TRANSFER = re.compile(r"\btransfer\b")
_SHORT_YEAR = re.compile(r"\d\d-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for the statement's header."""
    return SHEET.recognise(head)


def read(source: Source) -> Iterator[Item]:
    """Yield one `coin_movement` row a record."""
    return SHEET.read(source)


def when(text: str) -> Moment | None:
    """Read a time, also one whose year has two digits: Binance is younger than this century."""
    return iso(f"20{text}") if _SHORT_YEAR.fullmatch(text) else iso(text)


def _kind(text: str, negative: bool) -> str | None:  # noqa: FBT001 (handed over by the sheet)
    plain = text.casefold()
    if plain in _OUT_AND_IN:
        return _OUT_AND_IN[plain][0 if negative else 1]
    if _TRADES.fullmatch(plain):
        return "trade" if negative else "receipt"
    if _TRANSFER.search(plain):
        return "transfer"
    return None if negative else "receipt" if plain.endswith(("interest", "rewards", "distribution")) else None


def _fill(entries: Entries) -> None:
    entries.columns["counterparty"] = constant("Binance", entries)
    entries.time("utc_time", when, utc=True)
    negative = entries.amount("amount", "change", size=True)
    entries.kinds("operation", _kind, negative)
    entries.text("asset", "coin")
    entries.text("account", "user_id")
    entries.text("purpose", "remark")


SHEET = Sheet("coin_movement", (frozenset({"utc_time", "account", "operation", "coin", "change"}),), _fill)
