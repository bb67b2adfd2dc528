"""What a delivered path says about host, user, account and zone."""

from __future__ import annotations

import pytest

from forensics.scope import scope_of
from forensics.settings import Scope, Settings

NOTHING = {"host": None, "user": None, "account": None, "zone": None, "actor": None, "basis": None}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("audit.log", {}),
        ("hosts/gpu1/audit.log", {"host": "gpu1", "basis": "path"}),
        ("hosts/gpu1/home/bob/.bash_history", {"host": "gpu1", "user": "bob", "basis": "path"}),
        ("x.tar.gz!hosts/gpu1/root/.bash_history", {"host": "gpu1", "basis": "path"}),
        ("hosts/gpu1/root/.bash_history", {"host": "gpu1", "user": "root", "basis": "path"}),
        ("root/.bash_history", {"user": "root", "basis": "path"}),
        ("AWSLogs/123456789012/CloudTrail/x.json", {"account": "123456789012", "basis": "path"}),
        ("home/bob", {}),
        ("hosts/gpu1", {}),
    ],
)
def test_folder_names_by_long_custom(path: str, told: dict[str, str]) -> None:
    assert scope_of(path, Settings()) == NOTHING | told


def test_the_case_decides_key_by_key_and_the_first_match_wins() -> None:
    settings = Settings(
        zone="UTC",
        scopes=(Scope("hosts/gpu1/**", host="gpu-one"), Scope("**", host="other", actor="agent", zone="Asia/Tokyo")),
    )
    told = {"host": "gpu-one", "user": "bob", "zone": "Asia/Tokyo", "actor": "agent", "basis": "case"}
    assert scope_of("hosts/gpu1/home/bob/x", settings) == NOTHING | told


def test_a_zone_for_the_whole_case_is_a_statement_of_the_case() -> None:
    assert scope_of("x", Settings(zone="UTC")) == NOTHING | {"zone": "UTC", "basis": "case"}
