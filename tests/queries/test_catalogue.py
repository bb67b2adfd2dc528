"""The relations as a whole: headers tell the truth, everything runs on nothing, order does not need a list."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.engine import Engine
from parsers.schema import ALL_TABLES
from queries.catalogue import PHASES, all_relations, in_order, tables_read
from queries.errors import MalformedHeader, UnknownRelation
from queries.knowledge import knowledge_tables


@pytest.fixture(scope="module")
def empty_engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    engine = Engine({}, tmp_path_factory.mktemp("scratch"))
    engine.build()
    return engine


@pytest.mark.parametrize("name", list(all_relations()))
def test_declared_columns_are_the_columns(name: str, empty_engine: Engine) -> None:
    relation = all_relations()[name]
    found = [row[0] for row in empty_engine.connection.execute(f'describe "{name}"').fetchall()]
    assert found == [column.name for column in relation.columns]


@pytest.mark.parametrize("name", list(all_relations()))
def test_results_hold_no_floats(name: str, empty_engine: Engine) -> None:
    types = {row[0]: row[1] for row in empty_engine.connection.execute(f'describe "{name}"').fetchall()}
    assert not {column: kind for column, kind in types.items() if kind in {"DOUBLE", "FLOAT"}}


@pytest.mark.parametrize("name", list(all_relations()))
def test_every_relation_is_empty_on_an_empty_case(name: str, empty_engine: Engine) -> None:
    assert empty_engine.rows(f'select count(*) as n from "{name}"') == [{"n": 0}]


def test_names_do_not_collide_with_tables_or_knowledge() -> None:
    assert not set(all_relations()) & (set(ALL_TABLES) | set(knowledge_tables()))


def test_each_relation_comes_after_what_it_reads() -> None:
    seen = set(ALL_TABLES) | set(knowledge_tables())
    for relation in in_order(seen):
        assert relation.reads <= seen
        seen.add(relation.name)


def test_every_phase_has_a_folder() -> None:
    assert {relation.phase for relation in all_relations().values()} <= set(PHASES)


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(UnknownRelation, match="nobody provides"):
        in_order({"process"})


@pytest.mark.parametrize("text", ["drop table process", "select 1; select 2", "copy (select 1) to 'x'"])
def test_only_one_select_is_a_relation(text: str) -> None:
    with pytest.raises(MalformedHeader):
        tables_read(text, "x")


def test_ordered_relations_have_a_total_order(empty_engine: Engine) -> None:
    for relation in all_relations().values():
        assert set(relation.order) <= {column.name for column in relation.columns}


def test_engine_reads_nothing_outside(tmp_path: Path, empty_engine: Engine) -> None:
    import duckdb

    outside = tmp_path / "x.csv"
    outside.write_text("a\n1\n")
    for sql in (
        f"select * from read_csv('{outside}')",
        f"copy (select 1) to '{outside}'",
        "install httpfs",
        "set enable_external_access = true",
        f"attach '{outside}' as other",
    ):
        with pytest.raises(duckdb.Error):
            empty_engine.connection.execute(sql).fetchall()
