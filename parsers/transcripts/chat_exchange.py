"""One exchange with the Chat Completions API, out of the objects that different loggers wrap it in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parsers.contract import Grade
from parsers.times import SECOND
from parsers.transcripts.fields import dollars, microseconds, name, rest, time_columns
from parsers.transcripts.response_items import arguments_of
from parsers.transcripts.tools import http_status

_REQUESTS = ("request", "request_body", "requestBody", "kwargs", "body")
_RESPONSES = ("response", "response_body", "responseBody", "completion")
# OpenHands also keeps the messages as they were before it wrote tools into the prompt of a model that knows none
_MESSAGES = ("raw_messages", "messages")
_STATUSES = ("status_code", "http_status", "response_status", "status")
_TIMES = ("timestamp", "time", "ts", "endTime", "end_time", "created_at")
_STARTS = ("startTime", "start_time", "request_time", "started_at")
_LATENCIES = ("latency_sec", "latency_seconds", "duration_seconds")
_COSTS = ("cost", "response_cost", "cost_usd")
_ERRORS = ("error", "exception", "error_str")
_SESSIONS = ("session_id", "conversation_id", "thread_id", "litellm_session_id")
_METADATA = ("metadata", "extra_body", "litellm_params")
_RESPONSE_COLUMNS = frozenset({"id", "model", "object", "created", "usage"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange: the request's messages, the response's answers, what the log says of both.

    What is missing is empty or None. `when`, `started` and `cost` are columns. `extra` is all that has no column.
    """

    messages: list[dict[str, Any]]
    answers: list[dict[str, Any]]
    response: dict[str, Any]
    error: Any
    status: int | None
    model: str | None
    session_id: str | None
    when: dict[str, Any]
    started: dict[str, Any]
    latency_us: int | None
    cost: dict[str, Any]
    extra: dict[str, Any]


def exchange_of(value: dict[str, Any]) -> Exchange:
    """Take an exchange apart."""
    left = dict(value)
    response = _body(left, _RESPONSES)
    request = _body(left, _REQUESTS)
    if response is None and "choices" in left:
        response, left = left, {}
    request, response = request or {}, response or {}
    session_id = _session_of(left) or _session_of(request)
    messages = _take(left, _MESSAGES, _messages_of) or _take(request, _MESSAGES, _messages_of) or []
    status = _take(left, _STATUSES, http_status)
    answers, choices = _answers(response.pop("choices", None))
    error = response.pop("error", None) or _take(left, _ERRORS, _something)
    if error is None and status is not None and status >= 400:
        error = {"status": status}
    when = _take(left, _TIMES, time_columns) or time_columns(response.get("created")) or {}
    started = _take(left, _STARTS, time_columns) or {}
    latency = _take(left, _LATENCIES, lambda told: microseconds(told, unit_us=SECOND))
    cost = _take(left, _COSTS, dollars) or {}
    model = name(response.get("model")) or name(request.get("model")) or name(left.get("model"))
    columns = _RESPONSE_COLUMNS if isinstance(response.get("usage"), dict) else _RESPONSE_COLUMNS - {"usage"}
    for part, remains in (("request", rest(request, ())), ("response", rest(response | {"choices": choices}, columns))):
        if remains:
            left[part] = remains
    return Exchange(
        messages=messages,
        answers=answers,
        response=response,
        error=error,
        status=status,
        model=model,
        session_id=session_id,
        when=when,
        started=started,
        latency_us=latency,
        cost=cost,
        extra=rest(left, ()),
    )


def grade_of(value: dict[str, Any]) -> Grade:
    """Tell how well a JSON object fits an exchange."""
    exchange = exchange_of(value)
    asked = bool(exchange.messages)
    if "choices" in value and value.get("object") == "chat.completion":
        return Grade.STRONG
    if asked and (
        exchange.answers or (exchange.error is not None and {*_REQUESTS, *_RESPONSES, *_STATUSES} & value.keys())
    ):
        return Grade.STRONG
    return Grade.PROBABLE if asked and {"messages", "model"} <= value.keys() else Grade.NONE


def _answers(choices: Any) -> tuple[list[dict[str, Any]], Any]:
    """Return the messages of a response's choices, and what else the choices hold."""
    if not isinstance(choices, list):
        return [], choices
    answers, others = [], []
    for choice in choices:
        message = choice.get("message") if isinstance(choice, dict) else None
        if isinstance(message, dict):
            answers.append(message)
            others.append(rest(choice, ("message",)))
        else:
            others.append(choice)
    return answers, others


def _body(left: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any] | None:
    """Take the first of `keys` that holds an object, or the JSON text of one, out of `left`."""
    for key in keys:
        told, _ = arguments_of(left.get(key))
        if isinstance(told, dict):
            del left[key]
            return dict(told)
    return None


def _take(left: dict[str, Any], keys: tuple[str, ...], read: Callable[[Any], Any]) -> Any:
    """Take the first of `keys` that can be read out of `left`, and return what it reads as; None if there is none."""
    for key in keys:
        found = read(left[key]) if left.get(key) is not None else None
        if found:
            del left[key]
            return found
    return None


def _messages_of(told: Any) -> list[dict[str, Any]] | None:
    if not isinstance(told, list) or not all(isinstance(message, dict) and "role" in message for message in told):
        return None
    return told


def _something(told: Any) -> Any:
    return told or None


def _session_of(held: Any) -> str | None:
    """Return the conversation's id where the logger or its metadata names it."""
    if not isinstance(held, dict):
        return None
    own = next((held[key] for key in _SESSIONS if name(held.get(key))), None)
    return own or next((found for key in _METADATA if (found := _session_of(held.get(key)))), None)
