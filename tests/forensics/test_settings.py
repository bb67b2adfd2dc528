"""`case.toml`: everything optional, nothing unknown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forensics import settings
from forensics.errors import UsageFault
from forensics.settings import Agent, Approved, Channel, Scope, Settings


@pytest.mark.parametrize("data", [b"", settings.TEMPLATE, b"[case]\n", b'[case]\nid = ""\n'])
def test_nothing_need_be_said(data: bytes) -> None:
    assert settings.decode(data) == Settings()


def test_everything_that_can_be_said_is_read() -> None:
    data = b"""
zone = "Europe/Berlin"
[case]
id = "2026-017"
title = "Idle GPUs"
[[scope]]
match = "hosts/gpu1/**"
host = "gpu1"
zone = "UTC"
actor = "agent"
[[agent]]
name = "builder"
hosts = ["gpu1"]
[[channel]]
name = "capacity"
match = ["request_capacity"]
[[approved]]
action = "mining"
from = 2026-01-01T00:00:00Z
reference = "CHG-118"
[redaction]
words = ["blue"]
"""
    assert settings.decode(data) == Settings(
        id="2026-017",
        title="Idle GPUs",
        zone="Europe/Berlin",
        scopes=(Scope("hosts/gpu1/**", host="gpu1", zone="UTC", actor="agent"),),
        agents=(Agent("builder", hosts=("gpu1",)),),
        channels=(Channel("capacity", ("request_capacity",)),),
        approved=(Approved("mining", begins=datetime(2026, 1, 1, tzinfo=UTC), reference="CHG-118"),),
        redacted_words=("blue",),
    )


def test_the_docstring_shows_a_file_that_is_read() -> None:
    shown = settings.__doc__.partition("\n\n")[2]
    example = "\n".join(line.removeprefix("    ") for line in shown.splitlines())
    assert settings.decode(example.encode()).id == "2026-017"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"zone = 1", "zone: text is expected"),
        (b'zone = "Mars/Base"', "no zone of the time zone database"),
        (b'zone = "../../etc/passwd"', "no zone of the time zone database"),
        (b"colour = 1", "colour: no such key"),
        (b"[case]\nname = 1", r"case\.name: no such key"),
        (b"case = 1", r"a table \[case\] is expected"),
        (b"scope = 1", r"tables \[\[scope\]\] are expected"),
        (b'[[scope]]\nhost = "x"', r"scope\[1\]\.match: is missing"),
        (b'[[scope]]\nmatch = "x"\nactor = "robot"', r"scope\[1\]\.actor: one of agent"),
        (b'[[agent]]\nname = "x"\nhosts = "x"', r"agent\[1\]\.hosts: a list of texts"),
        (b'[[approved]]\nmatch = ["x"]', r"approved\[1\]\.action: is missing"),
        (b'[[approved]]\naction = "x"\nfrom = 2026-01-01T00:00:00', "a time with its zone"),
        (b"[case", "case.toml"),
        (b"\xff", "case.toml"),
    ],
)
def test_what_is_wrong_is_told_with_its_key(data: bytes, told: str) -> None:
    with pytest.raises(UsageFault, match=told):
        settings.decode(data)
