"""What is found in texts and raw bytes, what is not, and what must hold for any text."""

from __future__ import annotations

import base64
import json
import time
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.dissect import observables
from parsers.dissect.observables import find, find_raw
from parsers.schema import STATION_TABLES

WALLET = "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H"
EVM = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
ENCODED_PASSWORD = base64.b64encode(b"x https://joe:hunter2x@h.example").decode()
SHA256, TX = "0f" * 32, "ab" * 32


def brief(text: str) -> list[tuple[object, ...]]:
    """Kind, value and (where there is one) port of each observable."""
    return [(seen.kind, seen.value) if seen.port is None else (seen.kind, seen.value, seen.port) for seen in find(text)]


FOUND = {
    # a miner's command line and configuration
    f"./m -o pool.example:3333 -u {WALLET}.rig -p x": [("endpoint", "pool.example:3333", 3333), ("wallet", WALLET)],
    f'{{"url": "pool.c3pool.example:13333", "user": "{WALLET}"}}': [
        ("endpoint", "pool.c3pool.example:13333", 13333),
        ("wallet", WALLET),
    ],
    "stratum+tcp://p.example:3333": [("url", "stratum+tcp://p.example:3333", 3333)],
    "stratum+ssl://p.example:443, stratum+udp://p.example:1": [
        ("url", "stratum+ssl://p.example:443", 443),
        ("url", "stratum+udp://p.example:1", 1),
    ],
    "-o mine.sh:3333": [("endpoint", "mine.sh:3333", 3333)],
    f"a {EVM}, b": [("wallet", EVM)],
    f"wallet={WALLET}&x=1 /miner/{WALLET}/stats": [("wallet", WALLET), ("wallet", WALLET)],
    # URLs
    "see https://h.example/a_(b), or (http://h.example/c).": [
        ("url", "https://h.example/a_(b)"),
        ("url", "http://h.example/c"),
    ],
    "wss://[2001:db8::1]:443/x": [("url", "wss://[2001:db8::1]:443/x", 443)],
    "Variables={SRC=https://m.example/a.tgz,BIN=a/x,TO=pool.example:2222,ACCT=me}": [
        ("url", "https://m.example/a.tgz"),
        ("endpoint", "pool.example:2222", 2222),
    ],
    "https://h.example/map?at=1,2,zoom=3": [("url", "https://h.example/map?at=1,2,zoom=3")],
    "http://gpu01:8080/": [("url", "http://gpu01:8080/", 8080)],
    "git+https://h.example/a@b": [("url", "git+https://h.example/a@b")],
    "https://joe:hunter2x@h.example/": [
        ("url", "https://joe:[masked:url_password]@h.example/"),
        ("secret", None),
    ],
    # hosts
    "192.0.2.1 and 10.0.0.0/8, 127.0.0.1:5000": [
        ("ipv4", "192.0.2.1"),
        ("ipv4", "10.0.0.0"),
        ("endpoint", "127.0.0.1:5000", 5000),
    ],
    "exec 3<>/dev/tcp/192.0.2.9/3333": [("endpoint", "192.0.2.9/3333", 3333)],
    "fe80::1 ::1 2001:db8:0:0:0:0:0:1": [("ipv6", "fe80::1"), ("ipv6", "::1"), ("ipv6", "2001:db8::1")],
    "[2001:db8::1]:3333": [("endpoint", "[2001:db8::1]:3333", 3333)],
    "p.eu:3333 a.tcp.ngrok.io:12345": [("endpoint", "p.eu:3333", 3333), ("endpoint", "a.tcp.ngrok.io:12345", 12345)],
    "example.com. Or pool.example.com/x": [("domain", "example.com"), ("domain", "pool.example.com")],
    "dig +short x.hashvault.pro; curl -s ifconfig.me": [("domain", "x.hashvault.pro"), ("domain", "ifconfig.me")],
    "ssh -R 0:localhost:22 serveo.net": [("endpoint", "localhost:22", 22), ("domain", "serveo.net")],
    "ssh -p 2222 root@gpu01": [("account", "root@gpu01")],
    "scp x bob@h.example.com:/tmp": [("account", "bob@h.example.com")],
    "git@github.com:a/b.git joe@example.org": [("account", "git@github.com"), ("email", "joe@example.org")],
    "ec2-user@198.51.100.7": [("account", "ec2-user@198.51.100.7")],
    # hashes and identifiers
    f"sha256 {SHA256}": [("sha256", SHA256)],
    f"txid: {TX} https://x.example/tx/{TX}": [
        ("transaction", TX),
        ("url", f"https://x.example/tx/{TX}"),
        ("transaction", TX),
    ],
    f'"tx_hash": "0x{TX}"': [("transaction", TX)],
    "3f786850e387550fdab836ed7e6dc881de23001b": [("sha1", "3f786850e387550fdab836ed7e6dc881de23001b")],
    "d41d8cd98f00b204e9800998ecf8427e  f": [("md5", "d41d8cd98f00b204e9800998ecf8427e")],
    "md5: d41d8cd98f00b204e9800998ecf8427e": [("md5", "d41d8cd98f00b204e9800998ecf8427e")],
    f"ED25519 key fingerprint is SHA256:{'a' * 43}.": [("fingerprint", f"SHA256:{'a' * 43}")],
    "i-0123456789abcdef0, i-0123abcd": [("cloud_instance", "i-0123456789abcdef0"), ("cloud_instance", "i-0123abcd")],
    "(arn:aws:iam::123456789012:role/x)": [("arn", "arn:aws:iam::123456789012:role/x")],
    "password=hunter2": [("secret", None)],
}


@pytest.mark.parametrize("text", FOUND)
def test_what_is_there_is_found(text):
    assert brief(text) == FOUND[text]


NOTHING = [
    "train.py:10 main.go:123 setup.sh:40 x.tgz a.b.c Makefile:12",
    "self.net logger.info( df.to os.name result.Info torch.io settings.local",
    "Mozilla/5.0 Chrome/120.0.0.0 ==1.2.3.4 version 1.2.3.4 v1.2.3.4 1.2.3.4.5 01.02.03.04 256.1.1.1",
    "std::io a::b Foo::bar 12:34:56 00:1a:2b:3c:4d:5e ::",
    "trace d41d8cd98f00b204e9800998ecf8427e id 12345678901234567890123456789012",
    "multi-word i-ello @decorator user@ @host a@b.py x@1.2.3",
    "://x http:// https://$HOST/x",
    WALLET[:-1] + "1",
    "image:8.2 redis:6379 python:3",
]


@pytest.mark.parametrize("text", NOTHING)
def test_what_only_looks_like_one_is_left(text):
    assert brief(text) == []


def test_host_port_and_scheme_are_taken_apart():
    seen = find("STRATUM+TCP://Pool.Example.:3333/x?y=1")[0]
    assert (seen.scheme, seen.host, seen.port) == ("stratum+tcp", "pool.example", 3333)
    assert seen.value == "STRATUM+TCP://Pool.Example.:3333/x?y=1"
    assert find("http://h.example:99999/") == []


def test_wallet_has_coin_and_check():
    seen = find(f"{WALLET} {EVM.lower()}")
    assert [(one.asset, one.check) for one in seen] == [("XMR", "valid"), ("EVM", "none")]


def test_json_line_ends_part_words():
    text = json.dumps(f"a\nhttps://h.example/x\nnanopool.org\n192.0.2.1\n{WALLET}\nroot@192.0.2.2\ttx 0x{TX}")
    assert brief(text) == [
        ("url", "https://h.example/x"),
        ("domain", "nanopool.org"),
        ("ipv4", "192.0.2.1"),
        ("wallet", WALLET),
        ("account", "root@192.0.2.2"),
        ("transaction", TX),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "value", "how"),
    [
        ("http:\\/\\/h.example\\/x y", "url", "http://h.example/x", "json"),
        (f"w\\u003d{WALLET}", "wallet", WALLET, "json"),
        ("q=" + urllib.parse.quote("tcp://p.example:1/", safe=""), "url", "tcp://p.example:1/", "percent"),
        (base64.b64encode(f"-u {WALLET} -o p".encode()).decode(), "wallet", WALLET, "base64"),
        (ENCODED_PASSWORD, "url", "https://joe:[masked:url_password]@h.example", "base64"),
        ("strat\u200bum+tcp://po\u200bol.example:1", "url", "stratum+tcp://pool.example:1", "hidden_signs"),
        (WALLET[:20] + "\u200b" + WALLET[20:], "wallet", WALLET, "hidden_signs"),
    ],
)  # fmt: skip
def test_encoded_forms_stand_at_their_source(text, kind, value, how):
    seen = [one for one in find(text) if one.decoded_from]
    assert [(one.kind, one.value, one.decoded_from) for one in seen] == [(kind, value, how)]
    assert text[seen[0].span_start : seen[0].span_end]
    assert all(one.decoded_from or one.kind == "secret" for one in find(text))


def test_base64_is_followed_three_deep():
    text = f"wallet {WALLET}"
    for _ in range(3):
        text = base64.b64encode(text.encode()).decode()
    assert ("wallet", WALLET) in brief(text)
    assert ("wallet", WALLET) not in brief(base64.b64encode(base64.b64encode(base64.b64encode(text.encode()))).decode())


def test_secrets_never_have_a_value():
    text = 'curl -u joe:hunter2x https://joe:s3cr3tpw@h.example/?token=abc123def456ghi7 "private_key": "' + TX + '"'
    for seen in find(text):
        for secret in ("hunter2x", "s3cr3tpw", "abc123def456ghi7", TX):
            assert seen.value is None or secret not in seen.value
    assert [seen.asset for seen in find(text) if seen.kind == "secret"] == [
        "password",
        "url_password",
        "token",
        "private_key_hex",
    ]


def test_raw_bytes_in_three_encodings():
    plain = f"stratum+tcp://p.example:3333 {WALLET}".encode()
    wide = "https://wide.example/x".encode("utf-16-le")
    big = " http://big.example/x".encode("utf-16-be")
    latin = "clé: joe@192.0.2.1".encode("latin-1")
    data = b"\x7fELF\x00\x01" + plain + b"\xff" * 5 + wide + b"\xff\xff" + big + b"\xff\xff" + latin + b"\0" * 64
    found = {seen.value: seen for seen in find_raw(data)}
    assert set(found) == {
        "stratum+tcp://p.example:3333",
        WALLET,
        "https://wide.example/x",
        "http://big.example/x",
        "joe@192.0.2.1",
    }
    for value, seen in found.items():
        raw = data[seen.offset : seen.offset + seen.length]
        assert raw.replace(b"\0", b"").decode("latin-1") == value
    assert (found["stratum+tcp://p.example:3333"].host, found["stratum+tcp://p.example:3333"].port) == (
        "p.example",
        3333,
    )


@pytest.mark.parametrize("shift", [-200, -95, -40, -1, 0, 1, 60])
def test_raw_bytes_at_a_block_edge_are_found_once_and_whole(shift):
    at = observables.RAW_BLOCK + shift
    data = b"." * at + WALLET.encode() + b" https://edge.example/path/to/it " + b"." * 5000
    assert [(seen.value, seen.offset) for seen in find_raw(data)] == [
        (WALLET, at),
        ("https://edge.example/path/to/it", at + len(WALLET) + 1),
    ]


def test_raw_secrets_have_a_place_and_no_value():
    data = b"\0\0DB_PASSWORD=hunter2x9\0\0"
    (seen,) = find_raw(data)
    assert (seen.kind, seen.value, seen.asset) == ("secret", None, "password")
    assert data[seen.offset : seen.offset + seen.length] == b"hunter2x9"


def test_rows_fit_their_tables():
    known = set(STATION_TABLES["observable"].names)
    assert set(find("192.0.2.1")[0]._asdict()) <= known
    assert set(find_raw(b"stratum+tcp://p.example:3333")[0]._asdict()) <= set(STATION_TABLES["raw_observable"].names)


PIECES = [
    "http",
    "://",
    "h.example",
    ":",
    "3333",
    "/",
    "@",
    "root",
    ".",
    "com",
    "192.0.2.1",
    "::",
    "\\n",
    "\\u003d",
    "%3A",
]
PIECES += [
    "\u200b",
    "\0",
    "é",
    " ",
    '"',
    WALLET,
    TX,
    "0x",
    "i-0123abcd",
    "password=",
    "a1b2c3",
    "[",
    "]",
    "(",
    ")",
    "\ud800",
]
TEXTS = st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


@given(TEXTS)
@settings(max_examples=500, deadline=None)
def test_any_text_has_observables_in_order_inside_it(text):
    found = find(text)
    assert found == find(text)
    assert found == sorted(found, key=lambda seen: (seen.span_start, seen.span_end, seen.kind, seen.value or ""))
    assert len({(seen.kind, seen.value, seen.span_start, seen.span_end) for seen in found}) == len(found)
    for seen in found:
        assert 0 <= seen.span_start < seen.span_end <= len(text)
        assert (seen.value is None) == (seen.kind == "secret")
        assert seen.port is None or 0 < seen.port < 65_536


@given(st.binary(max_size=300) | TEXTS.map(lambda text: text.encode("utf-16-le", "surrogatepass")))
@settings(max_examples=300, deadline=None)
def test_any_bytes_have_observables_inside_them(data):
    for seen in find_raw(data):
        assert 0 <= seen.offset < seen.offset + seen.length <= len(data)


REPEATED = [
    "://",
    "a://",
    "http://a",
    "@",
    "a@",
    "a@b.",
    ":22",
    "a:22",
    "a.",
    ".com",
    "a.com",
    "1.",
    "1.1.1.1",
    "::",
    "a::",
    "0x",
]
REPEATED += [
    "a",
    "ab12",
    "i-",
    "arn:aws:",
    "\\n",
    "\\u0041",
    "%41",
    "\u200ba",
    "ssh ",
    "ssh a",
    "curl -a ",
    "QUFB",
    ")",
    "http://a))))",
]


@pytest.mark.parametrize("piece", REPEATED)
def test_repetition_takes_linear_time(piece):
    begun = time.process_time()
    find(piece * (65_536 // len(piece)))
    assert time.process_time() - begun < 2


@pytest.mark.shared
def test_real_transcripts_hold_no_files_for_hosts(shared):
    endpoints, domains = set(), set()
    for path in sorted((shared / "data" / "transcripts" / "claude_code").glob("*.jsonl"))[:12]:
        for line in path.read_text("utf-8", "backslashreplace").splitlines():
            for seen in find(line):
                if seen.kind == "endpoint":
                    endpoints.add(seen.host)
                elif seen.kind == "domain":
                    domains.add(seen.host)
    assert not {host for host in endpoints | domains if host.endswith((".py", ".go", ".sh", ".rs", ".md", ".json"))}
    assert "github.com" in domains
