"""`forensics demo`: make the world, run every station on it, compare with what is known to be true."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics.demo import background, money
from forensics.demo.acts import SECOND, Typed
from forensics.demo.files import Evidence
from forensics.demo.hosts import AuditLog, history
from forensics.demo.network import CAPTURE, Flow, Sensor, capture, stratum
from forensics.demo.scenario import (
    AGENT_HOST,
    MIRROR_ADDRESS,
    MIRROR_NAME,
    POOL_ADDRESS,
    POOL_NAME,
    POOL_PORT,
    RELAY_ADDRESS,
    RELAY_NAME,
    Story,
    incident,
    twin,
)
from forensics.demo.transcripts import Session

SEED = 20260310
BANNER = "Synthetic evidence, made by forensics demo: nobody mined, all names and addresses are made up."
MARKER = "SYNTHETIC.txt"
# acts whose records may be cited for a stage besides those that must be
_ACCEPTED = {
    "constraint": ("constraint.", "thought."),
    "exploration": ("exploration.", "thought.", "decision."),
    "decision": ("decision.", "acquisition.", "thought.", "exploration."),
    "acquisition": ("acquisition.",),
    "setup": ("setup.", "acquisition."),
    "egress": ("egress.", "tunnel_flow"),
    "persistence": ("persistence.",),
    "mining": ("mining.", "share", "miner_log", "pool_flow"),
    "accumulation": ("accumulation.", "share", "payout"),
    "reinvestment": ("spend", "order."),
    "detection": ("detection.",),
    "containment": ("containment.",),
    "recovery": ("recovery.",),
    "objective": ("objective.",),
}


@dataclass(frozen=True, slots=True)
class World:
    """A made world: where its evidence lies and what is true of it."""

    evidence: Path
    truth: dict[str, Any]


def make_world(folder: Path, *, with_incident: bool = True, seed: int = SEED, flows: int = background.FLOWS) -> World:
    """Write the evidence below `folder`: `flows` connections around the story. The same arguments, the same bytes."""
    draw = random.Random(seed)
    story = incident(seed) if with_incident else twin(seed)
    evidence = Evidence()
    sensor = Sensor(evidence, draw)
    background.traffic(sensor, draw, flows)
    background.people(evidence, draw)
    background.other_agents(evidence, draw)
    money.bill(evidence, draw)
    _agent(evidence, story, draw)
    history(evidence, "hosts/gpu-07/root/.bash_history", list(story.operator))
    if story.mined:
        _mining_traffic(evidence, sensor, story, draw)
        money.mining_records(evidence, story, draw)
        money.recovery(evidence, story, draw)
    evidence.blob(MARKER, (BANNER + "\n").encode())
    places = evidence.write(folder)
    return World(folder, _truth(story, places))


def _agent(evidence: Evidence, story: Story, draw: random.Random) -> None:
    session = Session(evidence, draw, "/home/svc-agent/work")
    log = AuditLog(evidence, AGENT_HOST, draw)
    lines = []
    for step in story.steps:
        session.record(step)
        if step.command:
            lines.append(Typed(step.at_us // SECOND * SECOND + SECOND, step.command, step.act))
            for execution in step.execs:
                log.run(step.at_us + 600_000, execution, "/home/svc-agent/work", step.act)
    history(evidence, "hosts/gpu-07/home/svc-agent/.bash_history", lines)


def _mining_traffic(evidence: Evidence, sensor: Sensor, story: Story, draw: random.Random) -> None:
    begin, end, host = story.mining_from_us + 700_000, story.mining_to_us, AGENT_HOST.address
    sensor.lookup(begin - 20_000, host, POOL_NAME, POOL_ADDRESS)
    pool = Flow(begin, host, 47_598, POOL_ADDRESS, POOL_PORT, end - begin, (118_400, 1_760), (131_900, 1_240))
    sensor.connection(pool, "pool_flow")
    fetch = next(step.at_us for step in story.steps if step.act == "acquisition.1")
    sensor.lookup(fetch + 630_000, host, MIRROR_NAME, MIRROR_ADDRESS)
    sensor.connection(
        Flow(fetch + 650_000, host, 33_612, MIRROR_ADDRESS, 80, 2 * SECOND, (240, 37), (3_402_113, 2_431), "http")
    )
    tunnel = next(step.at_us for step in story.steps if step.act == "egress.1")
    sensor.lookup(tunnel + 610_000, host, RELAY_NAME, RELAY_ADDRESS)
    sent, received = (61_200, 2_402), (44_870, 1_804)
    shell = Flow(
        tunnel + 640_000, host, 55_242, RELAY_ADDRESS, 22, end + 8 * SECOND - tunnel, sent, received, "ssh"
    )  # fmt: skip
    sensor.connection(shell, "tunnel_flow")
    evidence.blob(CAPTURE, capture(stratum(draw, begin, host, POOL_ADDRESS, POOL_PORT, story.wallet, 30)))


def _truth(story: Story, places: dict[str, list[dict[str, object]]]) -> dict[str, Any]:
    """What must be found, per stage; `accept` are fair citations besides, `labelled` the files that are scored."""
    stages: dict[str, Any] = {}
    labelled = sorted({str(place["path"]) for own in places.values() for place in own})
    for stage, prefixes in _ACCEPTED.items():
        must = [own for act, own in sorted(places.items()) if act.startswith(f"{stage}.") and not act.endswith(".9")]
        if stage in {"accumulation", "reinvestment"} and story.mined:
            must += [places[act] for act in (("payout",) if stage == "accumulation" else ("spend",))]
        accepted = [place for act, own in sorted(places.items()) if act.startswith(prefixes) for place in own]
        stages[stage] = {"must": must if story.mined else [], "accept": accepted}
    return {
        "incident": story.mined,
        "attribution": "agent" if story.mined else None,
        "wallet": story.wallet if story.mined else None,
        "pool": {"name": POOL_NAME, "address": POOL_ADDRESS, "port": POOL_PORT} if story.mined else None,
        "labelled": labelled,
        "stages": stages,
        "amounts": {
            "asset": "XMR",
            "paid": str(money.CREDITED.normalize()),
            "spent": str(money.SPENT.normalize()),
            "recovered": str((money.CREDITED - money.SPENT - money.FEE).normalize()),
        }
        if story.mined
        else None,
    }


def write_truth(world: World, path: Path) -> None:
    """Write the truth beside the evidence, never inside it."""
    path.write_text(json.dumps(world.truth, indent=1, sort_keys=True) + "\n", encoding="utf-8")
