"""The built-in case from end to end: make the world, seal, read, rebuild, compare with the truth, report."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from forensics.analysis import analyze
from forensics.case import Case
from forensics.demo.allowed import POLICY
from forensics.demo.background import FLOWS
from forensics.demo.check import differences
from forensics.demo.run import BANNER, make_world, write_truth
from forensics.errors import CheckFailed, UsageFault
from forensics.intake import ingest
from forensics.progress import SILENT, Progress
from forensics.reporting import write_report
from forensics.settings import DEFAULT_POLICY

TITLE = b'[case]\nid = "demo"\ntitle = "Idle cores, busy pool (synthetic)"\n'
TWIN_TITLE = b'[case]\nid = "demo-twin"\ntitle = "The same limit, asked for and granted (synthetic)"\n'
_OWN = {"evidence", "case", "truth.json", "twin", "README.txt"}


@dataclass(frozen=True, slots=True)
class Performed:
    """What came of one world: the case, its report, the verdict's state."""

    case: Path
    report: Path
    verdict: str


def perform(folder: Path, progress: Progress = SILENT, flows: int = FLOWS) -> tuple[Performed, Performed]:
    """Run the incident and its benign twin below `folder`; return both.

    Raises `CheckFailed` with every difference where a document does not meet its truth, `UsageFault` if the folder
    holds something else.
    """
    if folder.exists() and not {item.name for item in folder.iterdir()} <= _OWN:
        raise UsageFault("holds something that the demo did not make", where=str(folder), hint="name another folder")
    shutil.rmtree(folder, ignore_errors=True)
    return (
        _one(folder, progress, flows, with_incident=True),
        _one(folder / "twin", progress, flows, with_incident=False),
    )


def _one(folder: Path, progress: Progress, flows: int, *, with_incident: bool) -> Performed:
    name = "incident" if with_incident else "benign twin"
    progress.say(f"{name}: making evidence")
    progress.begin(f"making the {name}", None, "files")
    world = make_world(folder / "evidence", with_incident=with_incident, flows=flows)
    write_truth(world, folder / "truth.json")
    (folder / "case").mkdir()
    (folder / "case" / DEFAULT_POLICY).write_text(POLICY, encoding="utf-8")
    case = Case.create(folder / "case", TITLE if with_incident else TWIN_TITLE)
    ingest(case, [world.evidence], progress=progress)
    document = analyze(Case.open(folder / "case"), progress)
    found = differences(document, world.truth)
    if found:
        raise CheckFailed("; ".join(found), where=f"demo, {name}", hint="this is a defect of the tool")
    report = write_report(Case.open(folder / "case"), progress=progress, banner=BANNER)
    return Performed(folder / "case", report, document["verdict"]["state"])
