"""Tests that share what is costly run in one process: the group shows in their name, or it is not kept."""

from __future__ import annotations

import os

import pytest


@pytest.mark.xdist_group("kept")
def test_groups_are_kept(request: pytest.FixtureRequest) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("one process shares everything anyway")
    assert request.node.nodeid.endswith("@kept")
