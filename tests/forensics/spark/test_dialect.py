"""DuckDB SQL in Spark's words, and patterns that both engines answer alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from forensics.engine import duckdb_type
from forensics.errors import UsageFault
from forensics.spark import session
from forensics.spark.dialect import Recursion, spark_type, translated
from forensics.spark.engine import SparkEngine
from parsers.schema import ALL_TABLES
from queries.catalogue import all_relations


@pytest.mark.parametrize(
    ("duck", "spark"),
    [
        ("select epoch_us(ts) from t", "SELECT UNIX_MICROS(ts) FROM t"),
        ("select sha256(a) from t", "SELECT SHA2(a, 256) FROM t"),
        ("select a // b from t", "SELECT a DIV b FROM t"),
        ("select array_length(a), length(b) from t", "SELECT SIZE(a), LENGTH(b) FROM t"),
        ("select regexp_matches(a, '^x$') from t", "SELECT RE2_MATCHES(a, '^x$') FROM t"),
        ("select regexp_full_match(a, b) from t", "SELECT RE2_FULL_MATCH(a, b) FROM t"),
        ("select regexp_extract(a, 'x(y)', 1) from t", "SELECT RE2_EXTRACT_1(a, 'x(y)') FROM t"),
        ("select regexp_extract(a, 'xy') from t", "SELECT RE2_EXTRACT_0(a, 'xy') FROM t"),
        ("select regexp_replace(a, '\\s', '', 'g') from t", "SELECT RE2_REPLACE(a, '\\\\s', '') FROM t"),
    ],
)
def test_what_is_said_differently(duck: str, spark: str) -> None:
    assert translated(duck).query == spark


def test_a_recursive_cte_becomes_a_loop() -> None:
    found = translated(
        "with recursive a as (select 1 as n), b as (select n from a union select b.n + 1 from b) select n from b"
    )
    behind = "WITH a AS (SELECT 1 AS n) "
    assert found.query == f"{behind}SELECT n FROM recursive_b AS b"
    assert found.recursions == (
        Recursion("recursive_b", f"{behind}SELECT n FROM a", f"{behind}SELECT b.n + 1 FROM recursive_b AS b"),
    )


def test_every_column_of_evidence_has_a_type_in_spark() -> None:
    kinds = {duckdb_type(column.type) for schema in ALL_TABLES.values() for column in schema}
    assert all(spark_type(kind.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")) for kind in kinds)


PATTERNS = ("x$", "^x", "a.b", r"a\sb", r"\bé", "(?i)k", "(?i)s", "[[:alpha:]]+", r"[^\s]", r"\w+", "(a|b)*c", "")
TEXTS = ("x", "x\n", "a\rb", "a\u2028b", "a\x0bb", "aéb", " é", "\u212a", "ſ", "ä", "", None, "ab" * 50, "a\x00b")


@pytest.mark.xdist_group("spark")
def test_patterns_are_matched_alike(tmp_path: Path, spark: Any) -> None:
    engine = SparkEngine(spark, {}, tmp_path)
    made = duckdb.sql(
        "select text, pattern from (select unnest($texts) as text) cross join (select unnest($patterns) as pattern)",
        params={"texts": TEXTS, "patterns": PATTERNS},
    )
    engine.connect_arrow("made", made.to_arrow_table())
    sql = (
        "select text, pattern, regexp_matches(text, pattern) as found, regexp_full_match(text, pattern) as whole, "
        "regexp_extract(text, pattern, 0) as piece, regexp_replace(text, pattern, '-', 'g') as left_over from made"
    )
    asked = replace(all_relations()["statement"], text=sql, reads=frozenset({"made"}))
    assert sorted(engine.frame(asked).toArrow().to_pylist(), key=repr) == sorted(engine.rows(sql), key=repr)
    engine.close()


def test_a_machine_without_spark_or_java_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageFault, match="Java 17"), session.session(tmp_path):
        pass
    monkeypatch.setattr(session.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageFault, match="extra `spark`"), session.session(tmp_path):
        pass
