"""Rules on drives and on undoing fit their positive examples and none of their near misses."""

from __future__ import annotations

import pytest

from forensics.engine import Engine
from parsers.dissect.commands import dissect
from queries.knowledge import knowledge_tables, rules

PATTERNS = {"drive_rule": ("program", "text"), "reversal": ("undo_program", "undo_text")}
EXAMPLES = [
    (table, rule["id"], text, wanted)
    for table in PATTERNS
    for rule in rules(table)
    for wanted, kind in ((True, "positive"), (False, "near_miss"))
    for text in rule.get(kind, ())  # type: ignore[attr-defined]
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine({}, tmp_path_factory.mktemp("scratch"))


@pytest.mark.parametrize(("table", "rule", "text", "wanted"), EXAMPLES)
def test_rules_keep_to_their_examples(table: str, rule: str, text: str, wanted: bool, engine: Engine) -> None:
    program, pattern = PATTERNS[table]
    fits = False
    for part in dissect(text):
        words = " ".join(part.argv or ()) + "".join(f" > {path}" for path in part.redirect_out or ())
        found = engine.rows(
            f"select 1 as one from {table} where id = $1 and regexp_matches(lower($2), '^(' || {program} || ')$')"
            f" and regexp_matches($3, {pattern})",
            [rule, part.executable or "", words],
        )
        fits = fits or bool(found)
    assert fits is wanted


def test_a_rule_with_a_pattern_has_examples() -> None:
    for table, (program, _) in PATTERNS.items():
        for rule in rules(table):
            assert (program in rule and rule[program] != "") == ("positive" in rule), rule["id"]


def test_every_control_says_what_it_needs_and_does_not_see() -> None:
    for rule in knowledge_tables()["control"].to_pylist():
        assert rule["needs"]
        assert rule["blind"]
