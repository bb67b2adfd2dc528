"""What exports are made from: the committed incident document, the report's timeline, and which rules found what."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forensics.case import Case
from forensics.errors import UsageFault
from forensics.masking import without_words

DOCUMENT = "incident.json"
MODEL = "report/model.json"
MAX_REFS = 5

# what is compared and looked up must stay as it is
_UNTOUCHED = frozenset({"ref", "sha256", "stream_sha256", "schema"})


@dataclass(frozen=True, slots=True)
class Found:
    """How many records one rule found for one stage, and the strongest of them as references."""

    rule: str
    stage: str
    records: int
    refs: tuple[str, ...]


def document(case: Case) -> dict[str, Any]:
    """Return the incident document without the case's private words; raises `UsageFault` if there is none."""
    read: dict[str, Any] = _plain(json.loads(committed(case)), case.settings.redacted_words)
    return read


def committed(case: Case) -> bytes:
    """Return the incident document as it was committed; raises `UsageFault` if there is none."""
    _needed(case, DOCUMENT, "this case has not been analysed since evidence was added", "`forensics analyze` does it")
    return case.read(DOCUMENT)


def timeline(case: Case) -> Iterator[dict[str, Any]]:
    """Yield the rows of the report's timeline, in order; raises `UsageFault` if there is no report."""
    _needed(case, MODEL, "this case has no report yet, whose timeline this is", "`forensics report` writes it")
    columns = _plain(json.loads(case.read(MODEL))["timeline"], case.settings.redacted_words)
    names = [name for name, values in columns.items() if isinstance(values, list)]
    return (dict(zip(names, row, strict=True)) for row in zip(*(columns[name] for name in names), strict=True))


def found(case: Case, digits: int) -> list[Found]:
    """Return what each rule found, by stage and rule; references print `digits` hex digits of a source."""
    import pyarrow.parquet as pq

    files = list(case.files("findings/stage_event/"))
    case.check(files)
    counted: dict[tuple[str, str], list[str]] = {}
    for name in files:
        table = pq.read_table(case.path(name), columns=["event", "stage", "rule"])
        for row in table.to_pylist():
            counted.setdefault((row["stage"], row["rule"]), []).append(row["event"])
    return [
        Found(rule, stage, len(events), tuple(_ref(event, digits) for event in events[:MAX_REFS]))
        for (stage, rule), events in sorted(counted.items())
    ]


def digits_of(document: Mapping[str, Any]) -> int:
    """Return how many hex digits of a source this document's references print."""
    refs = (reference["ref"] for incident in document["incidents"] for reference in references(incident))
    return max((len(ref.partition("#")[0]) for ref in refs), default=12)


def references(incident: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield every reference under the stages of an incident."""
    for stage in incident["stages"]:
        yield from stage["evidence"]


def _ref(event: str, digits: int) -> str:
    source, _, place = event.partition("#")
    return f"{source[:digits]}#{place.removesuffix('.0')}"


def _needed(case: Case, name: str, message: str, hint: str) -> None:
    if name not in case.manifest.files:
        raise UsageFault(message, where=str(case.root), hint=hint)


def _plain(value: Any, words: Sequence[str], key: str = "") -> Any:
    if isinstance(value, str):
        return value if key in _UNTOUCHED else without_words(value, words)
    if isinstance(value, list):
        return [_plain(item, words, key) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item, words, name) for name, item in value.items()}
    return value
