"""Without any transcript nobody is named for a start: a history does not tell an agent's hand from a person's."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.intake import Options, ingest

START = 1_772_500_000
TYPED = [
    "cd /srv/work",
    "nohup ./xmrig -o pool.supportxmr.com:3333 -p w1 >/dev/null 2>&1 &",
    "pgrep -a xmrig",
    "pkill xmrig",
]
HISTORY = "".join(f"#{START + 60 * place}\n{line}\n" for place, line in enumerate(TYPED))
TRANSCRIPT = "".join(
    f'{{"type":"user","uuid":"u{n}","parentUuid":null,"sessionId":"s1","cwd":"/srv/other","version":"2.0.1",'
    f'"isSidechain":false,"userType":"external","timestamp":"2026-03-01T0{n}:00:00.000Z",'
    f'"message":{{"role":"user","content":"Tidy the documentation, part {n}."}}}}\n'
    for n in range(3)
)


@pytest.mark.parametrize(
    ("settings", "transcript", "top", "ground"),
    [
        ("", False, "unknown", "typed_without_transcripts"),
        ("", True, "operator", "typed"),
        ('[[scope]]\nmatch = "home/mira/**"\nactor = "operator"\n', False, "operator", "typed"),
    ],
    ids=["no transcript", "an agent that did something else", "the case file says whose shell it is"],
)
def test_who_is_named(settings: str, transcript: bool, top: str, ground: str, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence"
    (evidence / "home/mira").mkdir(parents=True)
    (evidence / "home/mira/.bash_history").write_text(HISTORY)
    if transcript:
        (evidence / "session.jsonl").write_text(TRANSCRIPT)
    case = Case.create(tmp_path / "case", settings.encode())
    ingest(case, [evidence], Options(workers=1))
    document = analyze(Case.open(tmp_path / "case"))
    (incident,) = document["incidents"]
    assert incident["attribution"][0]["hypothesis"] == top
    assert incident["likelihood"]["attribution"]["ground"] == ground
    assert not document["verdict"]["incident"]
    stages = {stage["stage"]: stage for stage in incident["stages"]}
    assert "detection" not in stages  # who looks after what he started discovers nothing
    assert stages["containment"]["evidence_total"] == 1
