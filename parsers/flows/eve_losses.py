"""Losses that Suricata's EVE log tells of: what its `stats` events count, from one to the next.

Source of the counters: OISF/suricata etc/schema.json ($.stats), doc/userguide/performance/statistics.rst. Counters run
from the sensor's start (`uptime`); only what they rose by between two events belongs to the time between.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from parsers.contract import Record, Row
from parsers.flows.members import Members
from parsers.times import SECOND, Moment

SINCE_START = "counted_from_start"
# packets that the sensor did not get, sessions and segments that it had no memory to follow, alerts it could not keep
COUNTERS = (
    ("capture", "kernel_drops"),
    ("capture", "kernel_ifdrops"),
    ("tcp", "ssn_memcap_drop"),
    ("tcp", "segment_memcap_drop"),
    ("flow", "memcap"),
    ("detect", "alert_queue_overflow"),
)
_LAST_COUNT = 2**63 - 1


class _Count(NamedTuple):
    record: Record
    when: Moment | None
    uptime: int | None
    counters: dict[tuple[str, str], int]


class Losses:
    """The last `stats` event of each sensor."""

    def __init__(self) -> None:
        self._last: dict[str | None, _Count] = {}

    def take(self, record: Record, event: Members) -> Iterator[Row]:
        """Yield a row for each counter that rose since the sensor's last event, or, in its first, since its start."""
        sensor, stats = event.text("host"), event.inner("stats")
        counters = {}
        for place in COUNTERS:
            count = stats.inner(place[0]).number(place[1], _LAST_COUNT)
            if count is not None:
                counters[place] = count
        now = _Count(record, event.moment("timestamp"), stats.number("uptime", _LAST_COUNT), counters)
        before = self._last.get(sensor)
        self._last[sensor] = now
        restarted = before and (before.uptime is None or now.uptime is None or now.uptime < before.uptime)
        for part, place in enumerate(COUNTERS):
            count = counters.get(place, 0)
            if before and not restarted:
                rise = count - before.counters.get(place, 0)
                if rise > 0:
                    yield Row(
                        "coverage_gap",
                        before.record,
                        _between(before, now, place, rise),
                        len(COUNTERS) + part,
                        (record,),
                    )
            elif count:
                yield Row("coverage_gap", record, _since_start(now, place, count), part)


def _between(before: _Count, now: _Count, place: tuple[str, str], rise: int) -> dict[str, Any]:
    when: dict[str, Any] = dict(before.when.columns()) if before.when else {}
    if now.when:
        when["ts_end" if now.when.zoned else "ts_end_local"] = now.when.us
    return when | _loss(place, rise)


def _since_start(now: _Count, place: tuple[str, str], count: int) -> dict[str, Any]:
    """Return the row of a first event: the stretch began when the sensor did, to the second."""
    when: dict[str, Any] = {}
    if now.when:
        when["ts_end" if now.when.zoned else "ts_end_local"] = now.when.us
        if now.uptime is not None:
            start = now.when._replace(us=now.when.us - now.uptime * SECOND, precision_us=SECOND)
            when |= start.columns()
    return when | _loss(place, count) | {"notes": [SINCE_START]}


def _loss(place: tuple[str, str], count: int) -> dict[str, Any]:
    return {
        "reason": "sensor_drops",
        "lost_records": count,
        "text": f"the sensor's counter {'.'.join(place)} rose by {count}",
    }
