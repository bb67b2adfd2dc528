"""What hosts log of a story beside the audit log: logins, sudo, cron; as syslog of two ages or as systemd's journal."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

from forensics.demo.acts import HOUR, SECOND, Host
from forensics.demo.files import Evidence
from forensics.demo.suite.deeds import Run, Story
from forensics.demo.suite.sight import Sight

_PATIENCE_US = 3 * HOUR  # who types nothing for longer has logged out
_HOURS_OF_CRON = 30


class _Said(NamedTuple):
    """One message: when, by which program, its process id, the words, and what it tells of."""

    at_us: int
    program: str
    pid: int
    text: str
    mark: str | None = None


def write_logs(evidence: Evidence, story: Story, sight: Sight, draw: random.Random) -> None:
    """Write the log of each host on which anybody typed or an agent worked, each in a style of its own."""
    clock = sight.clock("platform")
    for host, said in sorted(_by_host(story, draw).items(), key=lambda item: item[0].name):
        name, line = _STYLES[draw.choice(("dated", "dated", "old", "journal", "journal"))]
        path = f"hosts/{host.name}/{name}"
        for message in said:
            if sight.sees("platform", message.at_us):
                at = clock.read(message.at_us, story.begin_us)
                evidence.add(path, message.at_us, line(at, host, message), message.mark)


def _by_host(story: Story, draw: random.Random) -> Mapping[Host, list[_Said]]:
    found: dict[Host, list[_Said]] = defaultdict(list)
    typed: dict[tuple[Host, str], list[int]] = defaultdict(list)
    for session in story.sessions:
        for turn in session.turns:
            found[session.host] += _of_runs(turn.at_us, turn.runs, session.host.user, session.cwd, turn.key)
    for entry in story.typed:
        typed[entry.host, entry.login or entry.user].append(entry.at_us)
        home = "/root" if entry.user == "root" else f"/home/{entry.user}"
        found[entry.host] += _of_runs(entry.at_us, entry.runs, entry.user, home, entry.key)
    for (host, user), moments in typed.items():
        found[host] += _logins(sorted(moments), user, draw)
    for host, said in found.items():
        for hour in range(_HOURS_OF_CRON):
            said.append(_Said(story.begin_us + hour * HOUR + 1_000_000, "CRON", 4_000 + hour, _CRON))
        found[host] = said
    return found


_CRON = "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)"


def _of_runs(at_us: int, runs: tuple[Run, ...], user: str, cwd: str, key: str) -> Iterator[_Said]:
    for run in runs:
        at, words = at_us + 600_000 + run.after_us, run.argv
        if words[0] == "sudo" and len(words) > 1:
            program = words[1] if words[1].startswith("/") else f"/usr/bin/{words[1]}"
            command = " ".join((program, *words[2:]))
            text = f"{user:>8} : TTY=pts/1 ; PWD={cwd} ; USER=root ; COMMAND={command}"
            yield _Said(at, "sudo", run.pid, text, f"{key}:logged")
        elif words[0] == "crontab" and words[-1] == "-":
            yield _Said(at, "crontab", run.pid, f"({user}) REPLACE ({user})", f"{key}:logged")


def _logins(moments: list[int], user: str, draw: random.Random) -> Iterator[_Said]:
    """Whoever types has logged in before, and out again."""
    begin = last = moments[0]
    for at in (*moments[1:], moments[-1] + 2 * _PATIENCE_US):
        if at - last > _PATIENCE_US:
            pid, port = draw.randrange(2_000, 9_000), draw.randrange(40_000, 60_000)
            origin = f"192.0.2.{draw.randrange(60, 70)} port {port}"
            accepted = f"Accepted publickey for {user} from {origin} ssh2: ED25519 SHA256:made"
            yield _Said(begin - 4 * SECOND, "sshd", pid, accepted)
            opened = f"pam_unix(sshd:session): session opened for user {user}(uid=2000) by (uid=0)"
            yield _Said(begin - 4 * SECOND + 20_000, "sshd", pid, opened)
            yield _Said(last + 240 * SECOND, "sshd", pid, f"pam_unix(sshd:session): session closed for user {user}")
            begin = at
        last = at


def _tag(message: _Said) -> str:
    return message.program if message.program == "sudo" else f"{message.program}[{message.pid}]"


def _dated(at_us: int, host: Host, message: _Said) -> str:
    moment = datetime.fromtimestamp(at_us // SECOND, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_us % SECOND:06d}+00:00 {host.name} {_tag(message)}: {message.text}"


def _old(at_us: int, host: Host, message: _Said) -> str:
    moment = datetime.fromtimestamp(at_us // SECOND, UTC)
    return f"{moment:%b} {moment.day:>2} {moment:%H:%M:%S} {host.name} {_tag(message)}: {message.text}"


def _journal(at_us: int, host: Host, message: _Said) -> str:
    entry = {
        "__CURSOR": f"s=aa;i={at_us:x};b=0f", "__REALTIME_TIMESTAMP": str(at_us), "__MONOTONIC_TIMESTAMP": "9001",
        "_BOOT_ID": "0f0f0f0f", "_HOSTNAME": host.name, "_TRANSPORT": "syslog", "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": message.program, "_PID": str(message.pid), "MESSAGE": message.text,
    }  # fmt: skip
    return json.dumps(entry)


_Line = Callable[[int, Host, _Said], str]
_STYLES: Mapping[str, tuple[str, _Line]] = MappingProxyType({
    "dated": ("var/log/auth.log", _dated), "old": ("var/log/auth.log", _old), "journal": ("journal.json", _journal),
})  # fmt: skip
