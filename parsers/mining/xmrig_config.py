"""XMRig's config.json.

Source of the format: xmrig/xmrig src/config.json and doc/CONFIG.md, src/base/kernel/config/BaseConfig.cpp,
src/base/net/stratum/Pool.cpp (`pools[]`), src/base/net/http/Http.cpp (`http`, before 2.15 `api`). RapidJSON reads it
with comments and trailing commas, so both are allowed here.

The file is one record. It gives an `artefact` for each setting that tells where the hash rate goes (pool, wallet,
worker), who can steer the miner (listener) and how it is held down (donate level, limits); all other settings stay
together in the `extra` of the first row. Passwords and tokens are never copied: a row tells that there is one, and its
value is null.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.jsontext import DUPLICATE_KEYS, JsonFault, JsonPiece, compact, decode
from parsers.mining.endpoints import endpoint, login
from parsers.source import Source

FORMAT = Format(
    name="xmrig_config",
    title="XMRig configuration",
    tables=("artefact",),
    signature=True,
    line_based=False,
)
MOST_BYTES = 4 << 20

WITHHELD = "secret_withheld"
COMMENTS = "comments_left_out"

_SECRET = re.compile(r"pass|token|secret|cert_key|cert-key", re.IGNORECASE)
# strings first, so that what looks like a comment or a comma inside one is left alone; what is not closed ends the text
_STRING = rb'"(?:[^"\\]|\\.?)*(?:"|\Z)'
_COMMENT = re.compile(_STRING + rb"|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_LAST_COMMA = re.compile(_STRING + rb"|,(?=[ \t\r\n]*[\]}])", re.DOTALL)
_NOT_NEWLINE = re.compile(rb"[^\n]")
_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_SETTINGS = {
    "donate-level": "donate_level",
    "log-file": "log_file",
    "background": "background",
    "user-agent": "user_agent",
    "max-cpu-usage": "cpu_limit",
    "cpu-affinity": "cpu_affinity",
    "pause-on-active": "pause",
    "pause-on-battery": "pause",
    "algo": "algorithm",
    "coin": "coin",
}
_POOL_SETTINGS = {"algo": "algorithm", "coin": "coin", "rig-id": "worker", "socks5": "proxy", "self-select": "node"}

Artefact = dict[str, Any]


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG for an object with a list of pools as XMRig has them; PROBABLE where the head shows only its keys."""
    if not head.removeprefix(_BOM).lstrip(_SPACE).startswith((b"{", b"//", b"/*")):
        return Grade.NONE
    try:
        value = decode(strict(head)[0]).value
    except JsonFault:
        keys = (b'"pools"', b'"donate-level"', b'"url"')
        return Grade.PROBABLE if all(key in head for key in keys) else Grade.NONE
    return Grade.STRONG if _is_config(value) else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield the settings of the file."""
    with source.open() as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        yield from _whole(source, "a configuration larger than any miner reads")
        return
    loose, commented = strict(data)
    begin = _first(loose)
    if begin == len(loose):
        if data:
            yield Structure(0, len(data))
        return
    end = len(loose.rstrip(_SPACE))
    if begin:
        yield Structure(0, begin)
    record = Record(1, begin, end - begin, None, len(data) - end)
    try:
        piece = decode(loose[begin:end])
    except JsonFault as fault:
        yield Reject(record, str(fault))
        return
    if not isinstance(piece.value, dict):
        yield Reject(record, "no JSON object")
        return
    yield Parsed(record)
    yield from _rows(record, piece, commented=commented)


def strict(data: bytes) -> tuple[bytes, bool]:
    """Blank out comments, trailing commas and a byte order mark, length kept; tell whether there were comments."""
    if data.startswith(_BOM):
        data = b"   " + data[3:]
    bare = _COMMENT.sub(_blanked, data)
    return _LAST_COMMA.sub(_blanked, bare), bare != data


def _blanked(found: re.Match[bytes]) -> bytes:
    return found[0] if found[0].startswith(b'"') else _NOT_NEWLINE.sub(b" ", found[0])


def _whole(source: Source, reason: str) -> Iterator[Item]:
    length = source.size if source.size is not None else sum(len(block) for block in source.blocks())
    yield Reject(Record(1, 0, length, None), reason)


def _first(data: bytes) -> int:
    return len(data) - len(data.lstrip(_SPACE))


def _is_config(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    pools = value.get("pools")
    return (
        isinstance(pools, list)
        and any(isinstance(pool, dict) and "url" in pool and ("user" in pool or "pass" in pool) for pool in pools)
    ) or (isinstance(pools, list) and "donate-level" in value)


def _rows(record: Record, piece: JsonPiece, *, commented: bool) -> Iterator[Row]:
    config = piece.value
    notes = ([COMMENTS] if commented else []) + ([DUPLICATE_KEYS] if piece.repeated_keys else [])
    rest = {key: value for key, value in config.items() if key not in {*_SETTINGS, "pools", "http", "api"}}
    first = {"kind": "miner_config", "notes": notes, "extra": compact(without_secrets(rest))}
    found = [first, *_settings(config), *_pools(config.get("pools"))]
    for key in ("http", "api"):
        found += _listener(key, config.get(key))
    for part, row in enumerate(found):
        yield Row("artefact", record, row | {"notes": row.get("notes") or None}, part)


def without_secrets(value: Any) -> Any:
    """Return a decoded value in which the value of every key that may name a secret is null."""
    if isinstance(value, dict):
        return {key: None if _SECRET.search(key) else without_secrets(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    return value


def _settings(config: Mapping[str, Any]) -> Iterator[Artefact]:
    for key, kind in _SETTINGS.items():
        if config.get(key) is not None:
            yield _artefact(kind, key, _text(config[key]), "", key)


def _pools(pools: Any) -> Iterator[Artefact]:
    if not isinstance(pools, list):
        return
    for number, pool in enumerate(pools):
        if isinstance(pool, dict):
            yield from _pool(pool, f"/pools/{number}")


def _pool(pool: Mapping[str, Any], path: str) -> Iterator[Artefact]:
    url, user = pool.get("url"), pool.get("user")
    known = {"url", "user", "pass", "tls", *_POOL_SETTINGS}
    rest = without_secrets({key: value for key, value in pool.items() if key not in known and value is not None})
    if url is not None:
        place = endpoint(url) if isinstance(url, str) else None
        row = _artefact("pool", "url", place.text if place else _text(url), path, "url")
        if place:
            row |= {"host": place.host, "port": place.port}
        tls = pool.get("tls")
        row["tls"] = tls if isinstance(tls, bool) else (place.tls if place else None)
        if tls is False and place and place.tls:
            row["tls"] = None  # the two disagree
        yield row | {"extra": compact(rest) if rest else None}
    if isinstance(user, str) and user:
        parts = login(user)
        yield _artefact("wallet", "user", parts.account, path, "user") | {
            "extra": compact({"login": user}) if parts.account != user else None,
            "notes": [] if parts.asset else ["no_valid_address"],
        }
        if parts.worker:
            yield _artefact("worker", "user", parts.worker, path, "user")
    for key, kind in _POOL_SETTINGS.items():
        if pool.get(key) is not None:
            yield _artefact(kind, key, _without_login(_text(pool[key])), path, key)
    if pool.get("pass"):
        yield _artefact("password", "pass", None, path, "pass") | {"notes": [WITHHELD]}


def _without_login(text: str) -> str:
    place = endpoint(text) if "@" in text else None
    return place.text if place else text


def _listener(key: str, settings: Any) -> Iterator[Artefact]:
    if not isinstance(settings, dict) or not settings.get("port"):
        return
    port = settings["port"]
    usable = isinstance(port, int) and 0 < port <= 65_535
    host = settings.get("host")
    text = f"{host}:{port}" if isinstance(host, str) else _text(port)
    rest = {name: value for name, value in settings.items() if name not in {"host", "port"} and value is not None}
    row = _artefact("listener", key, text, "", key)
    yield row | {
        "host": host if isinstance(host, str) else None,
        "port": port if usable else None,
        "extra": compact(without_secrets(rest)) if rest else None,
    }
    if settings.get("access-token"):
        yield _artefact("access_token", "access-token", None, f"/{key}", "access-token") | {"notes": [WITHHELD]}


def _artefact(kind: str, name: str, value: str | None, path: str, key: str) -> Artefact:
    return {"kind": kind, "name": name, "value": value, "path": f"{path}/{key}"}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else compact(value)
