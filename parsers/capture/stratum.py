"""Mining in clear: JSON-RPC between a miner and a pool, one object a line, on any port.

Sources of the format: Bitcoin Wiki, Stratum mining protocol (`mining.*`, `client.*`); xmrig doc/STRATUM.md and
doc/STRATUM_EXT.md (`login`, `job`, `submit`, `getjob`, `keepalived`); eth-proxy and EthereumStratum (`eth_submitLogin`,
`eth_getWork`, `eth_submitWork`); bitcoin/bips 0022 (`getblocktemplate`), Bitcoin Wiki, Getwork.

A line is recognised by its content alone. Common words (`login`, `submit`, `job`) count only with the parameters that
mining gives them. Lines that were cut are read as far as they go. The password is left out, but for the `pass` of a
`login` that names the rig by custom.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from parsers.capture.cutjson import CutText, read_cut
from parsers.capture.messages import Found, Heard, Unread
from parsers.jsontext import DUPLICATE_KEYS, JsonFault, decode_all
from parsers.money import held
from parsers.schema import WORK
from parsers.text import storable

MALFORMED_JSON = "malformed_json"
DIFFICULTY_FROM_TARGET = "difficulty_from_target"
WORKER_FROM_PASS = "worker_from_pass"  # noqa: S105 - the name of a note
WORKER_CUT = "worker_cut"

_KEYS = (b'"method"', b'"jsonrpc"', b'"result"', b'"params"', b'"id"', b'"worker"', b'"error"')
_TELLING = (b'"method"', b'"result"', b'"error"')  # one of them is in every line of mining
_SHORT = 16  # of so few bytes nothing can be told
_PUSHED = frozenset(
    {"job", "mining.notify", "mining.set_difficulty", "mining.set_target", "mining.set_extranonce", "mining.set"}
)
_ASKED = frozenset(
    {
        "eth_getWork",
        "eth_login",
        "eth_submitHashrate",
        "eth_submitLogin",
        "eth_submitWork",
        "getblocktemplate",
        "getwork",
        "keepalived",
        "submitblock",
    }
)
_NEEDS = {
    "login": ("login", "agent", "pass", "rigid", "algo"),
    "submit": ("job_id", "nonce"),
    "job": ("blob", "job_id", "target"),
    "getjob": ("id",),
}
JUDGED = frozenset(
    {
        "eth_login",
        "eth_submitHashrate",
        "eth_submitLogin",
        "eth_submitWork",
        "login",
        "mining.authorize",
        "mining.submit",
        "submit",
        "submitblock",
    }
)
_STATUS_WORDS = frozenset({"OK", "KEEPALIVED"})
_JOB_PLACE = {"mining.notify": 0, "mining.submit": 1}
_KEPT = ("job_id", "height", "nonce", "target", "coin", "seed_hash")
_WALLET = re.compile(r"[^./+]+")
_PAYMENT_ID = re.compile(r"[0-9a-f]{16}|[0-9a-f]{64}")
_RIG = re.compile(r"[A-Za-z0-9_.-]{2,64}")
_HEX_256 = re.compile(r"0x[0-9a-fA-F]{64}")
_COMPACT_TARGET = re.compile(r"[0-9a-f]{8}|[0-9a-f]{16}", re.IGNORECASE)
_MOST_ID_LETTERS = 80


class Line(NamedTuple):
    """One JSON-RPC line of mining. `columns` are those of `application_message`."""

    direction: str  # request | response | push
    method: str | None
    id: int | str | None
    columns: Mapping[str, Any]
    notes: tuple[str, ...]
    extra: Mapping[str, Any]
    cut: bool
    standing: bool  # recognised by itself; an answer that is not means something only behind its request


def opens(buffer: bytes) -> bool:
    """Tell whether `buffer` may begin with a line of JSON-RPC."""
    return buffer[:1] == b"{" and (len(buffer) < _SHORT or any(key in buffer for key in _KEYS))


def read(buffer: bytes, *, final: bool) -> Heard:
    """Take JSON lines off the front of `buffer`; `final`: no more bytes will come.

    An object that is complete needs no newline. What does not begin an object, such as the rest of a line whose
    beginning was not captured, is passed over up to its newline.
    """
    found: list[Found] = []
    at = 0
    while at < len(buffer):
        if buffer[at] in b"\r\n \t\0":
            at += 1
            continue
        newline = buffer.find(b"\n", at)
        end = newline if newline >= 0 else len(buffer)
        ended = newline >= 0 or final
        if buffer[at] != ord("{") or (ended and not any(key in buffer[at:end] for key in _TELLING)):
            found.append(Found(at, end, Unread()))
            at = end
            continue
        whole, taken = _whole_objects(buffer[at:end]) if newline >= 0 or buffer.endswith(b"}") else ((), 0)
        found.extend(Found(at + begin, at + stop, content) for begin, stop, content in whole)
        at += taken
        if at < end:
            if not ended:
                return Heard(tuple(found), at, waiting=True)
            notes = (MALFORMED_JSON,) if newline >= 0 else ()
            found.append(Found(at, end, _understood(read_cut(buffer[at:end]), notes, cut=newline < 0)))
            at = end
    return Heard(tuple(found), len(buffer))


def _whole_objects(line: bytes) -> tuple[list[Found], int]:
    """Return the complete objects at the front of a line, and how many bytes they and the space behind them fill."""
    found = []
    taken = 0
    try:
        for piece in decode_all(line):
            taken = piece.begin + piece.length
            notes = (DUPLICATE_KEYS,) if piece.repeated_keys else ()
            found.append(Found(piece.begin, taken, _understood(piece.value, notes, cut=False)))
    except JsonFault:
        return found, taken + len(line[taken:]) - len(line[taken:].lstrip(b" \t\r"))
    return found, len(line)


def _understood(value: Any, notes: tuple[str, ...], *, cut: bool) -> Line | Unread:
    if not isinstance(value, dict):
        return Unread()
    method = value.get("method")
    if isinstance(method, str) and not isinstance(method, CutText):
        return _call(method, value, notes, cut=cut) if _is_mining(method, value, cut=cut) else Unread()
    if "result" in value or "error" in value:
        return _answer(value, notes, cut=cut)
    return Unread()


def _is_mining(method: str, value: Mapping[str, Any], *, cut: bool) -> bool:
    params = value.get("params")
    if method.startswith(("mining.", "client.")):
        return isinstance(params, list) or (cut and "params" not in value and method.startswith("mining."))
    if method in _ASKED:
        return True
    needs = _NEEDS.get(method)
    return bool(needs) and isinstance(params, dict) and any(key in params for key in needs or ())


def _call(method: str, value: Mapping[str, Any], notes: tuple[str, ...], *, cut: bool) -> Line:
    message_id = _id(value.get("id"))
    pushed = method in _PUSHED or method.startswith("client.")
    reading = _Columns(list(notes))
    params = value.get("params")
    if isinstance(params, dict):
        reading.named(method, params)
    elif isinstance(params, list):
        reading.listed(method, params)
    worker = value.get("worker")
    if isinstance(worker, str) and worker:
        if "worker" in reading.columns:
            reading.extra["worker"] = worker
        else:
            reading.text("worker", worker)
    return Line(
        "push" if pushed else "request",
        storable(method)[0],
        message_id,
        reading.columns,
        tuple(reading.notes),
        reading.extra,
        cut,
        standing=True,
    )


def _answer(value: Mapping[str, Any], notes: tuple[str, ...], *, cut: bool) -> Line:
    result, error = value.get("result"), value.get("error")
    reading = _Columns(list(notes))
    if error is not None:
        reading.columns["accepted"] = False
        reading.text("text", _error_text(error))
    elif isinstance(result, bool):
        reading.columns["accepted"] = result
    elif isinstance(result, dict | list) or ("result" in value and "error" in value):
        reading.columns["accepted"] = True
    standing = isinstance(error, list) and len(error) == 3 and isinstance(error[0], int) and isinstance(error[1], str)
    method = None
    direction = "response"
    if isinstance(result, dict):
        job = result.get("job")
        if isinstance(job, dict):
            reading.named("job", job)
        standing = standing or isinstance(job, dict) or result.get("status") in _STATUS_WORDS
    elif isinstance(result, list) and len(result) >= 3 and all(_is_hash(item) for item in result[:3]):
        method, standing = "eth_getWork", True  # header, seed and boundary: nothing else answers so
        del reading.columns["accepted"]
        if _id(value.get("id")) in {None, 0}:
            direction = "push"
    return Line(
        direction,
        method,
        _id(value.get("id")),
        reading.columns,
        tuple(reading.notes),
        reading.extra,
        cut,
        standing=standing,
    )


def _is_hash(item: Any) -> bool:
    return isinstance(item, str) and _HEX_256.fullmatch(item) is not None


def _id(value: Any) -> int | str | None:
    """Return a message's id if it is one that an answer can be told by."""
    if isinstance(value, bool | CutText) or not isinstance(value, int | str):
        return None
    return value if len(str(value)) <= _MOST_ID_LETTERS else None


def _error_text(error: Any) -> str | None:
    if isinstance(error, dict):
        error = error.get("message")
    elif isinstance(error, list):
        error = error[1] if len(error) > 1 else None
    return error if isinstance(error, str) else None


class _Columns:
    """Columns, notes and extra of one line while it is read."""

    def __init__(self, notes: list[str]) -> None:
        self.columns: dict[str, Any] = {}
        self.notes = notes
        self.extra: dict[str, Any] = {}

    def text(self, column: str, value: Any) -> None:
        if isinstance(value, str) and value:
            self.columns[column] = storable(str(value))[0]

    def named(self, method: str, params: Mapping[str, Any]) -> None:
        """Read parameters that come as an object."""
        if method == "login":
            self._login(params)
        algorithm = params.get("algo")
        if isinstance(algorithm, str) and not isinstance(algorithm, CutText):
            self.text("algorithm", algorithm)
        elif isinstance(algorithm, list):
            self.extra["algorithms"] = [str(name) for name in algorithm if isinstance(name, str)]
        target = params.get("target")
        if isinstance(target, str) and not isinstance(target, CutText) and _COMPACT_TARGET.fullmatch(target):
            self._difficulty(_difficulty_of(target), DIFFICULTY_FROM_TARGET)
        for key in _KEPT:
            item = params.get(key)
            if isinstance(item, str | int) and not isinstance(item, CutText | bool):
                self.extra[key] = item

    def listed(self, method: str, params: list[Any]) -> None:
        """Read parameters that come as a list."""
        first = params[0] if params else None
        if method in {"mining.authorize", "mining.submit", "eth_submitLogin", "eth_login"}:
            self._account(first)
        elif method == "mining.subscribe":
            self.text("user_agent", first)
            if len(params) > 3:
                self._host(params[2])
        elif method == "mining.set_difficulty":
            self._difficulty(first)
        elif method == "mining.set_target" and isinstance(first, str):
            self.extra["target"] = first
        elif method == "client.reconnect":
            self._host(first)
        elif method == "client.show_message":
            self.text("text", first)
        elif method == "eth_submitHashrate" and isinstance(first, str):
            self.extra["hash_rate"] = first
        place = _JOB_PLACE.get(method)
        job = params[place] if place is not None and len(params) > place else None
        if isinstance(job, str) and not isinstance(job, CutText):
            self.extra["job_id"] = job

    def _host(self, value: Any) -> None:
        if isinstance(value, str) and not isinstance(value, CutText):
            self.text("host", value.lower().rstrip("."))

    def _login(self, params: Mapping[str, Any]) -> None:
        self._account(params.get("login"))
        self.text("user_agent", params.get("agent"))
        rig, secret = params.get("rigid"), params.get("pass")
        if isinstance(rig, str) and rig:
            if "worker" in self.columns:
                self.extra["rigid"] = rig
            else:
                self.text("worker", rig)
        if (
            "worker" not in self.columns
            and isinstance(secret, str)
            and not isinstance(secret, CutText)
            and _RIG.fullmatch(secret)
        ):
            self.text("worker", secret)
            self.notes.append(WORKER_FROM_PASS)

    def _account(self, login: Any) -> None:
        """Split what a miner logs in with: `wallet`, `wallet.worker`, `wallet/worker/mail`, `wallet+difficulty`."""
        if not isinstance(login, str) or not login:
            return
        cut = isinstance(login, CutText)
        match = None if "@" in login.partition("/")[0] else _WALLET.match(login)
        wallet = match[0] if match else str(login)
        rest = login[len(wallet) :]
        self.text("wallet", wallet)
        self.columns["wallet_complete"] = not cut or bool(rest)
        if rest:
            self._worker(rest, cut=cut)
            self.extra["login"] = storable(str(login))[0]

    def _worker(self, rest: str, *, cut: bool) -> None:
        pieces = re.split(r"[/+]", rest[1:]) if rest[0] != "+" else []
        name = pieces[0] if pieces else ""
        if rest[0] == ".":
            payment, dot, behind = name.partition(".")
            if _PAYMENT_ID.fullmatch(payment) and not (cut and not dot and len(pieces) == 1):
                self.extra["payment_id"] = payment
                name = behind
        if name:
            self.text("worker", name)
            if cut and len(pieces) == 1:
                self.notes.append(WORKER_CUT)

    def _difficulty(self, value: Any, note: str | None = None) -> None:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return
        number = held(Decimal(value), WORK)
        if number is not None and number > 0:
            self.columns["difficulty"] = number
            if note:
                self.notes.append(note)
        else:
            self.extra["difficulty"] = str(value)


def _difficulty_of(target: str) -> int | None:
    """Return the difficulty that a CryptoNote target of 4 or 8 bytes stands for, as xmrig works it out."""
    value = int.from_bytes(bytes.fromhex(target), "little")
    if value == 0:
        return None
    if len(target) == 8:
        value = 0xFFFFFFFFFFFFFFFF // (0xFFFFFFFF // value)
    return 0xFFFFFFFFFFFFFFFF // value
