"""Cost anomalies: the time of an alert is told by its event only, amounts stay exact."""

from __future__ import annotations

import json
from typing import Any

import golden
import pytest

from parsers.cloud import aws_cost_anomaly
from parsers.contract import Grade
from parsers.source import Source

PLAIN = {"anomalyId": "a", "impact": {"totalImpact": 1}, "anomalyScore": {"maxScore": 0.5}}


def alert(value: dict[str, Any]) -> dict[str, Any]:
    _, found = golden.tables_of(Source.of_bytes(json.dumps(value).encode()), aws_cost_anomaly)
    return golden.rows_of(found["alert"])[0]


def test_only_an_event_tells_when():
    assert alert(PLAIN)["notes"] == ["alert_time_not_told"]
    told = alert({"detail": PLAIN, "time": "2026-03-02T14:05:00Z"})
    assert (told["ts"], told.get("notes")) == ("2026-03-02T14:05:00.000000Z", None)


@pytest.mark.parametrize(
    ("more", "title"),
    [
        ({"dimensionValue": "EC2"}, "EC2"),
        ({"dimensionalValue": "EC2"}, "EC2"),
        ({"rootCauses": [{"service": "EC2", "linkedAccount": "1"}]}, "EC2"),
        ({"rootCauses": []}, None),
    ],
)
def test_what_the_anomaly_is_in(more, title):
    assert alert(PLAIN | more).get("title") == title


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        (PLAIN, Grade.STRONG),
        ({"Anomalies": [{"AnomalyId": "a", "Impact": {}, "RootCauses": []}]}, Grade.STRONG),
        ({"anomalyId": "a", "impact": 3}, Grade.NONE),
    ],
)
def test_recognition(value, grade):
    assert aws_cost_anomaly.recognise(json.dumps(value).encode(), "x") == grade
