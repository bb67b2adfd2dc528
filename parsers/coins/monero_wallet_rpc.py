"""Answers of monero-wallet-rpc, saved as JSON: transfers, balances, and what was just sent.

Source of the format: docs.getmonero.org/rpc-library/wallet-rpc (get_transfers, get_transfer_by_txid, get_balance,
transfer, transfer_split, sweep_all): JSON-RPC 2.0, or its `result` alone.

Amounts and fees count piconero (1e-12 XMR), times are seconds since 1970. `account` is the wallet's own address; of
what was sent `to_address` is told where there is one destination, else destinations stay in `extra`. What is in the
pool or pending is not confirmed (noted), what failed has no kind. The fee of what came in was the sender's: it stays
in `extra`. Transaction keys are never copied. An address that is none of Monero's may be one of a coin that shares its
software: XMR is taken all the same, and noted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from parsers import addresses
from parsers.coins.entries import ASSET_ASSUMED, NOT_CONFIRMED
from parsers.contract import Format, Grade, Item
from parsers.jsonanswers import Answer, Made, Reader, coins, read_answers, recognised
from parsers.source import Source

FORMAT = Format(
    name="monero_wallet_rpc", title="monero-wallet-rpc answers (JSON)", tables=("coin_movement",), signature=True
)

FAILED = "transfer_failed"
WITHHELD = "secret_withheld"

_PICONERO = -12
_LISTS = ("in", "out", "pending", "failed", "pool")
_KINDS = {"in": "receipt", "pool": "receipt", "block": "credit", "out": "spend", "pending": "spend"}
_SENT = {"tx_hash", "amount", "fee"}
_SENT_LISTS = {"tx_hash_list", "amount_list", "fee_list"}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for an answer with transfers or balances in it."""
    return recognised(head, shape_of, (b'"txid"', b'"unlock_time"', b'"subaddr_index"'))


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each answer."""
    return read_answers(source, shape_of, "answer of monero-wallet-rpc")


def shape_of(value: Mapping[str, Any]) -> Reader | None:
    """Return how an object is read, None if it is none of these answers."""
    called = "jsonrpc" in value
    result = value.get("result") if called else value
    read_result = _shape_of_result(result, called=called) if isinstance(result, dict) else None
    if read_result is None or not called:
        return read_result

    def read_called(answer: Answer) -> list[Made]:
        inner = answer.inside("result")
        made = read_result(inner)
        answer.left |= inner.left
        return made

    return read_called


def _shape_of_result(result: Mapping[str, Any], *, called: bool) -> Reader | None:
    lists = [result[key] for key in _LISTS if isinstance(result.get(key), list)]
    if lists and all(_is_transfer(item) for entries in lists for item in entries) and any(lists):
        return _transfers
    if _is_transfer(result.get("transfer")):
        return _one
    if called and {"balance", "unlocked_balance"} <= result.keys():
        return _balances
    if called and result.keys() >= _SENT:
        return _sent
    if called and result.keys() >= _SENT_LISTS and _equally_long([result[key] for key in _SENT_LISTS]):
        return _sent_lists
    return None


def _equally_long(lists: list[Any]) -> bool:
    return all(isinstance(each, list) for each in lists) and len({len(each) for each in lists}) == 1


def _is_transfer(value: Any) -> bool:
    return isinstance(value, dict) and {"txid", "amount", "type", "timestamp"} <= value.keys()


def _transfers(answer: Answer) -> list[Made]:
    return [_transfer(entry) for key in _LISTS for entry in answer.objects(key)]


def _one(answer: Answer) -> list[Made]:
    entries = answer.objects("transfers")
    single = answer.inside("transfer")
    return [_transfer(entry) for entry in entries or [single]]


def _transfer(entry: Answer) -> Made:
    kind = entry.text("type")
    own = entry.text("address")
    sent = kind in {"out", "pending", "failed"}
    fee = coins(entry.digits("fee") if sent else None, _PICONERO, "fee")
    row = coins(entry.digits("amount"), _PICONERO)
    notes = [*row["notes"], *fee["notes"], *_asset_notes(own)]
    notes += [NOT_CONFIRMED] if kind in {"pool", "pending"} else []
    notes += [FAILED] if kind == "failed" else []
    row |= fee | entry.seconds("timestamp")
    row |= {"kind": _KINDS.get(kind or ""), "asset": "XMR", "account": own, "transaction_id": entry.text("txid")}
    row |= {"purpose": entry.text("note"), "extra": entry.left, "notes": notes}
    return Made("coin_movement", row | ({"from_address": own} | _target(entry) if sent else {"to_address": own}))


def _target(entry: Answer) -> dict[str, Any]:
    """Return the address of the only destination, if there is one and it got the whole amount."""
    targets = entry.left.get("destinations")
    if not isinstance(targets, list) or len(targets) != 1 or not isinstance(targets[0], dict):
        return {}
    address = targets[0].get("address")
    return {"to_address": address} if isinstance(address, str) else {}


def _asset_notes(address: str | None) -> list[str]:
    known = addresses.classify(address) if address else None
    return [] if known and known.asset == "XMR" else [ASSET_ASSUMED]


def _balances(answer: Answer) -> list[Made]:
    made = []
    for key, purpose in (("balance", "balance"), ("unlocked_balance", "balance that can be spent")):
        row = coins(answer.digits(key), _PICONERO)
        notes = [*row["notes"], ASSET_ASSUMED]
        made.append(
            Made("coin_movement", row | {"kind": "balance", "asset": "XMR", "purpose": purpose, "notes": notes})
        )
    return made


def _sent(answer: Answer) -> list[Made]:
    withheld = [WITHHELD] if answer.take("tx_key") else []
    return [_spent(answer.digits("amount"), answer.digits("fee"), answer.text("tx_hash"), withheld)]


def _sent_lists(answer: Answer) -> list[Made]:
    withheld = [WITHHELD] if answer.take("tx_key_list") else []
    lists = [answer.take(key) for key in ("amount_list", "fee_list", "tx_hash_list")]
    each = [Answer({"amount": amount, "fee": fee, "hash": tx}) for amount, fee, tx in zip(*lists, strict=True)]
    return [_spent(one.digits("amount"), one.digits("fee"), one.text("hash"), withheld) for one in each]


def _spent(amount: str | None, fee: str | None, transaction: str | None, notes: list[str]) -> Made:
    row, paid = coins(amount, _PICONERO), coins(fee, _PICONERO, "fee")
    told = [*row["notes"], *paid["notes"], *notes, ASSET_ASSUMED]
    known = {"kind": "spend", "asset": "XMR", "transaction_id": transaction, "notes": told}
    return Made("coin_movement", row | paid | known)
