"""What OpenHands counts up over a run, in both versions."""

from __future__ import annotations

from typing import Any

from parsers.transcripts.chat_messages import usage_columns
from parsers.transcripts.fields import dollars, integer, name, rest
from parsers.transcripts.pieces import Piece

RUNNING_TOTAL = "running_total"


def total_pieces(counted: dict[str, Any], native_type: str) -> list[Piece]:
    """Return a running total for each thing that is counted apart."""
    pieces = []
    for label, metrics in counted.items():
        if not isinstance(metrics, dict):
            continue
        usage = metrics.get("accumulated_token_usage")
        piece = usage_columns(usage if isinstance(usage, dict) else {})
        if isinstance(usage, dict):
            piece["cached_input_tokens"] = integer(usage.get("cache_read_tokens"))
            piece["reasoning_tokens"] = integer(usage.get("reasoning_tokens"))
        cost = dollars(metrics.get("accumulated_cost"))
        piece["notes"] += [RUNNING_TOTAL, *cost.pop("notes", ())]
        piece |= cost
        piece["native_type"] = native_type if label == "metrics" else f"{native_type}/{label}"
        piece["model"] = name(metrics.get("model_name"))
        piece["extra"] |= rest(metrics, ("accumulated_token_usage", "accumulated_cost", "model_name"))
        pieces.append(piece)
    return pieces
