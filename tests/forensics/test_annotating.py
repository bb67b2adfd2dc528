"""What is said of records: kept in custody, respected by the next analysis, shown, and taken back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forensics import custody, ledger
from forensics.analysis import analyze
from forensics.case import Case
from forensics.cli import run
from forensics.intake import Options, ingest
from forensics.reporting import write_report
from forensics.verify import verify

POOL = "./xmrig -o pool.supportxmr.com:3333 -u 46pQLvDj7ak7vAWPGnsPhbPyc3AePKW78CCjfN98GdmuUYkThp3o5tGg"
HISTORY = f"#1772500000\nls -la\n#1772500100\n{POOL}\n#1772500200\nexit\n"
MINING = 2  # the record that starts the miner


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case in which one record of a history shows mining, analysed."""
    folder = tmp_path_factory.mktemp("annotated")
    home = folder / "evidence/hosts/gpu1/home/bob"
    home.mkdir(parents=True)
    (home / ".bash_history").write_text(HISTORY)
    ingest(Case.create(folder / "case"), [folder / "evidence"], Options(workers=1))
    analyze(Case.open(folder / "case"))
    return folder / "case"


@pytest.fixture
def case(tmp_path: Path, analysed: Path) -> Path:
    shutil.copytree(analysed, tmp_path / "case")
    return tmp_path / "case"


def ref(case: Path, record: int = MINING) -> str:
    return f"{ledger.load(Case.open(case)).sources[0]['source_id'][:12]}#{record}"


def said(case: Path, *options: str, record: int = MINING) -> int:
    return run(["annotate", str(case), ref(case, record), *options])


def cited(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "ref" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from cited(inner)


def test_an_excluded_record_opens_and_cites_nothing_and_is_listed(case: Path, capfd) -> None:
    before = json.loads(Case.open(case).read("incident.json"))
    assert before["verdict"]["mining"] is True
    assert ref(case) in {each["ref"] for each in cited(before["incidents"])}
    assert said(case, "--exclude", "--note", "typed on another host; token=hunter2hunter2hunter2") == 0
    assert "incident.json" not in Case.open(case).manifest.files
    after = analyze(Case.open(case))
    assert after["verdict"]["mining"] is False
    assert after["incidents"] == []
    (told,) = after["annotations"]
    assert (told["ref"], told["kind"], told["record"]) == (ref(case), "exclude", MINING)
    assert "hunter2" not in json.dumps(after)
    books = [(source["records"], source["bytes_parsed"]) for source in after["sources"]]
    assert books == [(source["records"], source["bytes_parsed"]) for source in before["sources"]]
    assert run(["show", str(case), ref(case)]) == 0
    assert "xmrig" in capfd.readouterr().out


def test_only_the_named_record_is_excluded(case: Path, capfd) -> None:
    assert said(case, "--exclude", "--note", "not his", record=1) == 0
    capfd.readouterr()
    assert run(["query", str(case), "select record from process order by record", "--csv"]) == 0
    assert capfd.readouterr().out == "record\n2\n3\n"
    assert analyze(Case.open(case))["verdict"]["mining"] is True


def test_a_disputed_record_stays_and_is_marked(case: Path) -> None:
    before = json.loads(Case.open(case).read("incident.json"))
    assert said(case, "--dispute", "--note", "the custodian says it was edited") == 0
    after = analyze(Case.open(case))
    marked = [each for each in cited(after["incidents"]) if each["ref"] == ref(case)]
    assert marked
    assert {each.pop("disputed") for each in marked} == {"the custodian says it was edited"}
    assert after["incidents"] == before["incidents"]
    page = write_report(Case.open(case)).read_text(encoding="utf-8")
    assert "disputed: the custodian says it was edited" in page
    assert "What was said of records" in page


def test_a_confirmed_zone_is_the_zone_of_the_source_and_stays_it(case: Path, tmp_path: Path) -> None:
    assert said(case, "--confirm-zone", "Europe/Berlin", record=1) == 0
    (tmp_path / "more").write_text("#1772600000\nid\n#1772600001\nwhoami\n")
    (case / "case.toml").write_text('zone = "America/Lima"\n')
    ingest(Case.open(case), [tmp_path / "more"], Options(workers=1))
    opened = Case.open(case)
    scopes = {row["path"]: row["zone"] for row in _rows(opened, "source_scope")}
    assert scopes == {"hosts/gpu1/home/bob/.bash_history": "Europe/Berlin", "more": "America/Lima"}
    assert len(ledger.load(opened).annotations) == 1


def _rows(case: Case, table: str) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return [row for part in case.tables()[table] for row in pq.read_table(part).to_pylist()]


def test_what_is_taken_back_leaves_the_case_as_it_was_and_custody_knows(case: Path) -> None:
    root = Case.open(case).manifest.content_root
    assert said(case, "--exclude", "--note", "wrong host") == 0
    assert said(case, "--note", "seen by two people") == 0
    assert said(case, "--withdraw") == 0
    analyze(Case.open(case))
    assert Case.open(case).manifest.content_root == root
    acts = [entry for entry in custody.load(case).entries if entry["act"] == "annotate"]
    begun = [entry["details"]["kind"] for entry in acts if entry["phase"] == "begin"]
    assert begun == ["exclude", "note", "withdraw"]
    assert verify(case).holds


def test_the_same_said_twice_is_the_same_case(case: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(case, other)
    for each in (case, other):
        assert said(each, "--dispute", "--note", "no") == 0
        analyze(Case.open(each))
    assert Case.open(case).manifest.content_root == Case.open(other).manifest.content_root


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--exclude",),
        ("--dispute",),
        ("--exclude", "--dispute", "--note", "x"),
        ("--confirm-zone", "Europe/Nowhere"),
        ("--confirm-zone", "../../etc/passwd"),
        ("--withdraw",),
    ],
)
def test_what_cannot_be_said_is_refused_and_changes_nothing(case: Path, options) -> None:
    before = Case.open(case).manifest.content_root
    assert said(case, *options) == 2
    assert Case.open(case).manifest.content_root == before


def test_what_was_said_and_what_is_not_there_are_refused(case: Path) -> None:
    assert said(case, "--note", "once") == 0
    assert said(case, "--note", "once") == 2
    assert run(["annotate", str(case), ref(case, 99), "--note", "x"]) == 2
