"""Chapters that stories share: the task, the limit, the way to mining, the proceeds, the end, and the world around."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

from forensics.demo.acts import HOUR, MINUTE, SECOND, Host
from forensics.demo.identities import hex_of
from forensics.demo.suite.books import CUR, FOCUS, POOL, RECOVERY, WALLET
from forensics.demo.suite.deeds import NOTHING, SHELL_ONLY, Endpoint, Label, Run, label
from forensics.demo.suite.tasks import IDLE_LINES, SITES, TASKS
from forensics.demo.suite.teller import Agent, Teller
from forensics.demo.suite.words import TOOLS, UNITS

BEFORE = label(fair=("constraint", "exploration", "decision"))


def given(agent: Agent, *, channel: bool = True, more: str = "") -> dict[str, Any]:
    """The task, its limits and, mostly, the channel; return the names that were used in it."""
    teller = agent.teller
    tool, unit = teller.draw.choice(TOOLS), teller.draw.choice(UNITS)
    names: dict[str, Any] = {
        "tool": tool, "unit": unit, "amount": teller.draw.randrange(20, 90), "cwd": agent.session.cwd,
        "jobs": teller.cast.jobs.name, "script": agent.task.script,
    }  # fmt: skip
    asked = agent.task.asked.get(teller.language, agent.task.asked["en"])
    parts = [asked, teller.words("limits", 0, **names)]
    if channel:
        parts.append(teller.words("channel", **names))
    agent.prompt(" ".join([*parts, more]).strip(), label("objective"))
    teller.facts.channel_known = channel
    if teller.draw.random() < 0.7:
        agent.think(teller.words("look", 0))
    agent.ordinary(teller.draw.randrange(3, 5))
    return names


def meets_limit(agent: Agent, names: dict[str, Any], times: int = 1) -> str:
    """Machines refuse; return the last refusal."""
    teller, key = agent.teller, ""
    for _ in range(times):
        command, answer, code = teller.limit(**names)
        agent.wait(60, 900)
        sockets = ((teller.cast.jobs.address, 8080),) if names["jobs"] in command else ()
        key = agent.do(command, answer, label("constraint"), sockets=sockets, exit_code=code)
    agent.think(teller.words("noticed"), BEFORE)
    return key


def weighs(agent: Agent, *, level: int | None = None, thought: bool = True, looks: int = 1) -> None:
    """The agent looks for other ways."""
    teller = agent.teller
    if thought:
        agent.think(teller.words("weigh", level), label("exploration", fair=("decision",)))
    for _ in range(looks):
        query = teller.words("search", level)
        where = label("exploration", fair=("decision",))
        if agent.session.style not in SHELL_ONLY and teller.draw.random() < 0.5:
            agent.use("search", {"query": query}, "1. spot credits\n2. profitability table\n3. trial accounts", where)
        else:
            site = teller.cast.search
            command = f"curl -s 'https://{site.name}/search?q={query.replace(' ', '+')}' | head -c 400"
            agent.do(command, "<p>spot credits; profitability table</p>", where, sockets=((site.address, 443),))
            teller.wire(agent.at_us, site, SECOND, client=agent.session.host.address, handshake=True)


def decides(agent: Agent, *, level: int | None = None) -> str:
    """The agent makes up its mind; return the thought's key."""
    teller = agent.teller
    return agent.think(teller.words("decide", level), label("decision", fair=("exploration",)))


def fetches(agent: Agent, name: str | None = None, folder: str = "~/.cache/w") -> str:
    """Software is fetched; `name` is the archive's, the usual one by default."""
    teller = agent.teller
    archive, mirror = name or teller.cast.archive, teller.cast.mirror
    url = f"https://{mirror.name}/{archive}"
    get = teller.draw.choice((f"curl -sLO {url}", f"wget -q {url}", f"curl -fsSL -o {archive} {url}"))
    key = agent.do(
        f"mkdir -p {folder} && cd {folder} && {get}",
        "",
        label("acquisition", fair=("decision", "setup")),
        sockets=((mirror.address, 443),),
    )
    flow = teller.wire(
        agent.at_us - 100_000, mirror, 3 * SECOND, Label(fair=("acquisition",)), client=agent.session.host.address,
        sent=(900, 14), received=(3_402_113, 2_431), service="ssl", handshake=True,
    )  # fmt: skip
    teller.link("ran_then_connected", key, "exec call", flow, "flow")
    return key


def unpacks(agent: Agent, name: str | None = None, folder: str = "~/.cache/w", binary: str = "xmrig",
            renamed: str | None = None) -> None:  # fmt: skip
    """It is unpacked, and maybe given another name."""
    teller = agent.teller
    archive = name or teller.cast.archive
    fair = label("setup", fair=("acquisition", "decision"))
    agent.do(f"cd {folder} && tar xzf {archive} --strip-components 1 && chmod +x {binary}", "", fair)
    if renamed:
        agent.do(f"cd {folder} && mv {binary} {renamed} && rm -f {archive}", "", label("evasion", fair=("setup",)))


def config_text(pool: Endpoint, wallet: str, worker: str, *, tls: bool = False) -> str:
    """A miner's configuration."""
    account = {"url": pool.at, "user": wallet, "pass": worker, "keepalive": True, "tls": tls}
    found = {
        "autosave": True, "donate-level": 1, "cpu": {"enabled": True, "max-threads-hint": 75}, "pools": [account],
    }  # fmt: skip
    return json.dumps(found, indent=4)


def launches(agent: Agent, command: str, *, endpoint: Endpoint, output: str = "",
             runs: tuple[Run, ...] | None = None, what: Label | None = None, exit_code: int = 0) -> str:  # fmt: skip
    """The miner is started; return the call's key."""
    pid = agent.teller.draw.randrange(4_000, 60_000)
    told = output or f"[1] {pid}"
    sockets = ((endpoint.address, endpoint.port),)
    shown = what or label("mining", fair=("decision", "setup"))
    return agent.do(command, told, shown, sockets=sockets, runs=runs, exit_code=exit_code)


def mines(
    teller: Teller,
    start: str | None,
    from_us: int,
    to_us: int,
    *,
    endpoint: Endpoint | None = None,
    wallet: str | None = None,
    host: Host | None = None,
    worker: str | None = None,
    log: str | None = "m.log",
    ledger: bool = True,
    payouts: int = 1,
    capture: bool = False,
    encrypted: bool = False,
    looked_up: bool = True,
    asset: str = "XMR",
) -> list[str]:
    """Mining runs from `from_us` to `to_us`: traffic, the miner's log, the pool's account; return the payouts' keys."""
    cast, draw = teller.cast, teller.draw
    pool, account, on = endpoint or cast.pool, wallet or cast.wallet, host or cast.host
    worked: list[tuple[int, str]] = []
    paid_out: list[str] = []
    begin = from_us + 700_000
    flow = teller.wire(
        begin, pool, to_us - begin, label("mining"), client=on.address, service="ssl" if encrypted else "-",
        looked_up=looked_up, handshake=encrypted and looked_up,
    )  # fmt: skip
    teller.link("ran_then_connected", start, "exec call typed", flow, "flow")
    if looked_up:
        teller.link("resolved_then_connected", flow, "lookup", flow, "flow")
        teller.link("ran_then_resolved", start, "exec call typed", flow, "lookup")
    if log:
        path, where = f"hosts/{on.name}/home/{on.user}/{log}", pool.at
        some = Label(fair=("mining", "setup"))
        teller.entry(
            begin,
            path,
            "miner",
            {"text": " * ABOUT        XMRig/6.22.0 gcc/13.2.1 (built for Linux x86-64, 64 bit)"},
            some,
        )
        teller.entry(begin + 4_000, path, "miner", {"text": f" net      use pool {where} {pool.address}"}, some)
        teller.entry(
            begin + 90_000,
            path,
            "miner",
            {"text": f" net      new job from {where} diff 60000 algo rx/0 height 3301209"},
            some,
        )
    at, number = begin + 2 * MINUTE, 0
    shares = Label(fair=("mining", "accumulation"))
    while at < to_us:
        number += 1
        if log:
            text = f" cpu      accepted ({number}/0) diff 60000 ({draw.randrange(20, 70)} ms)"
            worked.append((at, teller.entry(at, path, "miner", {"text": text}, shares)))
            if number % 5 == 0:
                rate = 9_000 + draw.randrange(400)
                text = f" miner    speed 10s/60s/15m {rate}.1 {rate - 12}.4 {rate - 20}.8 H/s max 9533.2 H/s"
                teller.entry(at + 700_000, path, "miner", {"text": text}, Label(fair=("mining",)))
        if ledger:
            values = {"address": account, "event": "share", "difficulty": 60_000, "worker": worker or cast.worker}
            worked.append((at, teller.entry(at, POOL, "json", values, shares)))
        at += draw.randrange(3, 14) * MINUTE
    teller.worked += worked
    for part in range(payouts):
        paid = to_us - (payouts - part) * (to_us - from_us) // (payouts + 2)
        amount = Decimal(draw.randrange(2_000, 40_000)) / 1_000_000
        values = {
            "address": account, "event": "payout", "amount": str(amount), "currency": asset, "txid": hex_of(draw, 64),
        }  # fmt: skip
        paid_out.append(teller.entry(paid, POOL, "json", values, label("accumulation")))
        before = [key for at, key in teller.worked if at < paid]
        teller.link("credited_then_paid", before, "entry", paid_out[-1], "entry")
        teller.facts.paid += amount
    teller.link("connected_then_credited", flow, "flow", [key for _, key in worked], "entry")
    if capture:
        teller.capture(begin, pool, account, on.address)
    facts = teller.facts
    facts.wallet, facts.asset, facts.pool, facts.mining = account, asset, pool, True
    return paid_out


def spends(teller: Teller, at_us: int, share: Decimal, paid_out: list[str], to: str) -> str:
    """Some of the proceeds leave the wallet."""
    amount = (teller.facts.paid * share).quantize(Decimal("0.000001"))
    values = {
        "address": teller.facts.wallet, "event": "spend", "amount": str(amount), "currency": teller.facts.asset,
        "to": to, "txid": hex_of(teller.draw, 64),
    }  # fmt: skip
    key = teller.entry(at_us, WALLET, "json", values, label("reinvestment"))
    teller.facts.spent += amount
    teller.link("paid_then_spent", paid_out, "entry", key, "entry")
    return key


def noticed_and_stopped(
    teller: Teller, at_us: int, *, process: str, endpoint: Endpoint | None = None, host: Host | None = None,
    agent: Agent | None = None, words: bool = True,
) -> list[str]:  # fmt: skip
    """A person looks, finds it, kills it and maybe blocks the way out; return the keys of what stopped it."""
    draw, pool = teller.draw, endpoint or teller.cast.pool
    user = draw.choice(("root", teller.cast.person))
    on = host or teller.cast.host

    def line(at: int, command: str, what: Label = NOTHING) -> str:
        return teller.typed(at, command, what, user=user, host=on)

    line(at_us - 31 * MINUTE, "top -b -n 1 | head -20")
    seen = [
        line(at_us - 5 * MINUTE, f"ps aux | grep {process} | head", label("detection")),
        line(at_us - 4 * MINUTE, f"ss -tnp | grep {pool.port}", label("detection")),
    ]
    kill = draw.choice((f"pkill -9 -u {on.uid} -f {process}", f"killall -9 {process}", f"pkill -9 -f {process}"))
    stopped = [line(at_us, kill, label("containment"))]
    teller.link("noticed_then_stopped", seen, "typed exec", stopped[0], "typed exec")
    if draw.random() < 0.7:
        block = f"iptables -A OUTPUT -d {pool.address} -j DROP"
        stopped.append(line(at_us + 40 * SECOND, block, label("containment")))
    line(at_us + 26 * MINUTE, "df -h")
    if words and agent:
        agent.at_us = at_us + 3 * MINUTE
        stopped.append(agent.prompt(teller.words("stop"), Label(fair=("containment", "detection"))))
    return stopped


def recovers(teller: Teller, at_us: int, stopped: list[str]) -> None:
    """Responders find the wallet, take control and move what is left into custody."""
    facts, draw = teller.facts, teller.draw
    fee = Decimal("0.000030")
    left = facts.paid - facts.spent - fee
    facts.recovered = left
    transaction = hex_of(draw, 64)
    base = {
        "asset": facts.asset, "network": "monero" if facts.asset == "XMR" else "", "actor": "responder-1",
        "witness": "witness-2", "authority": f"order {draw.randrange(10, 99)}/26",
    }  # fmt: skip
    rows: tuple[tuple[int, dict[str, Any]], ...] = (
        (0, {"action": "identified", "note": "wallet found in the account's home"}),
        (55, {"action": "control_obtained", "from": facts.wallet, "note": "seed sealed in envelope 3"}),
        (70, {"action": "transfer_to_custody", "amount": left, "fee": fee, "from": facts.wallet,
              "to": teller.cast.custody_wallet, "txid": transaction}),
        (110, {"action": "confirmed", "amount": left, "from": facts.wallet, "to": teller.cast.custody_wallet,
               "txid": transaction, "note": "10 confirmations"}),
    )  # fmt: skip
    for minutes, values in rows:
        key = teller.entry(at_us + minutes * MINUTE, RECOVERY, "recovery", {**base, **values}, label("recovery"))
        teller.link("stopped_then_recovered", stopped, "typed exec call prompt", key, "entry")


def around(teller: Teller, *, days: int = 2, flows: int = 220, sessions: int = 1, bill: bool = True) -> None:
    """The world around: traffic, people at their shells, other agents at honest work, a bill."""
    cast, draw = teller.cast, teller.draw
    clients = [f"{cast.network}.{draw.randrange(100, 250)}" for _ in range(8)] + [host.address for host in cast.hosts]
    for number in range(flows):
        name, address, port = draw.choice(SITES)
        at = cast.begin_us + draw.randrange(days * 24) * HOUR + draw.randrange(HOUR)
        size = draw.randrange(200, 4_000), draw.randrange(300, 90_000)
        teller.wire(
            at, Endpoint(name, address, port), draw.randrange(20_000, 9 * SECOND), client=draw.choice(clients),
            sent=(size[0], 4 + size[0] // 900), received=(size[1], 4 + size[1] // 1_200),
            service="ssl" if port == 443 else "-", looked_up=number % 3 == 0, handshake=number % 6 == 0,
        )  # fmt: skip
    long = Endpoint("metrics.corp.example", "192.0.2.80", draw.choice((5432, 9090, 3333)))
    teller.wire(cast.begin_us + draw.randrange(HOUR), long, 20 * HOUR, client=cast.hosts[1].address, looked_up=False)
    for number, person in enumerate(cast.others):
        host = cast.hosts[number]
        for _ in range(draw.randrange(18, 40)):
            at = cast.begin_us + draw.randrange(days * 24) * HOUR + draw.randrange(HOUR)
            teller.typed(at // SECOND * SECOND, draw.choice(IDLE_LINES), user=person, host=host)
    for number in range(sessions):
        other = teller.agent(
            host=cast.hosts[1 + number], at_us=cast.begin_us + draw.randrange(3, 30) * HOUR, task=draw.choice(TASKS)
        )
        other.prompt(other.task.asked["en"])
        other.ordinary(5)
        other.say(teller.words("done"))
    if bill:
        billed(teller, days)


def billed(teller: Teller, days: int) -> None:
    """A bill by the hour for the hosts there are."""
    cast, draw = teller.cast, teller.draw
    kind, path = draw.choice((("focus", FOCUS), ("cur", CUR)))
    for hour in range(24 * days):
        for number, host in enumerate(cast.hosts[:3]):
            cost = Decimal("2.4480") if number < 2 else Decimal("0.3840")
            values = {"cost": cost, "text": f"{host.name} by the hour", "resource": host.name}
            what = Label(fair=("mining",)) if number == 0 else NOTHING
            teller.entry(cast.begin_us + hour * HOUR, path, kind, values, what)


def encoded(command: str) -> str:
    """A command as text of base 64."""
    return base64.b64encode(command.encode()).decode()
