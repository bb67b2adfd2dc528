"""What is printed cannot act, hide or reorder."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.spreadsheet import safe_cell
from forensics.terminal import one_line, visible, visible_bytes


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, Grüße, 漢字, 🚀", "plain text, Grüße, 漢字, 🚀"),
        ("a\x1b]0;title\x07b", "a\\x1b]0;title\\x07b"),
        ("a\x9b31mb", "a\\x9b31mb"),
        ("over\rwritten", "over\\x0dwritten"),
        ("\u202evsc.exe", "\\u202evsc.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("line\u2028break", "line\\u2028break"),
        ("filler\u3164", "filler\\u3164"),
        ("lone \ud800", "lone \\ud800"),
        ("private \ue000", "private \\ue000"),
        ("del\x7f", "del\\x7f"),
        ("nul\0", "nul\\x00"),
        ("tab\tnew\nline", "tab\tnew\nline"),
    ],
)
def test_what_could_act_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_hidden_remains(text: str) -> None:
    shown = visible(text)
    assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} or c in "\n\t" for c in shown)
    assert "\n" not in one_line(text)
    shown.encode()


def test_bytes_that_are_no_text() -> None:
    assert visible_bytes(b"a\xff\xfeb\x1b") == "a\\xff\\xfeb\\x1b"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-nicehash", "'-nicehash"),
        ("@x", "'@x"),
        ("\t=1", "'\t=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("plain", "plain"),
        (-5.25, -5.25),
        (7, 7),
        (None, None),
        (True, True),
        (["=1"], '["=1"]'),
    ],
)
def test_cells_that_a_spreadsheet_would_run(value: object, cell: object) -> None:
    assert safe_cell(value) == cell
