"""Every rule fits its positive examples and none of its near misses."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from forensics.engine import Engine
from parsers.dissect.commands import dissect
from parsers.schema import ALL_TABLES
from queries.catalogue import all_relations
from queries.knowledge import rules

COMMAND_EXAMPLES = [
    (rule["id"], text, wanted)
    for rule in rules("command_rule")
    for wanted, kind in ((True, "positive"), (False, "near_miss"))
    for text in rule[kind]  # type: ignore[attr-defined]
]
LIMIT_EXAMPLES = [
    (rule["id"], text, wanted)
    for rule in rules("limit_rule")
    for wanted, kind in ((True, "positive"), (False, "near_miss"))
    for text in rule[kind]  # type: ignore[attr-defined]
]
FAULT_EXAMPLES = [
    (rule["id"], text, wanted)
    for rule in rules("fault_rule")
    for wanted, kind in ((True, "positive"), (False, "near_miss"))
    for text in rule[kind]  # type: ignore[attr-defined]
]
CLOUD_EXAMPLES = [
    (rule["id"], text, wanted)
    for rule in rules("cloud_rule")
    for wanted, kind in ((True, "positive"), (False, "near_miss"))
    for text in rule[kind]  # type: ignore[attr-defined]
]
CHANNEL_EXAMPLES = [
    (rule["id"], text, wanted)
    for rule in rules("channel_rule")
    for wanted, kind in ((True, "positive"), (False, "near_miss"))
    for text in rule[kind]  # type: ignore[attr-defined]
]
INSTRUCTION_EXAMPLES = [
    (rule["id"], text, wanted)
    for rule in rules("instruction_rule")
    for wanted, kind in ((True, "positive"), (False, "near_miss"))
    for text in rule[kind]  # type: ignore[attr-defined]
]


@pytest.fixture(scope="module")
def hits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Rules that fit each example command, by text."""
    import pyarrow as pa

    engine = Engine({}, tmp_path_factory.mktemp("scratch"))
    parts: list[dict[str, Any]] = []
    for text in sorted({text for _, text, _ in COMMAND_EXAMPLES}):
        name = hashlib.sha256(text.encode()).hexdigest()
        parts += [{"text_sha256": name, **part._asdict()} for part in dissect(text)]
    schema = ALL_TABLES["command_part"]
    engine.connection.execute("drop table command_part")
    rows = [{name: part.get(name) for name in schema.names} for part in parts]
    engine.connect_arrow("command_part", pa.Table.from_pylist(rows, schema=schema))
    texts = sorted({text for _, text, _ in COMMAND_EXAMPLES})
    engine.build(["command_event"])
    for text in texts:
        name = hashlib.sha256(text.encode()).hexdigest()
        engine.connection.execute("insert into command_event (event, text_sha256) values (?, ?)", [text, name])
    engine.build(["command_hit"])
    found: dict[str, set[str]] = {text: set() for text in texts}
    for row in engine.rows("select event, rule from command_hit"):
        found[row["event"]].add(row["rule"])
    return found


@pytest.mark.parametrize(("rule", "text", "wanted"), COMMAND_EXAMPLES)
def test_command_rules_keep_to_their_examples(rule: str, text: str, wanted: bool, hits: dict[str, set[str]]) -> None:
    assert (rule in hits[text]) is wanted


@pytest.mark.parametrize(("rule", "text", "wanted"), LIMIT_EXAMPLES)
def test_limit_rules_keep_to_their_examples(rule: str, text: str, wanted: bool, tmp_path: Path) -> None:
    engine = Engine({}, tmp_path)
    found = engine.rows(
        "select id from limit_rule where regexp_matches($1, pattern) and id = $2 and "
        "(equal is null or regexp_extract($1, pattern, 1) = regexp_extract($1, pattern, 2))",
        [text, rule],
    )
    assert bool(found) is wanted


@pytest.mark.parametrize(("rule", "text", "wanted"), FAULT_EXAMPLES)
def test_fault_rules_keep_to_their_examples(rule: str, text: str, wanted: bool, tmp_path: Path) -> None:
    engine = Engine({}, tmp_path)
    found = engine.rows("select id from fault_rule where regexp_matches($1, pattern) and id = $2", [text, rule])
    assert bool(found) is wanted


def test_what_ran_out_is_told_as_a_limit_and_what_failed_as_a_fault() -> None:
    assert {rule["holds"] for rule in rules("limit_rule")} == {"any", "brief", "standing", "failed"}


@pytest.fixture(scope="module")
def cloud_acts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Rules that fit each example call, by text; a blank inside of an operation is written `+`."""
    engine = Engine({}, tmp_path_factory.mktemp("scratch"))
    engine.build(["cloud_event"])
    for text in sorted({text for _, text, _ in CLOUD_EXAMPLES}):
        provider, call, code, request = [*text.split(" ", 3), None, None][:4]
        service, _, operation = str(call).partition("/")
        engine.connection.execute(
            "insert into cloud_event (event, provider, service, operation, error_code, request) "
            "values (?, ?, ?, ?, ?, ?)",
            [text, provider, service, operation.replace("+", " "), None if code == "-" else code, request],
        )
    engine.build(["cloud_act"])
    found: dict[str, set[str]] = {text: set() for _, text, _ in CLOUD_EXAMPLES}
    for row in engine.rows("select event, rule from cloud_act"):
        found[row["event"]].add(row["rule"])
    engine.close()
    return found


@pytest.mark.parametrize(("rule", "text", "wanted"), CLOUD_EXAMPLES)
def test_cloud_rules_keep_to_their_examples(
    rule: str, text: str, wanted: bool, cloud_acts: dict[str, set[str]]
) -> None:
    assert (rule in cloud_acts[text]) is wanted


@pytest.mark.parametrize(("rule", "text", "wanted"), INSTRUCTION_EXAMPLES)
def test_instruction_rules_keep_to_their_examples(rule: str, text: str, wanted: bool, tmp_path: Path) -> None:
    engine = Engine({}, tmp_path)
    found = engine.rows("select id from instruction_rule where regexp_matches($1, pattern) and id = $2", [text, rule])
    assert bool(found) is wanted


@pytest.mark.parametrize(("rule", "text", "wanted"), CHANNEL_EXAMPLES)
def test_channel_rules_keep_to_their_examples(rule: str, text: str, wanted: bool, tmp_path: Path) -> None:
    engine = Engine({}, tmp_path)
    found = engine.rows(
        "select id from channel_rule where regexp_matches($1, pattern) and id = $2"
        " and (unless is null or not regexp_matches(regexp_extract($1, pattern, 0), unless))",
        [text, rule],
    )
    assert bool(found) is wanted


@pytest.mark.parametrize("rule", rules("flow_shape"), ids=lambda rule: rule["id"])
def test_bounds_of_shapes_keep_to_their_examples(rule: dict[str, Any]) -> None:
    bounds = range(rule["at_least"], rule["at_most"] + 1)
    assert rule["positive"]
    assert all(value in bounds for value in rule["positive"])
    assert rule["near_miss"]
    assert not any(value in bounds for value in rule["near_miss"])


def test_every_measure_of_a_shape_is_a_column() -> None:
    measures = {rule["measure"] for rule in rules("flow_shape")}
    assert measures <= {column.name for column in all_relations()["thin_contact"].columns}
