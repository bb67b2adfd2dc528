"""Values of audit records: the quick way reads what the thorough way reads."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.audit.values import fields, identity, number, plain, syscall_fields, untrusted

KERNEL = (
    b"arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 ppid=10 pid=11 auid=1000 uid=0 gid=0 "
    b'euid=33 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts1 ses=3 comm="sh" exe="/usr/bin/dash"'
)
VARIANTS = [
    KERNEL + b" subj=unconfined key=(null)",
    KERNEL + b' key="a"',
    KERNEL + b" subj==unconfined key=6101",
    KERNEL,
    KERNEL.replace(b" success=yes exit=0", b"") + b" key=(null)",
    KERNEL.replace(b"syscall=59", b"syscall=59 per=8") + b" key=(null)",
    KERNEL.replace(b"yes", b'"yes"') + b' subj="x" key=(null)',
    KERNEL.replace(b" ses=3", b"") + b" key=(null)",
    KERNEL.replace(b'"sh"', b"6120") + b" key=(null)\r",
    KERNEL + b" subj=u:r:t:s0-s0:c0.c1023 key=(null) pid=99",
]


@pytest.mark.parametrize("body", VARIANTS)
def test_quick_and_thorough_agree(body):
    thorough = fields(body)
    assert {key: value for key, value in syscall_fields(body).items() if value} == {
        key: value for key, value in thorough.items() if key in syscall_fields(body)
    }


@given(st.sampled_from(VARIANTS), st.integers(0, 300), st.binary(max_size=4))
def test_they_agree_on_damaged_bodies(body, at, put):
    damaged = body[:at] + put + body[at:]
    quick, thorough = syscall_fields(damaged), fields(damaged)
    assert {key: thorough.get(key, b"") for key in quick} == quick


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (b'"abc"', b"abc"),
        (b'"6162"', b"6162"),
        (b"6162", b"ab"),
        (b"616", b"616"),
        (b"6a6B", b"6a6B"),
        (b"(null)", None),
        (b'"(null)"', b"(null)"),
        (b"?", None),
        (b"", b""),
        (None, None),
        (b'"open', b"open"),
    ],
)
def test_the_quote_decides(value, wanted):
    assert untrusted(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (b"7", 7), (b"-7", -7), (b'"7"', 7), (b"", None), (b"7x", None), (b"1_0", None), (b"+1", None), (b" 1", None),
        (b"9" * 18, 10**18 - 1), (b"9" * 19, None), (b"9" * 5000, None), (None, None), (b"?", None),
    ],
)  # fmt: skip
def test_numbers(value, wanted):
    assert number(value) == wanted


@pytest.mark.parametrize(("value", "wanted"), [(b"4294967295", None), (b"-1", None), (b"0", 0), (b"1000", 1000)])
def test_unset_identities(value, wanted):
    assert identity(value) == wanted


@pytest.mark.parametrize("value", [b"(none)", b"?", b"(null)", b"", b'"?"', None])
def test_nothing(value):
    assert plain(value) is None


@pytest.mark.parametrize("body", [b"a" * 500_000, b"a=" * 250_000, b"= " * 250_000, b'a="' * 170_000, b"(" * 500_000])
def test_hostile_bodies_take_linear_time(body):
    begin = time.monotonic()
    fields(body)
    syscall_fields(body)
    assert time.monotonic() - begin < 5
