"""Rows of `name_lookup` from DNS messages.

One row per name and address that a response binds: of a chain of aliases every name gets the address, with the alias it
stands for in `alias_of`. A response that binds nothing leaves a `dns_query` row with its code; a query leaves one only
if no response to it was seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parsers.capture.dns import MALFORMED, MOST_RECORDS, Answer, Message

ANSWERS_CUT = "answers_cut"
ANSWERS_CAPPED = "answers_capped"
_LONGEST_CHAIN = 16
_MOST_ROWS = 2000


def of_response(message: Message) -> Iterator[dict[str, Any]]:
    """Yield the values of a response's rows, without times and ends."""
    notes = _notes(message)
    rows = 0
    for values in _bindings(message.answers):
        rows += 1
        if rows > _MOST_ROWS:
            notes = sorted({*notes, ANSWERS_CAPPED})
        yield {"kind": "dns_answer", **values, "response_code": message.code, "notes": notes or None}
        if rows > _MOST_ROWS:
            return
    if not rows:
        for values in of_query(message):
            yield {**values, "response_code": message.code, "notes": notes or None}


def of_query(message: Message) -> Iterator[dict[str, Any]]:
    """Yield the values of a query's rows, one per question, without times and ends."""
    for question in message.questions:
        yield {
            "kind": "dns_query",
            "name": question.name,
            "query_type": question.type,
            "notes": _notes(message) or None,
        }


def _notes(message: Message) -> list[str]:
    notes = set()
    if message.cut:
        notes.add(ANSWERS_CUT)
    if message.malformed:
        notes.add(MALFORMED)
    if message.stated_answers > MOST_RECORDS:
        notes.add(ANSWERS_CAPPED)
    return sorted(notes)


def _bindings(answers: tuple[Answer, ...]) -> Iterator[dict[str, Any]]:
    aliases: dict[str, list[Answer]] = {}
    for answer in answers:
        if answer.type == "CNAME" and answer.target:
            aliases.setdefault(answer.target, []).append(answer)
    bound = set()
    for answer in answers:
        if answer.address:
            yield _values(answer, address=answer.address)
            for alias in _chain(answer.name, aliases):
                bound.add(id(alias))
                yield _values(alias, address=answer.address, alias_of=alias.target)
    for answer in answers:
        if answer.type == "CNAME" and id(answer) not in bound:
            yield _values(answer, alias_of=answer.target)
        elif answer.type != "CNAME" and not answer.address:
            yield _values(answer)


def _chain(name: str, aliases: dict[str, list[Answer]]) -> Iterator[Answer]:
    """Yield the alias records that lead to `name`, nearest first."""
    seen = {name}
    ends = [name]
    for _ in range(_LONGEST_CHAIN):
        found = [alias for end in ends for alias in aliases.get(end, ()) if alias.name not in seen]
        if not found:
            return
        yield from found
        ends = [alias.name for alias in found]
        seen.update(ends)


def _values(answer: Answer, address: str | None = None, alias_of: str | None = None) -> dict[str, Any]:
    values = {"name": answer.name, "address": address, "alias_of": alias_of, "query_type": answer.type}
    return {
        **values,
        "ttl_s": answer.ttl_s,
        "extra": {"target": answer.target} if answer.target and not alias_of else None,
    }
