"""Pool endpoints and logins as miners write them."""

from __future__ import annotations

import re
from typing import NamedTuple

from parsers import addresses, ip

_ENDPOINT = re.compile(
    r"(?:([a-z][a-z0-9+.-]{0,20})://)?(?:[^@/\s]*@)?(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]@]{1,253})(?::([0-9]{1,5}))?/?"
)
_LAST_PORT = 65_535
_TLS_SCHEMES = ("ssl", "tls", "tcps", "https")


class Endpoint(NamedTuple):
    """A pool's host and port; `tls` is True where the scheme says so, else None."""

    host: str
    port: int | None
    tls: bool | None

    @property
    def text(self) -> str:
        """The endpoint as host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def endpoint(text: str) -> Endpoint | None:
    """Read `[scheme://]host[:port]`; a login in front of the host is left out; None if it is no endpoint."""
    found = _ENDPOINT.fullmatch(text)
    if not found:
        return None
    scheme, host, port = found.groups()
    if port is not None and int(port) > _LAST_PORT:
        return None
    bare = host[1:-1] if host.startswith("[") else host
    host = ip.canonical(bare) or bare.lower().removesuffix(".")
    tls = True if scheme and scheme.rpartition("+")[2] in _TLS_SCHEMES else None
    return Endpoint(host, int(port) if port else None, tls)


def is_name(host: str) -> bool:
    """Tell whether a host is a name, not an address."""
    return ip.canonical(host) is None


class Login(NamedTuple):
    """A pool login: the account (a wallet where `asset` is known), and worker and fixed difficulty if it has them."""

    account: str
    asset: str | None
    worker: str | None
    difficulty: int | None


_FIXED_DIFFICULTY = re.compile(r"(.+?)\+([0-9]{1,18})(?=$|\.)(?:\.(.*))?")


def login(text: str) -> Login:
    """Part `WALLET[.WORKER]` or `WALLET[+DIFFICULTY][.WORKER]`; text of another shape is an account as it stands."""
    found = _FIXED_DIFFICULTY.fullmatch(text)
    if found:
        account, difficulty, worker = found[1], int(found[2]), found[3]
    else:
        account, _, worker = text.partition(".")
        difficulty = None
    wallet = addresses.classify(account)
    if wallet is None:
        return Login(text, None, None, None)
    return Login(account, wallet.asset if wallet.asset != "EVM" else None, worker or None, difficulty)
