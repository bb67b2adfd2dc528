"""The dissecting station: every distinct command and text of a case taken apart once, into tables of their own.

Results are keyed by the parts they were read from and the dissector's version, so that a second analysis of the same
evidence finds them ready and a changed dissector does not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from forensics.canonical import digest
from forensics.engine import Engine
from forensics.progress import SILENT, Progress
from forensics.transaction import Transaction
from parsers.dissect.commands import dissect
from parsers.dissect.keys import loose_key, normalise
from parsers.dissect.observables import find
from parsers.schema import ALL_TABLES
from parsers.tables import PartWriter

# raised whenever the same text would be taken apart otherwise
VERSION = 4
TABLES = ("command_text", "command_part", "observable")
BATCH_TEXTS = 2_000
# longer texts are cut for observables; that they were is known from their length
MAX_TEXT = 1 << 20

_COMMANDS = (
    "select command as text from transcript where command is not null"
    " union select command from process where command is not null order by text"
)
_TEXTS = (
    "select text from (select command as text from transcript union select command from process union"
    " select text from transcript where kind in ('message', 'tool_call', 'tool_result')) as every"
    " where text is not null and text <> '' order by text"
)

Rows = dict[str, list[dict[str, Any]]]


def dissect_case(
    parts: Mapping[str, Iterable[Path]], transaction: Transaction, scratch: Path, progress: Progress = SILENT
) -> dict[str, list[Path]]:
    """Bring the dissected tables up to date inside `transaction`; return where their files lie now."""
    inputs = sorted(path.name for table in ("transcript", "process") for path in parts.get(table, ()))
    key = digest({"version": VERSION, "inputs": inputs})[:32]
    found: dict[str, list[Path]] = {}
    missing = [table for table in TABLES if f"tables/{table}/{key}.parquet" not in transaction.files]
    if missing:
        engine = Engine({name: parts.get(name, ()) for name in ("transcript", "process")}, scratch)
        try:
            written = _write(engine, scratch, progress)
        finally:
            engine.close()
        for table in TABLES:
            transaction.drop(f"tables/{table}/")
            transaction.put_file(f"tables/{table}/{key}.parquet", written[table])
    for table in TABLES:
        found[table] = [transaction.root / f"tables/{table}/{key}.parquet"]
    return found


def _write(engine: Engine, scratch: Path, progress: Progress) -> dict[str, Path]:
    paths = {table: scratch / f"{table}.parquet" for table in TABLES}
    writers = {table: PartWriter(path, table) for table, path in paths.items()}
    for sql, taken_apart, stage in ((_COMMANDS, _command_rows, "commands"), (_TEXTS, _text_rows, "texts")):
        texts = engine.arrow(sql).column("text").to_pylist()
        progress.begin(f"taking {stage} apart", len(texts), "texts")
        for rows in _in_batches(texts, taken_apart, progress):
            for table, listed in rows.items():
                writers[table].write(_batch(table, listed))
    for writer in writers.values():
        writer.close()
    return paths


def _in_batches(
    texts: list[str], taken_apart: Callable[[str, str], Iterator[tuple[str, dict[str, Any]]]], progress: Progress
) -> Iterator[Rows]:
    for begin in range(0, len(texts), BATCH_TEXTS):
        rows: Rows = {}
        chosen = texts[begin : begin + BATCH_TEXTS]
        for text in chosen:
            name = hashlib.sha256(text.encode("utf-8")).hexdigest()
            for table, row in taken_apart(name, text):
                rows.setdefault(table, []).append(row)
        progress.advance(len(chosen))
        yield rows


def _command_rows(name: str, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    pieces = dissect(text)
    yield "command_text", {"text_sha256": name, "key": normalise(text), "parts": len(pieces)}
    for piece in pieces:
        row = piece._asdict()
        row |= {"text_sha256": name, "key": normalise(piece.text), "loose_key": loose_key(piece.argv)}
        yield "command_part", row


def _text_rows(name: str, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, seen in enumerate(find(text[:MAX_TEXT])):
        yield "observable", {"text_sha256": name, "number": number, **seen._asdict()}


def _batch(table: str, rows: list[dict[str, Any]]) -> pa.RecordBatch:
    schema = ALL_TABLES[table]
    arrays = [pa.array([row.get(column.name) for row in rows], type=column.type) for column in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
