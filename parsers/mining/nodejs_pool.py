"""Answers of the nodejs-pool interface (SupportXMR, MoneroOcean and others), saved as JSON.

Source of the format: Snipa22/nodejs-pool lib/api.js and MoneroOcean/nodejs-pool lib/api/public.js:
`/miner/ADDRESS/stats`, `/stats/allWorkers`, `/payments`, `/block_payments`, `/chart/hashrate`.

The answers name neither account nor coin; the software pays Monero, so the asset is taken to be XMR and noted so.
Balances and payments count piconero (1e-12 XMR), but the `value` of block payments is whole XMR, computed in floating
point: it is rounded to piconero and noted. Times are seconds since 1970, in charts milliseconds. What was paid and is
due are states (`balance`), not movements; share counts are running totals. `hash2` and `hs2` are MoneroOcean's rates
normalised across algorithms. A block in which the account had no part makes no row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from parsers.contract import Format, Grade, Item
from parsers.jsonanswers import Answer, Made, Reader, coins, metric, rate, read_answers, recognised, shares
from parsers.source import Source

FORMAT = Format(
    name="nodejs_pool",
    title="nodejs-pool answers (SupportXMR, MoneroOcean; JSON)",
    tables=("coin_movement", "mining_share", "usage_metric"),
    signature=True,
)

ASSET_ASSUMED = "asset_by_pool_software"
ROUNDED = "rounded_to_piconero"

_PICONERO = -12
_SMALLEST = Decimal(1).scaleb(_PICONERO)
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_MOST_WHOLE = 10**20


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for the first object of an answer."""
    return recognised(head, shape_of, (b'"identifer"', b'"totalHash"', b'"validShares"'))


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each answer, or of each element of one that is a list."""
    return read_answers(source, shape_of, "answer of nodejs-pool")


def shape_of(value: Mapping[str, Any]) -> Reader | None:
    """Return how an object is read, None if it is none of these answers."""
    keys = value.keys()
    if {"totalHashes", "validShares", "amtPaid", "amtDue"} <= keys:
        return _stats
    if {"ts", "amount", "txnHash", "pt"} <= keys:
        return _payment
    if {"ts", "ts_found", "hash", "value", "value_percent"} <= keys:
        return _block
    if {"ts", "hs"} <= keys <= {"ts", "hs", "hs2"}:
        return _sample
    if value and all(isinstance(item, dict) and {"lts", "identifer"} <= item.keys() for item in value.values()):
        return _workers
    return None


def _stats(answer: Answer) -> list[Made]:
    return [
        *rate(answer.digits("hash")),
        *metric("hashes", answer.digits("totalHashes"), "H"),
        *shares(answer, "validShares", "invalidShares", "lastHash"),
        *_state(answer.digits("amtDue"), "due"),
        *_state(answer.digits("amtPaid"), "paid in total"),
    ]


def _state(raw: str | None, purpose: str) -> list[Made]:
    return [_moved("balance", coins(raw, _PICONERO) | {"purpose": purpose})] if raw is not None else []


def _moved(kind: str, columns: dict[str, Any]) -> Made:
    notes = [*columns["notes"], ASSET_ASSUMED]
    return Made("coin_movement", {"kind": kind, "asset": "XMR"} | columns | {"notes": notes})


def _payment(answer: Answer) -> list[Made]:
    row = answer.seconds("ts") | coins(answer.digits("amount"), _PICONERO)
    return [_moved("payout", row | {"transaction_id": answer.text("txnHash")})]


def _block(answer: Answer) -> list[Made]:
    part = answer.number("value")
    if part == 0:
        return []
    row = answer.seconds("ts") | _rounded(part, answer) | {"purpose": "share of a block"}
    return [_moved("credit", row)]


def _rounded(part: Decimal | None, answer: Answer) -> dict[str, Any]:
    if part is None or not -_MOST_WHOLE < part < _MOST_WHOLE:
        return coins(answer.digits("value") if part is None else str(part))
    whole = part.quantize(_SMALLEST, context=_WIDE)
    return {"amount": whole, "amount_raw": str(part), "notes": [ROUNDED] if whole != part else []}


def _sample(answer: Answer) -> list[Made]:
    return rate(answer.digits("hs"), **answer.milliseconds("ts"))


def _workers(answer: Answer) -> list[Made]:
    made: list[Made] = []
    for name in list(answer.left):
        worker = answer.inside(name)
        who = worker.text("identifer")
        named = None if who == "global" else who
        device = {} if named is None else {"device": named}
        rows = [
            *rate(worker.digits("hash"), **device),
            *metric("hashes", worker.digits("totalHash"), "H", **device),
            *shares(worker, "validShares", "invalidShares", "lts", worker=named),
        ]
        if rows:
            rows[0].values["extra"] = worker.left
        elif worker.left:
            answer.left[name] = worker.left
        made += rows
    return made
