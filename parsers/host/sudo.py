"""What sudo logs: `<user> : [<reason> ; ]TTY=.. ; PWD=.. ; USER=.. ; COMMAND=..`, long commands in several messages.

Source of the format: sudo lib/eventlog/eventlog.c (order of the fields, `(command continued)`), sudoers(5).

sudo joins the arguments with blanks: where one ended is not in the log. It pads the user to eight columns.
"""

from __future__ import annotations

import re
from dataclasses import replace

from parsers.host.said import Said

AMBIGUOUS_FIELDS = "ambiguous_fields"  # a value may hold what looks like a field: which is which is open
JOINED_PARTS = "command_joined_from_parts"  # sudo drops the blanks where it breaks a command
ESCAPED_CONTROLS = "control_characters_escaped"  # `#012` may stand for a newline, or for itself
BEGIN_MISSING = "begin_of_command_missing"

_MESSAGE = re.compile(r" *(\S.*?) : (.*)", re.DOTALL)
_CONTINUED = re.compile(r"\(command continued\) (.*)", re.DOTALL)
_KEYS = "HOST|TTY|PWD|CHROOT|USER|GROUP|TSID|ENV"
_FIELD = re.compile(rf"({_KEYS})=(.*?) ; (?=(?:{_KEYS}|COMMAND)=)", re.DOTALL)
_FIRST_FIELD = re.compile(rf"(?:(?!(?:{_KEYS}|COMMAND)=)(.*?) ; )?(?=(?:{_KEYS}|COMMAND)=)", re.DOTALL)
_COMMAND = "COMMAND="
_OCTAL = re.compile(r"#[0-3][0-7]{2}")
_DENIALS = re.compile(
    r"command not allowed|user NOT (?:in sudoers|authorized on host)|a password is required|"
    r"\d+ incorrect password attempts?|(?:sorry, )?a terminal is required.*|no tty present.*|"
    r"account validation failure.*"
)


def command_of(message: str) -> Said | None:
    """Read a message that names a command; None if it names none."""
    found = _MESSAGE.fullmatch(message)
    begin = _FIRST_FIELD.match(found[2]) if found else None
    if not found or not begin:
        return None
    fields: dict[str, str] = {}
    notes = []
    at = begin.end()
    while field := _FIELD.match(found[2], at):
        if field[1] in fields or " ; " in field[2]:
            notes.append(AMBIGUOUS_FIELDS)
        fields.setdefault(field[1], field[2])
        at = field.end()
    if not found[2].startswith(_COMMAND, at):
        return None
    command = found[2][at + len(_COMMAND) :]
    reason = begin[1]
    values = {
        "kind": "sudo",
        "user_name": found[1],
        "tty": fields.get("TTY"),
        "command": command,
        "argv_basis": "joined",
        "cwd": fields.get("PWD"),
        "succeeded": True if reason is None else False if _DENIALS.fullmatch(reason) else None,
    }
    extra = {
        "account": fields.get("USER"),
        "group": fields.get("GROUP"),
        "chroot": fields.get("CHROOT"),
        "env": fields.get("ENV"),
        "tsid": fields.get("TSID"),
        "host": fields.get("HOST"),
        "reason": reason,
    }
    if _OCTAL.search(command):
        notes.append(ESCAPED_CONTROLS)
    return Said("process", values, extra, tuple(notes))


def continued(message: str) -> tuple[str, str] | None:
    """Return the user and the text of a message that goes on with the command of an earlier one."""
    found = _MESSAGE.fullmatch(message)
    rest = _CONTINUED.fullmatch(found[2]) if found else None
    return (found[1], rest[1]) if found and rest else None


def joined(begun: Said, text: str) -> Said:
    """Add to a command what a further message says of it."""
    command = f"{begun.values['command']} {text}"
    notes = tuple(dict.fromkeys((*begun.notes, JOINED_PARTS)))
    return replace(begun, values={**begun.values, "command": command}, notes=notes)


def alone(user: str, text: str) -> Said:
    """Make a row of the end of a command whose begin is not in the log."""
    return Said("process", {"kind": "sudo", "user_name": user}, {"fragment": text}, (BEGIN_MISSING,))
