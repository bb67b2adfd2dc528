"""Policies held against requests: three outcomes, two bases, and faults that are told."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("cedarpy", reason="the extra `policy` is not installed")

from forensics.cedar import Judgement, Policies, Policy
from forensics.errors import UsageFault

TEXT = """
@id("work") permit (principal, action == Action::"run", resource) when { ["ls", "git"].contains(context.program) };
@id("no-tunnel") forbid (principal, action, resource == Program::"ssh");
@id("meant") @basis("intended") forbid (principal, action, resource == Program::"xmrig");
permit (principal == Session::"s2", action, resource);
"""


def run(program: str, session: str = "s1") -> dict[str, Any]:
    return {
        "principal": {"type": "Session", "id": session},
        "action": {"type": "Action", "id": "run"},
        "resource": {"type": "Program", "id": program},
        "context": {"program": program},
    }


def test_what_nothing_speaks_of_is_not_prohibited() -> None:
    found = Policies(TEXT, "p.cedar").judge([run("ls"), run("ssh"), run("xmrig"), run("nano")])
    assert found == [
        Judgement("allowed", ("work",)),
        Judgement("prohibited", ("no-tunnel",)),
        Judgement("prohibited", ("meant",)),
        Judgement("unspecified"),
    ]


def test_what_was_only_meant_is_told_from_what_was_written() -> None:
    policies = Policies(TEXT, "p.cedar")
    assert policies.has_intended
    assert policies.judge([run("xmrig"), run("ls")], specified_only=True) == [
        Judgement("unspecified"),
        Judgement("allowed", ("work",)),
    ]
    assert Policy("meant", "forbid", "intended") in policies.policies
    assert Policy("policy3", "permit", "specified") in policies.policies


def test_a_prohibition_is_stronger_than_a_permission() -> None:
    assert Policies(TEXT, "p.cedar").judge([run("ssh", "s2")]) == [Judgement("prohibited", ("no-tunnel",))]


def test_a_policy_that_fails_does_not_apply_and_is_told() -> None:
    (found,) = Policies('@id("x") forbid (principal, action, resource) when { context.stage == "a" };', "p").judge(
        [run("ls")]
    )
    assert found.outcome == "unspecified"
    assert "`x`" in found.errors[0]
    assert "stage" in found.errors[0]


@pytest.mark.parametrize(
    "hostile", ['"); permit (principal, action, resource);//', "a\nb", "\x00", "é\u202e", "x" * 9000]
)
def test_what_evidence_says_never_becomes_policy(hostile: str) -> None:
    assert Policies(TEXT, "p.cedar").judge([run(hostile)]) == [Judgement("unspecified")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("permit (x", "no Cedar policies"),
        ('@id("a") permit (principal, action, resource); @id("a") forbid (principal, action, resource);', "same @id"),
        ("permit (principal == ?principal, action, resource);", "templates"),
        ('@basis("hoped") permit (principal, action, resource);', "hoped"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_name(text: str, told: str) -> None:
    with pytest.raises(UsageFault, match=told) as fault:
        Policies(text, "p.cedar")
    assert str(fault.value).startswith("p.cedar: ")


def test_an_empty_file_leaves_everything_unspecified() -> None:
    assert Policies("// nothing yet\n", "p.cedar").judge([run("ls")]) == [Judgement("unspecified")]
