"""The report: one HTML file that needs nothing else, from the model alone.

Every text passes through `safetext` on its way into the page, whichever template prints it: the environment's
`finalize` sees to it, and only what templates and this package made themselves is taken as markup.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reports import figures, safetext, swimlanes, timeline, views, vocabulary, wording
from reports.citations import Citations, anchor, not_inlined
from reports.document import check
from reports.model import ReportModel

PROSE_CAP = 4000

SECTIONS = (
    views.Section("verdict", "1", "Verdict"),
    views.Section("key-figures", "2", "Key figures"),
    views.Section("chain", "3", "The chain"),
    views.Section("said-did", "4", "What the agent said, what it did"),
    views.Section("timeline", "5", "Timeline"),
    views.Section("charts", "6", "Network, cost and coins"),
    views.Section("assets", "7", "Assets recovered and outstanding"),
    views.Section("attribution", "8", "Attribution and rival explanations"),
    views.Section("windows", "9", "Windows and the designated channel"),
    views.Section("allowed", "10", "Against what was allowed"),
    views.Section("controls", "11", "Controls replayed"),
    views.Section("drives", "12", "Drives, reversal, feedback loop"),
    views.Section("alerts", "13", "Alerts by rules of others, and leads"),
    views.Section("absences", "14", "Absences and gaps"),
    views.Section("evidence", "15", "Evidence and its books"),
    views.Section("methods", "16", "Methods and versions"),
    views.Section("check", "17", "How to check this report"),
    views.Section("terms", "A", "Terms"),
    views.Section("records", "B", "Cited records"),
)


def render(model: ReportModel) -> bytes:
    """Write the report as UTF-8 HTML: the same bytes for the same model. Raises `ModelFault` for a model at odds."""
    check(model)
    citations = Citations("header")
    environment = _environment(citations)
    macros: Any = environment.get_template("macros.html.j2").module
    header_cites = [macros.cites(fact.refs) for fact in model.case.facts]
    context = _context(model)
    bodies: dict[str, Markup] = {}
    for section in SECTIONS:
        citations.section = section.name
        if section.name == "records":  # the last: it lists what all others cited
            context |= _cited(model, citations)
        bodies[section.name] = _render(environment, f"{section.name}.html.j2", context)
    css, js = _static("report.css"), _static("report.js")
    page = _render(
        environment,
        "page.html.j2",
        {
            "model": model,
            "header_cites": header_cites,
            "sections": [
                {"name": section.name, "ordinal": section.ordinal, "title": section.title, "body": bodies[section.name]}
                for section in SECTIONS
            ],
            "policy": _policy(css, js),
            "css": Markup(css),  # noqa: S704 (our own file)
            "js": Markup(js),  # noqa: S704 (our own file)
        },
    )
    return page.encode("utf-8")


def _context(model: ReportModel) -> dict[str, Any]:
    rows = timeline.weightiest(model.timeline)
    shaded = views.mining_spans(model.incidents)
    drawn = [(chart, figures.drawn(chart)) for chart in model.charts]
    records = {record.ref: record for record in model.records}
    return {
        "model": model,
        "bands": views.bands(model.verdict.probability),
        "books": views.books(model.sources),
        "rows": rows,
        "rows_given": len(model.timeline),
        "printed": sum(row.printed for row in rows),
        "packed": Markup(timeline.packed(model.timeline)),  # noqa: S704 (base64)
        "carded": frozenset(records),
        "lanes": [swimlanes.drawn(incident.links, records) for incident in model.incidents],
        "shaded": shaded,
        "covered": views.covered(model.coverage),
        "overview": figures.overview(model.coverage, shaded),
        "charts": [(chart, drawing) for chart, drawing in drawn if drawing is not None],
    }


def _cited(model: ReportModel, citations: Citations) -> dict[str, Any]:
    in_timeline = frozenset(model.timeline.ref)
    elsewhere = not_inlined(citations, model.records, model.sources)
    return {"cards": views.cards(model.records, citations, SECTIONS, in_timeline), "elsewhere": elsewhere}


def _environment(citations: Citations) -> Environment:
    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters |= {
        "anchor": lambda ref: _attribute(anchor(ref)),
        "asset_shares": views.asset_shares,
        "amount": wording.amount,
        "attr": _attribute,
        "bounds": wording.bounds,
        "count": wording.count,
        "duration": wording.duration,
        "excerpt": lambda text: safetext.html(text, safetext.EXCERPT_CAP, lines=True),
        "extent": lambda source: wording.period(source.first_us, source.last_us),
        "first_word": lambda text: text.split()[0],
        "label": lambda text: safetext.html(text, safetext.LABEL_CAP),
        "length_in_words": lambda window: wording.window(window.at_least, window.at_most),
        "moment": wording.moment,
        "percent": wording.percent,
        "prose": lambda text: safetext.html(text, PROSE_CAP, lines=True),
        "span": lambda item: wording.period(item.from_us, item.to_us),
        "when": wording.when,
    }
    environment.globals |= {
        "number": citations.number,
        "bases": vocabulary.BASES,
        "cost_bases": vocabulary.COST_BASES,
        "hypotheses": vocabulary.HYPOTHESES,
        "intent": vocabulary.INTENT,
        "link_bases": vocabulary.LINK_BASES,
        "link_families": vocabulary.LINK_FAMILIES,
        "maybe": vocabulary.MAYBE,
        "outcomes": vocabulary.OUTCOMES,
        "roles": vocabulary.ROLES,
        "stages": vocabulary.STAGES,
        "states": vocabulary.STATES,
        "statuses": vocabulary.STATUSES,
        "strengths": vocabulary.STRENGTHS,
        "time_bases": vocabulary.TIME_BASES,
        "windows": vocabulary.WINDOWS,
    }
    return environment


def _finalize(value: Any) -> Any:
    """Pass every printed text through `safetext`; markup is ours, numbers are harmless, anything else is a defect."""
    if isinstance(value, Markup | StrictUndefined):
        return value
    if isinstance(value, str):
        return safetext.html(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise TypeError(f"a template prints a {type(value).__name__}")


def _attribute(text: str) -> Markup:
    return Markup(escape(safetext.plain(text)))  # noqa: S704 (escaped right here)


def _render(environment: Environment, name: str, context: dict[str, Any]) -> Markup:
    return Markup(environment.get_template(name).render(context))  # noqa: S704 (autoescaped)


def _static(name: str) -> str:
    return resources.files("reports").joinpath("static", name).read_text(encoding="utf-8")


def _policy(css: str, js: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src 'sha256-{_digest(css)}'",
            f"script-src 'sha256-{_digest(js)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
