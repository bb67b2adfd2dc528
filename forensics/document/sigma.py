"""What rules of others found, in the document: who wrote each, what it hit, and which could not be run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forensics.document.cite import Citations
from forensics.engine import Engine
from forensics.sigma.rules import Pack
from forensics.sigma.run import Hit, run

MAX_NOT_RUN = 500
MAX_HITS = 1000
_LEVELS = ("critical", "high", "medium", "low", "informational", "unstated")
Document = dict[str, Any]


def alerts_of(engine: Engine, citations: Citations, pack: Pack) -> Document:
    """Run a pack and return the `sigma` field of the document: alerts, which no finding rests on."""
    outcome = run(engine, pack)
    hits = sorted(outcome.hits, key=lambda hit: (_LEVELS.index(hit.rule.level), hit.rule.title, hit.rule.file))
    tables: Mapping[str, str] = {event: table for hit in hits[:MAX_HITS] for event, table in hit.events.items()}
    citations.load_rows(tables)
    return {
        "sha256": pack.sha256,
        "files": pack.files,
        "rules": len(pack.rules),
        "ran": outcome.ran,
        "not_run": [{"file": each.file, "title": each.title, "why": each.why} for each in outcome.not_run][
            :MAX_NOT_RUN
        ],
        "not_run_total": len(outcome.not_run),
        "hits": [_hit(citations, hit) for hit in hits[:MAX_HITS]],
        "hits_total": len(hits),
    }


def _hit(citations: Citations, hit: Hit) -> Document:
    rule = hit.rule
    return {
        "id": rule.id,
        "title": rule.title,
        "author": rule.author,
        "level": rule.level,
        "file": rule.file,
        "sha256": rule.sha256,
        "fields_absent": list(hit.absent),
        "records": hit.records,
        "evidence": [dict(citations[event].reference) for event in hit.events if event in citations],
    }
