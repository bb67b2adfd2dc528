"""A shell text as a syntax tree, by tree-sitter-bash, with what its grammar cannot read masked first.

Source of the syntax: POSIX.1-2024 XCU 2 (Shell Command Language) and the bash reference manual.

Three constructs derail the grammar (0.25): a heredoc with anything behind it on its line, the operator `<>`, and a
brace list in the place of a command. They are overwritten by bytes of the same number, so that every offset in the
tree is an offset in the text: `<<EOF` becomes `< EOF` and its body blanks, `<>` becomes `< `, `{wget,-q,URL}` becomes
` wget -q URL `, a NUL (which a shell drops and the grammar takes for the end) a DEL. What stood there is read from the
unmasked source.

On text that is no shell at all the grammar's error recovery takes time in the square of what it meets (16 KiB of `||-`
took twelve seconds). A text is therefore parsed in pieces that are small outside of quotes, comments and heredocs
(`PIECE_SIGNS` signs that are uncommon in plain words, `PIECE_BYTES` bytes), cut at lines' ends. Of a single line that
exceeds a piece the rest is left out (`Syntax.skipped`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

import tree_sitter_bash
from tree_sitter import Language, Node, Parser, Point, Range

PIECE_SIGNS = 1024
PIECE_BYTES = 16_384

_LANGUAGE = Language(tree_sitter_bash.language())
_PARSER = Parser(_LANGUAGE)
_PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ \t./-=:,"

_TOKEN = re.compile(
    rb"(?P<quoted>\\[\x00-\xff]|\$'(?:[^'\\]|\\[\x00-\xff])*+'|'[^']*+'|\"(?:[^\"\\`$]|\\[\x00-\xff]|\$(?![({]))*+\"|"
    rb"(?<![^\s;|&(])#[^\n]*+)|(?P<line>\n(?=[^\s}\)#]))|[|&;()<>{}\[\]`]"
)

_TOKEN = re.compile(
    rb"\\[\x00-\xff]|\$?'|\"|\$?\(\(|\)\)|[()`\n]|#|<<<|<<-?|<>|\{|[^A-Za-z0-9_ \t./=:,-]|[A-Za-z0-9_ \t./=:,-]{4096}"
)
_IN_DOUBLE_QUOTES = re.compile(rb'\\[\x00-\xff]|"|\$\(\(|\$\(|`')
_ANSI_C_END = re.compile(rb"(?:[^'\\]|\\[\x00-\xff])*+'")
_DELIMITER = re.compile(rb"[ \t]*((?:[^\s;|&<>()'\"\\]|\\[^\n]|'[^'\n]*'|\"[^\"\n]*\")+)")
_BRACE_LIST = re.compile(rb"\{([^\s{}'\"`$\\;|&<>()]*,[^\s{}'\"`$\\;|&<>()]*)\}(?=[\s;|&<>)]|\Z)")
_BEFORE_WORD = frozenset(b" \t\n;|&(`")
_QUOTING = re.compile(rb"['\"\\]")
_ARITHMETIC = frozenset({b"((", b"((1"})  # b"((1" is a parenthesis inside arithmetic
_PARENTHESES = frozenset({b"(", b"((", b"((1"})
_BRACE_SIGNS = bytes.maketrans(b"{,}", b"   ")


class Heredoc(NamedTuple):
    """A heredoc's body: byte range without the delimiter's line; `quoted` bodies are taken as they stand."""

    start: int
    end: int
    quoted: bool
    strip_tabs: bool
    delimiter: str
    closed: bool


class Syntax(NamedTuple):
    """A parsed text: its bytes, the roots of its trees (offsets are those of the bytes), heredocs by operator offset.

    `skipped` lists the stretches that were not parsed.
    """

    source: bytes
    roots: tuple[Node, ...]
    heredocs: dict[int, Heredoc]
    skipped: tuple[tuple[int, int], ...] = ()

    @property
    def has_error(self) -> bool:
        """Whether the grammar met something it has no rule for."""
        return any(root.has_error for root in self.roots)

    def smallest(self, start: int, end: int) -> Node | None:
        """Return the smallest node that spans a stretch of bytes."""
        for root in self.roots:
            if root.start_byte <= start and end <= root.end_byte:
                return root.descendant_for_byte_range(start, end)
        return None


def parse(source: bytes) -> Syntax:
    """Parse a shell text in UTF-8; any text has a tree."""
    plain = source.replace(b"\0", b"\x7f")
    small = len(plain) <= PIECE_SIGNS or (
        len(plain) <= PIECE_BYTES and len(plain.translate(None, _PLAIN)) <= PIECE_SIGNS
    )
    if small and b"<<" not in plain and b"<>" not in plain and b"{" not in plain:
        return Syntax(source, (_PARSER.parse(plain).root_node,), {})
    masking = _Masking(plain)
    masking.run()
    masked = bytes(masking.out)
    if masking.pieces == [(0, len(source))]:
        return Syntax(source, (_PARSER.parse(masked).root_node,), masking.heredocs)
    roots = []
    for begin, end in masking.pieces:
        parser = Parser(_LANGUAGE, included_ranges=[Range(Point(0, begin), Point(0, end), begin, end)])
        roots.append(parser.parse(masked).root_node)
    return Syntax(source, tuple(roots), masking.heredocs, tuple(masking.skipped))


class _Masking:
    """One left-to-right pass that knows quotes, substitutions and arithmetic, masks, and finds where to cut."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.out = bytearray(source)
        self.heredocs: dict[int, Heredoc] = {}
        self.pieces: list[tuple[int, int]] = []
        self.skipped: list[tuple[int, int]] = []
        self._awaited: list[tuple[int, bytes, bool, bool]] = []  # operator, delimiter, quoted, strip tabs
        self._open: list[bytes] = []  # what was opened and not closed, innermost last
        self._begin = 0  # of the piece
        self._line = 0  # where the last line began at which the piece could be cut
        self._full = -1  # where the piece became full in the middle of a line

    def run(self) -> None:
        source = self.source
        at = signs = size = 0
        while True:
            quoted = bool(self._open) and self._open[-1] == b'"'
            match = (_IN_DOUBLE_QUOTES if quoted else _TOKEN).search(source, at)
            if not match:
                break
            token, start = match.group(), match.start()
            if not quoted:
                size += match.end() - at
                signs += len(token.translate(None, _PLAIN))
            at = self._take(token, start, match.end())
            if token == b"\n" and not quoted:
                self._end_line(at)
            if (signs > PIECE_SIGNS or size > PIECE_BYTES) and self._cut(start):
                signs = size = 0
        if self._awaited:
            self._bodies(len(source))
        self._end_line(len(source))
        if self._begin < len(source) or not self.pieces:
            self.pieces.append((self._begin, len(source)))

    def _end_line(self, at: int) -> None:
        if self._full >= 0:
            self.skipped.append((self._full, at))
            self._begin, self._full = at, -1
        if not self._open or self._line <= self._begin:
            self._line = at

    def _cut(self, at: int) -> bool:
        """End the piece at a line's end before `at`, or here; tell whether a new count begins."""
        if self._full >= 0:
            return False
        if self._line > self._begin:
            self.pieces.append((self._begin, self._line))
            self._begin = self._line
        elif at > self._begin:
            self.pieces.append((self._begin, at))
            self._full = at
        return True

    def _take(self, token: bytes, start: int, end: int) -> int:
        """Act on one token and return where to go on."""
        inner = self._open[-1] if self._open else b""
        if token == b"'" or (token == b"$'" and inner != b'"'):
            return self._quoted(token, end)
        if token in {b'"', b"`"}:
            if inner == token:
                self._open.pop()
            else:
                self._open.append(token)
        elif token[-1:] in {b"(", b")"}:
            return self._parenthesis(token, inner, start, end)
        elif inner not in _ARITHMETIC:
            return self._sign(token, start, end)
        return end

    def _parenthesis(self, token: bytes, inner: bytes, start: int, end: int) -> int:
        if token.endswith(b"(("):
            self._open.append(b"((")
        elif token.endswith(b"("):
            self._open.append(b"((1" if inner in _ARITHMETIC else b"(")
        elif token == b"))" and inner == b"((":
            self._open.pop()
        else:
            if inner in _PARENTHESES:
                self._open.pop()
            return start + 1
        return end

    def _sign(self, token: bytes, start: int, end: int) -> int:
        """Act on what has a meaning only where commands stand."""
        if token == b"\n" and self._awaited:
            return self._bodies(end)
        if token == b"#":
            return self._comment(start, end)
        if token == b"{":
            return self._brace_list(start, end)
        if token in {b"<<", b"<<-"}:
            return self._heredoc(token, start, end)
        if token == b"<>":
            self.out[start + 1] = 0x20
        return end

    def _quoted(self, token: bytes, end: int) -> int:
        if token == b"'":
            close = self.source.find(b"'", end)
            return len(self.source) if close < 0 else close + 1
        match = _ANSI_C_END.match(self.source, end)
        return match.end() if match else len(self.source)

    def _comment(self, start: int, end: int) -> int:
        if start and self.source[start - 1] not in _BEFORE_WORD:
            return end
        newline = self.source.find(b"\n", end)
        return len(self.source) if newline < 0 else newline

    def _brace_list(self, start: int, end: int) -> int:
        match = _BRACE_LIST.match(self.source, start)
        if not match or (start and self.source[start - 1] not in _BEFORE_WORD):
            return end
        self.out[start : match.end()] = match.group().translate(_BRACE_SIGNS)
        return match.end()

    def _heredoc(self, token: bytes, start: int, end: int) -> int:
        match = _DELIMITER.match(self.source, end)
        if not match:
            return end
        word = match.group(1)
        self._awaited.append((start, _QUOTING.sub(b"", word), bool(_QUOTING.search(word)), token == b"<<-"))
        self.out[start + 1 : end] = b" " * (end - start - 1)
        return match.end()

    def _bodies(self, at: int) -> int:
        """Blank the bodies that begin behind a line's end, in the order of their operators."""
        for operator, delimiter, quoted, strip_tabs in self._awaited:
            end, after, closed = self._body_end(at, delimiter, strip_tabs=strip_tabs)
            self.out[at:after] = b" " * (after - at)
            self.heredocs[operator] = Heredoc(
                at, end, quoted, strip_tabs, delimiter.decode("utf-8", "backslashreplace"), closed
            )
            at = after
        self._awaited = []
        return at

    def _body_end(self, at: int, delimiter: bytes, *, strip_tabs: bool) -> tuple[int, int, bool]:
        """Return the end of the body, the end of the delimiter's line without its newline, and whether it was there."""
        tabs = rb"\t*" if strip_tabs else rb""
        close = re.compile(rb"(?m)^" + tabs + re.escape(delimiter) + rb"\r?$").search(self.source, at)
        if not close:
            return len(self.source), len(self.source), False
        return close.start(), close.end(), True
