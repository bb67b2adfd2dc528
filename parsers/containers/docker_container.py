"""Docker containers as the daemon keeps them (`config.v2.json`, once `config.json`) and as `docker inspect` shows them.

Source of the format: moby container/container.go and state.go (the file), api/types/container (the answer of inspect).

One record is one container. What it was started with is a `process` row (`ts` is the last start; earlier ones are not
kept), its end another one. A container that never ran makes a row without time, noted `never_started`. Ids of processes
are those of the host.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from parsers.cloud.fields import first_text, member, time
from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.host.machine import OUT_OF_MEMORY
from parsers.jsondocument import document_records, head_grade
from parsers.jsonlines import JsonRecord
from parsers.jsontext import compact
from parsers.source import Source
from parsers.times import Moment
from parsers.transcripts.fields import flag, integer, text

FORMAT = Format(
    name="docker_container",
    title="Docker containers (config.v2.json, docker inspect)",
    tables=("process",),
    signature=True,
)

NEVER_STARTED = "never_started"
START_UNREAD = "start_unread"

_FIRST_REAL = -62_135_596_800_000_000 + 365 * 86_400_000_000  # the year 1 stands for no time


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are containers with a state and what they were started with."""
    return head_grade(head, frozenset(), (b'"StartedAt"', b'"Args"', b'"Path"'), _is_container)


def _is_container(value: dict[str, Any]) -> bool:
    started = type(value.get("Path")) is str and isinstance(value.get("Args"), list | None)
    return started and _id(value) is not None and type(member(value, "State", "StartedAt")) is str


def _id(value: dict[str, Any]) -> str | None:
    return first_text(value.get("ID"), value.get("Id"))


def read(source: Source) -> Iterator[Item]:
    """Yield the start of each container, and its end where it has one."""
    for item in document_records(source):
        if not isinstance(item, JsonRecord):
            yield item
        elif not _is_container(item.value):
            yield Reject(item.record, "no container")
        else:
            yield Parsed(item.record)
            for part, values in enumerate(_rows(item.value)):
                notes = [*item.notes, *values.pop("notes")]
                yield Row("process", item.record, values | {"notes": notes or None}, part)


def _rows(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    state = value["State"]
    started, finished = _moment(state.get("StartedAt")), _moment(state.get("FinishedAt"))
    common = _common(value)
    running = flag(state.get("Running")) is True
    error = first_text(state.get("Error"))
    never = started is None and time(state.get("StartedAt")) is not None
    yield (
        common
        | (started.columns() if started else {})
        | {
            "kind": "exec",
            "pid": (integer(state.get("Pid")) or None) if running else None,
            "succeeded": False if error or never else True if started else None,
            "notes": [NEVER_STARTED] if never else [] if started else [START_UNREAD],
        }
    )
    if started and finished and not running and finished.us >= started.us:
        yield (
            common
            | finished.columns()
            | {
                "kind": "exit",
                "exit_code": integer(state.get("ExitCode")),
                "duration_us": finished.us - started.us,
                "notes": [OUT_OF_MEMORY] if flag(state.get("OOMKilled")) else [],
            }
        )


def _moment(value: Any) -> Moment | None:
    found = time(value)
    return found if found and found.us >= _FIRST_REAL else None


def _common(value: dict[str, Any]) -> dict[str, Any]:
    arguments = value.get("Args") or []
    whole = all(isinstance(one, str) for one in arguments)
    argv = [value["Path"], *arguments] if whole else None
    configured, state = value.get("Config"), value["State"]
    extra = {
        "name": (text(value.get("Name")) or "").removeprefix("/") or None,
        "image": first_text(member(configured, "Image"), value.get("Image")),
        "created": text(value.get("Created")),
        "hostname": first_text(member(configured, "Hostname")),
        "environment": member(configured, "Env"),
        "restarts": integer(value.get("RestartCount")),
        "error": first_text(state.get("Error")),
    }
    return {
        "user_name": first_text(member(configured, "User")),
        "executable": value["Path"],
        "command": shlex.join(argv) if argv else value["Path"],
        "argv": argv,
        "argv_basis": "argv" if argv else None,
        "cwd": first_text(member(configured, "WorkingDir")),
        "container_id": _id(value),
        "extra": compact({key: item for key, item in extra.items() if item is not None}),
    }
