"""Series for the report's figures, narrowed by SQL to what a figure can show."""

from __future__ import annotations

from typing import Any

from forensics.engine import Engine
from reports.model import Chart, Mark, Series, Span

MINUTE = 60_000_000
DAY = 86_400_000_000
MAX_FLOWS = 20_000
MAX_MINUTES = 20_000

Row = dict[str, Any]


def charts(engine: Engine, spans: tuple[Span, ...], marks: tuple[Mark, ...]) -> tuple[Chart, ...]:
    """Every figure that has data, in the order of the chain."""
    found = (_network(engine, spans, marks), _work(engine, spans, marks), _coins(engine, marks), _cost(engine, spans))
    return tuple(chart for chart in found if chart.series)


def _network(engine: Engine, spans: tuple[Span, ...], marks: tuple[Mark, ...]) -> Chart:
    """Bytes with the pool per minute; a flow's bytes are spread evenly over the minutes that it lasted."""
    rows = engine.rows(
        "select best_us, greatest(end_us, best_us) as end_us, bytes from pool_flow where best_us is not null"
        " and source_id = (select source_id from pool_flow where best_us is not null group by source_id"
        " order by count(*) desc, source_id limit 1) order by best_us, event limit $1",
        [MAX_FLOWS],
    )
    minutes: dict[int, float] = {}
    for row in rows:
        first, last = row["best_us"] // MINUTE, row["end_us"] // MINUTE
        for minute in range(first, min(last, first + MAX_MINUTES) + 1):
            minutes[minute] = minutes.get(minute, 0.0) + float(row["bytes"]) / (last - first + 1)
    spread = [{"us": minute * MINUTE, "bytes": value} for minute, value in sorted(minutes.items())]
    series = _series(spread, (("to and from the pool", "bytes", "bytes", "bars"),), MINUTE)
    caption = "Bytes per minute, each flow spread evenly over its time; from the sensor with the most records of it."
    return Chart("network", "Traffic with the pool", caption, series, spans, marks)


def _work(engine: Engine, spans: tuple[Span, ...], marks: tuple[Mark, ...]) -> Chart:
    rates = engine.rows(
        "select epoch_us(coalesce(ts, cast(ts_local as timestamptz))) - coalesce(clock.offset_us, 0) as us,"
        " avg(value) as rate from usage_metric left join clock on clock.source_id = usage_metric.source_id"
        " and clock.kind = case when ts is null then 'local' else 'utc' end"
        " and epoch_us(coalesce(ts, cast(ts_local as timestamptz))) >= clock.from_us"
        " and epoch_us(coalesce(ts, cast(ts_local as timestamptz))) < clock.until_us"
        " where metric = 'hash_rate' and coalesce(window_s, 60) = 60 and coalesce(ts, cast(ts_local as timestamptz))"
        " is not null group by 1 order by 1 limit 5000"
    )
    shares = engine.rows(
        "select best_us // $1 * $1 as us, sum(count) as shares from share_event where accepted is distinct from false"
        " and best_us is not null and source_id = (select source_id from share_event group by source_id"
        " order by count(*) desc, source_id limit 1) group by 1 order by 1",
        [10 * MINUTE],
    )
    series = (
        *_series(rates, (("hash rate, 60 s mean", "H/s", "rate", "line"),), 0),
        *_series(shares, (("accepted shares per 10 minutes", "shares", "shares", "bars"),), 10 * MINUTE),
    )
    return Chart("work", "Hash rate and shares", "What miner and pool say of the work done.", series, spans, marks)


def _coins(engine: Engine, marks: tuple[Mark, ...]) -> Chart:
    rows = engine.rows(
        "select best_us as us, asset, kind, amount from coin_event where best_us is not null and amount is not null"
        " and repeats is null and kind in ('credit', 'payout', 'receipt') order by asset, kind, best_us, event"
    )
    series = []
    for key in sorted({(row["asset"] or "?", row["kind"]) for row in rows}):
        total, times, values = 0.0, [], []
        for row in rows:
            if (row["asset"] or "?", row["kind"]) == key:
                total += float(row["amount"])
                times.append(row["us"])
                values.append(round(total, 12))
        series.append(Series(f"{key[1]}, running total", key[0], "step", tuple(times), tuple(values)))
    return Chart("coins", "Coins", "Running totals of what pool and wallet record.", tuple(series), (), marks)


def _cost(engine: Engine, spans: tuple[Span, ...]) -> Chart:
    rows = engine.rows(
        "select epoch_us(ts) // $1 * $1 as us, billing_currency as currency,"
        " sum(cast(billed_cost as decimal(38, 12))) as cost"  # room for sums, whatever a bill says
        " from charge where ts is not null and billed_cost is not null group by 1, 2 order by 2, 1",
        [DAY],
    )
    series = []
    for currency in sorted({row["currency"] or "?" for row in rows}):
        own = [row for row in rows if (row["currency"] or "?") == currency]
        series.append(
            Series(
                "billed per day",
                currency,
                "bars",
                tuple(row["us"] for row in own),
                tuple(round(float(row["cost"]), 6) for row in own),
                DAY,
            )
        )
    return Chart("cost", "Cost", "Billed cost per day of the whole bill.", tuple(series), spans)


def _series(rows: list[Row], columns: tuple[tuple[str, str, str, Any], ...], step_us: int) -> tuple[Series, ...]:
    if not rows:
        return ()
    return tuple(
        Series(
            label,
            unit,
            shape,
            tuple(row["us"] for row in rows),
            tuple(None if row[column] is None else round(float(row[column]), 3) for row in rows),
            step_us,
        )
        for label, unit, column, shape in columns
    )
