"""Is a command typed so far complete, or does the shell wait for more?

Source of the rules: POSIX.1-2017 Shell Command Language, 2.2 (quoting), 2.3 (token recognition), 2.7.4 (here-document)
and 2.9.4 (compound commands); bash 5.2 parse.y for `$'...'`, `<<<`, `((`, `[[`.

This is a scanner, not a parser: it follows quotes, here-documents, substitutions, brackets and the reserved words that
open and close compound commands. History readers use it only where the file itself leaves open whether a line goes on.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Self

MAX_DEPTH = 256

# what surely ends complete: no open quote, no here-document, no bracket, no trailing operator
_SURELY_COMPLETE = re.compile(
    rb"""(?:
        [^'"`\\<(){}|&$]++
      | '[^']*+'
      | "(?:[^"\\`$]++ | \\. | \$(?![({]))*+"
      | \\.
      | <(?![<(])
      | \$(?!['"({])
      | \$\{\w++\}
      | \$\([^'"`\\<(){}|&$#]*+\)
      | [|&][\s|&]*+(?=[^\s|&])
    )*+""",
    re.VERBOSE | re.DOTALL,
)
_COMPOUND = re.compile(rb"(?<![^\s;|&(!])(?:if|for|while|until|case|select|function|do|then|else|elif)(?![^\s;|&()])")

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


def surely_complete(line: bytes) -> bool:
    """Tell quickly that one line is a complete command; False means that it takes `Unfinished` to know."""
    return _SURELY_COMPLETE.fullmatch(line) is not None and _COMPOUND.search(line) is None


class Unfinished:
    """Fed one physical line after the other; `open` tells whether the shell would wait for another.

    Nesting beyond `MAX_DEPTH` is given up as not open: what cannot be followed must not swallow lines.
    """

    __slots__ = ("_command_position", "_function", "_gave_up", "_heredocs", "_joined", "_stack")

    def __init__(self) -> None:
        self._stack: list[bytes] = []  # what must come to close each open thing, innermost last
        self._heredocs: list[tuple[bytes, bool]] = []  # delimiter, tabs stripped
        self._joined = False  # the line ended in a backslash or an operator that wants more
        self._command_position = True
        self._function = False  # `function name` was read: its brace comes where no command could stand
        self._gave_up = False

    def copy(self) -> Self:
        """Return an independent state, to look ahead with."""
        return deepcopy(self)

    @property
    def open(self) -> bool:
        """Whether the text so far is unfinished."""
        return not self._gave_up and bool(self._stack or self._heredocs or self._joined)

    @property
    def in_heredoc(self) -> bool:
        """Whether the next line is here-document text."""
        return not self._gave_up and bool(self._heredocs)

    def feed(self, line: bytes) -> None:
        """Take the next physical line, without its newline."""
        if self._gave_up:
            return
        if self._heredocs and not (self._stack and self._stack[-1] in _QUOTES):
            delimiter, tabs = self._heredocs[0]
            if (line.lstrip(b"\t") if tabs else line) == delimiter:
                del self._heredocs[0]
            return
        continued = self._joined
        self._joined = False
        if not continued and not (self._stack and self._stack[-1] in _QUOTES):
            self._command_position = True
        at = 0
        while at < len(line):
            if len(self._stack) > MAX_DEPTH:
                self._gave_up = True
                return
            at = self._step(line, at)

    def _step(self, line: bytes, at: int) -> int:
        top = self._stack[-1] if self._stack else b""
        if top == b"'":
            return self._until(line, line.find(b"'", at) + 1)
        if top == b"$'":
            match = _IN_ANSI.match(line, at)
            return self._until(line, match.end() if match else 0)
        if top == b'"':
            return self._in_double(line, at)
        return self._in_command(line, at)

    def _until(self, line: bytes, end: int) -> int:
        if not end:
            return len(line)
        self._stack.pop()
        return end

    def _in_double(self, line: bytes, at: int) -> int:
        match = _IN_DOUBLE.match(line, at)
        if not match:
            return len(line)
        _, quote, backtick, opening, _ = match.groups()
        if quote:
            self._stack.pop()
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
        position, self._command_position = self._command_position, False
        self._joined = False
        if kind == "word2":
            self._word(token, position=position)
        elif kind == "operator":
            self._command_position = True
            self._joined = token in {b"|", b"|&", b"&&", b"||"}
        elif kind in _OPENING:
            self._push_opening(token)
        elif kind == "close":
            self._close(token, position=position)
        elif kind == "word":
            self._heredoc(match)
        elif kind == "join":
            self._joined = match.end() == len(line)
        return match.end()

    def _backtick(self) -> None:
        if b"`" in self._stack:
            del self._stack[len(self._stack) - 1 - self._stack[::-1].index(b"`") :]
        else:
            self._stack.append(b"`")
            self._command_position = True

    def _push_opening(self, token: bytes) -> None:
        if token == b"`":
            self._backtick()
        elif token.endswith(b"("):
            self._stack.extend([b")"] * token.count(b"("))
            self._command_position = True
        else:
            self._stack.append(b"}" if token == b"${" else token)

    def _close(self, token: bytes, *, position: bool) -> None:
        top = self._stack[-1] if self._stack else b""
        if top == token or (top == _GROUP and token == b"}" and position):
            self._stack.pop()
        # `f() {` and `a) command` in a case: a command follows
        self._command_position = token == b")"

    def _heredoc(self, match: re.Match[bytes]) -> None:
        word = match["word"]
        if self._stack[-2:] == [b")", b")"]:
            return  # a shift inside arithmetic
        if word:
            delimiter = _UNQUOTE.sub(lambda found: found[1] or b"", word)
            self._heredocs.append((delimiter, match["here"].endswith(b"-")))

    def _word(self, word: bytes, *, position: bool) -> None:
        if word == b"{" and (position or self._function):
            self._stack.append(_GROUP)
            self._function = False
        elif not position:
            return
        elif word in _CLOSED_BY:
            self._stack.append(_CLOSED_BY[word])
        elif word in _CLOSERS and self._stack and self._stack[-1] == word:
            self._stack.pop()
        self._function = word == b"function"
        self._command_position = word in _COMMAND_FOLLOWS
