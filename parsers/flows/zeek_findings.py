"""What Zeek reports as noteworthy, and what it says it missed: rows of `alert` and `coverage_gap`.

Source of the mapping: zeek/zeek scripts/base/frameworks/{notice,intel}/main.zeek, frameworks/notice/weird.zeek,
scripts/policy/misc/{capture-loss,stats}.zeek.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.flows.zeek_fields import Produced, Taken
from parsers.flows.zeek_log import Interval
from parsers.times import Moment

PRODUCT = "zeek"
LOST_BEFORE = "lost_before_ts"
_LAST_COUNT = 2**63 - 1


def notice(taken: Taken) -> Iterator[Produced]:
    """Yield a notice; without a connection its own `src`, `dst` and `p` say who."""
    yield "alert", _alert(taken) | {"rule": taken.text("note"), "title": taken.text("msg")}


def weird(taken: Taken) -> Iterator[Produced]:
    """Yield something that no protocol foresees."""
    yield "alert", _alert(taken) | {"rule": taken.text("name"), "category": "weird"}


def intel(taken: Taken) -> Iterator[Produced]:
    """Yield a hit of somebody's list of indicators."""
    row = {"rule": taken.text("seen.indicator_type"), "category": "intel", "title": taken.text("seen.indicator")}
    yield "alert", _alert(taken) | row


def _alert(taken: Taken) -> dict[str, Any]:
    return {
        "product": PRODUCT,
        "src_address": taken.first("id.orig_h", "src"),
        "src_port": taken.port("id.orig_p"),
        "dst_address": taken.first("id.resp_h", "dst"),
        "dst_port": taken.port("id.resp_p") if taken.has("id.resp_p") else taken.port("p"),
    }


def capture_loss(taken: Taken) -> Iterator[Produced]:
    """Yield the stretch up to the record if in it acknowledgements were seen of data that was not."""
    if not taken.look("gaps"):
        return
    row: dict[str, Any] = {"reason": "capture_loss", "text": "data was acknowledged that the sensor never saw"}
    ended, delta = taken.look("ts"), taken.look("ts_delta")
    if isinstance(ended, Moment) and isinstance(delta, Interval) and ended.zoned and ended.us >= delta.us >= 0:
        taken.moment("ts")
        row |= ended._replace(us=ended.us - delta.us).columns() | {"ts_end": ended.us}
    yield "coverage_gap", row


def stats(taken: Taken) -> Iterator[Produced]:
    """Yield the packets that the sensor dropped since its last record, which this record does not date."""
    dropped = taken.number("pkts_dropped", _LAST_COUNT)
    if dropped:
        row = {"reason": "sensor_drops", "lost_records": dropped, "text": "the sensor dropped packets"}
        yield "coverage_gap", row | {"notes": [LOST_BEFORE]}
