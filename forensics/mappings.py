"""Mapping files of a case: copied in when first given, kept as CASE/mappings/<start of their sha256>.toml."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from forensics.case import Case
from forensics.errors import UsageFault
from forensics.transaction import Transaction
from parsers.errors import ParsersError
from parsers.mapping import mapping as mappings

FOLDER = "mappings/"
NAME_DIGITS = 12
FORMATS = {"csv": "mapped_csv", "jsonl": "mapped_jsonl"}


def load(path: Path) -> tuple[str, str]:
    """Read and check a mapping file; return its name in the case and its text. Raises `UsageFault`."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
        mappings.load(text)
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageFault(f"no mapping file ({fault})", where=str(path)) from fault
    except ParsersError as fault:
        raise UsageFault(fault.message, where=str(path), hint=fault.hint or "correct the mapping file") from fault
    return hashlib.sha256(data).hexdigest()[:NAME_DIGITS], text


def of_case(case: Case) -> dict[str, str]:
    """The mapping files of a case, text by name."""
    return {
        path.removeprefix(FOLDER).removesuffix(".toml"): case.read(path).decode("utf-8") for path in case.files(FOLDER)
    }


def keep(act: Transaction, name: str, text: str) -> None:
    """Copy a mapping file into the case."""
    act.put(f"{FOLDER}{name}.toml", text.encode("utf-8"))


def format_of(text: str) -> str:
    """Name the format that reads with this mapping."""
    return FORMATS[mappings.load(text).format]


def applies_of_itself(text: str) -> bool:
    """Whether the mapping says which files it is for."""
    found = mappings.load(text)
    return found.glob is not None or bool(found.match_header)


def settings_of(text: str) -> Mapping[str, Any]:
    """The settings of a source that is read with this mapping."""
    return {"mapping": tomllib.loads(text)}


def fitting(known: Mapping[str, str], name: str, head: bytes) -> str | None:
    """Name the first mapping that claims a source of itself."""
    return next(
        (each for each, text in sorted(known.items()) if mappings.matches(mappings.load(text), name, head)), None
    )
