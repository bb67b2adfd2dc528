"""Claude Code on the web: the lines of a session in a list."""

from __future__ import annotations

import json

import golden
import pytest

from parsers.contract import Grade
from parsers.formats import recognise_head
from parsers.source import Source
from parsers.transcripts import claude_code, claude_web

LINE = {"type": "assistant", "timestamp": "2026-01-01T11:00:00Z", "message": {"role": "assistant", "content": "hello"}}

HEADS = {
    "lines": ({"loglines": [LINE]}, Grade.STRONG),
    "lines of others": ({"loglines": [{"type": "user", "text": "x"}]}, Grade.NONE),
    "no lines": ({"loglines": []}, Grade.NONE),
    "another list": ({"lines": [LINE]}, Grade.NONE),
}


@pytest.mark.parametrize(("value", "grade"), HEADS.values(), ids=HEADS)
def test_recognition(value, grade):
    assert claude_web.recognise(json.dumps(value).encode(), "x") == grade


def test_a_line_reads_as_in_a_session_file():
    web = Source.of_bytes(json.dumps({"loglines": [LINE | {"sessionId": "s", "uuid": "u"}]}).encode())
    file = Source.of_bytes(json.dumps(LINE | {"sessionId": "s", "uuid": "u"}).encode())
    found = [golden.tables_of(source, parser)[1] for source, parser in ((web, claude_web), (file, claude_code))]
    place = {"offset", "length", "source_id"}
    one, other = (
        [{k: v for k, v in row.items() if k not in place} for row in golden.rows_of(t["transcript"])] for t in found
    )
    assert one == other


@pytest.mark.shared
def test_the_exported_session(shared):
    path = shared / "data/transcripts/claude_code_fixtures/tests__sample_session.json"
    lines = json.loads(path.read_bytes())["loglines"]
    assert recognise_head(path.read_bytes()[:65_536], "intake/0001").chosen == "claude_web"
    books, tables = golden.tables_of(Source.of_file(path), claude_web)
    assert (books.records, books.quarantined) == (len(lines), 0)
    assert tables["session"].column("notes").to_pylist() == [["session_id_derived"]]
    contents = [line["message"]["content"] for line in lines if isinstance(line["message"]["content"], list)]
    calls = [block for content in contents for block in content if block["type"] == "tool_use"]
    assert tables["transcript"].column("kind").to_pylist().count("tool_call") == len(calls)
