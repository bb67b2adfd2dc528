"""The relations: what they are, what they read, and in which order they run.

One file is one relation, named after its file: `<phase>/<relation>.sql`, a single SELECT under a header of comments, or
`<phase>/<relation>.py` with the same header as its docstring and a function
`relation(**tables: pa.Table) -> pa.Table`, whose parameters name the relations it reads. What an SQL file reads is
taken from the SQL itself, so that order needs no list.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import sqlglot
from sqlglot import exp

from queries.errors import CircularRelations, MalformedHeader, UnknownRelation

PHASES = ("base", "clocks", "signals", "links", "chain", "measures", "sigma", "audits")
HEADER_KEYS = ("question", "grain", "columns", "as", "order", "not for")
_REQUIRED = ("question", "grain", "columns", "as", "not for")
_HEADER_LINE = re.compile(r"(question|grain|columns|as|order|not for):\s*(.*)")


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column: its name and what it holds, with type and unit in words."""

    name: str
    meaning: str


@dataclass(frozen=True)
class Relation:
    """One relation. `order` names a total order; a relation with one is kept as a finding."""

    name: str
    phase: str
    question: str
    grain: str
    columns: tuple[Column, ...]
    kind: Literal["view", "table"]
    order: tuple[str, ...]
    not_for: str
    reads: frozenset[str]
    text: str
    function: Callable[..., Any] | None

    @property
    def sha256(self) -> str:
        """Hash of the file's text: names the version of the method."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@cache
def all_relations() -> Mapping[str, Relation]:
    """Every relation by name; raises `MalformedHeader` for one that does not say what it is."""
    found: dict[str, Relation] = {}
    root = Path(str(files("queries")))
    for phase in PHASES:
        for path in sorted((root / phase).glob("*")):
            if path.suffix == ".sql":
                relation = _sql_relation(phase, path)
            elif path.suffix == ".py" and not path.name.startswith("_"):
                relation = _python_relation(phase, path)
            else:
                continue
            if relation.name in found:
                raise MalformedHeader("the name is taken", relation=relation.name)
            found[relation.name] = relation
    return found


def in_order(tables: Iterable[str], wanted: Iterable[str] | None = None) -> list[Relation]:
    """Order relations so that each comes after what it reads; `tables` are what exists besides relations.

    `wanted` narrows to these relations and what they need. Raises `UnknownRelation` and `CircularRelations`.
    """
    relations = all_relations()
    known = set(tables)
    ordered: list[Relation] = []
    state: dict[str, str] = {}

    def visit(name: str, reader: str | None) -> None:
        if name in known or state.get(name) == "done":
            return
        if name not in relations:
            raise UnknownRelation(f"reads {name}, which nobody provides", relation=reader)
        if state.get(name) == "open":
            raise CircularRelations("depends on itself", relation=name)
        state[name] = "open"
        for needed in sorted(relations[name].reads):
            visit(needed, name)
        state[name] = "done"
        ordered.append(relations[name])

    for name in relations if wanted is None else wanted:
        visit(name, None)
    return ordered


def _sql_relation(phase: str, path: Path) -> Relation:
    text = path.read_text(encoding="utf-8")
    comments = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        comments.append(line[2:].removeprefix(" "))
    return _relation(phase, path.stem, text, comments, tables_read(text, path.stem), None)


def _python_relation(phase: str, path: Path) -> Relation:
    module = importlib.import_module(f"queries.{phase}.{path.stem}")
    function: Callable[..., Any] = module.relation
    reads = frozenset(inspect.signature(function).parameters)
    text = path.read_text(encoding="utf-8")
    return _relation(phase, path.stem, text, (module.__doc__ or "").splitlines(), reads, function)


def _relation(
    phase: str, name: str, text: str, header: list[str], reads: frozenset[str], function: Callable[..., Any] | None
) -> Relation:
    answers = _answers(header)
    missing = [key for key in _REQUIRED if not answers.get(key)]
    if missing:
        raise MalformedHeader(f"its header does not say {', '.join(missing)}", relation=name)
    kind = answers["as"]
    if kind not in {"view", "table"}:
        raise MalformedHeader("'as' is view or table", relation=name)
    return Relation(
        name=name,
        phase=phase,
        question=answers["question"],
        grain=answers["grain"],
        columns=_columns(answers["columns"]),
        kind="view" if kind == "view" else "table",
        order=tuple(part.strip() for part in answers.get("order", "").split(",") if part.strip()),
        not_for=answers["not for"],
        reads=reads,
        text=text,
        function=function,
    )


def _answers(header: list[str]) -> dict[str, str]:
    answers: dict[str, str] = {}
    key = ""
    for line in header:
        match = _HEADER_LINE.match(line)
        if match:
            key = match[1]
            answers[key] = match[2].strip()
        elif key and line.strip():
            answers[key] += " " + line.strip()
        elif not line.strip():
            key = ""
    return answers


def _columns(declared: str) -> tuple[Column, ...]:
    """Split `name (meaning), name, ...`; commas inside parentheses do not part columns."""
    parts: list[str] = []
    depth, begin = 0, 0
    for at, character in enumerate(declared):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(declared[begin:at])
            begin = at + 1
    parts.append(declared[begin:])
    columns = []
    for part in parts:
        name, _, meaning = part.strip().partition(" ")
        columns.append(Column(name, meaning.strip().removeprefix("(").removesuffix(")")))
    return tuple(column for column in columns if column.name)


@cache
def tables_read(text: str, name: str) -> frozenset[str]:
    """Name the tables an SQL text reads, its own CTEs left out."""
    statements = [statement for statement in sqlglot.parse(text, read="duckdb") if statement is not None]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise MalformedHeader("one SELECT is a relation, nothing else", relation=name)
    tree = statements[0]
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    return frozenset(table.name for table in tree.find_all(exp.Table) if table.name and table.name not in own)
