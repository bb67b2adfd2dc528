"""`case.toml`: what the investigator knows and decides. Every key is optional; a key we do not know is an error.

zone = "Europe/Berlin"            # of printed times that name none, where no scope says otherwise
policy = "policy.cedar"           # what was allowed, beside this file (its default name); see `forensics policy --help`

[case]
id = "2026-017"                   # default "case": nothing of the machine or the clock
title = "Idle GPUs, busy pool"

[[scope]]                         # what a delivered path says; the first match wins, key by key
match = "hosts/gpu1/**"           # glob over the path below the intake: * within a part, ** over parts
host = "gpu1"
user = "svc"
account = "123456789012"
zone = "UTC"
actor = "agent"                   # agent | operator | intruder | control | other

[[agent]]
name = "builder"
hosts = ["gpu1"]
users = ["svc"]

[[channel]]                       # a designated channel for asking for resources
name = "capacity-requests"
match = ["request_capacity"]      # tool names, commands, addresses by which it shows

[[approved]]                      # what was allowed
action = "mining"                 # in the words of the findings
match = ["pool.example.org"]
host = "bench1"
from = 2026-01-01T00:00:00Z
until = 2026-02-01T00:00:00Z
reference = "CHG-118"

[redaction]
words = ["project-blue"]          # masked in every output, besides secrets
"""

from __future__ import annotations

import tomllib
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import PurePath
from typing import Any, TypeVar

from forensics.errors import UsageFault

FILE_NAME = "case.toml"
DEFAULT_ID = "case"
DEFAULT_POLICY = "policy.cedar"
ACTORS = ("agent", "operator", "intruder", "control", "other")

TEMPLATE = b"""# What is known about this case. Every key is optional; see `forensics init --help`.
# zone = "UTC"                  # of printed times that name no zone
# policy = "policy.cedar"       # what was allowed; `forensics policy draft` writes a first one

[case]
# id = "case"
# title = ""

# [[scope]]                     # what a delivered path says about host, user, account, zone
# match = "hosts/gpu1/**"
# host = "gpu1"
# zone = "UTC"

# [[agent]]
# name = "builder"
# hosts = ["gpu1"]
# users = ["svc"]

# [[channel]]                   # designated channel for asking for resources
# name = "capacity-requests"
# match = ["request_capacity"]

# [[approved]]                  # what was allowed
# action = "mining"
# match = ["pool.example.org"]
# reference = "CHG-118"

# [redaction]
# words = []                    # masked in every output, besides secrets
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a delivered path says; None where it says nothing."""

    match: str
    host: str | None = None
    user: str | None = None
    account: str | None = None
    zone: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent, and where it is known to act."""

    name: str
    hosts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Channel:
    """One designated channel for asking for resources, and the strings by which it shows."""

    name: str
    match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Approved:
    """One thing that was allowed, where and when (UTC; None: without bound)."""

    action: str
    match: tuple[str, ...] = ()
    host: str | None = None
    user: str | None = None
    begins: datetime | None = None
    ends: datetime | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole of `case.toml`; `Settings()` is a case without any."""

    id: str = DEFAULT_ID
    title: str | None = None
    zone: str | None = None
    policy: str | None = None
    scopes: tuple[Scope, ...] = ()
    agents: tuple[Agent, ...] = ()
    channels: tuple[Channel, ...] = ()
    approved: tuple[Approved, ...] = ()
    redacted_words: tuple[str, ...] = field(default=())


def decode(data: bytes) -> Settings:
    """Read `case.toml`; raises `UsageFault` that names the key."""
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise UsageFault(str(fault), where=FILE_NAME, hint="correct the file") from fault
    _known(document, ("zone", "policy", "case", "scope", "agent", "channel", "approved", "redaction"), "")
    case = _table(document, "case")
    _known(case, ("id", "title"), "case.")
    redaction = _table(document, "redaction")
    _known(redaction, ("words",), "redaction.")
    return Settings(
        id=_text(case, "id", "case.") or DEFAULT_ID,
        title=_text(case, "title", "case."),
        zone=_zone(document, ""),
        policy=_policy(document),
        scopes=tuple(_scope(item, f"scope[{number}].") for number, item in _tables(document, "scope")),
        agents=tuple(_plain(Agent, item, f"agent[{number}].") for number, item in _tables(document, "agent")),
        channels=tuple(_plain(Channel, item, f"channel[{number}].") for number, item in _tables(document, "channel")),
        approved=tuple(_approved(item, f"approved[{number}].") for number, item in _tables(document, "approved")),
        redacted_words=_texts(redaction, "words", "redaction."),
    )


Kind = TypeVar("Kind", Agent, Channel, Scope)


def _plain(kind: type[Kind], item: Mapping[str, Any], place: str) -> Kind:
    names = [column.name for column in fields(kind)]
    _known(item, names, place)
    lists = {"hosts", "users"} | ({"match"} if kind is Channel else set())
    values = {name: _texts(item, name, place) if name in lists else _text(item, name, place) for name in names}
    _required(values, names[0], place)
    return kind(**values)  # type: ignore[arg-type]  # each value was read for the column's type just above


def _scope(item: Mapping[str, Any], place: str) -> Scope:
    _zone(item, place)
    scope = _plain(Scope, item, place)
    if scope.actor is not None and scope.actor not in ACTORS:
        raise _fault(f"{place}actor", f"one of {', '.join(ACTORS)} is expected")
    return scope


def _approved(item: Mapping[str, Any], place: str) -> Approved:
    _known(item, ("action", "match", "host", "user", "from", "until", "reference"), place)
    action = _text(item, "action", place)
    _required({"action": action}, "action", place)
    return Approved(
        action=action or "",
        match=_texts(item, "match", place),
        host=_text(item, "host", place),
        user=_text(item, "user", place),
        begins=_time(item, "from", place),
        ends=_time(item, "until", place),
        reference=_text(item, "reference", place),
    )


def _known(table: Mapping[str, Any], names: Sequence[str], place: str) -> None:
    for key in table:
        if key not in names:
            raise _fault(f"{place}{key}", f"no such key; here may stand {', '.join(names)}")


def _required(values: Mapping[str, Any], name: str, place: str) -> None:
    if not values[name]:
        raise _fault(f"{place}{name}", "is missing")


def _fault(key: str, message: str) -> UsageFault:
    return UsageFault(f"{key}: {message}", where=FILE_NAME, hint="correct the file")


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise _fault(key, f"a table [{key}] is expected")
    return value


def _tables(document: Mapping[str, Any], key: str) -> list[tuple[int, Mapping[str, Any]]]:
    value = document.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _fault(key, f"tables [[{key}]] are expected")
    return list(enumerate(value, 1))


def _text(table: Mapping[str, Any], key: str, place: str) -> str | None:
    value = table.get(key)
    if value is None or isinstance(value, str):
        return value or None
    raise _fault(f"{place}{key}", "text is expected")


def _texts(table: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise _fault(f"{place}{key}", "a list of texts is expected")


def _zone(table: Mapping[str, Any], place: str) -> str | None:
    name = _text(table, "zone", place)
    if name is None:
        return None
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise _fault(f"{place}zone", f"{name!r} is no zone of the time zone database") from fault
    return name


def _policy(document: Mapping[str, Any]) -> str | None:
    name = _text(document, "policy", "")
    if name is not None and not (name.endswith(".cedar") and name == PurePath(name).name and "\\" not in name):
        raise _fault("policy", "the name of a file beside this one that ends in .cedar is expected")
    return name


def _time(table: Mapping[str, Any], key: str, place: str) -> datetime | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    raise _fault(f"{place}{key}", "a time with its zone is expected, such as 2026-01-01T00:00:00Z")
