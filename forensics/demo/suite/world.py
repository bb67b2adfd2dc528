"""A made world: a story, the eyes it is seen through, the files that come of it, and what is true of it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from forensics.demo.files import Evidence, Piece
from forensics.demo.suite.books import write_books
from forensics.demo.suite.deeds import Story
from forensics.demo.suite.hosts import write_audit, write_histories
from forensics.demo.suite.logs import write_logs
from forensics.demo.suite.sight import PLAIN, SECOND_DELIVERY, Degradation, Sight, source_of
from forensics.demo.suite.transcripts import write_session
from forensics.demo.suite.truth import truth_of
from forensics.demo.suite.wire import write_network

BANNER = "Synthetic evidence, made by forensics demo --suite: nobody mined, all names and addresses are made up."
MARKER = "SYNTHETIC.txt"


@dataclass(frozen=True)
class World:
    """One labelled case before it is written."""

    family: str
    seed: int
    held_out: bool
    wording_held_out: bool
    resolver: str
    story: Story
    sight: Sight = PLAIN
    sensor: str = "zeek"  # one of those in `wire.ALIKE`

    def seen_less_well(self, how: Degradation) -> World:
        """The same world under a degradation."""
        return replace(self, sight=how(self.sight))

    @property
    def settings(self) -> bytes:
        """What the case file says."""
        return f'[case]\nid = "{self.family}-{self.seed}"\n{self.story.facts.settings}'.encode()


def write_world(world: World, folder: Path) -> dict[str, Any]:
    """Write the evidence below `folder` and return the truth. The same world, the same bytes."""
    evidence = _projected(world)
    _tear(evidence, world)
    evidence.blob(MARKER, (BANNER + "\n").encode())
    places = evidence.write(folder)
    for source in sorted(world.sight.twice):
        for path, marked in _copied(evidence, folder, source).items():
            for mark, lines in marked.items():
                places.setdefault(mark, []).extend({"path": path, "line": line} for line in lines)
    return truth_of(world, places, sorted(evidence.pieces()))


def _projected(world: World) -> Evidence:
    story, sight, evidence = world.story, world.sight, Evidence()

    def draw(what: str) -> random.Random:
        return random.Random(f"{world.family}/{world.seed}/{what}")

    def clock(source: str) -> Callable[[int], int]:
        return lambda at_us: sight.clock(source).read(at_us, story.begin_us)

    if "transcript" not in sight.without:
        for session in story.sessions:
            write_session(evidence, session, draw(session.id), clock("transcript"), sight.reasoning)
    shells = {"root": "bash"}
    write_histories(evidence, story, sight, lambda user: shells.get(user) or _shell_of(user, world))
    write_audit(evidence, story, sight, draw("audit"))
    write_logs(evidence, story, sight, draw("logs"))
    if "network" not in sight.without:
        write_network(evidence, story, world.sensor, world.resolver, draw("network"), clock("network"))
    write_books(evidence, story, sight)
    return evidence


def _shell_of(user: str, world: World) -> str:
    return random.Random(f"{world.family}/{world.seed}/shell/{user}").choice(("bash", "bash", "zsh", "fish"))


def _tear(evidence: Evidence, world: World) -> None:
    """Tear some lines; what they told may still be cited, and no longer must be."""
    if not world.sight.damaged:
        return
    draw = random.Random(f"{world.family}/{world.seed}/damage")
    for path, pieces in sorted(evidence.pieces().items()):
        if evidence.is_document(path):  # torn anywhere it would be none
            continue
        for number, piece in enumerate(pieces):
            if draw.randrange(1000) < world.sight.damaged:
                cut = draw.randrange(1, max(2, len(piece.text)))
                torn = piece.text[:cut] + draw.choice(("\x00\x00\x00", "\ufffd\ufffd", "#%&", ""))
                marks = tuple(f"{mark}~" for mark in piece.acts)
                pieces[number] = Piece(piece.at_us, piece.order, torn, marks)


def _copied(evidence: Evidence, folder: Path, source: str) -> Mapping[str, Mapping[str, list[int]]]:
    """Copy every file of a class of source; return the marks of each copy by line."""
    found: dict[str, dict[str, list[int]]] = {}
    for path in sorted(evidence.pieces()):
        if source_of(path) != source:
            continue
        target = folder / SECOND_DELIVERY / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((folder / path).read_bytes())
        found[f"{SECOND_DELIVERY}/{path}"] = evidence.lines_of(path)
    return found


def write_case(world: World, folder: Path) -> dict[str, Any]:
    """Write evidence, case file and truth of a world below `folder`, apart from one another; return the truth."""
    truth = write_world(world, folder / "evidence")
    (folder / "case.toml").write_bytes(world.settings)
    (folder / "truth.json").write_text(json.dumps(truth, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return truth
