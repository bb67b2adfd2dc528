"""The columns of Azure cost exports, whatever agreement, age and language they come from.

Names are compared without case; where a translated name is followed by the English one in parentheses, that one counts.
Of the columns that mean the same under different agreements the first that is there is read.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from parsers.times import DAY, Moment, iso

COST = ("costinbillingcurrency", "cost", "pretaxcost")
DATE = ("date", "usagedatetime", "usagedate")
CURRENCY = ("billingcurrency", "billingcurrencycode", "currency")
ACCOUNT = ("billingaccountid",)
SUBSCRIPTION = ("subscriptionid", "subscriptionguid")
RESOURCE = ("resourceid", "instanceid")
METER = ("metercategory",)
PERIOD_START, PERIOD_END = ("billingperiodstartdate",), ("billingperiodenddate",)
CHARGE_TYPE, FREQUENCY, PRICING = ("chargetype",), ("frequency",), ("pricingmodel",)
TAGS = ("tags",)

TEXTS = {
    "billing_account_id": ACCOUNT,
    "sub_account_id": SUBSCRIPTION,
    "sub_account_name": ("subscriptionname",),
    "invoice_id": ("invoiceid",),
    "service_name": METER,
    "service_category": ("servicefamily",),
    "charge_description": ("product", "productname", "metername"),
    "billing_currency": CURRENCY,
    "consumed_unit": ("unitofmeasure",),
    "sku_id": ("meterid",),
    "resource_id": RESOURCE,
    "resource_name": ("resourcename",),
    "resource_type": ("resourcetype",),
    "region_id": ("resourcelocation", "resourcelocationnormalized"),
    "native_type": CHARGE_TYPE,
}
AMOUNTS = {
    "list_cost": ("paygcostinbillingcurrency",),
    "list_unit_price": ("paygprice",),
    "consumed_quantity": ("quantity", "usagequantity"),
}
CATEGORIES = {
    "usage": "Usage",
    "unusedreservation": "Usage",
    "unusedsavingsplan": "Usage",
    "purchase": "Purchase",
    "tax": "Tax",
    "roundingadjustment": "Adjustment",
}
FREQUENCIES = {"onetime": "One-Time", "recurring": "Recurring", "usagebased": "Usage-Based"}

_ENGLISH = re.compile(r"\(([A-Za-z]+)\) *$")
_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


def canonical(name: str) -> str:
    """Return a column's English name in small letters."""
    found = _ENGLISH.search(name)
    return (found[1] if found else name).casefold()


def first_of(names: tuple[str, ...], candidates: tuple[str, ...]) -> str | None:
    """Return the first of some names that a header has."""
    return next((name for name in candidates if name in names), None)


class DateOrder(NamedTuple):
    """What the dates of a file say about their order: whether day or month must come first in some of them."""

    day_first: bool = False
    month_first: bool = False

    def seeing(self, text: str) -> DateOrder:
        """Return what is known after one more date."""
        found = _SLASHED.fullmatch(text)
        if not found:
            return self
        return DateOrder(self.day_first or int(found[1]) > 12, self.month_first or int(found[2]) > 12)

    def read(self, text: str) -> Moment | None:
        """Read an ISO date or time, or a date with slashes: month first, as Microsoft writes it, unless the file's
        dates show that its writer put the day first. Where they show both, no date with slashes can be read."""
        found = _SLASHED.fullmatch(text)
        if not found:
            return iso(text)
        if self.day_first and self.month_first:
            return None
        first, second, year = found.groups()
        day, month = (first, second) if self.day_first else (second, first)
        moment = iso(f"{year}-{month:0>2}-{day:0>2}")
        return moment._replace(precision_us=DAY) if moment else None
