"""An account as 2Miners and other pools on open-ethereum-pool answer it, saved as JSON.

Source of the format: 2miners/apidoc 2miners_api.json (`/accounts/{walletid}`); the software they share is
sammy007/open-ethereum-pool, api/server.go.

The answer names neither account nor coin, and amounts count units that differ from coin to coin (1e8, 1e9 or 1e12 of
one): they are kept as they stand, without a value. A mapping file (`list`, `scale`) says which coin it is. Rates are
H/s. `payments` are payouts, `rewards` credits (also those of blocks not yet mature, noted), the amounts under `stats`
states. `now` and `updatedAt` are milliseconds since 1970, all other times seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from parsers.contract import Format, Grade, Item
from parsers.jsonanswers import Answer, Made, Reader, coins, rate, read_answers, recognised
from parsers.source import Source

FORMAT = Format(
    name="two_miners",
    title="2Miners and open-ethereum-pool account (JSON)",
    tables=("coin_movement", "usage_metric"),
    signature=True,
)

IMMATURE = "block_not_mature"

_STATES = {"balance": "due", "immature": "not yet mature", "paid": "paid in total"}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for an account's answer."""
    return recognised(head, shape_of, (b'"currentHashrate"', b'"paymentsTotal"', b'"stats"'))


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each answer."""
    return read_answers(source, shape_of, "account of 2Miners")


def shape_of(value: Mapping[str, Any]) -> Reader | None:
    """Return how an object is read, None if it is no account."""
    keys = {"currentHashrate", "hashrate", "paymentsTotal", "stats"}
    return _account if keys <= value.keys() and isinstance(value["stats"], dict) else None


def _account(answer: Answer) -> list[Made]:
    when = answer.milliseconds("updatedAt") or answer.milliseconds("now")
    made = [*rate(answer.digits("currentHashrate"), **when), *_named(answer.digits("hashrate"), "average", when)]
    workers = answer.inside("workers")
    for name in list(workers.left):
        made += _worker(name, workers.inside(name), when)
    stats = answer.inside("stats")
    for key, purpose in _STATES.items():
        raw = stats.digits(key)
        if raw is not None:
            row = when | {"kind": "balance", "purpose": purpose} | coins(raw, None)
            made.append(Made("coin_movement", row))
    made += [_payment(payment) for payment in answer.objects("payments")]
    made += [_reward(reward) for reward in answer.objects("rewards")]
    answer.left |= {name: rest.left for name, rest in (("stats", stats), ("workers", workers)) if rest.left}
    return made


def _named(raw: str | None, name: str, when: dict[str, Any]) -> list[Made]:
    return rate(raw, **when, extra={"rate": name})


def _worker(name: str, worker: Answer, when: dict[str, Any]) -> list[Made]:
    made = rate(worker.digits("hr"), device=name, **when)
    made += rate(worker.digits("hr2"), device=name, **when, extra={"rate": "average"})
    if made:
        made[0].values["extra"] = worker.left
    return made


def _payment(payment: Answer) -> Made:
    row = payment.seconds("timestamp") | coins(payment.digits("amount"), None)
    row |= {"kind": "payout", "transaction_id": payment.text("tx"), "fee_raw": payment.digits("txFee")}
    return Made("coin_movement", row | {"extra": payment.left})


def _reward(reward: Answer) -> Made:
    row = reward.seconds("timestamp") | coins(reward.digits("reward"), None)
    if reward.left.get("immature") is True:
        row["notes"] = [*row["notes"], IMMATURE]
    return Made("coin_movement", row | {"kind": "credit", "purpose": "share of a block", "extra": reward.left})
