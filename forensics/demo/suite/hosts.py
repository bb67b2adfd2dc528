"""What hosts keep of a story: shell histories of three kinds, and the kernel's audit log."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from forensics.demo.acts import SECOND, Exec, Host
from forensics.demo.files import Evidence
from forensics.demo.hosts import AuditLog, Subject
from forensics.demo.suite.deeds import Run, Session, Story, Turn
from forensics.demo.suite.sight import Sight

_FILES = {"bash": ".bash_history", "zsh": ".zsh_history", "fish": ".local/share/fish/fish_history"}
_AGENT_SHELL = 9_120


def history_path(host: Host, user: str, shell: str) -> str:
    """Where a history stands in the delivery."""
    home = "root" if user == "root" else f"home/{user}"
    return f"hosts/{host.name}/{home}/{_FILES[shell]}"


def write_histories(evidence: Evidence, story: Story, sight: Sight, shells: Callable[[str], str]) -> None:
    """Write what agents' and people's shells keep; `shells` says which shell an account uses."""
    clock = sight.clock("history")

    def add(host: Host, user: str, shell: str, at_us: int, command: str, act: str) -> None:
        if sight.sees("history", at_us):
            at = clock.read(at_us, story.begin_us) // SECOND
            text = _entry(shell, at if sight.history_times else None, command)
            evidence.add(history_path(host, user, shell), at_us, text, act)

    for session in story.sessions:
        if session.shell == "none":
            continue
        for turn in session.turns:
            if turn.kind == "call" and turn.tool == "shell" and turn.text:
                lines = turn.text.split("\n") if session.line_by_line and "<<" not in turn.text else [turn.text]
                for number, text in enumerate(lines):
                    at_us = turn.at_us + 400_000 + number * 10_000
                    add(session.host, session.host.user, session.shell, at_us, text, f"{turn.key}:typed")
    for line in story.typed:
        if line.kept:
            add(line.host, line.user, line.shell or shells(line.user), line.at_us, line.command, f"{line.key}:typed")


def _entry(shell: str, at: int | None, command: str) -> str:
    if shell == "fish":
        text = "- cmd: " + command.replace("\\", "\\\\").replace("\n", "\\n")
        return text if at is None else f"{text}\n  when: {at}"
    if shell == "zsh":
        text = command.replace("\\\n", "\\\\\n").replace("\n", "\\\n")
        return text if at is None else f": {at}:0;{text}"
    return command if at is None else f"#{at}\n{command}"


def write_audit(evidence: Evidence, story: Story, sight: Sight, draw: random.Random) -> None:
    """Write one audit log for each host on which anything ran."""
    clock = sight.clock("audit")
    logs: dict[str, AuditLog] = {}
    pids: dict[str, int] = defaultdict(lambda: 0)

    def run(host: Host, at_us: int, run: Run, key: str, subject: Subject, cwd: str) -> None:
        if not sight.sees("audit", at_us):
            return
        if host.name not in logs:
            logs[host.name] = AuditLog(evidence, host, draw)
        pids[host.name] += 1
        pid = run.pid or 61_000 + pids[host.name]
        execution = Exec(run.argv, run.after_us, run.sockets, pid)
        at = clock.read(at_us, story.begin_us)
        logs[host.name].run(at, execution, cwd, f"{key}:exec", subject, f"{key}:socket")

    for number, session in enumerate(story.sessions):
        for turn in session.turns:
            for each in _under_a_shell(session, turn, _AGENT_SHELL + number):
                subject = Subject(
                    parent=each.parent, login_uid=session.host.uid, session=41 + number,
                    executable=each.executable or _executable(each.argv[0], session.cwd),
                )  # fmt: skip
                run(session.host, turn.at_us + 600_000, each, turn.key, subject, session.cwd)
    for line in story.typed:
        home = "/root" if line.user == "root" else f"/home/{line.user}"
        for each in line.runs:
            program = each.executable or _executable(each.argv[0], home)
            subject = Subject(
                parent=each.parent or 2_200 + line.uid % 700, login_uid=line.login_uid, uid=line.uid,
                login=line.login or line.user, user=line.user, terminal="pts3", session=12, executable=program,
            )  # fmt: skip
            run(line.host, line.at_us, each, line.key, subject, home)
    for other in story.executions:
        login_uid = 4_294_967_295 if other.login_uid is None else other.login_uid
        subject = Subject(
            parent=other.run.parent or 1, login_uid=login_uid, uid=other.uid, login="unset", user=other.user,
            terminal="(none)", session=4_294_967_295 if other.login_uid is None else 7,
            executable=other.run.executable or _executable(other.run.argv[0], "/tmp"),  # noqa: S108 - a made path
        )  # fmt: skip
        run(other.host, other.at_us, other.run, other.key, subject, "/")


def _under_a_shell(session: Session, turn: Turn, shell: int) -> tuple[Run, ...]:
    """What a call runs, each with its parent: the session's one shell, or one that the harness starts for the call."""
    runs, wrapped = turn.runs, bool(session.wraps and turn.runs)
    if wrapped:
        own = 100_000 + int(turn.key[1:])
        runs = (Run((*session.wraps.split(), turn.text), 10_000, pid=own, parent=shell), *runs)
        shell = own
    return tuple(replace(run, parent=run.parent or shell) for run in runs)


def _executable(program: str, cwd: str) -> str:
    if program.startswith("/"):
        return program
    if "/" in program:
        return f"{cwd}/{program.removeprefix('./')}"
    return f"/usr/bin/{program}"
