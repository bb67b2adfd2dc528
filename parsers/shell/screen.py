"""What stood on a terminal's screen when a line was entered, out of what the terminal was sent.

Source of the format: readline's bracketed paste, which marks where a line is edited (`ESC [ ? 2004 h` before the
prompt); ECMA-48 for the sequences that editing within a line sends.

Whatever a program prints may look like a prompt: rows made of this are noted `screen_reconstructed`.
"""

from __future__ import annotations

import re

SCREEN = "screen_reconstructed"

_EDITED = re.compile(r"(?:.*)\x1b\[\?2004h(.*)\r", re.DOTALL)
_PROMPT = re.compile(r"[^\n]{0,200}?[$#%>❯] ")
_CONTROL = re.compile(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[([0-9;?]*)([ -/]*[@-~])|\x1b[@-Z\\^_]|[\x00-\x1f\x7f]")


def entered(line: str) -> str | None:
    """Return what was entered at a line's prompt, None if nothing was; the line comes with its carriage return."""
    edited = _EDITED.fullmatch(line)
    if not edited:
        return None
    shown = rendered(edited[1])
    prompt = _PROMPT.match(shown)
    if not prompt or shown.endswith("^C"):
        return None
    return shown[prompt.end() :] or None


def rendered(text: str) -> str:
    """Return what a terminal shows of one line: carriage returns, backspaces, and the sequences that editing sends."""
    cells: list[str] = []
    at = last = 0
    for control in _CONTROL.finditer(text):
        at = _written(cells, at, text[last : control.start()])
        at = _moved(cells, at, control)
        last = control.end()
    _written(cells, at, text[last:])
    return "".join(cells)


def _written(cells: list[str], at: int, text: str) -> int:
    cells.extend(" " * (at - len(cells)))
    cells[at : at + len(text)] = text
    return at + len(text)


def _moved(cells: list[str], at: int, control: re.Match[str]) -> int:
    """Apply one control: what readline uses to move, delete and insert within a line. Others change nothing."""
    if control[0] == "\r":
        return 0
    if control[0] == "\b":
        return max(at - 1, 0)
    count = int(control[1]) if control[1] and control[1].isdigit() and len(control[1]) < 5 else 1
    match control[2]:
        case "C":
            return at + count
        case "D":
            return max(at - count, 0)
        case "K" if not control[1] or control[1] == "0":
            del cells[at:]
        case "P":
            del cells[at : at + count]
        case "@":
            cells[at:at] = " " * count
    return at
