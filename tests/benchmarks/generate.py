"""Made evidence for the benchmarks: seeded, of any size, in the shape of the real thing. Nothing of it is evidence."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

SEED = 20261123
START_US = 1_795_447_856_000_000
_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", np.uint8)

_CONN = (
    "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig "
    "local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents"
)
_CONN_TYPES = (
    "time string addr port addr port enum string interval count count string bool bool count string count count count "
    "count set[string]"
)
ZEEK_HEADER_LINES = 8


def zeek_conn(path: Path, size: int) -> int:
    """Write a conn.log of about `size` bytes; returns its records."""
    header = [
        "#separator \\x09",
        *(
            f"#{key}\t{value}"
            for key, value in (("set_separator", ","), ("empty_field", "(empty)"), ("unset_field", "-"))
        ),
        "#path\tconn",
        "#open\t2026-11-23-15-30-00",
        "\t".join(["#fields", *_CONN.split()]),
        "\t".join(["#types", *_CONN_TYPES.split()]),
    ]
    dice = np.random.default_rng(SEED)
    inside = pa.array([f"10.{n >> 8 & 3}.{n & 255}.{n % 250 + 1}" for n in range(2_000)])
    outside = pa.array([f"{a}.{b}.{c}.{d}" for a, b, c, d in dice.integers(1, 224, (20_000, 4)).tolist()])
    records, clock = 0, START_US
    with path.open("wb") as stream:
        stream.write(("\n".join(header) + "\n").encode())
        while stream.tell() < size:
            table = _conn_rows(dice, inside, outside, 100_000, clock)
            clock += 150_000_000
            records += table.num_rows
            options = csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
            csv.write_csv(table, stream, options)
    return records


def _conn_rows(dice: np.random.Generator, inside: pa.Array, outside: pa.Array, rows: int, clock: int) -> pa.Table:
    def some(*values: str) -> pa.Array:
        return pa.array(values).take(pa.array(dice.integers(0, len(values), rows)))

    def counted(numbers: np.ndarray, known: np.ndarray) -> pa.Array:
        return pc.fill_null(pa.array(numbers, mask=~known).cast(pa.string()), "-")

    ts = clock + np.cumsum(dice.integers(0, 3_000, rows))
    known = dice.random(rows) < 0.8
    sent, received = dice.integers(0, 100_000, rows), dice.integers(0, 3_000_000, rows)
    sent_packets, received_packets = sent // 800 + 1, received // 1400 + 1
    letters = np.empty((rows, 18), np.uint8)
    letters[:, 0] = ord("C")
    letters[:, 1:] = _ALPHABET[dice.integers(0, len(_ALPHABET), (rows, 17))]
    usual_ports = np.array([80, 443, 53, 22, 3333, 8080])[dice.integers(0, 6, rows)]
    columns = [
        _decimal_text(ts),
        pa.array(letters.reshape(-1).view("S18")).cast(pa.string()),
        inside.take(pa.array(dice.integers(0, len(inside), rows))),
        pa.array(dice.integers(1024, 65_536, rows)).cast(pa.string()),
        outside.take(pa.array(dice.integers(0, len(outside), rows))),
        pa.array(np.where(dice.random(rows) < 0.8, usual_ports, dice.integers(1, 65_536, rows))).cast(pa.string()),
        some("tcp", "tcp", "tcp", "udp"),
        some("-", "-", "http", "ssl", "dns", "ssh", "http,ssl"),
        pc.if_else(pa.array(known), _decimal_text(dice.exponential(5e6, rows).astype(np.int64)), "-"),
        counted(sent, known),
        counted(received, known),
        some("SF", "S0", "REJ", "RSTO", "OTH"),
        some("T", "T", "F"),
        some("F", "F", "T"),
        pa.array(np.where(dice.random(rows) < 0.99, 0, dice.integers(1, 5_000, rows))).cast(pa.string()),
        some("ShADadFf", "ShADadtFf", "S", "Dd", "D", "ShAdDaFf", "ShADadR", "Sr", "^dfA"),
        pa.array(sent_packets).cast(pa.string()),
        pa.array(sent + 40 * sent_packets).cast(pa.string()),
        pa.array(received_packets).cast(pa.string()),
        pa.array(received + 40 * received_packets).cast(pa.string()),
        some("-", "(empty)"),
    ]
    return pa.table(columns, names=_CONN.split())


def _decimal_text(millionths: np.ndarray) -> pa.Array:
    halves = np.zeros((len(millionths), 2), np.int64)
    halves[:, 0] = millionths
    kind = pa.decimal128(18, 6)
    return pa.Array.from_buffers(kind, len(millionths), [None, pa.py_buffer(halves)]).cast(pa.string())


_COMMANDS = (
    ("/usr/bin/ls", ["ls", "-la", "/srv/data"]),
    ("/usr/bin/git", ["git", "commit", "-m", "wip"]),
    ("/usr/bin/curl", ["curl", "-fsSL", "https://example.net/get.sh"]),
    ("/usr/bin/python3", ["python3", "train.py", "--epochs", "3"]),
    ("/opt/.cache/worker", ["worker", "-o", "pool.example:3333", "--threads", "8"]),
)


def bash_history(path: Path, size: int) -> None:
    """Write a timed bash history of about `size` bytes."""
    dice = random.Random(SEED)
    clock, written = START_US // 10**6, 0
    with path.open("w") as stream:
        while written < size:
            clock += dice.randrange(90)
            command = " ".join(dice.choice(_COMMANDS)[1])
            written += stream.write(f"#{clock}\n{command} {dice.randrange(10**6)}\n")


def audit_log(path: Path, size: int) -> None:
    """Write an audit log of about `size` bytes: one exec an event, five records each."""
    dice = random.Random(SEED)
    clock, written, serial = START_US // 1000, 0, 1000
    with path.open("w") as stream:
        while written < size:
            clock, serial = clock + dice.randrange(400), serial + 1
            executable, argv = dice.choice(_COMMANDS)
            head = f"msg=audit({clock // 1000}.{clock % 1000:03d}:{serial}):"
            arguments = " ".join(f'a{number}="{argument}"' for number, argument in enumerate(argv))
            ids = f"ppid={dice.randrange(2**15)} pid={dice.randrange(2**15)} auid=1000"
            written += stream.write(
                f"type=SYSCALL {head} arch=c000003e syscall=59 success=yes exit=0 a0=55d0 a1=55d1 a2=55d2 a3=0 items=1 "
                f"{ids} uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 egid=1000 sgid=1000 fsgid=1000 tty=pts0 ses=3 "
                f'comm="{argv[0]}" exe="{executable}" key="exec"\n'
                f"type=EXECVE {head} argc={len(argv)} {arguments}\n"
                f'type=CWD {head} cwd="/srv/data"\n'
                f'type=PATH {head} item=0 name="{executable}" inode=131 dev=fd:01 mode=0100755 ouid=0 ogid=0 '
                "rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\n"
                f"type=PROCTITLE {head} proctitle={' '.join(argv).encode().hex().upper()}\n"
            )


_WORDS = "the run needs more memory than this box has so we look for another way to finish the task before noon"


def claude_code(path: Path, size: int) -> None:
    """Write a session of about `size` bytes: a thought, a call and its result, over and over."""
    dice = random.Random(SEED)
    words = _WORDS.split()
    clock, written, number, parent = START_US // 1000, 0, 0, None

    def said(most: int) -> str:
        return " ".join(dice.choices(words, k=dice.randrange(5, most)))

    with path.open("wb") as stream:
        while written < size:
            number += 1
            call = f"toolu_{number:020d}"
            usage = {"input_tokens": 5, "cache_read_input_tokens": dice.randrange(9_000), "output_tokens": 210}
            content = [
                {"type": "thinking", "thinking": said(60), "signature": "c2ln"},
                {
                    "type": "tool_use",
                    "id": call,
                    "name": "Bash",
                    "input": {"command": " ".join(dice.choice(_COMMANDS)[1])},
                },
            ]
            message = {"id": f"msg_{number:020d}", "type": "message", "role": "assistant", "model": "claude-x"}
            message |= {"content": content, "usage": usage}
            result = [{"type": "tool_result", "tool_use_id": call, "content": said(300), "is_error": False}]
            for kind, body in (("assistant", message), ("user", {"role": "user", "content": result})):
                clock += dice.randrange(5_000)
                own = f"{dice.getrandbits(128):032x}"
                line = {
                    "parentUuid": parent,
                    "isSidechain": False,
                    "userType": "external",
                    "cwd": "/srv/data",
                    "sessionId": "00000000-0000-4000-8000-000000000001",
                    "version": "2.0.1",
                    "type": kind,
                    "message": body,
                    "uuid": own,
                    "timestamp": f"{np.datetime64(clock, 'ms')}Z",
                }
                written += stream.write(orjson.dumps(line) + b"\n")
                parent = own


def pcap(path: Path, size: int) -> None:
    """Write a capture of about `size` bytes: sixty-four TCP connections, small packets both ways."""
    dice = random.Random(SEED)
    flows = [(bytes([10, 0, 0, n % 4 + 1]), 40_000 + n, bytes([198, 51, 100, n % 9 + 1]), 443) for n in range(64)]
    noise = dice.randbytes(4_096)
    clock, written = START_US, 24
    with path.open("wb") as stream:
        stream.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1))
        while written < size:
            clock += dice.randrange(400)
            source, source_port, target, target_port = dice.choice(flows)
            if dice.random() < 0.5:
                source, source_port, target, target_port = target, target_port, source, source_port
            at = dice.randrange(3_000)
            payload = noise[at : at + dice.randrange(0, 400)]
            tcp = struct.pack(">HHIIBBHHH", source_port, target_port, 1, 1, 0x50, 0x18, 65_535, 0, 0) + payload
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, source, target)
            frame = b"\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0" + ip + tcp
            written += stream.write(struct.pack("<IIII", *divmod(clock, 10**6), len(frame), len(frame)) + frame)
