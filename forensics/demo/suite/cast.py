"""Who and what plays in a made world: hosts, accounts, pools, wallets, programs, names and addresses, by seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from forensics.demo.acts import SECOND, Host
from forensics.demo.identities import monero_address
from forensics.demo.suite.deeds import Endpoint
from parsers.checksums import BASE58, keccak256

_FIRST_DAY = datetime(2025, 6, 2, tzinfo=UTC)
_DAYS_DRAWN_FROM = 420
_HOSTS = (
    "gpu-{:02d}",
    "train-{:02d}",
    "ml-worker{}",
    "node{:03d}",
    "ip-10-0-{}-17",
    "builder{}",
    "sandbox-{:02d}",
    "hpc{}",
)
_AGENTS = ("svc-agent", "coder", "runner", "aide", "autodev", "agent", "assistant", "ubuntu")
_PEOPLE = ("mira", "jonas", "ada", "lin", "petra", "tomas", "yuki", "noor", "emil", "sofia", "pavel", "ines")
_POOLS = (
    ("pool.supportxmr.com", (3333, 5555, 7777, 443)),
    ("xmr-eu1.nanopool.org", (10300, 10343)),
    ("gulf.moneroocean.stream", (10128, 20128)),
    ("pool.hashvault.pro", (3333, 443, 80)),
    ("xmr.2miners.com", (2222, 12222)),
    ("mine.c3pool.com", (13333, 17777)),
    ("xmr.kryptex.network", (7029, 8029)),
)
_GPU_POOLS = (("etc.2miners.com", (1010, 11010)), ("eu1-etc.ethermine.org", (4444, 5555)), ("etc.f2pool.com", (8118,)))
_WORDS = (
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "iris", "juniper", "kelp", "lark", "maple",
    "nectar", "opal", "pine", "quartz", "raven", "slate", "tundra", "umber", "violet", "willow", "yarrow", "zephyr",
)  # fmt: skip
_RELAYS = ("relay.{}vps.example", "edge.{}-host.example", "jump.{}.example", "box.{}cloud.example")
_MIRRORS = ("downloads.{}.example", "files.{}-mirror.example", "dl.{}.example", "objects.{}.example")
_RENTALS = ("api.{}-gpu.example", "rent.{}.example", "console.{}compute.example")
_ARCHIVES = (
    "xmrig-6.22.0-linux-static-x64.tar.gz", "xmrig-6.21.3-linux-x64.tar.gz", "xmrig-6.22.2-jammy-x64.tar.gz",
    "xmrig-6.20.0-linux-static-x64.tar.gz",
)  # fmt: skip
_DISGUISES = (
    "systemd-timesyncd2", "kworkerd", "dbus-helper", "pytorch_io", "libcache", "node_exporter2", "ray-worker",
    "tfprefetch", "sshd-keepalive", "journal-sync", "cudacached", "pip-daemon",
)  # fmt: skip
_MODELS = ("atlas-4", "demo-agent-1", "kestrel-large", "orion-code-2", "meridian-mini")


@dataclass(frozen=True, slots=True)
class Cast:
    """Everything that has a name in one world."""

    begin_us: int
    host: Host
    hosts: tuple[Host, ...]
    person: str
    person_uid: int
    others: tuple[str, ...]
    network: str  # first three octets
    resolver: str
    pool: Endpoint
    gpu_pool: Endpoint
    proxy: Endpoint
    mirror: Endpoint
    relay: Endpoint
    rental: Endpoint
    jobs: Endpoint
    search: Endpoint
    wallet: str
    custody_wallet: str
    gpu_wallet: str
    worker: str
    archive: str
    disguise: str
    model: str


def cast(draw: random.Random) -> Cast:
    """Draw a cast."""
    network = draw.choice(("10.20.{}", "172.18.{}", "192.168.{}", "10.77.{}")).format(draw.randrange(2, 60))
    pattern = draw.choice(_HOSTS)
    numbers = draw.sample(range(1, 90), 5)
    uid = draw.randrange(1_001, 1_900)
    agent = draw.choice(_AGENTS)
    octets = draw.sample(range(10, 240), 5)
    hosts = tuple(
        Host(pattern.format(number), f"{network}.{octet}", agent, uid)
        for number, octet in zip(numbers, octets, strict=True)
    )
    people = draw.sample(_PEOPLE, 4)
    outside = draw.sample(range(5, 250), 12)
    word = draw.sample(_WORDS, 6)
    name, ports = draw.choice(_POOLS)
    gpu_name, gpu_ports = draw.choice(_GPU_POOLS)
    day = _FIRST_DAY + timedelta(days=draw.randrange(_DAYS_DRAWN_FROM))
    return Cast(
        begin_us=int(day.timestamp()) * SECOND,
        host=hosts[0],
        hosts=hosts,
        person=people[0],
        person_uid=draw.randrange(2_000, 2_400),
        others=tuple(people[1:]),
        network=network,
        resolver=f"{network}.2",
        pool=Endpoint(name, f"203.0.113.{outside[0]}", draw.choice(ports)),
        gpu_pool=Endpoint(gpu_name, f"203.0.113.{outside[1]}", draw.choice(gpu_ports)),
        proxy=Endpoint(
            f"{word[5]}.{word[4]}.example", f"198.51.100.{outside[2]}", draw.choice((443, 8443, 9000, 14444))
        ),
        mirror=Endpoint(draw.choice(_MIRRORS).format(word[0]), f"198.51.100.{outside[3]}", 443),
        relay=Endpoint(draw.choice(_RELAYS).format(word[1]), f"198.51.100.{outside[4]}", draw.choice((22, 443, 2222))),
        rental=Endpoint(draw.choice(_RENTALS).format(word[2]), f"198.51.100.{outside[5]}", 443),
        jobs=Endpoint(f"jobs.{word[3]}.corp.example", f"{network}.6", 8080),
        search=Endpoint("search.example", f"198.51.100.{outside[6]}", 443),
        wallet=monero_address(draw),
        custody_wallet=monero_address(draw),
        gpu_wallet=evm_address(draw),
        worker=draw.choice(("n{}", "w{:02d}", "rig{}", "x{}")).format(draw.randrange(1, 40)),
        archive=draw.choice(_ARCHIVES),
        disguise=draw.choice(_DISGUISES),
        model=draw.choice(_MODELS),
    )


def evm_address(draw: random.Random) -> str:
    """Make an address of the Ethereum family with a right checksum in its letter case (EIP-55)."""
    digits = draw.randbytes(20).hex()
    told = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(check, 16) > 7 else digit for digit, check in zip(digits, told, strict=False)
    )


def bitcoin_address(draw: random.Random) -> str:
    """Make an old-style bitcoin address with a right checksum."""
    body = b"\x00" + draw.randbytes(20)
    data = body + sha256(sha256(body).digest()).digest()[:4]
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\x00"))) + text
