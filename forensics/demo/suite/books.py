"""What miner, pool, wallet, cloud, sensors and responders write down, from a story's entries."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from forensics.demo.acts import HOUR, SECOND
from forensics.demo.files import Evidence
from forensics.demo.suite import platforms
from forensics.demo.suite.deeds import Entry, Story
from forensics.demo.suite.sight import Sight

POOL, WALLET, RECOVERY = "pool/account.jsonl", "wallet/movements.jsonl", "recovery/ledger.csv"
FOCUS, CUR = "billing/focus.csv", "billing/cur.csv"
_RECOVERY_HEADER = "time,action,asset,network,amount,fee,from,to,txid,actor,witness,authority,note"
_FOCUS_COLUMNS = (
    "BillingAccountId", "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd",
    "ChargeCategory", "ChargeDescription", "BilledCost", "EffectiveCost", "ListCost", "ContractedCost",
    "BillingCurrency", "ConsumedQuantity", "ConsumedUnit", "PricingQuantity", "PricingUnit", "ProviderName",
    "ServiceCategory", "ServiceName", "ResourceId", "ResourceName", "ResourceType", "RegionId", "Tags",
)  # fmt: skip
_CUR_COLUMNS = (
    "identity_line_item_id", "bill_bill_type", "bill_billing_entity", "bill_billing_period_end_date",
    "bill_billing_period_start_date", "bill_payer_account_id", "line_item_currency_code",
    "line_item_line_item_description", "line_item_line_item_type", "line_item_operation", "line_item_product_code",
    "line_item_resource_id", "line_item_unblended_cost", "line_item_usage_account_id", "line_item_usage_amount",
    "line_item_usage_end_date", "line_item_usage_start_date", "line_item_usage_type", "product_region_code",
)  # fmt: skip


def write_books(evidence: Evidence, story: Story, sight: Sight) -> None:
    """Write every entry into its file, as that file writes."""
    writers: dict[str, Callable[[int, Entry], str]] = {
        "json": _json, "miner": _miner, "recovery": _recovery, "focus": _focus, "cur": _cur, **platforms.WRITERS,
    }  # fmt: skip
    frames = {
        "recovery": (_RECOVERY_HEADER,), "focus": (",".join(_FOCUS_COLUMNS),), "cur": (",".join(_CUR_COLUMNS),),
        "gpu": (platforms.GPU_HEADER,),
    }  # fmt: skip
    for entry in story.entries:
        source = _source(entry.kind)
        if sight.sees(source, entry.at_us):
            if entry.kind in frames:
                evidence.frame(entry.path, list(frames[entry.kind]))
            at = sight.clock(source).read(entry.at_us, story.begin_us)
            evidence.add(entry.path, entry.at_us, writers[entry.kind](at, entry), f"{entry.key}:entry")
    for left in story.leftovers:
        if sight.sees("miner", left.at_us):
            evidence.add(left.path, left.at_us, left.text, f"{left.key}:file")


def _source(kind: str) -> str:
    """Return the class of source that writes entries of a kind."""
    if kind == "suricata":
        return "network"
    return "miner" if kind == "miner" else "platform" if kind in platforms.WRITERS else "money"


def _json(at_us: int, entry: Entry) -> str:
    return json.dumps({"ts": at_us // SECOND, **entry.values})


def _miner(at_us: int, entry: Entry) -> str:
    moment = datetime.fromtimestamp(at_us // SECOND, UTC)
    return f"[{moment:%Y-%m-%d %H:%M:%S}.{at_us % SECOND // 1000:03d}] {entry.values['text']}"


def _recovery(at_us: int, entry: Entry) -> str:
    names = (
        "action",
        "asset",
        "network",
        "amount",
        "fee",
        "from",
        "to",
        "txid",
        "actor",
        "witness",
        "authority",
        "note",
    )
    return ",".join((_iso(at_us), *(str(entry.values.get(name, "")) for name in names)))


def _focus(at_us: int, entry: Entry) -> str:
    values = entry.values
    cost, month = str(values["cost"]), datetime.fromtimestamp(at_us // SECOND, UTC).replace(day=1)
    period = f"{month:%Y-%m-%dT00:00:00Z}", f"{month.replace(day=28):%Y-%m-%dT00:00:00Z}"
    stamps = _iso(at_us), _iso(at_us + int(values.get("hours", 1)) * HOUR)
    cells = (
        "acct-1", *period, *stamps, values.get("category", "Usage"), values["text"], cost, cost, cost, cost, "USD",
        "1", "Hours", "1", "Hours", "Example Cloud", values.get("service", "Compute"),
        f"Example {values.get('service', 'Compute')}", f"res/{values['resource']}", values["resource"],
        "Virtual Machine", "eu-1", '"{""team"":""ml""}"',
    )  # fmt: skip
    return ",".join(cells)


def _cur(at_us: int, entry: Entry) -> str:
    values = entry.values
    month = datetime.fromtimestamp(at_us // SECOND, UTC).replace(day=1)
    period = f"{month.replace(day=28):%Y-%m-%dT00:00:00.000Z}", f"{month:%Y-%m-%dT00:00:00.000Z}"
    cells = (
        f"li-{at_us // SECOND}-{values['resource']}", "Anniversary", "AWS",
        *period, "000000000012", "USD", values["text"], values.get("category", "Usage"), "RunInstances",
        "AmazonEC2", values["resource"], str(values["cost"]), "000000000034", "1",
        _iso(at_us + int(values.get("hours", 1)) * HOUR), _iso(at_us), "BoxUsage", "eu-1",
    )  # fmt: skip
    return ",".join(cells)


def _iso(at_us: int) -> str:
    return f"{datetime.fromtimestamp(at_us // SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"
