"""tar read as a stream: every member, nothing extracted, damage named."""

from __future__ import annotations

import io
import random
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.members import Fault, Listing
from forensics.tarstream import is_tar, members

Entry = tuple[str, bytes, bytes, str]
FILE, LINK, SYM, CHR, FIFO, DIR = (
    tarfile.REGTYPE,
    tarfile.LNKTYPE,
    tarfile.SYMTYPE,
    tarfile.CHRTYPE,
    tarfile.FIFOTYPE,
    tarfile.DIRTYPE,
)


def packed(*entries: Entry, form: int = tarfile.GNU_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for name, kind, data, target in entries:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(data), target
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def unpacked(data: bytes) -> tuple[list[tuple[int, bytes, str, bytes, bytes]], list[Fault]]:
    listing = Listing()
    found = [
        (each.index, each.name, each.kind, b"".join(each.content), each.target)
        for each in members(io.BytesIO(data), listing)
    ]
    return found, listing.faults


PLAIN = packed(("a.log", FILE, b"one\n", ""), ("b/", DIR, b"", ""), ("b/c.log", FILE, b"x" * 5000, ""))


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_come_in_order_with_their_bytes(form: int) -> None:
    data = packed(
        ("a.log", FILE, b"one\n", ""), ("empty", FILE, b"", ""), ("b/c.log", FILE, b"x" * 5000, ""), form=form
    )
    assert is_tar(data)
    assert unpacked(data) == (
        [
            (0, b"a.log", "file", b"one\n", b""),
            (1, b"empty", "file", b"", b""),
            (2, b"b/c.log", "file", b"x" * 5000, b""),
        ],
        [],
    )


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names_are_kept_byte_for_byte(form: int) -> None:
    names = ["d/" * 200 + "long", "ü" * 90, "quote'\";$(id)\n"]
    data = packed(*((name, FILE, b"1", "") for name in names), form=form)
    assert [name for _, name, _, _, _ in unpacked(data)[0]] == [name.encode() for name in names]


def test_links_devices_and_pipes_are_told_of_and_nothing_more() -> None:
    data = packed(
        ("../../evil", FILE, b"x", ""),
        ("/abs", FILE, b"y", ""),
        ("l", SYM, b"", "/etc/passwd"),
        ("h", LINK, b"", "../x"),
        ("d", CHR, b"", ""),
        ("f", FIFO, b"", ""),
        ("l/x", FILE, b"z", ""),
        ("l/x", FILE, b"again", ""),
    )
    found, faults = unpacked(data)
    assert [(name, kind, content, target) for _, name, kind, content, target in found] == [
        (b"../../evil", "file", b"x", b""),
        (b"/abs", "file", b"y", b""),
        (b"l", "symlink", b"", b"/etc/passwd"),
        (b"h", "hardlink", b"", b"../x"),
        (b"d", "device", b"", b""),
        (b"f", "fifo", b"", b""),
        (b"l/x", "file", b"z", b""),
        (b"l/x", "file", b"again", b""),
    ]
    assert faults == []


def test_archives_put_behind_one_another_are_both_read() -> None:
    found, faults = unpacked(PLAIN + PLAIN)
    assert [name for _, name, _, _, _ in found] == [b"a.log", b"b/c.log"] * 2
    assert faults == []


def test_cut_anywhere_what_was_whole_is_there_and_the_cut_is_told() -> None:
    end = PLAIN.rindex(b"x" * 100) + 100
    for cut in range(512, end, 97):
        found, faults = unpacked(PLAIN[:cut])
        assert b"".join(content for _, _, _, content, _ in found).startswith(b"one\n"[: max(0, min(4, cut - 512))])
        inside = cut % 512 or cut < end
        if 1536 + 512 < cut < 1536 + 5000 + 512 and inside:
            assert faults
            assert "is cut" in faults[-1].reason


def test_a_damaged_header_costs_its_member_and_no_other() -> None:
    data = bytearray(PLAIN + packed(("last", FILE, b"end", "")))
    data[100] ^= 0xFF
    found, faults = unpacked(bytes(data))
    assert [name for _, name, _, _, _ in found] == [b"b/c.log", b"last"]
    assert faults == [Fault(0, 1024, "no tar header and no member's data")]


def test_bytes_behind_the_end_are_named() -> None:
    data = PLAIN + random.Random(3).randbytes(700)
    found, faults = unpacked(data)
    assert len(found) == 2
    assert faults == [Fault(len(PLAIN), 700, "no tar header and no member's data")]


def test_sparse_files_are_told_of() -> None:
    block = bytearray(packed(("hole", FILE, b"", ""))[:512])
    block[156:157] = b"S"
    block[482] = 1
    more = bytearray(512)
    checksum = sum(block[:148]) + 8 * 32 + sum(block[156:])
    block[148:156] = b"%06o\0 " % checksum
    found, faults = unpacked(bytes(block) + bytes(more) + PLAIN)
    assert [(name, kind) for _, name, kind, _, _ in found] == [
        (b"hole", "sparse"),
        (b"a.log", "file"),
        (b"b/c.log", "file"),
    ]
    assert faults == []


def test_a_huge_pax_header_is_passed_over_in_constant_memory() -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = b"x", 3 << 20
    data = info.tobuf(tarfile.USTAR_FORMAT) + b"9" * (3 << 20) + packed(("after", FILE, b"1", ""))
    found, faults = unpacked(data)
    assert [name for _, name, _, _, _ in found] == [b"after"]
    assert "beyond the limit" in faults[0].reason


@pytest.mark.parametrize("head", [b"", b"\0" * 1024, b"{" * 512, b"PK\3\4" * 200, PLAIN[:511]])
def test_what_is_no_tar(head: bytes) -> None:
    assert not is_tar(head)


@settings(max_examples=200)
@given(st.data())
def test_any_mutation_is_survived_and_no_more_is_read_than_there_is(data: st.DataObject) -> None:
    mutated = bytearray(PLAIN)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        mutated[at] = data.draw(st.integers(0, 255))
    found, faults = unpacked(bytes(mutated))
    total = sum(len(content) for _, _, _, content, _ in found) + sum(fault.length for fault in faults)
    assert total <= len(mutated)
