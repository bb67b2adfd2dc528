"""The systemd journal as `journalctl -o json` or `-o json-pretty` writes it.

Source of the format: systemd.io/JOURNAL_EXPORT_FORMATS "Journal JSON Format": one object an entry; a value is a text,
a list of bytes (not UTF-8, or unprintable), a list of values (the field came more than once) or null (too long to be
written without --all).

One record is one entry. `ts` is the time at which journald got the message; the writer's own is in `extra`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Reject
from parsers.host.journal_entries import WANTED, message_of, values_of
from parsers.host.programs import Programs
from parsers.jsondocument import document_records, is_document
from parsers.jsonlines import BOM, JsonRecord, first_values
from parsers.source import Source

FORMAT = Format(
    name="journald_json",
    title="systemd journal (journalctl -o json)",
    tables=("process", "login", "artefact", "mining_share", "usage_metric"),
    signature=True,
)

_TIME, _CURSOR, _BOOT = "__REALTIME_TIMESTAMP", "__CURSOR", "_BOOT_ID"


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where the first object is an entry, and most others are."""
    if is_document(head):
        start = head.removeprefix(BOM).lstrip(b" \t\r\n[")[:4096]
        telling = all(f'"{key}"'.encode() in start for key in (_TIME, _CURSOR))
        return Grade.STRONG if telling and start.startswith(b"{") else Grade.NONE
    values = first_values(head).values
    entries = [_is_entry(value) for value in values]
    return Grade.STRONG if entries and entries[0] and sum(entries) * 2 > len(entries) else Grade.NONE


def _is_entry(value: Any) -> bool:
    return isinstance(value, dict) and _TIME in value and (_CURSOR in value or _BOOT in value)


def read(source: Source) -> Iterator[Item]:
    """Yield rows in file order, but for commands of sudo, which wait for their further messages.

    `process`: commands of sudo and cron, processes killed for want of memory, units that ended; `login`: sessions and
    attempts; `artefact`: cron tables replaced, a miner's pools and version; `mining_share`, `usage_metric`: what a
    miner logs of its work. Entries of which nothing is known to tell make no row.
    """
    programs = Programs()
    for item in document_records(source):
        if not isinstance(item, JsonRecord):
            yield item
        elif _TIME not in item.value:
            yield Reject(item.record, f"no {_TIME}")
        else:
            yield Parsed(item.record)
            fields = {key: list(values_of(value)) for key, value in item.value.items() if key in WANTED}
            message = message_of(fields, item.record, item.notes)
            if message:
                yield from programs.take(message)
    yield from programs.rest()
