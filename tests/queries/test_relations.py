"""Every relation on small cases: rows in, rows out.

A case is a folder `tests/data/queries/<relation>/<case>/` with `in/<table>.csv` and `out.csv`. `out.csv` names the
columns that the case is about; their rows must be exactly those. See tests/data/queries/README.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from queries.catalogue import all_relations

DATA = Path(__file__).parent.parent / "data/queries"
CASES = sorted(path.parent for path in DATA.glob("*/*/out.csv"))

# What a case expects is right, what the relation says today is not. This list only shrinks.
DEFECTS: dict[str, str] = {
    "act_member/a_pid_used_again_the_same_day": "a number used again is taken for an exec in place",
    "act_member/sockets_of_a_run_of_another_call": "sockets go to the earlier of two calls that hold the process",
    "alert_event/words_that_only_look_alike": "words are not bounded",
    "call_run/a_run_between_two_calls": "a later call that is nearer wins over the one that came before",
    "chain_link/paid_for_other_work": "any share is tied to any payment",
    "chain_link/stopped_before_anybody_noticed": "the first notice and the first stop are tied without comparing times",
    "channel/used_more_than_once": "the first use is the first by name and not in time",
    "coin_event/transfer_to_the_account_itself": "every transfer is taken to go out",
    "entity/other_commands_of_the_line": "options of any command of the line name the miner's log",
    "file_written/the_pool_is_another_commands": "what another part of the line names is taken to be written",
    "limit_hit/a_filter_behind_the_program_that_failed": "a reader anywhere in the line hides what a program answered",
    "mining_event/host_and_port_of_one_endpoint": "host and port are the smallest of the line, each for itself",
    "search_act/words_that_only_look_alike": "words are not bounded",
    "tunnel_endpoint/without_a_user": "a far host without a user is not seen",
    "word_event/told_not_to_stop": "a negation is not heard",
}


def _name(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def _cases() -> list[object]:
    return [
        pytest.param(
            case,
            id=_name(case),
            marks=[pytest.mark.xfail(reason=DEFECTS[_name(case)], strict=True)] if _name(case) in DEFECTS else [],
        )
        for case in CASES
    ]


@pytest.mark.parametrize("case", _cases())
def test_rows_in_rows_out(case: Path, run_relation: Callable, typed_rows: Callable, read_rows: Callable) -> None:
    relation = case.parent.name
    columns, rows = read_rows(case / "out.csv")
    inputs = {path.stem: read_rows(path)[1] for path in sorted((case / "in").glob("*.csv"))}
    assert run_relation(relation, columns, **inputs) == typed_rows(relation, columns, rows)


def test_every_relation_has_a_case() -> None:
    assert {case.parent.name for case in CASES} == set(all_relations())


def test_every_case_has_input_and_says_why() -> None:
    for case in CASES:
        tables = sorted((case / "in").glob("*.csv"))
        assert tables, case
        assert {path.name for path in case.iterdir()} == {"in", "out.csv"}, case


def test_known_defects_are_cases() -> None:
    assert set(DEFECTS) <= {_name(case) for case in CASES}
