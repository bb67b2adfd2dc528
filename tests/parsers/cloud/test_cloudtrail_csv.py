"""CloudTrail as CSV: identities in either writing, nothing said about what was not asked for."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import golden
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.cloud import cloudtrail, cloudtrail_csv
from parsers.cloud.cloudtrail_csv import _identity
from parsers.contract import Grade
from parsers.source import Source

PLAIN = {
    "eventTime": "2026-03-01T10:00:05Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "RunInstances",
    "eventID": "e-1",
    "errorCode": "",
}


def activity(**cells: str) -> dict[str, Any]:
    record = PLAIN | cells
    stream = io.StringIO()
    csv.writer(stream).writerows([record, record.values()])
    _, found = golden.tables_of(Source.of_bytes(stream.getvalue().encode()), cloudtrail_csv)
    return golden.rows_of(found["cloud_activity"])[0]


def test_csv_and_json_give_the_same():
    event = PLAIN | {
        "userIdentity": {"type": "IAMUser", "arn": "arn:a", "userName": "a"},
        "requestParameters": {"instanceType": "p3.2xlarge", "instanceId": "i-1"},
        "sourceIPAddress": "203.0.113.7",
        "recipientAccountId": "111122223333",
    }
    cells = {name: value if isinstance(value, str) else json.dumps(value) for name, value in event.items()}
    data = json.dumps({name: value for name, value in event.items() if value}).encode()
    other = golden.rows_of(golden.tables_of(Source.of_bytes(data), cloudtrail)[1]["cloud_activity"])[0]
    one = activity(**cells)
    free = {"line", "offset", "length", "extra"}
    assert {key: one[key] for key in one.keys() - free} == {key: other[key] for key in other.keys() - free}


def test_success_is_not_told_where_errors_were_not_asked_for():
    assert activity()["succeeded"] is True
    stream = io.StringIO()
    record = {name: text for name, text in PLAIN.items() if name != "errorCode"}
    csv.writer(stream).writerows([record, record.values()])
    _, found = golden.tables_of(Source.of_bytes(stream.getvalue().encode()), cloudtrail_csv)
    assert found["cloud_activity"].column("succeeded").to_pylist() == [None]


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("{type=Root, accountid=1, invokedby=null}", {"type": "Root", "accountId": "1", "invokedBy": None}),
        ("{arn=a, b, username=c=d}", {"arn": "a, b", "userName": "c=d"}),
        ("{sessioncontext={sessionissuer={arn=x}}}", {"sessionContext": {"sessionIssuer": {"arn": "x"}}}),
        ('{"type":"Root"}', {"type": "Root"}),
        ("{}", {}),
        ("somebody", None),
        ("", None),
    ],
)
def test_identities(text, identity):
    assert _identity(text) == identity


@given(st.text(alphabet="{}=, ab", max_size=60))
def test_any_structure_is_survived(text):
    found = _identity("{" + text + "}")
    assert found is None or isinstance(found, dict)


@pytest.mark.parametrize(
    ("header", "grade"),
    [
        ("eventTime,eventSource,eventName,eventID", Grade.STRONG),
        ("useridentity,eventname,eventsource,eventtime", Grade.STRONG),
        ("eventTime,eventSource,eventName", Grade.NONE),
        ("eventID,eventTime,eventSource,eventName,eventname", Grade.NONE),
        ("eventID,eventTime,eventSource", Grade.NONE),
    ],
)
def test_recognition(header, grade):
    assert cloudtrail_csv.recognise(header.encode() + b"\n", "x") == grade
