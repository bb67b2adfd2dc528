"""JSON of which only the beginning is there."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.capture.cutjson import DEEPEST, CutText, read_cut

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("   ", None),
        ('{"a":1}', {"a": 1}),
        ('{"a":10', {}),
        ('{"a":10,', {"a": 10}),
        ('{"a":1.50,"b', {"a": Decimal("1.50")}),
        ('{"a":tru', {}),
        ('{"a":true,', {"a": True}),
        ('{"a":"x', {"a": "x"}),
        ('{"a":"x\\', {"a": "x"}),
        ('{"a":"x\\u00e', {"a": "x"}),
        ('{"a":"\\ud83d\\ude0', {"a": "\ud83d"}),
        ('{"a":[1,{"b":"c', {"a": [1, {"b": "c"}]}),
        ('{"a" 1}', {}),
        ("{a:1}", {}),
        ('{"a":NaN}', {}),
        ("]", None),
        ("[1,,2]", [1]),
    ],
)
def test_what_is_there_is_read(text, value):
    assert read_cut(text.encode()) == value


def test_a_cut_string_says_that_it_is():
    assert isinstance(read_cut(b'{"a":"x')["a"], CutText)
    assert not isinstance(read_cut(b'{"a":"x"')["a"], CutText)


def test_a_cut_within_a_character_costs_the_character():
    assert read_cut('{"a":"hä'.encode()[:-1]) == {"a": "h"}


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_depth_is_bounded(opening):
    value, depth = read_cut(opening * 50_000), 0
    while value:
        value = value["a"] if isinstance(value, dict) else value[0]
        depth += 1
    assert depth < DEEPEST


def _begins(part, whole) -> bool:
    """Tell whether `part` says nothing that `whole` does not."""
    if isinstance(part, CutText):
        return isinstance(whole, str) and whole.startswith(re.sub("[\ud800-\udfff]+$", "", part))
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and _begins(part[key], whole[key]) for key in part)
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) <= len(whole) and all(map(_begins, part, whole))
    return part == whole and type(part) is type(whole)


@given(VALUES, st.integers(min_value=0), st.booleans())
def test_a_beginning_never_says_more_than_the_whole(value, cut, ascii_only):
    data = json.dumps({"v": value}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    part = read_cut(data[: cut % (len(data) + 1)])
    assert part is None or _begins(part, json.loads(data, strict=False))


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data):
    read_cut(data)
    read_cut(b'{"a":' + data)
