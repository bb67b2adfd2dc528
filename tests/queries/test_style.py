"""The style of the SQL and the subset that other engines answer alike.

Each rule is a function from a parsed relation to what it objects to. `ALLOWED` lists what offends today; it only
shrinks: an entry that offends no more fails too. Rules are tested on texts that break them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import takewhile

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.tokens import TokenType

from queries.catalogue import HEADER_KEYS, all_relations

WIDTH = 120
SQL = {name: relation.text for name, relation in all_relations().items() if relation.function is None}

# functions that the parser does not know, and what they are elsewhere: epoch_us is unix_micros in Spark, sha256 is sha2
KNOWN_FUNCTIONS = frozenset({"epoch_us"})
# floats come out of these, or another value on every run
FORBIDDEN = (
    exp.Div, exp.Avg, exp.Median, exp.Stddev, exp.Variance, exp.PercentileCont, exp.PercentileDisc, exp.Quantile,
    exp.ApproxQuantile, exp.Sqrt, exp.Pow, exp.Ln, exp.Log, exp.CurrentTimestamp, exp.CurrentDate, exp.Rand, exp.Uuid,
    exp.TimeToStr, exp.StrToTime, exp.DateBin, exp.Pivot, exp.Columns, exp.Bracket, exp.Slice, exp.TableSample,
)  # fmt: skip
FLOATS = frozenset({exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT})
SHOWS_ORDER = (exp.RowNumber, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue, exp.Ntile)
TAKES_ONE_OF_MANY = (exp.ArgMax, exp.ArgMin, exp.AnyValue, exp.First, exp.Last, exp.Mode)
# columns that name a row among those of a partition; at least one of them must be in the order
ROW_KEYS = (
    {"event"}, {"act"}, {"call_event"}, {"record", "part"}, {"intake", "path"}, {"reference_id", "family"},
    {"principal", "session_id"}, {"pool_address", "pool_port", "pool_name"}, {"host", "port"}, {"about", "record"},
    {"connection"},
)  # fmt: skip
# columns that hold text of any length
LONG_TEXT = frozenset({"text", "command", "title", "extra", "uri", "tags", "request", "response", "purpose", "argv"})
REGULAR = (exp.RegexpLike, exp.RegexpExtract, exp.RegexpReplace, exp.RegexpILike, exp.SimilarTo)
NO_NOUN = re.compile(r"(tmp|temp|data|cte|final|result|output|step|[a-z])_?\d*|(get|make|calc|compute|is|do)_.*")


def objections(text: str) -> dict[str, list[str]]:
    """What every rule says of one relation's text; rules that have nothing to say are left out."""
    tree = sqlglot.parse_one(text, read="duckdb")
    found = {name: list(rule(tree, text)) for name, rule in RULES.items()}
    return {name: told for name, told in found.items() if told}


def no_float(tree: exp.Expression, _: str) -> Iterator[str]:
    for kind in tree.find_all(exp.DataType):
        if kind.this in FLOATS:
            yield kind.sql()
    for literal in tree.find_all(exp.Literal):
        if not literal.is_string and re.search("[eE]", literal.name):
            yield literal.name


def no_forbidden(tree: exp.Expression, _: str) -> Iterator[str]:
    yield from (node.sql("duckdb") for node in tree.find_all(*FORBIDDEN))
    yield from (f"{join.method} join" for join in tree.find_all(exp.Join) if join.method)
    yield from ("star with exceptions" for star in tree.find_all(exp.Star) if star.args.get("except_"))
    yield from ("star with exceptions" for star in tree.find_all(exp.Star) if star.args.get("replace"))


def known_functions(tree: exp.Expression, _: str) -> Iterator[str]:
    for call in tree.find_all(exp.Anonymous):
        if call.name.lower() not in KNOWN_FUNCTIONS:
            yield call.name


def one_length(_: exp.Expression, text: str) -> Iterator[str]:
    """`len` counts characters or elements, which Spark has to know apart: it is `length` or `array_length`."""
    yield from re.findall(r"\blen\([^)]*\)", text)


def regular_between_rows(tree: exp.Expression, _: str) -> Iterator[str]:
    """A pattern that comes from another table is matched in an inner join: Spark matches them after joining."""
    for join in tree.find_all(exp.Join):
        on = join.args.get("on")
        for call in on.find_all(*REGULAR) if on and join.side else ():
            if len({column.table for column in _columns(call)}) > 1:
                yield call.sql("duckdb")


def unnest_in_from(tree: exp.Expression, _: str) -> Iterator[str]:
    yield from (node.sql("duckdb") for node in tree.find_all(exp.Explode))


def replace_all(tree: exp.Expression, _: str) -> Iterator[str]:
    for call in tree.find_all(exp.RegexpReplace):
        modifiers = call.args.get("modifiers")
        if modifiers is None or "g" not in modifiers.name:
            yield call.sql("duckdb")


def total_order(tree: exp.Expression, _: str) -> Iterator[str]:
    for window in tree.find_all(exp.Window):
        if isinstance(window.this, SHOWS_ORDER) and not _is_total(window):
            yield window.sql("duckdb")
    yield from (node.sql("duckdb") for node in tree.find_all(*TAKES_ONE_OF_MANY))
    for many in tree.find_all(exp.GroupConcat, exp.ArrayAgg):
        if not many.find(exp.Order):
            yield many.sql("duckdb")
    for ordered in tree.find_all(exp.Limit):
        if ordered.parent is None or not ordered.parent.args.get("order"):
            yield ordered.sql("duckdb")


def _is_total(window: exp.Window) -> bool:
    fixed = {each.sql() for each in window.args.get("partition_by") or () if isinstance(each, exp.Column)}
    partition = {column.name for each in window.args.get("partition_by") or () for column in _columns(each)}
    order = window.args.get("order")
    ordering = {column.name for column in _columns(order) if column.sql() not in fixed} if order else set()
    return any(key <= partition | ordering and key & ordering for key in ROW_KEYS)


def _columns(node: exp.Expression) -> list[exp.Column]:
    return list(node.find_all(exp.Column))


def bounded_text(tree: exp.Expression, _: str) -> Iterator[str]:
    """A regular expression sees text of any length only through `left(...)`, here or in the CTE that it comes from."""
    bounded = _bounded_columns(tree)
    for call in tree.find_all(*REGULAR):
        for column in _columns(call.this):
            if column.name in LONG_TEXT and column.name not in bounded.get(_source(column), ()) and not _is_cut(column):
                yield call.sql("duckdb")


def _is_cut(node: exp.Expression) -> bool:
    cut = node.find_ancestor(exp.Left, exp.Substring, *REGULAR)
    return isinstance(cut, exp.Left | exp.Substring)


def _source(column: exp.Column) -> str:
    """The table that a column is taken from, by its name in the WITH list."""
    select = column.find_ancestor(exp.Select)
    tables = list(select.find_all(exp.Table)) if select else []
    for table in tables:
        if column.table and table.alias_or_name == column.table:
            return table.name
    return tables[0].name if tables else ""


def _bounded_columns(tree: exp.Expression) -> dict[str, set[str]]:
    """For each CTE the columns that are cut in every branch of it, or come from one that is."""
    found: dict[str, set[str]] = {}
    for cte in tree.find_all(exp.CTE):
        branches = [s for s in cte.this.find_all(exp.Select) if s.find_ancestor(exp.Subquery) is None]
        found[cte.alias] = set.intersection(*(_cut_in(branch, found) for branch in branches))
    return found


def _cut_in(select: exp.Select, known: dict[str, set[str]]) -> set[str]:
    cut = set()
    for projection in select.expressions:
        columns = [column for column in _columns(projection) if column.name in LONG_TEXT]
        if projection.is_star:
            tables = [table.name for table in select.find_all(exp.Table)]
            cut |= set().union(*(known.get(name, set()) for name in tables[:1]))
        elif columns and all(_is_cut(column) or column.name in known.get(_source(column), ()) for column in columns):
            cut.add(projection.alias_or_name)
    return cut


def nouns(tree: exp.Expression, _: str) -> Iterator[str]:
    for cte in tree.find_all(exp.CTE):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", cte.alias) or NO_NOUN.fullmatch(cte.alias):
            yield cte.alias


def lower_case(_: exp.Expression, text: str) -> Iterator[str]:
    for token in sqlglot.tokenize(text, read="duckdb"):
        written = text[token.start : token.end + 1]
        if token.token_type not in {TokenType.STRING, TokenType.IDENTIFIER} and written != written.lower():
            yield written


def header(_: exp.Expression, text: str) -> Iterator[str]:
    lines = text.splitlines()
    told = list(takewhile(lambda line: line.startswith("--"), lines))
    keys = [match[1] for line in told if (match := re.match(r"-- ([a-z ]+?): +\S", line)) and match[1] in HEADER_KEYS]
    if keys != [key for key in HEADER_KEYS if key in keys] or not set(HEADER_KEYS) - {"order"} <= set(keys):
        yield f"keys are {keys}"
    for line in told:
        if not re.match(r"-- (?:(?:question|grain|columns|as|order|not for):|          ) *\S", line):
            yield line
        elif not line.startswith("--           ") and not re.match(r"-- .{9} \S", line):
            yield f"not aligned: {line}"
    question = " ".join(line.removeprefix("--").strip() for line in told).split("grain:")[0].strip()
    if not question.endswith("?"):
        yield f"no question: {question}"
    if "".join(lines[len(told) : len(told) + 1]):
        yield "no empty line after the header"


def layout(_: exp.Expression, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > WIDTH and not re.search("'[^']{80,}'", line):  # a pattern cannot be broken
            yield f"line {number} has {len(line)} characters"
        if line != line.rstrip() or "\t" in line:
            yield f"line {number} has stray white space"
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield "does not end with one newline"


RULES: dict[str, Callable[[exp.Expression, str], Iterator[str]]] = {
    rule.__name__: rule
    for rule in (
        no_float, no_forbidden, known_functions, one_length, regular_between_rows, unnest_in_from, replace_all,
        total_order, bounded_text, nouns, lower_case, header, layout,
    )
}  # fmt: skip

ALLOWED: dict[str, set[str]] = {
    # rows that tie differ in nothing that is taken (event_actor, event_place, cited_place); the others need a last key
    "total_order": {
        "channel", "chain_link", "cited_place", "command_signal", "event_actor", "event_place",
        "stage_event", "word_event",
    },
    "unnest_in_from": {"entity", "file_written", "part_reach"},
    "bounded_text": {"entity", "mention"},
    "layout": {
        "alert_event", "chain_link", "channel", "coin_event", "command_event", "command_signal", "event_place",
        "limit_hit", "mention", "miner_log_event", "mining_event", "origin", "pool_endpoint",
        "pool_lookup", "principal", "share_event", "stage_event", "tool_result", "wallet_run", "word_event",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", list(SQL))
def test_sql_keeps_to_the_style(name: str) -> None:
    found = objections(SQL[name])
    allowed = {rule for rule, names in ALLOWED.items() if name in names}
    assert {rule: told for rule, told in found.items() if rule not in allowed} == {}
    assert allowed <= found.keys(), "strike it from ALLOWED"


def test_allowed_names_relations_and_rules() -> None:
    assert ALLOWED.keys() <= RULES.keys()
    assert set().union(*ALLOWED.values()) <= SQL.keys()


def test_a_relation_has_a_plain_name() -> None:
    assert not [name for name in all_relations() if not re.fullmatch(r"[a-z][a-z0-9_]*", name)]


GOOD = """-- question: which?
-- grain:    one row per event
-- columns:  event, first (whether it
--           comes first)
-- as:       table
-- not for:  anything

with ranked as (
    select
        event,
        left(text, 100) as text,
        row_number() over (partition by act order by best_us, event) as choice
    from made
)

select event, choice = 1 as first
from ranked
where regexp_matches(text, 'x')
"""


def test_what_keeps_to_the_rules_is_let_through() -> None:
    assert objections(GOOD) == {}


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("no_float", "best_us, event", "cast(best_us as double), event"),
        ("no_float", "= 1 as", "= 1e3 as"),
        ("no_forbidden", "choice = 1", "choice / 2"),
        ("no_forbidden", "choice = 1", "avg(choice)"),
        ("no_forbidden", "choice = 1", "choice[1]"),
        ("no_forbidden", "choice = 1", "choice[1:2]"),
        ("no_forbidden", "choice = 1", "strftime(choice, '%Y')"),
        ("no_forbidden", "choice = 1", "time_bucket(interval 1 day, choice)"),
        ("no_forbidden", "choice = 1", "current_timestamp"),
        ("no_forbidden", "choice = 1", "columns('x')"),
        ("no_forbidden", "select event, choice", "select * exclude (x), choice"),
        ("no_forbidden", "from ranked", "from ranked asof join other on ranked.a >= other.a"),
        ("no_forbidden", "from ranked", "from ranked pivot (sum(a) for b in (1))"),
        ("known_functions", "choice = 1", "mad(choice)"),
        ("known_functions", "choice = 1", "now()"),
        ("one_length", "choice = 1", "len(choice)"),
        ("regular_between_rows", "from ranked", "from ranked left join r on regexp_matches(ranked.a, r.b)"),
        ("unnest_in_from", "choice = 1", "unnest(choice)"),
        ("replace_all", "choice = 1", "regexp_replace(event, 'a', 'b')"),
        ("replace_all", "choice = 1", "regexp_replace(event, 'a', 'b', 'i')"),
        ("total_order", "best_us, event)", "best_us)"),
        ("total_order", " order by best_us, event)", ")"),
        ("total_order", "partition by act", "partition by event, act"),
        ("total_order", "where regexp_matches(text, 'x')", "limit 5"),
        ("total_order", "choice = 1", "arg_min(choice, event)"),
        ("total_order", "choice = 1", "string_agg(choice, ',')"),
        ("bounded_text", "left(text, 100) as text", "text"),
        ("bounded_text", "left(text, 100) as text", "lower(text) as text"),
        ("bounded_text", "regexp_matches(text, 'x')", "regexp_matches(lower(other.command), 'x')"),
        ("nouns", "ranked", "tmp2"),
        ("nouns", "ranked", "get_rank"),
        ("lower_case", "from ranked", "FROM ranked"),
        ("header", "-- grain:    one row per event\n", ""),
        ("header", "which?", "which"),
        ("header", "-- grain:    one", "-- grain: one"),
        ("header", "--           comes", "-- comes"),
        ("header", "anything\n\n", "anything\n"),
        ("layout", "as first", "as first  "),
        ("layout", "anything", "anything" + " and more" * 20),
        ("layout", "'x')\n", "'x')"),
    ],
)
def test_what_breaks_a_rule_is_told(rule: str, old: str, new: str) -> None:
    broken = GOOD.replace(old, new)
    assert broken != GOOD
    assert rule in objections(broken)
