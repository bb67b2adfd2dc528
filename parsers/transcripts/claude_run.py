"""What Claude Code prints of a run beside its messages: the result, words in the making, rate limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from parsers.times import epoch_seconds
from parsers.transcripts.claude_pieces import api_error, usage_piece
from parsers.transcripts.fields import dollars, flag, microseconds, name, percent, rest, text
from parsers.transcripts.pieces import Piece, event_piece
from parsers.transcripts.tools import token

_DELTAS = ("text", "thinking", "partial_json")


def result_piece(line: dict[str, Any]) -> Piece:
    """Return the end of a run: last words, usage of the whole run (never primary), cost, and why it ended."""
    subtype = name(line.get("subtype"))
    usage = line.get("usage")
    piece = usage_piece(usage if isinstance(usage, dict) else {})
    cost = dollars(line.get("total_cost_usd"))
    piece |= cost
    piece |= {
        "native_type": f"result/{subtype}" if subtype else "result",
        "text": text(line.get("result")),
        "is_error": flag(line.get("is_error")),
        "error_type": token(subtype) if subtype and subtype.startswith("error") else None,
        "duration_us": microseconds(line.get("duration_ms"), unit_us=1000),
        "usage_is_primary": False,
    }
    if piece["is_error"]:
        fault = api_error(line, piece["text"])
        piece["error_type"] = piece["error_type"] or fault["error_type"]
        piece |= {key: fault.get(key) for key in ("http_status", "limit_resets_at")}
    return piece


def partial_piece(line: dict[str, Any]) -> Piece:
    """Return words in the making; the message that follows holds them, unless the run was cut off."""
    event = line.get("event")
    held = event if isinstance(event, dict) else {}
    delta = held.get("delta") if isinstance(held.get("delta"), dict) else {}
    words = next((delta[key] for key in _DELTAS if type(delta.get(key)) is str), None) if delta else None
    kind = name(held.get("type"))
    piece = event_piece(f"stream_event/{kind}" if kind else "stream_event", words)
    piece["author"] = "agent"
    left = rest(held, ("type", "delta") if words is not None else ("type",))
    piece["extra"] = left if isinstance(event, dict) else {"event": event}
    return piece


def rate_limit_piece(line: dict[str, Any]) -> Piece:
    """Return how much of a limit is used, and when it begins anew."""
    info = line.get("rate_limit_info")
    held = info if isinstance(info, dict) else {}
    piece = event_piece("rate_limit_event", None)
    used, resets = held.get("utilization"), held.get("resetsAt")
    if type(used) is int or isinstance(used, Decimal):
        piece["limit_used_percent"] = percent(Decimal(used) * 100)
    at = epoch_seconds(resets) if type(resets) is int else None
    piece["limit_resets_at"] = at.us if at else None
    if held.get("status") == "rejected":
        piece["is_error"] = True
        piece["error_type"] = token(held.get("rateLimitType"))
    return piece
