"""Telling a story: agents act one turn after another, people type, machines connect, records accrue."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Literal

from forensics.demo.acts import HOUR, SECOND, Host
from forensics.demo.identities import hex_of, uuid_of
from forensics.demo.suite.cast import Cast, cast
from forensics.demo.suite.deeds import (
    NOTHING,
    Capture,
    Endpoint,
    Entry,
    Execution,
    Label,
    Leftover,
    Link,
    Run,
    Session,
    Story,
    Style,
    Turn,
    Typed,
    Wire,
)
from forensics.demo.suite.runs import runs_of
from forensics.demo.suite.tasks import TASKS, Task
from forensics.demo.suite.words import LIMITS, WORDS, pick
from forensics.demo.suite.words_held_out import HELD_OUT_LIMITS, HELD_OUT_WORDS

Shell = Literal["bash", "zsh", "fish", "none"]
_ALIKE: Mapping[Style, tuple[Style, ...]] = MappingProxyType({
    "claude": ("claude", "claude", "gemini", "atif"),
    "codex": ("codex", "codex", "openhands", "inspect"),
    "chat": ("chat", "mini", "otlp"),
})  # fmt: skip
_LANGUAGES = ("en", "en", "en", "de", "es", "zh")
_HELD_OUT_LANGUAGES = ("en", "en", "pt", "ja")


class Teller:
    """Collects one story. `apart` takes the wordings that are held out; `degree` has all told that plainly (0 to 2)."""

    def __init__(self, family: str, seed: int, *, apart: bool = False, degree: int | None = None) -> None:
        self.draw = random.Random(f"{family}/{seed}")
        self.cast: Cast = cast(self.draw)
        self._alike = random.Random(f"{family}/{seed}/styles")  # apart: a story is the same in every format
        self.story = Story(self.cast.begin_us)
        self.facts = self.story.facts
        self.apart = apart
        self.level = self.draw.randrange(3)
        self.degree = degree
        self.language = self.draw.choice(_HELD_OUT_LANGUAGES if apart else _LANGUAGES)
        self.start_us = self.cast.begin_us + self.draw.randrange(1, 9) * HOUR + self.draw.randrange(HOUR)
        self.worked: list[tuple[int, str]] = []  # shares so far: moment and key
        self._keys = 0
        self._pid = self.draw.randrange(20_000, 50_000)

    def key(self) -> str:
        """Name a new deed."""
        self._keys += 1
        return f"d{self._keys:03d}"

    def pids(self, count: int = 1) -> int:
        """Return the first of `count` fresh process ids."""
        first = self._pid + self.draw.randrange(1, 30)
        self._pid = first + count
        return first

    def words(self, purpose: str, level: int | None = None, language: str | None = None, **names: Any) -> str:
        """Draw a wording and put `names` into it."""
        bank = HELD_OUT_WORDS if self.apart else WORDS
        degree = next(each for each in (self.degree, level, self.level) if each is not None)
        text = pick(bank, purpose, self.draw, degree, language or self.language)
        return text.format(**names) if names else text

    def apart_words(self, purpose: str) -> str:
        """Draw a wording of a family that is held out, whatever the seed."""
        return pick(HELD_OUT_WORDS, purpose, self.draw, self.level, self.language)

    def limit(self, **names: Any) -> tuple[str, str, int]:
        """Draw a machine's refusal: command, answer, exit code."""
        command, answer, code = self.draw.choice(HELD_OUT_LIMITS if self.apart else LIMITS)
        return command.format(**names), answer.format(**names), code

    def agent(
        self,
        *,
        style: Style | None = None,
        host: Host | None = None,
        shell: Shell | None = None,
        task: Task | None = None,
        at_us: int | None = None,
        parent: Agent | None = None,
    ) -> Agent:
        """Begin an agent's session."""
        chosen = task or self.draw.choice(TASKS)
        styles: tuple[Style, ...] = ("claude", "claude", "codex", "chat")
        shells: tuple[Shell, ...] = ("bash", "bash", "zsh", "fish", "none")
        on = host or self.cast.host
        kept_as = self._alike.choice(_ALIKE[self.draw.choice(styles)]) if style is None else style
        kept_by: Shell = self.draw.choice(shells) if shell is None else shell
        session = Session(
            id=uuid_of(self.draw),
            style=kept_as,
            host=on,
            model=self.cast.model,
            cwd=f"/home/{on.user}/{chosen.folder}",
            shell=kept_by,
            parent=parent.session if parent else None,
        )
        if parent and session.style == "claude":
            session.agent_id = hex_of(self.draw, 7)
        self.story.sessions.append(session)
        return Agent(self, session, chosen, at_us or self.start_us)

    def typed(
        self,
        at_us: int,
        command: str,
        label: Label = NOTHING,
        *,
        host: Host | None = None,
        user: str | None = None,
        sockets: tuple[tuple[str, int], ...] = (),
        kept: bool = True,
        runs: tuple[Run, ...] | None = None,
        login: str = "",
        shell: Literal["", "bash", "zsh", "fish"] = "",
    ) -> str:
        """A person types a line; return its key. `login` is that person where `user` is the host's account."""
        key, who, on = self.key(), user or self.cast.person, host or self.cast.host
        uid = on.uid if login else self._uid_of(who)
        home = "/root" if who == "root" else f"/home/{who}"
        if runs is None:
            runs = runs_of(command, home, self.pids(4), sockets)
        own = self._uid_of(login or who)
        self.story.typed.append(Typed(key, at_us, on, who, uid, command, label, runs, kept, login, own, shell))
        return key

    def _uid_of(self, who: str) -> int:
        return 0 if who == "root" else self.cast.person_uid + sum(map(ord, who)) % 40

    def process(self, at_us: int, run: Run, label: Label, *, host: Host | None = None, uid: int = 33,
                user: str = "www-data", login_uid: int | None = None) -> str:  # fmt: skip
        """A process starts that nobody's shell explains; return its key."""
        key = self.key()
        pid = run.pid or self.pids()
        self.story.executions.append(
            Execution(key, at_us, host or self.cast.host, uid, user, replace(run, pid=pid), label, login_uid)
        )
        return key

    def wire(self, at_us: int, server: Endpoint, duration_us: int, label: Label = NOTHING, *, client: str | None = None,
             sent: tuple[int, int] | None = None, received: tuple[int, int] | None = None, service: str = "-",
             looked_up: bool = True, handshake: bool = False) -> str:  # fmt: skip
        """A connection is made; return its key."""
        key, packets = self.key(), max(4, duration_us // (25 * SECOND))
        out = sent or (packets * self.draw.randrange(60, 90), packets)
        back = received or (packets * self.draw.randrange(70, 130), packets)
        self.story.wires.append(
            Wire(key, at_us, client or self.cast.host.address, server, duration_us, out, back, service,
                 looked_up and server.name != server.address, handshake, label)
        )  # fmt: skip
        return key

    def entry(self, at_us: int, path: str, kind: str, values: Mapping[str, Any], label: Label = NOTHING) -> str:
        """A record is written; return its key."""
        key = self.key()
        self.story.entries.append(Entry(key, at_us, path, kind, values, label))
        return key

    def leftover(self, path: str, text: str, label: Label = NOTHING, at_us: int = 0) -> str:
        """A file is found; return its key."""
        key = self.key()
        self.story.leftovers.append(Leftover(key, path, text, label, at_us))
        return key

    def capture(self, at_us: int, server: Endpoint, wallet: str, client: str | None = None, minutes: int = 6) -> None:
        """The switch keeps a short capture of a stratum session."""
        taken = Capture(at_us, client or self.cast.host.address, server, wallet, minutes, Label(fair=("mining",)))
        self.story.captures.append(taken)

    def link(self, kind: str, origins: str | Sequence[str] | None, from_roles: str, targets: str | Sequence[str] | None,
             to_roles: str, *, required: bool = True) -> None:  # fmt: skip
        """Note that one deed belongs to another; any of several will do. Roles are words with blanks between.

        What is not `required` may be stated and need not be.
        """
        if origins and targets:
            ends = [(each,) if isinstance(each, str) else tuple(each) for each in (origins, targets)]
            roles = tuple(from_roles.split()), tuple(to_roles.split())
            self.story.links.append(Link(kind, ends[0], roles[0], ends[1], roles[1], required))

    def ran_far(self, call: str, process: str, *, required: bool = True) -> None:
        """Note that a call made a process run that is no child of its shell."""
        self.link("called_then_ran", call, "call", process, "exec entry", required=required)
        self.link("ran_then_ran", call, "exec typed", process, "exec entry", required=False)


class Agent:
    """One agent at work; `at_us` is its now."""

    def __init__(self, teller: Teller, session: Session, task: Task, at_us: int) -> None:
        self.teller = teller
        self.session = session
        self.task = task
        self.at_us = at_us

    @property
    def home(self) -> str:
        """The home of the account it works under."""
        return f"/home/{self.session.host.user}"

    def wait(self, shortest: float, longest: float | None = None) -> Agent:
        """Let seconds pass."""
        draw, most = self.teller.draw, longest if longest is not None else shortest * 1.5
        self.at_us += int(draw.uniform(shortest, most) * 1_000) * 1_000
        return self

    def prompt(self, text: str, label: Label = NOTHING) -> str:
        """Somebody tells the agent something."""
        return self._turn("prompt", text, label)

    def think(self, text: str, label: Label = NOTHING) -> str:
        """The agent thinks."""
        self.wait(2, 9)
        return self._turn("thought", text, label)

    def say(self, text: str, label: Label = NOTHING) -> str:
        """The agent speaks."""
        self.wait(2, 9)
        return self._turn("speech", text, label)

    def do(
        self,
        command: str,
        output: str = "",
        label: Label = NOTHING,
        *,
        sockets: tuple[tuple[str, int], ...] = (),
        runs: tuple[Run, ...] | None = None,
        exit_code: int = 0,
        seconds: float = 0,
    ) -> str:
        """The agent runs a shell command; `runs` where the command is more than simple ones."""
        self.wait(6, 40)
        teller = self.teller
        if runs is None:
            runs = runs_of(command, self.home, teller.pids(5), sockets)
        took = int(seconds * SECOND) or 300_000 + teller.draw.randrange(2_000_000)
        key = self._turn(
            "call",
            command,
            label,
            output=output,
            failed=exit_code != 0,
            exit_code=exit_code,
            runs=runs,
            answered_us=took,
        )
        self.at_us += took
        return key

    def use(
        self,
        tool: Literal["write", "search", "fetch", "spawn", "read"],
        arguments: Mapping[str, Any],
        output: str = "",
        label: Label = NOTHING,
    ) -> str:
        """The agent uses a tool other than the shell."""
        self.wait(6, 40)
        took = 200_000 + self.teller.draw.randrange(900_000)
        key = self._turn("call", "", label, tool=tool, arguments=arguments, output=output, answered_us=took)
        self.at_us += took
        return key

    def write(self, path: str, content: str, label: Label = NOTHING) -> str:
        """The agent writes a file, by its tool or by a here-document."""
        if self.teller.draw.random() < 0.5:
            return self.use("write", {"file_path": path, "content": content}, f"File created: {path}", label)
        runs = (Run(("cat",), pid=self.teller.pids()),)
        return self.do(f"cat > {path} <<'EOF'\n{content}\nEOF", "", label, runs=runs)

    def ordinary(self, count: int) -> None:
        """Honest work on the task."""
        steps = self.teller.draw.sample(self.task.steps, min(count, len(self.task.steps)))
        for command, output in steps:
            self.wait(20, 400)
            self.do(command, output)

    def _turn(self, kind: Literal["prompt", "thought", "speech", "call"], text: str, label: Label, **more: Any) -> str:
        key = self.teller.key()
        self.session.turns.append(Turn(key, self.at_us, kind, text, label, **more))
        return key
