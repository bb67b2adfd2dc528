"""An alert is explained: which of two sessions had a call under way, and which of them its kind lines up with."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from forensics.case import Case
from forensics.cli import run
from forensics.intake import Options, ingest

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 40
SECONDS = 86_400


def stamp(second: float) -> str:
    return (START + timedelta(seconds=second)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def transcript(session: str, calls: list[int]) -> str:
    """A call of Claude Code at each second, answered after ten."""
    lines = []
    for number, at in enumerate(calls):
        call = f"toolu_{session}_{number}"
        asked = {"type": "tool_use", "id": call, "name": "Bash", "input": {"command": f"make {number}"}}
        said = {"id": f"msg_{session}_{number}", "role": "assistant", "model": "test", "content": [asked]}
        answer = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call, "content": "done"}]}
        for kind, message, when in (("assistant", said, at), ("user", answer, at + 10)):
            name = f"{session}-{number}-{kind}"
            known = {"parentUuid": None, "isSidechain": False, "sessionId": session, "version": "2.1.30", "cwd": "/srv"}
            lines.append(known | {"type": kind, "message": message, "uuid": name, "timestamp": stamp(when)})
    return "".join(json.dumps(line) + "\n" for line in lines)


def alert(at: float, signature: str) -> dict[str, Any]:
    told = {
        "action": "allowed",
        "gid": 1,
        "signature_id": len(signature),
        "rev": 1,
        "signature": signature,
        "severity": 1,
    }
    ends = {"src_ip": "192.0.2.1", "src_port": 4000, "dest_ip": "198.51.100.9", "dest_port": 3333, "proto": "TCP"}
    when = stamp(at).replace("Z", "000+0000")
    return {"timestamp": when, "flow_id": 1, "event_type": "alert", **ends, "alert": told | {"category": "x"}}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explained")
    draw = random.Random(7)
    guilty = sorted(draw.randrange(DAYS * SECONDS) for _ in range(60))
    idle = sorted(draw.randrange(DAYS * SECONDS) for _ in range(60))
    alerts = [alert(at + 5, "miner checkin") for at in guilty[:12]] + [alert(idle[0] + 3, "other")]
    evidence = folder / "evidence"
    evidence.mkdir()
    (evidence / "guilty.jsonl").write_text(transcript("guilty", guilty))
    (evidence / "idle.jsonl").write_text(transcript("idle", idle))
    (evidence / "eve.json").write_text("".join(json.dumps(each) + "\n" for each in alerts))
    ingest(Case.create(folder / "case"), [evidence], Options(workers=1))
    return folder / "case"


def explained(case: Path, record: int, capfd) -> dict[str, Any]:
    query = f"select left(source_id, 12) || '#' || record as ref from alert where record = {record}"
    assert run(["query", str(case), "--csv", query]) == 0
    ref = capfd.readouterr().out.splitlines()[1]
    assert run(["explain", str(case), ref]) == 0
    assert "2 sessions" in capfd.readouterr().out
    assert run(["explain", str(case), ref, "--json"]) == 0
    told: dict[str, Any] = json.loads(capfd.readouterr().out)
    return told


def test_the_session_whose_calls_the_alerts_follow_is_named(case: Path, capfd) -> None:
    told = explained(case, 3, capfd)
    assert (told["records_alike"], told["sessions_compared"]) == (12, 2)
    (active,) = [each for each in told["sessions"] if each["session"] == "guilty"]
    assert active["calls"] == 60
    assert active["calls_around"][0]["began_before_us"] == 5_000_000
    assert active["calls_around"][0]["ended_before_us"] == -5_000_000
    chance = active["chance"]
    assert (chance["inside"], chance["records"], chance["share"], chance["finding"]) == (
        12,
        12,
        "1.0000",
        "beyond chance",
    )
    assert chance["p"] == "0.0004"  # one of 9999 moves, a short one, did as well; twice for two sessions
    assert float(chance["share_explained"]) > 0.99


def test_one_alert_of_its_kind_tells_no_coincidence(case: Path, capfd) -> None:
    told = explained(case, 13, capfd)
    assert [(each["session"], each["chance"]) for each in told["sessions"]] == [("idle", None)]
    assert told["records_alike"] == 1
