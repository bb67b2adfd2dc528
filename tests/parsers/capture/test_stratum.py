"""Lines of mining: methods of every dialect, accounts taken apart, cuts, answers, and what is no mining at all."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
import wire
from hypothesis import given
from hypothesis import strategies as st

from parsers.capture import stratum
from parsers.capture.messages import Unread

WALLET = wire.WALLET
EVM = "0x" + "0" * 39 + "1"
PAYMENT_ID = "cb" * 32


def line(data: bytes) -> stratum.Line | Unread:
    (found,) = stratum.read(data, final=True).found
    return found.content


def of(**keys) -> stratum.Line:
    content = line(wire.line(**keys))
    assert isinstance(content, stratum.Line)
    return content


def login(text: str, **more) -> stratum.Line:
    return of(id=1, method="login", params={"login": text, **more})


@pytest.mark.parametrize(
    ("keys", "direction", "columns"),
    [
        ({"method": "mining.subscribe", "params": ["bfgminer/5.2.0"]}, "request", {"user_agent": "bfgminer/5.2.0"}),
        (
            {"method": "mining.subscribe", "params": ["EWBF 0.3.4b", None, "Pool.Example.", "3333"]},
            "request",
            {"user_agent": "EWBF 0.3.4b", "host": "pool.example"},
        ),
        (
            {"method": "mining.authorize", "params": ["account.rig4", "secret"]},
            "request",
            {"wallet": "account", "wallet_complete": True, "worker": "rig4"},
        ),
        (
            {"method": "mining.submit", "params": ["account.rig4", "job", "0", "1", "2"]},
            "request",
            {"wallet": "account", "wallet_complete": True, "worker": "rig4"},
        ),
        ({"method": "mining.set_difficulty", "params": [4096]}, "push", {"difficulty": Decimal(4096)}),
        ({"method": "mining.set_difficulty", "params": [1e3]}, "push", {"difficulty": Decimal(1000)}),
        ({"method": "mining.set_difficulty", "params": [0.5]}, "push", {}),
        ({"method": "mining.set_difficulty", "params": []}, "push", {}),
        ({"method": "mining.set_difficulty", "params": [True]}, "push", {}),
        ({"method": "mining.set_target", "params": ["00ff"]}, "push", {}),
        ({"method": "mining.notify", "params": ["j", "4"]}, "push", {}),
        ({"method": "mining.extranonce.subscribe", "params": []}, "request", {}),
        ({"method": "client.reconnect", "params": ["Pool.Example", 4444, 0]}, "push", {"host": "pool.example"}),
        ({"method": "client.show_message", "params": ["hello"]}, "push", {"text": "hello"}),
        (
            {"method": "eth_submitLogin", "params": [f"{EVM}/name.rig/mail@x.example", "x"], "worker": "eth1.0"},
            "request",
            {"wallet": EVM, "wallet_complete": True, "worker": "name.rig"},
        ),
        ({"method": "eth_submitLogin", "params": [EVM], "worker": "eth1.0"}, "request",
         {"wallet": EVM, "wallet_complete": True, "worker": "eth1.0"}),
        ({"method": "eth_getWork", "params": [], "worker": ""}, "request", {}),
        ({"method": "eth_submitWork", "params": ["0x1", "0x2", "0x3"]}, "request", {}),
        ({"method": "eth_submitHashrate", "params": ["0x1d0e421", "0x2"]}, "request", {}),
        ({"method": "getblocktemplate", "params": [{}]}, "request", {}),
        ({"method": "getwork", "params": []}, "request", {}),
        ({"method": "submitblock", "params": ["00"]}, "request", {}),
        ({"method": "keepalived", "params": {"id": "s"}}, "request", {}),
        ({"method": "getjob", "params": {"id": "s"}}, "request", {}),
        ({"method": "submit", "params": {"id": "s", "job_id": "j", "nonce": "n", "result": "r"}}, "request", {}),
        (
            {"method": "job", "params": {"blob": "00", "job_id": "j", "target": "b88d0600", "algo": "rx/0"}},
            "push",
            {"difficulty": Decimal(10000), "algorithm": "rx/0"},
        ),
    ],
)  # fmt: skip
def test_methods_of_every_dialect(keys, direction, columns):
    content = of(id=1, **keys)
    assert (content.method, content.direction, dict(content.columns)) == (keys["method"], direction, columns)
    assert content.standing
    assert not content.cut


@pytest.mark.parametrize(
    ("text", "wallet", "worker", "extra"),
    [
        (WALLET, WALLET, None, {}),
        (f"{WALLET}.rig-1", WALLET, "rig-1", {"login": f"{WALLET}.rig-1"}),
        (f"{WALLET}+50000", WALLET, None, {"login": f"{WALLET}+50000"}),
        (f"{WALLET}.rig+50000", WALLET, "rig", {"login": f"{WALLET}.rig+50000"}),
        (
            f"{WALLET}.{PAYMENT_ID}.rig",
            WALLET,
            "rig",
            {"payment_id": PAYMENT_ID, "login": f"{WALLET}.{PAYMENT_ID}.rig"},
        ),
        (f"{WALLET}.{PAYMENT_ID}", WALLET, None, {"payment_id": PAYMENT_ID, "login": f"{WALLET}.{PAYMENT_ID}"}),
        (f"{WALLET}.a.b", WALLET, "a.b", {"login": f"{WALLET}.a.b"}),
        (f"{WALLET}/rig/x@y.example", WALLET, "rig", {"login": f"{WALLET}/rig/x@y.example"}),
        ("kaspa:qqabc.rig", "kaspa:qqabc", "rig", {"login": "kaspa:qqabc.rig"}),
        ("someone@mail.example", "someone@mail.example", None, {}),
        (".rig", ".rig", None, {}),
    ],
)
def test_accounts_are_taken_apart(text, wallet, worker, extra):
    content = login(text)
    assert content.columns["wallet"] == wallet
    assert content.columns.get("worker") == worker
    assert content.columns["wallet_complete"] is True
    assert content.extra == extra


@pytest.mark.parametrize(
    ("more", "worker", "notes"),
    [
        ({"pass": "x"}, None, ()),
        ({"pass": "rig-7"}, "rig-7", ("worker_from_pass",)),
        ({"pass": "with blank"}, None, ()),
        ({"pass": "x", "rigid": "rig-8"}, "rig-8", ()),
        ({"pass": "pw", "rigid": "rig-8"}, "rig-8", ()),
        ({"rigid": ""}, None, ()),
    ],
)
def test_rigs_named_beside_the_login(more, worker, notes):
    content = login(WALLET, **more)
    assert (content.columns.get("worker"), content.notes) == (worker, notes)


def test_a_password_of_an_authorisation_is_left_out():
    content = of(id=1, method="mining.authorize", params=["account", "hunter2"])
    assert "hunter2" not in repr(content)


def test_a_name_in_the_login_goes_before_a_rigid():
    content = login(f"{WALLET}.one", rigid="two")
    assert (content.columns["worker"], content.extra["rigid"]) == ("one", "two")


@pytest.mark.parametrize(
    ("kept", "columns", "notes"),
    [
        ('{"id":1,"method":"login","params":{"login":"4Abc', {"wallet": "4Abc", "wallet_complete": False}, ()),
        (
            '{"id":1,"method":"login","params":{"login":"4Abc.ri',
            {"wallet": "4Abc", "wallet_complete": True, "worker": "ri"},
            ("worker_cut",),
        ),
        ('{"id":1,"method":"login","params":{"login":"4Abc.', {"wallet": "4Abc", "wallet_complete": True}, ()),
        (
            '{"id":1,"method":"login","params":{"login":"4Abc.' + "ab" * 8,
            {"wallet": "4Abc", "wallet_complete": True, "worker": "ab" * 8},
            ("worker_cut",),
        ),
        (
            '{"id":1,"method":"login","params":{"login":"4Abc","pass":"rig',
            {"wallet": "4Abc", "wallet_complete": True},
            (),
        ),
        ('{"id":1,"method":"login","params":{"login":"4A\\u00', {"wallet": "4A", "wallet_complete": False}, ()),
        ('{"id":1,"method":"mining.set_difficulty","params":[10', {}, ()),
        ('{"id":1,"method":"job","params":{"job_id":"j","target":"b88d', {}, ()),
        ('{"id":1,"method":"mining.subscribe","params":["mine', {"user_agent": "mine"}, ()),
    ],
)
def test_what_is_left_of_a_line_that_was_cut(kept, columns, notes):
    content = line(kept.encode())
    assert isinstance(content, stratum.Line)
    assert (dict(content.columns), content.notes, content.cut) == (columns, notes, True)


@pytest.mark.parametrize(
    "kept", ['{"id":1,"method":"login","params":{', '{"id":1,"meth', '{"id":1,"method":"min', '{"params":{"login":"4']
)
def test_what_tells_nothing_is_not_told(kept):
    assert isinstance(line(kept.encode()), Unread)


@given(st.integers(min_value=0, max_value=400))
def test_a_cut_anywhere_never_says_more_than_the_whole(kept):
    whole_line = wire.line(
        id=1, method="login", params={"login": f"{WALLET}.rig", "agent": "m/1", "rigid": "r", "algo": ["a"]}
    )
    whole = line(whole_line)
    cut = line(whole_line[: kept % len(whole_line)] or b"{")
    assert isinstance(whole, stratum.Line)
    if isinstance(cut, stratum.Line):
        for column in ("wallet", "worker", "user_agent"):
            assert str(whole.columns[column]).startswith(str(cut.columns.get(column, "")))
        if cut.columns.get("wallet_complete"):
            assert cut.columns["wallet"] == whole.columns["wallet"]


@pytest.mark.parametrize(
    ("keys", "accepted", "text", "standing"),
    [
        ({"result": True, "error": None}, True, None, False),
        ({"result": False, "error": None}, False, None, False),
        ({"result": None, "error": None}, True, None, False),
        ({"result": None, "error": [21, "Job not found", None]}, False, "Job not found", True),
        ({"error": {"code": -1, "message": "Low difficulty share"}}, False, "Low difficulty share", False),
        ({"error": "no"}, False, "no", False),
        ({"error": [[[]]]}, False, None, False),
        ({"result": {"status": "OK"}, "error": None}, True, None, True),
        ({"result": {"status": "KEEPALIVED"}}, True, None, True),
        ({"result": {"other": 1}}, True, None, False),
        ({"result": {"id": "s", "job": {"algo": "rx/0"}, "status": "OK"}}, True, None, True),
    ],
)
def test_answers(keys, accepted, text, standing):
    content = of(id=4, jsonrpc="2.0", **keys)
    assert (content.direction, content.method, content.id) == ("response", None, 4)
    assert (content.columns.get("accepted"), content.columns.get("text"), content.standing) == (
        accepted,
        text,
        standing,
    )


def test_work_that_comes_unasked_is_a_push():
    work = ["0x" + f"{n:064x}" for n in range(3)]
    assert (of(id=0, result=work).direction, of(id=0, result=work).method) == ("push", "eth_getWork")
    assert of(id=3, result=work).direction == "response"
    assert "accepted" not in of(id=3, result=work).columns


@pytest.mark.parametrize(
    ("target", "difficulty"),
    [
        ("b88d0600", 10000),
        ("711b0d00", 5000),
        ("ffffffff", 1),
        ("00000000", None),
        ("ffffffffffffffff", 1),
        ("zz", None),
    ],
)
def test_difficulties_of_targets(target, difficulty):
    content = of(method="job", params={"job_id": "j", "target": target})
    assert content.columns.get("difficulty") == (None if difficulty is None else Decimal(difficulty))
    assert content.notes == (("difficulty_from_target",) if difficulty else ())


@pytest.mark.parametrize(
    "data",
    [
        b'{"method":"login","params":{"user":"a"}}\n',
        b'{"method":"submit","params":{"form":1}}\n',
        b'{"method":"job","params":[]}\n',
        b'{"method":"mining.notify","params":{}}\n',
        b'{"method":"initialize","params":{},"id":1}\n',
        b'{"method":7,"params":[]}\n',
        b'{"gpu": 0.5, "mem": 0.2}\n',
        b'["method"]\n',
        b'{"error"}\n',
        b'{"level":"error","msg":"x"}\n',
        b"\xff\xfe{}\n",
    ],
)
def test_what_is_no_mining_is_not_called_so(data):
    assert isinstance(line(data), Unread)


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        (b'{"id":1,"method":"mining.ping","params":[],"id":2}\n', ("duplicate_keys",)),
        (b'{"id":1,"method":"mining.ping","params":[],}\n', ("malformed_json",)),
        (b'{"id":1,"method":"mining.ping","params":[NaN]}\n', ("malformed_json",)),
        (b'{"id":1,"method":"mining.ping","params":[]} rest\n', ("malformed_json",)),
        (b'{"id":1,"method":"mining.ping","params":["\xff"]}\n', ("malformed_json",)),
    ],
)
def test_odd_json_is_noted(data, notes):
    contents = [found.content for found in stratum.read(data, final=False).found]
    told = [content for content in contents if isinstance(content, stratum.Line)]
    assert told[0].method == "mining.ping"
    assert all(not content.cut for content in told)
    if b"rest" not in data:
        assert told[0].notes == notes


@pytest.mark.parametrize("identity", [1, "auth", "1", 0])
def test_ids_keep_their_type(identity):
    assert of(id=identity, method="mining.ping", params=[]).id == identity


@pytest.mark.parametrize("identity", [None, True, 1.5, [], {}, "x" * 81, 10**90])
def test_ids_that_no_answer_can_be_told_by(identity):
    data = json.dumps({"id": identity, "method": "mining.ping", "params": []}).encode()
    content = line(data)
    assert isinstance(content, stratum.Line)
    assert content.id is None


@pytest.mark.parametrize(
    "data",
    [
        b'{"method":"mining.notify","params":' + b"[" * 5000 + b"]" * 5000 + b"}\n",
        b'{"method":"job","params":' + b'{"target":' * 5000,
        b'{"error":' + b"[" * 900 + b"]" * 900 + b"}\n",
        b'{"id":1,"method":"mining.set_difficulty","params":[' + b"9" * 5000 + b"]}\n",
        b'{"id":' + b"9" * 3000 + b',"method":"mining.ping","params":[]}\n',
        b'{"id":1,"method":"mining.authorize","params":["\\ud800.\\udfff"]}\n',
        b'{"method":"login","params":{"login":"' + b"." * 60_000 + b'"}}\n',
    ],
)
def test_hostile_lines_are_survived(data):
    for final in (False, True):
        for found in stratum.read(data, final=final).found:
            if isinstance(found.content, stratum.Line):
                for value in found.content.columns.values():
                    if isinstance(value, str):
                        value.encode()
