"""The output of a container as Docker's json-file driver keeps it (`<id>-json.log`), read for what a miner printed.

Source of the format: moby daemon/logger/jsonfilelog (log, stream, time, attrs): one object a line, UTC, cut at 16 KiB.

One record is one line of output. Only lines that nothing but a miner prints make rows (see `parsers.host.miner`), at
the time at which Docker got them. What a container prints is whatever its programs wish: commands on a screen are no
record of what ran.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.cloud.fields import utc_columns
from parsers.contract import Format, Grade, Item, Parsed, Reject, Row
from parsers.host.miner import of_miner
from parsers.jsondocument import head_grade
from parsers.jsonlines import JsonRecord, records
from parsers.source import Source

FORMAT = Format(
    name="docker_json_log",
    title="Docker container output (json-file)",
    tables=("mining_share", "usage_metric", "artefact"),
    signature=True,
)

_STREAMS = frozenset({"stdout", "stderr"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where most records are output of a container."""
    return head_grade(head, frozenset(), (b'"log"', b'"stream"', b'"time"'), _is_output)


def _is_output(value: dict[str, Any]) -> bool:
    return type(value.get("log")) is str and value.get("stream") in _STREAMS and type(value.get("time")) is str


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each line of a miner's; all other lines make none."""
    for item in records(source):
        if not isinstance(item, JsonRecord):
            yield item
            continue
        when = utc_columns(item.value.get("time"))
        if not _is_output(item.value):
            yield Reject(item.record, "no output of a container")
        elif when is None:
            yield Reject(item.record, "output without a time")
        else:
            yield Parsed(item.record)
            notes = (*item.notes, *when.pop("notes", ()))
            for part, line in enumerate(of_miner(item.value["log"].rstrip("\r\n"), when)):
                yield Row(line.table, item.record, line.noting(*notes).row(when), part)
