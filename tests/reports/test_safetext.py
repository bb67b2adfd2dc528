from __future__ import annotations

import html as stdlib_html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import safetext


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text, 1 < 2 & 'so'", "plain text, 1 &lt; 2 &amp; &#x27;so&#x27;"),
        ("a\u202eb", 'a<span class="u" title="right-to-left override">U+202E</span>b'),
        ("\x00", '<span class="u" title="control character">U+0000</span>'),
        ("\x1b[31m", '<span class="u" title="control character">U+001B</span>[31m'),
        ("\ud800", '<span class="u" title="lone surrogate">U+D800</span>'),
        ("\ue000", '<span class="u" title="private-use character">U+E000</span>'),
        ("\U000e0041", '<span class="u" title="tag latin capital letter a">U+E0041</span>'),
        ("\u2028", '<span class="u" title="line separator">U+2028</span>'),
        ("a\u00a0b", 'a<span class="u" title="no-break space">U+00A0</span>b'),
        ("\u3164", '<span class="u" title="hangul filler">U+3164</span>'),
        ("\n", '<span class="u" title="control character">U+000A</span>'),
        ("xmr\u0456g", '<span class="mixed" title="letters of Cyrillic and Latin">xmr\u0456g</span>'),
        ("矿池 mining", "矿池 mining"),
        ("挖矿pool 算力", "挖矿pool 算力"),
        ("Привет мир", "Привет мир"),
        ("⚠\ufe0f ok", "⚠\ufe0f ok"),
        ("a\ufe0f", 'a<span class="u" title="variation selector-16">U+FE0F</span>'),
        ("é", "é"),
    ],
)
def test_what_hides_is_named(text: str, expected: str) -> None:
    assert str(safetext.html(text)) == expected


def test_heaps_of_marks_are_cut_down() -> None:
    shown = str(safetext.html("z" + "\u0301" * 6))
    assert shown.count("\u0301") == 3
    assert shown.count("U+0301") == 3


def test_lines_keep_line_ends_and_tabs_only() -> None:
    assert str(safetext.html("a\n\tb\r", lines=True)) == (
        'a\n\tb<span class="u" title="control character">U+000D</span>'
    )


@pytest.mark.parametrize("text", ["x" * 100_000, "\u202e" * 100_000, "é" * 100_000])
def test_long_text_is_cut_and_says_so(text: str) -> None:
    assert "99,980 more characters" in safetext.html(text, 20)
    assert "99,980 more characters" in safetext.plain(text, 20)
    assert "99,980 more characters" in safetext.marked(text, 20)


def test_plain_and_marked_forms() -> None:
    text = "a\u202eb xmr\u0456g \ue000"
    assert safetext.plain(text) == "a[U+202E]b xmr\u0456g [U+E000]"
    assert safetext.marked(text) == "a\ue000U+202E\ue002b \ue001xmr\u0456g\ue002 \ue000U+E000\ue002"


@given(st.text(max_size=80) | st.text(alphabet="aZ\u0430\u202e\u200b\u0301\ud800\ue000<&\"'\n\t\x00 ", max_size=40))
def test_no_form_lets_anything_through(text: str) -> None:
    for lines in (False, True):
        shown = str(safetext.html(text, lines=lines))
        tags = re.findall(r"<[^>]*>", shown)
        assert all(re.fullmatch(r'</span>|<span class="(u|mixed|cut)"( title="[^"<>]*")?>', tag) for tag in tags)
        shown.encode("utf-8")
        allowed = "\n\t" if lines else ""
        plain = stdlib_html.unescape(re.sub(r"<[^>]*>", "", shown))
        assert all(c in allowed or unicodedata.category(c) not in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl"} for c in plain)
    safetext.plain(text).encode("utf-8")
    marked = safetext.marked(text)
    marked.encode("utf-8")
    assert marked.count(safetext.MARK_OPEN) + marked.count(safetext.MARK_MIXED) == marked.count(safetext.MARK_CLOSE)


@given(st.text(max_size=60))
def test_nothing_is_dropped(text: str) -> None:
    back = [
        chr(int(piece.text.removeprefix("U+"), base=16)) if piece.kind == "character" else piece.text
        for piece in safetext.pieces(text)
    ]
    assert "".join(back) == text
