"""The report model, version 1: everything that the page prints, and nothing else.

The builder (outside this package) fills it, `reports.document` writes, reads and checks it; secrets are masked before.
Times are integers of microseconds since 1970 UTC, amounts decimal strings, probabilities numbers from 0 to 1. A `ref`
is what `forensics show` takes: `a1b2c3d4e5f6#17`, first 12 or more hex digits of the source's sha256, record, optional
`.part`. Texts may hold whatever evidence held: control characters, markup, any length. The page shows them harmlessly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

SCHEMA = "report/1"

State = Literal["incident", "no_incident", "undetermined"]
Strength = Literal["C0", "C1", "C2", "C3", "C4", "C5", "C6"]
Status = Literal["achieved", "attempted", "prepared"]
Basis = Literal["shown", "stated", "inferred"]
StageName = Literal[
    "objective",
    "constraint",
    "request",
    "exploration",
    "decision",
    "acquisition",
    "setup",
    "evasion",
    "egress",
    "persistence",
    "mining",
    "accumulation",
    "reinvestment",
    "detection",
    "containment",
    "recovery",
]
TimeBasis = Literal[
    "recorded", "assumed_zone", "assumed_date", "clock_corrected", "anchored", "bounded", "imported", "none"
]
Actor = Literal["agent", "operator", "intruder", "control", "other", "unknown"]
HypothesisName = Literal[
    "agent",
    "operator",
    "intruder",
    "sanctioned_workload",
    "supply_chain",
    "look_alike_load",
    "planted_test",
    "unknown",
]
WindowName = Literal[
    "constraint_to_decision",
    "decision_to_mining",
    "mining",
    "mining_to_detection",
    "detection_to_containment",
    "first_deviation_to_containment",
]
LinkBasis = Literal["identifier", "lineage", "same text", "same command", "order"]
STAGES: tuple[str, ...] = get_args(StageName)


@dataclass(frozen=True, slots=True)
class When:
    """A time: best estimate and bounds, each None where not known. `basis` tells how it is known."""

    us: int | None = None
    earliest_us: int | None = None
    latest_us: int | None = None
    basis: TimeBasis = "none"


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence and the records that it rests on."""

    text: str
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled text: a line of the case header, a parameter, a seal."""

    label: str
    text: str
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """What the report is about. `banner` stands above everything ("Synthetic evidence, made for ...").

    `prepared` is the time of writing as text, handed in by the caller (this package reads no clock); `show_command` is
    what a ref is appended to, to print a record's bytes.
    """

    id: str
    title: str | None = None
    banner: str | None = None
    prepared: str | None = None
    facts: tuple[Fact, ...] = ()
    show_command: str = "forensics show CASE"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer. `sentence` stands alone; probability and strength are never told in one sentence."""

    state: State
    sentence: str
    probability: float
    words: str
    strength: Strength
    mining: bool | None = None
    calibrated: bool = False
    rests_on: tuple[Statement, ...] = ()
    against: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One number of the summary, written out by the builder; `basis` in a word or two ("measured", "estimated")."""

    label: str
    value: str
    unit: str = ""
    basis: str = ""
    note: str = ""
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the sixteen stages. Not found: all but `stage` is left out."""

    stage: StageName
    found: bool = False
    status: Status | None = None
    basis: Basis | None = None
    first: When = When()
    last: When = When()
    count: int = 0
    probability: float | None = None
    words: str = ""
    strength: Strength | None = None
    summary: str = ""
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """Two records held to belong together, why, and on what ground. `candidates`: how many partners fitted."""

    kind: str
    from_ref: str
    to_ref: str
    why: str
    probability: float
    candidates: int = 1
    basis: LinkBasis = "order"


@dataclass(frozen=True, slots=True)
class Channel:
    """The designated way to ask for resources: known to the agent, used, with what outcome. None: not in evidence."""

    sentence: str
    known: bool | None = None
    used: bool | None = None
    outcome: Literal["none", "pending", "approved", "denied", "unknown"] = "unknown"
    coverage: float | None = None
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said or done, once: words of the agent, or a command as it ran. `who` names session or host."""

    text: str
    when: When = When()
    who: str = ""
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SaidDid:
    """What the agent said beside what it did. `reading` says in one sentence how the two compare."""

    said: Utterance
    did: Utterance
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One answer to who did it. Over an incident the probabilities sum to 1."""

    hypothesis: HypothesisName
    probability: float
    words: str = ""
    reasoning: str = ""
    supporting: tuple[str, ...] = ()
    opposing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rival:
    """A rival explanation that was tested: what fits it, what does not, what is missing to tell, the outcome."""

    name: str
    outcome: str
    consistent: tuple[Statement, ...] = ()
    inconsistent: tuple[Statement, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """Time between two stages in seconds, as bounds; both None: an end is not in evidence."""

    window: WindowName
    at_least: float | None = None
    at_most: float | None = None
    from_us: int | None = None
    to_us: int | None = None
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asset:
    """One crypto asset at one address, in decimal strings of `asset`; None: not in evidence."""

    asset: str
    network: str | None = None
    address: str | None = None
    expected: str | None = None
    expected_low: str | None = None
    expected_high: str | None = None
    credited: str | None = None
    paid: str | None = None
    received: str | None = None
    spent: str | None = None
    recovered: str | None = None
    outstanding: str | None = None
    valuation: str | None = None
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """One sum that the incident cost; `basis` as in the incident document, `label` says of what."""

    currency: str
    amount: str | None
    basis: Literal["launched_by_incident", "share_of_existing", "estimate"]
    label: str = ""
    low: str | None = None
    high: str | None = None
    from_us: int | None = None
    to_us: int | None = None
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agent:
    """A session that took part."""

    session: str
    agent: str | None = None
    parent: str | None = None
    role: Literal["mined", "helped", "witness"] | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """One mining episode. `stages` are all sixteen in the order of `STAGES`; `recovery` the acts of recovery."""

    id: str
    sentence: str
    probability: float
    words: str
    strength: Strength
    stages: tuple[Stage, ...]
    channel: Channel
    attribution: tuple[Hypothesis, ...]
    intent_origin: Literal["own", "instructed", "injected", "unknown"] = "unknown"
    agents: tuple[Agent, ...] = ()
    hosts: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()
    wallets: tuple[str, ...] = ()
    weakest: Statement | None = None
    links: tuple[Link, ...] = ()
    said_did: tuple[SaidDid, ...] = ()
    rivals: tuple[Rival, ...] = ()
    windows: tuple[Window, ...] = ()
    assets: tuple[Asset, ...] = ()
    recovery: tuple[Utterance, ...] = ()
    costs: tuple[Cost, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: a statement for each of its columns."""

    cells: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A table with what is to be said of it; `nothing` stands where it has no lines."""

    title: str
    statements: tuple[Statement, ...] = ()
    columns: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The timeline as columns of equal length, rows in the order in which they are shown.

    `source` is a short label, `stage` may be empty, `text` is masked. `weight` tells which rows matter most: without
    scripts, and on paper, the heaviest are shown. `total` counts the rows of the case, `selection` says how these were
    chosen where they are fewer.
    """

    us: tuple[int | None, ...] = ()
    earliest_us: tuple[int | None, ...] = ()
    latest_us: tuple[int | None, ...] = ()
    basis: tuple[TimeBasis, ...] = ()
    source: tuple[str, ...] = ()
    actor: tuple[Actor, ...] = ()
    stage: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    ref: tuple[str, ...] = ()
    weight: tuple[int, ...] = ()
    total: int = 0
    selection: str = ""

    def __len__(self) -> int:
        return len(self.ref)


@dataclass(frozen=True, slots=True)
class CitedRecord:
    """The card of one record. `excerpt` is masked text, `hexdump` stands where the record is binary.

    `offset` and `length` count in the decompressed stream; `locator` says what a byte range cannot ("packets 12 to
    880", "row 5 of table moz_places"); `excerpt_complete` is False where the record is longer than its excerpt.
    """

    ref: str
    path: str
    sha256: str
    format: str | None = None
    line: int | None = None
    offset: int | None = None
    length: int | None = None
    locator: str = ""
    when: When = When()
    excerpt: str | None = None
    excerpt_complete: bool = True
    hexdump: str | None = None
    masked: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time with a meaning: mining ran, a source was silent."""

    from_us: int
    to_us: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment worth a line in a chart."""

    us: int
    label: str


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart: points in time order. `bars` are as wide as `step_us`; None is a hole, not a zero."""

    label: str
    unit: str
    shape: Literal["line", "area", "step", "bars", "points"]
    us: tuple[int, ...]
    values: tuple[float | None, ...]
    step_us: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure. Series of one unit share a panel; panels share the time axis. `caption`: what to see, how known."""

    id: str
    title: str
    caption: str
    series: tuple[Series, ...]
    shaded: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """One source over time: where it has records, where it says itself that it lost some or saw nothing."""

    label: str
    present: tuple[Span, ...] = ()
    gaps: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Absence:
    """Something that did not happen, as far as `coverage` (0 to 1) of the window could have shown it."""

    claim: str
    coverage: float
    from_us: int | None = None
    to_us: int | None = None
    sources: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in the evidence."""

    what: str
    from_us: int | None = None
    to_us: int | None = None
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One delivered file and its books; `stream_*` where it is compressed."""

    path: str
    sha256: str
    bytes: int
    format: str | None
    records: int
    quarantined: int
    bytes_parsed: int
    bytes_quarantined: int
    bytes_structure: int
    stream_bytes: int | None = None
    stream_sha256: str | None = None
    first_us: int | None = None
    last_us: int | None = None
    clock_offset_seconds: float | None = None
    clock_note: str = ""
    note: str = ""

    @property
    def balanced(self) -> bool:
        """Whether every byte is accounted for."""
        size = self.bytes if self.stream_bytes is None else self.stream_bytes
        return self.bytes_parsed + self.bytes_quarantined + self.bytes_structure == size


@dataclass(frozen=True, slots=True)
class Component:
    """A parser, a query or a list of knowledge, in the version that was used."""

    kind: Literal["parser", "query", "knowledge"]
    name: str
    version: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """A question that must have no answer; `violations` counts the answers, None: not run."""

    name: str
    question: str
    violations: int | None


@dataclass(frozen=True, slots=True)
class Check:
    """One step by which a reader checks the report."""

    what: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Methods:
    """How the report was made: tool, components, parameters, audits, and how to check it."""

    tool: str
    version: str
    statements: tuple[Statement, ...] = ()
    components: tuple[Component, ...] = ()
    parameters: tuple[Fact, ...] = ()
    environment: tuple[Fact, ...] = ()
    audits: tuple[Audit, ...] = ()
    seals: tuple[Fact, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportModel:
    """The whole report."""

    case: Case
    verdict: Verdict
    methods: Methods
    schema: Literal["report/1"] = "report/1"
    key_figures: tuple[KeyFigure, ...] = ()
    incidents: tuple[Incident, ...] = ()
    timeline: Timeline = Timeline()
    records: tuple[CitedRecord, ...] = ()
    charts: tuple[Chart, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    clocks: Exhibit | None = None
    allowed: tuple[Exhibit, ...] = ()
    controls: tuple[Exhibit, ...] = ()
    drives: tuple[Exhibit, ...] = ()
    alerts: tuple[Exhibit, ...] = ()
    annotations: tuple[Exhibit, ...] = ()
    absences: tuple[Absence, ...] = ()
    gaps: tuple[Gap, ...] = ()
    sources: tuple[Source, ...] = ()
    glossary: tuple[Fact, ...] = ()
