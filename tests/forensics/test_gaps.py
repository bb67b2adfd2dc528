"""What evidence says it missed, told at a length that can be read."""

from __future__ import annotations

from pathlib import Path

from forensics.analysis import analyze
from forensics.case import Case
from forensics.intake import Options, ingest

BEGIN = 1_772_600_760  # 2026-03-04T05:06:00Z


def record(minute: int, status: str) -> str:
    start = BEGIN + 60 * minute
    return f"2 123456789012 eni-1 - - - - - - - {start} {start + 60} - {status}"


def test_many_stretches_alike_are_told_as_one_and_few_one_by_one(tmp_path: Path) -> None:
    lines = [record(minute, "NODATA") for minute in range(30)]
    lines[7:7] = [record(100, "SKIPDATA"), record(101, "SKIPDATA")]
    (tmp_path / "idle.log").write_text("\n".join(lines) + "\n")
    ingest(Case.create(tmp_path / "case"), [tmp_path / "idle.log"], Options(workers=1))
    document = analyze(Case.open(tmp_path / "case"))
    assert document["gaps"] == [
        {
            "what": "idle.log: no_traffic in 30 stretches",
            "first": "2026-03-04T05:06:00.000000Z",
            "last": "2026-03-04T05:36:00.000000Z",
        },
        *(
            {
                "what": "idle.log: records_skipped",
                "first": f"2026-03-04T06:{minute}:00.000000Z",
                "last": f"2026-03-04T06:{minute + 1}:00.000000Z",
            }
            for minute in (46, 47)
        ),
    ]


def test_what_is_not_listed_is_counted(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("forensics.document.gaps.MAX_GAPS", 3)
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    for number in range(5):
        (evidence / f"{number}.bin").write_bytes(bytes(range(128, 200)) * (number + 1))
    case = Case.create(tmp_path / "case", b"")
    ingest(case, [evidence], Options(workers=1))
    told = [gap["what"] for gap in analyze(Case.open(tmp_path / "case"))["gaps"]]
    assert [what.split(":")[0] for what in told[:3]] == ["0.bin", "1.bin", "2.bin"]
    assert told[3].startswith("2 more files that were not read are not listed here")
