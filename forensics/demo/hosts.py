"""What hosts record: shell histories and the kernel's audit log."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from forensics.demo.acts import SECOND, Exec, Host, Typed
from forensics.demo.files import Evidence

_ARCH = "c000003e"
_EXECVE, _CONNECT = 59, 42


@dataclass(frozen=True, slots=True)
class Subject:
    """Who runs a program: parent process, login and effective account, terminal, and the file that is executed."""

    parent: int = 9_120
    login_uid: int | None = None  # None: the host's account
    uid: int | None = None
    login: str | None = None
    user: str | None = None
    terminal: str = "pts1"
    session: int = 41
    executable: str | None = None  # None: /usr/bin/ and the program's name


_SELF = Subject()


class AuditLog:
    """Writes enriched audit events of one host; serials count up in order of writing."""

    def __init__(self, evidence: Evidence, host: Host, draw: random.Random) -> None:
        self._evidence = evidence
        self._host = host
        self._draw = draw
        self.path = f"hosts/{host.name}/audit.log"

    def run(
        self,
        at_us: int,
        execution: Exec,
        cwd: str,
        act: str | Sequence[str] | None,
        subject: Subject = _SELF,
        socket_act: str | Sequence[str] | None = None,
    ) -> None:
        """Record an execution and the connections of its process; `socket_act` is what these tell of, if not `act`."""
        pid = execution.pid or self._draw.randrange(20_000, 60_000)
        program = execution.argv[0].rsplit("/", 1)[-1]
        begun = at_us + execution.after_us
        self._event(begun, self._exec_lines(execution, pid, program, cwd, subject), act)
        for number, (address, port) in enumerate(execution.connects):
            saddr = _sockaddr(address, port)
            lines = [
                ("SYSCALL", self._syscall(_CONNECT, pid, program, "agent-net", subject)),
                ("SOCKADDR", f"saddr={saddr}\x1dSADDR={{ saddr_fam=inet laddr={address} lport={port} }}"),
                ("PROCTITLE", f"proctitle={_hex_words(execution.argv)}"),
            ]
            self._event(begun + 20_000 * (number + 1), lines, act if socket_act is None else socket_act)

    def _exec_lines(self, execution: Exec, pid: int, program: str, cwd: str, subject: Subject) -> list[tuple[str, str]]:
        arguments = " ".join(f"a{number}={_quoted(word)}" for number, word in enumerate(execution.argv))
        path = execution.argv[0] if "/" in execution.argv[0] else f"/usr/bin/{program}"
        return [
            ("SYSCALL", self._syscall(_EXECVE, pid, program, "agent-exec", subject)),
            ("EXECVE", f"argc={len(execution.argv)} {arguments}"),
            ("CWD", f"cwd={_quoted(cwd)}"),
            ("PATH", f"item=0 name={_quoted(path)} inode={260_000 + len(program)} mode=0100755 nametype=NORMAL"),
            ("PROCTITLE", f"proctitle={_hex_words(execution.argv)[:256]}"),
        ]

    def _syscall(self, number: int, pid: int, program: str, key: str, subject: Subject) -> str:
        host = self._host
        name = "execve" if number == _EXECVE else "connect"
        uid = host.uid if subject.uid is None else subject.uid
        login_uid = uid if subject.login_uid is None else subject.login_uid
        user = subject.user or host.user
        executable = subject.executable or f"/usr/bin/{program}"
        return (
            f"arch={_ARCH} syscall={number} success=yes exit=0 a0=55f0 a1=55f1 a2=10 a3=8 items=1"
            f" ppid={subject.parent} pid={pid}"
            f" auid={login_uid} uid={uid} gid={uid} euid={uid} suid={uid} fsuid={uid}"
            f" egid={uid} sgid={uid} fsgid={uid} tty={subject.terminal} ses={subject.session}"
            f" comm={_quoted(program[:15])}"
            f' exe="{executable}" key="{key}"\x1dARCH=x86_64 SYSCALL={name}'
            f' AUID="{subject.login or user}" UID="{user}"'
        )

    def _event(self, at_us: int, lines: list[tuple[str, str]], act: str | Sequence[str] | None) -> None:
        # the serial is a function of time, so that events added in any order come out counting up
        stamp = f"msg=audit({at_us // SECOND}.{at_us % SECOND // 1000:03d}:{at_us // 1000 % 100_000_000})"
        self._evidence.add(self.path, at_us, "\n".join(f"type={kind} {stamp}: {text}" for kind, text in lines), act)


def history(evidence: Evidence, path: str, lines: list[Typed]) -> None:
    """Write a bash history with times."""
    for line in lines:
        evidence.add(path, line.at_us, f"#{line.at_us // SECOND}\n{line.command}", line.act)


def _quoted(word: str) -> str:
    data = word.encode()
    if all(0x21 <= byte <= 0x7E for byte in data) and b'"' not in data:
        return f'"{word}"'
    return data.hex().upper()


def _hex_words(argv: tuple[str, ...]) -> str:
    return b"\x00".join(word.encode() for word in argv).hex().upper()


def _sockaddr(address: str, port: int) -> str:
    octets = bytes(int(part) for part in address.split("."))
    return (b"\x02\x00" + port.to_bytes(2, "big") + octets + bytes(8)).hex().upper()
