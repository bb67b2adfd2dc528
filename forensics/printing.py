"""The report on paper: its HTML printed to PDF by a Chromium that is installed, offline.

The PDF is a copy for people. It is no part of the case: another Chromium lays pages out otherwise, so its bytes are
the same only for one version.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from forensics.durable import replace_bytes, storing
from forensics.errors import UsageFault

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_S = 600
# no page of ours asks for anything, and its policy lets no script but ours run; a browser asks of its own accord
_OFFLINE = (
    "--headless",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pdf-header-footer",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
_PRINTED_AT = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)[0-9]{14}")
_NO_DATE = rb"\g<1>19700101000000"


def browser() -> str:
    """Find a Chromium; raises `UsageFault` where none is installed."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise UsageFault(
            "no Chromium is installed to print with",
            hint=f"install one ({', '.join(BROWSERS)}), or print the HTML from any browser",
        )
    return found


def print_file(page: Path, target: Path, program: str) -> None:
    """Print the HTML file `page` to the PDF file `target`."""
    made = printed(page.read_bytes(), program)
    with storing(target):
        replace_bytes(target, made)


def printed(page: bytes, program: str) -> bytes:
    """Print an HTML page with the browser `program`; raises `UsageFault` if it does not come to an end."""
    with tempfile.TemporaryDirectory(prefix="forensics-print-") as name:
        folder = Path(name)
        (folder / "report.html").write_bytes(page)
        # started by root, as in containers, Chromium refuses to work with its sandbox
        unboxed = ("--no-sandbox",) if os.geteuid() == 0 else ()
        command = [
            program,
            *_OFFLINE,
            *unboxed,
            f"--user-data-dir={folder / 'profile'}",
            f"--print-to-pdf={folder / 'report.pdf'}",
            (folder / "report.html").as_uri(),
        ]
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": name, "TZ": "UTC", "LANG": "C.UTF-8"}
        try:
            done = subprocess.run(  # noqa: S603 (the browser found on the path, our own arguments)
                command, env=environment, cwd=folder, capture_output=True, timeout=PATIENCE_S, check=False
            )
        except subprocess.TimeoutExpired as fault:
            raise UsageFault(f"{Path(program).name} did not finish printing in {PATIENCE_S} s") from fault
        made = folder / "report.pdf"
        if done.returncode != 0 or not made.is_file():
            raise UsageFault(
                f"{Path(program).name} printed nothing (exit code {done.returncode})",
                hint="print the HTML from any browser",
            )
        return _PRINTED_AT.sub(_NO_DATE, made.read_bytes())
