"""Figures as inline SVG by matplotlib: the same bytes on every run, readable in light and dark and by the colour-blind.

Each figure is drawn twice, wide and narrow; the page shows the one that fits. Legends and summaries are text of the
page, so that no words of evidence but a source's short label enter a figure. Dense curves keep the least and the
greatest value of every pixel column, dense bars become one outline, dense points a bitmap.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from reports import safetext, svg, wording
from reports.model import Chart, Coverage, Series, Span

# at least 3.6 to 1 against both themes' grounds; dashes tell curves of one panel apart where colour does not
PALETTE = ("#2f7fbf", "#c8620e", "#0f9070", "#b0629a", "#9a7b00", "#6d7fd1")
DASHES = ("solid", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 3)), (0, (8, 3)))
WIDE, NARROW = 960, 360  # SVG units, one is a CSS pixel at full width
MOST_POINTS = 1500
MOST_BARS = 400
MOST_SOURCES = 40
_DAY_US = 86_400_000_000
_LEAST_AIR_US = 30_000_000
# a year inside the calendar's ends, which matplotlib's locators step over
_FIRST_US, _LAST_US = -62_104_060_800_000_000, 253_370_764_800_000_000
_FONT = 11.5
# dates in digits, as on the rest of the page: month names would follow the locale
_DATES = {
    "formats": ["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%S.%f"],
    "zero_formats": ["", "%Y", "%m-%d", "%m-%d", "%H:%M", "%H:%M"],
    "offset_formats": ["", "%Y", "%Y", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d %H:%M"],
}

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Both drawings of one figure, and its words."""

    wide: Markup
    narrow: Markup
    summary: tuple[str, ...]


def drawn(chart: Chart) -> Drawing | None:
    """Draw a chart with its summary; None where no series has a value."""
    if not any(value is not None for series in chart.series for value in series.values):
        return None
    wide, narrow = (_chart(chart, width) for width in (WIDE, NARROW))
    return Drawing(wide, narrow, tuple(summary(series) for series in chart.series))


def overview(coverage: tuple[Coverage, ...], shaded: tuple[Span, ...]) -> Drawing | None:
    """Draw sources against time, with `shaded` stretches behind; None where no source has a dated record."""
    dated = tuple(row for row in coverage if row.present or row.gaps)
    if not dated:
        return None
    chosen = tuple(sorted(dated[:MOST_SOURCES], key=lambda row: row.label))
    wide, narrow = (_overview(chosen, shaded, width) for width in (WIDE, NARROW))
    words = [f"{len(dated)} sources with dated records, from {wording.period(*_extent(dated))} UTC."]
    if len(dated) > MOST_SOURCES:
        words.append(f"The {MOST_SOURCES} with the most hours are drawn; the table has all.")
    return Drawing(wide, narrow, tuple(words))


def summary(series: Series) -> str:
    """Say in words what a curve shows: how many values, when, least, greatest, last."""
    known = [(us, value) for us, value in zip(series.us, series.values, strict=True) if value is not None]
    label = safetext.plain(series.label, 80)
    if not known:
        return f"{label}: no values."
    unit = safetext.plain(series.unit, 40)
    low, high = min(known, key=lambda pair: pair[1]), max(known, key=lambda pair: pair[1])
    return (
        f"{label}: {len(known):,} values from {wording.period(known[0][0], known[-1][0])} UTC; "
        f"least {wording.compact(low[1])}, greatest {wording.compact(high[1])} {unit} "
        f"at {wording.moment(high[0])}, last {wording.compact(known[-1][1])}."
    )


@contextmanager
def _settings() -> Iterator[None]:
    own: dict[Any, Any] = {
        "svg.hashsalt": "agent-mining-forensics",
        "svg.fonttype": "none",
        "font.size": _FONT,
        "text.parse_math": False,
        "text.color": svg.INK,
        "axes.edgecolor": svg.INK,
        "axes.labelcolor": svg.INK,
        "xtick.color": svg.INK,
        "ytick.color": svg.INK,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "timezone": "UTC",
        "savefig.transparent": True,
    }
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(own)
        warnings.filterwarnings("ignore", message="AutoDateLocator was unable")  # it then uses twelve ticks
        # a glyph that the measuring font lacks is still drawn by the reader's font
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def _chart(chart: Chart, width: int) -> Markup:
    units = list(dict.fromkeys(series.unit for series in chart.series))
    height = 190 * len(units) + 30
    with _settings():
        figure, panels = _panels(width, height, len(units), left=58, right=14, top=26, bottom=34)
        for panel, unit in zip(panels, units, strict=True):
            panel.set_title(safetext.plain(unit, 60), loc="left", fontsize=_FONT, alpha=0.8, pad=8)
            panel.yaxis.set_major_locator(MaxNLocator(4))
            panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.compact(value)))
            panel.grid(axis="y", color=svg.INK, alpha=0.12, linewidth=0.8)
            for span in chart.shaded:
                panel.axvspan(_days(span.from_us), _days(span.to_us), color=svg.INK, alpha=0.08, linewidth=0)
            for mark in chart.marks:
                panel.axvline(_days(mark.us), color=svg.INK, alpha=0.6, linewidth=0.9, linestyle=(0, (2, 2)))
        for index, series in enumerate(chart.series):
            earlier = sum(other.unit == series.unit for other in chart.series[:index])
            dash = DASHES[earlier % len(DASHES)]
            _draw_series(panels[units.index(series.unit)], series, PALETTE[index % len(PALETTE)], dash, width)
        panels[0].set_xlim(*_limits(*_chart_extent(chart)))
        for panel in panels:
            if panel.get_ylim()[0] > 0 and panel.dataLim.ymin >= 0:
                panel.set_ylim(bottom=0)
        return _written(figure, f"chart-{chart.id}-{width}", f"chart-{chart.id}")


def _draw_series(panel: Any, series: Series, colour: str, dash: Any, width: int) -> None:
    times = np.asarray(series.us, dtype=np.int64)
    values = np.asarray([np.nan if value is None else value for value in series.values], dtype=np.float64)
    if series.shape == "bars":
        _draw_bars(panel, times, values, series.step_us, colour, width)
        return
    if series.shape == "points":
        dense = len(times) > MOST_POINTS
        panel.scatter(_days(times), values, s=14, color=colour, alpha=0.75, linewidths=0, rasterized=dense)
        return
    times, values = _envelope(times, values, 2 * width)
    style = "default" if series.shape == "line" else "steps-post"
    panel.plot(_days(times), values, color=colour, linewidth=1.6, linestyle=dash, drawstyle=style)
    if series.shape == "area":
        panel.fill_between(_days(times), values, step="post", color=colour, alpha=0.25, linewidth=0)


def _draw_bars(panel: Any, times: Integers, values: Floats, step: int, colour: str, width: int) -> None:
    if len(times) <= MOST_BARS:
        begins, wide = _days(times) + 0.03 * _days(step), 0.94 * _days(step)
        panel.bar(begins, values, width=wide, align="edge", color=colour, alpha=0.85, linewidth=0)
        return
    # bars of a pixel or two: one outline, with a hole wherever a bar ends before the next begins
    ends = times + step
    apart = np.append(times[1:] > ends[:-1], True)
    outline_times = np.concatenate((times, ends[apart], ends[apart]))
    outline_values = np.concatenate((values, values[apart], np.full(int(apart.sum()), np.nan)))
    order = np.argsort(outline_times, kind="stable")
    times, values = _envelope(outline_times[order], outline_values[order], 2 * width)
    panel.fill_between(_days(times), values, step="post", color=colour, alpha=0.85, linewidth=0.5)


def _overview(coverage: tuple[Coverage, ...], shaded: tuple[Span, ...], width: int) -> Markup:
    wide = width == WIDE
    pitch = 24 if wide else 36
    left = 210 if wide else 10
    begin, end = _extent(coverage)
    least = max((end - begin) / width * 2, 1.0)  # two pixels, so that a moment is seen
    with _settings():
        figure, (panel,) = _panels(width, pitch * len(coverage) + 46, 1, left=left, right=14, top=6, bottom=34)
        for span in shaded:
            panel.axvspan(_days(span.from_us), _days(span.to_us), color=svg.INK, alpha=0.08, linewidth=0)
        for place, row in enumerate(coverage):
            panel.broken_barh(
                _bars(row.present, least), (place - 0.22, 0.44), color=PALETTE[0], alpha=0.85, linewidth=0
            )
            panel.broken_barh(_bars(row.gaps, least), (place - 0.07, 0.14), color=PALETTE[1], linewidth=0)
            if not wide:
                label = safetext.plain(row.label, 44)
                panel.text(0.01, place - 0.3, label, transform=panel.get_yaxis_transform(), fontsize=_FONT, va="bottom")
        panel.set_ylim(len(coverage) - 0.5, -0.5 if wide else -0.9)
        panel.set_xlim(*_limits(begin, end))
        panel.set_yticks(range(len(coverage)) if wide else [])
        if wide:
            panel.set_yticklabels([safetext.plain(row.label, 30) for row in coverage])
        panel.tick_params(axis="y", length=0)
        panel.spines["left"].set_visible(False)
        return _written(figure, f"overview-{width}", "overview")


def _panels(width: int, height: int, count: int, *, left: int, right: int, top: int, bottom: int) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    FigureCanvasSVG(figure)
    panels = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    figure.subplots_adjust(
        left=left / width, right=1 - right / width, top=1 - top / height, bottom=bottom / height, hspace=0.3
    )
    locator = AutoDateLocator(minticks=3, maxticks=9 if width == WIDE else 4)  # type: ignore[no-untyped-call]
    panels[-1].xaxis.set_major_locator(locator)
    panels[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator, **_DATES))  # type: ignore[no-untyped-call]
    return figure, panels


def _written(figure: Figure, prefix: str, labels: str) -> Markup:
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None}, dpi=150)
    attributes = {
        "role": "img",
        "class": "wide" if prefix.endswith(str(WIDE)) else "narrow",
        "aria-labelledby": f"{labels}-title",
        "aria-describedby": f"{labels}-summary",
    }
    return svg.inlined(stream.getvalue(), prefix, attributes)


def _envelope(times: Integers, values: Floats, most: int) -> tuple[Integers, Floats]:
    """Thin out a dense curve: of `most` / 2 stretches each the least and greatest value, and one hole if any."""
    if len(times) <= most:
        return times, values
    stretch = (times - times[0]) * (most // 2) // max(int(times[-1] - times[0]), 1)
    starts = np.flatnonzero(np.diff(stretch, prepend=stretch[0] - 1))
    kept: list[int] = []
    for begin, end in zip(starts, [*starts[1:], len(times)], strict=True):
        inside = values[begin:end]
        holes = np.flatnonzero(np.isnan(inside))
        picked = {int(holes[0])} if len(holes) else set()
        if len(holes) < len(inside):
            picked |= {int(np.nanargmin(inside)), int(np.nanargmax(inside))}
        kept.extend(sorted(int(begin) + index for index in picked))
    return times[kept], values[kept]


def _extent(coverage: tuple[Coverage, ...]) -> tuple[int, int]:
    spans = [span for row in coverage for span in (*row.present, *row.gaps)]
    return min(span.from_us for span in spans), max(span.to_us for span in spans)


def _chart_extent(chart: Chart) -> tuple[int, int]:
    marks = [mark.us for mark in chart.marks]
    begin = min([*marks, *(us for series in chart.series for us in series.us)])
    end = max([*marks, *(us + series.step_us for series in chart.series for us in series.us)])
    return begin, end


def _limits(begin: int, end: int) -> tuple[float, float]:
    """Return the time axis of a figure: the extent with a little air, inside what dates can be."""
    air = max((end - begin) // 100, _LEAST_AIR_US)
    return _days(max(begin - air, _FIRST_US)), _days(min(end + air, _LAST_US))


def _bars(spans: tuple[Span, ...], least_us: float) -> list[tuple[float, float]]:
    return [(_days(span.from_us), max(span.to_us - span.from_us, least_us) / _DAY_US) for span in spans]


def _days(us: Any) -> Any:
    """Matplotlib's date numbers: days since 1970."""
    return us / _DAY_US
