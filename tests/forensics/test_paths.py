"""Delivered paths as text, and globs over them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.paths import as_bytes, as_text, matches, of_member


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"hosts/gpu1/a.log", "hosts/gpu1/a.log"),
        ("é/\u202evsc.exe".encode(), "é/\u202evsc.exe"),
        (b"100%!.txt", "100%25%21.txt"),
        (b"bad\xff\xfe", "bad%FF%FE"),
        (b"nul\0", "nul%00"),
        (b"../../etc/passwd", "%2E%2E/%2E%2E/etc/passwd"),
        (b"a/../b", "a/%2E%2E/b"),
        (b"/abs", "%2Fabs"),
        (b"./hosts/x", "hosts/x"),
        (b"..x/y..", "..x/y.."),
        (b"C:\\x", "C:\\x"),
        (b"a\nb", "a\nb"),
    ],
)
def test_names_as_text(name: bytes, text: str) -> None:
    assert as_text(name) == text


@given(st.binary())
def test_text_leads_back_to_the_bytes_and_never_out(name: bytes) -> None:
    text = as_text(name)
    stripped = name
    while stripped.startswith(b"./"):
        stripped = stripped[2:].lstrip(b"/")
    assert as_bytes(text) == stripped
    text.encode()
    assert not text.startswith("/")
    assert ".." not in text.split("/")
    assert "!" not in text


def test_members_stand_behind_their_container() -> None:
    assert of_member("a.zip!b.tar", b"c!d") == "a.zip!b.tar!c%21d"


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("hosts/gpu1/home/x", "hosts/gpu1/**", True),
        ("hosts/gpu1/home/x", "hosts/*/x", False),
        ("hosts/gpu1/home/x", "**/x", True),
        ("x", "**/x", True),
        ("hosts/gpu1/a.csv", "*.csv", True),
        ("a.tar!b/c.csv", "*.csv", True),
        ("a.tar!c.csv", "c.csv", True),
        ("hosts/gpu1/a.csv", "hosts/*.csv", False),
        ("a[1].csv", "a[1].csv", True),
        ("a1.csv", "a[1].csv", False),
        ("ab", "a?", True),
        ("a/", "a?", False),
        ("a\nb.csv", "*.csv", True),
    ],
)
def test_globs(path: str, pattern: str, fits: bool) -> None:
    assert matches(path, pattern) is fits
