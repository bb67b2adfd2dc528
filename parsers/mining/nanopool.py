"""Answers of Nanopool's interface, saved as JSON.

Source of the format: api.nanopool.org/v1/COIN/user/ADDRESS, payments/ADDRESS and history/ADDRESS, by the fields that
its public clients read (`status`, `data`: `account`, `balance`, `unconfirmed_balance`, `hashrate`, `avgHashrate`,
`workers`; `date`, `txHash`, `amount`, `confirmed`; `date`, `hashrate`).

Which coin it is stands in the address of the page only. Amounts are whole coins, so they are exact all the same; the
asset is known where the account is an address that tells it (or a mapping file does). Rates are in H/s for Monero and
in other units for other coins: the unit is unknown elsewhere. Balances are states, not movements. Times are seconds
since 1970.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from parsers import addresses
from parsers.contract import Format, Grade, Item
from parsers.jsonanswers import Answer, Made, Reader, coins, rate, read_answers, recognised
from parsers.source import Source

FORMAT = Format(
    name="nanopool", title="Nanopool answers (JSON)", tables=("coin_movement", "usage_metric"), signature=True
)

UNCONFIRMED = "not_confirmed"

_WINDOWS = {f"h{hours}": hours * 3600 for hours in (1, 3, 6, 12, 24)}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for an answer with an account, payments or rates in it."""
    return recognised(head, shape_of, (b'"status"', b'"data"', b'"txHash"', b'"confirmed"'))


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each answer."""
    return read_answers(source, shape_of, "answer of Nanopool")


def shape_of(value: Mapping[str, Any]) -> Reader | None:
    """Return how an object is read, None if it is none of these answers."""
    data = value.get("data")
    if not isinstance(value.get("status"), bool):
        return None
    if isinstance(data, dict) and {"account", "balance", "hashrate", "avgHashrate"} <= data.keys():
        return _user
    if not isinstance(data, list) or not data or not all(isinstance(item, dict) for item in data):
        return None
    if all({"date", "txHash", "amount", "confirmed"} <= item.keys() for item in data):
        return _payments
    return _history if all(item.keys() == {"date", "hashrate"} for item in data) else None


def _user(answer: Answer) -> list[Made]:
    user = answer.inside("data")
    account = user.text("account")
    asset = _asset(account)
    unit = "H/s" if asset == "XMR" else None
    made = [*rate(user.digits("hashrate"), unit)]
    averages = user.inside("avgHashrate")
    for key, seconds in _WINDOWS.items():
        made += rate(averages.digits(key), unit, window_s=seconds)
    for worker in user.objects("workers"):
        made += _worker(worker, unit)
    for key, purpose in (("balance", "due"), ("unconfirmed_balance", "not yet confirmed")):
        raw = user.digits(key)
        if raw is not None:
            row = {"kind": "balance", "asset": asset, "account": account, "purpose": purpose}
            made.append(Made("coin_movement", row | coins(raw)))
    answer.left |= user.left | ({"avgHashrate": averages.left} if averages.left else {})
    return made


def _asset(account: str | None) -> str | None:
    found = addresses.classify(account) if account else None
    return found.asset if found and found.asset != "EVM" and not found.also else None


def _worker(worker: Answer, unit: str | None) -> list[Made]:
    name = worker.text("id")
    found = rate(worker.digits("hashrate"), unit, device=name)
    for key, seconds in _WINDOWS.items():
        found += rate(worker.digits(key), unit, window_s=seconds, device=name)
    if found:
        found[0].values["extra"] = worker.left
    return found


def _payments(answer: Answer) -> list[Made]:
    return [_payment(payment) for payment in answer.objects("data")]


def _payment(payment: Answer) -> Made:
    row = payment.seconds("date") | coins(payment.digits("amount"))
    row |= {"kind": "payout", "transaction_id": payment.text("txHash")}
    if payment.take("confirmed") is not True:
        row["notes"] = [*row["notes"], UNCONFIRMED]
    return Made("coin_movement", row | {"extra": payment.left})


def _history(answer: Answer) -> list[Made]:
    return [
        made
        for sample in answer.objects("data")
        for made in rate(sample.digits("hashrate"), None, **sample.seconds("date"))
    ]
