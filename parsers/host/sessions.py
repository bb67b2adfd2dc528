"""What login programs log: sshd, su, PAM's session modules, systemd-logind.

Source of the format: openssh-portable auth.c (auth_log, `Accepted`, `Failed`, `Invalid user`) and packet.c; Linux-PAM
modules/pam_unix (session opened, session closed, authentication failure); util-linux login-utils/su-common.c and
shadow src/su.c; systemd src/login/logind-session.c.

A login shows more than once: sshd accepts, PAM opens a session, logind numbers it. Each is a row of its own; of a
failed login through sshd, PAM's line is left to sshd's own. Users' names come from the peer and may hold anything, so
they are read up to the last address that fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from parsers import ip
from parsers.host.said import Said

_PREAUTH = " [preauth]"
_TRIED = re.compile(
    r"(Accepted|Failed) ([\w/-]+) for (invalid user )?(.*) from (\S+) port (\d{1,5})(?: +ssh2?)?(?:: (.+))?",
    re.DOTALL | re.ASCII,
)
_INVALID = re.compile(r"Invalid user (.*) from (\S+?)(?: port (\d{1,5}))?", re.DOTALL | re.ASCII)
_LEFT = re.compile(r"Disconnected from user (.*) (\S+) port (\d{1,5})", re.DOTALL | re.ASCII)
_PAM = re.compile(r"pam_\w+\(([^():]+)(?::\w+)?\): (.*)", re.DOTALL)
_OPENED = re.compile(
    r"session opened for user (.*?)(?:\(uid=(\d{1,10})\))?(?: by (.*?)(?:\(uid=(\d{1,10})\))?)?", re.DOTALL | re.ASCII
)
_CLOSED = re.compile(r"session closed for user (.*)", re.DOTALL)
_PAM_FAILURE = re.compile(
    r"authentication failure; logname=(.*?) uid=(\d*) euid=(\d*) tty=(.*?) ruser=(.*?) rhost=(\S*) *(?: user=(.*))?",
    re.DOTALL | re.ASCII,
)
_SU = re.compile(r"(FAILED SU )?\(to (.+?)\) (.*?) on (\S+)", re.DOTALL)
_SHADOW_SU = re.compile(r"(Successful|FAILED) su for (\S+) by (\S+)")
_NEW_SESSION = re.compile(r"New session '?(\S+?)'? of user '?(.+?)'?(?: with class '\S+' and type '\S+')?\.", re.DOTALL)
_OLD_SESSION = re.compile(r"Removed session (\S+)\.")
_SESSION_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


def _peer(address: str, port: str | None) -> tuple[str | None, dict[str, object]]:
    canonical = ip.canonical(address)
    return canonical, {"peer": None if canonical == address else address, "port": int(port) if port else None}


def of_sshd(message: str) -> Said | None:
    """Read a message of sshd."""
    text = message.removesuffix(_PREAUTH)
    if found := _TRIED.fullmatch(text):
        verb, method, invalid, user, address, port, key = found.groups()
        canonical, extra = _peer(address, port)
        kind = "start" if verb == "Accepted" else "failure"
        values = {"kind": kind, "user_name": user, "address": canonical, "method": method}
        return Said("login", values, {**extra, "says": verb, "invalid_user": bool(invalid) or None, "fingerprint": key})
    if found := _INVALID.fullmatch(text):
        canonical, extra = _peer(found[2], found[3])
        values = {"kind": "failure", "user_name": found[1], "address": canonical}
        return Said("login", values, {**extra, "says": "Invalid user", "invalid_user": True})
    if found := _LEFT.fullmatch(text):
        canonical, extra = _peer(found[2], found[3])
        values = {"kind": "end", "user_name": found[1], "address": canonical}
        return Said("login", values, {**extra, "says": "Disconnected"})
    return None


def of_pam(message: str) -> Said | None:
    """Read a message of a PAM module, whichever program it ran in."""
    module = _PAM.fullmatch(message)
    if not module:
        return None
    service, text = module.groups()
    extra: dict[str, object] = {"says": "session opened"}
    if found := _OPENED.fullmatch(text):
        user, uid, by, by_uid = found.groups()
        values = {"kind": "start", "user_name": user, "uid": int(uid) if uid else None, "method": service}
        return Said("login", values, {**extra, "by": by or None, "by_uid": int(by_uid) if by_uid else None})
    if found := _CLOSED.fullmatch(text):
        return Said("login", {"kind": "end", "user_name": found[1], "method": service}, {"says": "session closed"})
    found = _PAM_FAILURE.fullmatch(text)
    if found and service != "sshd":
        logname, uid, _, tty, ruser, rhost, user = found.groups()
        address = ip.canonical(rhost)
        values = {"kind": "failure", "user_name": user, "address": address, "tty": tty or None, "method": service}
        extra = {"says": "authentication failure", "by": ruser or logname or None, "by_uid": int(uid) if uid else None}
        return Said("login", values, {**extra, "peer": None if address else rhost or None})
    return None


def of_su(message: str) -> Said | None:
    """Read a message of su."""
    if found := _SU.fullmatch(message):
        failed, user, by, tty = found.groups()
        values = {"kind": "failure" if failed else "start", "user_name": user, "tty": tty, "method": "su"}
        return Said("login", values, {"by": by})
    if found := _SHADOW_SU.fullmatch(message):
        values = {"kind": "start" if found[1] == "Successful" else "failure", "user_name": found[2], "method": "su"}
        return Said("login", values, {"by": found[3]})
    return None


def of_logind(message: str) -> Said | None:
    """Read a message of systemd-logind; its session numbers are those of the audit log where auditing is on."""
    if found := _NEW_SESSION.fullmatch(message):
        return _numbered({"kind": "start", "user_name": found[2], "method": "logind"}, found[1])
    if found := _OLD_SESSION.fullmatch(message):
        return _numbered({"kind": "end", "method": "logind"}, found[1])
    return None


def _numbered(values: dict[str, object], session: str) -> Said:
    if _SESSION_NUMBER.fullmatch(session):
        return Said("login", {**values, "login_session": int(session)})
    return Said("login", values, {"session": session})


READERS: dict[str, Callable[[str], Said | None]] = {
    **dict.fromkeys(("sshd", "sshd-session", "sshd-auth"), of_sshd),
    "su": of_su,
    "systemd-logind": of_logind,
}
