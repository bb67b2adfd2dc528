"""How right is the analysis? The labelled suite, judged case by case; writes docs/accuracy.md. `make bench-truth`.

Every case is made, ingested and analysed in a folder of its own that is removed afterwards, in two processes. The
numbers rest on families, seeds and degradations alone, so that a run can be repeated.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import datetime
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from forensics import intake
from forensics.analysis import analyze
from forensics.case import Case
from forensics.demo.suite.calibration import likelihood_file
from forensics.demo.suite.catalogue import SEEDS, WORSE, Family, chosen, make, make_worse
from forensics.demo.suite.curves import curves
from forensics.demo.suite.scoring import Score, score
from forensics.demo.suite.sight import source_of
from forensics.demo.suite.tables import report
from forensics.demo.suite.world import write_case
from forensics.workers import Work

DOCUMENT = Path(__file__).parents[2] / "docs" / "accuracy.md"
LIKELIHOOD = Path(__file__).parents[2] / "forensics" / "document" / "likelihood.csv"
DEGRADED_SEEDS = 2
LISTS = ("miner_name.csv", "pool_name.csv")
KNOWLEDGE = Path(__file__).parents[2] / "queries" / "knowledge"
KEYWORDS = re.compile(rb"xmrig|stratum|monero", re.IGNORECASE)
HOUR_S = 3600
Job = tuple[str, int, str]  # family, seed, degradation ("" for none)


class Inline:
    """Stands in for the pool of reading processes: what is read here we made ourselves."""

    def __init__(self, *_: Any) -> None: ...

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *_: object) -> None: ...

    def run(self, works: Iterable[Work]) -> Iterator[tuple[Work, Any]]:
        """Run each piece of work here and now."""
        for work in works:
            module, _, name = work.function.partition(":")
            yield work, getattr(importlib.import_module(module), name)(*work.arguments, lambda *_: None)


def judge(job: Job, rules: Path | None = None) -> tuple[Job, dict[str, Any], float]:
    """Make, read, analyse and score one case."""
    name, seed, degradation = job
    (family,) = chosen([name])
    world = make_worse(family, seed, degradation) if degradation else make(family, seed)
    folder = Path(tempfile.mkdtemp(prefix="suite-"))
    intake.Workers = Inline  # type: ignore[misc, assignment]
    began = time.perf_counter()
    try:
        truth = write_case(world, folder)
        case = Case.create(folder / "case", world.settings)
        intake.ingest(case, [folder / "evidence"])
        document = analyze(Case.open(folder / "case"), rules=rules)
        result = score(json.loads(json.dumps(document)), truth)
        result.baselines = baselines(folder / "evidence") | correlated(document["sigma"])
    except Exception as fault:  # noqa: BLE001 - one broken case is a result of the suite, not its end
        result = Score(
            name, seed, family.held_out or world.wording_held_out, family.incident, f"broken: {type(fault).__name__}"
        )
        result.missed = family.incident
        result.notes.append(f"{type(fault).__name__}: {str(fault)[:300]}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return job, asdict(result), time.perf_counter() - began


def baselines(folder: Path) -> dict[str, bool]:
    """What plainer methods say of a case: a keyword anywhere; a listed miner or pool in a host or network record."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    kinds = {path: source_of(path.relative_to(folder).as_posix()) for path in files}
    records = [
        path.read_bytes().lower() for path in files if kinds[path] in {"history", "audit", "network", "platform"}
    ]
    return {
        "a file holds xmrig, stratum or monero": any(KEYWORDS.search(path.read_bytes()) for path in files),
        "a host or network record is tagged by a list of miners and pools": any(map(_listed().search, records)),
    }


def correlated(sigma: dict[str, Any] | None) -> dict[str, bool]:
    """What a hunt with rules of others says: two different ones hit within an hour (only where there were rules)."""
    if sigma is None:
        return {}
    hits = sorted(
        (datetime.fromisoformat(ref["ts"]).timestamp(), hit["file"])
        for hit in sigma["hits"]
        for ref in hit["evidence"]
        if ref["ts"]
    )
    found = any(later[1] != earlier[1] and later[0] - earlier[0] <= HOUR_S for earlier, later in pairwise(hits))
    return {"two different Sigma rules of others hit within one hour": found}


@cache
def _listed() -> re.Pattern[bytes]:
    names = [
        line.split(",")[0] for name in LISTS for line in (KNOWLEDGE / name).read_text(encoding="utf-8").splitlines()
    ]
    words = sorted({name.lower() for name in names if name and not name.startswith("#")} - {"name", "domain"})
    return re.compile(rb"(?<![a-z0-9])(" + b"|".join(re.escape(word.encode()) for word in words) + rb")(?![a-z0-9])")


def jobs(families: list[Family], seeds: int, degraded: int, every: int = 1) -> list[Job]:
    """All cases of a run, the plain ones first; families take turns in which seeds are degraded."""
    plain = [(family.name, seed, "") for family in families for seed in range(seeds)]
    some = [
        (family.name, (place // every + turn) % min(seeds, 4))
        for turn in range(min(seeds, degraded))
        for place, family in enumerate(families)
        if place % every == 0
    ]
    return plain + [(name, seed, how) for how in WORSE for name, seed in some]


def kept(path: Path | None) -> dict[Job, dict[str, Any]]:
    """Read the scores of a run that was broken off; of another build they must not be."""
    if path is None or not path.exists():
        return {}
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return {tuple(job): result for job, result in rows}


def main() -> int:
    """Run the suite and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--families", default="", help="names, separated by commas")
    parser.add_argument("--no-degradations", action="store_true")
    parser.add_argument("--degraded-seeds", type=int, default=DEGRADED_SEEDS)
    parser.add_argument("--degraded-every", type=int, default=1, help="degrade every so many of the families only")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="keep each case's score here, and do not run again what stands there")
    parser.add_argument("--findings", type=Path, help="write here what was wrong, case by case, seen families only")
    parser.add_argument("--output", type=Path, default=None, help="default docs/accuracy.md for a full run")
    shared = Path(os.environ.get("FORENSICS_SHARED", Path(__file__).parents[3] / "shared"))
    parser.add_argument("--sigma", type=Path, default=shared / "data/analysis/rules_sigma", help="rules of a baseline")
    parser.add_argument("--likelihood", type=Path, default=None, help="default likelihood.csv for a full run")
    given = parser.parse_args()
    families = chosen([name for name in given.families.split(",") if name])
    todo = jobs(families, given.seeds, 0 if given.no_degradations else given.degraded_seeds, given.degraded_every)
    rules = given.sigma if given.sigma.is_dir() else None
    results = kept(given.keep)
    with ProcessPoolExecutor(given.processes) as pool:
        for job, result, seconds in pool.map(partial(judge, rules=rules), [job for job in todo if job not in results]):
            results[job] = result
            if given.keep:
                with given.keep.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([job, result]) + "\n")
            mark = "ok" if not result["notes"] else f"{len(result['notes'])} notes"
            print(
                f"{len(results)}/{len(todo)} {job[0]} {job[1]} {job[2]} {result['state']} {mark} {seconds:.1f} s",
                file=sys.stderr,
            )
    scored = {job: Score(**results[job]) for job in todo}
    text = report(scored, [family.name for family in families], given.seeds)
    whole = given.seeds >= SEEDS and not given.families and not given.no_degradations
    target = given.output or (DOCUMENT if whole else None)
    if target:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        if any(how for _, _, how in scored):
            target.with_suffix(".svg").write_text(curves(scored), encoding="utf-8")
    seen = [one for one in scored.values() if not one.held_out]
    counted = given.likelihood or (LIKELIHOOD if whole else None)
    if counted:
        counted.write_text(likelihood_file(seen), encoding="utf-8")
    print(text)
    if given.findings:
        given.findings.write_text(findings(scored, families), encoding="utf-8")
    return 0


def findings(scored: dict[Job, Score], families: list[Family]) -> str:
    """What was wrong, per family, in words; nothing of what is held out."""
    lines = ["# What is wrong, per seen family (plain cases)", ""]
    for family in families:
        if family.held_out:
            continue
        own = [(job, one) for job, one in scored.items() if job[0] == family.name and not job[2] and not one.held_out]
        bad = sum(bool(one.notes) for _, one in own)
        lines += [f"## {family.name}: {bad} of {len(own)} cases have something wrong", ""]
        counted: dict[str, list[str]] = {}
        for (_, seed, _), one in own:
            for note in one.notes:
                short = re.sub(r"[^ ']*/(?=[^ /']+:\d+)|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{22}", "", note)
                where = re.sub(r"[\w.-]*?([\w]+\.?\w*):\d+", _kind_of_file, short)
                kind = re.sub(r"\d+(\.\d+)?", "N", where.split(" cited wrongly")[0])[:110]
                counted.setdefault(kind, []).append(f"seed {seed}: {short}")
        for kind, examples in sorted(counted.items(), key=lambda item: (-len(item[1]), item[0])):
            lines += [f"- {len(examples)} x {kind}", *(f"    - {example}" for example in examples[:2])]
        lines.append("")
    lines += ["# Under degradations, seen families only", ""]
    counted = {}
    for (name, seed, how), one in sorted(scored.items()):
        if how and not one.held_out and (one.false_accusation or not one.verdict_right):
            counted.setdefault(how, []).append(f"{name} {seed}: {one.notes[0] if one.notes else one.state}"[:260])
    for how, examples in counted.items():
        lines += [f"- {how}: {len(examples)} verdicts wrong", *(f"    - {example}" for example in examples[:12])]
    return "\n".join(lines) + "\n"


def _kind_of_file(found: re.Match[str]) -> str:
    name = found[0].rsplit(":", 1)[0]
    return next((end for end in (".jsonl", "audit.log", "history", ".csv", "conn.log", "dns.log") if end in name), name)


if __name__ == "__main__":
    sys.exit(main())
