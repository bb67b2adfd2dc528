"""Steps of an ATIF trajectory as pieces with columns of `transcript`."""

from __future__ import annotations

from typing import Any

from parsers.jsontext import compact
from parsers.transcripts.chat_messages import text_of
from parsers.transcripts.fields import dollars, flag, integer, name, rest, rest_of_counts, text, time_columns
from parsers.transcripts.pieces import Piece, event_piece, new_piece
from parsers.transcripts.spoken_calls import spoken_calls
from parsers.transcripts.tools import exit_code_of, fault_of_text, shell_columns, tool_class
from parsers.transcripts.writer import CALL_ID_DERIVED

_SAYS = {"system": ("system", "harness"), "user": ("user", "human"), "agent": ("assistant", "agent")}
_STEP = frozenset(
    {
        "timestamp",
        "source",
        "model_name",
        "message",
        "reasoning_content",
        "tool_calls",
        "observation",
        "metrics",
        "is_copied_context",
    }
)
_COUNTS = ("prompt_tokens", "completion_tokens", "cached_tokens")
_TOTALS = ("total_prompt_tokens", "total_completion_tokens", "total_cached_tokens")
_LISTS = ("prompt_token_ids", "completion_token_ids", "logprobs")  # left in the evidence but for their length


def step_pieces(step: dict[str, Any], call_id: str) -> list[Piece]:
    """Return what was thought, said and called in one step, what it brought, and its usage; there is always one.

    When results came is not said. `call_id` is for a single call without an id whose single result names none.
    """
    when = time_columns(step.get("timestamp")) or {}
    words, others = text_of(step.get("message"))
    said = _said(step, words)
    if others:
        said["extra"]["content"] = others
        said["content_state"] = "present"
    calls = [_call(call) for call in _objects(step.get("tool_calls"))]
    if not calls and said["author"] == "agent" and words:
        calls = spoken_calls(words)
    results = _results(step.get("observation"))
    _pair(calls, results, call_id)
    thought = text(step.get("reasoning_content"))
    before = [new_piece("reasoning", "assistant", "agent", "reasoning_content", thought)] if thought else []
    silent = not (words or others) and bool(before or calls or results)
    made = [*before, *([] if silent else [said]), *calls]
    usage = step.get("metrics")
    after = [_usage(usage, _COUNTS, "metrics")] if isinstance(usage, dict) else []
    for piece in [*made, *after]:
        piece.update(when)
    pieces = [*made, *results, *after]
    pieces[0]["extra"] |= rest(step, _STEP) | ({} if when else _unread(step, "timestamp"))
    copied = flag(step.get("is_copied_context")) or False
    for piece in pieces:
        piece["is_replayed"] = copied
        if piece["kind"] == "usage":
            piece["usage_is_primary"] = not copied
        if piece["role"] == "assistant":
            piece["model"] = name(step.get("model_name"))
    return pieces


def final_piece(metrics: dict[str, Any]) -> Piece:
    """Return the sums over a whole trajectory, which its steps give one by one."""
    told = dict(metrics)
    if "total_cost_usd" in told:
        told["cost_usd"] = told.pop("total_cost_usd")
    return _usage(told, _TOTALS, "final_metrics") | {"usage_is_primary": False}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _unread(held: dict[str, Any], key: str) -> dict[str, Any]:
    return {key: held[key]} if held.get(key) is not None else {}


def _said(step: dict[str, Any], words: str | None) -> Piece:
    source = name(step.get("source"))
    role, author = _SAYS.get(source or "", ("user", "unknown"))
    piece = new_piece("message", role, author, f"step/{source}" if source else "step", words)
    if author == "unknown":
        piece["role"] = None
    return piece


def _call(call: dict[str, Any]) -> Piece:
    told = call.get("arguments")
    written = told if type(told) is str or told is None else compact(told)
    piece = new_piece("tool_call", "assistant", "agent", "tool_call", written)
    tool = name(call.get("function_name"))
    piece |= {"call_id": name(call.get("tool_call_id")), "tool_name": tool, "tool_class": tool_class(tool)}
    if piece["tool_class"] == "shell":
        columns = shell_columns(told)
        piece["notes"] += columns.pop("notes", [])
        piece |= columns
    piece["extra"] = rest(call, ("tool_call_id", "function_name", "arguments"))
    return piece


def _results(observation: Any) -> list[Piece]:
    told = observation.get("results") if isinstance(observation, dict) else None
    pieces = []
    for result in _objects(told):
        words, others = text_of(result.get("content"))
        if words is None and not others:
            piece = event_piece("observation", None)  # of a sub-agent, by reference
        else:
            piece = new_piece("tool_result", "tool", "tool", "observation", words)
            piece["call_id"] = name(result.get("source_call_id"))
        if words:
            piece["exit_code"] = exit_code_of(words)
            piece["error_type"], piece["http_status"] = fault_of_text(words)
        piece["extra"] = rest(result, ("source_call_id", "content")) | ({"content": others} if others else {})
        if others:
            piece["content_state"] = "present"
        pieces.append(piece)
    return pieces


def _pair(calls: list[Piece], results: list[Piece], call_id: str) -> None:
    """Join the one call of a step with its one result, where neither is named: nothing else can be meant."""
    named = [piece for piece in (*calls, *results) if piece.get("call_id") is not None]
    answers = [piece for piece in results if piece["kind"] == "tool_result"]
    if named or not calls or not answers:
        return
    for piece in answers:
        piece["tool_name"], piece["tool_class"] = calls[-1]["tool_name"], calls[-1]["tool_class"]
    if len(calls) == len(answers) == 1:
        for piece in (*calls, *answers):
            piece["call_id"] = call_id
            piece["notes"].append(CALL_ID_DERIVED)


def _usage(told: dict[str, Any], counts: tuple[str, str, str], native_type: str) -> Piece:
    into, out, cached = counts
    piece = new_piece("usage", "assistant", "harness", native_type, None)
    paid = dollars(told.get("cost_usd"))
    piece["notes"] += paid.pop("notes", [])
    left = rest_of_counts(rest(told, ("cost_usd", *_LISTS) if paid else _LISTS), counts)
    lengths = {f"{key}_length": len(told[key]) for key in _LISTS if isinstance(told.get(key), list)}
    return (
        piece
        | paid
        | {
            "content_state": None,
            "input_tokens": integer(told.get(into)),
            "cached_input_tokens": integer(told.get(cached)),
            "output_tokens": integer(told.get(out)),
            "extra": left | lengths,
        }
    )
