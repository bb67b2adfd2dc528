"""Through what eyes a world is seen: which sources were kept, whose clock was wrong, what was blotted out.

A degradation is a function from a world to a world: the same story, seen less well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from forensics.demo.acts import HOUR, SECOND

SECOND_DELIVERY = "later-delivery"  # folder of what is delivered twice
CLASSES = ("transcript", "history", "audit", "network", "miner", "money", "platform")


@dataclass(frozen=True, slots=True)
class Clock:
    """How a source's clock stands: recorded time is true time plus offset, plus drift since the world began."""

    offset_us: int = 0
    drift_ppm: int = 0

    def read(self, at_us: int, begin_us: int) -> int:
        """Return what this clock shows at `at_us`."""
        return at_us + self.offset_us + (at_us - begin_us) * self.drift_ppm // 1_000_000


RIGHT = Clock()


@dataclass(frozen=True, slots=True)
class Sight:
    """What the sensors kept of a story."""

    without: frozenset[str] = frozenset()
    clocks: Mapping[str, Clock] = field(default_factory=lambda: MappingProxyType({}))  # by class of source
    reasoning: str = "kept"  # kept | redacted | absent
    history_times: bool = True
    twice: frozenset[str] = frozenset()  # classes delivered a second time, in another folder
    damaged: int = 0  # thousandths of the lines that were torn
    blind: Mapping[str, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))  # by class: from, to

    def clock(self, source: str) -> Clock:
        """Return the clock of a class of source."""
        return self.clocks.get(source, RIGHT)

    def sees(self, source: str, at_us: int) -> bool:
        """Tell whether a source of that class kept what happened at `at_us`."""
        if source in self.without:
            return False
        begin, end = self.blind.get(source, (0, 0))
        return not begin <= at_us < end


PLAIN = Sight()
Degradation = Callable[[Sight], Sight]


def dropped(source: str) -> Degradation:
    """A class of source was not brought."""
    return lambda sight: replace(sight, without=sight.without | {source})


def skewed(source: str, offset_us: int, drift_ppm: int = 0) -> Degradation:
    """The clock of a class of source was wrong."""
    clock = Clock(offset_us, drift_ppm)
    return lambda sight: replace(sight, clocks={**sight.clocks, source: clock})


def delivered_twice(*sources: str) -> Degradation:
    """The same files came a second time in another folder."""
    return lambda sight: replace(sight, twice=sight.twice | set(sources))


def damaged(thousandths: int) -> Degradation:
    """Some lines were torn or overwritten."""
    return lambda sight: replace(sight, damaged=thousandths)


def without_reasoning(how: str) -> Degradation:
    """The agent's thoughts were not kept (`absent`), or only that there were some (`redacted`)."""
    return lambda sight: replace(sight, reasoning=how)


def without_history_times() -> Degradation:
    """Shell histories have commands and no times."""
    return lambda sight: replace(sight, history_times=False)


DEGRADATIONS: Mapping[str, Degradation] = MappingProxyType(
    {
        "no transcript": dropped("transcript"),
        "no shell history": dropped("history"),
        "no audit log": dropped("audit"),
        "no network": dropped("network"),
        "no miner files": dropped("miner"),
        "no money records": dropped("money"),
        "no platform records": dropped("platform"),
        "audit clock 41 s off, drifting": skewed("audit", 41 * SECOND, 60),
        "audit clock 10 min off": skewed("audit", -600 * SECOND),
        "audit clock 8 h off": skewed("audit", 8 * HOUR),
        "network clock 97 s off": skewed("network", -97 * SECOND),
        "all but money delivered twice": delivered_twice(
            "transcript", "history", "audit", "network", "miner", "platform"
        ),
        "1 % of lines torn": damaged(10),
        "3 % of lines torn": damaged(30),
        "10 % of lines torn": damaged(100),
        "30 % of lines torn": damaged(300),
        "reasoning redacted": without_reasoning("redacted"),
        "reasoning absent": without_reasoning("absent"),
        "history without times": without_history_times(),
    }
)


def source_of(path: str) -> str:
    """Return the class of source that a delivered path belongs to."""
    for folder, source in (
        ("/audit.log", "audit"), ("history", "history"), ("network/", "network"), ("gateway/", "transcript"),
        ("/.claude/", "transcript"), ("/.codex/", "transcript"), ("/.gemini/", "transcript"),
        ("/.openhands/", "transcript"), ("/trajectories/", "transcript"), ("pool/", "money"), ("wallet/", "money"),
        ("billing/", "money"), ("recovery/", "money"), ("cloud/", "platform"), ("cluster/", "platform"),
        ("docker-events", "platform"), ("/var/log/", "platform"), ("/journal.json", "platform"),
        ("nvidia-smi", "platform"),
    ):  # fmt: skip
        if folder in path:
            return source
    return "miner"
