"""The report model of a case: the incident document, cards of what it cites, timeline, figures, methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from forensics.case import Case
from forensics.engine import Engine
from forensics.reporting.alerts import alerts
from forensics.reporting.allowed import allowed
from forensics.reporting.annotated import annotated
from forensics.reporting.charts import charts
from forensics.reporting.controls import controls
from forensics.reporting.coverage import clock_error, clocks, coverage
from forensics.reporting.drives import drives
from forensics.reporting.incidents import incident_of, refs_of
from forensics.reporting.leads import leads
from forensics.reporting.records import cards, microseconds
from forensics.reporting.sentences import verdict_sentence, window_text
from forensics.reporting.timeline import timeline
from queries.catalogue import all_relations
from queries.knowledge import knowledge_hashes
from reports.model import (
    Absence,
    Audit,
    Check,
    Component,
    Fact,
    Gap,
    KeyFigure,
    Mark,
    Methods,
    ReportModel,
    Source,
    Span,
    Statement,
    Verdict,
)
from reports.model import Case as CaseHeader

Document = Mapping[str, Any]
_CONDUCT = ("controls", "drives", "reversal", "feedback_loop")


def build_model(case: Case, engine: Engine, document: Document, banner: str | None = None) -> ReportModel:
    """Build the model; `engine` has every relation, `document` is what `analyze` committed."""
    incidents = tuple(incident_of(incident) for incident in document["incidents"])
    spans, marks = _mining_spans(document), _marks(document)
    formats = {source["sha256"]: source["format"] for source in document["sources"]}
    references = list(_references(document))
    digits = len(references[0]["ref"].split("#")[0]) if references else 12
    return ReportModel(
        case=CaseHeader(id=document["case"]["id"], title=document["case"]["title"], banner=banner),
        verdict=_verdict(document),
        methods=_methods(document),
        key_figures=tuple(_key_figures(document)),
        incidents=incidents,
        timeline=timeline(engine, digits),
        records=cards(case, references, formats),
        charts=charts(engine, spans, marks),
        coverage=tuple(coverage(engine, document)),
        clocks=clocks(document),
        allowed=tuple(allowed(document["policy"])),
        controls=tuple(controls(document)),
        drives=tuple(drives(document)),
        alerts=(*alerts(document["sigma"]), *leads(document)),
        annotations=tuple(annotated(document)),
        absences=tuple(_absence(absence) for absence in document["absences"]),
        gaps=tuple(_gap(gap) for gap in document["gaps"]),
        sources=tuple(_source(source) for source in document["sources"]),
        glossary=_GLOSSARY,
    )


def _references(value: Any) -> Iterator[Document]:
    """Every reference of the document, those of stages first and round by round, so that a cut hits the tails."""
    stages = [stage["evidence"] for incident in value["incidents"] for stage in incident["stages"]]
    for place in range(max((len(evidence) for evidence in stages), default=0)):
        for evidence in stages:
            if place < len(evidence):
                yield evidence[place]
    for incident in value["incidents"]:
        for entry in incident["attribution"]:
            yield from entry.get("for", [])
            yield from entry.get("against", [])
        yield from incident["designated_channel"]["evidence"]
        for link in incident["links"]:
            yield link["from"]
            yield link["to"]
    yield from _cited([[incident[key] for key in _CONDUCT] for incident in value["incidents"]])
    yield from _cited(value["policy"])
    yield from _cited(value["sigma"])
    yield from _cited(value["leads"])


def _cited(value: Any) -> Iterator[Document]:
    """Every reference inside a part of the document, in its order."""
    if isinstance(value, dict) and "ref" in value:
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _cited(inner)


def _verdict(document: Document) -> Verdict:
    verdict = document["verdict"]
    rests_on: list[Statement] = [Statement(f"{why[:1].upper()}{why[1:]}.") for why in verdict["why"]]
    for incident in document["incidents"][:3]:
        for stage in incident["stages"]:
            if stage["stage"] in {"mining", "acquisition", "accumulation", "containment"}:
                sentence = f"{stage['stage'].capitalize()}: {stage['evidence_total']} records."
                rests_on.append(Statement(sentence, refs_of(stage["evidence"])[:4]))
    return Verdict(
        state=verdict["state"],
        sentence=verdict_sentence(document),
        probability=verdict["probability"],
        words=verdict["words"],
        strength=verdict["strength"],
        mining=verdict["mining"],
        calibrated=verdict["calibrated"],
        rests_on=tuple(rests_on[:10]),
    )


def _key_figures(document: Document) -> Iterator[KeyFigure]:
    for incident in document["incidents"][:2]:
        yield from _time_figures(incident["windows"])
        for asset in incident["assets"]:
            yield from _asset_figures(asset)
        for cost in incident["cost"]:
            amount = str(Decimal(cost["amount"]).quantize(Decimal("0.01")))
            yield KeyFigure("Compute billed meanwhile", amount, cost["currency"], cost["basis"].replace("_", " "))
        for stage in incident["stages"]:
            if stage["stage"] == "accumulation":
                count = str(stage["evidence_total"])
                yield KeyFigure("Records of proceeds", count, "", "counted", refs=refs_of(stage["evidence"])[:3])
    records = sum(source["records"] for source in document["sources"])
    yield KeyFigure("Evidence read", f"{records:,}".replace(",", " "), "records", "books balanced")


def _time_figures(windows: Document) -> Iterator[KeyFigure]:
    labels = (
        ("mining", "Mining ran for", "first to last record"),
        ("mining_to_detection", "Until somebody noticed", "as bounds"),
        ("detection_to_containment", "From notice to stop", "as bounds"),
    )
    for name, label, basis in labels:
        if windows[name]:
            yield KeyFigure(label, window_text(windows[name]), basis=basis)


def _asset_figures(asset: Document) -> Iterator[KeyFigure]:
    gathered = asset["received"] or asset["paid"] or asset["credited"]
    labels = (("Gathered", gathered, "recorded"), ("Recovered", asset["recovered"], "recorded"))
    for label, amount, basis in (*labels, ("Outstanding", asset["outstanding"], "difference of the two")):
        if amount:
            yield KeyFigure(label, amount, asset["asset"], basis)


def _mining_spans(document: Document) -> tuple[Span, ...]:
    spans = []
    for incident in document["incidents"]:
        window = incident["windows"]["mining"]
        begin, end = (microseconds(window["from"]), microseconds(window["to"])) if window else (None, None)
        if begin is not None and end is not None and end > begin:
            spans.append(Span(begin, end, "mining"))
    return tuple(spans)


def _marks(document: Document) -> tuple[Mark, ...]:
    marks = []
    for incident in document["incidents"]:
        for stage in incident["stages"]:
            moment = microseconds(stage["first"])
            if moment is not None and stage["stage"] in {"constraint", "decision", "detection", "containment"}:
                marks.append(Mark(moment, stage["stage"]))
    return tuple(sorted(marks, key=lambda mark: (mark.us, mark.label)))


def _absence(absence: Document) -> Absence:
    return Absence(
        absence["claim"],
        absence["coverage"],
        microseconds(absence.get("from")),
        microseconds(absence.get("to")),
        tuple(absence.get("sources", ())),
    )


def _gap(gap: Document) -> Gap:
    return Gap(gap["what"], microseconds(gap.get("first")), microseconds(gap.get("last")))


def _source(source: Document) -> Source:
    return Source(
        path=source["path"],
        sha256=source["sha256"],
        bytes=source["bytes"],
        format=source["format"],
        records=source["records"],
        quarantined=source["quarantined"],
        bytes_parsed=source["bytes_parsed"],
        bytes_quarantined=source["bytes_quarantined"],
        bytes_structure=source["bytes_structure"],
        stream_bytes=source.get("stream_bytes"),
        stream_sha256=source.get("stream_sha256"),
        first_us=microseconds(source["first"]),
        last_us=microseconds(source["last"]),
        clock_offset_seconds=source["clock_offset_seconds"],
        clock_note=_clock_note(source.get("clock")),
    )


def _clock_note(clock: Document | None) -> str:
    """Say what was wrong with a clock and what tells it; empty where none was."""
    return "" if clock is None else f"{clock_error(clock)}, {clock['inliers']} events seen by both"


def _methods(document: Document) -> Methods:
    tool = document["tool"]
    relations = all_relations()
    components = [
        *(Component("parser", name, str(version)) for name, version in sorted(tool["parsers"].items())),
        *(Component("query", name, "1", relation.sha256) for name, relation in sorted(relations.items())),
        *(Component("knowledge", name, "1", value) for name, value in sorted(knowledge_hashes().items())),
    ]
    return Methods(
        tool=tool["name"],
        version=tool["version"],
        statements=_STATEMENTS,
        components=tuple(components),
        audits=tuple(
            Audit(name, relation.question, 0)
            for name, relation in sorted(relations.items())
            if relation.phase == "audits"
        ),
        checks=(
            Check("Every hash of the case, recomputed", "forensics verify CASE"),
            Check("The bytes behind any reference of this page", "forensics show CASE REF"),
            Check("All of it without this tool: CHECK.txt beside this page", "sha256sum --check evidence.sha256"),
            Check("The incident document this page is built from", "forensics export CASE --format incident"),
        ),
    )


_STATEMENTS = (
    Statement(
        "Acts open a finding, words only explain it: no prompt, file or answer that merely speaks of mining counts."
    ),
    Statement("An act that no tool call of an agent explains is not held to be the agent's."),
    Statement(
        "Times are shown as recorded where the record gives a zone; else with the rule that placed them, and bounds."
    ),
    Statement(
        "Probabilities are judgements by written rules, corrected by how often each rule was right on the labelled "
        "suite of made cases (docs/accuracy.md); a rule tried on fewer than 30 cases is told as not calibrated."
    ),
)
_GLOSSARY = (
    Fact("strength C0 to C6", "how well independent sources that the suspect could not write agree (Casey's scale)"),
    Fact("probability words", "the seven terms of ICD 203, from almost no chance to almost certain"),
    Fact("record", "the smallest unit of a source: a line that holds one, a packet, a CSV record"),
    Fact("books", "bytes parsed, in quarantine and in structure add up to the bytes of the source"),
)
