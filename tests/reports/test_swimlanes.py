"""The drawing of links: lanes by source, records in order of time, dashes where only order speaks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any, get_args

import pytest

from reports import swimlanes, vocabulary
from reports.model import CitedRecord, Link, LinkBasis, When

SHA = "ab" * 32


def record(number: int, path: str, us: int | None, **more: Any) -> CitedRecord:
    return CitedRecord(f"{SHA[:12]}#{number}", path, SHA, when=When(us, us, us), **more)


def link(begin: int, end: int, kind: str = "called_then_ran", probability: float = 0.9, **more: Any) -> Link:
    return Link(kind, f"{SHA[:12]}#{begin}", f"{SHA[:12]}#{end}", "because", probability, **more)


def drawn(links: list[Link], *records: CitedRecord) -> swimlanes.Drawing | None:
    return swimlanes.drawn(links, {own.ref: own for own in records})


def test_lanes_stand_in_the_order_of_their_first_record_and_columns_in_that_of_time() -> None:
    found = drawn(
        [link(1, 2), link(3, 2, "ran_then_connected"), link(2, 4)],
        record(1, "transcript", 20),
        record(2, "audit", 30),
        record(3, "flow", 10),
        record(4, "audit", None),
    )
    assert found is not None
    assert [lane.label for lane in found.lanes] == ["flow", "transcript", "audit"]
    assert [node.ref[-1] for node in found.nodes] == ["3", "1", "2", "4"]  # what has no time comes last
    steps = {after.x - before.x for before, after in pairwise(found.nodes)}
    assert len(steps) == 1
    assert found.nodes[2].y == found.nodes[3].y == found.lanes[2].y
    assert [(edge.begin, edge.end, edge.family) for edge in found.edges] == [
        (1, 2, "run"),
        (0, 2, "network"),
        (2, 3, "run"),
    ]


@pytest.mark.parametrize("basis", get_args(LinkBasis))
def test_only_order_is_dashed(basis: LinkBasis) -> None:
    found = drawn([link(1, 2, basis=basis)], record(1, "a", 1), record(2, "b", 2))
    assert found is not None
    assert found.edges[0].loose == (basis == "order")
    assert basis in vocabulary.LINK_BASES


def test_every_kind_has_one_family_and_strangers_one_for_themselves() -> None:
    kinds = [kind for _, kinds in vocabulary.LINK_FAMILIES.values() for kind in kinds]
    assert len(kinds) == len(set(kinds))
    found = drawn([link(1, 2, "a_kind_of_tomorrow")], record(1, "a", 1), record(2, "b", 2))
    assert found is not None
    assert found.edges[0].family == "other"


def test_what_is_not_drawn_is_counted() -> None:
    records = [record(number, f"lane {number}", number) for number in range(100)]
    sure = [replace(link(number, number + 1, probability=0.9), why="sure") for number in range(0, 99, 2)]
    chain = [link(number, number + 1, probability=0.5) for number in range(1, 99, 2)] + sure
    found = drawn(chain, *records)
    assert found is not None
    assert len(found.lanes) == swimlanes.MOST_LANES
    assert found.left_out == 99 - len(found.edges)
    assert sum(edge.title == "sure" for edge in found.edges) == 12  # two lanes each
    assert drawn([link(1, 2)], record(1, "a", 1)) is None  # an end without a card
    assert drawn([]) is None


def test_times_below_leave_room_and_name_the_day_once() -> None:
    day = 86_400_000_000
    found = drawn([link(0, n) for n in range(1, 80)], *(record(n, "a", day * (n // 40) + n) for n in range(80)))
    assert found is not None
    xs = [tick.x for tick in found.ticks]
    assert min(after - before for before, after in pairwise(xs)) >= 150
    assert [tick.text[:10] for tick in found.ticks if len(tick.text) > 10] == ["1970-01-01", "1970-01-02"]


def test_hostile_words_stay_words(page_of: Callable[[str], str]) -> None:
    page = page_of("hostile")
    drawing = page[page.index('<figure class="swim">') : page.index("</figure>")]
    assert not re.search(r"<(script|img|svg onload)", drawing)
    assert "\u202e" not in drawing


@pytest.mark.browser
def test_a_point_opens_its_record_and_lights_its_links(browser: Any, files: Callable[[str], str]) -> None:
    page = browser.new_page()
    page.goto(files("incident"))
    point = page.locator(".node").first
    point.hover()
    assert page.locator(".swim.lit .edge.lit").count() >= 1
    point.click()
    assert page.locator("#sheet .card").count() == 1
    assert page.url.endswith(point.get_attribute("href"))
    page.close()
