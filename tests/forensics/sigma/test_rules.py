"""A folder of rules is somebody else's text: what is odd in it is listed and stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("sigma", reason="the extra `sigma` is not installed")

from forensics.engine import Engine
from forensics.errors import UsageFault
from forensics.sigma import rules
from forensics.sigma.rules import load
from forensics.sigma.run import run

DATA = Path(__file__).parents[2] / "data/sigma"


@pytest.fixture(scope="module")
def why(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Why each odd file was not run, by name."""
    engine = Engine({}, tmp_path_factory.mktemp("scratch"))
    outcome = run(engine, load(DATA / "odd"))
    assert outcome.ran == 0
    assert outcome.hits == []
    return {each.file: each.why for each in outcome.not_run}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("binary.yml", "utf-8"),
        ("bomb.yml", "aliases"),
        ("broken.yml", "parsing"),
        ("correlation.yml", "correlations and filters are not run"),
        ("empty.yaml", "no rule in it"),
        ("lookaround.yml", "invalid"),
        ("no_such_selection.yml", "not defined"),
        ("placeholder.yml", "placeholder"),
        ("unknown_modifier.yml", "soundslike"),
        ("windows.yml", "no such log here: product windows, category process_creation"),
    ],
)
def test_what_cannot_be_run_is_told_with_its_reason(name: str, told: str, why: dict[str, str]) -> None:
    assert told in why[name]
    assert "\n" not in why[name]


def test_every_odd_file_is_told_of(why: dict[str, str]) -> None:
    assert set(why) == {path.name for path in (DATA / "odd").iterdir()}


def test_a_bad_pattern_says_nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    load(DATA / "odd")
    assert "re2" not in capfd.readouterr().err


def test_links_and_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.yml").symlink_to(DATA / "rules/strings.yml")
    (tmp_path / "b.txt").write_bytes((DATA / "rules/strings.yml").read_bytes())
    (tmp_path / "long.yml").write_bytes(b"#" * (rules.MAX_BYTES + 1))
    pack = load(tmp_path)
    assert pack.rules == ()
    assert [each.file for each in pack.unread] == ["long.yml"]


def test_the_pack_is_named_by_its_content(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "r.yml").write_bytes((DATA / "rules/strings.yml").read_bytes())
    assert load(tmp_path / "x").sha256 == load(tmp_path / "y").sha256
    (tmp_path / "y/r.yml").write_bytes((DATA / "rules/keywords.yml").read_bytes())
    assert load(tmp_path / "x").sha256 != load(tmp_path / "y").sha256


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MAX_FILES", 1)
    with pytest.raises(UsageFault, match="more than 1 rule files"):
        load(DATA / "rules")


def test_without_the_extra_it_is_a_fault_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "installed", lambda: False)
    with pytest.raises(UsageFault, match="extra `sigma`"):
        load(tmp_path)


def test_a_rule_never_becomes_sql(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(
        'title: "\'); drop table flow; --"\nlogsource: {product: linux, category: process_creation}\n'
        "detection:\n  s:\n    'Image\" or 1=1 --|contains': \"'; drop table flow; --\"\n"
        "    'requestParameters.a\".b': 'x'\n  condition: s\n",
        encoding="utf-8",
    )
    engine = Engine({}, tmp_path)
    outcome = run(engine, load(tmp_path))
    assert outcome.ran == 1
    assert outcome.hits == []
    assert engine.rows("select count(*) as n from flow") == [{"n": 0}]
