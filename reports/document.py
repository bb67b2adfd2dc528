"""The report model as a document: written, read and checked, strictly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any

from reports.codec import decode, encode
from reports.errors import ModelFault
from reports.model import STAGES, Incident, ReportModel, Timeline

_REF = re.compile(r"[0-9a-f]{12,64}#[0-9]+(\.[0-9]+)?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_CHART_ID = re.compile(r"[a-z][a-z0-9-]{0,40}")
# what a printed date can hold: year 1 to 9999, in microseconds since 1970
_EARLIEST = -62_135_596_800_000_000
_LATEST = 253_402_300_799_999_999


def load(document: Mapping[str, Any]) -> ReportModel:
    """Build a model from decoded JSON; raises `ModelFault` at the first field that is wrong, unknown or missing."""
    model = decode(ReportModel, dict(document))
    check(model)
    return model


def dump(model: ReportModel) -> dict[str, Any]:
    """Turn a model into JSON values; `load` gives it back."""
    check(model)
    document: dict[str, Any] = encode(model)
    return document


def check(model: ReportModel) -> None:
    """Raise `ModelFault` where fields contradict each other or a value is not of its form."""
    for place, name, value in _fields(model, ""):
        _check_field(place, name, value)
    for index, incident in enumerate(model.incidents):
        _check_incident(incident, f"incidents[{index}]")
    _check_timeline(model.timeline)
    for index, chart in enumerate(model.charts):
        _check_form(f"charts[{index}].id", _CHART_ID, chart.id, "a chart's id")
        for inner, series in enumerate(chart.series):
            if len(series.us) != len(series.values):
                raise ModelFault(f"charts[{index}].series[{inner}]", "times and values are not equally many")
    _check_unique("records", [record.ref for record in model.records])
    _check_unique("charts", [chart.id for chart in model.charts])
    if model.verdict.state == "incident" and not model.incidents:
        raise ModelFault("incidents", "the verdict is an incident, but none is listed")


def _fields(value: Any, place: str) -> Iterator[tuple[str, str, Any]]:
    if isinstance(value, Timeline):
        return
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            if is_dataclass(item):
                yield from _fields(item, f"{place}[{index}]")
        return
    for field in fields(value):
        inner = f"{place}.{field.name}" if place else field.name
        item = getattr(value, field.name)
        yield inner, field.name, item
        if isinstance(item, tuple) or is_dataclass(item):
            yield from _fields(item, inner)


_REF_LISTS = frozenset({"refs", "supporting", "opposing"})
_REFS = frozenset({"ref", "from_ref", "to_ref"})
_HASHES = frozenset({"sha256", "stream_sha256"})
_SHARES = frozenset({"probability", "coverage"})
_AMOUNTS = frozenset(
    {"amount", "low", "high", "expected", "expected_low", "expected_high", "credited", "paid"}
    | {"received", "spent", "recovered", "outstanding"}
)


def _check_field(place: str, name: str, value: Any) -> None:
    if name in _REF_LISTS:
        for index, ref in enumerate(value):
            _check_form(f"{place}[{index}]", _REF, ref, "a ref")
    elif name in _REFS:
        _check_form(place, _REF, value, "a ref")
    elif value is None:
        return
    elif name in _HASHES:
        _check_form(place, _SHA256, value, "a sha256")
    elif name in _AMOUNTS:
        _check_form(place, _DECIMAL, value, "a decimal amount")
    elif name in _SHARES and isinstance(value, float | int) and not 0 <= value <= 1:
        raise ModelFault(place, f"{value} is not from 0 to 1")
    elif name == "us" or name.endswith("_us"):
        _check_times(place, value if isinstance(value, tuple) else (value,))
    elif name == "values" and not all(number is None or isfinite(number) for number in value):
        raise ModelFault(place, "holds something that is no number")


def _check_times(place: str, times: tuple[int | None, ...]) -> None:
    known = [us for us in times if us is not None]
    if known and not _EARLIEST <= min(known) <= max(known) <= _LATEST:
        raise ModelFault(place, "is outside the years 1 to 9999")


def _check_form(place: str, form: re.Pattern[str], value: str, name: str) -> None:
    if not form.fullmatch(value):
        raise ModelFault(place, f"{ascii(value)[:80]} is not {name}")


def _check_incident(incident: Incident, place: str) -> None:
    if tuple(stage.stage for stage in incident.stages) != STAGES:
        raise ModelFault(f"{place}.stages", "must be all sixteen stages in their order")
    total = sum(hypothesis.probability for hypothesis in incident.attribution)
    if abs(total - 1) > 0.001:
        raise ModelFault(f"{place}.attribution", f"probabilities sum to {total:.4f}, not to 1")


def _check_timeline(timeline: Timeline) -> None:
    rows = len(timeline)
    for field in fields(timeline):
        column = getattr(timeline, field.name)
        if isinstance(column, tuple) and len(column) != rows:
            raise ModelFault(f"timeline.{field.name}", f"has {len(column)} rows, ref has {rows}")
    for name in ("us", "earliest_us", "latest_us"):
        _check_times(f"timeline.{name}", getattr(timeline, name))
    for index, ref in enumerate(timeline.ref):
        _check_form(f"timeline.ref[{index}]", _REF, ref, "a ref")
    if timeline.total < rows:
        raise ModelFault("timeline.total", f"is {timeline.total}, but {rows} rows are given")


def _check_unique(place: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ModelFault(place, f"{name} is there twice")
        seen.add(name)
