"""Chapters in which machines speak: calls that a cloud or cluster logs, alerts of sensors, samples of GPUs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forensics.demo.acts import MINUTE, Host
from forensics.demo.suite.deeds import NOTHING, Endpoint, Label, label
from forensics.demo.suite.platforms import CLOUDTRAIL, EVE, FALCO, GUARDDUTY, KUBERNETES, docker_path, gpu_path
from forensics.demo.suite.teller import Teller

_POOL_RULES = (
    (2_024_792, "ET COINMINER Cryptocurrency Miner Checkin", "Potential Corporate Privacy Violation"),
    (2_054_247, "ET POLICY Cryptocurrency Stratum Protocol Observed", "Potential Corporate Privacy Violation"),
    (2_022_886, "ET POLICY Crypto Coin Miner Login", "Potential Corporate Privacy Violation"),
)
_TUNNEL_RULE = (2_034_567, "ET INFO Outbound SSH to Uncommon Port", "Misc activity")


def cloud_call(teller: Teller, at_us: int, name: str, actor: str, what: Label = NOTHING, **more: Any) -> str:
    """The cloud logs a call; `more` as `platforms` takes it."""
    return teller.entry(at_us, CLOUDTRAIL, "cloudtrail", {"name": name, "actor": actor, **more}, what)


def alerted(teller: Teller, alert: str) -> None:
    """Note that an alert speaks of the connection that was told last."""
    teller.link("alerted_on", teller.story.wires[-1].key, "flow", alert, "entry")


def finding(teller: Teller, at_us: int, machine: Host, pool: Endpoint, *, name_only: bool = False,
            what: Label | None = None) -> str:  # fmt: skip
    """The cloud's own detector speaks of a machine and a pool."""
    action: Mapping[str, Any] = {
        "actionType": "NETWORK_CONNECTION",
        "networkConnectionAction": {
            "connectionDirection": "OUTBOUND", "protocol": "TCP", "blocked": False,
            "localPortDetails": {"port": teller.draw.randrange(32_768, 60_999), "portName": "Unknown"},
            "remotePortDetails": {"port": pool.port, "portName": "Unknown"},
            "remoteIpDetails": {"ipAddressV4": pool.address},
        },
    }  # fmt: skip
    if name_only:
        asked = {"domain": pool.name, "protocol": "UDP", "blocked": False}
        action = {"actionType": "DNS_REQUEST", "dnsRequestAction": asked}
    values = {
        "type": f"CryptoCurrency:EC2/BitcoinTool.B{'!DNS' if name_only else ''}", "instance": machine.name,
        "address": machine.address, "action": action,
        "title": f"EC2 instance {machine.name} is communicating with a cryptocurrency related host.",
    }  # fmt: skip
    return teller.entry(at_us, GUARDDUTY, "guardduty", values, what or label("detection", fair=("mining",)))


def cluster_call(teller: Teller, at_us: int, verb: str, resource: str, user: str, what: Label = NOTHING,
                 **more: Any) -> str:  # fmt: skip
    """The API server of a cluster logs a request."""
    values = {"verb": verb, "resource": resource, "user": user, **more}
    return teller.entry(at_us, KUBERNETES, "kubernetes", values, what)


def container_alert(teller: Teller, at_us: int, node: Host, argv: tuple[str, ...], what: Label, **fields: Any) -> str:
    """Falco speaks of a program that was started in a container."""
    command = " ".join(argv)
    told = {
        "evt.type": "execve", "proc.name": argv[0].rsplit("/", 1)[-1], "proc.pid": teller.pids(),
        "proc.cmdline": command, "proc.exepath": argv[0], "user.name": "root", "user.uid": 0, "user.loginuid": -1,
        **fields,
    }  # fmt: skip
    values = {
        "host": node.name, "priority": "Critical", "rule": "Detect crypto miners using the Stratum protocol",
        "text": f"Possible miner running (command={command})", "fields": told,
    }  # fmt: skip
    return teller.entry(at_us, FALCO, "falco", values, what)


def engine_event(teller: Teller, at_us: int, host: Host, action: str, image: str, name: str, what: Label = NOTHING,
                 **more: Any) -> str:  # fmt: skip
    """A host's container engine tells what it did."""
    values = {"action": action, "image": image, "name": name, **more}
    return teller.entry(at_us, docker_path(host), "docker", values, what)


def gpu_samples(teller: Teller, host: Host, from_us: int, to_us: int, *busy: tuple[int, int], cards: int = 2,
                what: Label = NOTHING) -> None:  # fmt: skip
    """A monitor samples the GPUs of a host every ten minutes; `busy` stretches are at full load."""
    draw = teller.draw
    for at in range(from_us, to_us, 10 * MINUTE):
        works = any(begin <= at < end for begin, end in busy)
        for card in range(cards):
            load = draw.randrange(97, 101) if works else draw.randrange(30)
            values = {
                "index": card, "load": load, "memory": 4_608 if works else 2_011, "power": 120 + 2 * load,
                "heat": 38 + load // 3,
            }  # fmt: skip
            teller.entry(at + card * 1_000, gpu_path(host), "gpu", values, what if works else NOTHING)


def network_alert(teller: Teller, at_us: int, client: str, server: Endpoint, *, tunnel: bool = False,
                  what: Label | None = None) -> str:  # fmt: skip
    """A sensor's rule fires on a connection."""
    number, text, category = _TUNNEL_RULE if tunnel else teller.draw.choice(_POOL_RULES)
    values = {
        "client": client, "client_port": teller.draw.randrange(32_768, 60_999), "server": server.address,
        "port": server.port, "number": number, "text": text, "category": category, "severity": 3 if tunnel else 1,
    }  # fmt: skip
    told = Label(fair=("egress", "detection")) if tunnel else label("detection", fair=("mining",))
    return teller.entry(at_us, EVE, "suricata", values, told if what is None else what)
