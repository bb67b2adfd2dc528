"""The parsers on real sessions: recognised by content alone, every record counted, every token once."""

from __future__ import annotations

import json
from pathlib import Path

import golden
import pytest

from parsers.contract import HEAD_BYTES, Grade
from parsers.formats import parser_of, recognise_head
from parsers.source import Source
from parsers.transcripts import claude_code

pytestmark = pytest.mark.shared

FORMAT_OF = {
    "claude_code": "claude_code",
    "claude_code_fixtures": "claude_code",
    "codex_rollout": "codex_rollout",
    "openai_chat_logs": "chat_completions",
}
OTHERS = {
    "SOURCE.md": "says where the files come from",
    "tests__sample_session.json": "an export of the web service: `loglines`, without ids of session or record",
}
OURS = ("claude_code", "claude_stream", "codex_rollout", "chat_completions")


def _files(shared: Path) -> list[tuple[str, Path]]:
    folder = shared / "data" / "transcripts"
    return [(name, path) for name in FORMAT_OF for path in sorted((folder / name).iterdir())]


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(HEAD_BYTES)


def _values(data: bytes) -> list:
    """Count independently: every value of every line, with nothing of ours."""
    decoder, found = json.JSONDecoder(), []
    for line in data.decode().split("\n"):
        at = 0
        while line[at:].strip():
            at += len(line[at:]) - len(line[at:].lstrip())
            value, at = decoder.raw_decode(line, at)
            found.append(value)
    return found


def test_every_file_is_recognised_by_its_content_and_by_nobody_else(shared):
    for folder, path in _files(shared):
        recognition = recognise_head(_head(path), "intake/0001")
        claims = [name for name, grade in recognition.candidates if grade >= Grade.PROBABLE]
        expected = [] if path.name in OTHERS else [FORMAT_OF[folder]]
        assert [name for name in claims if name in OURS] == expected, path.name
        if expected:
            assert (recognition.chosen, claims) == (expected[0], expected), path.name


def test_every_record_is_read_or_in_quarantine(shared):
    for folder, path in _files(shared):
        if path.name in OTHERS:
            continue
        data = path.read_bytes()
        values = _values(data)
        books, tables = golden.tables_of(Source.of_bytes(data, "x"), parser_of(FORMAT_OF[folder]))
        assert books.stream_bytes == len(data)
        assert books.records + books.quarantined == len(values), path.name
        assert books.quarantined == sum(not isinstance(value, dict) for value in values), path.name
        assert len(set(tables["transcript"].column("record").to_pylist())) == books.records
        if "quarantine" in tables:
            assert all(
                " where an object was expected" in why for why in tables["quarantine"].column("reason").to_pylist()
            )


def test_two_objects_on_a_line_are_two_records(shared):
    path = shared / "data/transcripts/claude_code/37__995ebed6e4__2__full.jsonl"
    _, tables = golden.tables_of(Source.of_file(path), claude_code)
    rows = [row for row in golden.rows_of(tables["transcript"]) if row["line"] == 128]
    assert len({(row["record"], row["offset"]) for row in rows}) == 2
    # the same record as another machine wrote it down
    assert [row["native_id"] for row in golden.rows_of(tables["transcript"]) if row["is_replayed"]]


def _usage(data: bytes) -> dict[str, int]:
    """Add up output tokens independently: as they stand, and the last of each response."""
    naive, last = 0, {}
    for value in _values(data):
        held = [value] if isinstance(value, dict) else []
        if held and isinstance(value.get("data"), dict) and isinstance(value["data"].get("message"), dict):
            held = [value["data"]["message"]]
        for line in held:
            message = line.get("message")
            if line.get("type") == "assistant" and isinstance(message, dict) and isinstance(message.get("usage"), dict):
                tokens = message["usage"].get("output_tokens", 0)
                naive += tokens
                last[(message.get("id"), line.get("requestId"))] = tokens
    return {"naive": naive, "last": sum(last.values())}


def test_tokens_are_counted_once(shared):
    naive = counted = 0
    for folder, path in _files(shared):
        if FORMAT_OF[folder] != "claude_code" or path.name in OTHERS:
            continue
        data = path.read_bytes()
        expected = _usage(data)
        _, tables = golden.tables_of(Source.of_bytes(data), claude_code)
        columns = tables["transcript"].select(["kind", "output_tokens", "usage_is_primary"]).to_pylist()
        rows = [row for row in columns if row["kind"] == "usage"]
        assert sum(row["output_tokens"] or 0 for row in rows) == expected["naive"], path.name
        assert sum(row["output_tokens"] or 0 for row in rows if row["usage_is_primary"]) == expected["last"], path.name
        naive += expected["naive"]
        counted += expected["last"]
    # added up as they stand, a twentieth too many
    assert naive > counted * 1.04


def test_calls_find_their_answers(shared):
    calls: set[str] = set()
    answers: set[str] = set()
    for folder, path in _files(shared):
        if folder == "claude_code" and path.name not in OTHERS:
            _, tables = golden.tables_of(Source.of_file(path), claude_code)
            for row in tables["transcript"].select(["kind", "call_id"]).to_pylist():
                if row["kind"] in ("tool_call", "tool_result"):
                    (calls if row["kind"] == "tool_call" else answers).add(row["call_id"])
    assert len(calls & answers) >= 0.995 * len(calls | answers)


def test_conversations_span_files(shared):
    sessions: dict[str, set[str]] = {}
    for path in sorted((shared / "data/transcripts/openai_chat_logs").glob("*.json")):
        _, tables = golden.tables_of(Source.of_file(path), parser_of("chat_completions"))
        series = "deepseek" if "deepseek" in path.name else "anthropic"
        sessions.setdefault(series, set()).update(tables["session"].column("session_id").to_pylist())
    assert [len(ids) for ids in sessions.values()] == [1, 1]
    assert len(set.union(*sessions.values())) == 2


def test_nothing_else_among_the_evidence_is_claimed(shared):
    """Zeek JSON, EVE, OTLP, Falco, CloudTrail, other harnesses' transcripts, printed Gemini sessions, ..."""
    own = {path for _, path in _files(shared)} | set((shared / "data/lab").rglob("transcripts/*.jsonl"))
    claimed = []
    for path in sorted((shared / "data").rglob("*")):
        if path.is_file() and path not in own:
            head = _head(path)
            claimed += [(path.name, name) for name in OURS if parser_of(name).recognise(head, path.name) > Grade.NONE]
    assert claimed == []
