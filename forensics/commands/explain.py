"""`forensics explain`: an alert, and the agent sessions around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from forensics.commands.options import case_argument, json_option, opened, print_json

_FINDINGS = {
    "beyond chance": "lines up beyond chance",
    "same hours": "lines up, but whatever keeps the same hours might: moves by whole days do not tell it apart",
    "chance": "no more than chance",
}


@click.command("explain")
@case_argument
@click.argument("alert_ref")
@json_option
def command(case: Path, alert_ref: str, *, as_json: bool) -> None:
    """Tell which agent sessions had calls under way around ALERT_REF, and how likely that is by chance.

    ALERT_REF is an alert or a flow (others are only placed). Records like it are compared with each session's calls:
    the share inside [begin of a call, end + 30 s], against the same records moved in time.
    """
    from forensics.explaining import explain
    from forensics.refs import parse
    from forensics.terminal import put

    found = explain(opened(case), parse(alert_ref))
    if as_json:
        print_json(found)
    else:
        put(_lines(found))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['ref']} {found['path']} ({found['table']}): {found['at']}, {found['earliest']} to {found['latest']}"
    active = f"{found['sessions_active']} of {found['sessions_compared']} sessions"
    yield f"{active} had a call under way, or ended up to 30 s before"
    if found["alike"]:
        yield f"{found['records_alike']} {found['alike']}"
    for session in found["sessions"]:
        yield ""
        yield f"session {session['session']} ({session['agent'] or 'agent not named'}), {session['calls']} calls"
        for call in session["calls_around"]:
            began, ended = (call[key] / 1_000_000 for key in ("began_before_us", "ended_before_us"))
            yield f"  {call['ref']}: began {began:.3f} s before, ended {ended:.3f} s before"
        yield f"  {_chance(session['chance'])}"


def _chance(chance: dict[str, Any] | None) -> str:
    if chance is None:
        return "too few records alike to tell a coincidence"
    days = (
        f"p {chance['p_whole_days']} of {chance['whole_days']} moves by whole days"
        if chance["p_whole_days"] is not None
        else "no move by whole days is possible"
    )
    return (
        f"{_FINDINGS[chance['finding']]}: {chance['inside']} of {chance['records']} inside, share {chance['share']},"
        f" by chance {chance['expected_share']}, explained {chance['share_explained']};"
        f" p {chance['p']} (corrected for sessions), {days}"
    )
