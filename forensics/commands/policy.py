"""`forensics policy`: what was allowed, as policies that every act of an agent is held against."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands.options import case_argument, opened


@click.group("policy")
def command() -> None:
    """What was allowed, as policies in Cedar that `analyze` holds every act of an agent against.

    CASE/policy.cedar (or the file that `policy` in case.toml names) permits and forbids; what it does neither of is
    left unspecified. A request is an Action (run, schedule, use, connect) on a Program or Host. context has program,
    arguments, writes, tool, signs, stages; of a connect host, own_network and, where known, address and port.
    @basis("intended") marks what was meant but written nowhere that the agent could read. Needs the extra `policy`.
    """


@command.command("draft")
@case_argument
def draft(case: Path) -> None:
    """Write CASE/policy.cedar to begin with: the task as the agent got it, what it did, nothing decided."""
    from forensics.drafting import draft_policy
    from forensics.terminal import put

    name = draft_policy(opened(case))
    put([f"{case}/{name} written; edit it, then: forensics analyze {case}"])
