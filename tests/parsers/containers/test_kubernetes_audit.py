"""Kubernetes audit events: stages that are one request, execs whatever their verb, specifications, damage."""

from __future__ import annotations

import json
import shlex
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.containers import kubernetes_audit
from parsers.containers.kubernetes_audit import WINDOW_RECORDS
from parsers.contract import Grade
from parsers.source import Source

AT = "2026-03-04T09:20:12.000001Z"


def event(audit_id="a", stage="ResponseComplete", verb="create", resource="pods", subresource=None, **more) -> dict:
    target = {"resource": resource, "namespace": "ns", "name": "p", "subresource": subresource}
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "auditID": audit_id,
        "stage": stage,
        "verb": verb,
        "user": {"username": "alice"},
        "objectRef": {key: value for key, value in target.items() if value},
        "requestReceivedTimestamp": AT,
        "stageTimestamp": AT,
        **more,
    }


def executed(argv: list[str], **more) -> dict:
    query = urlencode([*(("command", word) for word in argv), ("container", "c")])
    return event(subresource="exec", requestURI=f"/api/v1/namespaces/ns/pods/p/exec?{query}", **more)


def read(golden, *events: dict) -> dict[str, list[dict]]:
    data = "".join(json.dumps(one) + "\n" for one in events).encode()
    books, tables = golden.tables_of(Source.of_bytes(data), kubernetes_audit)
    assert books.stream_bytes == len(data)
    return {table: rows.to_pylist() for table, rows in tables.items()}


@pytest.mark.parametrize("verb", ["create", "get"])
def test_an_exec_is_one_whatever_its_verb(golden, verb):
    found = read(golden, executed(["sh", "-c", "a b; c=1&d"], verb=verb, responseStatus={"code": 101}))
    (run,) = found["process"]
    assert (run["kind"], run["argv"], run["argv_basis"]) == ("container_exec", ["sh", "-c", "a b; c=1&d"], "argv")
    assert (run["user_name"], run["succeeded"], run["event_id"]) == ("alice", True, "a")
    assert json.loads(run["extra"]) == {"namespace": "ns", "pod": "p", "container": "c"}
    (call,) = found["cloud_activity"]
    assert (call["operation"], call["read_only"]) == (f"{verb} pods/exec", False)


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=5))
def test_arguments_come_back_in_order(golden, argv):
    (run,) = read(golden, executed(argv))["process"]
    assert run["argv"] == argv
    assert shlex.split(run["command"]) == argv


@pytest.mark.parametrize("subresource", ["attach", "portforward", "log", None])
def test_other_calls_are_no_processes(golden, subresource):
    assert set(read(golden, event(subresource=subresource, requestURI="/x?command=id"))) == {"cloud_activity"}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_stages_of_a_request_are_one_row_in_whatever_order(golden, order):
    stages = [
        executed(["id"], stage="RequestReceived"),
        executed(["id"], stage="ResponseStarted", responseStatus={"code": 101}),
        executed(["id"], stageTimestamp="2026-03-04T09:21:12.000001Z", responseStatus={"code": 101}),
    ]
    found = read(golden, *(stages[at] for at in order))
    (call,), (run,) = found["cloud_activity"], found["process"]
    assert (call["ts_end"] - call["ts"]).total_seconds() == 60
    assert run["ts_end"] == call["ts_end"]
    assert json.loads(call["extra"])["stage"] == "ResponseComplete"
    assert len(found["locator"]) == 6


def test_what_never_ended_has_no_end(golden):
    (call,) = read(golden, event(stage="RequestReceived"))["cloud_activity"]
    assert (call["ts_end"], call["succeeded"]) == (None, None)


def test_stages_far_apart_are_rows_of_their_own(golden):
    between = [event(f"b{at}", verb="get") for at in range(WINDOW_RECORDS)]
    found = read(golden, event("a", "RequestReceived"), *between, event("a"))
    assert [row["record"] for row in found["cloud_activity"] if row["event_id"] == "a"] == [1, WINDOW_RECORDS + 2]


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("alice", "user"),
        ("system:serviceaccount:ns:runner", "service_account"),
        ("system:node:n1", "node"),
        ("system:anonymous", "system"),
        (None, None),
    ],
)
def test_actors(golden, user, expected):
    (call,) = read(golden, event(user={"username": user}))["cloud_activity"]
    assert (call["actor_type"], call["actor_name"]) == (expected, user)


CONTAINER = {"name": "main", "image": "i", "command": ["run"], "args": ["-o", "pool.example:4444"]}


@pytest.mark.parametrize(
    ("resource", "asked"),
    [
        ("pods", {"spec": {"containers": [CONTAINER]}}),
        ("jobs", {"spec": {"template": {"spec": {"initContainers": [CONTAINER]}}}}),
        ("cronjobs", {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [CONTAINER]}}}}}}),
    ],
)
def test_commands_asked_for_are_noted_so(golden, resource, asked):
    done = {"requestObject": asked, "responseStatus": {"code": 201}}
    (run,) = read(golden, event(resource=resource, **done))["process"]
    assert (run["command"], run["succeeded"], run["notes"]) == (
        "run -o pool.example:4444",
        None,
        ["from_specification"],
    )
    for other in ({"verb": "update"}, {"responseStatus": {"code": 409}}, {"responseStatus": None}):
        assert set(read(golden, event(resource=resource, **done | other))) == {"cloud_activity"}


@pytest.mark.parametrize("asked", [{}, {"spec": []}, {"spec": {"containers": "x"}}, {"spec": {"containers": [1, {}]}}])
def test_odd_specifications_are_no_processes(golden, asked):
    assert set(read(golden, event(requestObject=asked, responseStatus={"code": 201}))) == {"cloud_activity"}


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        (event(), Grade.STRONG),
        (event() | {"apiVersion": "audit.k8s.io/v1beta1"}, Grade.STRONG),
        ({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [event()]}, Grade.STRONG),
        ({"kind": "Event", "apiVersion": "v1", "auditID": "audit.k8s.io/"}, Grade.NONE),
        ({"kind": "Pod"}, Grade.NONE),
    ],
)
def test_grades(value, grade):
    assert kubernetes_audit.recognise(json.dumps(value).encode(), "x") == grade
