r"""What a pipe is known to carry: the text's own words through `echo`, `printf`, here-documents and decoders.

Source of the rules: manual pages of coreutils (base64, tr), xxd, openssl-enc, gzip, bzip2, xz; bash manual (echo,
printf). Nothing is run: a program that is not in the list ends the flow. Decoded data is bounded (`DECODED_BYTES`), and
three decoders in a row are the most that are followed.
"""

from __future__ import annotations

import binascii
import bz2
import codecs
import lzma
import re
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

DECODED_BYTES = 1 << 20
DECODERS_IN_A_ROW = 3
LITERAL_LENGTH = 24  # of a base64 literal that is decoded without a decoder in sight
PRINTABLE_SHARE = 0.9

_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}|[A-Za-z0-9_-]+={0,2}")
_BASE64_LITERAL = re.compile(
    r"(?<![A-Za-z0-9+/_=-])(?:[A-Za-z0-9+/]{24,}+|[A-Za-z0-9_-]{24,}+)={0,2}(?![A-Za-z0-9+/_-])"
)
_BLANKS = re.compile(rb"\s+")
_HEX_NOISE = re.compile(rb"[^0-9a-fA-F]+")
_PRINTF_DIRECTIVE = re.compile(r"%(?:(%)|[-0]*\d*(?:\.\d+)?([sbdq]))")
_TR_DELETE = re.compile(r"-(?:d|-delete)")


class Flow(NamedTuple):
    """Bytes on their way into a command.

    `origin` is stdin, heredoc or herestring; `decoders` names those passed, in order; `whole` is False where a part is
    unknown; `inner` is the offset at which the data stands byte for byte in the source, None if it does not.
    """

    data: bytes
    origin: str = "stdin"
    decoders: tuple[str, ...] = ()
    whole: bool = True
    inner: int | None = None

    @property
    def via(self) -> str:
        """How the data reached its reader: the first decoder passed, else its origin."""
        return self.decoders[0] if self.decoders else self.origin


def output(argv: Sequence[str], stdin: Flow | None, *, literal: bool = True) -> Flow | None:
    """Return what a command puts out, None where the text alone does not say it.

    `literal` is False where an argument holds something that only the shell can expand.
    """
    if not argv:
        return None
    name = argv[0].rsplit("/", 1)[-1]
    writer = _WRITERS.get(name)
    if writer:
        text = writer(argv[1:])
        return None if text is None else Flow(text.encode(), whole=literal)
    if stdin is None:
        return None
    if name == "tee" or (name == "cat" and all(word == "-" or word.startswith("-") for word in argv[1:])):
        return stdin
    if name == "tr":
        return _translated(argv[1:], stdin)
    decoder = decoder_of(argv)
    if decoder is None or len(stdin.decoders) >= DECODERS_IN_A_ROW:
        return None
    if name != "openssl" and any(word != "-" and not word.startswith("-") for word in argv[1:]):
        return None  # it reads a file
    data = _DECODERS[decoder](stdin.data)
    return None if data is None else Flow(data, stdin.origin, (*stdin.decoders, decoder), stdin.whole)


def decoder_of(argv: Sequence[str]) -> str | None:
    """Name the decoding that a command does on its input: base64, base32, hex, gzip, bzip2, xz, reversed or None."""
    name, rest = argv[0].rsplit("/", 1)[-1], argv[1:]
    flags = "".join(word[1:] for word in rest if word.startswith("-") and not word.startswith("--"))
    decodes = "d" in flags or "D" in flags or "--decode" in rest or "--decompress" in rest or "--uncompress" in rest
    if name in {"base64", "base32", "gbase64"}:
        return name.removeprefix("g") if decodes else None
    if name == "basenc" and decodes:
        return next((kind for kind in ("base64", "base32") if f"--{kind}" in rest), None)
    if name == "openssl":
        return "base64" if ("base64" in rest or "-base64" in rest or "-a" in rest) and "-d" in rest else None
    if name == "xxd":
        return "hex" if "r" in flags and "p" in flags else None
    if name in _EXPANDERS:
        return _EXPANDERS[name]
    if name in _COMPRESSORS and decodes:
        return _COMPRESSORS[name]
    return "reversed" if name == "rev" else None


class Literal(NamedTuple):
    """A base64 literal that decodes to readable text; start and end in characters."""

    text: str
    start: int
    end: int


@lru_cache(maxsize=8)
def literals(text: str) -> tuple[Literal, ...]:
    """Find base64 literals of at least `LITERAL_LENGTH` characters; a hash or a path decodes to noise and is none."""
    if len(text) < LITERAL_LENGTH:
        return ()
    found = []
    for match in _BASE64_LITERAL.finditer(text):
        # most candidates are hashes and paths, which the first bytes tell
        if not _begins_readable(match.group()[:LITERAL_LENGTH]):
            continue
        data = base64(match.group().encode())
        readable = None if data is None else readable_text(data)
        if readable is not None:
            found.append(Literal(readable, match.start(), match.end()))
    return tuple(found)


def _begins_readable(head: str) -> bool:
    data = binascii.a2b_base64(head.replace("-", "+").replace("_", "/"))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as fault:
        return fault.start > len(data) - 4  # a character may be torn at the end
    return True


def readable_text(data: bytes) -> str | None:
    """Decode UTF-8 (or UTF-16 with every other byte zero) if at least 90 % of it is printable, else None."""
    if data[1:2] == b"\0" and data[1::2].count(0) * 2 >= len(data) - 1:
        data = data[::2]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    shown = len(text) if text.isprintable() else sum(sign.isprintable() or sign in "\t\r\n" for sign in text)
    return text if text and shown >= PRINTABLE_SHARE * len(text) else None


def base64(data: bytes) -> bytes | None:
    """Decode base64, plain or URL-safe, blanks ignored, padding optional; None if it is none or too long."""
    data = _BLANKS.sub(b"", data)
    if not data or len(data) > 2 * DECODED_BYTES or not _BASE64.fullmatch(data):
        return None
    body = data.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    if len(body) % 4 == 1:
        return None
    return binascii.a2b_base64(body + b"==")[:DECODED_BYTES]


def _base32(data: bytes) -> bytes | None:
    import base64 as standard

    data = _BLANKS.sub(b"", data).rstrip(b"=")
    if len(data) > 2 * DECODED_BYTES:
        return None
    try:
        return standard.b32decode(data + b"=" * (-len(data) % 8))[:DECODED_BYTES]
    except binascii.Error:
        return None


def _hex(data: bytes) -> bytes | None:
    digits = _HEX_NOISE.sub(b"", data[: 4 * DECODED_BYTES])
    return binascii.a2b_hex(digits[: len(digits) & ~1])[:DECODED_BYTES] if len(digits) > 1 else None


def _gzip(data: bytes) -> bytes | None:
    try:
        return zlib.decompressobj(wbits=47).decompress(data, DECODED_BYTES) or None
    except zlib.error:
        return None


def _bzip2(data: bytes) -> bytes | None:
    try:
        return bz2.BZ2Decompressor().decompress(data, DECODED_BYTES) or None
    except (OSError, ValueError):
        return None


def _xz(data: bytes) -> bytes | None:
    try:
        return lzma.LZMADecompressor(memlimit=64 << 20).decompress(data, DECODED_BYTES) or None
    except (lzma.LZMAError, EOFError):
        return None


def _reversed(data: bytes) -> bytes | None:
    try:
        lines = data[:DECODED_BYTES].decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return None
    return "\n".join(line[::-1] for line in lines).encode()


def _echoed(operands: Sequence[str]) -> str:
    escapes, newline = False, True
    at = 0
    while at < len(operands) and re.fullmatch(r"-[neE]+", operands[at]):
        escapes = "e" in operands[at] or (escapes and "E" not in operands[at])
        newline = newline and "n" not in operands[at]
        at += 1
    text = " ".join(operands[at:])
    return (_escaped(text) if escapes else text) + ("\n" if newline else "")


def _printed(operands: Sequence[str]) -> str | None:
    operands = operands[1:] if operands[:1] == ["--"] else operands
    if not operands or operands[0].startswith("-v"):
        return None
    form, values = operands[0], list(operands[1:])
    if "%" in _PRINTF_DIRECTIVE.sub("", form):
        return None
    out: list[str] = []
    while True:
        before = len(values)
        out.append(_PRINTF_DIRECTIVE.sub(lambda match: _directive(match, values), _escaped(form)))
        if not values or len(values) == before:
            return "".join(out)


def _directive(match: re.Match[str], values: list[str]) -> str:
    if match[1]:
        return "%"
    value = values.pop(0) if values else ""
    return _escaped(value) if match[2] == "b" else value


def _escaped(text: str) -> str:
    from parsers.dissect.words import ansi_c

    return ansi_c(text)


def _translated(operands: Sequence[str], stdin: Flow) -> Flow | None:
    """`tr -d SIGNS` drops signs, `tr A-Za-z N-ZA-Mn-za-m` is rot13; no other set is followed."""
    if len(operands) != 2:
        return None
    if _TR_DELETE.fullmatch(operands[0]):
        signs = _escaped(operands[1])
        if not signs.isascii() or "[" in signs or "-" in signs[1:]:
            return None
        return stdin._replace(data=stdin.data.translate(None, signs.encode()), inner=None)
    first, second = (operand.strip("[]") for operand in operands)
    if {first, second} == {"A-Za-z", "N-ZA-Mn-za-m"} or {first, second} == {"a-zA-Z", "n-za-mN-ZA-M"}:
        try:
            text = codecs.decode(stdin.data.decode("ascii"), "rot13")
        except UnicodeDecodeError:
            return None
        return Flow(text.encode(), stdin.origin, (*stdin.decoders, "rot13"), stdin.whole)
    return None


_WRITERS: dict[str, Callable[[Sequence[str]], str | None]] = {"echo": _echoed, "printf": _printed}
_EXPANDERS = {
    "gunzip": "gzip",
    "zcat": "gzip",
    "bunzip2": "bzip2",
    "bzcat": "bzip2",
    "unxz": "xz",
    "xzcat": "xz",
    "unlzma": "xz",
}
_COMPRESSORS = {"gzip": "gzip", "pigz": "gzip", "bzip2": "bzip2", "xz": "xz", "lzma": "xz"}
_DECODERS: dict[str, Callable[[bytes], bytes | None]] = {
    "base64": base64,
    "base32": _base32,
    "hex": _hex,
    "gzip": _gzip,
    "bzip2": _bzip2,
    "xz": _xz,
    "reversed": _reversed,
}
# a pipe whose first command is none of these carries nothing that the text knows
STARTERS = frozenset({*_WRITERS, *_EXPANDERS, *_COMPRESSORS, "cat", "base64", "base32", "gbase64", "basenc", "openssl"})
