"""What an investigator says of a record: an act of custody that later analyses respect.

An excluded record is in no table that relations read, so it opens nothing and is cited nowhere; a disputed one stays
and is marked wherever it is cited; a confirmed zone is the zone of the whole source. Evidence stays as it was sealed.
"""

from __future__ import annotations

import zoneinfo
from typing import Any

from forensics import ledger
from forensics.case import Case
from forensics.errors import UsageFault
from forensics.ledger import Ledger
from forensics.masking import masked
from forensics.refs import Ref, find

KINDS = ("dispute", "exclude", "note", "zone")


def annotate(case: Case, ref: Ref, kind: str, text: str | None, zone: str | None = None) -> int:
    """Say something of a record and return the number of the annotation; findings, document and report are dropped.

    `kind` is one of `KINDS`; `zone` goes with kind zone. Raises `UsageFault` where the case holds no such record, no
    such zone is known, or the same was said before.
    """
    if zone is not None:
        _known_zone(zone)
    place = _place(case, ref)
    told = {"ref": str(ref), "kind": kind, "zone": zone, "text": masked(text or "", case.settings.redacted_words)}
    with case.writing("annotate", **told) as act:
        kept = ledger.load(case)
        said = place | {"kind": kind, "zone": zone, "text": text}
        if any(said.items() <= row.items() for row in kept.annotations):
            raise UsageFault("that was said of this record before", where=str(ref))
        number = max((row["seq"] for row in kept.annotations), default=0) + 1
        _store(case, act, kept, [*kept.annotations, said | {"seq": number}])
    return number


def withdraw(case: Case, ref: Ref, text: str | None) -> int:
    """Take back all that was said of a record and return how many annotations that were; custody keeps them.

    Raises `UsageFault` where nothing was said.
    """
    place = _place(case, ref)
    told = {"ref": str(ref), "kind": "withdraw", "text": masked(text or "", case.settings.redacted_words)}
    with case.writing("annotate", **told) as act:
        kept = ledger.load(case)
        left = [row for row in kept.annotations if not place.items() <= row.items()]
        if len(left) == len(kept.annotations):
            raise UsageFault("nothing was said of this record", where=str(ref))
        _store(case, act, kept, left)
    return len(kept.annotations) - len(left)


def _place(case: Case, ref: Ref) -> dict[str, Any]:
    found = find(case, ref)
    return {"source_id": found.source["source_id"], "record": ref.record, "part": ref.part}


def _store(case: Case, act: Any, kept: Ledger, annotations: list[dict[str, Any]]) -> None:
    ledger.store_annotations(act, Ledger(kept.sources, kept.refusals, annotations), case.settings)
    act.drop_derived()


def _known_zone(zone: str) -> None:
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise UsageFault(f"{zone!r} is no zone of the time zone database", hint="such as Europe/Berlin") from fault
