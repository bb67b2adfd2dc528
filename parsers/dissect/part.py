"""One command inside a shell text: a row of table `command_part` without the text's hash; and where it stood."""

from __future__ import annotations

import re
from typing import NamedTuple

from parsers.dissect.flows import Flow
from parsers.dissect.words import Word
from parsers.dissect.wrappers import base_name

# a name that holds one of these was not what the program was called
_NOT_A_NAME = re.compile(r"[$`*?\[\])}]")


class CommandPart(NamedTuple):
    """One simple command, wrapper layer or payload.

    `argv` holds the words after quote removal; a word that only the shell could expand keeps its source text and the
    part has the note `dynamic`. `text` is the source of this part, for a payload the decoded text. Spans are bytes of
    the dissected text in UTF-8, None where the part stands in it only encoded or requoted. Redirects are written as
    file descriptor (where given), operator and target without blanks: `2>&1`, `>>/var/log/x`, `<<EOF`.

    `via`: top, sequence, and, or, pipe, background (how a shell reaches it); substitution, process_substitution; sudo,
    env, nohup, exec, container_exec, ssh, find_exec .. (the wrapper that carries it); sh_c, eval, trap, su, cron;
    heredoc, herestring, stdin (text fed to an interpreter); written (a here-document that becomes a script); base64,
    hex, gzip .. (fed and decoded on the way); decoded; python_c and its kin; rest (behind the limit).

    `notes`: background, loop, conditional, function (defined, not necessarily called), dynamic, expanded, decoded,
    written, renamed (`exec -a`), code, partial (a payload of which the text tells only a part), cut_line, parse_error,
    unclosed_heredoc, truncated, payload_limit, unreadable_payload.
    """

    part_no: int
    parent_no: int | None
    depth: int
    via: str
    executable: str | None
    executable_path: str | None
    argv: tuple[str, ...]
    text: str
    span_start: int | None
    span_end: int | None
    redirect_in: tuple[str, ...] = ()
    redirect_out: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where in the structure a command stands: what its part takes over from around it.

    `stdin` and `stdout` are what the pipe is known to bring and to take away. `captured`: in a substitution or before a
    further stage, so that the output shows elsewhere. `decoded_ahead`: the words go through a decoder further down the
    pipe. `certain` is False where an assignment may not hold afterwards.
    """

    parent: int | None
    depth: int
    via: str
    notes: tuple[str, ...] = ()
    stdin: Flow | None = None
    stdout: Flow | None = None
    captured: bool = False
    decoded_ahead: bool = False
    certain: bool = True
    wrappers: int = 0
    payloads: int = 0

    def under(self, parent: int, via: str) -> Place:
        """Return the place of something that the part `parent` carries."""
        return Place(parent, self.depth + 1, via, self.notes, wrappers=self.wrappers, payloads=self.payloads)


class Extra(NamedTuple):
    """What a part has besides its words."""

    redirect_in: tuple[str, ...] = ()
    redirect_out: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


NO_EXTRA = Extra()


class Parts(list[CommandPart]):
    """The parts found so far; a part's number is its index."""

    def add(
        self, place: Place, words: list[Word], text: str, span: tuple[int | None, int | None], extra: Extra = NO_EXTRA
    ) -> int:
        """Append a part and return its number."""
        number = len(self)
        argv = tuple([word.text for word in words])
        path = argv[0] if argv else None
        name = base_name(path) if path else None
        notes = [*place.notes, *extra.notes]
        for word in words:
            if not word.literal:
                notes.append("dynamic")
            if word.note:
                notes.append(word.note)
        if name and not words[0].literal and _NOT_A_NAME.search(name):
            name = path = None
        self.append(
            CommandPart(
                number,
                place.parent,
                place.depth,
                place.via,
                name or None,
                path,
                argv,
                text,
                span[0],
                span[1],
                extra.redirect_in,
                extra.redirect_out,
                extra.environment,
                tuple(dict.fromkeys(notes)) if notes else (),
            )
        )
        return number

    def note(self, number: int | None, note: str) -> None:
        """Add a note to a part, once."""
        if number is not None and note not in self[number].notes:
            self[number] = self[number]._replace(notes=(*self[number].notes, note))
