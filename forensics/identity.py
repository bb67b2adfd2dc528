"""What this tool is: name, version, interpreter and the libraries that decide the bytes of what it writes."""

from __future__ import annotations

import platform
from functools import cache
from importlib import metadata

DISTRIBUTION = "agent-mining-forensics"
LIBRARIES = ("pyarrow", "duckdb", "zstandard", "sqlglot", "tree-sitter-bash")


@cache
def version() -> str:
    """The version of this tool."""
    return metadata.version(DISTRIBUTION)


def tool() -> dict[str, str]:
    """What custody says of the tool."""
    found = {"name": DISTRIBUTION, "version": version(), "python": platform.python_version()}
    return found | {name: metadata.version(name) for name in LIBRARIES}
