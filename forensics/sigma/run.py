"""Rules run over the views of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from forensics.engine import Engine
from forensics.sigma.rules import Pack, Rule, Unread
from forensics.sigma.sql import Condition, Unsupported, convert

MAX_EVIDENCE = 20
# (product, category, service) as rules state them; None fits a rule that states nothing
_VIEWS: Mapping[tuple[str | None, str | None, str | None], tuple[str, str]] = {
    **{(product, "process_creation", None): ("sigma_process", "") for product in ("linux", "macos", None)},
    **{(product, "network_connection", None): ("sigma_network", "") for product in ("linux", "macos", None)},
    **{(product, "dns_query", None): ("sigma_dns", "") for product in ("linux", "macos", None)},
    **{(product, "file_event", None): ("sigma_file", "") for product in ("linux", "macos", None)},
    (None, "dns", None): ("sigma_dns", ""),
    (None, "firewall", None): ("sigma_network", "table_name = 'flow'"),
    (None, "proxy", None): ("sigma_web", ""),
    (None, "webserver", None): ("sigma_web", ""),
    ("zeek", None, "dns"): ("sigma_dns", ""),
    ("zeek", None, "http"): ("sigma_web", ""),
    ("linux", None, None): ("sigma_process", ""),
    ("linux", None, "auditd"): ("sigma_auditd", ""),
    ("aws", None, "cloudtrail"): ("sigma_cloud", "provider = 'aws'"),
    ("azure", None, "activitylogs"): ("sigma_cloud", "provider = 'azure'"),
    ("gcp", None, "gcp.audit"): ("sigma_cloud", "provider = 'gcp'"),
}
VIEWS = tuple(sorted({view for view, _ in _VIEWS.values()}))


@dataclass(frozen=True, slots=True)
class Hit:
    """What one rule hit: how many records, the first of them with the table each lies in, fields it missed."""

    rule: Rule
    records: int
    events: Mapping[str, str]
    absent: tuple[str, ...]


@dataclass
class Outcome:
    """What came of a pack: hits, how many rules ran, which did not and why."""

    pack: Pack
    hits: list[Hit] = field(default_factory=list)
    ran: int = 0
    not_run: list[Unread] = field(default_factory=list)


def run(engine: Engine, pack: Pack) -> Outcome:
    """Run every rule of a pack; what cannot be run exactly is told, never approximated."""
    engine.build([view for view in VIEWS if view not in engine.tables])
    columns = {view: _columns(engine, view) for view in VIEWS}
    outcome = Outcome(pack, not_run=list(pack.unread))
    for rule in pack.rules:
        view, only = _VIEWS.get((rule.product, rule.category, rule.service), ("", ""))
        if not view:
            outcome.not_run.append(Unread(rule.file, rule.title, f"no such log here: {_logsource(rule)}"))
            continue
        try:
            hit = _hit(engine, rule, view, only, columns[view])
        except Unsupported as fault:
            outcome.not_run.append(Unread(rule.file, rule.title, str(fault)))
        except duckdb.Error as fault:
            outcome.not_run.append(Unread(rule.file, rule.title, " ".join(str(fault).split())[:300]))
        else:
            outcome.ran += 1
            if hit.records:
                outcome.hits.append(hit)
    return outcome


def _hit(engine: Engine, rule: Rule, view: str, only: str, columns: tuple[str, ...]) -> Hit:
    conditions = [convert(tree, columns) for tree in rule.conditions]
    joined = " or ".join(condition.sql for condition in conditions)
    where = f"{only} and ({joined})" if only else joined
    parameters = [value for condition in conditions for value in condition.parameters]
    rows = engine.rows(
        f'select event, min(table_name) as table_name, count(*) over () as records from "{view}" where {where}'
        f" group by event order by min(at_us) nulls last, event limit {MAX_EVIDENCE}",
        parameters,
    )
    return Hit(
        rule,
        rows[0]["records"] if rows else 0,
        {row["event"]: row["table_name"] for row in rows},
        _absent(conditions),
    )


def _absent(conditions: list[Condition]) -> tuple[str, ...]:
    return tuple(sorted({name for condition in conditions for name in condition.absent}))


def _columns(engine: Engine, view: str) -> tuple[str, ...]:
    return tuple(row["column_name"] for row in engine.rows(f'select column_name from (describe "{view}")'))


def _logsource(rule: Rule) -> str:
    named = (("product", rule.product), ("category", rule.category), ("service", rule.service))
    return ", ".join(f"{name} {value}" for name, value in named if value) or "none stated"
