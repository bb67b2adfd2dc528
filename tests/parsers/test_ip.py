"""Addresses have one spelling."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.ip import canonical


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("0.0.0.0", "0.0.0.0"),
        ("255.255.255.255", "255.255.255.255"),
        ("2001:DB8::0001", "2001:db8::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("::", "::"),
        ("fe80::1", "fe80::1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("::ffff:c000:201", "::ffff:192.0.2.1"),
    ],
)
def test_canonical(text, expected):
    assert canonical(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "192.0.2", "192.0.2.256", "192.0.2.01", "1.2.3.4.5", " 192.0.2.1", "192.0.2.1\n", "192.0.2.1/24"),
        *("[::1]", "fe80::1%eth0", ":::", "1:2:3:4:5:6:7:8:9", "g::", "0x7f.1", "١.٢.٣.٤", "1" * 100, "::" * 40),
    ],
)
def test_no_address(text):
    assert canonical(text) is None


@given(st.ip_addresses())
def test_every_address_is_its_own_canonical_form(address):
    text = canonical(str(address))
    assert text
    assert ipaddress.ip_address(text) == address
    assert canonical(text) == text


@given(st.text(max_size=50))
def test_any_text(text):
    found = canonical(text)
    assert found is None or ipaddress.ip_address(found)
