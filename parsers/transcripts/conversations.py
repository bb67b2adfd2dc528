"""Which requests of a log belong to one conversation, and what in each of them was sent before.

Every request repeats its conversation from the start. Logs seldom name conversations, so one is told by what no other
has: its messages before the model's first answer, and that answer (by the id of its first tool call, where it has one).
The id made from these is the same in every file that holds a part of the conversation.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from parsers.transcripts.chat_messages import digest_of, first_call_of


@dataclass
class Conversation:
    """One conversation: its id, whether that id was made here, and the messages in it so far."""

    session_id: str
    is_derived: bool
    sent: Counter[bytes] = field(default_factory=Counter)

    def is_repeated(self, messages: list[dict[str, Any]], seen: Counter[bytes] | None = None) -> list[bool]:
        """Tell for each message of a request whether it was in the conversation before; take note of those new.

        `seen` counts those of the request that came one by one before these.
        """
        seen = Counter() if seen is None else seen
        repeated = []
        for message in messages:
            digest = digest_of(message)
            seen[digest] += 1
            repeated.append(seen[digest] <= self.sent[digest])
        self.sent |= seen
        return repeated

    def answer(self, message: dict[str, Any]) -> None:
        """Take note of the model's answer, which the next request will repeat."""
        self.sent[digest_of(message)] += 1


class Conversations:
    """The conversations of one file."""

    def __init__(self) -> None:
        self._named: dict[str, Conversation] = {}
        self._unanswered: dict[bytes, Conversation] = {}  # by opening
        self._begun: dict[bytes, Conversation] = {}  # by opening and first answer

    def of(self, session_id: str | None, messages: list[dict[str, Any]], answer: dict[str, Any] | None) -> Conversation:
        """Return the conversation that a request with these messages, and this answer or none, belongs to."""
        if session_id is not None:
            return self._named.setdefault(session_id, Conversation(session_id, is_derived=False))
        first = next((at for at, message in enumerate(messages) if message.get("role") == "assistant"), None)
        opening = sha256(b"".join(digest_of(message) for message in messages[:first])).digest()
        reply = messages[first] if first is not None else answer
        if reply is None:
            found = self._unanswered.get(opening) or _new(opening)
            self._unanswered[opening] = found
            return found
        call = first_call_of(reply)
        key = opening + (call.encode("utf-8", "surrogatepass") if call else digest_of(reply))
        if key not in self._begun:
            # the first answer may come after tries that had none
            tried = self._unanswered.pop(opening) if opening in self._unanswered else None
            self._begun[key] = tried or _new(key)
        return self._begun[key]


def _new(key: bytes) -> Conversation:
    return Conversation("conversation-" + sha256(key).hexdigest()[:32], is_derived=True)
