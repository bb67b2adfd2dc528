"""Which formats there are, and which one a source is in.

Parsers are found by walking the package: a module with `FORMAT`, `recognise` and `read` is one. Content decides; a
name may raise weak content; two equal claims are nobody's.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

import parsers
from parsers import parquet
from parsers.contract import HEAD_BYTES, Grade, Parser
from parsers.errors import UnknownFormat
from parsers.source import Source


@dataclass(frozen=True, slots=True)
class Recognition:
    """What recognition found: the chosen format's name, or None, and every candidate with its grade, best first."""

    chosen: str | None
    candidates: tuple[tuple[str, Grade], ...]
    ambiguous: bool


@cache
def all_parsers() -> Mapping[str, Parser]:
    """Every parser by its format's name, in alphabetical order."""
    found: dict[str, Parser] = {}
    for module_info in pkgutil.walk_packages(parsers.__path__, "parsers."):
        if module_info.ispkg or module_info.name.count(".") != 2:
            continue
        module = importlib.import_module(module_info.name)
        if hasattr(module, "FORMAT"):
            parser = cast("Parser", module)
            found[parser.FORMAT.name] = parser
    return dict(sorted(found.items()))


def parser_of(name: str) -> Parser:
    """Return the parser of the format `name`; raises `UnknownFormat`."""
    try:
        return all_parsers()[name]
    except KeyError:
        raise UnknownFormat(f"no format is called {name!r}", hint="`forensics formats` lists them") from None


def head_of(source: Source) -> bytes:
    """Return what recognisers look at: the first 64 KiB, or magic and footer of a Parquet file."""
    with source.open() as stream:
        return parquet.head_of(stream.read(HEAD_BYTES), stream)


def recognise(source: Source) -> Recognition:
    """Grade the source's head against every format."""
    return recognise_head(head_of(source), source.name)


def recognise_head(head: bytes, name: str) -> Recognition:
    """Grade `head` against every format; `name` is the path as delivered."""
    grades = [(fmt, parser.recognise(head, name)) for fmt, parser in all_parsers().items()] if head else []
    claims = sorted(((fmt, grade) for fmt, grade in grades if grade > Grade.NONE), key=lambda c: (-c[1], c[0]))
    best = claims[0][1] if claims else Grade.NONE
    leaders = [fmt for fmt, grade in claims if grade == best]
    if best < Grade.PROBABLE:
        return Recognition(None, tuple(claims), ambiguous=False)
    if len(leaders) > 1:
        return Recognition(None, tuple(claims), ambiguous=True)
    return Recognition(leaders[0], tuple(claims), ambiguous=False)
