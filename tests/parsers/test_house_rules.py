"""The house rules, held to by every parser there is: a new file under `parsers/` is under test by being there."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import pkgutil
import random
import re
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import golden
import pyarrow as pa
import pytest

import parsers
from parsers.contract import HEAD_BYTES, Block, Grade, Parsed, Parser, Reject, Row, Structure
from parsers.formats import recognise_head
from parsers.schema import EVIDENCE_TABLES, PROVENANCE, TABLES
from parsers.source import Source


def _found_parsers() -> tuple[dict[str, Parser], dict[str, str]]:
    """Return every parser, and what is wrong with modules that do not import: one broken file fails one test."""
    found: dict[str, Parser] = {}
    broken: dict[str, str] = {}
    for module_info in pkgutil.walk_packages(parsers.__path__, "parsers."):
        if module_info.ispkg or module_info.name.count(".") != 2:
            continue
        try:
            module = importlib.import_module(module_info.name)
        except (ImportError, SyntaxError, NameError, AttributeError, TypeError, ValueError) as fault:
            broken[module_info.name] = repr(fault)
            continue
        if hasattr(module, "FORMAT"):
            found[module.FORMAT.name] = module
    return dict(sorted(found.items())), broken


PARSERS, BROKEN = _found_parsers()
FORMATS = list(PARSERS)
SAMPLES = [(name, sample) for name in FORMATS for sample in golden.samples(golden.DATA / name)]
PLACE_COLUMNS = frozenset(name for name, _ in PROVENANCE)
STOPPED = "the parser stopped"
HOSTILE_BYTES = 400_000
HOSTILE_SECONDS = 30
MUTATIONS = 25

FORBIDDEN = (
    (r"errors=[\"'](replace|ignore)", "bytes must not be lost in decoding"),
    (r"except Exception", "faults are named"),
    (r"\bdatetime\.now\(|\btime\.time\(|\bdate\.today\(", "no clock reads"),
    (r"\beval\(|\bexec\(|^\s*(import|from) (pickle|marshal|shelve)\b", "evidence never executes"),
    (r"^\s*(import|from) (subprocess|socket|urllib\.request|requests|http)\b", "no network, no processes"),
    (r"#\s*(TODO|FIXME|XXX)", "nothing is left for later"),
)

NASTY_HEADS = {
    "empty": b"",
    "one newline": b"\n",
    "newlines": b"\n" * 5000,
    "blanks": b" " * 5000,
    "nul": b"\0" * 4096,
    "nul then text": b"\0\0\0ls -la\n",
    "every byte": bytes(range(256)) * 16,
    "utf-8 bom only": b"\xef\xbb\xbf",
    "utf-16": "#1700000000\r\nls\r\n".encode("utf-16"),
    "utf-16-be without bom": '{"type":"user"}\n'.encode("utf-16-be"),
    "utf-32": "time,bytes\n1,2\n".encode("utf-32"),
    "cut in a character": "häß".encode()[:-1],
    "brace": b"{",
    "bracket": b"[",
    "quote": b'"',
    "open json string": b'{"a":"' + b"x" * 60_000,
    "deep json": b"[" * HEAD_BYTES,
    "deep objects": b'{"a":' * 12_000,
    "nan": b'{"a":NaN}\n',
    "big integer": b'{"a":' + b"9" * 50_000 + b"}\n",
    "surrogate": b'{"a":"\\ud800"}\n',
    "json scalar": b"0",
    "json null": b"null\n",
    "commas": b"," * HEAD_BYTES,
    "tabs": b"\t" * HEAD_BYTES,
    "hashes": b"#" * HEAD_BYTES,
    "digits": b"1" * HEAD_BYTES,
    "colons": b": " * 32_000,
    "percent": b"%" * HEAD_BYTES,
    "xml": b"<?xml version='1.0'?><a><b/>",
    "elf": b"\x7fELF\x02\x01\x01" + bytes(100),
    "sqlite": b"SQLite format 3\0" + bytes(84),
    "parquet": b"PAR1" + bytes(100),
    "gzip": b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    "zstandard": b"\x28\xb5\x2f\xfd" + bytes(20),
    "pcap header only": b"\xd4\xc3\xb2\xa1\x02\0\x04\0",
    "pcapng header only": b"\x0a\x0d\x0d\x0a\x1c\0\0\0",
    "no newline in 64 KiB": b"abc def=ghi " * 5461,
    "carriage returns": b"a\rb\rc\r" * 100,
    "audit cut in mid-line": b"type=SYSCALL msg=audit(1700000000.1",
}


@dataclass
class Layout:
    """Where a source's records and structure lie, as its parser accounts for them."""

    records: list[tuple[int, int, int]] = field(default_factory=list)  # offset, length, separator
    structure: list[tuple[int, int]] = field(default_factory=list)  # offset, end
    parsed: set[tuple[int, int, int, int | None]] = field(default_factory=set)
    blocks: list[tuple[int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, parser: Parser, source: Source) -> Layout:
        found = cls()
        for item in parser.read(source):
            if isinstance(item, Parsed | Reject):
                record = item.record
                found.records.append((record.offset, record.length, record.separator))
                found.parsed.add((record.number, record.offset, record.length, record.line))
            elif isinstance(item, Structure):
                found.structure.append((item.offset, item.offset + item.length))
            elif isinstance(item, Block):
                found.blocks.append((item.offset, item.offset + item.length))
            else:
                assert isinstance(item, Row)
        return found

    def headers_before(self, offset: int, data: bytes, known: list[tuple[int, int]]) -> list[bytes]:
        """Return what may be the header of a record at `offset`: the structure before it.

        Inside a block, structure is not told from records without rows; so what lies there between the records that
        rows name is a second answer.
        """
        spans = [span for span in self.structure if span[0] < offset]
        found = [b"".join(data[begin:end] for begin, end in spans)]
        for begin, end in self.blocks:
            if begin < offset:
                spans.extend(_gaps(begin, min(end, offset), data, known))
        found.append(b"".join(data[begin:end] for begin, end in sorted(spans)))
        return found if found[0] != found[1] else found[:1]


def _gaps(begin: int, end: int, data: bytes, known: list[tuple[int, int]]) -> list[tuple[int, int]]:
    gaps, at = [], begin
    for start, stop in known:
        if begin <= start < end:
            if start > at:
                gaps.append((at, start))
            # the newline that ends a record is not a header
            at = stop + 1 if data[stop : stop + 1] == b"\n" else stop
    if at < end:
        gaps.append((at, end))
    return gaps


def _scrambled(sample: str) -> str:
    return f"intake/{sum(sample.encode()):06d}"


def _sample(name: str, sample: str) -> tuple[Parser, Source, dict[str, Any]]:
    folder = golden.DATA / name
    expected = golden.expectations(folder)[sample]
    return PARSERS[name], golden.source_of(folder, sample, expected.get("settings")), expected


@pytest.fixture(autouse=True)
def _parsers_that_import(monkeypatch):
    monkeypatch.setattr("parsers.formats.all_parsers", lambda: PARSERS)


def test_every_module_imports():
    assert not BROKEN


# --- what a parser declares -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_docstring_names_the_source_of_the_format(name):
    assert "Source of the format" in (inspect.getdoc(PARSERS[name]) or "")


@pytest.mark.parametrize("name", FORMATS)
def test_declaration_is_sane(name):
    parser = PARSERS[name]
    fmt = parser.FORMAT
    assert re.fullmatch(r"[a-z][a-z0-9_]*", fmt.name)
    assert fmt.name == parser.__name__.rsplit(".", 1)[1], "a format is named after its file"
    assert fmt.title
    assert fmt.version >= 1
    assert fmt.tables
    assert set(fmt.tables) <= set(EVIDENCE_TABLES)
    columns = {column for table in fmt.tables for column in TABLES[table].names}
    assert set(fmt.carried) <= columns - PLACE_COLUMNS


def test_sources_of_the_package_keep_the_rules():
    faults = []
    for path in sorted((Path(inspect.getfile(Source))).parent.rglob("*.py")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            faults.extend(f"{path.name}:{number}: {why}" for pattern, why in FORBIDDEN if re.search(pattern, line))
    assert not faults


@pytest.mark.parametrize("name", FORMATS)
def test_fixture_is_complete(name):
    folder = golden.DATA / name
    assert (folder / "README.md").is_file()
    assert golden.samples(folder), "a format needs a sample"
    assert sorted(golden.expectations(folder)) == golden.samples(folder)


# --- what reading gives ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_golden_rows(name, sample):
    parser, source, expected = _sample(name, sample)
    assert golden.differences(expected, golden.golden(source, parser)) == []


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_books_balance_and_rows_fit(name, sample):
    parser, source, _ = _sample(name, sample)
    books, tables = golden.tables_of(source, parser)
    assert books.stream_bytes == source.size
    assert set(tables) <= {*parser.FORMAT.tables, "locator", "quarantine"}
    assert books.rows == {table: rows.num_rows for table, rows in tables.items()}
    assert books.quarantined == (tables["quarantine"].num_rows if "quarantine" in tables else 0)
    for table, rows in tables.items():
        assert rows.schema.equals(TABLES[table])
        rows.validate(full=True)
    for row in tables["quarantine"].to_pylist() if "quarantine" in tables else []:
        assert not row["reason"].startswith(STOPPED), row


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_rows_are_told_apart_and_lie_where_they_say(name, sample):
    parser, source, _ = _sample(name, sample)
    books, tables = golden.tables_of(source, parser)
    layout = Layout.of(parser, source)
    with source.open() as stream:
        data = stream.read()
    seen: set[tuple[int, int]] = set()
    for table in set(tables) - {"locator", "quarantine"}:
        for row in tables[table].select(list(PLACE_COLUMNS)).to_pylist():
            key = (row["record"], row["part"])
            assert key not in seen, f"two rows are called record {key[0]}, part {key[1]}"
            seen.add(key)
            assert 1 <= row["record"] <= books.records + books.quarantined
            if row["offset"] is None:
                continue
            assert 0 <= row["offset"] <= row["offset"] + row["length"] <= len(data)
            if parser.FORMAT.line_based:
                assert row["line"] == data.count(b"\n", 0, row["offset"]) + 1
            if not layout.blocks:
                assert (row["record"], row["offset"], row["length"], row["line"]) in layout.parsed


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_rows_read_again_from_their_own_bytes(name, sample):
    parser, source, expected = _sample(name, sample)
    if "not_rereadable" in expected:
        pytest.skip(expected["not_rereadable"])
    _, tables = golden.tables_of(source, parser)
    layout = Layout.of(parser, source)
    with source.open() as stream:
        data = stream.read()
    spans = _spans(tables)
    separators = {offset: separator for offset, _, separator in layout.records}
    known = sorted({(at, at + length) for places in spans.values() for at, length in places})
    free = PLACE_COLUMNS | set(parser.FORMAT.carried)
    again: dict[bytes, dict[str, list[dict[str, Any]]]] = {}
    for table in sorted(set(tables) - {"locator", "quarantine"}):
        for row in golden.rows_of(tables[table]):
            places = spans[(row["record"], row["part"])]
            if not places:
                continue
            own = b""
            for offset, length in places:
                separator = separators.get(offset, 1 if data[offset + length : offset + length + 1] == b"\n" else 0)
                own += data[offset : offset + length + separator]
            wanted = {key: value for key, value in row.items() if key not in free}
            for header in layout.headers_before(places[0][0], data, known):
                alone = header + own
                if alone not in again:
                    _, found = golden.tables_of(Source.of_bytes(alone, source.name, **source.settings), parser)
                    again[alone] = {name: golden.rows_of(rows) for name, rows in found.items()}
                candidates = [
                    {key: value for key, value in other.items() if key not in free}
                    for other in again[alone].get(table, [])
                    if other["record"] == 1
                ]
                if wanted in candidates:
                    break
            else:
                pytest.fail(f"{table} record {row['record']} part {row['part']} reads otherwise alone: {candidates}")


def _spans(tables: dict[str, pa.Table]) -> dict[tuple[int, int], list[tuple[int, int]]]:
    spans: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for table in set(tables) - {"locator", "quarantine"}:
        for row in tables[table].select(list(PLACE_COLUMNS)).to_pylist():
            place = [] if row["offset"] is None else [(row["offset"], row["length"])]
            spans[(row["record"], row["part"])] = place
    for row in tables["locator"].to_pylist() if "locator" in tables else []:
        if row["span_offset"] is not None and row["span"]:
            spans[(row["record"], row["part"])].append((row["span_offset"], row["span_length"]))
    return {key: sorted(set(places)) for key, places in spans.items()}


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_reading_twice_gives_the_same_tables(name, sample):
    parser, source, _ = _sample(name, sample)
    first_books, first = golden.tables_of(source, parser)
    second_books, second = golden.tables_of(source, parser)
    assert first_books == second_books
    assert sorted(first) == sorted(second)
    assert all(first[table].equals(second[table]) for table in first)


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_source_gives_nothing(name):
    books, tables = golden.tables_of(Source.of_bytes(b""), PARSERS[name])
    assert (books.stream_bytes, tables) == (0, {})


# --- recognition ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("head", NASTY_HEADS.values(), ids=NASTY_HEADS)
def test_recognition_survives_any_head(name, head):
    for delivered in ("x", "", "a/b/.bash_history", "audit.log", "conn.log", "\udcff\n.json", "bill.csv", "x.jsonl"):
        grade = PARSERS[name].recognise(head[:HEAD_BYTES], delivered)
        assert isinstance(grade, Grade)


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_sample_is_recognised_as_itself_and_nothing_else(name, sample):
    parser, source, expected = _sample(name, sample)
    if "as_only" in expected:
        pytest.skip(expected["as_only"])
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
    recognition = recognise_head(head, source.name)
    assert recognition.chosen == name, recognition.candidates
    if parser.FORMAT.signature:
        scrambled = recognise_head(head, _scrambled(sample))
        assert scrambled.chosen == name, scrambled.candidates


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_recognition_survives_a_cut_head(name, sample):
    parser, source, _ = _sample(name, sample)
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
    for cut in {*range(0, min(len(head), 200), 7), *range(0, len(head), max(len(head) // 50, 1))}:
        assert isinstance(parser.recognise(head[:cut], source.name), Grade)
        assert isinstance(parser.recognise(head[cut:], source.name), Grade)


# --- damage and malice ----------------------------------------------------------------------------------------------


def _mutations(data: bytes, seed: str) -> list[bytes]:
    dice = random.Random(seed)
    made = [data[:-1], data[1:], data + b"\0", data + data[: len(data) // 2], data.replace(b"\n", b"\r\n")]
    for _ in range(MUTATIONS):
        copy = bytearray(data)
        at = dice.randrange(len(copy))
        match dice.randrange(5):
            case 0:
                copy[at] = dice.randrange(256)
            case 1:
                del copy[at : at + dice.randrange(1, 40)]
            case 2:
                copy[at:at] = dice.choice([b"\n", b"\r", b"\0", b'"', b"\\", b"{", b"\xff\xfe", b"9" * 5000, b"-"])
            case 3:
                copy[at : at + 64] = bytes(64)
            case _:
                del copy[at:]
        made.append(bytes(copy))
    return made


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_damage_is_contained(name, sample):
    parser, source, _ = _sample(name, sample)
    with source.open() as stream:
        data = stream.read()
    for mutated in _mutations(data, f"{name}/{sample}"):
        _read_hostile(parser, Source.of_bytes(mutated, source.name, **source.settings))


def _read_hostile(parser: Parser, source: Source) -> None:
    begin = time.monotonic()
    books, tables = golden.tables_of(source, parser)
    assert time.monotonic() - begin < HOSTILE_SECONDS
    assert books.stream_bytes == source.size
    for rows in tables.values():
        rows.validate(full=True)
    for row in tables["quarantine"].to_pylist() if "quarantine" in tables else []:
        assert not row["reason"].startswith(STOPPED), row["reason"]


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_hostile_files_forced_on_every_parser(name, shared):
    sources = _hostile_sources(shared / "data" / "hostile")
    assert sources
    for source in sources:
        _read_hostile(PARSERS[name], source)


@cache
def _hostile_sources(folder: Path) -> list[Source]:
    """Every hostile file as delivered and decompressed; the same bytes once."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sources = [source for path in files for source in _as_delivered_and_decompressed(path)]
    return list({_digest(source): source for source in sources}.values())


def _digest(source: Source) -> str:
    with source.open() as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def _as_delivered_and_decompressed(path: Path) -> list[Source]:
    data = path.read_bytes()
    found = [Source.of_bytes(data[:HOSTILE_BYTES], path.name)]
    if path.suffix in {".gz", ".zst"}:
        found.append(Source.of_bytes(_decompressed(data, path.suffix), path.stem))
    return found


def _decompressed(data: bytes, suffix: str) -> bytes:
    """Return the first bytes a compressed file gives before it ends, breaks or grows too big."""
    import zlib

    import zstandard

    if suffix == ".gz":
        try:
            return zlib.decompressobj(31).decompress(data, HOSTILE_BYTES)
        except zlib.error:
            return b""
    with zstandard.ZstdDecompressor().stream_reader(data) as stream:
        return stream.read(HOSTILE_BYTES)


def test_gaps_between_known_records_are_headers():
    data = b"head\nrec1\n# c\nrec2\n"
    known = [(5, 9), (14, 18)]
    assert [data[a:b] for a, b in _gaps(0, 14, data, known)] == [b"head\n", b"# c\n"]
