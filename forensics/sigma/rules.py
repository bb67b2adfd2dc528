"""A folder of Sigma rules, read with care: a rule file is somebody else's text.

Every `.yml` and `.yaml` below the folder is read once, in the order of its name; links are not followed. What cannot be
read or parsed is listed with its reason and stops nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from forensics.canonical import digest
from forensics.errors import UsageFault

MAX_FILES = 20_000
MAX_BYTES = 1_000_000
SUFFIXES = (".yml", ".yaml")
_INLINE = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `conditions` are parsed trees of pySigma, one of which holds; `file` is relative to the folder."""

    file: str
    sha256: str
    id: str | None
    title: str
    author: str | None
    level: str
    product: str | None
    category: str | None
    service: str | None
    conditions: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, or a rule in it, that was not taken, and why."""

    file: str
    title: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Pack:
    """The rules of a folder; `sha256` names the content of all its files."""

    sha256: str
    files: int
    rules: tuple[Rule, ...]
    unread: tuple[Unread, ...]


def installed() -> bool:
    """Whether the extra `sigma` is there."""
    return find_spec("sigma") is not None


def load(folder: Path) -> Pack:
    """Read a folder of rules; raises `UsageFault` where pySigma is not installed or there are too many files."""
    if not installed():
        raise UsageFault("the extra `sigma` (pySigma) is not installed", where=str(folder))
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and _is_plain(path))
    if len(paths) > MAX_FILES:
        raise UsageFault(f"more than {MAX_FILES} rule files", where=str(folder), hint="name a narrower folder")
    hashes: dict[str, str] = {}
    rules: list[Rule] = []
    unread: list[Unread] = []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        hashes[name] = hashlib.sha256(data).hexdigest()
        for found in _parsed(name, hashes[name], data):
            (rules if isinstance(found, Rule) else unread).append(found)  # type: ignore[arg-type]  # one list each
    return Pack(digest(hashes), len(paths), tuple(rules), tuple(unread))


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _parsed(name: str, sha256: str, data: bytes) -> Iterator[Rule | Unread]:
    from sigma.collection import SigmaCollection
    from sigma.exceptions import SigmaError
    from sigma.rule import SigmaRule
    from yaml import YAMLError

    if len(data) > MAX_BYTES:
        yield Unread(name, None, f"longer than {MAX_BYTES} bytes")
        return
    try:
        collection = SigmaCollection.from_yaml(
            data.decode("utf-8"),
            collect_errors=True,
            collect_filters=True,
            resolve_references=False,
            policy=_policy(),
        )
    except (UnicodeDecodeError, YAMLError, SigmaError, RecursionError, ValueError, TypeError, AttributeError) as fault:
        yield Unread(name, None, _told(fault))
        return
    if not collection.rules:
        yield Unread(name, None, _told(collection.errors[0]) if collection.errors else "no rule in it")
    for rule in collection.rules:
        if not isinstance(rule, SigmaRule):
            yield Unread(name, getattr(rule, "title", None), "correlations and filters are not run")
        elif rule.errors:
            yield Unread(name, rule.title, _told(rule.errors[0]))
        else:
            yield from _rule(name, sha256, rule)


@cache
def _policy() -> Any:
    """PySigma's safe policy, with an engine that keeps what a bad pattern says from the terminal."""
    import re2
    from sigma.policy import SigmaPolicy
    from sigma.policy.regex_engine import RE2RegexEngine

    class Quiet(RE2RegexEngine):
        def compile(self, pattern: str, flags: int = 0) -> Any:
            options = re2.Options()
            options.log_errors = False
            inline = "".join(letter for letter, flag in _INLINE.items() if flags & flag)
            return re2.compile(f"(?{inline}){pattern}" if inline else pattern, options)

    return SigmaPolicy(regex_engine=Quiet())


def _rule(name: str, sha256: str, rule: Any) -> Iterator[Rule | Unread]:
    from sigma.exceptions import SigmaError

    try:
        conditions = tuple(condition.parsed for condition in rule.detection.parsed_condition)
    except (SigmaError, RecursionError) as fault:
        yield Unread(name, rule.title, _told(fault))
        return
    source = rule.logsource
    yield Rule(
        file=name,
        sha256=sha256,
        id=str(rule.id) if rule.id else None,
        title=rule.title or name,
        author=rule.author,
        level=rule.level.name.lower() if rule.level else "unstated",
        product=source.product,
        category=source.category,
        service=source.service,
        conditions=conditions,
    )


def _told(fault: BaseException) -> str:
    """One line, without the place on disk that some faults carry."""
    return " ".join(str(fault).split())[:300] or type(fault).__name__
