"""What users of other tools lost without being told: each case as evidence of our own, taken through a whole case.

Every `told` is a public complaint about another tool, or a fault of one that was measured. Each case is one file made
here, one question to the analysed case (`{at}` is the file's source), and the answer that shows that nothing is lost
and nothing invented. Beside these stand, for what is no matter of one file: clocks that were set
(tests/queries/test_clock_fit.py), a parser that dies (tests/forensics/test_intake.py), times in what is exported
(tests/forensics/test_exports.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from forensics import findings, ledger
from forensics.analysis import analyze
from forensics.case import Case
from forensics.cli import run
from forensics.demo.run import make_world
from forensics.engine import Engine
from forensics.intake import Options, ingest

pytestmark = pytest.mark.xdist_group("losses")  # their case is made once

MEGABYTE = 1 << 20
SETTINGS = b'zone = "Europe/Berlin"\n'


class Loss(NamedTuple):
    """One case: what was complained of, the file, the question, and the rows that must come."""

    told: str
    file: str
    data: bytes
    sql: str
    rows: list[tuple[Any, ...]]


def _lines(*values: Any) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def _said(number: int, content: Any, kind: str = "assistant") -> dict[str, Any]:
    """A message of a Claude Code session."""
    return {
        "type": kind,
        "uuid": f"00000000-0000-4000-8000-{number:012}",
        "parentUuid": f"00000000-0000-4000-8000-{number - 1:012}" if number else None,
        "sessionId": "53b99700-cc0b-4b2e-b7ff-000000000001",
        "timestamp": f"2026-03-04T{5 + number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.123456Z",
        "cwd": "/work",
        "message": {"role": kind, "content": content},
    }


def _eve(number: int) -> dict[str, Any]:
    flow = {"pkts_toserver": 1, "pkts_toclient": 1, "bytes_toserver": 60, "bytes_toclient": 60}
    flow["start"] = flow["end"] = f"2026-03-04T05:06:0{number}.000001+0000"
    ends = {"src_ip": "192.0.2.10", "src_port": 40000 + number, "dest_ip": "198.51.100.7", "dest_port": 3333}
    wide = {f"field_{column}": column for column in range(340)}
    head = {"timestamp": flow["end"], "flow_id": number, "event_type": "flow", **ends, "proto": "TCP"}
    return {**head, "flow": flow, **wide}


ZEEK = (
    b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\thttp\n"
    b"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tmethod\thost\turi\n"
    b"#types\ttime\tstring\taddr\tport\taddr\tport\tstring\tstring\tstring\n"
)
NFDUMP = b"firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
_PAIR = b"TCP,192.0.2.10,40001,198.51.100.7,3333,1200,96000,1\n"
COMMANDS = "select command, ts is not null from process where source_id = {at} order by record"
OFFSETS = (
    "select distinct basis, offset_us // 3600000000 from clock where source_id = {at} and kind = 'local' order by all"
)

LOSSES = (
    # times
    Loss(
        "a printed time without zone was taken for UTC; the tool's zone option was ignored",
        "printed/nfdump.csv",
        NFDUMP + b"2026-07-04 12:00:00.250,1.000," + _PAIR,
        "select ts is null, ts_local from flow where source_id = {at}",
        [(True, "2026-07-04 12:00:00.25")],
    ),
    Loss(
        "the zone was lost on the way; rows came out an hour off in one half of the year; nobody could say who set it",
        "summer/nfdump.csv",
        NFDUMP + b"2026-07-04 12:00:00.250,1.000," + _PAIR + b"2026-01-04 12:00:00.250,1.000," + _PAIR,
        f"select * from ({OFFSETS}) where basis = 'assumed_zone'",
        [("assumed_zone", 1), ("assumed_zone", 2)],
    ),
    Loss(
        "the offset of a zoned time was not applied",
        "zoned/messages",
        b"<78>1 2026-03-04T10:00:00.123456+02:00 gpu1 CRON 7 - - (root) CMD (/usr/bin/true)\n",
        "select cast(ts as varchar), command from process where source_id = {at}",
        [("2026-03-04 08:00:00.123456+00", "/usr/bin/true")],
    ),
    Loss(
        "lines without a year got the current year, and the wrong one at New Year",
        "turn/auth.log",
        b"Dec 31 23:59:59 gpu1 CRON[7]: (root) CMD (/bin/one)\nJan  1 00:00:01 gpu1 CRON[8]: (root) CMD (/bin/two)\n",
        "select ts is null and ts_local is null, list_contains(notes, 'year_unknown'), "
        "time_of_day_us - min(time_of_day_us) over () from process where source_id = {at} order by record",
        [(True, True, 0), (True, True, 2_000_000)],
    ),
    Loss(
        "milliseconds and microseconds became zero",
        "exact/conn.log",
        ZEEK + b"1772600760.123456\tC1\t192.0.2.10\t40000\t198.51.100.7\t80\tGET\ta.example\t/\n",
        "select epoch_us(ts) from application_message where source_id = {at}",
        [(1_772_600_760_123_456,)],
    ),
    # silent loss
    Loss(
        "a file of 340 fields a line came out ready, with 0 of 5 events",
        "wide/eve.json",
        _lines(*map(_eve, range(5))),
        "select count(*), min(json_array_length(json_keys(extra))) >= 340 from flow where source_id = {at}",
        [(5, True)],
    ),
    Loss(
        "a history without times yields nothing",
        "plain/.bash_history",
        b"ls -la\nnvidia-smi\n",
        COMMANDS,
        [("ls -la", False), ("nvidia-smi", False)],
    ),
    Loss(
        "a history was skipped for one byte that is no UTF-8",
        "byte/.bash_history",
        b"#1772600760\necho \xba\n#1772600761\nid\n",
        COMMANDS,
        [("echo \\xba", True), ("id", True)],
    ),
    Loss(
        "a history was skipped for one NUL byte",
        "nul/.bash_history",
        b"#1772600760\nls\0-la\n#1772600761\nid\n",
        "select command from process where source_id = {at} and command = 'id'",
        [("id",)],
    ),
    Loss(
        "a history was skipped for a hundred commands before the first time",
        "late/.bash_history",
        b"".join(b"echo %d\n" % number for number in range(100)) + b"#1772600760\nid\n",
        "select count(*), count(ts) from process where source_id = {at}",
        [(101, 1)],
    ),
    Loss(
        "a command of two lines became two rows, the second without a time; bytes were replaced for good",
        "lines/.bash_history",
        b"#1772600760\necho 'one\ntwo' \xff\xfe\n",
        'select command, ts is not null, line, "offset", length from process where source_id = {at}',
        [("echo 'one\ntwo' \\xff\\xfe", True, 1, 0, 29)],
    ),
    Loss(
        "messages above a size were dropped, or cut at it",
        "large/session.jsonl",
        _lines(
            _said(0, "go on", "user"),
            *(
                _said(number, [{"type": "text", "text": "x" * size}])
                for number, size in enumerate((MEGABYTE, MEGABYTE + 1, 3 * MEGABYTE), 1)
            ),
        ),
        "select length(text) from transcript where source_id = {at} and author <> 'human' order by record",
        [(MEGABYTE,), (MEGABYTE + 1,), (3 * MEGABYTE,)],
    ),
    Loss(
        "a download held null where there had been input and output, and nobody was told",
        "null/session.jsonl",
        _lines(_said(0, "go on", "user"), _said(1, None), _said(2, "done")),
        "select record, text from transcript where source_id = {at} and kind = 'message' order by record",
        [(1, "go on"), (2, None), (3, "done")],
    ),
    Loss(
        "part of a long transcript was left out, and then no tool calls were found",
        "long/session.jsonl",
        _lines(
            _said(0, "go on", "user"),
            *(_said(number, f"step {number}") for number in range(1, 3000)),
            _said(3000, [{"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "id"}}]),
        ),
        "select count(*), sum(cast(command = 'id' as int)) from transcript where source_id = {at}",
        [(3001, 1)],
    ),
    Loss(
        "one malformed line cost the whole log",
        "malformed/http.log",
        ZEEK
        + b"1772600760.5\tC1\t192.0.2.10\t40000\t198.51.100.7\t80\tGET\ta.example\t/\n"
        + b"damaged\n"
        + b"1772600761.5\tC2\t192.0.2.10\t40001\t198.51.100.7\t80\tGET\ta.example\t/\n",
        "select (select count(*) from application_message where source_id = {at}), "
        "(select count(*) from quarantine where source_id = {at})",
        [(2, 1)],
    ),
    Loss(
        "what follows a # within a line was taken for a comment",
        "hash/http.log",
        ZEEK + b"1772600760.5\tC1\t192.0.2.10\t40000\t198.51.100.7\t80\tGET\ta.example\t/a#frag\n",
        "select uri from application_message where source_id = {at}",
        [("/a#frag",)],
    ),
    Loss(
        "commands by sudo without a terminal, or from a folder with a dash, had no fields",
        "sudo/auth.log",
        b"Mar  4 05:06:07 gpu1 sudo:  svc-gpu : TTY=unknown ; PWD=/tmp/run-1 ; USER=root ; COMMAND=/usr/bin/id\n"
        b"Mar  4 05:06:08 gpu1 sudo:  svc-gpu : PWD=/tmp/run 2 ; USER=root ; COMMAND=/usr/bin/env\n",
        "select command, user_name, cwd from process where source_id = {at} order by record",
        [("/usr/bin/id", "svc-gpu", "/tmp/run-1"), ("/usr/bin/env", "svc-gpu", "/tmp/run 2")],
    ),
    Loss(
        "audit records with a node's name were dropped",
        "node/audit.log",
        b"node=gpu1 type=SYSCALL msg=audit(1772600760.123:7): arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=2 "
        b'auid=1000 uid=1000 comm="id" exe="/usr/bin/id" key=(null)\n'
        b'node=gpu1 type=EXECVE msg=audit(1772600760.123:7): argc=2 a0="id" a1=2D6E\n',
        "select command, host_name, pid from process where source_id = {at}",
        [("id -n", "gpu1", 2)],
    ),
    Loss(
        "one entry with a colon, or blanks behind a key, cost the entry or the whole fish history",
        "colon/fish_history",
        b"- cmd: echo foo: bar\n  when:       1772600760\n- cmd: echo [x\n  when: 1772600761\n",
        COMMANDS,
        [("echo foo: bar", True), ("echo [x", True)],
    ),
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Case]]:
    root = tmp_path_factory.mktemp("losses")
    for loss in LOSSES:
        (root / "evidence" / loss.file).parent.mkdir(parents=True)
        (root / "evidence" / loss.file).write_bytes(loss.data)
    ingest(Case.create(root / "case", SETTINGS), [root / "evidence"], Options(workers=1))
    case = Case.open(root / "case")
    opened = Engine(case.tables(), root)
    opened.build(["clock"])
    yield opened, case
    opened.close()


@pytest.mark.parametrize("loss", LOSSES, ids=[loss.file for loss in LOSSES])
def test_nothing_is_lost_in_silence(loss: Loss, engine: tuple[Engine, Case]) -> None:
    opened, case = engine
    (source,) = [row for row in ledger.load(case).sources if row["path"].endswith(loss.file)]
    sql = loss.sql.format(at=f"'{source['source_id']}'")
    found = opened.connection.sql(sql).fetchall()
    assert [tuple(map(_plain, row)) for row in found] == loss.rows
    assert source["bytes_parsed"] + source["bytes_quarantined"] + source["bytes_structure"] == len(loss.data)
    assert source["status"] == ("partly_read" if source["quarantined"] else "read")


def _plain(value: Any) -> Any:
    return str(value)[:22] if hasattr(value, "isoformat") else value


def test_an_import_that_gives_nothing_is_told_and_ends_with_a_code_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence/notes.bin").write_bytes(b"\x01\x02nothing that a parser knows\xff")
    Case.create(tmp_path / "case")
    assert run(["ingest", "--strict", str(tmp_path / "case"), str(tmp_path / "evidence")]) == 4
    assert "notes.bin" in capsys.readouterr().out


def test_flows_on_an_exporters_uptime_clock_are_told_and_set_right(tmp_path: Path) -> None:
    """Elsewhere flows came out in 1970, or weeks off: 32 bits of milliseconds since it began, which wrapped."""
    wrap = Decimal(1 << 32) / 1000
    make_world(tmp_path / "evidence", flows=300)
    (log,) = (tmp_path / "evidence").rglob("conn.log")
    log.write_bytes(
        re.sub(rb"(?m)^\d+\.\d+", lambda at: str(Decimal(at[0].decode()) - wrap).encode(), log.read_bytes())
    )
    case = Case.create(tmp_path / "case")
    ingest(case, [tmp_path / "evidence"], Options(workers=1))
    analyze(case)
    (source,) = [row for row in ledger.load(case).sources if row["path"].endswith("conn.log")]
    with closing(Engine(case.tables(), tmp_path, findings=findings.kept(case))) as opened:
        where = f"source_id = '{source['source_id']}' and kind = 'utc'"
        clocks = opened.rows(f"select error, offset_us from clock where {where}")
    assert clocks == [{"error": "counter", "offset_us": -wrap * 1_000_000}]
