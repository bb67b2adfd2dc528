"""Leads: contacts on the network that have a miner's shape, and nothing that shows what they are.

A lead is no finding and accuses nobody: the shape fits a miner and fits other things, which it names. No error rate of
it is measured, so it carries no probability; `grade` says how much of the shape is there.
"""

from __future__ import annotations

from typing import Any

from forensics.document.cite import Citations, moment, summary_of
from forensics.engine import Engine

MAX_LEADS = 50
ALSO_FITS = ("a messenger or a push service", "telemetry", "a remote console or a tunnel", "a queue or a feed")
_GRADES = {"strong": 0, "fair": 1}
_LOADS = {"rises": "its load rises and falls with it", "other": "its load does not rise and fall with it"}

Row = dict[str, Any]
Document = dict[str, Any]


def leads_of(engine: Engine, citations: Citations) -> tuple[list[Document], int]:
    """Return the leads as the document tells them, strong ones first, and how many there are in all."""
    rows = engine.rows("select * from flow_lead order by grade, begin_us, contact")
    rows.sort(key=lambda row: _GRADES[row["grade"]])
    listed = rows[:MAX_LEADS]
    tables = {row["contact"]: "flow" for row in listed}
    tables |= {row["socket_event"]: "socket_event" for row in listed if row["socket_event"]}
    citations.load_rows(tables)
    return [_lead(citations, row) for row in listed], len(rows)


def _lead(citations: Citations, row: Row) -> Document:
    program = row["executable"] or row["name"]
    measured = (
        f"{row['minutes']} minutes without a pause of a quarter of an hour, {row['sent_per_minute']} bytes a minute"
        f" out and {row['received_per_minute']} back in {row['packets_per_hour']} packets an hour"
    )
    events = [event for event in (row["contact"], row["socket_event"]) if event in citations]
    return {
        "what": "long, thin traffic both ways, as between a miner and a pool; what it is, is not known",
        "grade": row["grade"],
        "client": row["client_address"],
        "endpoint": {"address": row["far_address"], "port": row["far_port"], "name": _shown(row["far_name"])},
        "first": moment(row["begin_us"]),
        "last": moment(row["end_us"]),
        "minutes": row["minutes"],
        "connections": row["connections"],
        "records": row["records"],
        "sent_bytes": row["sent_bytes"],
        "received_bytes": row["received_bytes"],
        "host": _shown(row["host"]),
        "program": _shown(program),
        "for": [
            measured,
            *(["no lookup in evidence gives the address, though the client's lookups are in evidence"] * row["bare"]),
            *(["the program that connects runs from a hidden or public folder"] * bool(row["hidden"])),
            *([f"of the host: {_LOADS['rises']}"] * (row["load"] == "rises")),
        ],
        "against": [
            *(["the address was looked up by a name that no list of pools has"] * bool(row["far_name"])),
            *([f"of the host: {_LOADS['other']}"] * (row["load"] == "other")),
        ],
        "also_fits": list(ALSO_FITS),
        "evidence": [dict(citations[event].reference) for event in events],
    }


def _shown(text: str | None) -> str | None:
    return None if text is None else summary_of(text)
