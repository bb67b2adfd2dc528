"""Mining in clear in the payload that Suricata keeps with an alert.

Source of the mapping: OISF/suricata doc/userguide/output/eve/eve-json-output.rst (`payload`, `payload_printable`,
`stream`); of the messages, see `capture.stratum`. With `stream` the payload is what the flow had carried by then: its
messages passed at some time between the flow's start and the alert. Work handed in (`submit`) is left to what
counts it: the next alert of the flow may show the same payload again.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from typing import Any

from parsers.capture import stratum
from parsers.flows.members import Members
from parsers.times import Moment

FROM_PAYLOAD = "from_alert_payload"
MOST_MESSAGES = 50
_HANDED_IN = frozenset({"submit", "mining.submit", "eth_submitwork", "submitblock"})


def mining(event: Members, moment: Moment | None) -> Iterator[dict[str, Any]]:
    """Yield the values of a row of `application_message` for each message, without its ends."""
    data = _payload(event)
    if data is None or not any(mark in data for mark in (b'"method"', b'"result"', b'"error"')):
        return
    when = _when(event, moment)
    rows = 0
    for found in stratum.read(data, final=True).found:
        line = found.content
        if not isinstance(line, stratum.Line) or not line.standing or (line.method or "").lower() in _HANDED_IN:
            continue
        rows += 1
        if rows > MOST_MESSAGES:
            return
        yield {
            **when,
            "protocol": "stratum",
            "method": line.method,
            "direction": line.direction,
            **line.columns,
            "message_id": None if line.id is None else str(line.id),
            "truncated": line.cut,
            "notes": sorted({FROM_PAYLOAD, *line.notes}),
            "extra": dict(line.extra),
        }


def _payload(event: Members) -> bytes | None:
    """Return the bytes of the payload, or what was kept of them as text."""
    encoded, printable = event.look("payload"), event.look("payload_printable")
    if type(encoded) is str and encoded.isascii():
        try:
            return binascii.a2b_base64(encoded, strict_mode=True)
        except binascii.Error:
            pass
    return printable.encode("utf-8") if type(printable) is str else None


def _when(event: Members, moment: Moment | None) -> dict[str, Any]:
    """Return when messages passed: with the packet, or at some time since the flow began."""
    if event.look("stream") != 1:
        return dict(moment.columns()) if moment else {}
    flow = event.look("flow")
    start = Members(flow).moment("start") if type(flow) is dict else None
    if not start or not moment or start.zoned != moment.zoned or moment.us < start.us:
        return {}
    return start.columns() | {"ts_precision_us": moment.us - start.us + moment.precision_us}
