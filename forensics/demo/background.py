"""The benign world around: traffic of an office and a cluster, people at shells, other agents at honest work."""

from __future__ import annotations

import random

from forensics.demo.acts import DAY, HOUR, MINUTE, SECOND, Exec, Host, Step, Typed
from forensics.demo.files import Evidence
from forensics.demo.hosts import AuditLog, history
from forensics.demo.network import Flow, Sensor
from forensics.demo.scenario import BEGIN_US, DAYS
from forensics.demo.transcripts import Session

_SITES = (
    ("packages.example", "198.51.100.10"), ("git.corp.example", "10.20.0.30"), ("mail.corp.example", "10.20.0.31"),
    ("api.models.example", "198.51.100.44"), ("telemetry.example", "198.51.100.45"), ("docs.example", "198.51.100.46"),
    ("cdn.example", "198.51.100.47"), ("news.example", "198.51.100.48"), ("registry.example", "198.51.100.49"),
    ("time.example", "198.51.100.50"), ("cloudstorage.example", "198.51.100.51"), ("chat.example", "198.51.100.52"),
)  # fmt: skip
_CLIENTS = tuple(f"10.20.{net}.{host}" for net in (3, 5, 7) for host in range(11, 31))
_LINES = (
    "ls -la", "git status", "git pull --rebase", "make test", "vim notes.md", "df -h", "kubectl get pods", "htop",
    "python3 -m pytest -q", "tail -n 50 /var/log/syslog", "ssh build-02 uptime", "du -sh *", "grep -rn TODO src",
    "docker ps", "cat README.md", "journalctl -u train -n 20", "cd ~/src/ranker", "git log --oneline | head",
    "nvidia-smi", "ps aux | head", "curl -s https://docs.example/health", "tar czf backup.tgz src", "exit",
)  # fmt: skip
FLOWS = 205_000
COMMANDS_EACH = 420
_PEOPLE = (("gpu-03", "mira"), ("gpu-04", "jonas"), ("build-02", "ada"), ("gpu-09", "lin"), ("login-01", "petra"))
_TASKS = (
    ("Add a retry to the loader and make the tests pass.", "python3 -m pytest -q", "12 passed in 3.41s"),
    ("Find out why the nightly report is empty.", "grep -n 'select' jobs/report.sql | head", "14: select day"),
    ("Write the changelog for release 2.3.", "git log --oneline v2.2..HEAD | wc -l", "41"),
    ("Our scanner flagged a rule about coin miners; check that the rule file parses. Run nothing that it names.",
     "grep -rn 'xmrig' rules/ | head -3", "rules/miners.yml:4: - xmrig"),
    ("Estimate how many GPU hours the next sweep needs.", "python3 plan.py --sweep b", "estimate: 31 GPU-hours"),
    ("Upgrade the linter and fix what it finds.", "ruff check . | tail -1", "Found 0 errors."),
)  # fmt: skip


def traffic(sensor: Sensor, draw: random.Random, flows: int) -> None:
    """`flows` connections over three days, denser by day, with long-lived and beacon-like ones."""
    for number in range(flows):
        at = BEGIN_US + _busy_moment(draw)
        client = draw.choice(_CLIENTS)
        name, address = draw.choice(_SITES)
        if number % 9 == 0:
            sensor.lookup(at, client, name, address)
            continue
        sent, received = draw.randrange(200, 4_000), draw.randrange(300, 90_000)
        tls = number % 3 > 0
        flow = Flow(
            at, client, draw.randrange(32_768, 60_999), address, 443 if tls else 80,
            draw.randrange(20_000, 9 * SECOND), (sent, 4 + sent // 900), (received, 4 + received // 1_200),
            "ssl" if tls else "http",
        )  # fmt: skip
        uid = sensor.connection(flow)
        if tls and number % 15 == 1:
            sensor.handshake(flow, uid, name)
    _long_lived(sensor, draw)


def _long_lived(sensor: Sensor, draw: random.Random) -> None:
    """Honest look-alikes: a metrics stream to port 3333, a database session, long shells of people."""
    for day in range(DAYS):
        begin = BEGIN_US + day * DAY + draw.randrange(HOUR)
        for client, server, port, service in (
            ("10.20.7.17", "10.20.0.80", 3333, "-"),
            ("10.20.7.17", "10.20.0.80", 5432, "postgresql"),
            ("10.20.5.14", "10.20.7.13", 22, "ssh"),
        ):
            flow = Flow(
                begin, client, draw.randrange(32_768, 60_999), server, port, draw.randrange(5, 20) * HOUR,
                (draw.randrange(90_000, 400_000), 5_000), (draw.randrange(90_000, 900_000), 6_000), service,
            )  # fmt: skip
            sensor.connection(flow)


def _busy_moment(draw: random.Random) -> int:
    hour = draw.choices(range(24), weights=(1,) * 7 + (6,) * 12 + (2,) * 5)[0]
    return draw.randrange(DAYS) * DAY + hour * HOUR + draw.randrange(HOUR)


def people(evidence: Evidence, draw: random.Random) -> None:
    """Shell histories and audit logs of people at ordinary work."""
    for number, (host_name, user) in enumerate(_PEOPLE):
        host = Host(host_name, f"10.20.7.{13 + number}", user, 1_100 + number)
        log = AuditLog(evidence, host, draw)
        lines = []
        for _ in range(COMMANDS_EACH):
            command = draw.choice(_LINES)
            at = (BEGIN_US + _busy_moment(draw)) // SECOND * SECOND
            lines.append(Typed(at, command))
            if "|" not in command and not command.startswith(("cd", "exit")):
                log.run(at, Exec(tuple(command.split())), f"/home/{user}", None)
        history(evidence, f"hosts/{host_name}/home/{user}/.bash_history", sorted(lines, key=lambda line: line.at_us))


def other_agents(evidence: Evidence, draw: random.Random) -> None:
    """Innocent sessions: one of them handles a rule file about miners, one meets a rate limit and waits."""
    for number, (task, command, answer) in enumerate(_TASKS * 2):
        at = BEGIN_US + (number % DAYS) * DAY + 8 * HOUR + draw.randrange(8 * HOUR)
        session = Session(evidence, draw, "/home/svc-agent/other")
        session.record(Step(at, human=task))
        for turn in range(draw.randrange(20, 45)):
            at += draw.randrange(20, 200) * SECOND
            if turn == 2:
                session.record(Step(at, think="Look before changing anything."))
            limited = number == 4 and turn == 5
            session.record(
                Step(
                    at,
                    command="curl -s https://api.models.example/v1/embed" if limited else command,
                    output='{"error":{"type":"rate_limit_exceeded"}}' if limited else answer,
                    is_error=limited,
                )
            )
        session.record(Step(at + MINUTE, say="Done; the result is above."))
