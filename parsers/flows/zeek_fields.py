"""The fields of one Zeek record, noting which were used: what is left becomes `extra`. Values are as in `zeek_log`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from parsers import times
from parsers.flows.zeek_log import Interval
from parsers.jsontext import compact

_SURE_DIGITS, _FRACTION_DIGITS = 15, 6
_LAST_PORT = 65_535

Produced = tuple[str, dict[str, Any]]


class Taken:
    """The fields of one record, noting which were used: what is left becomes `extra`."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._left = {name: value for name, value in values.items() if value is not None}

    def text(self, name: str) -> str | None:
        """Take a text; a set where a text was expected is joined with commas."""
        value = self._left.get(name)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = ",".join(value)
        return self._taken(name, value) if isinstance(value, str) else None

    def number(self, name: str, last: int = 2**64 - 1) -> int | None:
        """Take a number from 0 to `last`."""
        value = self._left.get(name)
        usable = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= last
        return self._taken(name, value) if usable else None

    def port(self, name: str) -> int | None:
        """Take a port."""
        return self.number(name, _LAST_PORT)

    def interval(self, name: str) -> Interval | None:
        """Take a span of time."""
        value = self._left.get(name)
        return self._taken(name, value) if isinstance(value, Interval) else None

    def moment(self, name: str) -> times.Moment | None:
        """Take a time."""
        value = self._left.get(name)
        return self._taken(name, value) if isinstance(value, times.Moment) else None

    def listing(self, name: str, length: int | None = None) -> list[Any] | None:
        """Take a set or vector, if it has the length asked for."""
        value = self._left.get(name)
        usable = isinstance(value, list) and length in {None, len(value)}
        return self._taken(name, value) if usable else None

    def first(self, *names: str) -> str | None:
        """Take the first of the fields that holds a text."""
        return next((text for name in names if (text := self.text(name)) is not None), None)

    def one(self, name: str) -> str | None:
        """Take the only element of a set of texts; of more than one, none is taken."""
        value = self._left.get(name)
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
            return str(self._taken(name, value[0]))
        return None

    def look(self, name: str) -> Any:
        """Return a field without taking it."""
        return self._left.get(name)

    def has(self, name: str) -> bool:
        """Tell whether a field is there and was not taken."""
        return name in self._left

    def extra(self, **more: Any) -> str | None:
        """Return what was not taken, and `more`, as JSON; None where there is nothing."""
        return extra_json(self._left | {name: value for name, value in more.items() if value is not None})

    def _taken(self, name: str, value: Any) -> Any:
        del self._left[name]
        return value


def extra_json(values: Mapping[str, Any]) -> str | None:
    """Write fields as a JSON object in the order of the log's columns; None where there are none."""
    return f"{{{','.join(json_key(name) + json_value(value) for name, value in values.items())}}}" if values else None


@lru_cache(maxsize=1024)
def json_key(name: str) -> str:
    """Write a column's name as the key of a JSON member, with its colon."""
    return compact(name) + ":"


def json_value(value: Any) -> str:
    """Write one value as JSON."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Interval) and value.seconds.adjusted() < _SURE_DIGITS - _FRACTION_DIGITS and value.exact:
        return repr(float(value.seconds))  # so few digits come back from a float as they went in
    return compact(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, times.Moment):
        return times.text_of(value.us)
    if isinstance(value, Interval):
        return value.seconds
    return value


def when_of(taken: Taken) -> dict[str, Any]:
    """Take the time columns of a record."""
    moment = taken.moment("ts")
    return dict(moment.columns()) if moment else {}


def ends_of(taken: Taken) -> dict[str, Any]:
    """Take who spoke to whom, and the id that the records of one connection share."""
    return {
        "src_address": taken.text("id.orig_h"),
        "src_port": taken.port("id.orig_p"),
        "dst_address": taken.text("id.resp_h"),
        "dst_port": taken.port("id.resp_p"),
        "flow_id": taken.text("uid"),
    }
