"""What the investigator said of records, as a table under the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reports.model import Exhibit, Line, Statement

_WORDS = {
    "exclude": "excluded: it opens and shows nothing",
    "dispute": "disputed: shown as such wherever it is cited",
    "note": "note",
    "zone": "zone confirmed",
}


def annotated(document: Mapping[str, Any]) -> Iterator[Exhibit]:
    """Tell `annotations`, where there are any."""
    if document["annotations"]:
        said = Statement("Custody records when each was made. Excluded records stay sealed and can be printed.")
        lines = tuple(_line(each) for each in document["annotations"])
        yield Exhibit("What was said of records", (said,), ("Record", "Source", "Said", "Why"), lines)


def _line(annotation: Mapping[str, Any]) -> Line:
    kind = _WORDS[annotation["kind"]]
    said = f"{kind}: {annotation['zone']}" if annotation["zone"] else kind
    return Line(
        (
            Statement(f"record {annotation['record']}", (annotation["ref"],)),
            Statement(annotation["path"]),
            Statement(said),
            Statement(annotation["text"]),
        )
    )
