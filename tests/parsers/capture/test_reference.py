"""Real captures against what others published about them, and against independent readers where they are installed."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from collections import Counter
from decimal import Decimal
from functools import cache
from pathlib import Path

import golden
import pytest

from parsers.capture import pcap, pcapng
from parsers.contract import Structure
from parsers.formats import recognise_head
from parsers.schema import PROVENANCE
from parsers.source import Source

pytestmark = pytest.mark.shared

ETHERNET_HEADER = 14
MINING = "data/netflow/pcap_mining"
CAPTURES = (
    f"{MINING}/jsiwek/bitcoin-mining.pcap",
    f"{MINING}/jsiwek/coinhive-stratum.pcap",
    f"{MINING}/jsiwek/coinhive.pcap",
    f"{MINING}/nDPI/ethereum.pcap",
    f"{MINING}/nDPI/mining.pcapng",
    "data/netflow/pcap_general/malicious-ssh-bruteforce.pcap",
    "data/netflow/pcap_general/test-cc-capture-2.pcap",
    "data/netflow/pcap_general/test12-icmp-portscan.pcap",
    "data/netflow/pcap_general/test7-malicious.pcap",
    "data/lab/incident-a/evidence/network/agent.pcap",
)
ALONE = (CAPTURES[0], CAPTURES[4], CAPTURES[6], CAPTURES[8])


@cache
def _read(path: Path):
    parser = pcapng if path.suffix == ".pcapng" else pcap
    books, tables = golden.tables_of(Source.of_file(path), parser)
    return books, {name: golden.rows_of(rows) for name, rows in tables.items()}


def rows(path: Path, table: str):
    return _read(path)[1].get(table, [])


def ends(row):
    return row["src_address"], row.get("src_port"), row["dst_address"], row.get("dst_port")


def all_captures(shared: Path) -> list[Path]:
    found = (shared / "data" / "netflow").rglob("*.pcap*")
    return sorted(path for path in found if path.suffix in {".pcap", ".pcapng"})


def test_every_capture_is_recognised_and_read_whole(shared):
    captures = all_captures(shared)
    assert len(captures) >= 20
    for path in captures:
        with path.open("rb") as stream:
            assert recognise_head(stream.read(65_536), "evidence").chosen == path.suffix[1:]
        books, tables = _read(path)
        assert books.stream_bytes == path.stat().st_size
        assert books.quarantined == 0, path
        assert sum(flow["src_packets"] + flow["dst_packets"] for flow in tables["flow"]) <= books.records


# --- mining ---------------------------------------------------------------------------------------------------------


def test_facts_of_the_pools_in_clear(shared):
    path = shared / MINING / "nDPI/mining.pcapng"
    told = rows(path, "application_message")
    logins = {row["dst_port"]: row for row in told if row["method"] in {"login", "eth_submitLogin"}}
    assert logins[9050]["wallet"].startswith("4BCeEPho")
    assert logins[9050]["wallet"].endswith("vCDm")
    assert len(logins[9050]["wallet"]) == 95
    assert (logins[9050]["worker"], logins[9050]["user_agent"]) == ("ryzen", "xmr-stak-cpu/1.3.0-1.5.0")
    assert json.loads(logins[9050]["extra"])["payment_id"].startswith("cb2b73")
    assert (logins[9999]["wallet"][:8], logins[9999]["worker"]) == ("0x9c99d2", "tester.worker1")
    asked = [row for row in told if row["method"] == "mining.subscribe"]
    assert {(row["user_agent"], row["host"]) for row in asked if "host" in row} >= {
        ("EWBF 0.3.4b", "eu1-zcash.flypool.org")
    }
    authorised = [row for row in told if row["method"] == "mining.authorize" and row["dst_address"] == "94.23.199.191"]
    assert {(row["wallet"][:8], row["worker"], row["accepted"]) for row in authorised} == {("t1fAhZF5", "rig4", True)}
    shares = Counter(row["accepted"] for row in told if row["method"] in {"submit", "mining.submit", "eth_submitWork"})
    assert shares[False] == path.read_bytes().count(b"Stale job!") == 1
    assert shares[True] > 50
    assert None not in shares


def test_shape_of_the_pools_sessions(shared):
    """Packets, bytes and seconds that were measured for the pools' sessions by another program."""
    found = {
        flow["dst_address"]: (
            flow["src_packets"],
            flow["dst_packets"],
            flow["src_bytes"],
            flow["dst_bytes"],
            flow["duration_us"] // 1_000_000,
        )
        for flow in rows(shared / MINING / "nDPI/mining.pcapng", "flow")
    }
    assert found == {
        "94.23.199.191": (159, 113, 140_929, 11_622, 1091),
        "185.71.66.39": (112, 97, 9_373, 19_267, 295),
        "178.32.196.217": (83, 62, 10_623, 7_991, 1154),
        "116.211.167.195": (24, 23, 4_119, 5_516, 1065),
    }


def test_facts_of_the_browser_miner(shared):
    path = shared / MINING / "jsiwek/coinhive-stratum.pcap"
    logins = [row for row in rows(path, "application_message") if row["method"] == "login"]
    assert Counter(row["wallet"][:4] for row in logins) == {"46WN": 3, "46Be": 1}
    assert all(row["wallet_complete"] and row["accepted"] and len(row["wallet"]) == 95 for row in logins)
    assert {row["worker"] for row in logins if "worker_from_pass" not in row["notes"] and "worker" in row} == {
        "coin-hive"
    }
    names = {(row["name"], row["address"]) for row in rows(path, "name_lookup") if "address" in row}
    assert ("la01.supportxmr.com", "192.110.160.114") in names
    jobs = [row for row in rows(path, "application_message") if row["method"] == "job"]
    assert {Decimal(row["difficulty"]) for row in jobs} == {Decimal(5000), Decimal(8571), Decimal(9375)}


NOTICE = re.compile(r"orig_h=([\d.]+), orig_p=(\d+)/tcp, resp_h=([\d.]+), resp_p=(\d+)/tcp\].*using (\w+) protocol")
WORDS = {
    "getblocktemplate": {"getblocktemplate"},
    "MinerGate": {"login", "job"},
    "Stratum": {"mining.subscribe", "mining.notify"},
}


@pytest.mark.parametrize("name", ["bitcoin-mining", "coinhive-stratum"])
def test_sessions_that_zeek_notices_are_mining(shared, name):
    folder = shared / MINING / "jsiwek"
    told = rows(folder / f"{name}.pcap", "application_message")
    notices = [NOTICE.search(line) for line in (folder / f"tests.{name}__out.baseline").read_text().splitlines()]
    assert any(notices)
    for notice in filter(None, notices):
        client, port, server, server_port, protocol = notice.groups()
        session = {(client, int(port)), (server, int(server_port))}
        methods = {
            row["method"]
            for row in told
            if row["protocol"] == "stratum" and {ends(row)[:2], ends(row)[2:]} == session and "method" in row
        }
        assert methods & WORDS[protocol], (notice[0], methods)


DPI = re.compile(
    r"^\t\d+\tTCP (\S+):(\d+) <?->? (\S+):(\d+) .*?\[(\d+) pkts/(\d+) bytes <?->? (\d+) pkts/(\d+) bytes\]",
    re.MULTILINE,
)


@pytest.mark.parametrize(("name", "sessions"), [("mining.pcapng", 4), ("ethereum.pcap", 57)])
def test_flows_are_those_of_ndpi(shared, name, sessions):
    folder = shared / MINING / "nDPI"
    ours: Counter[tuple] = Counter()
    for flow in rows(folder / name, "flow"):
        one, other = ends(flow)[:2], ends(flow)[2:]
        ours[one, other, "packets"] += flow["src_packets"]
        ours[other, one, "packets"] += flow["dst_packets"]
        ours[one, other, "bytes"] += flow["src_bytes"]
        ours[other, one, "bytes"] += flow["dst_bytes"]
    published = DPI.findall((folder / f"{name}.out").read_text())
    assert len(published) >= sessions - 1
    for client, port, server, server_port, *numbers in published:
        one, other = (client, int(port)), (server, int(server_port))
        for (sender, receiver), (packets, octets) in {(one, other): numbers[:2], (other, one): numbers[2:]}.items():
            assert ours[sender, receiver, "packets"] == int(packets), (client, port)
            # theirs are frames, and short frames are padded
            more = int(octets) - ETHERNET_HEADER * int(packets) - ours[sender, receiver, "bytes"]
            assert 0 <= more <= 6 * int(packets)


# --- the lab --------------------------------------------------------------------------------------------------------


@pytest.fixture
def lab(shared) -> Path:
    return shared / "data/lab/incident-a/evidence/network"


def test_the_lab_pool_is_named_and_the_cut_login_says_that_it_is_cut(lab):
    capture = lab / "agent.pcap"
    wallet = json.loads((lab.parents[1] / "truth.json").read_text())["wallet"]
    bound = {(row["name"], row.get("address")) for row in rows(capture, "name_lookup") if row["kind"] == "dns_answer"}
    assert ("pool.supportxmr.com", "10.71.0.50") in bound
    (login,) = [row for row in rows(capture, "application_message") if row["method"] == "login"]
    assert (login["wallet"], login["wallet_complete"], login["truncated"]) == (wallet[:66], False, True)
    assert (login["dst_address"], login["dst_port"]) == ("10.71.0.50", 3333)
    mining = [flow for flow in rows(capture, "flow") if flow.get("app_protocol") == "stratum"]
    assert [ends(flow)[2:] for flow in mining] == [("10.71.0.50", 3333)]  # the telemetry to the same port is none


def test_shares_of_the_lab_are_those_of_the_pools_ledger(lab):
    ledger = [json.loads(line) for line in (lab.parent / "pool/ledger.jsonl").read_text().splitlines()]
    shares = [row for row in rows(lab / "agent.pcap", "application_message") if row["method"] == "submit"]
    counted = sum("share" in json.dumps(entry) for entry in ledger)
    assert all(row["accepted"] for row in shares)
    assert len(shares) == counted


def _one_way(capture: Path, protocols) -> Counter[tuple]:
    counted: Counter[tuple] = Counter()
    for flow in rows(capture, "flow"):
        if flow["protocol"] in protocols:
            source, source_port, target, target_port = ends(flow)
            for key, packets, octets in (
                ((flow["protocol"], source, source_port, target, target_port), flow["src_packets"], flow["src_bytes"]),
                ((flow["protocol"], target, target_port, source, source_port), flow["dst_packets"], flow["dst_bytes"]),
            ):
                if packets:
                    counted[*key, "packets"] += packets
                    counted[*key, "bytes"] += octets
    return counted


def test_flows_of_the_lab_are_those_of_nfdump(lab):
    theirs: Counter[tuple] = Counter()
    with (lab / "nfdump.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            if row["pr"] in {"TCP", "UDP"}:
                key = (6 if row["pr"] == "TCP" else 17, row["sa"], int(row["sp"]), row["da"], int(row["dp"]))
                theirs[*key, "packets"] += int(row["ipkt"])
                theirs[*key, "bytes"] += int(row["ibyt"])
    assert theirs
    assert _one_way(lab / "agent.pcap", {6, 17}) == theirs


def test_flows_of_the_lab_are_those_of_argus(lab):
    """Argus prints slices of a minute and counts frames."""
    theirs: Counter[tuple] = Counter()
    with (lab / "argus.csv").open(newline="") as stream:
        for row in csv.DictReader(stream):
            if row["Proto"] in {"tcp", "udp"}:
                number = 6 if row["Proto"] == "tcp" else 17
                one, other = (row["SrcAddr"], int(row["Sport"])), (row["DstAddr"], int(row["Dport"]))
                for key, side in (((number, *one, *other), "Src"), ((number, *other, *one), "Dst")):
                    packets = int(row[f"{side}Pkts"])
                    if packets:
                        theirs[*key, "packets"] += packets
                        theirs[*key, "bytes"] += int(row[f"{side}Bytes"]) - ETHERNET_HEADER * packets
    ours = _one_way(lab / "agent.pcap", {6, 17})
    assert theirs.keys() == ours.keys()
    assert {key: (theirs[key], ours[key]) for key in ours if theirs[key] != ours[key] and key[-1] == "packets"} == {}
    # a frame of a bare acknowledgement is no shorter than 60 bytes where a switch padded it
    assert all(0 <= theirs[key] - ours[key] <= 20 * ours[*key[:-1], "packets"] for key in ours if key[-1] == "bytes")


# --- Suricata's own tests -------------------------------------------------------------------------------------------


def _expected_flows(path: Path) -> list[dict[str, str]]:
    """Return the flow events a test of Suricata expects, as flat keys."""
    found: list[dict[str, str]] = []
    for chunk in re.split(r"\n\s*- filter:", path.read_text()):
        pairs = dict(re.findall(r'^[ \t]*([\w.]+):[ \t]*"?([^"\n]*?)"?[ \t]*$', chunk, re.MULTILINE))
        if pairs.get("event_type") == "flow" and pairs.get("count") == "1":
            found.append(pairs)
    return found


@pytest.mark.parametrize("name", ["bug-6733-syn-packet-flow-output", "community-id-ipv6", "community-id-sameip"])
def test_flows_that_suricata_expects(shared, name):
    folder = shared / "data/netflow/suricata_verify" / name
    flows = {ends(flow): flow for flow in rows(folder / "input.pcap", "flow")}
    expected = _expected_flows(folder / "test.yaml")
    assert expected
    for event in expected:
        (key,) = [key for key in flows if key[1] == int(event["src_port"]) and key[3] == int(event["dest_port"])] or [
            None
        ]
        if "dest_port" not in event:
            continue
        assert key is not None
        if "flow.pkts_toserver" in event:
            assert flows[key]["src_packets"] == int(event["flow.pkts_toserver"])
            assert flows[key]["dst_packets"] == int(event["flow.pkts_toclient"])
            frames = flows[key]["src_bytes"] + ETHERNET_HEADER * flows[key]["src_packets"]
            assert frames == int(event["flow.bytes_toserver"])
        if "tcp.tcp_flags" in event:
            assert flows[key]["tcp_flags"] == int(event["tcp.tcp_flags"], 16)


def test_server_names_that_suricata_expects(shared):
    path = shared / "data/netflow/suricata_verify/community-id-ipv6"
    expected = set(re.findall(r"tls\.sni: (\S+)", (path / "test.yaml").read_text()))
    found = {row["name"] for row in rows(path / "input.pcap", "name_lookup") if row["kind"] == "tls_sni"}
    assert found == expected


@pytest.mark.parametrize("name", ["eve-flow-vlan", "eve-flow-vlan-02"])
def test_vlans_that_suricata_expects(shared, name):
    folder = shared / "data/netflow/suricata_verify" / name
    expected = {
        tuple(map(int, tags.split(",")))
        for tags in re.findall(r"vlan: \[([\d, ]+)\]", (folder / "test.yaml").read_text())
    }
    flows = rows(folder / "input.pcap", "flow")
    found = {tuple(json.loads(flow["extra"]).get("vlans", [flow["vlan"]])) for flow in flows}
    assert found == expected


def test_esp_is_counted_by_addresses(shared):
    flows = rows(shared / "data/netflow/suricata_verify/eve-flow-esp/input.pcap", "flow")
    assert sorted((flow["protocol"], flow["src_packets"], flow["dst_packets"]) for flow in flows) == [
        (50, 2, 0), (50, 2, 0), (50, 4, 0),
    ]  # fmt: skip


# --- other readers --------------------------------------------------------------------------------------------------


def _tshark(path: Path, *fields: str, only: str) -> list[list[str]]:
    if not shutil.which("tshark"):
        pytest.skip("tshark is not installed")
    command = ["tshark", "-n", "-r", str(path), "-Y", only, "-T", "fields", "-E", "occurrence=f"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


@pytest.mark.parametrize("capture", CAPTURES)
def test_tcp_sessions_are_those_of_tshark(shared, capture):
    """tshark knows no idle time: sessions are compared by their ends, packets and bytes summed over the capture."""
    theirs: Counter[tuple] = Counter()
    path = shared / capture
    fields = [
        "ip.src",
        "ipv6.src",
        "ip.dst",
        "ipv6.dst",
        "tcp.srcport",
        "tcp.dstport",
        "ip.len",
        "ipv6.plen",
        "tcp.len",
    ]
    for packet in _tshark(path, *fields, only="tcp && !icmp && !icmpv6"):
        source, source6, target, target6, port, target_port, length, length6, payload = packet
        key = (6, source or source6, int(port), target or target6, int(target_port))
        theirs[*key, "packets"] += 1
        theirs[*key, "bytes"] += int(length) if length else int(length6) + 40
        theirs["payload"] += int(payload)
    ours = _one_way(path, {6})
    flows = [flow for flow in rows(path, "flow") if flow["protocol"] == 6]
    ours["payload"] = sum(flow["src_payload_bytes"] + flow["dst_payload_bytes"] for flow in flows)
    assert +ours == +theirs


@pytest.mark.parametrize("capture", CAPTURES)
def test_server_names_are_those_of_tshark(shared, capture):
    path = shared / capture
    theirs = {(name.lower(), int(port)) for name, port in _tshark(
        path, "tls.handshake.extensions_server_name", "tcp.dstport", only="tls.handshake.extensions_server_name && tcp"
    )}  # fmt: skip
    ours = {(row["name"], row["port"]) for row in rows(path, "name_lookup") if row["kind"] == "tls_sni"}
    # bytes that tshark takes for plain text on a port it knows are a hello all the same
    assert theirs <= ours


@pytest.mark.parametrize("capture", CAPTURES)
def test_answers_of_name_servers_are_those_of_tshark(shared, capture):
    path = shared / capture
    theirs = Counter(
        number
        for (number,) in _tshark(path, "frame.number", only="dns.flags.response == 1 && dns.count.answers > 0 && !icmp")
    )
    ours = {str(row["record"]) for row in rows(path, "name_lookup") if row["kind"] == "dns_answer"}
    assert ours == set(theirs)


@pytest.mark.parametrize("capture", ALONE)
def test_every_row_reads_again_from_its_own_packets(shared, capture):
    path = shared / capture
    parser = pcapng if path.suffix == ".pcapng" else pcap
    data = path.read_bytes()
    tables = _read(path)[1]
    structure = [
        (item.offset, item.length) for item in parser.read(Source.of_bytes(data)) if isinstance(item, Structure)
    ]
    spans: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for span in tables["locator"]:
        spans.setdefault((span["record"], span["part"]), []).append((span["span_offset"], span["span_length"]))
    free = {name for name, _ in PROVENANCE} | set(parser.FORMAT.carried)
    for table in set(tables) - {"locator"}:
        for row in tables[table]:
            if "spans_capped" in row.get("notes", ()):
                continue
            places = sorted(spans.get((row["record"], row["part"]), [(row["offset"], row["length"])]))
            alone = b"".join(data[at : at + n] for at, n in structure if at < places[0][0])
            alone += b"".join(data[at : at + n] for at, n in places)
            _, found = golden.tables_of(Source.of_bytes(alone), parser)
            wanted = {key: value for key, value in row.items() if key not in free}
            again = [
                {key: value for key, value in other.items() if key not in free}
                for other in golden.rows_of(found[table])
                if other["record"] == 1
            ]
            assert wanted in again, (table, row["record"], row["part"])
