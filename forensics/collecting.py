"""What to collect next: kinds of source that would settle what a case leaves open, before they are gone.

Derived from the incident document alone: gaps and short coverage of what was brought, stages that are missing or rest
on one hand, absences that are not covered, attributions that are not decided. What kinds there are, who holds them and
for how long is data (`collection.toml`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

Document = Mapping[str, Any]

DECIDED = 0.9  # an attribution above it leaves nothing to tell apart
_WEAK = frozenset({"C0", "C1", "C2", "C3"})
_MOST_GAPS = 5
# every incident has these; one that is not in evidence is worth asking for
_EXPECTED = ("objective", "acquisition", "setup", "mining", "accumulation", "detection", "containment")
# what an absence's claim speaks of, by words of `document.sources`
_ABSENT = {"channel": "request", "spending": "reinvestment", "limit": "constraint", "mining is": "mining"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of source. `days` is its usual retention, None where none is known."""

    kind: str
    holder: str
    retention: str
    basis: str
    formats: tuple[str, ...]
    settles: tuple[str, ...]
    tells: tuple[str, ...]
    when: tuple[str, ...]
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing to collect. `begins` and `ends` bound the days needed, None where the evidence has no time.

    `before` is the day on which the first needed day is gone, None where no retention is known.
    """

    kind: Kind
    begins: date | None
    ends: date | None
    before: date | None
    why: tuple[str, ...]

    def told(self) -> dict[str, Any]:
        """The item as plain JSON."""
        return {
            "what": self.kind.kind,
            "from_whom": self.kind.holder,
            "begins": _iso(self.begins),
            "ends": _iso(self.ends),
            "before": _iso(self.before),
            "retention": self.kind.retention,
            "retention_days": self.kind.days,
            "basis": self.kind.basis,
            "why": list(self.why),
        }


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind of source that is known of."""
    text = (files("forensics") / "collection.toml").read_text(encoding="utf-8")
    return tuple(Kind(**{key: _fixed(value) for key, value in each.items()}) for each in tomllib.loads(text)["source"])


def _fixed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def wanted(document: Document) -> list[Wanted]:
    """Return what to collect, what goes first first; what has no known end comes last."""
    begins, ends = _window(document)
    pointed = _pointers(document)
    items = []
    for kind in kinds():
        why = tuple(_reasons(document, kind, begins, ends))
        if why and any(_fits(pointer, pattern) for pattern in kind.when for pointer in pointed):
            before = None if begins is None or kind.days is None else begins + timedelta(days=kind.days)
            items.append(Wanted(kind, begins, ends, before, why))
    return sorted(items, key=lambda item: (item.before is None, item.before or date.min, -len(item.why)))


def _fits(pointer: str, pattern: str) -> bool:
    return fnmatchcase(pointer, pattern)


def _pointers(document: Document) -> set[str]:
    """What in a case points at kinds of source: formats delivered, and what its incidents name."""
    found = {source["format"] for source in document["sources"] if source["format"]} | {"always"}
    found |= {name for incident in document["incidents"] for name in _named(incident)}
    if not any(source["rows"].get("transcript") for source in document["sources"]):
        found.add("no transcript")
    return found


def _named(incident: Document) -> Iterator[str]:
    yield from (["agent"] if incident["agents"] else [])
    yield from (["pool"] if incident["pools"] else [])
    yield from (["wallet"] if incident["wallets"] else [])


def _window(document: Document) -> tuple[date | None, date | None]:
    """The days of the incidents; where there is none, of all that was brought."""
    stages = [stage for incident in document["incidents"] for stage in incident["stages"]]
    bounds = stages if any(stage["first"] for stage in stages) else document["sources"]
    firsts = [_day(each["first"]) for each in bounds if each["first"]]
    lasts = [_day(each["last"]) for each in bounds if each["last"]]
    return min(firsts, default=None), max(lasts, default=None)


def _reasons(document: Document, kind: Kind, begins: date | None, ends: date | None) -> Iterator[str]:
    brought = [source for source in document["sources"] if source["format"] in kind.formats]
    yield from _gaps(document, brought)
    short = list(_short(brought, begins, ends))
    yield from short
    if brought and not short:
        return  # it is here: asking again would settle nothing
    for incident in document["incidents"]:
        yield from _stages(incident, kind)
        yield from _rivals(incident, kind)
    yield from _absences(document, kind)
    yield from _leads(document, kind)


def _gaps(document: Document, brought: list[Document]) -> Iterator[str]:
    paths = tuple(f"{source['path']}: " for source in brought)
    found = [gap["what"] for gap in document["gaps"] if paths and gap["what"].startswith(paths)]
    yield from (f"a gap in what was brought: {what}" for what in found[:_MOST_GAPS])
    if len(found) > _MOST_GAPS:
        yield f"and {len(found) - _MOST_GAPS} more gaps"


def _short(brought: list[Document], begins: date | None, ends: date | None) -> Iterator[str]:
    """What was brought and does not reach over the days of the incident."""
    firsts = [_day(source["first"]) for source in brought if source["first"]]
    lasts = [_day(source["last"]) for source in brought if source["last"]]
    if firsts and begins is not None and min(firsts) > begins:
        yield f"what was brought begins on {min(firsts)}, the days to be known on {begins}"
    if lasts and ends is not None and max(lasts) < ends:
        yield f"what was brought ends on {max(lasts)}, the days to be known on {ends}"


def _stages(incident: Document, kind: Kind) -> Iterator[str]:
    found = {stage["stage"]: stage for stage in incident["stages"]}
    for name in kind.settles:
        if name not in found:
            if name in _EXPECTED:
                yield f"{incident['id']}: stage {name} is not in evidence"
        elif found[name]["basis"] != "shown" and name != "objective":  # an objective is words by its nature
            yield f"{incident['id']}: stage {name} is only {found[name]['basis']}"
        elif found[name]["strength"] in _WEAK:
            yield f"{incident['id']}: stage {name} rests on {found[name]['strength']}, another hand would strengthen it"


def _rivals(incident: Document, kind: Kind) -> Iterator[str]:
    first, *others = incident["attribution"]
    if first["probability"] >= DECIDED or not others:
        return
    rivals = [first["hypothesis"], max(others, key=lambda each: each["probability"])["hypothesis"]]
    if set(rivals) & set(kind.tells):
        yield f"{incident['id']}: it is not decided between {rivals[0]} and {rivals[1]}"


def _absences(document: Document, kind: Kind) -> Iterator[str]:
    for absence in document["absences"]:
        stage = next((name for words, name in _ABSENT.items() if words in absence["claim"]), None)
        if stage in kind.settles and absence["coverage"] < 1:
            covered = f"{round(absence['coverage'] * 100)} % of its window"
            yield f"“{absence['claim']}” is covered for {covered}"


def _leads(document: Document, kind: Kind) -> Iterator[str]:
    """Contacts with a miner's shape whose program is not in evidence: a host's records would tell it."""
    open_leads = [lead for lead in document.get("leads", ()) if not lead["program"]]
    if open_leads and "mining" in kind.settles and "operator" in kind.tells:
        first = open_leads[0]
        at = f"{first['endpoint']['address']} port {first['endpoint']['port']}"
        more = f", and {len(open_leads) - 1} more" if len(open_leads) > 1 else ""
        yield f"a lead: which program on {first['client']} kept up contact with {at} is not in evidence{more}"


def _day(moment: str) -> date:
    return datetime.strptime(moment[:10], "%Y-%m-%d").replace(tzinfo=UTC).date()


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
