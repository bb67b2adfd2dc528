"""The timeline in two forms: a table of the weightiest rows for everybody, all rows packed for the page's script."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass

from reports import safetext
from reports.model import Timeline, When

STATIC_ROWS = 1500
PRINTED_ROWS = 150
TEXT_CAP = 400
LABEL_CAP = 80


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the plain table; `printed` rows also stand on paper."""

    when: When
    source: str
    actor: str
    stage: str
    kind: str
    text: str
    ref: str
    printed: bool


def weightiest(timeline: Timeline, most: int = STATIC_ROWS, printed: int = PRINTED_ROWS) -> list[Row]:
    """Choose the `most` heaviest rows, earlier ones first among equals, and give them in timeline order."""
    ranked = sorted(range(len(timeline)), key=lambda index: (-timeline.weight[index], index))[:most]
    on_paper = set(ranked[:printed])
    return [
        Row(
            When(timeline.us[i], timeline.earliest_us[i], timeline.latest_us[i], timeline.basis[i]),
            timeline.source[i],
            timeline.actor[i],
            timeline.stage[i],
            timeline.kind[i],
            timeline.text[i],
            timeline.ref[i],
            i in on_paper,
        )
        for i in sorted(ranked)
    ]


def packed(timeline: Timeline) -> str:
    """Pack all rows as base64 of gzip of JSON columns; texts are made visible and capped, repeated values numbered.

    A bound equal to the estimate is 0 microseconds away; bounds are differences from the estimate where there is one.
    """
    refs = [ref.partition("#") for ref in timeline.ref]
    columns = {
        "us": timeline.us,
        "earliest": _apart(timeline.earliest_us, timeline.us),
        "latest": _apart(timeline.latest_us, timeline.us),
        "basis": _numbered(timeline.basis),
        "source": _numbered(safetext.marked(text, LABEL_CAP) for text in timeline.source),
        "actor": _numbered(timeline.actor),
        "stage": _numbered(safetext.marked(text, LABEL_CAP) for text in timeline.stage),
        "kind": _numbered(safetext.marked(text, LABEL_CAP) for text in timeline.kind),
        "text": [safetext.marked(text, TEXT_CAP) for text in timeline.text],
        "of": _numbered(prefix for prefix, _, _ in refs),
        "record": [record for _, _, record in refs],
    }
    raw = json.dumps(columns, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return base64.b64encode(gzip.compress(raw, 6, mtime=0)).decode("ascii")


def _apart(bounds: tuple[int | None, ...], estimates: tuple[int | None, ...]) -> list[int | None]:
    return [
        bound if bound is None or estimate is None else bound - estimate
        for bound, estimate in zip(bounds, estimates, strict=True)
    ]


def _numbered(values: Iterable[str]) -> dict[str, list[str] | list[int]]:
    names: dict[str, int] = {}
    codes = [names.setdefault(value, len(names)) for value in values]
    return {"names": list(names), "codes": codes}
