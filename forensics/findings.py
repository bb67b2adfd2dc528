"""Findings that a case keeps: results of relations, named after all that made them.

The key of a finding is a digest over the text of its relation, of every relation below it, and of the knowledge: one
that fits today's queries holds what they would find, since new evidence drops all findings.
"""

from __future__ import annotations

from pathlib import Path

from forensics.canonical import digest
from forensics.case import Case
from queries.catalogue import Relation, all_relations
from queries.knowledge import knowledge_hashes


def name_of(relation: Relation) -> str:
    """The name in the case of this relation's finding."""
    needed = {name: all_relations()[name].sha256 for name in _needs(relation)}
    key = digest({"relations": needed, "knowledge": dict(knowledge_hashes())})[:32]
    return f"findings/{relation.name}/{key}.parquet"


def kept(case: Case) -> dict[str, Path]:
    """The committed findings that fit today's queries, by relation; raises `CheckFailed` if one is not as sealed."""
    names = {relation.name: name_of(relation) for relation in all_relations().values() if relation.order}
    fitting = {relation: name for relation, name in names.items() if name in case.manifest.files}
    case.check(list(fitting.values()))
    return {relation: case.path(name) for relation, name in fitting.items()}


def _needs(relation: Relation) -> list[str]:
    found: set[str] = set()
    open_names = [relation.name]
    while open_names:
        name = open_names.pop()
        if name in found or name not in all_relations():
            continue
        found.add(name)
        open_names.extend(all_relations()[name].reads)
    return sorted(found)
