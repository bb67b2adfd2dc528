"""How OpenHands tells what came of a command, in both versions."""

from __future__ import annotations

from typing import Any

from parsers.transcripts.fields import integer, name, rest
from parsers.transcripts.pieces import Piece
from parsers.transcripts.tools import fault_of_text

STILL_RUNNING = "still_running"
_NOT_ENDED = -1
_METADATA = ("exit_code", "pid", "username", "hostname", "working_dir", "py_interpreter_path", "prefix", "suffix")


def answer_columns(words: str | None) -> Piece:
    """Return what an answer's text says of an error, from the body that a machine wrote."""
    fault = fault_of_text(words) if words else None
    return {"error_type": fault and fault.error_type, "http_status": fault and fault.http_status}


def shell_outcome(piece: Piece, metadata: Any, stated: Any) -> None:
    """Fill exit code, directory and host of a result; `last_pid`, `host_name` and `user_name` are for the log."""
    known: dict[str, Any] = metadata if isinstance(metadata, dict) else {}
    code = integer(stated)
    code = integer(known.get("exit_code")) if code is None else code
    if code == _NOT_ENDED:
        piece["notes"].append(STILL_RUNNING)
    else:
        piece["exit_code"] = code
    # the shell's $!: the process that was last put in the background
    pid = integer(known.get("pid"))
    piece["last_pid"] = pid if pid is not None and pid > 0 else None
    piece["cwd"] = name(known.get("working_dir")) or None
    piece["host_name"], piece["user_name"] = name(known.get("hostname")), name(known.get("username"))
    if left := rest(known, _METADATA):
        piece["extra"]["metadata"] = left
