"""Answers of lolMiner's HTTP interface, saved as JSON.

Source of the format: lolMiner's API as its public clients read it: `Software`, `Session` (`Startup`, `Uptime`,
`Last_Update`), `Algorithms` (`Algorithm`, `Pool`, `User`, `Worker`, `Total_Performance`, `Performance_Unit`,
`Performance_Factor`, `Worker_Performance`, `Total_Accepted`, `Total_Rejected`), `Workers` (`Name`, `Power`).

A rate is in H/s where its factor stands beside it, else in the unit that it names. `Last_Update` is in seconds since
1970. Share counts are running totals of the process. Each worker is a GPU, with the power it draws in watts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Context, Decimal
from typing import Any

from parsers.contract import Format, Grade, Item
from parsers.jsonanswers import Answer, Made, Reader, metric, rate, read_answers, recognised, shares
from parsers.mining import places
from parsers.money import held
from parsers.schema import COIN
from parsers.source import Source

FORMAT = Format(
    name="lolminer_api",
    title="lolMiner HTTP answers (JSON)",
    tables=("mining_share", "usage_metric", "artefact"),
    signature=True,
)

_EXACT = Context(prec=100)
_MOST = Decimal(10) ** 20


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for an answer with algorithms in it."""
    return recognised(head, shape_of, (b'"Algorithms"', b'"Total_Performance"', b'"Software"'))


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each answer."""
    return read_answers(source, shape_of, "answer of lolMiner")


def shape_of(value: Mapping[str, Any]) -> Reader | None:
    """Return how an object is read, None if it is no answer of lolMiner."""
    listed = value.get("Algorithms")
    if not isinstance(listed, list) or not listed or "Software" not in value:
        return None
    return _answer if all(isinstance(item, dict) and "Total_Performance" in item for item in listed) else None


def _answer(answer: Answer) -> list[Made]:
    session = answer.inside("Session")
    when = session.seconds("Last_Update")
    workers = answer.objects("Workers")
    names = [worker.left.get("Name") for worker in workers]
    made: list[Made] = []
    for number, algorithm in enumerate(answer.objects("Algorithms")):
        made += _algorithm(algorithm, f"/Algorithms/{number}", names, when)
    for number, worker in enumerate(workers):
        power = metric("power", worker.digits("Power"), "W", device=_device(number, names), **when)
        if power:
            power[0].values["extra"] = worker.left
        made += power
    software = answer.text("Software")
    if software:
        row = {"kind": "miner_version", "name": "Software", "value": software, "path": "/Software"}
        made.append(Made("artefact", row))
    answer.left |= {"Session": session.left} if session.left else {}
    return made


def _algorithm(algorithm: Answer, path: str, names: list[Any], when: Mapping[str, Any]) -> list[Made]:
    factor = algorithm.left.get("Performance_Factor")
    unit = algorithm.text("Performance_Unit")
    named, pool, user = (algorithm.text(key) for key in ("Algorithm", "Pool", "User"))
    worker = algorithm.text("Worker")
    made = _rate(algorithm.digits("Total_Performance"), factor, unit, when)
    each = algorithm.left.get("Worker_Performance")
    if isinstance(each, list):
        algorithm.take("Worker_Performance")
        for number, value in enumerate(each):
            raw = Answer({"rate": value}).digits("rate")
            made += _rate(raw, factor, unit, {"device": _device(number, names), **when})
    who = {"worker": worker, "account": places.account_of(user), "pool": places.pool_of(pool)}
    made += shares(algorithm, "Total_Accepted", "Total_Rejected", **who, **when)
    if pool:
        made.append(places.pool(pool, f"{path}/Pool"))
    if user:
        made += places.account(user, f"{path}/User")
    if named:
        row = {"kind": "algorithm", "name": "Algorithm", "value": named, "path": f"{path}/Algorithm"}
        made.append(Made("artefact", row))
    if made:
        made[0].values["extra"] = algorithm.left
    return made


def _rate(raw: str | None, factor: Any, unit: str | None, columns: Mapping[str, Any]) -> list[Made]:
    made = rate(raw, unit, **columns)
    known = isinstance(factor, int | Decimal) and not isinstance(factor, bool) and 0 < factor < _MOST
    if made and known and made[0].values["value"] is not None:
        value = held(_EXACT.multiply(made[0].values["value"], Decimal(factor)), COIN)
        if value is not None:
            made[0].values.update(value=value, unit="H/s", notes=[])
    return made


def _device(number: int, names: list[Any]) -> str:
    name = names[number] if number < len(names) else None
    return f"gpu {number}" + (f" ({name})" if isinstance(name, str) and name else "")
