"""A Sigma rule's condition as SQL with parameters.

Source: the Sigma specification 2 (https://sigmahq.io/sigma-specification), parsed by pySigma (extra `sigma`). Strings
compare without case and may hold wildcards, what is absent matches nothing (so a negation of it does), numbers compare
as numbers, regular expressions are RE2 and search. Every comparison yields true or false, never null. Values are bound,
and fields are looked up in the columns of the view, so that nothing of a rule is read as SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Any

NOTHING = "cast(null as varchar)"
FULLTEXT = "fulltext"
_WILD = {1: "%", 2: "_"}  # SpecialChars of pySigma: several characters, one
_NESTED = {"requestParameters": "requestParameters", "responseElements": "responseElements"}
_SIGNS = {"LT": "<", "LTE": "<=", "GT": ">", "GTE": ">=", "NEQ": "<>"}
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(\.{_OCTET}){{3}}"
_IPV6 = r"[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}((\.[0-9]{1,3}){3})?"
_WORD = re.compile(r"[A-Za-z0-9_-]+")


class Unsupported(Exception):
    """A rule asks for something that is not converted exactly, and therefore not at all."""


@dataclass
class Condition:
    """SQL text with `?` for each of its parameters in order; `absent` are fields that the view does not have."""

    sql: str = ""
    parameters: list[Any] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)


def convert(tree: Any, columns: Sequence[str]) -> Condition:
    """Convert a parsed condition of pySigma for a view with these columns; raises `Unsupported`."""
    writer = _Writer(columns)
    sql = writer.node(tree)
    return Condition(sql, writer.parameters, writer.absent)


class _Writer:
    def __init__(self, columns: Sequence[str]) -> None:
        self._exact = set(columns)
        self._folded = {column.lower(): column for column in columns}
        self.parameters: list[Any] = []
        self.absent: set[str] = set()

    def node(self, node: Any) -> str:
        kind = type(node).__name__
        if kind in {"ConditionAND", "ConditionOR"}:
            word = " and " if kind == "ConditionAND" else " or "
            return f"({word.join(self.node(argument) for argument in node.args)})"
        if kind == "ConditionNOT":
            return f"(not {self.node(node.args[0])})"
        if kind == "ConditionFieldEqualsValueExpression":
            return self.value(node.field, node.value)
        if kind == "ConditionValueExpression":
            return self.keyword(node.value)
        raise Unsupported(f"a condition of kind {kind}")

    def value(self, name: str, value: Any) -> str:
        """Compare a field with a value of any kind."""
        kind = type(value).__name__
        if kind == "SigmaExpansion":
            return f"({' or '.join(self.value(name, each) for each in value.values)})"
        if kind not in _COMPARISONS:
            raise Unsupported(f"a value of kind {kind}")
        return f"coalesce({_COMPARISONS[kind](self, name, value)}, false)"

    def keyword(self, value: Any) -> str:
        """Search the whole text of a record."""
        kind = type(value).__name__
        if kind == "SigmaRegularExpression":
            return f"coalesce({self.regex(FULLTEXT, value)}, false)"
        if kind not in {"SigmaString", "SigmaNumber"}:
            raise Unsupported(f"a keyword of kind {kind}")
        pattern = f"%{_pattern(value)}%" if kind == "SigmaString" else f"%{value.number}%"
        self.parameters.append(pattern)
        return f"coalesce(lower({self.column(FULLTEXT)}) like lower(?) escape '\\', false)"

    def column(self, name: str) -> str:
        """Name the column of a field; nothing where the view has none."""
        found = name if name in self._exact else self._folded.get(name.lower())
        if found is not None:
            return f'"{found}"'
        head, _, rest = name.partition(".")
        keys = rest.split(".")
        if head in _NESTED and head in self._exact and all(_WORD.fullmatch(key) for key in keys):
            path = "".join(f'."{key}"' for key in keys)
            return f"json_extract_string(\"{head}\", '${path}')"
        self.absent.add(name)
        return NOTHING

    def string(self, name: str, value: Any) -> str:
        column = self.column(name)
        if _has_wildcard(value):
            self.parameters.append(_pattern(value))
            return f"lower({column}) like lower(?) escape '\\'"
        self.parameters.append("".join(value.s))
        return f"lower({column}) = lower(?)"

    def cased(self, name: str, value: Any) -> str:
        column = self.column(name)
        if _has_wildcard(value):
            self.parameters.append(_pattern(value))
            return f"{column} like ? escape '\\'"
        self.parameters.append("".join(value.s))
        return f"{column} = ?"

    def number(self, name: str, value: Any) -> str:
        column = self.column(name)
        self.parameters.append(value.number)
        return f"try_cast({column} as double) = ?"

    def boolean(self, name: str, value: Any) -> str:
        column = self.column(name)
        self.parameters.append("true" if value.boolean else "false")
        return f"lower({column}) = ?"

    def null(self, name: str, _: Any) -> str:
        return f"{self.column(name)} is null"

    def exists(self, name: str, value: Any) -> str:
        return f"{self.column(name)} is {'not ' if value.exists else ''}null"

    def regex(self, name: str, value: Any) -> str:
        column = self.column(name)
        flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
        self.parameters.append(f"(?{flags}){value.regexp}" if flags else str(value.regexp))
        return f"regexp_matches({column}, ?)"

    def compared(self, name: str, value: Any) -> str:
        column = self.column(name)
        self.parameters.append(value.number.number)
        return f"try_cast({column} as double) {_SIGNS[value.op.name]} ?"

    def reference(self, name: str, value: Any) -> str:
        left, right = f"lower({self.column(name)})", f"lower({self.column(value.field)})"
        if value.starts_with and value.ends_with:
            return f"contains({left}, {right})"
        if value.starts_with:
            return f"starts_with({left}, {right})"
        if value.ends_with:
            return f"suffix({left}, {right})"
        return f"{left} = {right}"

    def network(self, name: str, value: Any) -> str:
        column = self.column(name)
        if isinstance(value.network, IPv4Network):
            return self._network_4(column, value.network)
        return self._network_6(column, value.network)

    def _network_4(self, column: str, network: IPv4Network) -> str:
        self.parameters += [int(network.network_address), int(network.broadcast_address)]
        octets = (f"try_cast(split_part({column}, '.', {n}) as bigint) * {256 ** (4 - n)}" for n in range(1, 5))
        return (
            f"case when regexp_full_match({column}, '{_IPV4}') then {' + '.join(octets)} between ? and ? else false end"
        )

    def _network_6(self, column: str, network: IPv6Network) -> str:
        """Our tables write IPv6 as RFC 5952 does: a whole address is one text, a short prefix is its first group."""
        if network.prefixlen == 128:
            self.parameters.append(network.network_address.compressed)
            return f"{column} = ?"
        if network.prefixlen > 16:
            raise Unsupported(f"the network {network}: only /128 and up to /16 are judged")
        first, last = (int(address) >> 112 for address in (network.network_address, network.broadcast_address))
        self.parameters += [first, last]
        group = f"coalesce(try_cast('0x' || nullif(split_part({column}, ':', 1), '') as integer), 0)"
        return f"case when regexp_full_match({column}, '{_IPV6}') then {group} between ? and ? else false end"


_COMPARISONS: Mapping[str, Callable[[_Writer, str, Any], str]] = {
    "SigmaString": _Writer.string,
    "SigmaCasedString": _Writer.cased,
    "SigmaNumber": _Writer.number,
    "SigmaBool": _Writer.boolean,
    "SigmaNull": _Writer.null,
    "SigmaExists": _Writer.exists,
    "SigmaRegularExpression": _Writer.regex,
    "SigmaCompareExpression": _Writer.compared,
    "SigmaFieldReference": _Writer.reference,
    "SigmaCIDRExpression": _Writer.network,
}


def _has_wildcard(value: Any) -> bool:
    return any(not isinstance(part, str) for part in value.s)


def _pattern(value: Any) -> str:
    """A LIKE pattern: wildcards as they are, everything else to the letter."""
    found = []
    for part in value.s:
        if isinstance(part, str):
            found.append(re.sub(r"([\\%_])", r"\\\1", part))
        elif getattr(part, "value", None) in _WILD:
            found.append(_WILD[part.value])
        else:
            raise Unsupported("a placeholder")
    return "".join(found)
