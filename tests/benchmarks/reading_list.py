"""`make bench-reading`: how soon a reader meets what matters, and write docs/reading-list.md.

    python tests/benchmarks/reading_list.py [--output FILE] [--model FOLDER]

Labelled sentences of the reference evidence (agents' own only), alone and each put among what agents said in real,
harmless sessions. Nothing is tuned to them: what statements are compared with was written before and is not changed.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from forensics.asking import ask
from forensics.case import Case
from forensics.engine import Engine
from forensics.intake import Options, ingest
from forensics.likeness.measures import ByMeaning, ByWords, Measure
from forensics.likeness.model import NAME, Model, installed
from forensics.likeness.ranking import descriptions, ranked
from forensics.likeness.sentences import sentences
from forensics.masking import masked

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = ROOT / "docs/reading-list.md"
WANTED = ("constraint", "explore", "mine")
AMONG = 1_000
DEPTHS = (10, 20, 50, 100)
_SHUFFLES = 200
_SAID = "select event, left(text, 262144) as text from statement where author = 'agent' and text <> '' order by event"


@dataclass(frozen=True)
class Labelled:
    """One sentence of an agent: what it is about, and how it is put."""

    label: str
    kind: str
    text: str


class ByList:
    """What there was before: the words by which the relation `word_event` knows that options are weighed."""

    told = "word list of `word_event`"

    def __init__(self) -> None:
        sql = (ROOT / "queries/chain/word_event.sql").read_text(encoding="utf-8")
        (pattern,) = re.findall(r"'(\(other ways[^']*)'", sql)
        self._pattern = re.compile(pattern)

    def scores(self, texts: Sequence[str], descriptions: Sequence[str]) -> Iterator[list[int]]:
        """Yield all or nothing."""
        for text in texts:
            yield [1000 if self._pattern.search(text.lower()) else 0] * len(descriptions)


def labelled(shared: Path) -> list[Labelled]:
    """The labelled sentences that an agent says: no command, no output."""
    path = shared / "prototypes/analysis/labelled_sentences.tsv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [Labelled(row["label"], row["kind"], row["text"]) for row in rows if row["speaker"] == "say"]


def real(shared: Path, scratch: Path) -> list[str]:
    """What agents said in real, harmless sessions: `AMONG` statements, taken evenly."""
    case = Case.create(scratch / "case")
    ingest(case, [shared / "data/transcripts"], Options(in_place=True, workers=1))
    engine = Engine(case.tables(), scratch)
    try:
        said = ask(engine, _SAID).to_pylist()
    finally:
        engine.close()
    texts = [text for row in said if any(sentences(text := masked(row["text"])))]
    return [texts[number * len(texts) // AMONG] for number in range(AMONG)] if len(texts) > AMONG else texts


def likenesses(texts: Sequence[str], measure: Measure) -> list[int]:
    """The likeness of each statement, in order."""
    names = [f"{number:06}" for number in range(len(texts))]
    found: dict[str, int] = {}
    by_sentence = {}
    for each in ranked(list(zip(names, texts, strict=True)), measure):
        found[each.event] = by_sentence[each.sentence] = each.likeness
    for name, text in zip(names, texts, strict=True):
        if name not in found:  # listed under another statement with the same likest sentence
            found[name] = max(by_sentence[each.text] for each in sentences(text) if each.text in by_sentence)
    return [found[name] for name in names]


def precision(wanted: Sequence[bool], scores: Sequence[int]) -> float:
    """Average precision, the mean over orders of what is equal."""
    draw = random.Random(0)
    total = 0.0
    for _ in range(_SHUFFLES):
        order = sorted(range(len(scores)), key=lambda number: (-scores[number], draw.random()))
        hits, found = 0, 0.0
        for position, number in enumerate(order, 1):
            if wanted[number]:
                hits += 1
                found += hits / position
        total += found / max(sum(wanted), 1)
    return total / _SHUFFLES


def places(scores: Sequence[int], among: Sequence[int]) -> list[float]:
    """The place of each in the list if it alone were put among the others; equal ones stand half before it."""
    return [1 + sum(other > score for other in among) + sum(other == score for other in among) / 2 for score in scores]


def pairs(measure: Measure) -> int:
    """Of how many descriptions the text that is like it is likelier than the one that shares its words."""
    found = 0
    for each in descriptions():
        near, far = (scores[0] for scores in measure.scores([each.near, each.far], [each.text]))
        found += near > far
    return found


def page(shared: Path, scratch: Path, model: Model) -> str:
    """Measure and write the document."""
    rows = labelled(shared)
    texts = [row.text for row in rows]
    background = real(shared, scratch)
    wanted = [row.label in WANTED for row in rows]
    oblique = [row.label in WANTED and row.kind == "paraphrase" for row in rows]
    against = [row.kind in {"refusal", "policy"} for row in rows]
    harmless = [not each for each in wanted]
    alone = [
        "| ranked by | average precision | without refusals | oblique, without refusals | hard pairs right |",
        "|---|---:|---:|---:|---:|",
    ]
    among = [
        "| ranked by | sentences | " + " | ".join(f"within {depth}" for depth in DEPTHS) + " | median place |",
        "|---|---|" + "---:|" * (len(DEPTHS) + 1),
    ]
    speed = 0.0
    for measure in (ByMeaning(model), ByWords(), ByList()):
        began = time.perf_counter()
        scores = likenesses([*texts, *background], measure)
        if isinstance(measure, ByMeaning):
            distinct = {each.own for text in [*texts, *background] for each in sentences(text)}
            speed = len(distinct) / (time.perf_counter() - began)
        own, others = scores[: len(rows)], scores[len(rows) :]
        aside = [number for number in range(len(rows)) if not against[number]]
        apart = [number for number in aside if oblique[number] or harmless[number]]
        precisions = [
            precision(wanted, own),
            precision([wanted[number] for number in aside], [own[number] for number in aside]),
            precision([oblique[number] for number in apart], [own[number] for number in apart]),
        ]
        told = " | ".join(f"{each:.2f}" for each in precisions)
        alone.append(f"| {measure.told} | {told} | {pairs(measure)}/{len(descriptions())} |")
        for what, chosen in (("wanted, plain", wanted), ("wanted, oblique", oblique), ("refusals, policy", against)):
            plain = what == "wanted, plain"
            at = places([own[n] for n in range(len(rows)) if chosen[n] and not (plain and oblique[n])], others)
            shares = " | ".join(f"{sum(place <= depth for place in at)}/{len(at)}" for depth in DEPTHS)
            among.append(f"| {measure.told} | {what} | {shares} | {sorted(at)[len(at) // 2]:.0f} |")
    chance = [
        sum(wanted) / len(rows),
        sum(wanted) / (len(rows) - sum(against)),
        sum(oblique) / (len(rows) - sum(against) - sum(wanted) + sum(oblique)),
    ]
    return _DOCUMENT.format(
        model=NAME,
        descriptions=len(descriptions()),
        rows=len(rows),
        wanted=sum(wanted),
        oblique=sum(oblique),
        against=sum(against),
        alone="\n".join(alone),
        among="\n".join(among),
        background=len(background),
        chance=", ".join(f"{each:.2f}" for each in chance),
        speed=f"{speed:.0f}",
    )


_DOCUMENT = """\
# The reading list

Written by `make bench-reading`; not to be edited. `forensics read` ranks what agents said themselves by its likeness
to {descriptions} descriptions of what may be said in a stage (`forensics/likeness/described.toml`). It is a reading
list: likeness shows nothing, and no finding, document, report or verdict reads it. With the extra `semantic` and the
model's files ({model}, known by their hashes) it ranks by meaning, without them by words in common.

## What it looks at

- Messages and reasoning of agents. No prompt, no output of a tool; of a statement no fenced code, no quoted line,
  nothing longer in quotation marks. A statement counts as its likest sentence; of one over 65,536 characters the
  beginning is read, and how many those are is said.
- Where the case knows a session's first deviating act: statements between the last limit and that act. Else, and with
  `--all`, whole sessions.
- Secrets and private words are masked before anything is compared.

## What it cannot do

- The model was trained on English; other languages were not measured.
- It takes words in common for meaning more often than one would like: see the hard pairs below.
- It does not know a refusal from a plan: both are like mining. So refusals and requests are described too and listed as
  worth reading, since they speak for the agent; the column `like` guesses, and often guesses wrong.
- Scores are rounded to three digits, ties go by the identity of the record, sentences are compared one at a time and on
  one thread. Processors and numerical libraries may still differ in the last digits before rounding: a score on the
  edge may come out 0.001 apart on another machine, and two neighbours then change places. On one machine the list is
  the same every time.

## Measured

{rows} labelled sentences of agents, made by somebody else: {wanted} wanted (a limit, weighing, mining), {oblique} of
them put obliquely; {against} refuse or recite a rule. They are few and short: a difference of a few hundredths means
nothing. The descriptions were written before the first measurement and not changed after it, by one who had seen these
sentences.

Alone: average precision. Refusals are no error of a reading list, so they are left out of the second and third column.
By chance it would come near the share of what is wanted: {chance}. Hard pairs: how often a text that is meant is
likelier than one that only shares words with its description.

{alone}

Each put alone among {background} statements of agents in real, harmless sessions: how many of them a reader meets
within the first so many statements of the list. Of equal ones half stand before it.

{among}

{speed} sentences a second by meaning, on one thread of a busy machine.
"""


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=DOCUMENT)
    parser.add_argument("--model", type=Path, default=installed())
    chosen = parser.parse_args()
    shared = Path(os.environ.get("FORENSICS_SHARED", ROOT.parent / "shared"))
    if chosen.model is None or not (shared / "data").is_dir():
        sys.stderr.write("the model and the reference evidence are needed\n")
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        text = page(shared, Path(scratch), Model(chosen.model))
    chosen.output.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
