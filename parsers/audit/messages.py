"""What programs and the audit daemon report of their own accord: sudo, logins, start and end of auditing.

Source of the fields: audit-userspace lib/audit_logging.c (audit_log_user_message, audit_log_user_command,
audit_log_acct_message), Linux kernel/audit.c (audit_set_loginuid, audit_log_config_change), auditd's DAEMON_ records.

A message is `pid=.. uid=.. auid=.. ses=.. msg='op=.. acct=".." exe=".." hostname=.. addr=.. terminal=.. res=..'`; older
ones put commas and brackets between the fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from parsers.audit.records import CALL_TYPES, AuditEvent, Stamp, Types, enriched, stamp_of
from parsers.audit.values import fields, identity, number, plain, text, untrusted
from parsers.ip import canonical
from parsers.jsontext import compact
from parsers.text import UNDECODABLE, decoded

TIMESTAMP_OUT_OF_RANGE = "timestamp_out_of_range"

Fields = dict[bytes, bytes]
Values = tuple[str, dict[str, Any]]

_LOST = re.compile(rb"(?<![^\s(])audit_lost=(\d{1,18})")
_ENABLED = re.compile(rb"(?<![^\s(])audit_enabled=(\d)\s+old=(\d)")
_RESULTS = {b"success": True, b"1": True, b"yes": True, b"failed": False, b"0": False, b"no": False}
_DAEMON = {b"DAEMON_START": "auditd_started", b"DAEMON_END": "auditd_ended", b"DAEMON_ABORT": "auditd_aborted"}
_SWITCHED = {False: "auditing_switched_off", True: "auditing_switched_on"}
_LOGIN_KINDS = {
    b"USER_LOGIN": "start",
    b"USER_START": "start",
    b"LOGIN": "start",
    b"USER_END": "end",
    b"USER_LOGOUT": "end",
}


class Message(NamedTuple):
    """One such line: its type, body and enriched part."""

    kind: bytes
    body: bytes
    names: bytes


def values_of(event: AuditEvent, types: Types) -> Iterator[Values]:
    """Yield (table, values) for each line of the event that is such a report."""
    for kind, texts in types.items():
        if kind in CALL_TYPES:
            continue
        reader = _READERS.get(kind)
        for text_ in texts:
            message = Message(kind, *enriched(text_))
            if reader:
                yield from reader(event, message)
            switched = _ENABLED.search(message.body) if kind == b"CONFIG_CHANGE" else None
            if switched and switched[1] != switched[2]:
                yield "coverage_gap", _gap(event, message, _SWITCHED[switched[1] != b"0"])
            lost = _LOST.search(message.body)
            if lost:
                yield "coverage_gap", _gap(event, message, "records_lost") | {"lost_records": int(lost[1])}


def _split(body: bytes) -> tuple[Fields, Fields]:
    """Return the fields of the kernel's part and of the program's own message."""
    begin = body.find(b"msg='")
    if begin < 0:
        return fields(body), {}
    end = body.rfind(b"'")
    inner = body[begin + 5 : end if end > begin + 4 else len(body)]
    return fields(body[:begin]), {key: _bare(value) for key, value in fields(inner).items()}


def _bare(value: bytes) -> bytes:
    return value if value[:1] == b'"' else value.rstrip(b",)")


def _common(event: AuditEvent, extra: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    stamp: Stamp = stamp_of(event.stamp)
    notes += event.notes()
    notes += [TIMESTAMP_OUT_OF_RANGE] if stamp.us is None else []
    kept = {key: value for key, value in extra.items() if value is not None}
    return {
        "ts": stamp.us,
        "ts_precision_us": stamp.precision_us if stamp.us is not None else None,
        "notes": sorted(set(notes)) or None,
        "extra": compact(kept) if kept else None,
    }


def _shown(data: bytes | None, notes: list[str]) -> str | None:
    if data is None:
        return None
    shown, whole = decoded(data)
    notes += [] if whole else [UNDECODABLE]
    return shown


def _commands(event: AuditEvent, message: Message) -> Iterator[Values]:
    outer, inner = _split(message.body)
    names = fields(message.names)
    notes: list[str] = []
    typed = message.kind == b"USER_TTY"
    command = untrusted(outer.get(b"data")) if typed else untrusted(inner.get(b"cmd"))
    values = {
        "kind": "history" if typed else "sudo",
        "host_name": text(event.node),
        "user_name": _name(names.get(b"UID")),
        "uid": identity(outer.get(b"uid")),
        "login_uid": identity(outer.get(b"auid")),
        "login_user_name": _name(names.get(b"AUID")),
        "login_session": identity(outer.get(b"ses")),
        "tty": text(plain(inner.get(b"terminal"))),
        "pid": number(outer.get(b"pid")),
        "executable": _shown(untrusted(inner.get(b"exe")), notes),
        "command": _shown(command, notes),
        "argv_basis": "typed" if typed else "joined",
        "cwd": _shown(untrusted(inner.get(b"cwd")), notes),
        "succeeded": _RESULTS.get(plain(inner.get(b"res")) or b""),
        "event_id": stamp_of(event.stamp).serial,
    }
    extra = {"type": text(message.kind), "account": _shown(untrusted(inner.get(b"acct")), notes)}
    yield "process", values | _common(event, extra, notes)


def _logins(event: AuditEvent, message: Message) -> Iterator[Values]:
    outer, inner = _split(message.body)
    names = fields(message.names)
    succeeded = _RESULTS.get(plain(inner.get(b"res") or outer.get(b"res")) or b"")
    if message.kind not in _LOGIN_KINDS and succeeded is not False:
        return  # that somebody proved who he is begins no session
    notes: list[str] = []
    account = untrusted(inner.get(b"acct")) if plain(inner.get(b"acct")) else None
    login_uid = identity(outer.get(b"auid"))
    own_login = message.kind == b"LOGIN" or (account is not None and account == plain(names.get(b"AUID")))
    host = text(plain(inner.get(b"hostname"))) or ""
    values = {
        "kind": "failure" if succeeded is False else _LOGIN_KINDS.get(message.kind),
        "host_name": text(event.node),
        "user_name": _shown(account, notes) or _name(names.get(b"ID")) or _login_name(message.kind, names),
        # of sudo and cron the account is another than the one that logged in
        "uid": identity(inner[b"id"]) if b"id" in inner else login_uid if own_login else None,
        "login_session": identity(outer.get(b"ses")),
        "address": canonical(text(plain(inner.get(b"addr"))) or "") or canonical(host),
        "tty": text(plain(inner.get(b"terminal") or outer.get(b"tty"))),
        "method": text(plain(inner.get(b"op"))) if message.kind == b"USER_AUTH" else None,
        "pid": number(outer.get(b"pid")),
    }
    extra = {
        "type": text(message.kind),
        "op": text(plain(inner.get(b"op"))),
        "executable": _shown(untrusted(inner.get(b"exe")), notes),
        "hostname": host or None,
        "login_uid": login_uid,
        "event_id": stamp_of(event.stamp).serial,
    }
    yield "login", values | _common(event, extra, notes)


def _login_name(kind: bytes, names: Fields) -> str | None:
    return _name(names.get(b"AUID")) if kind == b"LOGIN" else None


def _daemon(event: AuditEvent, message: Message) -> Iterator[Values]:
    yield "coverage_gap", _gap(event, message, _DAEMON[message.kind])


def _gap(event: AuditEvent, message: Message, reason: str) -> dict[str, Any]:
    notes: list[str] = []
    said = _shown(message.body, notes)
    extra = {"host_name": text(event.node), "event_id": stamp_of(event.stamp).serial}
    return {"reason": reason, "text": said, **_common(event, extra, notes)}


def _name(value: bytes | None) -> str | None:
    name = text(plain(value))
    return None if name is None or name == "unset" or name.startswith("unknown(") else name


_READERS: dict[bytes, Callable[[AuditEvent, Message], Iterator[Values]]] = {
    b"USER_CMD": _commands,
    b"USER_TTY": _commands,
    **dict.fromkeys((*_LOGIN_KINDS, b"USER_AUTH", b"USER_ERR"), _logins),
    **dict.fromkeys(_DAEMON, _daemon),
}
