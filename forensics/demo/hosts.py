"""What hosts record: shell histories and the kernel's audit log."""

from __future__ import annotations

import random

from forensics.demo.acts import SECOND, Exec, Host, Typed
from forensics.demo.files import Evidence

_ARCH = "c000003e"
_EXECVE, _CONNECT = 59, 42


class AuditLog:
    """Writes enriched audit events of one host; serials count up in order of writing."""

    def __init__(self, evidence: Evidence, host: Host, draw: random.Random) -> None:
        self._evidence = evidence
        self._host = host
        self._draw = draw
        self.path = f"hosts/{host.name}/audit.log"

    def run(self, at_us: int, execution: Exec, cwd: str, act: str | None) -> None:
        """Record an execution and the connections of its process."""
        pid = execution.pid or self._draw.randrange(20_000, 60_000)
        program = execution.argv[0].rsplit("/", 1)[-1]
        begun = at_us + execution.after_us
        self._event(begun, self._exec_lines(execution, pid, program, cwd), act)
        for number, (address, port) in enumerate(execution.connects):
            saddr = _sockaddr(address, port)
            lines = [
                ("SYSCALL", self._syscall(_CONNECT, pid, program, "agent-net")),
                ("SOCKADDR", f"saddr={saddr}\x1dSADDR={{ saddr_fam=inet laddr={address} lport={port} }}"),
                ("PROCTITLE", f"proctitle={_hex_words(execution.argv)}"),
            ]
            self._event(begun + 20_000 * (number + 1), lines, act)

    def _exec_lines(self, execution: Exec, pid: int, program: str, cwd: str) -> list[tuple[str, str]]:
        arguments = " ".join(f"a{number}={_quoted(word)}" for number, word in enumerate(execution.argv))
        path = execution.argv[0] if "/" in execution.argv[0] else f"/usr/bin/{program}"
        return [
            ("SYSCALL", self._syscall(_EXECVE, pid, program, "agent-exec")),
            ("EXECVE", f"argc={len(execution.argv)} {arguments}"),
            ("CWD", f"cwd={_quoted(cwd)}"),
            ("PATH", f"item=0 name={_quoted(path)} inode={260_000 + len(program)} mode=0100755 nametype=NORMAL"),
            ("PROCTITLE", f"proctitle={_hex_words(execution.argv)[:256]}"),
        ]

    def _syscall(self, number: int, pid: int, program: str, key: str) -> str:
        host = self._host
        name = "execve" if number == _EXECVE else "connect"
        return (
            f"arch={_ARCH} syscall={number} success=yes exit=0 a0=55f0 a1=55f1 a2=10 a3=8 items=1 ppid=9120 pid={pid}"
            f" auid={host.uid} uid={host.uid} gid={host.uid} euid={host.uid} suid={host.uid} fsuid={host.uid}"
            f" egid={host.uid} sgid={host.uid} fsgid={host.uid} tty=pts1 ses=41 comm={_quoted(program[:15])}"
            f' exe="/usr/bin/{program}" key="{key}"\x1dARCH=x86_64 SYSCALL={name} AUID="{host.user}" UID="{host.user}"'
        )

    def _event(self, at_us: int, lines: list[tuple[str, str]], act: str | None) -> None:
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
