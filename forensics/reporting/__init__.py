"""`report`: from the committed incident document to one self-contained HTML file."""

from __future__ import annotations

import json
from pathlib import Path

from forensics import findings
from forensics.analysis import is_current
from forensics.canonical import encoded
from forensics.case import Case
from forensics.durable import replace_bytes, storing
from forensics.engine import Engine
from forensics.errors import UsageFault
from forensics.progress import SILENT, Progress
from forensics.reporting import by_hand
from forensics.reporting.model import build_model
from reports.document import dump
from reports.render import render

# what the timeline, the figures and the coverage ask
RELATIONS = (
    "actor_of_event",
    "clock",
    "coin_event",
    "command_event",
    "delivery",
    "event_place",
    "pool_flow",
    "share_event",
    "stage_event",
    "statement",
    "tool_result",
)
PAGE = "report/index.html"
MODEL = "report/model.json"


def write_report(
    case: Case, output: Path | None = None, progress: Progress = SILENT, banner: str | None = None
) -> Path:
    """Write the report into the case (and a copy to `output`); return where it is.

    Raises `UsageFault` if the case was not analysed by this build since evidence was last added.
    """
    if "incident.json" not in case.manifest.files:
        raise UsageFault("this case has not been analysed", where=str(case.root), hint="`forensics analyze` does it")
    document = json.loads(case.read("incident.json"))
    if not is_current(document):
        raise UsageFault(
            "another build of this tool analysed this case",
            where=str(case.root),
            hint="`forensics analyze` does it again",
        )
    with case.scratch() as scratch, case.writing("report") as transaction:
        case.check(list(case.files("tables/")))
        engine = Engine(case.tables(), scratch, findings=findings.kept(case))
        try:
            progress.begin("building the report", None, "relations")
            engine.build(RELATIONS, note=lambda _: progress.advance())
            model = build_model(case, engine, document, banner)
        finally:
            engine.close()
        page = render(model)
        words = case.settings.redacted_words
        transaction.put(MODEL, encoded(dump(model)) + b"\n")
        transaction.put(PAGE, page)
        transaction.put(f"report/{by_hand.SUMS}", by_hand.sums(document, words))
        transaction.put(f"report/{by_hand.TEXT}", by_hand.text(document, words))
    if output is not None:
        with storing(output):
            replace_bytes(output, page)
        return output
    return case.root / PAGE
