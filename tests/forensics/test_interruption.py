"""An interruption that a library swallowed still ends the work."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import pytest

from forensics import interruption
from forensics.workers import Work, Workers


def test_one_that_was_swallowed_is_raised_again() -> None:
    with interruption.remembered():
        interruption.check()
        with suppress(KeyboardInterrupt):  # as a library's bare `except` does
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interruption.check()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with interruption.remembered():
        interruption.check()


def test_work_that_goes_on_ends_by_it() -> None:
    with interruption.remembered(), Workers(1) as workers:
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            list(workers.run([Work("forensics.workers:no_such_function", ())]))


def test_another_handler_is_left_alone() -> None:
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append("theirs"))
    try:
        with interruption.remembered():
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == ["theirs"]
