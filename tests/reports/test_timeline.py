from __future__ import annotations

import base64
import gzip
import json
import time
from dataclasses import replace
from types import ModuleType
from typing import Any

from reports import safetext
from reports.model import Timeline
from reports.timeline import STATIC_ROWS, packed, weightiest


def unpacked(text: str) -> dict[str, Any]:
    return json.loads(gzip.decompress(base64.b64decode(text)))


def named(column: dict[str, Any]) -> list[str]:
    return [column["names"][code] for code in column["codes"]]


def test_packed_rows_come_back(samples: ModuleType) -> None:
    timeline = samples.timeline(200)
    columns = unpacked(packed(timeline))
    assert tuple(columns["us"]) == timeline.us
    assert tuple(named(columns["source"])) == timeline.source
    assert tuple(named(columns["actor"])) == timeline.actor
    assert tuple(named(columns["basis"])) == timeline.basis
    assert tuple(safetext.marked(text, 400) for text in timeline.text) == tuple(columns["text"])
    refs = [f"{prefix}#{record}" for prefix, record in zip(named(columns["of"]), columns["record"], strict=True)]
    assert tuple(refs) == timeline.ref
    for name, bounds in (("earliest", timeline.earliest_us), ("latest", timeline.latest_us)):
        apart = zip(columns[name], timeline.us, strict=True)
        back = [away if away is None or us is None else us + away for away, us in apart]
        assert tuple(back) == bounds


def test_packing_is_repeatable_and_hostile_text_is_marked(samples: ModuleType) -> None:
    timeline = samples.hostile_model().timeline
    assert packed(timeline) == packed(timeline)
    columns = unpacked(packed(timeline))
    raw = json.dumps(columns, ensure_ascii=False)
    assert not any(character in raw for character in "\x00\x1b\u202e\u2066\u200b\ud800")
    assert max(map(len, columns["text"])) < 4_000
    assert any("U+202E" in text for text in columns["text"])


def test_the_weightiest_rows_are_chosen_in_timeline_order(samples: ModuleType) -> None:
    timeline = samples.timeline(3_000)
    rows = weightiest(timeline)
    assert len(rows) == STATIC_ROWS
    positions = {ref: index for index, ref in enumerate(timeline.ref)}
    order = [positions[row.ref] for row in rows]
    assert order == sorted(order)
    chosen = set(order)
    lightest = min(timeline.weight[index] for index in chosen)
    assert all(timeline.weight[i] <= lightest for i in range(len(timeline)) if i not in chosen)
    printed = [row for row in rows if row.printed]
    assert len(printed) == 150
    assert {row.ref for row in printed} >= {samples.ref("history", 304), samples.ref("transcript", 452)}


def test_an_empty_timeline() -> None:
    assert weightiest(Timeline()) == []
    assert unpacked(packed(Timeline()))["text"] == []


def test_two_hundred_thousand_rows_pack_in_seconds(samples: ModuleType) -> None:
    base = samples.timeline(2_000)
    times = 100
    columns = {
        name: getattr(base, name) * times
        for name in ("us", "earliest_us", "latest_us", "basis", "source", "actor", "stage", "kind", "text", "ref")
    }
    long = replace(base, **columns, weight=base.weight * times, total=len(base) * times)
    begin = time.perf_counter()
    packed(long)
    weightiest(long)
    assert time.perf_counter() - begin < 20
