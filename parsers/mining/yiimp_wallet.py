"""A wallet as yiimp pools (zpool and others) answer it, saved as JSON.

Source of the format: yiimp web/yaamp/modules/site/api.php and modules/api/ApiController.php (`/api/wallet`,
`/api/walletEx`); zpool's answers carry `minpay` and `paidtotal` besides.

Amounts are whole coins of `currency`, which is what the pool pays, not what was mined. `unsold`, `balance`, `unpaid`,
`paid24h`, `total` and `paidtotal` are states; `payouts` movements. `accepted` and `rejected` of a miner are sums of
share difficulty, no counts. A miner's password is never copied. Payout times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from parsers.contract import Format, Grade, Item
from parsers.jsonanswers import Answer, Made, Reader, coins, read_answers, recognised
from parsers.source import Source

FORMAT = Format(
    name="yiimp_wallet", title="yiimp and zpool wallet (JSON)", tables=("coin_movement", "artefact"), signature=True
)

WITHHELD = "secret_withheld"

_STATES = {
    "unsold": "not yet exchanged",
    "balance": "due",
    "unpaid": "due and not yet exchanged",
    "paid24h": "paid in 24 hours",
    "paidtotal": "paid in total",
    "total": "due and paid in 24 hours",
}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for a wallet's answer."""
    return recognised(head, shape_of, (b'"unsold"', b'"unpaid"', b'"paid24h"'))


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each answer."""
    return read_answers(source, shape_of, "wallet of a yiimp pool")


def shape_of(value: Mapping[str, Any]) -> Reader | None:
    """Return how an object is read, None if it is no wallet."""
    return _wallet if {"unsold", "balance", "unpaid", "paid24h"} <= value.keys() else None


def _wallet(answer: Answer) -> list[Made]:
    asset = answer.text("currency")
    made = []
    for key, purpose in _STATES.items():
        raw = answer.digits(key)
        if raw is not None:
            made.append(Made("coin_movement", {"kind": "balance", "asset": asset, "purpose": purpose} | coins(raw)))
    for payout in answer.objects("payouts"):
        row = payout.seconds("time") | coins(payout.digits("amount"))
        row |= {"kind": "payout", "asset": asset, "transaction_id": payout.text("tx"), "extra": payout.left}
        made.append(Made("coin_movement", row))
    return made + [_miner(miner) for miner in answer.objects("miners")]


def _miner(miner: Answer) -> Made:
    notes = [WITHHELD] if miner.take("password") else []
    row = {"kind": "miner_version", "name": miner.text("ID"), "value": miner.text("version")}
    return Made("artefact", row | {"notes": notes, "extra": miner.left})
