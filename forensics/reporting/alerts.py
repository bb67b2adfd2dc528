"""The section on rules of others: what they hit, who wrote them, which were not run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reports.model import Exhibit, Line, Statement

MAX_LINES = 60
Document = Mapping[str, Any]


def alerts(sigma: Document | None) -> Iterator[Exhibit]:
    """Tell the `sigma` field of the incident document."""
    if sigma is None:
        return
    statements = (
        Statement("Each is an alert by a rule that somebody else wrote. No finding of this report rests on one."),
        Statement(
            f"{sigma['ran']} of {sigma['rules']} rules in {sigma['files']} files were run (sha256 of the folder "
            f"{sigma['sha256'][:16]}); {sigma['hits_total']} hit."
        ),
    )
    hits = tuple(_hit(hit) for hit in sigma["hits"][:MAX_LINES])
    yield Exhibit("Alerts", statements, _HITS, hits, "No rule hit.")
    missed = tuple(_not_run(each) for each in sigma["not_run"][:MAX_LINES])
    yield Exhibit(f"Not run: {sigma['not_run_total']}", (), _NOT_RUN, missed, "Every rule was run.")


def _hit(hit: Document) -> Line:
    refs = tuple(reference["ref"] for reference in hit["evidence"])
    name = f"{hit['title']} ({hit['file']}, {hit['sha256'][:12]})"
    absent = ", ".join(hit["fields_absent"]) or "none"
    cells = (
        Statement(name),
        Statement(hit["author"] or "not stated"),
        Statement(hit["level"]),
        Statement(str(hit["records"]), refs),
        Statement(absent),
    )
    return Line(cells)


def _not_run(each: Document) -> Line:
    return Line((Statement(each["title"] or "no title"), Statement(each["file"]), Statement(each["why"])))


_HITS = ("Rule", "Author", "Level", "Records", "Fields it asks for that no record has")
_NOT_RUN = ("Rule", "File", "Why")
