"""What cron, the kernel, systemd and shells log of commands that ran and processes that ended.

Source of the format: cronie src/cron.c and Debian's cron do_command.c (`(user) CMD (command)`), busybox
miscutils/crond.c; Linux mm/oom_kill.c (`Killed process`); systemd src/core/service.c (`Main process exited`); bash
bashhist.c with SYSLOG_HISTORY (`HISTORY: PID=.. UID=..`).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from parsers.host.said import Said

OUT_OF_MEMORY = "killed_out_of_memory"
SHELL_TRUNCATED = "truncated_by_shell"

_CRON = re.compile(r" *\(([^()]*)\) (CMD|CMDEND) \((.*)\) *", re.DOTALL)
_BUSYBOX_CRON = re.compile(r"USER (\S+) pid +(\d{1,10}) cmd (.*)", re.DOTALL | re.ASCII)
_CRONTAB = re.compile(r" *\(([^()]*)\) (REPLACE|DELETE) \(([^()]*)\) *", re.DOTALL)
_SINCE_BOOT = re.compile(r"\[ *\d+\.\d{6}\] ?")
_KILLED = re.compile(
    r"(?:(.*?out of memory): )?Killed process (\d{1,10})(?: \((.{1,64}?)\))?,?( .*|)", re.IGNORECASE | re.ASCII
)
_KILLED_UID = re.compile(r"\bUID:(\d{1,10})\b", re.ASCII)
_KILLED_SIZES = re.compile(r"\b(total-vm|anon-rss|file-rss|shmem-rss):(\d{1,18})kB", re.ASCII)
_UNIT_ENDED = re.compile(r"(\S+): Main process exited, code=(exited|killed|dumped), status=(\d{1,10})/(\S+)", re.ASCII)
_SHELL = re.compile(r"HISTORY( \(TRUNCATED\))?: PID=(\d{1,10}) UID=(\d{1,10}) (.*)", re.DOTALL | re.ASCII)


def of_cron(message: str) -> Said | None:
    """Read a message of cron: a command begun or ended, a table of commands replaced."""
    if found := _CRON.fullmatch(message):
        user, verb, command = found.groups()
        kind = "exec" if verb == "CMD" else "exit"
        values = {"kind": kind, "user_name": user, "command": command, "argv_basis": "typed"}
        return Said("process", values, {"started_by": "cron"})
    if found := _BUSYBOX_CRON.fullmatch(message):
        values = {"kind": "exec", "user_name": found[1], "pid": int(found[2]), "command": found[3]}
        return Said("process", {**values, "argv_basis": "typed"}, {"started_by": "cron"})
    return of_crontab(message)


def of_crontab(message: str) -> Said | None:
    """Read a message of crontab(1): whose table was replaced or deleted, and by whom."""
    found = _CRONTAB.fullmatch(message)
    if not found:
        return None
    by, verb, owner = found.groups()
    return Said("artefact", {"kind": "schedule", "name": f"crontab {verb.lower()}", "value": owner}, {"by": by})


def of_kernel(message: str) -> Said | None:
    """Read a message of the kernel: a process killed because memory ran out."""
    begin = _SINCE_BOOT.match(message)
    found = _KILLED.fullmatch(message, begin.end() if begin else 0)
    if not found:
        return None
    cause, pid, name, rest = found.groups()
    uid = _KILLED_UID.search(rest)
    sizes = {f"{key.replace('-', '_')}_kib": int(size) for key, size in _KILLED_SIZES.findall(rest)}
    values = {"kind": "exit", "pid": int(pid), "name": name, "uid": int(uid[1]) if uid else None}
    return Said("process", values, {"cause": cause, **sizes}, (OUT_OF_MEMORY,))


def of_systemd(message: str) -> Said | None:
    """Read a message of systemd: the main process of a unit ended."""
    found = _UNIT_ENDED.fullmatch(message)
    if not found:
        return None
    unit, how, status, name = found.groups()
    code = int(status) if how == "exited" else None
    # the process that wrote this is systemd itself
    values = {"kind": "exit", "pid": None, "exit_code": code}
    return Said("process", values, {"unit": unit, "ended": how, "status": f"{status}/{name}"})


def of_shell(message: str) -> Said | None:
    """Read what a shell built with SYSLOG_HISTORY logs of each command typed."""
    found = _SHELL.fullmatch(message)
    if not found:
        return None
    cut, pid, uid, command = found.groups()
    values = {"kind": "history", "pid": int(pid), "uid": int(uid), "command": command, "argv_basis": "typed"}
    return Said("process", {**values, "shell": "bash"}, notes=(SHELL_TRUNCATED,) if cut else ())


READERS: dict[str, Callable[[str], Said | None]] = {
    **dict.fromkeys(("cron", "crond", "/usr/sbin/cron", "/usr/sbin/crond", "anacron"), of_cron),
    "crontab": of_crontab,
    "kernel": of_kernel,
    "systemd": of_systemd,
    **dict.fromkeys(("bash", "-bash"), of_shell),
}
