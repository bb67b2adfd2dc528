"""Sigma rules judged row by row from their YAML, by another way than the product's: no SQL, no pySigma.

Written from the Sigma specification 2 (rules, modifiers, conditions). A row maps fields to text or None.
"""

from __future__ import annotations

import base64
import fnmatch
import ipaddress
import itertools
import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

Row = dict[str, str | None]
_ORDER = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge, "neq": operator.ne}


def matches(rule: dict[str, Any], row: Row) -> bool:
    """Whether a rule fits a row."""
    detection = {name: value for name, value in rule["detection"].items() if name not in {"condition", "timeframe"}}
    conditions = rule["detection"]["condition"]
    listed = conditions if isinstance(conditions, list) else [conditions]
    return any(_Condition(text, detection, row).value() for text in listed)


class _Condition:
    """A condition read by descent: or, and, not, `1 of`, `all of`, parentheses."""

    def __init__(self, text: str, detection: dict[str, Any], row: Row) -> None:
        self.words = re.findall(r"[()]|[^\s()]+", text)
        self.detection, self.row = detection, row

    def value(self) -> bool:
        found = self._both()
        while self.words[:1] == ["or"]:
            self.words.pop(0)
            found = self._both() or found
        return found

    def _both(self) -> bool:
        found = self._one()
        while self.words[:1] == ["and"]:
            self.words.pop(0)
            found = self._one() and found
        return found

    def _one(self) -> bool:
        word = self.words.pop(0)
        if word == "not":
            return not self._one()
        if word == "(":
            found = self.value()
            assert self.words.pop(0) == ")"
            return found
        if self.words[:1] == ["of"]:
            self.words.pop(0)
            return self._of(word, self.words.pop(0))
        return _selection(self.detection[word], self.row)

    def _of(self, quantity: str, pattern: str) -> bool:
        pattern = "*" if pattern == "them" else pattern
        names = [n for n in self.detection if fnmatch.fnmatchcase(n, pattern) and not n.startswith("_")]
        found = [_selection(self.detection[name], self.row) for name in names]
        return all(found) if quantity == "all" else any(found)


def _selection(selection: Any, row: Row) -> bool:
    if isinstance(selection, list):
        return any(_selection(each, row) for each in selection)
    if isinstance(selection, dict):
        return all(_item(key, value, row) for key, value in selection.items())
    return _text(row.get("fulltext"), f"*{selection}*", cased=False)


def _item(key: str, value: Any, row: Row) -> bool:
    name, *modifiers = key.split("|")
    values = value if isinstance(value, list) else [value]
    tests = [_test(name, each, modifiers, row) for each in values]
    return all(tests) if "all" in modifiers else any(tests)


def _test(name: str, value: Any, modifiers: list[str], row: Row) -> bool:
    if not name:
        return _text(row.get("fulltext"), f"*{value}*", cased=False)
    own = row.get(name)
    if "exists" in modifiers:
        return (own is not None) is value
    if value is None:
        return own is None
    if own is None:
        return False
    if "fieldref" in modifiers:
        return _reference(own, row.get(value), modifiers)
    return any(_against(own, each, modifiers) for each in _spelled(value, modifiers))


def _reference(own: str, other: str | None, modifiers: list[str]) -> bool:
    if other is None:
        return False
    left, right = own.lower(), other.lower()
    if "contains" in modifiers:
        return right in left
    if "startswith" in modifiers:
        return left.startswith(right)
    return left.endswith(right) if "endswith" in modifiers else left == right


def _spelled(value: Any, modifiers: list[str]) -> Iterator[Any]:
    """The texts that a value stands for: encoded, or with other dashes."""
    if "base64offset" in modifiers:
        for offset, (begin, end) in enumerate(((0, None), (2, None), (3, None))):
            text = str(value).encode()
            cut = {0: None, 1: -3, 2: -2}[(len(text) + offset) % 3]
            yield base64.b64encode(b" " * offset + text)[begin : cut if end is None else end].decode()
    elif "base64" in modifiers:
        yield base64.b64encode(str(value).encode()).decode()
    elif "windash" in modifiers:
        places = [match.start() for match in re.finditer(r"\B[-/]\b", value)]
        for dashes in itertools.product("-/\u2013\u2014\u2015", repeat=len(places)):
            characters = list(value)
            for place, dash in zip(places, dashes, strict=True):
                characters[place] = dash
            yield "".join(characters)
    else:
        yield value


def _against(own: str, value: Any, modifiers: list[str]) -> bool:
    if "re" in modifiers:
        flags = [re.IGNORECASE] * ("i" in modifiers) + [re.MULTILINE] * ("m" in modifiers)
        return re.search(value, own, sum(flags)) is not None
    if "cidr" in modifiers:
        return _inside(own, value)
    compared = next((name for name in modifiers if name in _ORDER), None)
    if compared or (isinstance(value, int | float) and not isinstance(value, bool)):
        return _number(own, value, _ORDER[compared] if compared else operator.eq)
    if isinstance(value, bool):
        return own.lower() == str(value).lower()
    around = {"contains": "*{}*", "startswith": "{}*", "endswith": "*{}"}
    form = next((around[name] for name in modifiers if name in around), "{}")
    return _text(own, form.format(value), cased="cased" in modifiers)


def _number(own: str, value: float, compare: Callable[[float, float], bool]) -> bool:
    try:
        return compare(float(own), float(value))
    except ValueError:
        return False


def _inside(own: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(own) in ipaddress.ip_network(network)
    except (ValueError, TypeError):
        return False


def _text(own: str | None, pattern: str, *, cased: bool) -> bool:
    r"""Compare with wildcards: `*`, `?`; `\*`, `\?` and `\\` stand for themselves, another backslash for itself."""
    if own is None:
        return False
    parts = []
    for piece in re.findall(r"\\[\\*?]|.", pattern, re.DOTALL):
        if len(piece) == 2:
            parts.append(re.escape(piece[1]))
        else:
            parts.append({"*": ".*", "?": "."}.get(piece, re.escape(piece)))
    return re.fullmatch("".join(parts), own, re.DOTALL | (0 if cased else re.IGNORECASE)) is not None
