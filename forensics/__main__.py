"""`python -m forensics` puts the working folder before everything else: with evidence in it, evidence would run."""

from __future__ import annotations

import sys


def refuse_unsafe_path() -> None:
    """End the process where the interpreter looks for modules in the working folder."""
    if not sys.flags.safe_path:
        sys.stderr.write(
            "forensics: refusing to run with the working folder on the module path; run `forensics`, "
            "or `python -P -m forensics`\n"
        )
        sys.exit(2)


if __name__ == "__main__":
    refuse_unsafe_path()
    from forensics.cli import main

    main()
