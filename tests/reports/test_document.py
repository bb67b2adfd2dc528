from __future__ import annotations

import json
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from reports import model as m
from reports.document import check, dump, load
from reports.errors import ModelFault, ReportsError


@pytest.mark.parametrize("name", ["incident", "quiet", "intruder", "hostile"])
def test_a_model_survives_json(samples: ModuleType, name: str) -> None:
    model = samples.MODELS[name]()
    text = json.dumps(dump(model), sort_keys=True)
    assert load(json.loads(text)) == model


def changed(document: dict[str, Any], path: list[Any], value: Any) -> dict[str, Any]:
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    if value is None and isinstance(inner, dict):
        inner.pop(path[-1])
    else:
        inner[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "place", "message"),
    [
        (["schema"], "report/2", "schema", "none of report/1"),
        (["verdict", "state"], "guilty", "verdict.state", "none of incident"),
        (["verdict", "words"], None, "verdict.words", "is missing"),
        (["verdict", "colour"], "red", "verdict", "unknown key 'colour'"),
        (["verdict", "probability"], 1.5, "verdict.probability", "not from 0 to 1"),
        (["verdict", "probability"], float("nan"), "verdict.probability", "no number"),
        (["verdict", "probability"], "0.5", "verdict.probability", "no float"),
        (["verdict", "calibrated"], 1, "verdict.calibrated", "no bool"),
        (["verdict", "strength"], True, "verdict.strength", "none of C0"),
        (["verdict", "rests_on"], "because", "verdict.rests_on", "no list"),
        (["verdict", "rests_on", 0], "because", "verdict.rests_on[0]", "no object"),
        (["verdict", "rests_on", 0, "refs", 0], "line 7", "verdict.rests_on[0].refs[0]", "not a ref"),
        (["verdict", "rests_on", 0, "refs", 0], 7, "verdict.rests_on[0].refs[0]", "no str"),
        (["incidents", 0, "stages", 0, "count"], True, "incidents[0].stages[0].count", "no int"),
        (["incidents", 0, "stages", 3, "first", "us"], 10**18, "incidents[0].stages[3].first.us", "years 1 to 9999"),
        (["incidents", 0, "stages", 0, "stage"], "mining", "incidents[0].stages", "all sixteen"),
        (["incidents", 0, "attribution", 0, "probability"], 0.5, "incidents[0].attribution", "sum to 0.57"),
        (["incidents", 0, "assets", 0, "received"], "1e3", "incidents[0].assets[0].received", "decimal amount"),
        (["records", 1, "sha256"], "abc", "records[1].sha256", "not a sha256"),
        (["records", 1, "ref"], "8" * 12 + "#1\n", "records[1].ref", "not a ref"),
        (["timeline", "ref", 5], "x", "timeline.ref[5]", "not a ref"),
        (["timeline", "actor", 5], "ghost", "timeline.actor[5]", "none of agent"),
        (["timeline", "us", 5], 0.5, "timeline.us[5]", "no int"),
        (["timeline", "us", 5], -(10**18), "timeline.us", "years 1 to 9999"),
        (["timeline", "total"], 3, "timeline.total", "rows are given"),
        (["charts", 0, "id"], '"><b>', "charts[0].id", "chart's id"),
        (["charts", 0, "series", 0, "us"], [1], "charts[0].series[0]", "not equally many"),
    ],
)
def test_a_wrong_field_is_named(samples: ModuleType, path: list[Any], value: Any, place: str, message: str) -> None:
    document = json.loads(json.dumps(dump(samples.incident_model(20))))
    with pytest.raises(ModelFault, match=message) as fault:
        load(changed(document, path, value))
    assert fault.value.place == place
    assert isinstance(fault.value, ReportsError)


def test_columns_must_be_equally_long(samples: ModuleType) -> None:
    model = samples.incident_model(5)
    short = replace(model, timeline=replace(model.timeline, text=model.timeline.text[1:]))
    with pytest.raises(ModelFault, match=r"timeline\.text: has \d+ rows"):
        check(short)


def test_a_ref_has_one_card(samples: ModuleType) -> None:
    model = samples.incident_model(5)
    with pytest.raises(ModelFault, match="is there twice"):
        check(replace(model, records=(*model.records, model.records[0])))


def test_an_incident_needs_an_episode(samples: ModuleType) -> None:
    with pytest.raises(ModelFault, match="none is listed"):
        check(replace(samples.incident_model(5), incidents=()))


def test_defaults_may_be_left_out() -> None:
    document = {
        "case": {"id": "c"},
        "verdict": {"state": "undetermined", "sentence": "", "probability": 0, "words": "", "strength": "C0"},
        "methods": {"tool": "t", "version": "1"},
    }
    model = load(document)
    assert model.schema == m.SCHEMA
    assert model.verdict.probability == 0.0
    assert model.timeline == m.Timeline()


def test_a_fault_quotes_evidence_harmlessly() -> None:
    with pytest.raises(ModelFault) as fault:
        load({"\x1b]0;owned\x07" + "x" * 500: 1})
    assert "\x1b" not in str(fault.value)
    assert len(str(fault.value)) < 200
