"""`forensics verify`: is everything as it was sealed?"""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands.options import case_argument, json_option, print_json, progress, quiet_option


@click.command("verify")
@case_argument
@json_option
@quiet_option
def command(case: Path, *, as_json: bool, quiet: bool) -> int:
    """Recompute every hash in CASE, follow the chain of custody, and check this tool against its installation.

    Names what changed, is missing or was added; ends with code 1 if anything did.
    """
    from forensics import selfcheck
    from forensics.terminal import put
    from forensics.verify import verify

    selfcheck.check_packages()
    with progress(quiet=quiet) as drawn:
        found = verify(case, drawn)
    if as_json:
        print_json(found.told())
    else:
        put(f"{each.problem}: {each.item}{f' ({each.detail})' if each.detail else ''}" for each in found.findings)
        put(f"note: {note}" for note in found.notes)
        put([f"content root {found.content_root}", f"custody head {found.custody_head}", f"tool: {found.tool}"])
        put([f"{found.files} files, {found.bytes} bytes: {'as sealed' if found.holds else 'NOT as sealed'}"])
    return 0 if found.holds else 1
