"""Text to values, and local times to instants."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from parsers.mapping.values import AMBIGUOUS, NEVER_WAS, NO_ZONE, ZONE_FROM_MAPPING, Clock, in_zone, instant, reader
from parsers.schema import BOOL, COIN, INT, INT32, STRING, STRINGS, TEXT, TIME, UINT
from parsers.times import EARLIEST, LATEST, iso, text_of

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("kind", "mark", "text", "value"),
    [
        (STRING, ".", " as it is ", " as it is "),
        (TEXT, ".", "", ""),
        (BOOL, ".", "Yes", True),
        (BOOL, ".", "0", False),
        (BOOL, ".", "maybe", None),
        (INT, ".", "-7", -7),
        (INT, ".", "9223372036854775808", None),
        (INT, ".", "1.0", None),
        (INT32, ".", "2147483648", None),
        (UINT, ".", "18446744073709551615", 2**64 - 1),
        (UINT, ".", "-1", None),
        (INT, ".", "٣", None),
        (COIN, ".", "1.25", Decimal("1.25")),
        (COIN, ".", "1,25", None),
        (COIN, ",", "1,25", Decimal("1.25")),
        (COIN, ",", "1.250,5", None),
        (COIN, ",", "1.25", None),
        (COIN, ".", "1e-30", None),
        (COIN, ".", "0e100", Decimal(0)),
    ],
)
def test_readers(kind, mark, text, value):
    read = reader(kind, mark)
    assert read is not None
    found = read(text)
    assert found.value == value
    assert (found.note is None) is (value is not None)


def test_lists_cannot_be_read():
    assert reader(STRINGS) is None
    assert reader(pa.list_(INT)) is None


@pytest.mark.parametrize(
    ("clock", "text", "us", "local", "precision", "note"),
    [
        (Clock(), "2026-03-04T05:06:07Z", "2026-03-04T05:06:07.000000Z", None, 1_000_000, None),
        (Clock(), "2026-03-04T05:06:07", None, "2026-03-04T05:06:07.000000Z", 1_000_000, None),
        (Clock(zone=BERLIN), "2026-03-04T05:06:07", "2026-03-04T04:06:07.000000Z", None, 1_000_000, ZONE_FROM_MAPPING),
        (Clock(zone=BERLIN), "2026-03-04T05:06:07Z", "2026-03-04T05:06:07.000000Z", None, 1_000_000, None),
        (Clock(zone=BERLIN), "2026-10-25T02:30:00", None, "2026-10-25T02:30:00.000000Z", 1_000_000, AMBIGUOUS),
        (Clock(zone=BERLIN), "2026-03-29T02:30:00", None, "2026-03-29T02:30:00.000000Z", 1_000_000, NEVER_WAS),
        (Clock("epoch_s"), "1772600767.25", "2026-03-04T05:06:07.250000Z", None, 10_000, None),
        (Clock("epoch_ms"), "1772600767250", "2026-03-04T05:06:07.250000Z", None, 1000, None),
        (Clock("epoch_ms"), "1772600767.25", None, None, None, "time_unreadable"),
        (Clock("epoch_s", BERLIN), "1772600767", "2026-03-04T05:06:07.000000Z", None, 1_000_000, None),
        (Clock("%d/%m/%Y %H:%M"), "04/03/2026 05:06", None, "2026-03-04T05:06:00.000000Z", 60_000_000, None),
        (Clock("%d/%m/%Y"), "04/03/2026", None, "2026-03-04T00:00:00.000000Z", 86_400_000_000, None),
        (Clock("%d %b %Y %I %p"), "04 Mar 2026 05 PM", None, "2026-03-04T17:00:00.000000Z", 3_600_000_000, None),
        (Clock("%Y%m%d %H%M%S.%f %z"), "20260304 050607.25 +0100", "2026-03-04T04:06:07.250000Z", None, 1, None),
        (Clock("%d/%m/%Y"), "03/14/2026", None, None, None, "time_unreadable"),
        (Clock(), "soon", None, None, None, "time_unreadable"),
    ],
)
def test_instants(clock, text, us, local, precision, note):
    found = instant(clock, text)
    assert (found.us and text_of(found.us)) == us
    assert (found.local_us and text_of(found.local_us)) == local
    assert (found.precision_us, found.note) == (precision, note)


def test_a_time_column_needs_a_zone():
    read = reader(TIME, clock=Clock())
    assert read is not None
    assert read("2026-03-04T05:06:07").note == NO_ZONE
    assert read("soon").note == "time_unreadable"
    moment = iso("2026-03-04T05:06:07Z")
    assert moment
    assert read("2026-03-04T05:06:07Z") == (moment.us, None)


@pytest.mark.parametrize("local", [EARLIEST, LATEST])
def test_the_ends_of_time_have_no_zone(local):
    assert in_zone(local, BERLIN)[0] is None
