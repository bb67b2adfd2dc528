"""Compressed streams: everything that can be decoded comes out, and no damage passes in silence."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import resource
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from parsers.source import Source
from parsers.streams import DecodedStream, allowed_bytes, codec_of, decoded

TEXT = b"".join(
    b"2026-03-0%d host xmrig[%d]: accepted (%d/0) diff %d\n" % (n % 9 + 1, n, n * 7, n**3) for n in range(40)
)


def zst(data: bytes, **options: object) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True, **options).compress(data)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda data: gzip.compress(data, mtime=0),
    "zst": zst,
    "xz": lzma.compress,
    "bz2": bz2.compress,
}
CODECS = sorted(PACKERS)


def read(packed: bytes, codec: str, limit: int = 1 << 30) -> tuple[bytes, DecodedStream]:
    stream = DecodedStream(io.BytesIO(packed), codec, limit)
    return stream.read(), stream


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("data", [b"", b"x", TEXT, random.Random(1).randbytes(300_000), b"\0" * 3_000_000])
def test_sound_streams_come_out_whole(codec: str, data: bytes) -> None:
    packed = PACKERS[codec](data)
    assert codec_of(packed[:65536]) == codec
    content, stream = read(packed, codec)
    assert content == data
    assert stream.damage is None
    assert stream.remarks == []


@pytest.mark.parametrize("codec", CODECS)
def test_members_follow_one_another(codec: str) -> None:
    pack = PACKERS[codec]
    content, stream = read(pack(TEXT) + pack(b"") + pack(b"end"), codec)
    assert content == TEXT + b"end"
    assert stream.damage is None


@pytest.mark.parametrize("codec", CODECS)
def test_cut_anywhere_the_stream_says_so_and_keeps_what_came_before(codec: str) -> None:
    packed = PACKERS[codec](TEXT)
    lengths = []
    for cut in range(1, len(packed)):
        content, stream = read(packed[:cut], codec)
        assert TEXT.startswith(content)
        assert stream.damage is not None, cut
        assert stream.damage.kind == "truncated"
        lengths.append(len(content))
    assert lengths == sorted(lengths)
    assert lengths[-1] == (len(TEXT) if codec != "bz2" else lengths[-1])


@pytest.mark.parametrize("codec", CODECS)
def test_a_second_member_cut_anywhere_keeps_the_first(codec: str) -> None:
    packed = PACKERS[codec](TEXT)
    for cut in range(1, len(packed)):
        content, stream = read(packed + packed[:cut], codec)
        assert content.startswith(TEXT)
        assert stream.damage is not None


@pytest.mark.parametrize("codec", CODECS)
def test_any_flipped_bit_is_noticed_or_harmless(codec: str) -> None:
    packed = PACKERS[codec](TEXT)
    for bit in range(len(packed) * 8):
        flipped = bytearray(packed)
        flipped[bit // 8] ^= 1 << bit % 8
        content, stream = read(bytes(flipped), codec)
        if stream.damage is None:
            assert content == TEXT, bit


@pytest.mark.parametrize("codec", CODECS)
def test_garbage_behind_is_told_apart_from_damage(codec: str) -> None:
    content, stream = read(PACKERS[codec](TEXT) + b"garbage!!", codec)
    assert content == TEXT
    assert stream.damage is not None
    assert stream.damage.kind == "trailing"
    assert stream.damage.reason.startswith("9 bytes")
    assert stream.damage.at == len(PACKERS[codec](TEXT))


@pytest.mark.parametrize("codec", CODECS)
def test_padding_is_remarked_and_more_may_follow(codec: str) -> None:
    packed = PACKERS[codec](TEXT)
    content, stream = read(packed + b"\0" * 512 + packed + b"\0" * 99_996, codec)
    assert content == TEXT * 2
    assert stream.damage is None
    assert [remark.split()[0] for remark in stream.remarks] == ["512", "99996"]


@pytest.mark.parametrize("codec", CODECS)
def test_the_limit_ends_the_stream_exactly_there(codec: str) -> None:
    content, stream = read(PACKERS[codec](TEXT), codec, limit=100)
    assert content == TEXT[:100]
    assert stream.damage is not None
    assert stream.damage.kind == "limit"
    content, stream = read(PACKERS[codec](TEXT), codec, limit=len(TEXT))
    assert content == TEXT
    assert stream.damage is None


@pytest.mark.parametrize("codec", CODECS)
def test_a_bomb_costs_no_memory(codec: str) -> None:
    packed = PACKERS[codec](b"\0" * (256 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stream = DecodedStream(io.BytesIO(packed), codec)
    count = 0
    while block := stream.read(1 << 20):
        count += len(block)
    assert count == 256 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


def test_gzip_members_with_every_optional_header_field() -> None:
    body = zlib.compressobj(wbits=-15)
    raw = body.compress(TEXT) + body.flush()
    header = b"\x1f\x8b\x08\x1e\0\0\0\0\0\3" + struct.pack("<H", 5) + b"extra" + b"name\0" + b"comment\0" + b"cc"
    packed = header + raw + struct.pack("<II", zlib.crc32(TEXT), len(TEXT))
    content, stream = read(packed, "gz")
    assert (content, stream.damage) == (TEXT, None)


def test_gzip_without_its_checksum_keeps_the_content_and_says_so() -> None:
    content, stream = read(gzip.compress(TEXT)[:-8], "gz")
    assert content == TEXT
    assert stream.damage is not None
    assert "before its checksum" in stream.damage.reason


@pytest.mark.parametrize("at", [-1, -5])
def test_gzip_checks_both_checksum_and_length(at: int) -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[at] ^= 1
    content, stream = read(bytes(packed), "gz")
    assert content == TEXT
    assert stream.damage is not None
    assert stream.damage.kind == "checksum"


def test_many_tiny_members_are_read_in_linear_time() -> None:
    content, stream = read(gzip.compress(b"", mtime=0) * 100_000 + gzip.compress(b"end"), "gz")
    assert (content, stream.damage) == (b"end", None)


def test_zstd_skippable_frames_are_remarked_also_in_front() -> None:
    skippable = b"\x53\x2a\x4d\x18" + struct.pack("<I", 7) + b"1234567"
    packed = skippable + zst(TEXT) + skippable
    assert codec_of(packed) == "zst"
    content, stream = read(packed, "zst")
    assert (content, stream.damage) == (TEXT, None)
    assert len(stream.remarks) == 2


def test_zstd_frames_without_checksum_or_content_size() -> None:
    packer = zstandard.ZstdCompressor(write_content_size=False)
    content, stream = read(packer.compress(TEXT) + packer.compress(TEXT), "zst")
    assert (content, stream.damage) == (TEXT * 2, None)


def test_zstd_with_a_window_beyond_the_limit_is_told() -> None:
    options = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=options).compressobj()
    content, stream = read(packer.compress(TEXT) + packer.flush(), "zst")
    assert content == b""
    assert stream.damage is not None
    assert stream.damage.kind == "limit"


@pytest.mark.parametrize("codec", CODECS)
@given(junk=st.binary(max_size=400))
def test_junk_behind_a_magic_never_crashes(codec: str, junk: bytes) -> None:
    read(PACKERS[codec](b"")[:6] + junk, codec)


def test_layers_are_looked_through_and_the_outer_fault_explains_the_inner() -> None:
    packed = zst(gzip.compress(TEXT))
    whole = decoded(Source.of_bytes(packed))
    assert whole.codecs == ("zst", "gz")
    measure = whole.measure()
    assert (measure.size, measure.damage) == (len(TEXT), None)
    assert whole.source.id == Source.of_bytes(packed).id
    cut = decoded(Source.of_bytes(zst(gzip.compress(random.Random(2).randbytes(400_000)))[:-4])).measure()
    assert cut.damage is not None
    assert cut.damage.reason == "the stream is cut short before its checksum"
    assert cut.size == 400_000


def test_more_layers_than_allowed_stay_packed() -> None:
    packed = TEXT
    for _ in range(5):
        packed = gzip.compress(packed)
    assert decoded(Source.of_bytes(packed)).codecs == ("gz",) * 3


def test_a_plain_source_comes_back_as_it_is() -> None:
    source = Source.of_bytes(TEXT)
    assert decoded(source).source is source


def test_a_decoded_source_reads_its_lines_and_opens_again() -> None:
    source = decoded(Source.of_bytes(lzma.compress(TEXT))).source
    assert [line.data for line in source.lines()] == TEXT.split(b"\n")[:-1]
    with source.open() as stream:
        assert stream.read(10) == TEXT[:10]
        assert stream.tell() == 10


def test_a_nested_bomb_is_stopped_by_what_was_delivered() -> None:
    packed = gzip.compress(gzip.compress(b"\0" * (100 << 20)))
    measure = decoded(Source.of_bytes(packed)).measure()
    assert measure.damage is not None
    assert measure.damage.kind == "limit"
    assert measure.size == allowed_bytes(len(packed)) == 16 << 20


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "kind", "size"),
    [
        ("gz_bomb_nested.gz.gz", "limit", 16 << 20),
        ("gz_garbage_tail.csv.gz", "trailing", None),
        ("gz_no_trailer.csv.gz", "truncated", None),
        ("gz_payload_bit_flipped.csv.gz", "checksum", None),
        ("gz_truncated.csv.gz", "truncated", None),
        ("gz_two_members.csv.gz", None, None),
        ("gz_zero_tail.csv.gz", None, None),
        ("zst_bomb_1GiB.zst", "limit", 1100 * 32_786),
        ("zst_full.csv.zst", None, None),
        ("zst_truncated_at_block.csv.zst", "truncated", None),
        ("zst_two_frames.csv.zst", None, None),
    ],
)
def test_reference_streams(shared: Path, name: str, kind: str | None, size: int | None) -> None:
    measure = decoded(Source.of_file(shared / "data/hostile" / name)).measure()
    assert (measure.damage.kind if measure.damage else None) == kind
    assert size is None or measure.size == size
