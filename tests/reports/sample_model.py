"""Report models made by hand: a complete incident, a quiet case, an intruder beside an idle agent, a hostile one.

Run as a program it renders one of them: `python sample_model.py incident > report.html`.
"""

from __future__ import annotations

import hashlib
import math
import random
import sys
import tomllib
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

from reports import model as m
from reports.document import load

SECOND, MINUTE, HOUR, DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000
START = int(datetime(2026, 3, 2, 8, 0, tzinfo=UTC).timestamp()) * SECOND
SAMPLE = tomllib.loads((Path(__file__).parent.parent / "data" / "reports" / "incident.toml").read_text("utf-8"))
FILES: dict[str, Any] = SAMPLE["files"]
MINING = (5.75, 53.05)


def sha(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def ref(name: str, record: int) -> str:
    return f"{sha(name)[:12]}#{record}"


def us(hours: float) -> int:
    return START + round(hours * HOUR)


def spelled_out(value: Any) -> Any:
    """Write the shorthand of the sample file out (see its README)."""
    if isinstance(value, str) and value.startswith("@"):
        name, _, record = value[1:].partition("#")
        return ref(name, int(record))
    if isinstance(value, list):
        return [spelled_out(item) for item in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for key, item in value.items():
        stem = key.removesuffix("_h")
        if stem == key:
            found[key] = spelled_out(item)
        elif stem in {"from", "to"}:
            found[f"{stem}_us"] = us(item)
        else:
            at = us(item)
            found[stem] = {"us": at, "earliest_us": at, "latest_us": at + SECOND, "basis": "recorded"}
    return found


def card(record: dict[str, Any]) -> dict[str, Any]:
    """Add to a record what follows from its source."""
    name, _, number = record["ref"][1:].partition("#")
    path, kind, *_ = FILES[name]
    text = record.get("excerpt", "")
    place = {} if "locator" in record else {"line": int(number) + 4, "offset": 310 * int(number), "length": len(text)}
    return spelled_out(record) | {"path": path, "sha256": sha(name), "format": kind} | place


def incident() -> dict[str, Any]:
    document = spelled_out(SAMPLE["incident"])
    found = {stage["stage"]: stage | {"found": True} for stage in document["stages"]}
    return document | {"stages": [found.get(name, {"stage": name}) for name in m.STAGES]}


def timeline(rows: int, total: int | None = None, seed: int = 7) -> m.Timeline:
    """The cited records and, around them, `rows` background rows in time order, two of them without a sure time."""
    draw = random.Random(seed)
    stage_of = {r: stage["stage"] for stage in reversed(incident()["stages"]) for r in stage.get("refs", ())}
    found: list[tuple[Any, ...]] = []
    for record in SAMPLE["records"]:
        name, at = record["ref"][1:].partition("#")[0], us(record["when_h"])
        text = record.get("excerpt", "TLS client hello")
        own = spelled_out(record["ref"])
        actor = "control" if name == "alert" else "agent"
        found.append((at, at, at + SECOND, "recorded", name, actor, stage_of.get(own, ""), "record", text, own, 9))
    texts = {
        "flow": "10.0.4.17 to 203.0.113.77:3333, {} bytes",
        "audit": "execve python3 train.py --step {}",
        "transcript": "tool result: loss 0.41, step {} done",
        "capture": "stratum submit {}, accepted",
        "history": "nvidia-smi # {}",
    }
    for index in range(rows):
        name = draw.choices(list(texts), [40, 30, 20, 8, 2])[0]
        at = START + round(draw.betavariate(1.6, 1.4) * 60 * HOUR)
        corrected = name == "audit"
        bounds = (at - 5 * SECOND, at + 5 * SECOND) if corrected else (at, at + SECOND)
        stage = "mining" if name in {"flow", "capture"} and at > us(6) else ""
        actor = "agent" if name in {"audit", "transcript"} else "unknown"
        basis = "clock_corrected" if corrected else "recorded"
        text = texts[name].format(index)
        own = ref(name, 200_000 + index)
        found.append((at, *bounds, basis, name, actor, stage, "event", text, own, draw.randrange(5)))
    found.sort(key=lambda row: (row[0], row[9]))
    unset = ref("history", 299)
    found.append((None, us(4), us(7), "bounded", "history", "agent", "", "history", "unset HISTFILE", unset, 6))
    found.append((None, None, None, "none", "history", "unknown", "", "history", "ls -la", ref("history", 1), 0))
    selection = "All rows of the acts and their neighbourhood, then by weight." if total else ""
    return m.Timeline(*zip(*found, strict=True), total=total or len(found), selection=selection)


def series(
    label: str, unit: str, shape: Any, count: int, step: int, value: Callable[[float], float | None], bars: int = 0
) -> m.Series:
    times = tuple(START + index * step for index in range(count))
    return m.Series(label, unit, shape, times, tuple(value((at - START) / HOUR) for at in times), bars)


def charts() -> tuple[m.Chart, ...]:
    draw = random.Random(3)
    begin, end = MINING
    mined = (m.Span(us(begin), us(end), "mining"),)

    def traffic(hour: float) -> float | None:
        if 30.2 < hour < 31.4:
            return None
        return 900 + 260 * math.sin(hour * 6) + draw.gauss(0, 120) if begin < hour < end else 0.0

    sent = series("bytes sent", "bytes per minute", "area", 3600, MINUTE, traffic)
    packets = replace(
        sent,
        label="packets sent",
        unit="packets per minute",
        shape="line",
        values=tuple(None if value is None else round(value / 74) for value in sent.values),
    )
    rate = series(
        "hash rate",
        "hashes per second",
        "points",
        720,
        5 * MINUTE,
        lambda hour: 11_400 + draw.gauss(0, 350) if begin < hour < end else None,
    )
    shares = series(
        "accepted shares",
        "shares per hour",
        "bars",
        60,
        HOUR,
        lambda hour: float(draw.randrange(18, 34)) if begin < hour < end else 0.0,
        HOUR,
    )
    extra = {0: 38.2, 24: 71.9, 48: 12.8}
    cost = series("billed", "USD per day", "bars", 7, DAY, lambda hour: 101.4 + extra.get(round(hour), 0.0), DAY)
    usual = series("same weekdays before", "USD per day", "line", 7, DAY, lambda _: 101.4)
    credited = m.Series("credited", "XMR", "step", (us(8), us(16.4), us(24), us(53)), (0.012, 0.0412, 0.06, 0.0979))
    paid = m.Series("paid out", "XMR", "step", (us(8), us(16.4), us(40.4), us(53)), (0.0, 0.0412, 0.0851, 0.0851))
    lost = "Bytes and packets a minute, from VPC flow records. The hole on 3 March is a lost interval, not silence."
    return (
        m.Chart(
            "network",
            "Traffic to the pool",
            lost,
            (sent, packets),
            mined,
            (m.Mark(us(50.2), "first alert"),),
            (ref("flow", 40_211), ref("flow", 61_007)),
        ),
        m.Chart("hash-rate", "Hash rate and accepted shares", "By the miner and by the pool.", (rate, shares), mined),
        m.Chart("cost", "Cost per day", "Both GPU hosts.", (cost, usual), (), (), (ref("bill", 2_210),)),
        m.Chart("coins", "Coins, cumulative", "By the pool.", (credited, paid), mined, (), (ref("pool", 14),)),
        m.Chart("empty", "Nothing", "Not drawn.", (m.Series("none", "x", "line", (us(1),), (None,)),)),
    )


def sources() -> tuple[m.Source, ...]:
    found = []
    for name, (path, kind, size, records, bad) in FILES.items():
        stream = size * 4 if path.endswith(".gz") else None
        structure, quarantined = records + 120, 211 * bad
        found.append(
            m.Source(
                path,
                sha(name),
                size,
                kind,
                records,
                bad,
                (stream or size) - quarantined - structure,
                quarantined,
                structure,
                stream,
                sha(name + " stream") if stream else None,
                us(-24),
                us(60),
                {"audit": -2.4, "capture": 0.03}.get(name),
            )
        )
    note = "no parser knows this format; sealed and searched for indicators"
    unread = m.Source("notes/handover.docx", sha("docx"), 48_220, None, 0, 1, 0, 48_220, 0, note=note)
    return (*found, unread)


def coverage() -> tuple[m.Coverage, ...]:
    def spans(*hours: tuple[float, float]) -> tuple[m.Span, ...]:
        return tuple(m.Span(us(begin), us(end)) for begin, end in hours)

    return (
        m.Coverage("agent/sessions/7f3e.jsonl", spans((0, 5.95), (6.4, 24), (26, 53.1))),
        m.Coverage("host-gpu-01 audit.log", spans((-12, 20), (21, 60)), spans((20, 21))),
        m.Coverage("netflow vpc-flow", spans((-24, 30.2), (31.4, 60)), spans((30.2, 31.4))),
        m.Coverage("captures gpu-01-egress", spans((5, 9.2))),
        m.Coverage("billing focus", spans((-24, 60))),
    )


def clocks() -> m.Exhibit:
    def line(*cells: str) -> m.Line:
        return m.Line(tuple(m.Statement(cell) for cell in cells))

    return m.Exhibit(
        "Clocks and their corrections",
        (m.Statement("Times of 1 of 9 sources are moved."),),
        ("Source", "Its clock", "What was wrong"),
        (line("hosts/gpu-01/audit.log", "2.4 s behind", "clock off"),),
    )


def incident_model(rows: int = 1_800) -> m.ReportModel:
    """The complete incident, some rows more than the plain table shows."""
    document = spelled_out(SAMPLE["model"]) | {"incidents": [incident()], "records": [*map(card, SAMPLE["records"])]}
    return replace(
        load(document),
        timeline=timeline(rows, rows * 40),
        charts=charts(),
        coverage=coverage(),
        clocks=clocks(),
        sources=sources(),
    )


def quiet_model() -> m.ReportModel:
    """A case without an incident and with as little as a report can have."""
    base = incident_model(40)
    verdict = m.Verdict(
        "no_incident",
        "The agent met its quota, asked for more through the designated channel and got it; nothing was mined.",
        0.01,
        "almost no chance",
        "C4",
        mining=False,
        rests_on=(m.Statement("The request was made 3 min after the limit and approved.", (ref("ticket", 9),)),),
    )
    return m.ReportModel(m.Case("2026-0118"), verdict, m.Methods("tool", "1"), records=base.records[-2:])


def intruder_model() -> m.ReportModel:
    """Two episodes that are somebody else's, and an undetermined verdict."""
    base = incident_model(200)
    (first,) = base.incidents
    own = {"objective", "constraint", "exploration", "decision", "reinvestment", "recovery"}
    theirs = replace(
        first,
        sentence="Somebody with a stolen key mined Monero on host-gpu-01 while the agent was idle.",
        stages=tuple(m.Stage(stage.stage) if stage.stage in own else stage for stage in first.stages),
        said_did=(),
        intent_origin="unknown",
        agents=(),
        assets=(),
        recovery=(),
        links=(),
        weakest=None,
        attribution=(
            m.Hypothesis("intruder", 0.88, "very likely", "A login from an unknown network starts the process."),
            m.Hypothesis("unknown", 0.12, "very unlikely"),
        ),
    )
    again = replace(theirs, id="episode-2", sentence="A second run of the same miner, two days later.")
    verdict = m.Verdict(
        "undetermined",
        "Mining took place on host-gpu-01; the evidence speaks for an intruder and does not clear the agent fully.",
        0.3,
        "unlikely",
        "C3",
        mining=True,
        calibrated=True,
    )
    return replace(base, case=m.Case("2026-0119", "Miner on host-gpu-01"), verdict=verdict, incidents=(theirs, again))


HOSTILE = (
    "<script>document.title='owned';fetch('https://evil.example/x')</script>",
    "{{7*7}}{% raw %}{{ cycler.__init__.__globals__ }}",
    "javascript:alert(1)",
    "\"><img src=x onerror=alert(1)>'><svg onload=alert(2)>",
    "</script><script>alert(3)</script></style></title></pre></textarea>",
    "pay \u202egnp.exe\u202c to \u2066me\u2069 x\u200bm\u200br\u00adig \U000e0041\U000e0042",
    "nul \x00 esc \x1b]0;owned\x07\x1b[31m del \x7f c1 \x9b31m cr \r lf \n tab \t ls \u2028 \u2029",
    "xmr\u0456g p\u0430ypal $\\frac{1}{0}$ ${{{ $$ z\u0301\u0301\u0301\u0301\u0301\u0301 \ud800 \ue000202E\ue002",
    "A" * 100_000,
    "\U0001f9e8\ufe0f" * 3_000,
    "https://evil.example/?q=1 //evil.example/a.js data:text/html,<b> <!-- --> ]]> &amp; &#0; \ufdd0",
)
_FORMED = frozenset({"ref", "refs", "supporting", "opposing", "from_ref", "to_ref", "sha256", "stream_sha256", "low"})
_AMOUNTS = frozenset({"amount", "high", "expected", "expected_low", "expected_high", "credited", "paid", "received"})
_KEPT = _FORMED | _AMOUNTS | {"spent", "recovered", "outstanding"}


def hostile_model() -> m.ReportModel:
    """The complete incident with every free text replaced by something that wants to break out."""
    turn = iter(range(10**9))

    def poison(value: Any, kind: Any, name: str) -> Any:
        if is_dataclass(value):
            hints = get_type_hints(type(value))
            parts = {f.name: poison(getattr(value, f.name), hints[f.name], f.name) for f in fields(value)}
            return type(value)(**parts)
        if isinstance(value, tuple):
            return tuple(poison(item, (get_args(kind) or (Any,))[0], name) for item in value)
        free = kind is str or set(get_args(kind)) == {str, type(None)}
        if not isinstance(value, str) or not free or name in _KEPT:
            return value
        return HOSTILE[next(turn) % len(HOSTILE)]

    base = incident_model(300)
    poisoned: m.ReportModel = poison(base, m.ReportModel, "")
    pairs = zip(poisoned.charts, base.charts, strict=True)
    return replace(poisoned, charts=tuple(replace(chart, id=original.id) for chart, original in pairs))


def many_model(rows: int = 100_000) -> m.ReportModel:
    """A long timeline."""
    return replace(incident_model(10), timeline=timeline(rows))


MODELS: dict[str, Callable[[], m.ReportModel]] = {
    "incident": incident_model,
    "quiet": quiet_model,
    "intruder": intruder_model,
    "hostile": hostile_model,
    "many": many_model,
}

if __name__ == "__main__":
    from reports.render import render

    sys.stdout.buffer.write(render(MODELS[sys.argv[1]]()))
