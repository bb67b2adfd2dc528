"""What was credited, where a pool tells only how an account stands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from forensics.document.assets import _by_standing

WALLET = "W" * 95


def held(record: int, account: str | None = WALLET, **purposes: str | None) -> list[dict[str, Any]]:
    return [
        {
            "source_id": "a" * 64,
            "record": record,
            "kind": "balance",
            "account": account,
            "purpose": purpose.replace("_", " "),
            "amount": None if amount is None else Decimal(amount),
        }
        for purpose, amount in purposes.items()
    ]


@pytest.mark.parametrize(
    ("rows", "addresses", "expected"),
    [
        (held(1, due="0.3", paid_in_total="1.2"), [WALLET], ("1.5", "1.2")),
        (held(1, due="0.3", paid_in_total="0") + held(2, due="0.1", paid_in_total="1"), [WALLET], ("1.1", "1")),
        (held(1, None, due="0.3"), [WALLET], ("0.3", None)),
        (held(1, None, due="0.3"), [WALLET, "V" * 95], (None, None)),
        (held(1, "V" * 95, due="0.3"), [WALLET], (None, None)),
        (held(1, due=None, paid_in_total="1"), [WALLET], (None, None)),
        (held(1, balance="7"), [WALLET], (None, None)),
    ],
    ids=[
        "owed and paid",
        "the later of two",
        "no account named",
        "whose is not told",
        "another's",
        "no number",
        "a wallet",
    ],
)
def test_what_a_pool_owes_and_paid_is_what_it_credited(
    rows: list[dict[str, Any]], addresses: list[str], expected: tuple[str | None, str | None]
) -> None:
    credited, paid = _by_standing(rows, addresses, None, None)
    assert (credited, paid) == tuple(None if amount is None else Decimal(amount) for amount in expected)


def test_entries_go_before_standings() -> None:
    told = _by_standing(held(1, due="9", paid_in_total="9"), [WALLET], Decimal(2), Decimal(1))
    assert told == (Decimal(2), Decimal(1))
