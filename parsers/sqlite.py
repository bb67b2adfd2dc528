"""SQLite databases, read by the library on a file that nobody writes to any more.

Source of the format: sqlite.org/fileformat2.html (header, write-ahead log), sqlite.org/security.html.

A database is a stranger's program as well: views, triggers and virtual tables may call functions. Only ordinary tables
are read, whole and in the order of their rows, and the library is told to refuse everything else. A row has no range of
bytes; its record is its number, from 1, over all tables in the order in which a format reads them. The file's bytes are
parsed or in quarantine as a whole.

A database with a write-ahead log keeps its latest rows in a file beside it (`-wal`) until they are moved over. That
file is a source of its own: a `coverage_gap` at the database's header says that there may be one.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from parsers.assemble import to_batch
from parsers.contract import Block, Item, Parsed, Record, Reject, Row
from parsers.source import Source

MAGIC = b"SQLite format 3\0"
WAL_APART = "write_ahead_log_apart"

Value = int | float | bytes | None

_HEADER_BYTES = 100
_WAL_FLAG = slice(18, 20)
_BATCH_ROWS = 16_384
_MOST_VALUE_BYTES = 64 << 20
_LEAST_ROW_BYTES = 4  # pages that point at each other can claim any number of rows
_MOST_UNPACKED_BYTES = 8 << 30
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ})


class Made(NamedTuple):
    """What a row of a database makes: one row of `table`."""

    table: str
    values: dict[str, Any]


class Database:
    """An open database: its ordinary tables, and their rows."""

    def __init__(self, connection: sqlite3.Connection, size: int) -> None:
        self._connection = connection
        self._left = size // _LEAST_ROW_BYTES

    def columns(self, table: str) -> tuple[str, ...]:
        """Return the names of a table's columns; none if there is no ordinary table of that name."""
        query = "select sql from sqlite_master where type = 'table' and name = ?"
        found = self._connection.execute(query, (table,)).fetchone()
        if not found or found[0].lower().startswith(b"create virtual"):
            return ()
        try:
            description = self._connection.execute(f'select * from "{table}" not indexed limit 0').description
        except UnicodeDecodeError:
            raise sqlite3.DatabaseError(f"columns of {table} whose names are no text") from None
        return tuple(column[0] for column in description)

    def rows(self, table: str, wanted: tuple[str, ...]) -> Iterator[dict[str, Value]]:
        """Yield those of the wanted columns that a table has, row by row; texts as bytes.

        Raises `sqlite3.Error` where the database is damaged.
        """
        columns = self.columns(table)
        chosen = [name for name in wanted if name in columns]
        if not chosen:
            raise sqlite3.DatabaseError(f"no table {table} with a column that this format knows")
        listed = ", ".join(f'"{name}"' for name in chosen)
        for values in self._connection.execute(f'select {listed} from "{table}" not indexed'):
            self._left -= 1
            if self._left < 0:
                raise sqlite3.DatabaseError("more rows than the file has room for")
            yield dict(zip(chosen, values, strict=True))


def read_database(source: Source, make: Callable[[Database], Iterator[Made | str]]) -> Iterator[Item]:
    """Account for a database and yield its rows: each thing that `make` yields is a record, a text says why it is none.

    What cannot be read puts the whole file in quarantine; rows read before that are kept.
    """
    size = source.size if source.size is not None else sum(len(block) for block in source.blocks())
    if not size:
        return
    number = 0
    try:
        with _opened(source, size) as database:
            for items, done in _batches(source, make(database)):
                yield from items
                number = done
    except sqlite3.Error as fault:
        yield Reject(Record(number + 1, 0, size, None), f"after row {number}: {fault}")
        return
    with source.open() as stream:
        header = stream.read(_HEADER_BYTES)
    if b"\x02" in header[_WAL_FLAG]:
        record = Record(number + 1, 0, len(header), None)
        yield Parsed(record)
        yield Row("coverage_gap", record, {"reason": WAL_APART})
        yield Block(len(header), size - len(header), 0, size - len(header), 0, {})
    else:
        yield Block(0, size, 0, size, 0, {})


def _batches(source: Source, made: Iterator[Made | str]) -> Iterator[tuple[list[Item], int]]:
    """Yield items for some rows at a time, and how many records there are by then."""
    held: dict[str, list[dict[str, Any]]] = {}
    number = count = 0
    fault: sqlite3.Error | None = None
    while True:
        try:
            one = next(made, None)
        except sqlite3.Error as found:
            one, fault = None, found
        if one is None or isinstance(one, str) or count == _BATCH_ROWS:
            if count:
                tables = {table: to_batch(table, rows) for table, rows in held.items()}
                yield [Block(0, 0, count, 0, 0, tables)], number
            held, count = {}, 0
        if one is None:
            break
        number += 1
        if isinstance(one, str):
            yield [Reject(Record(number, 0, 0, None), f"row {number}: {one}")], number
            continue
        held.setdefault(one.table, []).append({**one.values, "source_id": source.id, "record": number, "part": 0})
        count += 1
    if fault:
        raise fault


@contextmanager
def _opened(source: Source, size: int) -> Iterator[Database]:
    with _plain_file(source, size) as path:
        connection = sqlite3.connect(f"file:{quote(os.fsencode(path))}?mode=ro&immutable=1", uri=True)
        try:
            connection.text_factory = bytes
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_VALUE_BYTES)
            connection.execute("pragma trusted_schema = off")
            connection.execute("pragma cell_size_check = on")
            connection.set_authorizer(_authorised)
            yield Database(connection, size)
        finally:
            connection.close()


def _authorised(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


@contextmanager
def _plain_file(source: Source, size: int) -> Iterator[Path]:
    """Give the path of a file that holds the very stream, if need be a copy that goes away again."""
    if source.path is not None:
        yield source.path
        return
    if size > _MOST_UNPACKED_BYTES:
        raise sqlite3.DatabaseError(f"a database of {size} bytes that is not a plain file")
    with tempfile.NamedTemporaryFile(suffix=".sqlite") as copy:
        for block in source.blocks():
            copy.write(block)
        copy.flush()
        yield Path(copy.name)
