"""Answers of XMRig's HTTP interface, saved as JSON: /1/summary, /2/summary, /2/backends, /1/threads.

Source of the format: xmrig/xmrig doc/API.md and doc/api/1/summary.json, threads.json; src/base/api, src/core/Miner.cpp
(hashrate), src/net/NetworkState.cpp (results, connection), src/backend/cpu, opencl and cuda (backends).

An answer says how long the miner has run, but not when it was given: rows have no time. Rates are H/s over 10 s, 60 s
and 15 min, null until the window is full. Shares are running totals of the process (`shares_total` less `shares_good`
were refused) and begin anew with it; `hashes_total` is the work of accepted shares. Rates of a miner's threads stay in
`extra`, those of GPUs make rows, with the power they draw where the driver told it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from parsers import ip
from parsers.contract import Format, Grade, Item
from parsers.jsonanswers import RUNNING_TOTALS, Answer, Made, Reader, metric, rate, read_answers, recognised
from parsers.mining.endpoints import Endpoint, endpoint, is_name
from parsers.source import Source

FORMAT = Format(
    name="xmrig_api",
    title="XMRig HTTP answers (JSON)",
    tables=("mining_share", "usage_metric", "artefact", "name_lookup"),
    signature=True,
)

_WINDOWS = (10, 60, 900)
_ARTEFACTS = {
    "ua": "miner_version",
    "version": "miner_version",
    "worker_id": "worker",
    "algo": "algorithm",
    "donate_level": "donate_level",
}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for a summary, backends or threads."""
    return recognised(head, shape_of, (b'"hashrate"', b'"results"', b'"shares_good"', b'"connection"'))


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each answer; each backend is a record of its own."""
    return read_answers(source, shape_of, "answer of XMRig")


def shape_of(value: Mapping[str, Any]) -> Reader | None:
    """Return how an object is read, None if it is none of these answers."""
    results, threads = value.get("results"), value.get("threads")
    if {"hashrate", "connection"} <= value.keys() and isinstance(results, dict) and "shares_good" in results:
        return _summary
    if not isinstance(threads, list) or not all(isinstance(item, dict) for item in threads):
        return None
    if {"type", "enabled", "algo", "hashrate"} <= value.keys():
        return _backend
    if threads and "hugepages" in value and all({"type", "algo", "hashrate"} <= item.keys() for item in threads):
        return _threads
    return None


def _summary(answer: Answer) -> list[Made]:
    hashrate, results, connection = (answer.inside(key) for key in ("hashrate", "results", "connection"))
    pool = connection.text("pool")
    place = endpoint(pool) if pool else None
    worker = answer.left.get("worker_id")
    who = worker if isinstance(worker, str) else None
    made = [
        *_rates(hashrate, "total"),
        *metric("hashes", results.digits("hashes_total"), "H"),
        *_shares(results, {"worker": who, "pool": place.text if place else pool}),
    ]
    for key, kind in _ARTEFACTS.items():
        value = answer.digits(key)
        if value is not None:
            made.append(Made("artefact", {"kind": kind, "name": key, "value": value, "path": f"/{key}"}))
    if pool:
        made += _pool(pool, place, connection)
    parts = {"hashrate": hashrate, "results": results, "connection": connection}
    answer.left |= {name: part.left for name, part in parts.items() if part.left}
    return made


def _rates(answer: Answer, key: str, **columns: Any) -> list[Made]:
    """Take a list of rates, one for each window, if it is one."""
    values = answer.left.get(key)
    if not isinstance(values, list) or len(values) != len(_WINDOWS):
        return []
    windows = Answer({str(seconds): value for seconds, value in zip(_WINDOWS, values, strict=True)})
    made = [row for seconds in _WINDOWS for row in rate(windows.digits(str(seconds)), window_s=seconds, **columns)]
    if all(value is None for value in windows.left.values()):
        answer.take(key)
    return made


def _shares(results: Answer, columns: dict[str, Any]) -> list[Made]:
    good, total = results.count("shares_good"), results.count("shares_total")
    bad = total - good if good is not None and total is not None and total >= good else None
    if bad is None or not total:
        stated = {"shares_good": good, "shares_total": total}
        results.left |= {key: count for key, count in stated.items() if count is not None}
    if not good and not total:
        return []
    row = {"accepted": bool(good), "total_accepted": good, "total_rejected": bad, "notes": [RUNNING_TOTALS]}
    return [Made("mining_share", row | columns)]


def _pool(text: str, place: Endpoint | None, connection: Answer) -> list[Made]:
    row: dict[str, Any] = {"kind": "pool", "name": "connection", "value": place.text if place else text}
    row |= {"path": "/connection/pool", "tls": True if connection.left.get("tls") else None}
    if place is None:
        return [Made("artefact", row)]
    row |= {"host": place.host, "port": place.port, "tls": row["tls"] or place.tls}
    stated = connection.left.get("ip")
    address = ip.canonical(stated) if isinstance(stated, str) and stated else None
    if address is None or not is_name(place.host):
        return [Made("artefact", row)]
    connection.take("ip")
    lookup = {"kind": "log", "name": place.host, "address": address, "port": place.port}
    return [Made("artefact", row), Made("name_lookup", lookup)]


def _backend(answer: Answer) -> list[Made]:
    kind = answer.text("type")
    made = _rates(answer, "hashrate", device=kind)
    if kind != "cpu":
        rest = []
        for number, thread in enumerate(answer.objects("threads")):
            made += _gpu(thread, f"{kind} {number}")
            rest.append(thread.left)
        answer.left["threads"] = rest
    return made


def _gpu(thread: Answer, place: str) -> list[Made]:
    name = thread.left.get("name")
    device = f"{place} ({name})" if isinstance(name, str) and name else place
    health = thread.inside("health")
    made = _rates(thread, "hashrate", device=device) + metric("power", health.digits("power"), "W", device=device)
    if health.left:
        thread.left["health"] = health.left
    return made


def _threads(answer: Answer) -> list[Made]:
    made, rest = [], []
    for number, thread in enumerate(answer.objects("threads")):
        made += _rates(thread, "hashrate", device=f"{thread.left.get('type')} {number}")
        rest.append(thread.left)
    answer.left["threads"] = rest
    return made
