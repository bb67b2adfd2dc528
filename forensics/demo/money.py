"""What miner, pool, wallet, cloud and responders write down: shares, payouts, a bill, a recovery ledger."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from decimal import Decimal

from forensics.demo.acts import HOUR, MINUTE, SECOND
from forensics.demo.files import Evidence
from forensics.demo.identities import hex_of
from forensics.demo.scenario import BEGIN_US, DAYS, POOL_ADDRESS, POOL_NAME, POOL_PORT, Story

POOL, MINER_LOG, MINER_CONFIG = "pool/ledger.jsonl", "hosts/gpu-07/m.log", "hosts/gpu-07/config.json"
WALLET_LEDGER, BILL, RECOVERY = "wallet/movements.jsonl", "billing/focus.csv", "recovery/ledger.csv"
DIFFICULTY = 60_000
CREDITED, SPENT, FEE = Decimal("0.021480000000"), Decimal("0.009000000000"), Decimal("0.000030000000")


def mining_records(evidence: Evidence, story: Story, draw: random.Random) -> None:
    """The miner's own log and the pool's share and payout log."""
    at, accepted = story.mining_from_us + 300_000, 0
    _miner(evidence, at, " * ABOUT        XMRig/6.22.0 gcc/13.2.1 (built for Linux x86-64, 64 bit)")
    _miner(evidence, at + 4_000, f" net      use pool {POOL_NAME}:{POOL_PORT} {POOL_ADDRESS}")
    job = f" net      new job from {POOL_NAME}:{POOL_PORT} diff {DIFFICULTY} algo rx/0 height "
    _miner(evidence, at + 90_000, f"{job}3301209")
    while (at := at + draw.randrange(25, 95) * SECOND + draw.randrange(SECOND)) < story.mining_to_us:
        accepted += 1
        _miner(
            evidence, at, f" cpu      accepted ({accepted}/0) diff {DIFFICULTY} ({draw.randrange(20, 70)} ms)", "share"
        )
        share = {"ts": at // SECOND, "address": story.wallet, "event": "share", "difficulty": DIFFICULTY}
        evidence.add(POOL, at, json.dumps(share), "share")
        if accepted % 8 == 0:
            rate = 9_000 + draw.randrange(400)
            text = f" miner    speed 10s/60s/15m {rate}.1 {rate - 12}.4 {rate - 20}.8 H/s max 9533.2 H/s"
            _miner(evidence, at + 700_000, text)
    half = CREDITED / 2
    for number, share_of_time in enumerate((2, 1)):
        paid = story.mining_to_us - share_of_time * HOUR + 11 * MINUTE
        entry = {
            "ts": paid // SECOND, "address": story.wallet, "event": "payout", "amount": str(half), "currency": "XMR",
            "txid": hex_of(draw, 64), "number": number + 1,
        }  # fmt: skip
        evidence.add(POOL, paid, json.dumps(entry), "payout")
    spent = {
        "ts": (story.mining_to_us - 40 * MINUTE) // SECOND, "address": story.wallet, "event": "spend",
        "amount": str(SPENT), "currency": "XMR", "to": "gpu-rental order o-5512", "txid": hex_of(draw, 64),
    }  # fmt: skip
    evidence.add(WALLET_LEDGER, story.mining_to_us - 40 * MINUTE, json.dumps(spent), "spend")
    account = {"url": f"{POOL_NAME}:{POOL_PORT}", "user": story.wallet, "pass": "n7", "keepalive": True, "tls": False}
    config = {
        "autosave": True, "donate-level": 1, "cpu": {"enabled": True, "max-threads-hint": 75},
        "pools": [account],
    }  # fmt: skip
    evidence.blob(MINER_CONFIG, (json.dumps(config, indent=4) + "\n").encode())


def _miner(evidence: Evidence, at_us: int, text: str, act: str = "miner_log") -> None:
    moment = datetime.fromtimestamp(at_us // SECOND, UTC)
    stamp = f"[{moment:%Y-%m-%d %H:%M:%S}.{at_us % SECOND // 1000:03d}]"
    evidence.add(MINER_LOG, at_us, f"{stamp} {text}", act)


def recovery(evidence: Evidence, story: Story, draw: random.Random) -> None:
    """The responders' ledger: found, controlled, moved to custody, confirmed."""
    left = CREDITED - SPENT - FEE
    header = "time,action,asset,network,amount,fee,from,to,txid,actor,witness,authority,note"
    evidence.frame(RECOVERY, [header])
    transaction = hex_of(draw, 64)
    begin = story.mining_to_us + 2 * HOUR
    rows = (
        (0, "identified", "", "", "", "", "wallet found in the agent's home"),
        (20, "balance_observed", str(CREDITED - SPENT), "", story.wallet, "", "by the wallet's own view"),
        (55, "control_obtained", "", "", story.wallet, "", "seed sealed in envelope 3"),
        (70, "transfer_to_custody", str(left), str(FEE), story.wallet, story.custody_wallet, ""),
        (110, "confirmed", str(left), "", story.wallet, story.custody_wallet, "10 confirmations"),
    )
    for minutes, action, amount, fee, origin, target, note in rows:
        at = begin + minutes * MINUTE
        cells = (
            f"{datetime.fromtimestamp(at // SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}", action, "XMR", "monero", amount, fee,
            origin, target, transaction if "custody" in action or action == "confirmed" else "", "responder-1",
            "witness-2", "order 14/26", note,
        )  # fmt: skip
        evidence.add(RECOVERY, at, ",".join(cells), f"recovery.{action}")


def bill(evidence: Evidence, draw: random.Random) -> None:
    """A FOCUS bill by the hour: twelve machines, storage by the day, and a credit."""
    columns = (
        "BillingAccountId", "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd",
        "ChargeCategory", "ChargeDescription", "BilledCost", "EffectiveCost", "ListCost", "ContractedCost",
        "BillingCurrency", "ConsumedQuantity", "ConsumedUnit", "PricingQuantity", "PricingUnit", "ProviderName",
        "ServiceCategory", "ServiceName", "ResourceId", "ResourceName", "ResourceType", "RegionId", "Tags",
    )  # fmt: skip
    evidence.frame(BILL, [",".join(columns)])
    for hour in range(24 * DAYS):
        begin = BEGIN_US + hour * HOUR
        for number in range(1, 13):
            cost = Decimal("2.4480") if number >= 5 else Decimal("0.3840")
            row = _charge(
                begin, begin + HOUR, "Usage", f"gpu-{number:02d} by the hour", cost, "Compute", f"gpu-{number:02d}"
            )
            evidence.add(BILL, begin, row, "bill" if number == 7 else None)
        if hour % 24 == 0:
            stored = Decimal(draw.randrange(90_000, 99_999)) / 10_000
            evidence.add(BILL, begin, _charge(begin, begin + 24 * HOUR, "Usage", "storage", stored, "Storage", "vol-1"))
    evidence.add(BILL, BEGIN_US, _charge(BEGIN_US, BEGIN_US + HOUR, "Credit", "credit", Decimal("-25.00"), "Other", ""))


def _charge(begin: int, end: int, category: str, text: str, cost: Decimal, service: str, resource: str) -> str:
    stamps = [f"{datetime.fromtimestamp(at // SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}" for at in (begin, end)]
    cells = (
        "acct-1", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", *stamps, category, text, str(cost), str(cost),
        str(cost), str(cost), "USD", "1", "Hours", "1", "Hours", "Example Cloud", service, f"Example {service}",
        f"res/{resource}", resource, "Virtual Machine", "eu-1", '"{""team"":""ml""}"',
    )  # fmt: skip
    return ",".join(cells)
