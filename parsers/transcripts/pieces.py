"""What the readers of transcripts share: a piece is a dictionary of columns of `transcript`.

Until its record's rows are made, `extra` is an object in it and `notes` a list. What depends on other records of the
file (place in the session, names of tools in results, replay) is the reader's business.
"""

from __future__ import annotations

from typing import Any

from parsers.jsontext import compact

Piece = dict[str, Any]

INTERRUPTED = "interrupted"


def new_piece(kind: str, role: str, author: str, native_type: str | None, words: str | None) -> Piece:
    """Return a piece with the columns that all have; no words is content that is absent."""
    return {
        "kind": kind,
        "role": role,
        "author": author,
        "native_type": native_type,
        "text": words,
        "content_state": "absent" if words is None else "present",
        "extra": {},
        "notes": [],
    }


def event_piece(native_type: str | None, words: str | None) -> Piece:
    """Return an event that the harness wrote down."""
    piece = new_piece("system_event", "system", "harness", native_type, words)
    piece["content_state"] = None
    return piece


def close(columns: Piece) -> None:
    """Give `extra` and `notes` the form that their columns hold."""
    columns["extra"] = compact(columns["extra"]) if columns["extra"] else None
    columns["notes"] = columns["notes"] or None
