"""Mining events of one undertaking, joined by what they share.

question: which mining records belong to the same undertaking, whoever's it is?
grain:    one row per mining event
columns:  event, episode (from 1, in order of first event), basis ('account' | 'act' | 'session' | 'host' | 'endpoint' |
          'alone'), opens
as:       table
order:    episode, event
not for:  saying who it was; an episode may hold acts of several actors, which the document then says

Events are joined by wallet, tool call and session: each of these is somebody's own. Agents' sessions that mine at one
endpoint are runs of one undertaking. Otherwise a pool's address is nobody's own, so events that know only where the
traffic went (flows, sockets, logs) join the one undertaking that uses that endpoint; where several use it, the one from
the same client address, then the one nearest in time.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pyarrow as pa

_SCHEMA = pa.schema([("event", pa.string()), ("episode", pa.int64()), ("basis", pa.string()), ("opens", pa.bool_())])
_FAR = 1 << 62
MIN_CUT_WALLET = 12  # characters that a cut address must at least show to be taken for a whole one

Event = dict[str, Any]


def relation(mining_event: pa.Table, pool_endpoint: pa.Table) -> pa.Table:
    """Number the episodes; events without any of the joining keys follow the endpoint."""
    events = sorted(mining_event.to_pylist(), key=lambda e: (_time(e), e["event"], e["family"]))
    whole = _whole_wallets({event["wallet"] for event in events if event["wallet"]})
    names = {row["address"]: row["name"] for row in pool_endpoint.to_pylist() if row["address"] and row["name"]}
    groups = _Groups()
    placed: dict[str, str] = {}
    for event in events:
        keys = _own_keys(event, whole, names)
        if keys:
            groups.join([f"event:{event['event']}", *(key for key, _ in keys)])
            placed.setdefault(event["event"], keys[0][1])
    members: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event["event"] in placed:
            members[groups.root(f"event:{event['event']}")].append(event)
    loose = [event for event in events if event["event"] not in placed]
    for event in loose:
        home = _home(event, members, names)
        if home:
            groups.join([f"event:{event['event']}", home])
            placed[event["event"]] = "endpoint"
        else:
            groups.join([f"event:{event['event']}", f"endpoint:{_endpoint(event, names)}"])
            placed[event["event"]] = "alone"
    return _numbered(events, groups, placed)


def _whole_wallets(wallets: set[str]) -> dict[str, str]:
    """Map a wallet that a capture cut short to the one whole wallet that begins with it; others map to themselves."""
    whole = {}
    for wallet in wallets:
        longer = [other for other in wallets if other != wallet and other.startswith(wallet)]
        longest = [other for other in longer if not any(o != other and o.startswith(other) for o in longer)]
        whole[wallet] = longest[0] if len(longest) == 1 and len(wallet) >= MIN_CUT_WALLET else wallet
    return whole


def _own_keys(event: Event, whole: dict[str, str], names: dict[str, str]) -> list[tuple[str, str]]:
    keys = []
    if event["wallet"]:
        keys.append((f"wallet:{whole[event['wallet']]}", "account"))
    if event["session_id"]:
        keys.append((f"session:{event['session_id']}", "session"))
    if event["act"]:
        keys.append((f"act:{event['act']}", "act"))
    endpoint = _endpoint(event, names)
    if keys and endpoint and event["actor"] == "agent":
        keys.append((f"agents:{endpoint}", "endpoint"))
    return keys


def _home(event: Event, members: dict[str, list[Event]], names: dict[str, str]) -> str | None:
    """Pick the undertaking that uses this event's endpoint; None where none does or nothing is known of it."""
    endpoint = _endpoint(event, names)
    fitting = []
    for root, own in members.items():
        if endpoint and any(_endpoint(other, names) == endpoint for other in own):
            same_client = any(
                other["client_address"] and other["client_address"] == event["client_address"] for other in own
            )
            distance = min(abs(_time(event) - _time(other)) for other in own)
            fitting.append((not same_client, distance, root))
    if fitting:
        return min(fitting)[2]
    return next(iter(members)) if len(members) == 1 and event["family"] in {"log", "share"} else None


def _endpoint(event: Event, names: dict[str, str]) -> str | None:
    name = event["pool_name"] or names.get(event["pool_address"] or "", event["pool_address"])
    return f"{name}:{event['pool_port']}" if name else None


def _time(event: Event) -> int:
    return event["best_us"] if event["best_us"] is not None else _FAR


def _numbered(events: list[Event], groups: _Groups, placed: dict[str, str]) -> pa.Table:
    numbers: dict[str, int] = {}
    rows: dict[str, dict[str, Any]] = {}
    for event in events:
        root = groups.root(f"event:{event['event']}")
        number = numbers.setdefault(root, len(numbers) + 1)
        row = rows.setdefault(
            event["event"],
            {"event": event["event"], "episode": number, "basis": placed[event["event"]], "opens": False},
        )
        row["opens"] = row["opens"] or bool(event["opens"])
    ordered = sorted(rows.values(), key=lambda row: (row["episode"], row["event"]))
    return pa.Table.from_pylist(ordered, schema=_SCHEMA)


class _Groups:
    """Union-find over text keys; the root of a group is its smallest key, whatever the order of joining."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, key: str) -> str:
        self._parent.setdefault(key, key)
        top = key
        while self._parent[top] != top:
            top = self._parent[top]
        while self._parent[key] != top:
            self._parent[key], key = top, self._parent[key]
        return top

    def join(self, keys: list[str]) -> None:
        roots = sorted({self.root(key) for key in keys})
        for root in roots[1:]:
            self._parent[root] = roots[0]
