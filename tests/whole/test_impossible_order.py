"""A run that is recorded before the call it comes from is linked by its words, and told as an order that cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.intake import Options, ingest

CALLED = 1_772_500_000  # 2026-03-03T01:06:40Z
LINE = ["./xmrig", "-o", "pool.supportxmr.com:3333", "-p", "w1"]


def call() -> str:
    common = {"parentUuid": None, "sessionId": "s1", "cwd": "/srv", "version": "2.0.1", "isSidechain": False}
    tool = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": " ".join(LINE)}}
    message = {"role": "assistant", "type": "message", "id": "m1", "model": "x", "content": [tool]}
    stamp = "2026-03-03T01:06:40.000Z"
    return json.dumps({**common, "type": "assistant", "uuid": "a1", "timestamp": stamp, "message": message}) + "\n"


def run(at: float) -> str:
    head = f"msg=audit({at:.3f}:7):"
    args = " ".join(f'a{place}="{word}"' for place, word in enumerate(LINE))
    return (
        f"type=SYSCALL {head} arch=c000003e syscall=59 success=yes exit=0 a0=0 a1=0 a2=0 a3=0 items=2 ppid=10 pid=11"
        " auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 egid=1000 sgid=1000 fsgid=1000 tty=(none) ses=3"
        ' comm="xmrig" exe="/srv/xmrig" key="exec"\n'
        f"type=EXECVE {head} argc={len(LINE)} {args}\ntype=EOE {head}\n"
    )


@pytest.mark.parametrize(("lag", "listed"), [(-1.5, 1), (0.5, 0)], ids=["before its call", "after it"])
def test_what_cannot_be_is_listed(lag: float, listed: int, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    (evidence / "s1.jsonl").write_text(call())
    (evidence / "audit.log").write_text(run(CALLED + lag))
    case = Case.create(tmp_path / "case", b"")
    ingest(case, [evidence], Options(workers=1))
    document = analyze(Case.open(tmp_path / "case"))
    told = [gap for gap in document["gaps"] if gap["what"].startswith("impossible order")]
    assert len(told) == listed
    for gap in told:
        (link,) = [link for link in document["incidents"][0]["links"] if link["kind"] == "called_then_ran"]
        assert link["from"]["ref"] in gap["what"]
        assert link["to"]["ref"] in gap["what"]
        assert gap["first"] < gap["last"]
