"""An interruption that is not lost: a library may swallow the exception in which Python delivers it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_asked = threading.Event()


@contextmanager
def remembered() -> Iterator[None]:
    """Remember within the block that SIGINT came, unless something else handles it or this is not the main thread."""
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _asked.clear()


def _ask(_number: int, _frame: FrameType | None) -> None:
    _asked.set()
    raise KeyboardInterrupt


def check() -> None:
    """Raise `KeyboardInterrupt` where one was asked for and has not ended the block."""
    if _asked.is_set():
        raise KeyboardInterrupt
