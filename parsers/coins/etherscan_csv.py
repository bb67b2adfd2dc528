"""Transactions of an address as Etherscan and its kin (BscScan, PolygonScan, ...) export them.

Source of the format: etherscan.io, Download CSV Export: `Txhash` or `Transaction Hash`, `Blockno`, `UnixTimestamp`,
`DateTime (UTC)`, `From`, `To`, `ContractAddress`, `Value_IN(ETH)`, `Value_OUT(ETH)`, `TxnFee(ETH)`, `Status`, ...;
internal transactions have `TxTo` for `To`.

One record is one transaction of the chain's own coin, whose name stands in the header; one of the two values is zero.
What failed moved nothing, but its fee: it has no kind (noted). The fee of what came in was the sender's: it stays in
`extra`. Tokens are exported in another layout, and not here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers.coins.entries import Entries, Sheet, constant, epoch
from parsers.contract import Format, Grade, Item
from parsers.csvcells import blanked, flags, only, present
from parsers.csvtext import Flags
from parsers.schema import STRING
from parsers.source import Source

FORMAT = Format(name="etherscan_csv", title="Etherscan transactions (CSV)", tables=("coin_movement",), signature=True)

FAILED = "transfer_failed"

ASSETS = ("ETH", "BNB", "MATIC", "POL", "AVAX", "FTM", "XDAI", "CRO", "ETC")


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for the export's header."""
    return SHEET.recognise(head)


def read(source: Source) -> Iterator[Item]:
    """Yield one `coin_movement` row a transaction."""
    return SHEET.read(source)


def _fill(entries: Entries) -> None:
    has = entries.cells.has
    asset = next(each for each in ASSETS if has(f"value_in({each.lower()})"))
    entries.columns["asset"] = constant(asset, entries)
    entries.time("unixtimestamp", epoch)
    received, sent = (entries.take(f"value_{way}({asset.lower()})") for way in ("in", "out"))
    came, went = _moved(received), _moved(sent)
    entries.put("amount", pc.if_else(pa.array(came | ~present(sent)), received, sent))
    fee = entries.take(f"txnfee({asset.lower()})")
    entries.put("fee", blanked(fee, came))
    entries.keep(f"txnfee({asset.lower()})", only(fee, came))
    failed = flags(pc.starts_with(pc.utf8_lower(entries.cells.text("status")), "error"))
    kinds = pa.array(np.where(came, "receipt", "spend"), STRING)
    entries.columns["kind"] = blanked(only(kinds, came ^ went), failed)
    entries.note(FAILED, failed)
    entries.text("transaction_id", "txhash" if has("txhash") else "transaction hash")
    entries.text("from_address", "from")
    entries.text("to_address", "to" if has("to") else "txto")


def _moved(texts: pa.StringArray) -> Flags:
    return flags(pc.match_substring_regex(texts, "[1-9]"))


SHEET = Sheet(
    "coin_movement",
    tuple(
        frozenset({"unixtimestamp", "from", f"value_in({coin.lower()})", f"value_out({coin.lower()})"})
        for coin in ASSETS
    ),
    _fill,
)
