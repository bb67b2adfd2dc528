"""`forensics annotate`: what an investigator says of a record."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.commands.options import case_argument, opened


@click.command("annotate")
@case_argument
@click.argument("ref")
@click.option("--dispute", is_flag=True, help="Mark the record as disputed wherever it is cited; --note says why.")
@click.option("--exclude", is_flag=True, help="Let the record open and show nothing; --note says why.")
@click.option("--note", help="What is to be said; alone, a note on the record.")
@click.option("--confirm-zone", "zone", metavar="ZONE", help="Printed times of the record's source are in this zone.")
@click.option("--withdraw", is_flag=True, help="Take back what was said of the record.")
def command(
    case: Path, ref: str, *, dispute: bool, exclude: bool, note: str | None, zone: str | None, withdraw: bool
) -> None:
    """Say something of the record REF: an act of custody that the next `analyze` respects.

    Evidence stays as it was sealed, and `show` prints the record all the same. The document and the report list what
    was said.
    """
    from forensics import annotating
    from forensics.refs import parse
    from forensics.terminal import put

    asked = [
        name
        for name, given in (("dispute", dispute), ("exclude", exclude), ("zone", zone), ("withdraw", withdraw))
        if given
    ]
    if len(asked) > 1 or not (asked or note):
        raise click.UsageError("say one of --dispute, --exclude, --confirm-zone, --withdraw, or --note alone")
    kind = asked[0] if asked else "note"
    if kind in {"dispute", "exclude"} and not note:
        raise click.UsageError(f"--{kind} wants a reason: --note TEXT")
    if kind == "withdraw":
        told = f"{annotating.withdraw(opened(case), parse(ref), note)} annotations taken back"
    else:
        told = f"annotation {annotating.annotate(opened(case), parse(ref), kind, note, zone)}: {kind} {ref}"
    put([f"{told}; next: forensics analyze {case}"])
