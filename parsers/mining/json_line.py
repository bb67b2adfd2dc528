"""JSON lines that explain themselves: a time and a wallet address whose checksum is right.

Source of the format: none; pools, payout scripts and agents write such lines in a shape of their own. Read without a
mapping file is only what the words say: one JSON object a line, a time under ts, time, timestamp or date, and an XMR,
BTC or EVM address as the whole value of some key.

`event`, `type`, `kind` or `action` decides: share gives a `mining_share`; payout, credit, transfer, receipt, spend, fee
and balance with an amount a `coin_movement`; anything else an `artefact`. Amounts are exact and in the unit that the
line names; where it names none the row says `unit_unknown`, for pools count in units of their own. Epoch numbers are
read by their size as seconds, milliseconds, microseconds or nanoseconds, and noted so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from parsers import addresses, times
from parsers.addresses import Address
from parsers.contract import Format, Grade, Item, Parsed, Reject, Row, Structure
from parsers.jsonlines import BOM, JsonRecord, records, records_of_line
from parsers.jsontext import compact
from parsers.money import remarks, scaled
from parsers.schema import COIN
from parsers.source import Line, Source

FORMAT = Format(
    name="json_line",
    title="JSON lines with a time and a wallet address",
    tables=("mining_share", "coin_movement", "artefact"),
    signature=False,
)

UNIT_UNKNOWN = "unit_unknown"
AMBIGUOUS = "event_ambiguous"

_TIME_KEYS = ("ts", "time", "timestamp", "date")
_EVENT_KEYS = ("event", "type", "kind", "action")
_UNIT_KEYS = ("unit", "units", "asset", "currency", "coin", "symbol")
_AMOUNT_KEYS = ("amount", "value", "quantity", "balance")
_FROM_KEYS = ("from", "from_address", "sender", "source")
_TO_KEYS = ("to", "to_address", "recipient", "destination")
_ACCOUNT_KEYS = ("address", "wallet", "account", "miner", "login", "user", "payout_address")
_TRANSACTION_KEYS = ("txid", "tx", "tx_id", "tx_hash", "txhash", "transaction", "transaction_id", "hash")
_DIFFICULTY_KEYS = ("difficulty", "diff")
_COUNT_KEYS = ("count", "shares")

_MOVEMENTS = {
    **dict.fromkeys(("payout", "payment", "paid"), "payout"),
    **dict.fromkeys(("credit", "credited", "reward"), "credit"),
    **dict.fromkeys(("received", "receive", "receipt", "deposit"), "receipt"),
    **dict.fromkeys(("spent", "spend", "sent", "withdrawal"), "spend"),
    "transfer": "transfer",
    "transferred": "transfer",
    "fee": "fee",
    "balance": "balance",
}
_VERDICTS = {"accepted": True, "valid": True, "ok": True, "rejected": False, "invalid": False, "stale": False}
_ASSETS = frozenset({"XMR", "BTC", "ETH", "ETC", "LTC", "DOGE", "RVN", "KAS", "ERG", "ZEC", "USDT", "USDC"})
# smallest units: asset and power of ten
_SMALL_UNITS = {
    "piconero": ("XMR", -12),
    "satoshi": ("BTC", -8),
    "satoshis": ("BTC", -8),
    "sat": ("BTC", -8),
    "sats": ("BTC", -8),
    "wei": ("ETH", -18),
    "gwei": ("ETH", -9),
}
_WORDS = re.compile(r"[a-z]+")
# an epoch number below the bound counts in this unit: the bound is the year 5138 in it, and long past in the next
_EPOCHS = (
    (10**11, 0, "seconds"),
    (10**14, -3, "milliseconds"),
    (10**17, -6, "microseconds"),
    (10**20, -9, "nanoseconds"),
)


_RECOGNISED_LINES = 50
_AMOUNT = re.compile(r"[+-]?[0-9]{1,38}(?:\.[0-9]{1,38})?(?:[eE][+-]?[0-9]{1,3})?")
_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,9})?")


class _Moment(NamedTuple):
    """The time of a line, the key it stood under, and how it was read if that is not in the line."""

    key: str
    when: times.Moment
    notes: tuple[str, ...]


class _Amount(NamedTuple):
    value: Decimal | None
    raw: str | None
    notes: list[str]


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """PROBABLE where the first line and most others explain themselves; never more, so that known formats go first."""
    lines = head.removeprefix(BOM).split(b"\n")
    whole = lines[:-1] if len(lines) > 1 else lines
    filled = [line for line in whole if line.rstrip(b" \t\r")][:_RECOGNISED_LINES]
    if not filled or not filled[0].lstrip(b" \t").startswith(b"{"):
        return Grade.NONE
    telling = [_explains_itself(line) for line in filled]
    return Grade.PROBABLE if telling[0] and sum(telling) * 2 > len(telling) else Grade.NONE


def _explains_itself(data: bytes) -> bool:
    found = [item for item in records_of_line(Line(2, 3, len(data), data, 1), 0) if not isinstance(item, Structure)]
    if len(found) != 1 or not isinstance(found[0], JsonRecord):
        return False
    value = found[0].value
    return _moment(value) is not None and bool(_wallets(value))


def read(source: Source) -> Iterator[Item]:
    """Yield one row for each line in file order."""
    for item in records(source):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        moment, wallets = _moment(item.value), _wallets(item.value)
        if moment is None:
            yield Reject(item.record, "no time under ts, time, timestamp or date")
        elif not wallets:
            yield Reject(item.record, "no wallet address with a right checksum")
        else:
            yield Parsed(item.record)
            keys = _Keys(item.value)
            keys.drop(moment.key)
            table, row = _row(keys, wallets)
            notes = [*item.notes, *moment.notes, *row.pop("notes")]
            extra = keys.rest(item.hidden)
            yield Row(table, item.record, moment.when.columns() | row | {"notes": notes or None, "extra": extra})


def _moment(value: Mapping[str, Any]) -> _Moment | None:
    for key in _TIME_KEYS:
        stated = value.get(key)
        if isinstance(stated, str) and not _NUMBER.fullmatch(stated):
            when = times.iso(stated)
            if when:
                return _Moment(key, when, ())
        elif isinstance(stated, int | Decimal | str) and not isinstance(stated, bool):
            found = _epoch(key, Decimal(stated))
            if found:
                return found
    return None


def _epoch(key: str, number: Decimal) -> _Moment | None:
    for bound, exponent, unit in _EPOCHS:
        if -bound < number < bound:
            when = times.epoch_seconds(number.scaleb(exponent))
            return _Moment(key, when, (f"epoch_{unit}_by_magnitude",)) if when else None
    return None


def _wallets(value: Mapping[str, Any]) -> dict[str, Address]:
    """Return the keys whose whole value is a checksummed address of a live network."""
    found = {}
    for key, text in value.items():
        address = addresses.classify(text) if isinstance(text, str) else None
        if address and address.check == "valid" and not address.testnet:
            found[key] = address
    return found


class _Keys:
    """The keys of a line, noting which were used: what is left becomes `extra`."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        self._left = dict(value)

    def text(self, keys: tuple[str, ...]) -> str | None:
        """Take the first of the keys that holds a text."""
        for key in keys:
            if isinstance(self._left.get(key), str):
                return str(self._left.pop(key))
        return None

    def number(self, keys: tuple[str, ...], last: int) -> int | None:
        """Take the first of the keys that holds a whole number from 0 to `last`."""
        for key in keys:
            value = self._left.get(key)
            if isinstance(value, int | Decimal) and not isinstance(value, bool) and 0 <= value <= last:
                if value != int(value):
                    continue
                return int(self._left.pop(key))
        return None

    def amount(self, keys: tuple[str, ...]) -> str | None:
        """Take the first of the keys that holds a number, also one written as text."""
        for key in keys:
            value = self._left.get(key)
            raw = str(value) if isinstance(value, int | Decimal | str) and not isinstance(value, bool) else None
            if raw is not None and _AMOUNT.fullmatch(raw):
                del self._left[key]
                return raw
        return None

    def verdict(self) -> bool | None:
        """Take what a line says of a share: accepted or not."""
        value = self._left.get("accepted")
        if isinstance(value, bool):
            del self._left["accepted"]
            return value
        for key in ("status", "result"):
            value = self._left.get(key)
            if isinstance(value, str) and value.lower() in _VERDICTS:
                return _VERDICTS[self._left.pop(key).lower()]
        return None

    def drop(self, key: str) -> None:
        """Note that a key was used."""
        self._left.pop(key, None)

    def rest(self, hidden: tuple[tuple[str, Any], ...]) -> str | None:
        """Return what was not used as JSON, with the values that repeated keys have hidden."""
        left = self._left | ({"hidden": [list(pair) for pair in hidden]} if hidden else {})
        return compact(left) if left else None


def _row(keys: _Keys, wallets: Mapping[str, Address]) -> tuple[str, dict[str, Any]]:
    event = keys.text(_EVENT_KEYS)
    words = _WORDS.findall(event.lower()) if event else []
    if {"share", "shares"} & set(words):
        return "mining_share", _share(keys, words, wallets)
    kinds = {_MOVEMENTS[word] for word in words if word in _MOVEMENTS}
    raw = keys.amount(_AMOUNT_KEYS) if len(kinds) == 1 else None
    if raw is not None:
        return "coin_movement", _movement(keys, kinds.pop(), raw, wallets)
    key, wallet = next(iter(wallets.items()))
    keys.drop(key)
    notes = [AMBIGUOUS] if len(kinds) > 1 else []
    row = {"kind": "wallet", "name": event, "value": wallet.value, "path": f"/{key}"}
    return "artefact", row | {"notes": notes}


def _asset(wallets: Mapping[str, Address]) -> str | None:
    """Return the coin of the addresses: None where they differ or do not tell it."""
    assets = {wallet.asset for wallet in wallets.values()}
    return assets.pop() if len(assets) == 1 and "EVM" not in assets else None


def _share(keys: _Keys, words: list[str], wallets: Mapping[str, Address]) -> dict[str, Any]:
    verdicts = {_VERDICTS[word] for word in words if word in _VERDICTS}
    stated = keys.verdict()
    if stated is not None:
        verdicts.add(stated)
    count = keys.number(_COUNT_KEYS, 2**63 - 1)
    return {
        "account": keys.text(_ACCOUNT_KEYS),
        "worker": keys.text(("worker", "rig", "rig_id", "worker_id")),
        "pool": keys.text(("pool",)),
        "asset": _asset(wallets),
        "difficulty": keys.number(_DIFFICULTY_KEYS, 10**38 - 1),
        "count": 1 if count is None else count,
        "accepted": verdicts.pop() if len(verdicts) == 1 else None,
        "reason": keys.text(("reason", "error")),
        "notes": [],
    }


def _movement(keys: _Keys, kind: str, raw: str, wallets: Mapping[str, Address]) -> dict[str, Any]:
    unit = keys.text(_UNIT_KEYS)
    asset, exponent, notes = _unit(unit, _asset(wallets))
    moved = _amount(raw, exponent)
    fee = _amount(keys.amount(("fee",)), exponent)
    row = {
        "kind": kind,
        "asset": asset,
        "network": keys.text(("network", "chain")),
        "amount": moved.value,
        "amount_raw": raw if unit is None else f"{raw} {unit}",
        "fee": fee.value,
        "fee_raw": fee.raw,
        "from_address": keys.text(_FROM_KEYS),
        "to_address": keys.text(_TO_KEYS),
        "account": keys.text(_ACCOUNT_KEYS),
        "transaction_id": keys.text(_TRANSACTION_KEYS),
        "counterparty": keys.text(("counterparty", "pool", "exchange")),
        "purpose": keys.text(("purpose", "memo", "note", "description")),
    }
    return row | {"notes": [*notes, *moved.notes, *fee.notes]}


def _unit(unit: str | None, asset: str | None) -> tuple[str | None, int, list[str]]:
    """Return the asset, the power of ten that turns the amount into whole coins, and what was not in the line."""
    if unit and unit.upper() in _ASSETS:
        return unit.upper(), 0, []
    if unit and unit.lower() in _SMALL_UNITS:
        coin, exponent = _SMALL_UNITS[unit.lower()]
        return coin, exponent, [f"converted_from_{unit.lower()}"]
    return asset, 0, [UNIT_UNKNOWN]


def _amount(raw: str | None, exponent: int) -> _Amount:
    read = scaled(raw, exponent, COIN)
    return _Amount(read.value, read.raw, remarks(read))
