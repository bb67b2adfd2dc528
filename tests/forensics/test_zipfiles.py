"""zip read by its directory: every member checked, nothing extracted, hidden bytes named."""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile
import zlib

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.members import Listing
from forensics.zipfiles import is_zip, members

Item = tuple[str, bytes]
TEXT = b"one line\n" * 300


def packed(*items: Item, method: int = zipfile.ZIP_DEFLATED, prefix: bytes = b"") -> bytes:
    stream = io.BytesIO()
    stream.write(prefix)
    with zipfile.ZipFile(stream, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # double names are what we are after
        for name, data in items:
            archive.writestr(name, data)
    return stream.getvalue()


def unpacked(data: bytes) -> tuple[list[tuple[int, bytes, str, bytes, bytes]], list[tuple[int, int, str]]]:
    listing = Listing()
    found = [
        (each.index, each.name, each.kind, b"".join(each.content), each.target)
        for each in members(io.BytesIO(data), listing)
    ]
    return found, [tuple(fault) for fault in listing.faults]


def by_hand(name: bytes, method: int, raw: bytes, data: bytes, *, flags: int = 0, mode: int = 0) -> bytes:
    """One member and its directory, for what the standard library does not write."""
    sizes = struct.pack("<III", zlib.crc32(data), len(raw), len(data))
    common = struct.pack("<HHHHH", 20, flags, method, 0, 33) + sizes + struct.pack("<HH", len(name), 0)
    local = b"PK\3\4" + common + name + raw
    central = b"PK\1\2" + struct.pack("<H", 3 << 8 | 20) + common
    central += struct.pack("<HHHII", 0, 0, 0, mode << 16, 0) + name
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_come_in_order_with_their_bytes(method: int) -> None:
    data = packed(("a.log", TEXT), ("dir/", b""), ("dir/b", b""), ("dir/c", b"x" * 100_000), method=method)
    assert is_zip(data)
    found, faults = unpacked(data)
    assert found == [
        (0, b"a.log", "file", TEXT, b""),
        (1, b"dir/b", "file", b"", b""),
        (2, b"dir/c", "file", b"x" * 100_000, b""),
    ]
    assert faults == []


def test_zstd_members_as_inspect_writes_them() -> None:
    found, faults = unpacked(by_hand(b"samples/1.json", 93, zstandard.compress(TEXT), TEXT))
    assert found == [(0, b"samples/1.json", "file", TEXT, b"")]
    assert faults == []


def test_names_are_data() -> None:
    names = ["../../evil.txt", "/abs.txt", "C:\\evil.txt", "dup", "dup", "ünïcode"]
    found, faults = unpacked(packed(*((name, name.encode()) for name in names)))
    assert [(name, content) for _, name, _, content, _ in found] == [(name.encode(), name.encode()) for name in names]
    assert [index for index, *_ in found] == list(range(6))
    assert faults == []


def test_names_in_old_code_pages_keep_their_bytes() -> None:
    found, _ = unpacked(by_hand(b"\x81ber", 0, b"x", b"x"))
    assert found[0][1] == b"\x81ber"


def test_links_devices_encrypted_and_unknown_methods_are_told_of() -> None:
    link = by_hand(b"ln", 0, b"/etc/passwd", b"/etc/passwd", mode=stat.S_IFLNK | 0o777)
    assert unpacked(link)[0] == [(0, b"ln", "symlink", b"", b"/etc/passwd")]
    assert unpacked(by_hand(b"p", 0, b"", b"", mode=stat.S_IFIFO))[0] == [(0, b"p", "fifo", b"", b"")]
    assert unpacked(by_hand(b"d", 0, b"", b"", mode=stat.S_IFCHR))[0] == [(0, b"d", "device", b"", b"")]
    assert unpacked(by_hand(b"e", 0, b"??", b"??", flags=1))[0] == [(0, b"e", "encrypted", b"", b"")]
    assert unpacked(by_hand(b"u", 97, b"??", b"??"))[0] == [(0, b"u", "unsupported", b"", b"")]


def test_a_flipped_byte_in_a_member_is_noticed() -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        data = bytearray(packed(("a", TEXT), ("b", b"sound"), method=method))
        data[60] ^= 0x40
        found, faults = unpacked(bytes(data))
        assert [name for _, name, *_ in found] == [b"a", b"b"]
        assert found[1][3] == b"sound"
        assert len(faults) == 1
        assert faults[0][2].startswith("member a is damaged")


def test_bytes_in_front_between_and_behind_are_named() -> None:
    plain = packed(("a", b"1"), ("b", b"2"))
    found, faults = unpacked(b"#!/bin/sh\n" + plain)
    assert len(found) == 2
    assert faults == [(0, 10, "bytes of the zip file that belong to no member")]
    at = plain.index(b"PK\3\4", 4)
    hidden = packed(("hidden", b"secret"))[: 30 + 6 + 8]
    spread = bytearray(plain[:at] + hidden + plain[at:])
    for entry in (1, 2):
        offset = spread.rindex(b"PK\1\2") if entry == 2 else spread.rindex(b"PK\5\6") + 16
        place = offset + 42 if entry == 2 else offset
        value = struct.unpack_from("<I", spread, place)[0]
        struct.pack_into("<I", spread, place, value + len(hidden))
    found, faults = unpacked(bytes(spread))
    assert [name for _, name, *_ in found] == [b"a", b"b"]
    assert faults == [(at, len(hidden), "bytes of the zip file that belong to no member")]


def test_a_member_that_calls_itself_otherwise_is_told() -> None:
    data = packed(("aaaa", b"1")).replace(b"aaaa", b"bbbb", 1)
    found, faults = unpacked(data)
    assert found[0][1] == b"aaaa"
    assert "calls itself bbbb" in faults[0][2]


def test_a_cut_file_is_walked_from_the_start() -> None:
    data = packed(("a", TEXT), ("b", TEXT), method=zipfile.ZIP_STORED)
    found, faults = unpacked(data[: data.index(b"PK\1\2") - 100])
    assert [(name, content) for _, name, _, content, _ in found] == [(b"a", TEXT)]
    reasons = [reason for _, _, reason in faults]
    assert reasons[0].startswith("the zip directory is missing")
    assert reasons[1] == "bytes of the zip file that belong to no member"


def test_zip64_sizes_and_offsets() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, archive.open("big", "w", force_zip64=True) as member:
        member.write(TEXT)
    found, faults = unpacked(stream.getvalue())
    assert found == [(0, b"big", "file", TEXT, b"")]
    assert faults == []


def test_an_empty_archive_holds_nothing() -> None:
    assert unpacked(packed()) == ([], [])


@pytest.mark.parametrize("head", [b"", b"PK", b"PK\1\2xxxx", b"{}"])
def test_what_is_no_zip(head: bytes) -> None:
    assert not is_zip(head)


@settings(max_examples=200)
@given(st.data())
def test_any_mutation_is_survived(data: st.DataObject) -> None:
    mutated = bytearray(packed(("a", b"1" * 50), ("b", TEXT), ("c", b"3")))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        mutated[at] = data.draw(st.integers(0, 255))
    unpacked(bytes(mutated))
