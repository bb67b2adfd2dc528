"""Whose call ran what another brought is a witness; who obeyed another helped; who did it of its own will mined."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.demo.suite.catalogue import chosen, make
from forensics.demo.suite.world import write_case
from forensics.document.lint import lint
from forensics.intake import Options, ingest


@pytest.mark.parametrize(
    ("family", "top", "role"),
    [
        ("supply_chain", "supply_chain", "witness"),
        ("injected_obeyed", "intruder", "helped"),
        ("textbook", "agent", "mined"),
    ],
)
def test_what_a_session_was_in_it(family: str, top: str, role: str, tmp_path: Path) -> None:
    world = make(chosen([family])[0], 0)
    write_case(world, tmp_path)
    ingest(Case.create(tmp_path / "case", world.settings), [tmp_path / "evidence"], Options(workers=1))
    document = analyze(Case.open(tmp_path / "case"))
    (incident,) = document["incidents"]
    assert incident["attribution"][0]["hypothesis"] == top
    assert {agent["role"] for agent in incident["agents"]} == {role}
    assert lint(document) == []
    incident["agents"][0]["role"] = "mined"
    assert bool(lint(document)) == (role != "mined")
