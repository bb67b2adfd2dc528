"""The workbench: cases, custody, intake, engines, incident document, reports.

In a notebook: `from forensics import open_case`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forensics.notebook import open_case

__all__ = ["open_case"]


def __getattr__(name: str) -> Any:
    """Import `open_case` when it is asked for: the command line must not wait for pandas."""
    if name == "open_case":
        from forensics.notebook import open_case

        return open_case
    raise AttributeError(f"module 'forensics' has no attribute {name!r}")
