"""Rules as SQL and rules judged row by row must hit the same rows, down to the last."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

pytest.importorskip("sigma", reason="the extra `sigma` is not installed")

import yaml

from forensics.sigma.rules import Rule, load
from forensics.sigma.sql import Unsupported, convert

sys.path.insert(0, str(Path(__file__).parent))
import evaluator

OWN = Path(__file__).parents[2] / "data/sigma/rules"
ROWS = 400


def _literals(value: Any) -> Iterator[str | None]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _literals(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _literals(inner)
    else:
        yield None if value is None else str(value)


def _fields(selection: Any) -> Iterator[tuple[str, list[str | None]]]:
    if isinstance(selection, list):
        for each in selection:
            yield from _fields(each) if isinstance(each, dict | list) else [("fulltext", [str(each)])]
    elif isinstance(selection, dict):
        for key, value in selection.items():
            yield key.split("|")[0] or "fulltext", list(_literals(value))
            if "fieldref" in key:
                yield str(value), ["ab"]


def _realised(literal: str | None, draw: random.Random) -> str | None:
    """A text near a rule's literal: with wildcards filled, in other case, inside other text, cut, moved."""
    if literal is None or draw.random() < 0.1:
        return None
    text = "".join({"*": draw.choice(["", "zq", "\n"]), "?": "q"}.get(c, c) for c in literal.replace("\\\\", "\\"))
    if "/" in text and text.split("/")[-1].isdigit():  # a network: an address in it or just beside it
        base = text.split("/")[0]
        return draw.choice(
            [base, base.replace("0.0", "7.200", 1), "203.0.113.9", "fe80::12", "::1", "febf::1", "fec0::1"]
        )
    turned = [
        text,
        text.upper(),
        text.lower(),
        f"pre {text} post",
        f"{text} ",
        text[:-1],
        text.replace("_", "x").replace("%", "yy"),
        text.replace(".*", "xx").replace("(", "").replace(")", "").replace("|", "").replace("^", "").replace("?", ""),
        f"É\n{text}",
    ]
    if text.isdigit():
        turned += [str(int(text) + 1), str(int(text) - 1), f"{text}.0", f"0{text}"]
    return draw.choice(turned)


def _rows(document: dict[str, Any], draw: random.Random) -> list[evaluator.Row]:
    known: dict[str, list[str | None]] = {"fulltext": ["x"]}
    for name, selection in document["detection"].items():
        if name != "condition":
            for key, literals in _fields(selection):
                known.setdefault(key, []).extend(literals)
    return [{name: _value(literals, draw) for name, literals in known.items()} for _ in range(ROWS)]


def _value(literals: list[str | None], draw: random.Random) -> str | None:
    """A realised literal of the field, or two of them in one text."""
    if not literals:
        return None
    first, second = (_realised(draw.choice(literals), draw) for _ in range(2))
    return f"{first} {second}" if first and second and draw.random() < 0.3 else first


def _hits(rule: Rule, rows: list[evaluator.Row]) -> set[int]:
    columns = sorted({name for row in rows for name in row})
    connection = duckdb.connect()
    table = {name: pa.array([row[name] for row in rows], pa.string()) for name in columns}
    connection.register("seen", pa.table({"n": pa.array(range(len(rows))), **table}))
    found: set[int] = set()
    for tree in rule.conditions:
        condition = convert(tree, columns)
        assert not condition.absent
        holds = _chosen(connection, condition.sql, condition.parameters)
        fails = _chosen(connection, f"not {condition.sql}", condition.parameters)
        assert holds | fails == set(range(len(rows))), "a comparison that is neither true nor false"
        found |= holds
    return found


def _chosen(connection: duckdb.DuckDBPyConnection, where: str, parameters: list[Any]) -> set[int]:
    return {n for (n,) in connection.execute(f"select n from seen where {where}", parameters).fetchall()}


def _compare(folder: Path) -> tuple[int, int]:
    """Compare every rule of a folder; return how many rules were compared and how many rows they hit."""
    compared = hits = 0
    for rule in load(folder).rules:
        documents = list(yaml.safe_load_all((folder / rule.file).read_text("utf-8")))
        (document,) = [each for each in documents if each["title"] == rule.title]
        rows = _rows(document, random.Random(rule.file))
        try:
            found = _hits(rule, rows)
        except Unsupported:
            continue
        expected = {n for n, row in enumerate(rows) if evaluator.matches(document, row)}
        different = sorted(found ^ expected)[:3]
        assert found == expected, (rule.file, [(n, n in found, rows[n]) for n in different])
        compared += 1
        hits += len(found)
    return compared, hits


def test_our_rules_hit_the_same_rows_both_ways() -> None:
    compared, hits = _compare(OWN)
    assert compared == len(list(OWN.glob("*.yml")))
    assert hits > 300


@pytest.mark.parametrize("name", sorted(path.name for path in OWN.glob("*.yml")))
def test_each_of_our_rules_hits_some_rows_and_not_all(name: str) -> None:
    (rule,) = [rule for rule in load(OWN).rules if rule.file == name]
    document = yaml.safe_load((OWN / name).read_text("utf-8"))
    assert 0 < len(_hits(rule, _rows(document, random.Random(name)))) < ROWS


@pytest.mark.shared
def test_published_rules_hit_the_same_rows_both_ways(shared: Path) -> None:
    compared, hits = _compare(shared / "data/analysis/rules_sigma")
    assert compared == 35
    assert hits > 1_000
