r"""The words of a command: quotes removed, what the text itself says filled in, the rest left as it stands.

Source of the rules: POSIX.1-2024 XCU 2.2 (quoting), 2.6 (word expansions); bash manual 3.1.2.4 (`$'..'`).
Nothing is looked up outside the text: a variable counts only where the text assigned it a literal before, a command
substitution only where its output is fixed by the text (`$(echo x | base64 -d)`, `$(cat <<'EOF' ..)`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tree_sitter import Node

EXPANDED = "expanded"
DECODED = "decoded"
EXPANSION_BYTES = 262_144  # filled in per text: `A=$B$B; B=$A$A; ..` doubles with every word

_UNQUOTED_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_DOUBLE_QUOTED_ESCAPE = re.compile(r"\\([$`\"\\\n])")
_ANSI_C_ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|c(.)|(.))", re.DOTALL
)
_ANSI_C_LETTERS = {"a": 7, "b": 8, "e": 27, "E": 27, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_LEFT_TO_THE_SHELL = re.compile(r"[*?\[]|^~")
_BRACE_LIST = re.compile(r",|\.\.")
_FIELD = re.compile(r"[^ \t\n]+")
_EXPANSIONS = frozenset(
    {"simple_expansion", "expansion", "command_substitution", "arithmetic_expansion", "process_substitution"}
)


class Word(NamedTuple):
    """One word: text after quote removal, byte range in the source.

    `inner` is the offset at which the text stands byte for byte in the source (None where quotes or escapes break it);
    `literal` is False where something is left for the shell to expand; `note` is `expanded` or `decoded`.
    """

    text: str
    start: int
    end: int
    inner: int | None = None
    literal: bool = True
    note: str | None = None


class Value(NamedTuple):
    """What a substitution is known to put out; `decoded` tells whether a decoder was passed."""

    text: str
    decoded: bool


class _Piece(NamedTuple):
    text: str
    literal: bool = True
    splits: bool = False  # an unquoted expansion: its blanks part words
    note: str | None = None


class Reader:
    """Reads the words of one text. `variables` is shared with the walk, which writes assignments into it."""

    def __init__(
        self, source: bytes, variables: Mapping[str, str], evaluate: Callable[[Node], Value | None] | None = None
    ) -> None:
        self.source = source
        self.variables = variables
        self._evaluate = evaluate
        self._left = EXPANSION_BYTES

    def words(self, nodes: list[Node]) -> list[Word]:
        """Read words from nodes in order; nodes with no blank between them are one word."""
        source = self.source
        found: list[Word] = []
        last_end = -1
        for number, node in enumerate(nodes):
            start, end = node.start_byte, node.end_byte
            raw = source[start:end]
            if raw == b"$" and number + 1 < len(nodes) and nodes[number + 1].start_byte == end:
                continue  # $"..", a translated string
            if found and start - last_end != 1 and self._joined(last_end, start):
                self._join(found, node, source[last_end:start])
            elif node.type in {"word", "number"} and b"\\" not in raw:
                text = raw.decode()
                found.append(Word(text, start, end, start, not _LEFT_TO_THE_SHELL.search(text)))
            elif node.type == "raw_string":
                found.append(Word(raw[1:-1].decode(), start, end, start + 1))
            else:
                found.extend(self._word(node, start, end))
            last_end = end
        return found

    def word(self, node: Node) -> Word:
        """Read one node as one word, without splitting it: an assigned value, a redirect's target."""
        start, end = node.start_byte, node.end_byte
        pieces = self._pieces(node)
        return self._assembled(pieces, start, end)

    def _joined(self, last_end: int, start: int) -> bool:
        gap = self.source[last_end:start].replace(b"\\\n", b"")
        return gap in {b"", b"\\ "}

    def _join(self, found: list[Word], node: Node, gap: bytes) -> None:
        before = found.pop()
        here = self.word(node)
        found.append(
            Word(
                before.text + (" " if b"\\ " in gap else "") + here.text,
                before.start,
                here.end,
                None,
                before.literal and here.literal,
                before.note or here.note,
            )
        )

    def _word(self, node: Node, start: int, end: int) -> list[Word]:
        pieces = self._pieces(node)
        if any(piece.splits and _FIELD.fullmatch(piece.text) is None for piece in pieces):
            return _fields(pieces, start, end)
        return [self._assembled(pieces, start, end)]

    def _assembled(self, pieces: list[_Piece], start: int, end: int) -> Word:
        text = "".join(piece.text for piece in pieces)
        raw = self.source[start:end]
        encoded = text.encode()
        inner = next((start + cut for cut in (0, 1) if raw[cut : len(raw) - cut] == encoded), None)
        note = next((piece.note for piece in pieces if piece.note), None)
        return Word(text, start, end, inner, all(piece.literal for piece in pieces), note)

    def _pieces(self, node: Node) -> list[_Piece]:
        kind = node.type
        if kind == "string":
            return self._double_quoted(node)
        if kind == "concatenation":
            return self._concatenated(node)
        if kind == "raw_string":
            return [_Piece(self._slice(node)[1:-1])]
        if kind == "ansi_c_string":
            return [_Piece(ansi_c(self._slice(node)[2:-1]))]
        if kind == "translated_string":
            return [piece for child in node.named_children for piece in self._pieces(child)]
        if kind in _EXPANSIONS:
            return [self._expansion(node, quoted=False)]
        raw = self._slice(node)
        text = _UNQUOTED_ESCAPE.sub(_unescaped, raw) if "\\" in raw else raw
        return [_Piece(text, not _LEFT_TO_THE_SHELL.search(_UNQUOTED_ESCAPE.sub("", raw)))]

    def _concatenated(self, node: Node) -> list[_Piece]:
        children = node.children
        pieces: list[_Piece] = []
        last_end = node.start_byte
        for child in children:
            gap = self.source[last_end : child.start_byte].decode()
            if gap:
                pieces.append(_Piece(_UNQUOTED_ESCAPE.sub(_unescaped, gap)))
            # concatenations do not nest: what stands in one is a leaf, a string or an expansion
            pieces.extend([_Piece(self._slice(child))] if child.type == "concatenation" else self._pieces(child))
            last_end = child.end_byte
        raw = self._slice(node)
        if "{" in raw and any(self._slice(child) == "{" for child in children) and _BRACE_LIST.search(raw):
            pieces.append(_Piece("", literal=False))
        return pieces

    def _double_quoted(self, node: Node) -> list[_Piece]:
        begin, end = node.start_byte + 1, node.end_byte
        if end > begin and self.source[end - 1 : end] == b'"':  # a quotation that never ends has no sign to leave out
            end -= 1
        pieces: list[_Piece] = []
        for child in node.children:
            if child.type in _EXPANSIONS:
                pieces.append(self._double_quoted_text(begin, child.start_byte))
                pieces.append(self._expansion(child, quoted=True))
                begin = child.end_byte
        pieces.append(self._double_quoted_text(begin, end))
        return pieces

    def _double_quoted_text(self, begin: int, end: int) -> _Piece:
        raw = self.source[begin:end].decode()
        return _Piece(_DOUBLE_QUOTED_ESCAPE.sub(_unescaped, raw) if "\\" in raw else raw)

    def _expansion(self, node: Node, *, quoted: bool) -> _Piece:
        raw = self._slice(node)
        if node.type == "command_substitution" and self._evaluate:
            value = self._evaluate(node)
            if value is not None and self._affordable(value.text):
                return _Piece(value.text, splits=not quoted, note=DECODED if value.decoded else EXPANDED)
        elif node.type in {"simple_expansion", "expansion"}:
            name = raw[1:] if node.type == "simple_expansion" else raw[2:-1]
            known = self.variables.get(name)
            if known is not None and self._affordable(known):
                return _Piece(known, splits=not quoted, note=EXPANDED)
        return _Piece(raw, literal=False)

    def _affordable(self, text: str) -> bool:
        self._left -= len(text)
        return self._left >= 0

    def _slice(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode()


def _unescaped(match: re.Match[str]) -> str:
    return "" if match[1] == "\n" else match[1]


def _fields(pieces: list[_Piece], start: int, end: int) -> list[Word]:
    """Split a word with unquoted expansions at their blanks."""
    fields: list[list[_Piece]] = [[]]
    for piece in pieces:
        if not piece.splits:
            fields[-1].append(piece)
            continue
        parts = _FIELD.findall(piece.text)
        if piece.text[:1].isspace() and fields[-1]:
            fields.append([])
        for number, part in enumerate(parts):
            if number:
                fields.append([])
            fields[-1].append(piece._replace(text=part))
        if piece.text[-1:].isspace() and fields[-1]:
            fields.append([])
    return [
        Word(
            "".join(piece.text for piece in field),
            start,
            end,
            None,
            all(piece.literal for piece in field),
            next((piece.note for piece in field if piece.note), None),
        )
        for field in fields
        if field
    ]


def ansi_c(body: str) -> str:
    r"""Decode the inside of `$'..'`; bytes of `\xNN` that are no UTF-8 come out as `\xNN` again."""
    if "\\" not in body:
        return body
    out = bytearray()
    last = 0
    for match in _ANSI_C_ESCAPE.finditer(body):
        out += body[last : match.start()].encode()
        out += _ansi_c_escape(match)
        last = match.end()
    out += body[last:].encode()
    return bytes(out).decode("utf-8", "backslashreplace").replace("\0", "")


def _ansi_c_escape(match: re.Match[str]) -> bytes:
    octal, hexadecimal, short, long, control, letter = match.groups()
    if octal:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal:
        return bytes([int(hexadecimal, 16)])
    if short or long:
        point = int(short or long, 16)
        # the shell would write what no Unicode text can hold; it stays visible as it was written
        return chr(point).encode() if point < 0x110000 and not 0xD800 <= point < 0xE000 else match.group().encode()
    if control:
        return bytes([ord(control.upper()) & 0x1F]) if control.isascii() else match.group().encode()
    code = _ANSI_C_LETTERS.get(letter)
    if code is not None:
        return bytes([code])
    return (letter if letter in "\\'\"?" else "\\" + letter).encode()
