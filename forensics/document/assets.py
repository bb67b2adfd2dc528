"""Coins and costs of an episode: exact decimals, one line per asset or currency, nothing summed across them."""

from __future__ import annotations

from collections.abc import Collection
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from forensics.document.amounts import EXACT, text_of, total
from forensics.document.cite import moment
from forensics.document.episodes import Episode
from forensics.document.valuation import Prices, prices_of, valuation
from forensics.document.windows import first_of, last_of
from forensics.engine import Engine
from parsers.addresses import classify

_SECURED = ("transfer_to_custody", "confirmed", "returned", "recovered", "handed_over")
_OWED = ("due", "not yet mature", "not yet confirmed", "not yet exchanged")
_PAID = "paid in total"
_CENT = Decimal("0.000001")
_CHARGE = (
    "charge.source_id || '#' || charge.record || '.' || charge.part as event, billing_currency, billed_cost,"
    " epoch_us(ts) as begin_us, epoch_us(ts_end) as end_us"
)
_USAGE = "ts is not null and ts_end is not null and coalesce(charge_category, 'Usage') = 'Usage'"

Row = dict[str, Any]


def wallets_of(episode: Episode) -> list[str]:
    """Whole wallet addresses of the episode, in alphabetical order; cut ones are left out."""
    found = {row["wallet"] for row in episode.mining if row["wallet"]}
    return sorted(wallet for wallet in found if classify(wallet) is not None)


def assets(engine: Engine, episode: Episode) -> list[dict[str, Any]]:
    """One entry per asset: credited, paid, received, spent, recovered and what is outstanding; None where unknown."""
    wallets = wallets_of(episode)
    moved = engine.rows("select * from coin_event where repeats is null order by asset, best_us nulls last, event")
    secured = engine.rows("select * from custody_event order by asset, best_us nulls last, event")
    prices = prices_of(engine)
    by_asset: dict[str, set[str]] = {}
    for wallet in wallets:
        known = classify(wallet)
        if known and known.asset and known.asset != "EVM":
            by_asset.setdefault(known.asset, set()).add(wallet)
    for row in [*moved, *secured]:
        if row["asset"]:
            by_asset.setdefault(row["asset"], set())
    return [_asset(asset, sorted(addresses), moved, secured, prices) for asset, addresses in sorted(by_asset.items())]


def _asset(asset: str, addresses: list[str], moved: list[Row], secured: list[Row], prices: Prices) -> dict[str, Any]:
    own = [row for row in moved if row["asset"] == asset]
    groups = {
        "credited": [row for row in own if row["kind"] == "credit"],
        "paid": [row for row in own if row["kind"] == "payout"],
        "received": [row for row in own if row["kind"] == "receipt"],
        "spent": [row for row in own if row["side"] == "out"],
        "recovered": [row for row in _once(secured) if row["asset"] == asset and row["kind"] in _SECURED],
    }
    credited, paid, received, spent, recovered = (total(row["amount"] for row in rows) for rows in groups.values())
    entries = received if received is not None else paid
    credited, paid = _by_standing(own, addresses, credited, paid)
    gathered = entries if entries is not None else credited
    outstanding = None
    if gathered is not None:
        outstanding = total([gathered, *(part.copy_negate() for part in (spent, recovered) if part is not None)])
    return {
        "asset": asset,
        "address": addresses[0] if len(addresses) == 1 else None,
        "network": None,
        "expected": None,
        "credited": text_of(credited),
        "paid": text_of(paid),
        "received": text_of(received),
        "spent": text_of(spent),
        "recovered": text_of(recovered),
        "outstanding": text_of(outstanding),
        "valuation": valuation(prices, asset, groups),
    }


def _by_standing(
    own: list[Row], addresses: list[str], credited: Decimal | None, paid: Decimal | None
) -> tuple[Decimal | None, Decimal | None]:
    """Fill in what no entry tells from where the pool's account stood: what it owed and what it had paid.

    Many pools answer with standings and list no credit. An answer that names no account is taken for the episode's only
    one. What was credited never shrinks, so of several answers the highest counts; an amount that is not exact is none.
    """
    answers: dict[tuple[str, int], dict[str, Decimal | None]] = {}
    for row in own:
        mine = row["account"] in addresses if row["account"] else len(addresses) == 1
        if row["kind"] == "balance" and mine and row["purpose"] in (*_OWED, _PAID):
            answers.setdefault((row["source_id"], row["record"]), {})[row["purpose"]] = row["amount"]
    standings = [held for held in answers.values() if None not in held.values()]
    paid_out = [held[_PAID] for held in standings if _PAID in held]
    sums = [total(held.values()) for held in standings]
    return (
        credited if credited is not None else max((amount for amount in sums if amount is not None), default=None),
        paid if paid is not None else max((amount for amount in paid_out if amount is not None), default=None),
    )


def gathered_since(engine: Engine, since_us: int) -> list[dict[str, str]]:
    """Coins received (else paid, else credited) at or after a time, per asset; nothing summed across assets."""
    rows = engine.rows("select asset, kind, amount, best_us from coin_event where asset is not null order by asset")
    found = []
    for asset in sorted({row["asset"] for row in rows}):
        kinds = ("receipt", "payout", "credit")
        own = [[row for row in rows if row["asset"] == asset and row["kind"] == kind] for kind in kinds]
        told = next((entries for entries in own if total(row["amount"] for row in entries) is not None), None)
        if told is not None:
            after = [row for row in told if row["best_us"] is not None and row["best_us"] >= since_us]
            found.append({"asset": asset, "amount": text_of(total(row["amount"] for row in after)) or "0"})
    return found


def _once(rows: list[Row]) -> list[Row]:
    """Count a transfer once though several acts (sent, confirmed, handed over) tell of it."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for row in rows:
        key = (row["asset"] or "", row["transaction_id"] or row["event"])
        if row["kind"] in _SECURED and key not in seen:
            seen.add(key)
            kept.append(row)
    return kept


def costs(
    engine: Engine, episode: Episode, hosts: Collection[str], since_us: int | None = None
) -> list[dict[str, Any]]:
    """What the bill says of machines that the incident launched, and of its other hosts, per currency.

    What was launched is counted with every line that names it, whole. Of the `hosts`, charges for computing are cut by
    time to the mining window. Both only after `since_us`; rounded to 6 places. A bill whose lines name neither gives no
    cost: which of its lines the incident caused is then not known. `events` are the lines counted.
    """
    launched = _launched(engine, episode, since_us)
    counted = {row["event"] for row in launched}
    shared = [row for row in _shared(engine, episode, hosts, since_us) if row["event"] not in counted]
    told = [*_by_currency(launched, "launched_by_incident"), *_by_currency(shared, "share_of_existing")]
    return sorted(told, key=lambda cost: (cost["currency"], cost["basis"]))


def _launched(engine: Engine, episode: Episode, since_us: int | None) -> list[Row]:
    charges = engine.rows(
        f"select {_CHARGE} from charge"
        " join (select distinct to_event from sensor_link"
        " where kind = 'ran_then_charged' and list_contains($1, from_event)) as billed"
        " on billed.to_event = charge.source_id || '#' || charge.record || '.' || charge.part"
        f" where {_USAGE} order by ts, source_id, record",
        [episode.events()],
    )
    return [
        {**row, "from_us": max(row["begin_us"], since_us or row["begin_us"]), "to_us": row["end_us"]}
        for row in charges
        if row["end_us"] > (since_us or row["begin_us"])
    ]


def _shared(engine: Engine, episode: Episode, hosts: Collection[str], since_us: int | None) -> list[Row]:
    stages = episode.stages
    begin, end = first_of(stages.get("mining")), last_of(stages.get("containment")) or last_of(stages.get("mining"))
    if not begin or not end or not hosts:
        return []
    begin_us = max(begin["best_us"], since_us or begin["best_us"])
    charges = engine.rows(
        f"select {_CHARGE}, service_category from charge where {_USAGE} and epoch_us(ts) < $1 and epoch_us(ts_end) > $2"
        " and (list_contains($3, resource_name) or list_contains($3, resource_id)) order by ts, source_id, record",
        [end["best_us"], begin_us, sorted(hosts)],
    )
    return [{**row, "from_us": begin_us, "to_us": end["best_us"]} for row in charges if _is_compute(row)]


def _by_currency(charges: list[Row], basis: str) -> list[dict[str, Any]]:
    lines: dict[str, list[Row]] = {}
    for charge in charges:
        if charge["billing_currency"] and charge["billed_cost"] is not None:
            lines.setdefault(charge["billing_currency"], []).append(charge)
    return [
        {
            "currency": currency,
            "amount": text_of(total(_part(row, row["from_us"], row["to_us"]) for row in rows)),
            "basis": basis,
            "from": moment(min(row["from_us"] for row in rows)),
            "to": moment(max(row["to_us"] for row in rows)),
            "events": [row["event"] for row in rows],
        }
        for currency, rows in sorted(lines.items())
    ]


def _is_compute(charge: Row) -> bool:
    category = (charge["service_category"] or "compute").lower()
    return "compute" in category or "machine learning" in category or "container" in category


def _part(row: Row, begin_us: int, end_us: int) -> Decimal:
    length = row["end_us"] - row["begin_us"]
    inside = min(row["end_us"], end_us) - max(row["begin_us"], begin_us)
    amount: Decimal = row["billed_cost"]
    share = EXACT.divide(EXACT.multiply(amount, inside), length) if length > 0 else Decimal(0)
    return share.quantize(_CENT, ROUND_HALF_EVEN, EXACT)
