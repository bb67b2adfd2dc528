"""Strict JSON, and that its two readers give one result."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers import jsontext
from parsers.jsontext import (
    MAX_DEPTH,
    MAX_INTEGER_DIGITS,
    JsonFault,
    JsonPiece,
    compact,
    decode,
    decode_all,
    decode_listed,
    extra_of,
    storable_value,
)

# --- texts as hostile writers make them: repeated keys, odd spaces, quotes and colons in strings ---------------------

SPACE = st.sampled_from(["", "", "", " ", "\t", "\r", " \t "])
STRINGS = st.lists(
    st.sampled_from(
        ["a", ":", " :", '\\"', '\\":', "\\\\", "\\n", "\\u0041", "é", "😀", "\\ud83d\\ude00", "\\ud83d", " "]
    ),
    max_size=5,
).map(lambda parts: f'"{"".join(parts)}"')
NUMBERS = st.sampled_from(
    ["0", "-0", "7", "-12", "1.0", "0.1", "1e2", "-1E-2", "9223372036854775807", "18446744073709551616", "1" * 40]
)
SCALARS = STRINGS | NUMBERS | st.sampled_from(["true", "false", "null"])


@st.composite
def _objects(draw, values):
    members = draw(st.lists(st.tuples(STRINGS, SPACE, SPACE, values, SPACE), max_size=4))
    inside = ",".join(f"{before}{key}{before}:{after}{value}{end}" for key, before, after, value, end in members)
    return f"{{{inside}}}"


def _arrays(values):
    return st.lists(values, max_size=3).map(lambda items: f"[{','.join(items)}]")


TEXTS = st.recursive(SCALARS, lambda values: _objects(values) | _arrays(values), max_leaves=12)
OBJECTS = _objects(TEXTS)


def _strictly(data: bytes) -> JsonPiece | str:
    try:
        strict = jsontext.StrictText(data)
        at = strict.skip_space(0)
        piece, end = strict.value(at)
        if strict.skip_space(end) != len(strict.text):
            return "content behind the end"
    except JsonFault as fault:
        return str(fault)
    return piece


def _typed(value):
    """Tell 1 from 1.0, Decimal('1.0') and True."""
    if isinstance(value, dict):
        return [(key, _typed(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return (type(value).__name__, str(value))


@settings(max_examples=600, deadline=None)
@given(OBJECTS)
def test_what_the_fast_reader_takes_the_strict_one_reads_the_same(text):
    data = text.encode("utf-8", "surrogatepass")
    quick = jsontext._quick(data)
    if quick is None:
        return
    strict = _strictly(data)
    assert isinstance(strict, JsonPiece)
    assert _typed(quick.value) == _typed(strict.value)
    assert (quick.begin, quick.length) == (strict.begin, strict.length)
    assert strict.repeated_keys == ()
    assert storable_value(strict.value) == (strict.value, True)


@settings(max_examples=300, deadline=None)
@given(OBJECTS)
def test_decoding_gives_what_the_strict_reader_gives(text):
    data = text.encode("utf-8", "surrogatepass")
    strict = _strictly(data)
    if isinstance(strict, str):
        with pytest.raises(JsonFault):
            decode(data)
        return
    found = decode(data)
    assert _typed(found.value) == _typed(strict.value)
    assert found.repeated_keys == strict.repeated_keys


@settings(max_examples=300, deadline=None)
@given(OBJECTS, st.integers(0, 400), st.binary(max_size=4))
def test_damaged_text_is_read_or_a_fault(text, at, bytes_put_in):
    data = text.encode("utf-8", "surrogatepass")
    at %= len(data)
    damaged = data[:at] + bytes_put_in + data[at + 1 :]
    try:
        pieces = list(decode_all(damaged))
    except JsonFault:
        return
    assert all(json.loads(damaged[piece.begin : piece.begin + piece.length]) is not NotImplemented for piece in pieces)


def test_ordinary_lines_take_the_fast_way():
    for line in (
        b'{"a":1,"b":[{"c":"x"},{"c":"y"}]}',
        b'{"a": 1, "b": {"c": null, "d": true}}',
        '{"text":"he said \\"no\\": é 😀","n":-3}'.encode(),
        b'{"a":1}\r',
    ):
        assert jsontext._quick(line) is not None, line


@pytest.mark.parametrize(
    "line",
    [
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a" : 1,"b":2,"b":3}',
        b'{"a\\\\":1,"b":2,"b":3}',
        b'{"a":":","a":1}',
        b'{"a":1.5}',
        b'{"a":[1e3]}',
        b'{"a":18446744073709551616}',
        b'{"a":"\\ud83d"}',
        b'{"a":1} {"b":2}',
        b"[1]",
        b'"{}"',
    ],
)
def test_doubtful_lines_do_not(line):
    assert jsontext._quick(line) is None


# --- strictness ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "0 values"),
        (b"  ", "0 values"),
        (b"{} {}", "2 values"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":-Infinity}', "-Infinity is not JSON"),
        (b'{"a":1,}', "Expecting property name"),
        (b"[1,]", "Expecting value"),
        (b'{"a":01}', "Expecting ',' delimiter"),
        (b'{"a":"\x00"}', "Invalid control character"),
        (b'{"a":"\n"}', "Invalid control character"),
        (b"\xef\xbb\xbf{}", "Expecting value"),
        (b'{"a":"\xff"}', "not UTF-8 at byte 6"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8 at byte 6"),
        (b'{"a":"', "Unterminated string"),
        (b'{"a":' + b"9" * (MAX_INTEGER_DIGITS + 1) + b"}", "an integer of 4001 digits"),
        (b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", "nested too deep"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b"{'a':1}", "Expecting property name"),
    ],
)
def test_faults_are_named(data, why):
    with pytest.raises(JsonFault, match="^" + "".join(f"[{c}]" if c in "[]()?*.+|" else c for c in why)):
        decode(data)


def test_depth_is_bounded_by_the_same_number_on_any_stack():
    fits = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    as_object = b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH
    for data in (fits, as_object):
        assert decode(data).length == len(data)

    def deeper(left):
        return decode(fits) if not left else deeper(left - 1)

    assert deeper(300).value == decode(fits).value


def test_numbers_stay_exact():
    value = decode(b'{"a":0.1,"b":1E400,"c":123456789012345678901234567890,"d":-0,"e":1}').value
    assert value == {
        "a": Decimal("0.1"),
        "b": Decimal("1E400"),
        "c": 123456789012345678901234567890,
        "d": 0,
        "e": 1,
    }
    assert type(value["a"]) is Decimal


def test_of_repeated_keys_the_last_wins_and_the_others_are_told():
    piece = decode(b'{"cmd":"./hidden","x":{"cmd":1,"cmd":2},"cmd":"ls"}')
    assert piece.value == {"cmd": "ls", "x": {"cmd": 2}}
    assert piece.repeated_keys == ("cmd", "cmd")
    assert piece.hidden == (("cmd", 1), ("cmd", "./hidden"))


# --- places ----------------------------------------------------------------------------------------------------------


def test_values_of_a_line_have_their_bytes():
    data = ' {"é":"😀"}  [1, 2]\t{"b":1}'.encode()
    pieces = list(decode_all(data))
    assert [data[piece.begin : piece.begin + piece.length] for piece in pieces] == [
        '{"é":"😀"}'.encode(),
        b"[1, 2]",
        b'{"b":1}',
    ]


def test_values_before_a_fault_are_given():
    pieces = decode_all(b'{"a":1}{"b":')
    assert next(pieces).value == {"a": 1}
    with pytest.raises(JsonFault):
        next(pieces)


@pytest.mark.parametrize(
    ("data", "values", "fault"),
    [
        (b"[]", [], None),
        (b" [ ] \n", [], None),
        (b'[{"a":1}]', [{"a": 1}], None),
        (b'[\n {"a":1} ,\n {"a":2}\n]\n', [{"a": 1}, {"a": 2}], None),
        (b'[{"a":1}]\n[{"a":2}]', [{"a": 1}, {"a": 2}], None),
        (b'[{"a":1},', [{"a": 1}], None),
        (b'[{"a":1}', [{"a": 1}], "neither comma nor bracket"),
        (b'[{"a":1}] x', [{"a": 1}], "Expecting value"),
        (b'[{"a":1} {"a":2}]', [{"a": 1}], "neither comma nor bracket"),
        (b'[{"a":1},{"a"', [{"a": 1}], "Expecting ':' delimiter"),
        (b'{"a":1}', [{"a": 1}], None),
        (b'{"R":[]}', [], None),
        (b'{"R":[{"a":1},{"a":2}]}', [{"a": 1}, {"a": 2}], None),
        (b'{"x":{"R":[1]}, "R" : [ {"a":"\xc3\xa4"} ] , "y":[2]}\n{"b":1}', [{"a": "ä"}, {"b": 1}], None),
        (b'{"\xc3\xa4":1,"R":null}', [{"ä": 1, "R": None}], None),
        (b'{"R":[{"a":1},', [{"a": 1}], None),
        (b'{"R":[{"a":1}],', [{"a": 1}], None),
        (b'{"R":[{"a":1}],"b"}', [{"a": 1}], "no colon"),
        (b'{"R":[{"a":1}] "b":2}', [{"a": 1}], "neither comma nor bracket"),
        (b'{"R":[{"a":1}],"b":NaN}', [{"a": 1}], "NaN is not JSON"),
        (b'{"R":[{"a":1},{"a"', [{"a": 1}], "Expecting ':' delimiter"),
        (b"", [], None),
    ],
)
def test_elements_of_lists(data, values, fault):
    found, raised = [], None
    try:
        for piece, _ in decode_listed(data, frozenset({"R"})):
            assert json.loads(data[piece.begin : piece.begin + piece.length]) == piece.value
            found.append(piece.value)
    except JsonFault as problem:
        raised = str(problem)
    assert found == values
    assert (raised is None) == (fault is None)
    assert (raised or "").startswith(fault or "")


def test_what_stands_around_a_list_is_told():
    found = list(decode_listed(b'{"x":1,"R":[{"a":1}],"more":true}{"b":1}', frozenset({"R"})))
    assert [(piece.value, around) for piece, around in found] == [({"a": 1}, {"x": 1, "more": True}), ({"b": 1}, None)]


# --- writing ---------------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(OBJECTS)
def test_compact_writes_what_the_standard_library_writes(text):
    try:
        value = decode(text.encode("utf-8", "surrogatepass")).value
    except JsonFault:
        return
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=jsontext._plain)
    assert compact(value) == written.encode("utf-8", "backslashreplace").decode()


def test_compact_keeps_what_no_float_holds():
    assert (
        compact({"a": Decimal("0.25"), "b": Decimal("0.1234567890123456789")})
        == '{"a":0.25,"b":"0.1234567890123456789"}'
    )
    assert compact({"n": 10**30, "s": "\ud83d"}) == '{"n":1000000000000000000000000000000,"s":"\\ud83d"}'


def test_lone_surrogates_become_storable():
    assert storable_value({"\ud83d": ["a\udc00", 1]}) == ({"\\ud83d": ["a\\udc00", 1]}, False)
    assert storable_value({"a": ["😀", None]}) == ({"a": ["😀", None]}, True)


def test_extra_is_what_is_not_mapped():
    assert extra_of({"a": 1, "b": [2]}, {"a"}) == '{"b":[2]}'
    assert extra_of({"a": 1}, {"a"}) is None
