from __future__ import annotations

import re
from dataclasses import replace
from types import ModuleType
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from reports import figures
from reports.model import Chart, Coverage, Mark, Series, Span

YEAR_1, YEAR_9999 = -62_135_596_800_000_000, 253_402_300_799_999_999
SHAPES = ("line", "area", "step", "bars", "points")


def chart(shape: str, us: tuple[int, ...], values: tuple[float | None, ...], step: int = 0) -> Chart:
    return Chart("c", "t", "", (Series("s", "u", shape, us, values, step),))  # type: ignore[arg-type]


def test_a_drawing_is_fit_for_a_strict_page(samples: ModuleType) -> None:
    drawings = [figures.drawn(item) for item in samples.charts()]
    assert [drawing is None for drawing in drawings] == [False, False, False, False, True]
    overview = figures.overview(samples.coverage(), ())
    for drawing in (*filter(None, drawings), overview):
        for image in (drawing.wide, drawing.narrow):
            root = ET.fromstring(image)
            assert root.get("role") == "img"
            assert root.get("aria-describedby", "").endswith("-summary")
            for element in root.iter():
                assert element.tag not in {"style", "script", "metadata", "a", "foreignObject"}
                assert not {"style", "onload", "font-family"} & set(element.attrib)
                link = element.get("href", "#")
                assert link.startswith(("#", "data:image/png;base64,"))
            assert "currentColor" in image
            assert "#0a0b0c" not in image


def test_local_links_resolve(samples: ModuleType) -> None:
    for item in samples.charts()[:4]:
        drawing = figures.drawn(item)
        assert drawing
        for image in (drawing.wide, drawing.narrow):
            wanted = set(re.findall(r'(?:href="#|url\(#)([\w.-]+)', image))
            there = re.findall(r' id="([\w.-]+)"', image)
            assert wanted == set(there)
            assert len(there) == len(set(there))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("us", "values"),
    [
        ((0,), (1.0,)),
        ((0, 1), (0.0, 0.0)),
        ((0, 10**6, 10**6), (-5.0, None, 7.0)),
        ((YEAR_1, YEAR_9999), (1.0, 2.0)),
        ((YEAR_9999,), (1e300,)),
        ((0, 10**12), (None, 1e-300)),
    ],
)
def test_odd_series_are_drawn(shape: str, us: tuple[int, ...], values: tuple[float | None, ...]) -> None:
    drawing = figures.drawn(chart(shape, us, values, 3_600_000_000))
    assert drawing
    assert drawing.summary[0].startswith("s: ")


def test_no_values_no_figure() -> None:
    assert figures.drawn(chart("line", (0, 1), (None, None))) is None
    assert figures.drawn(Chart("c", "t", "", ())) is None
    assert figures.overview((Coverage("x"),), ()) is None


@pytest.mark.parametrize("shape", SHAPES)
def test_dense_series_stay_small(shape: str) -> None:
    count = 50_000
    us = tuple(index * 60_000_000 for index in range(count))
    values = tuple(float(index * 7919 % 1000) for index in range(count))
    drawing = figures.drawn(chart(shape, us, values, 60_000_000))
    assert drawing
    assert len(drawing.wide) + len(drawing.narrow) < 400_000
    assert "50,000 values" in drawing.summary[0]


def test_dense_bars_with_room_between_them_are_drawn() -> None:
    us = tuple(index * 10_000_000 for index in range(500))
    drawing = figures.drawn(chart("bars", us, (1.0,) * 500, 1_000_000))
    assert drawing
    filled = [path for path in re.findall(r"<path[^>]*>", drawing.wide) if figures.PALETTE[0] in path]
    outlines = filled or re.findall(r'd="(M[^"]+)"', drawing.wide)
    assert sum(path.count("z") for path in outlines) > 100


def test_thinning_keeps_extremes_holes_and_order() -> None:
    times = np.arange(10_000, dtype=np.int64) * 1_000
    values = np.sin(times / 1e6)
    values[4_321] = 50.0
    values[1_234] = -50.0
    values[7_000:7_500] = np.nan
    kept_times, kept = figures._envelope(times, values, 400)
    assert len(kept) <= 600
    assert np.nanmax(kept) == 50.0
    assert np.nanmin(kept) == -50.0
    assert np.isnan(kept).any()
    assert (np.diff(kept_times) > 0).all()
    in_hole = (kept_times >= times[7_050]) & (kept_times < times[7_450])
    assert np.isnan(kept[in_hole]).all()


def test_hostile_labels_do_no_harm() -> None:
    nasty = "$\\frac{1}{0}$ ${{{" + "\x00\x1b\u202e\ud800" + "<b>" + "A" * 100_000
    drawing = figures.overview((Coverage(nasty, (Span(0, 10**9),)),), (Span(0, 10, nasty),))
    assert drawing
    assert len(drawing.wide) < 30_000
    assert "[U+0000][U+001B]" in drawing.wide
    unit = figures.drawn(Chart("c", nasty, nasty, (Series(nasty, nasty, "line", (0, 10**9), (1.0, 2.0)),)))
    assert unit
    ET.fromstring(unit.wide)


def test_panels_by_unit_share_the_axis(samples: ModuleType) -> None:
    network = samples.charts()[0]
    drawing = figures.drawn(network)
    assert drawing
    assert drawing.wide.count("per minute</text>") == 2
    assert len(drawing.summary) == 2
    assert "greatest" in drawing.summary[0]
    assert "UTC" in drawing.summary[0]


def test_a_mark_outside_the_values_is_seen() -> None:
    base = chart("line", (0, 3_600_000_000), (1.0, 2.0))
    far = replace(base, marks=(Mark(86_400_000_000 * 3, "later"),))
    drawing = figures.drawn(far)
    assert drawing
    assert ">01-03<" in drawing.wide


def test_many_sources_are_capped_and_said_so() -> None:
    rows = tuple(Coverage(f"source {index}", (Span(0, 10**9),)) for index in range(60))
    drawing = figures.overview(rows, ())
    assert drawing
    assert "The 40 with the most hours are drawn" in " ".join(drawing.summary)
    assert "source 39" in drawing.wide
    assert "source 40" not in drawing.wide
