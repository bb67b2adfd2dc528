"""Kraken's ledger (ledgers.csv).

Source of the format: support.kraken.com, "How to interpret Ledger history fields": `txid,refid,time,type,subtype,
aclass,[subclass,]asset,[wallet,]amount,fee,balance`.

One record is one change of one balance; `refid` joins the legs of a trade. `txid` and `refid` are Kraken's own and no
transactions of a chain: they stay in `extra`. What comes in is a receipt, what goes out a spend or a trade; a transfer
moves between wallets of the account. The fee is taken besides the amount. Times are UTC, printed without a zone. A
deposit or withdrawal stands twice: once as announced, without `txid` and balance; that one has no kind (noted).
Kraken's names of coins are read as the usual ones (XXMR: XMR), and kept in `extra`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.compute as pc

from parsers.coins.entries import Entries, Sheet, constant
from parsers.contract import Format, Grade, Item
from parsers.csvcells import blanked, each, flags, only, present
from parsers.schema import STRING
from parsers.source import Source

FORMAT = Format(name="kraken_ledger_csv", title="Kraken ledger (CSV)", tables=("coin_movement",), signature=True)

NOT_BOOKED = "announced_not_booked"

_ASSETS = {
    "XBT": "BTC", "XXBT": "BTC", "XXMR": "XMR", "XETH": "ETH", "XETC": "ETC", "XLTC": "LTC", "XXDG": "DOGE",
    "XDG": "DOGE", "XZEC": "ZEC", "XXRP": "XRP", "XXLM": "XLM", "XREP": "REP", "ZUSD": "USD", "ZEUR": "EUR",
    "ZGBP": "GBP", "ZCAD": "CAD", "ZJPY": "JPY", "ZAUD": "AUD",
}  # fmt: skip
_TRADES = frozenset({"trade", "margin trade", "margin", "spend", "receive", "settled", "sale", "conversion"})
_EARNED = frozenset({"staking", "earn", "dividend", "reward", "credit"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for the ledger's header."""
    return SHEET.recognise(head)


def read(source: Source) -> Iterator[Item]:
    """Yield one `coin_movement` row an entry."""
    return SHEET.read(source)


def _kind(text: str, negative: bool) -> str | None:  # noqa: FBT001 (handed over by the sheet)
    if text in _TRADES:
        return "trade" if negative else "receipt"
    if text in _EARNED:
        return "spend" if negative else "receipt"
    return {"deposit": "receipt", "withdrawal": "spend", "transfer": "transfer", "rollover": "fee"}.get(text)


def _fill(entries: Entries) -> None:
    entries.columns["counterparty"] = constant("Kraken", entries)
    entries.time("time", utc=True)
    negative = entries.amount("amount", "amount", size=True)
    entries.kinds("type", _kind, negative)
    announced = ~present(entries.cells.text("txid")) & ~present(entries.cells.text("balance"))
    entries.columns["kind"] = blanked(entries.columns["kind"], announced)
    entries.note(NOT_BOOKED, announced)
    entries.amount("fee", "fee")
    entries.text("account", "wallet")
    stated = entries.take("asset")
    entries.columns["asset"] = each(stated, lambda text: _ASSETS.get(text, text), STRING)
    entries.keep("asset", only(stated, flags(pc.not_equal(stated, entries.columns["asset"]))))


SHEET = Sheet(
    "coin_movement",
    (frozenset({"txid", "refid", "time", "type", "aclass", "asset", "amount", "fee", "balance"}),),
    _fill,
)
