"""What happens in a made world, before any sensor has seen it, and what each deed is evidence of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from forensics.demo.acts import Host

STAGES = (
    "objective", "constraint", "request", "exploration", "decision", "acquisition", "setup", "evasion", "egress",
    "persistence", "mining", "accumulation", "reinvestment", "detection", "containment", "recovery",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Label:
    """Stages that a deed must be cited for, and stages for which citing it is fair besides."""

    must: tuple[str, ...] = ()
    fair: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.must or self.fair)


NOTHING = Label()


def label(*must: str, fair: Sequence[str] = ()) -> Label:
    """Make a label."""
    return Label(must, tuple(fair))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service: its name, the address behind it, a port."""

    name: str
    address: str
    port: int

    @property
    def at(self) -> str:
        """Name and port, as programs are told."""
        return f"{self.name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Run:
    """One program execution: argument vector, delay after its cause, sockets as (address, port)."""

    argv: tuple[str, ...]
    after_us: int = 30_000
    sockets: tuple[tuple[str, int], ...] = ()
    pid: int = 0  # 0: some number
    parent: int = 0  # 0: the shell of the account
    executable: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that happens in an agent's session."""

    key: str
    at_us: int
    kind: Literal["prompt", "thought", "speech", "call"]
    text: str = ""  # words, or the command of a shell call
    label: Label = NOTHING
    tool: Literal["shell", "write", "search", "fetch", "spawn", "read"] = "shell"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    output: str = ""
    failed: bool = False
    exit_code: int = 0
    answered_us: int = 0  # how long the call took
    runs: tuple[Run, ...] = ()
    status: int | None = None  # of the model's API, where the model itself refused


Style = Literal["claude", "codex", "chat", "gemini", "openhands", "atif", "mini", "otlp", "inspect"]
SHELL_ONLY = frozenset({"chat", "mini", "otlp"})  # harnesses that search the web by the shell
LATE = frozenset({"chat", "mini", "otlp", "inspect"})  # what was thought and said stands with the call that follows


@dataclass
class Session:
    """One agent session: who, where, in which format it is kept, and what happens in it."""

    id: str
    style: Style
    host: Host
    model: str
    cwd: str
    turns: list[Turn] = field(default_factory=list)
    parent: Session | None = None
    agent_id: str = ""
    shell: Literal["bash", "zsh", "fish", "none"] = "bash"
    wraps: str = ""  # the shell that the harness starts for each call; none: one shell for the session
    line_by_line: bool = False  # whether the shell's history keeps each line of a call as an entry
    system: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """One line that a person, or an intruder, typed into a shell."""

    key: str
    at_us: int
    host: Host
    user: str
    uid: int
    command: str
    label: Label = NOTHING
    runs: tuple[Run, ...] = ()
    kept: bool = True  # whether the shell's history has it
    login: str = ""  # who logged in, where that person works in an account that is not theirs
    login_uid: int = 0
    shell: Literal["", "bash", "zsh", "fish"] = ""  # of the account; any, where the story does not say


@dataclass(frozen=True, slots=True)
class Execution:
    """A process that neither an agent's call nor a person's line explains by its text."""

    key: str
    at_us: int
    host: Host
    uid: int
    user: str
    run: Run
    label: Label = NOTHING
    login_uid: int | None = None  # None: never logged in, as for services


@dataclass(frozen=True, slots=True)
class Wire:
    """One connection on the network."""

    key: str
    at_us: int
    client: str
    server: Endpoint
    duration_us: int
    sent: tuple[int, int]  # bytes, packets
    received: tuple[int, int]
    service: str = "-"
    looked_up: bool = True
    handshake: bool = False
    label: Label = NOTHING


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a file of records: a pool's ledger, a wallet, a miner's log, a bill, a cloud's log, an alert."""

    key: str
    at_us: int
    path: str
    kind: str
    values: Mapping[str, Any]
    label: Label = NOTHING


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file found on a host, as it stands; one record."""

    key: str
    path: str
    text: str
    label: Label = NOTHING
    at_us: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """That one deed belongs to another; any of the origins and targets will do, by their records of these roles."""

    kind: str
    origins: tuple[str, ...]
    from_roles: tuple[str, ...]
    targets: tuple[str, ...]
    to_roles: tuple[str, ...]
    required: bool = True  # else it is fair to state it, and no fault to leave it out


@dataclass
class Facts:
    """What is true of a world as a whole."""

    incident: bool = False
    mining: bool = False
    mining_fair: tuple[bool | None, ...] = ()  # what may be said of it, where the evidence leaves that open
    states: tuple[str, ...] = ()  # verdicts that the evidence allows, where they do not follow from the rest
    attribution: str | None = None
    also_fair: tuple[str, ...] = ()  # attributions that the evidence leaves open
    intent: tuple[str, ...] = ()  # fair values of intent_origin
    wallet: str | None = None
    asset: str = "XMR"
    pool: Endpoint | None = None
    paid: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)
    recovered: Decimal = Decimal(0)
    channel_known: bool | None = None
    channel_used: bool | None = None
    settings: str = ""  # case.toml that comes with the case


@dataclass
class Story:
    """All that happens in one made world."""

    begin_us: int
    sessions: list[Session] = field(default_factory=list)
    typed: list[Typed] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    captures: list[Capture] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    sensor: str = ""  # which sensor watched the network; any, where the story does not say
    facts: Facts = field(default_factory=Facts)


@dataclass(frozen=True, slots=True)
class Capture:
    """A short capture of a stratum session at the switch."""

    at_us: int
    client: str
    server: Endpoint
    wallet: str
    minutes: int
    label: Label = NOTHING
