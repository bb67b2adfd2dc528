"""The manifest and its root."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics import canonical, manifest
from forensics.errors import CheckFailed
from forensics.manifest import Entry, Manifest

HEAD = "ab" * 32
FILES = {f"tables/flow/{n}.parquet": Entry(n, hashlib.sha256(bytes([n])).hexdigest()) for n in range(7)}


def leaf(path: str, entry: Entry) -> bytes:
    return hashlib.sha256(b"\0" + canonical.encoded([path, entry.size, entry.sha256])).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def test_the_root_is_built_as_rfc_6962_says() -> None:
    leaves = [leaf(path, FILES[path]) for path in sorted(FILES)]
    a, b, c, d, e, f, g = leaves
    expected = node(node(node(a, b), node(c, d)), node(node(e, f), g))
    assert manifest.root_of(FILES) == expected.hex()
    assert manifest.root_of({}) == hashlib.sha256(b"").hexdigest()
    one = dict(list(FILES.items())[:1])
    assert manifest.root_of(one) == a.hex()


def test_the_root_does_not_know_the_order_nor_custody_nor_references() -> None:
    whole = Manifest(FILES, HEAD)
    turned = Manifest(dict(reversed(FILES.items())), "cd" * 32)
    referred = Manifest({**FILES, manifest.REFERENCES: Entry(1, HEAD)}, HEAD)
    assert whole.content_root == turned.content_root == referred.content_root
    assert referred.files_digest != whole.files_digest


def test_it_reads_back() -> None:
    data = Manifest(FILES, HEAD).encoded()
    again = manifest.decode(data)
    assert again == Manifest(FILES, HEAD)
    assert again.encoded() == data


def test_every_flipped_bit_of_the_list_is_noticed() -> None:
    data = Manifest(FILES, HEAD).encoded()
    head = data.index(HEAD.encode())
    for bit in range(len(data) * 8):
        if head <= bit // 8 < head + len(HEAD):
            continue  # another head that looks like one: verify asks custody
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CheckFailed):
            manifest.decode(bytes(flipped))


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/", ""])
def test_a_path_that_leaves_the_case_is_refused(path: str) -> None:
    with pytest.raises(CheckFailed):
        manifest.decode(Manifest({path: Entry(1, HEAD)}, HEAD).encoded())


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_anything_else_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(CheckFailed):
        manifest.decode(data)
