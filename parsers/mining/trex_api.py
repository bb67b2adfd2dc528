"""Answers of T-Rex's HTTP interface (`/summary`), saved as JSON.

Source of the format: trexminer/T-Rex wiki, HTTP API: `accepted_count`, `rejected_count`, `active_pool` (`url`, `user`,
`worker`), `algorithm`, `gpus` (`device_id`, `name`, `hashrate`, `power`), `hashrate`, `hashrate_minute`, `_hour`,
`_day`, `ts`, `uptime`, `version`.

Rates are in H/s. `ts`, in seconds since 1970, is when the miner last wrote the numbers. Share counts are running totals
of the process and begin anew with it. Each GPU gives its rate, and the power it draws in watts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from parsers.contract import Format, Grade, Item
from parsers.jsonanswers import Answer, Made, Reader, metric, rate, read_answers, recognised, shares
from parsers.mining import places
from parsers.source import Source

FORMAT = Format(
    name="trex_api",
    title="T-Rex HTTP answers (JSON)",
    tables=("mining_share", "usage_metric", "artefact"),
    signature=True,
)

_WINDOWS = {"hashrate_minute": 60, "hashrate_hour": 3600, "hashrate_day": 86_400}


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for a summary."""
    return recognised(head, shape_of, (b'"accepted_count"', b'"active_pool"', b'"gpus"'))


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of each answer."""
    return read_answers(source, shape_of, "answer of T-Rex")


def shape_of(value: Mapping[str, Any]) -> Reader | None:
    """Return how an object is read, None if it is no summary."""
    keys = {"accepted_count", "rejected_count", "active_pool", "gpus", "hashrate"}
    return _summary if keys <= value.keys() and isinstance(value["active_pool"], dict) else None


def _summary(answer: Answer) -> list[Made]:
    when = answer.seconds("ts")
    pool = answer.inside("active_pool")
    url, user, worker = pool.text("url"), pool.text("user"), pool.text("worker")
    made = rate(answer.digits("hashrate"), **when)
    for key, seconds in _WINDOWS.items():
        made += rate(answer.digits(key), window_s=seconds, **when)
    for number, gpu in enumerate(answer.objects("gpus")):
        made += _gpu(number, gpu, when)
    account = places.account_of(user)
    made += shares(
        answer, "accepted_count", "rejected_count", worker=worker, account=account, pool=places.pool_of(url), **when
    )
    if url:
        made.append(places.pool(url, "/active_pool/url"))
    if user:
        made += places.account(user, "/active_pool/user")
    for key, kind in (("version", "miner_version"), ("algorithm", "algorithm")):
        value = answer.text(key)
        if value:
            made.append(Made("artefact", {"kind": kind, "name": key, "value": value, "path": f"/{key}"}))
    answer.left |= {"active_pool": pool.left} if pool.left else {}
    return made


def _gpu(number: int, gpu: Answer, when: Mapping[str, Any]) -> list[Made]:
    name = gpu.text("name")
    device = f"gpu {number}" + (f" ({name})" if name else "")
    made = rate(gpu.digits("hashrate"), device=device, **when)
    made += metric("power", gpu.digits("power"), "W", device=device, **when)
    if made:
        made[0].values["extra"] = gpu.left
    return made
