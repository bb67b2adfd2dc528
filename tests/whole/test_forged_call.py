"""A start that stands in the transcript alone, amid calls that the host recorded, accuses nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.intake import Options, ingest

BEGIN = 1_772_500_000  # 2026-03-03T01:06:40Z
START = "./xmrig -o pool.supportxmr.com:3333 -p w1"
CALLS = ["ls -la", "make data", "python3 train.py --fold 1", START, "python3 train.py --fold 2", "git status", "df -h"]


def call(place: int, command: str) -> str:
    common = {"parentUuid": None, "sessionId": "s1", "cwd": "/srv", "version": "2.0.1", "isSidechain": False}
    tool = {"type": "tool_use", "id": f"toolu_{place}", "name": "Bash", "input": {"command": command}}
    message = {"role": "assistant", "type": "message", "id": f"m{place}", "model": "x", "content": [tool]}
    minute, second = divmod(40 + 60 * place, 60)
    stamp = f"2026-03-03T01:{6 + minute:02d}:{second:02d}.000Z"
    line = {**common, "type": "assistant", "uuid": f"a{place}", "timestamp": stamp, "message": message}
    return json.dumps(line) + "\n"


def run(place: int, command: str) -> str:
    words = command.split()
    head = f"msg=audit({BEGIN + 60 * place}.200:{place + 7}):"
    args = " ".join(f'a{number}="{word}"' for number, word in enumerate(words))
    return (
        f"type=SYSCALL {head} arch=c000003e syscall=59 success=yes exit=0 a0=0 a1=0 a2=0 a3=0 items=2 ppid=10"
        f" pid={place + 20} auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 egid=1000 sgid=1000 fsgid=1000"
        f' tty=(none) ses=3 comm="{words[0][:15]}" exe="/usr/bin/{words[0].rsplit("/", 1)[-1]}" key="exec"\n'
        f"type=EXECVE {head} argc={len(words)} {args}\ntype=EOE {head}\n"
    )


@pytest.mark.parametrize(
    ("recorded", "top", "incident"),
    [
        ([command for command in CALLS if command != START], "unknown", False),
        (CALLS, "agent", True),
        ([], "agent", True),
        (CALLS[:3], "agent", True),
    ],
    ids=["all but the start", "the start too", "no audit log at all", "the log ends before it"],
)
def test_a_start_that_the_host_did_not_see(recorded: list[str], top: str, incident: bool, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    (evidence / "s1.jsonl").write_text("".join(call(place, command) for place, command in enumerate(CALLS)))
    if recorded:
        runs = [run(place, command) for place, command in enumerate(CALLS) if command in recorded]
        (evidence / "audit.log").write_text("".join(runs))
    case = Case.create(tmp_path / "case", b"")
    ingest(case, [evidence], Options(workers=1))
    document = analyze(Case.open(tmp_path / "case"))
    (told,) = document["incidents"]
    assert told["attribution"][0]["hypothesis"] == top
    assert document["verdict"]["incident"] is incident
