"""The page on conformance counts what it says it counts."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from parsers.formats import all_parsers

spec = importlib.util.spec_from_file_location("conformance", Path(__file__).parent / "conformance.py")
conformance = importlib.util.module_from_spec(spec)
sys.modules["conformance"] = conformance
spec.loader.exec_module(conformance)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("evidence")
    (folder / "a").mkdir()
    (folder / "a/.zsh_history").write_text(": 1772500000:0;ls\n: 1772500001:0;id\n")
    (folder / "a/.bash_history").write_text("ls\nid\n")
    (folder / "a/notes.md").write_text("# Notes\n")
    (folder / "a/nothing").write_text("")
    return conformance.measure(folder, tmp_path_factory.mktemp("scratch"))


def test_what_content_tells_is_counted_apart_from_what_a_name_tells(measured) -> None:
    tallies, _ = measured
    assert tallies.keys() == all_parsers().keys()
    assert (tallies["zsh_history"].files, tallies["zsh_history"].records, tallies["zsh_history"].by_name) == (1, 2, 0)
    assert (tallies["bash_history"].files, tallies["bash_history"].by_name) == (0, 1)


def test_what_is_not_read_is_listed(measured) -> None:
    _, unread = measured
    assert [(each.folder, each.why) for each in unread] == [("a", "not recognised: .md"), ("a", "empty: empty")]


def test_the_page_tells_all_of_it(measured) -> None:
    tallies, unread = measured
    tallies["zsh_history"].met, tallies["zsh_history"].not_met = 3, ["test_x: assert 1 == 2"]
    page = conformance.document(tallies, conformance.Tally(met=4), unread)
    assert "| `zsh_history` | 1 |  | 2 |  | 3 | 1 |" in page
    assert "- `zsh_history`: test_x: assert 1 == 2" in page
    assert "3 expectations of single formats are met, and 4 of what formats share" in page
    assert "| a | 1 | not recognised: .md |" in page
