"""LZO1X and LZ4 blocks within bounds."""

from __future__ import annotations

import contextlib

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.flows.lz import LzFault, lz4_block, lzo_block

MOST = 1 << 20


@given(st.one_of(st.binary(max_size=2000), st.text("ab", max_size=5000).map(str.encode)))
def test_lz4_undoes_what_another_packer_did(data):
    assert lz4_block(pa.Codec("lz4_raw").compress(data, asbytes=True), MOST) == data


@pytest.mark.parametrize(
    ("packed", "data"),
    [
        (b"\x11\0\0", b""),  # the end and nothing before it
        (b"\x15abcd\x11\0\0", b"abcd"),  # first byte above 17: so many literals less 17
        (b"\x01abcd\x11\0\0", b"abcd"),  # a run of 3 and so many
        (b"\0\x01" + b"x" * 19 + b"\x11\0\0", b"x" * 19),  # a long run: 18 and so many
        (
            b"\x15abcd\x4c\0\x11\0\0",
            b"abcdbcd"[:0] + b"abcdabcd"[:7].replace(b"abcdabc", b"abcdabc"),
        ),  # 3 bytes, 4 back
        (b"\x15abcd\x20\x01\x04\0\x11\0\0", b"abcd" + b"cd" * 17),  # 34 bytes, 2 back: into what it makes
        (b"\x15abcd\x22\x0d\0z\x11\0\0", b"abcdabcdz"),  # a literal behind the match
        (b"\x12a\0\0\x11\0\0", b"aaa"),  # one literal, then a match of 2 bytes, 1 back
        (b"\x15abcd\xe0\0\x11\0\0", b"abcd" + b"d" * 8),  # 8 bytes, 1 back
    ],
)
def test_lzo_instructions(packed, data):
    assert lzo_block(packed, MOST) == data


def test_lzo_reaches_far_back():
    run = bytes(range(256)) * 80  # 20 480 bytes
    zeros, rest = divmod(len(run) - 19, 255)
    start = b"\0" + b"\0" * zeros + bytes([rest + 1]) + run
    # 3 bytes from 16 384 + 1 back
    assert lzo_block(start + b"\x11\x04\0" + b"\x11\0\0", MOST) == run + run[-16_385:-16_382]
    # after a long run a short instruction is 3 bytes from 2049 back
    assert lzo_block(start + b"\0\0" + b"\x11\0\0", MOST) == run + run[-2049:-2046]


@pytest.mark.parametrize("unpack", [lzo_block, lz4_block])
@given(data=st.binary(max_size=200))
def test_any_bytes_give_bytes_or_a_fault(unpack, data):
    with contextlib.suppress(LzFault):
        assert len(unpack(data, 5000)) <= 5000


@pytest.mark.parametrize(
    ("unpack", "packed", "reason"),
    [
        (lz4_block, b"", "does not end with literals"),
        (lz4_block, b"\x10a\0\0", "begins before the block"),
        (lz4_block, b"\x10a\2\0", "begins before the block"),
        (lz4_block, b"\x1fa\1\0" + b"\xff" * 9000, "more than 5000 bytes|cut short"),
        (lz4_block, b"\x50ab", "cut short"),
        (lzo_block, b"", "cut short"),
        (lzo_block, b"\x12a\x04\0\x11\0\0", "begins before the block"),
        (lzo_block, b"\x11\0\0x", "behind the end"),
        (lzo_block, b"\x12a\x20" + b"\0" * 100 + b"\1\0\0", "more than 5000 bytes"),
        (lzo_block, b"\0" + b"\0" * 30 + b"\1" + b"x" * 8000, "more than 5000 bytes"),
    ],
)
def test_faults(unpack, packed, reason):
    with pytest.raises(LzFault, match=reason):
        unpack(packed, 5000)
