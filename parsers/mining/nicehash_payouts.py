"""Payouts of NiceHash, saved as JSON.

Source of the format: nicehash.com/docs/rest/get-main-api-v2-mining-rigs-payouts (`list` of `id`, `created`, `amount`,
`feeAmount`, `currency`, `accountType`).

NiceHash pays bitcoin whatever was mined: the asset is the currency of the payout, not the coin of the hash rate.
Amounts are whole coins as text, the fee stands beside them. `created` is in milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from parsers.contract import Format, Grade, Item
from parsers.jsonanswers import Answer, Made, Reader, coins, read_answers, recognised
from parsers.source import Source

FORMAT = Format(name="nicehash_payouts", title="NiceHash payouts (JSON)", tables=("coin_movement",), signature=True)


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for a list of payouts."""
    return recognised(head, shape_of, (b'"list"', b'"feeAmount"', b'"currency"', b'"created"'))


def read(source: Source) -> Iterator[Item]:
    """Yield one `coin_movement` row a payout."""
    return read_answers(source, shape_of, "list of NiceHash payouts")


def shape_of(value: Mapping[str, Any]) -> Reader | None:
    """Return how an object is read, None if it is no list of payouts."""
    listed = value.get("list")
    keys = {"id", "created", "amount", "feeAmount", "currency"}
    whole = (
        isinstance(listed, list) and listed and all(isinstance(each, dict) and keys <= each.keys() for each in listed)
    )
    return _payouts if whole else None


def _payouts(answer: Answer) -> list[Made]:
    return [_payout(each) for each in answer.objects("list")]


def _payout(payout: Answer) -> Made:
    currency = payout.left["currency"]
    named = currency.get("enumName") if isinstance(currency, dict) else currency
    row, fee = coins(payout.digits("amount")), coins(payout.digits("feeAmount"), 0, "fee")
    notes = [*row["notes"], *fee["notes"]]
    row |= fee | payout.milliseconds("created")
    row |= {"kind": "payout", "asset": named if isinstance(named, str) else None, "counterparty": "NiceHash"}
    return Made("coin_movement", row | {"extra": payout.left, "notes": notes})
