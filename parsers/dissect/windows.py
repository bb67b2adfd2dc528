"""Commands of Windows: the text that PowerShell or the command prompt is handed, and what their starters start.

Grammar from about_Parsing, about_Pwsh and the pages of Start-Process, schtasks and cmd. Both languages write simple
commands, pipes and sequences as a shell does, so their texts are read as shell texts once the signs that differ are
written as the shell has them; what is not a simple command there becomes a part with the note `parse_error`, as
anywhere. Names of commands and parameters know no case.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from parsers.dissect.words import Word

_COMMAND = re.compile(r"-c(o(m(m(a(nd?)?)?)?)?)?", re.IGNORECASE)
_ENCODED = re.compile(r"-(e|ec|en(c(o(d(e(d(c(o(m(m(a(nd?)?)?)?)?)?)?)?)?)?)?)?)", re.IGNORECASE)
_VALUED = re.compile(
    r"-(executionpolicy|ep|ex|windowstyle|w|version|psconsolefile|configurationname|outputformat|inputformat"
    r"|workingdirectory|wd|settingsfile|custompipename)",
    re.IGNORECASE,
)
_CONTINUED = re.compile(r"`\r?\n")
_ESCAPED = re.compile(r"`(.)", re.DOTALL)
_CALLED = re.compile(r"(^|[;|({\n])(\s*)&(?=\s*[\"'$\w.])")
_ARRAY = re.compile(r"@\(([^()]*)\)")
_COMMA = re.compile(r"""(["'])\s*,\s*(["'])""")
_STARTED = (
    "filepath",
    "argumentlist",
    "workingdirectory",
    "windowstyle",
    "verb",
    "credential",
    "redirectstandardoutput",
    "redirectstandarderror",
    "redirectstandardinput",
)
_ONE_PROGRAMS_LETTER = 2  # shorter ones are more likely the started program's own
_BETWEEN = re.compile(r"[\s,]+")


def as_shell(text: str) -> str:
    """Write a text of PowerShell as a shell would have it: paths with slashes, `&` before a path left out."""
    text = _CONTINUED.sub(" ", text)
    text = _ESCAPED.sub(lambda found: "\\" + found[1] if found[1] in "\"'" else found[1], text.replace("\\", "/"))
    text = _CALLED.sub(r"\1\2 ", text)
    return _COMMA.sub(r"\1,\2", _ARRAY.sub(r"\1", text))


def powershell(words: list[Word]) -> Word | None:
    """Return the text that PowerShell runs: what follows -Command or stands bare, or what -EncodedCommand holds."""
    at = 1
    while at < len(words):
        word = words[at].text
        if _ENCODED.fullmatch(word) and at + 1 < len(words):
            return _decoded(words[at + 1])
        if _COMMAND.fullmatch(word):
            return _text(words[at + 1 :])
        if not word.startswith("-"):
            return None if word.lower().endswith(".ps1") else _text(words[at:])
        at += 2 if _VALUED.fullmatch(word) else 1
    return None


def prompt(words: list[Word]) -> Word | None:
    """Return the text that the command prompt runs (`cmd /c text`)."""
    for at, word in enumerate(words[1:], 1):
        if word.text[:2].lower() in {"/c", "/k"}:
            rest = words[at + 1 :]
            if len(word.text) > 2:  # the text may follow the letter at once
                rest = [word._replace(text=word.text[2:], inner=None), *rest]
            return _text(rest)
    return None


def started(words: list[Word]) -> list[Word]:
    """Return program and arguments that Start-Process (or `start` of the command prompt) starts."""
    named: dict[str, Word] = {}
    free: list[Word] = []
    at = 1
    while at < len(words):
        word = words[at].text
        option = _parameter(word)
        if option is not None and at + 1 < len(words):
            named[option] = words[at + 1]
            at += 1
        elif free or not (word.startswith("-") or re.fullmatch(r"/[a-zA-Z]\w*", word)):
            free.append(words[at])  # what follows the program is the program's
        at += 1
    program = named.get("filepath") or (free.pop(0) if free else None)
    if program is None:
        return []
    arguments = [named["argumentlist"]] if "argumentlist" in named else free
    split = [
        word._replace(text=text.strip("'\""), inner=None)
        for word in arguments
        for text in _BETWEEN.split(word.text)
        if text.strip("'\"")
    ]
    return [program, *split]


def scheduled(words: list[Word]) -> Word | None:
    """Return the text that a task made by `schtasks /create` runs."""
    lower = [word.text.lower() for word in words]
    if "/create" not in lower or "/tr" not in lower[:-1]:
        return None
    return _text(words[lower.index("/tr") + 1 : lower.index("/tr") + 2])


def _parameter(word: str) -> str | None:
    told = word[1:].lower() if word.startswith("-") and len(word) > 1 else ""
    if told == "args":
        return "argumentlist"
    found = [name for name in _STARTED if len(told) > _ONE_PROGRAMS_LETTER and name.startswith(told)]
    return found[0] if found else None


def _text(words: list[Word]) -> Word | None:
    if not words:
        return None
    told = as_shell(" ".join(word.text for word in words))
    return words[0]._replace(text=told, end=words[-1].end, inner=None, literal=all(word.literal for word in words))


def _decoded(word: Word) -> Word | None:
    try:
        text = base64.b64decode(word.text, validate=True).decode("utf-16-le")
    except (binascii.Error, ValueError):
        return None
    return word._replace(text=as_shell(text), inner=None, note="decoded")


TEXTS: dict[str, tuple[str, Callable[[list[Word]], Word | None]]] = {
    "powershell": ("powershell", powershell),
    "pwsh": ("powershell", powershell),
    "cmd": ("cmd", prompt),
    "schtasks": ("cron", scheduled),
}
STARTERS = frozenset({"start-process", "saps", "start"})
