"""Is a command typed so far complete, or does the shell wait for more?

Source of the rules: POSIX.1-2017 Shell Command Language, 2.2 (quoting), 2.3 (token recognition), 2.7.4 (here-document)
and 2.9.4 (compound commands); bash 5.2 parse.y for `$'...'`, `<<<`, `((`, `[[`.

This is a scanner, not a parser: it follows quotes, here-documents, substitutions, brackets and the reserved words that
open and close compound commands. History readers use it only where the file itself leaves open whether a line goes on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Self

MAX_DEPTH = 256

_RESERVED = rb"(?:if|for|while|until|case|select|function|do|then|else|elif|time|coproc)\b"
# A line that is surely a complete command: every quote and bracket closed on it, no here-document, no reserved word, no
# operator at the end. A quick look; of lines that do not match, only `Unfinished` knows.
SURELY_COMPLETE = re.compile(
    rb"""[ \t]*+(?!RESERVED)(?:
        [^'"`\\<(){}|&$;!]++
      | '[^']*+'
      | "(?: [^"\\`$]++ | \\. | \$(?![({]) | \$\([^'"`\\<(){}$\#]*+\) | \$\{[^'"`\\(){}$]*+\} )*+"
      | \\.
      | <(?![<(])
      | \$(?!['"({])
      | \$\{\w++\}
      | \$?\( \s*+(?!RESERVED) (?: [^'"`\\<(){}$\#;|&!]++ | [;|&!]\s*+(?!RESERVED) | '[^']*+' | "[^"\\`$]*+" )*+ \)
      | [;!][\s;!]*+(?!RESERVED)
      | [|&][\s|&]*+(?=[^\s|&])(?!RESERVED)
    )*+""".replace(b"RESERVED", _RESERVED),
    re.VERBOSE | re.DOTALL,
)
_ARGUMENTS = re.compile(rb"[^'\"`\\;|&()<>$}{#\r]+")

_TOKEN = re.compile(
    rb"""
        (?P<blank>[ \t\r]+)
      | (?P<escape>\\.)
      | (?P<join>\\)
      | (?P<comment>\#)
      | (?P<ansi>\$')
      | (?P<arithmetic>\$?\(\()
      | (?P<open>\$?\(|\$\{|[<>]\()
      | (?P<here>\d*<<-?(?!<))[ \t]*(?P<word>(?:[^\s;|&<>()'"\\]|\\.|'[^']*'|"[^"]*")*)
      | (?P<herestring>\d*<<<)
      | (?P<operator>;;&?|;&?|&&|\|\|?&?|&)
      | (?P<quote>['"`])
      | (?P<close>[)}])
      | (?P<word2>[^\s'"`\\;|&()<>$}]+|[$<>{\#])
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_DOUBLE = re.compile(rb'[^"\\`$]*+(?:(\\.)|(")|(`)|(\$\(\(?|\$\{)|(\\|\$))', re.DOTALL)
_IN_ANSI = re.compile(rb"(?:[^'\\]|\\.)*+'", re.DOTALL)
_UNQUOTE = re.compile(rb"\\(.)|['\"]", re.DOTALL)

_CLOSED_BY = {b"if": b"fi", b"for": b"done", b"while": b"done", b"until": b"done", b"select": b"done", b"case": b"esac"}
_GROUP = b"{}"  # what closes `{ ...; }`: a brace where a command could stand, unlike the one of `${...}`
_OPENING = frozenset({"quote", "ansi", "open", "arithmetic"})
_QUOTES = frozenset({b"'", b"$'", b'"'})
_CLOSERS = frozenset({b"fi", b"done", b"esac"})
_COMMAND_FOLLOWS = frozenset({b"do", b"then", b"else", b"elif", b"!", b"{", b"time", b"if", b"while", b"until"})


@dataclass(slots=True)
class Unfinished:
    """Fed one physical line after the other; `open` tells whether the shell would wait for another.

    Nesting beyond `MAX_DEPTH` is given up as not open: what cannot be followed must not swallow lines.
    """

    closers: list[bytes] = field(default_factory=list)  # what must come to close each open thing, innermost last
    heredocs: list[tuple[bytes, bool]] = field(default_factory=list)  # delimiter, whether tabs before it do not count
    joined: bool = False  # the line ended in a backslash or an operator that wants more
    command_position: bool = True
    function: bool = False  # `function name` was read: its brace comes where no command could stand
    gave_up: bool = False

    def copy(self) -> Self:
        """Return an independent state, to look ahead with."""
        return replace(self, closers=[*self.closers], heredocs=[*self.heredocs])

    @property
    def open(self) -> bool:
        """Whether the text so far is unfinished."""
        return not self.gave_up and bool(self.closers or self.heredocs or self.joined)

    @property
    def continued(self) -> bool:
        """Whether only a trailing backslash or operator keeps the text unfinished."""
        return not self.gave_up and self.joined and not self.closers and not self.heredocs

    @property
    def in_heredoc(self) -> bool:
        """Whether the next line is here-document text."""
        return not self.gave_up and bool(self.heredocs)

    @property
    def in_text(self) -> bool:
        """Whether the next line begins inside quotes or a here-document, where no word has a meaning."""
        return self.in_heredoc or bool(self.closers and self.closers[-1] in _QUOTES)

    def feed(self, line: bytes) -> None:
        """Take the next physical line, without its newline."""
        if self.gave_up:
            return
        if self.heredocs and not (self.closers and self.closers[-1] in _QUOTES):
            delimiter, tabs = self.heredocs[0]
            if (line.lstrip(b"\t") if tabs else line) == delimiter:
                del self.heredocs[0]
            return
        continued = self.joined
        self.joined = False
        if not continued and not (self.closers and self.closers[-1] in _QUOTES):
            self.command_position = True
        at = 0
        while at < len(line):
            if len(self.closers) > MAX_DEPTH:
                self.gave_up = True
                return
            at = self._step(line, at)

    def _step(self, line: bytes, at: int) -> int:
        top = self.closers[-1] if self.closers else b""
        if top == b"'":
            return self._until(line, line.find(b"'", at) + 1)
        if top == b"$'":
            match = _IN_ANSI.match(line, at)
            return self._until(line, match.end() if match else 0)
        if top == b'"':
            return self._in_double(line, at)
        if not self.command_position and (arguments := _ARGUMENTS.match(line, at)):
            # no word has a meaning here, but for the brace of a function
            self.joined = self.joined and not arguments[0].strip(b" \t")
            return arguments.end()
        return self._in_command(line, at)

    def _until(self, line: bytes, end: int) -> int:
        if not end:
            return len(line)
        self.closers.pop()
        return end

    def _in_double(self, line: bytes, at: int) -> int:
        match = _IN_DOUBLE.match(line, at)
        if not match:
            return len(line)
        _, quote, backtick, opening, _ = match.groups()
        if quote:
            self.closers.pop()
        elif backtick:
            self._backtick()
        elif opening:
            self._push_opening(opening)
        return match.end()

    def _in_command(self, line: bytes, at: int) -> int:
        match = _TOKEN.match(line, at)
        if not match:
            return at + 1
        kind = match.lastgroup
        token = match[0]
        if kind == "blank":
            return match.end()
        if kind == "comment" and (at == 0 or line[at - 1 : at] in b" \t;|&()"):
            return len(line)
        position, self.command_position = self.command_position, False
        self.joined = False
        if kind == "word2":
            self._word(token, position=position)
        elif kind == "operator":
            self.command_position = True
            self.joined = token in {b"|", b"|&", b"&&", b"||"}
        elif kind in _OPENING:
            self._push_opening(token)
        elif kind == "close":
            self._close(token, position=position)
        elif kind == "word":
            self._heredoc(match)
        elif kind == "join":
            self.joined = match.end() == len(line)
        return match.end()

    def _backtick(self) -> None:
        if b"`" in self.closers:
            del self.closers[len(self.closers) - 1 - self.closers[::-1].index(b"`") :]
        else:
            self.closers.append(b"`")
            self.command_position = True

    def _push_opening(self, token: bytes) -> None:
        if token == b"`":
            self._backtick()
        elif token.endswith(b"("):
            self.closers.extend([b")"] * token.count(b"("))
            self.command_position = True
        else:
            self.closers.append(b"}" if token == b"${" else token)

    def _close(self, token: bytes, *, position: bool) -> None:
        top = self.closers[-1] if self.closers else b""
        if top == token or (top == _GROUP and token == b"}" and position):
            self.closers.pop()
        # `f() {` and `a) command` in a case: a command follows
        self.command_position = token == b")"

    def _heredoc(self, match: re.Match[bytes]) -> None:
        word = match["word"]
        if self.closers[-2:] == [b")", b")"]:
            return  # a shift inside arithmetic
        if word:
            delimiter = _UNQUOTE.sub(lambda found: found[1] or b"", word)
            self.heredocs.append((delimiter, match["here"].endswith(b"-")))

    def _word(self, word: bytes, *, position: bool) -> None:
        if word == b"{" and (position or self.function):
            self.closers.append(_GROUP)
            self.function = False
        elif not position:
            return
        elif word in _CLOSED_BY:
            self.closers.append(_CLOSED_BY[word])
        elif word in _CLOSERS and self.closers and self.closers[-1] == word:
            self.closers.pop()
        self.function = word == b"function"
        self.command_position = word in _COMMAND_FOLLOWS
