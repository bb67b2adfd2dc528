"""Evidence files of a made-up world, with note kept of which line tells of which act."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Piece:
    """One record as it will stand in a file: sort key, text without its final newline, the acts it tells of."""

    at_us: int
    order: int
    text: str
    acts: tuple[str, ...]


@dataclass
class Evidence:
    """All files, gathered in any order, written in order of time."""

    _headers: dict[str, list[str]] = field(default_factory=dict)
    _footers: dict[str, list[str]] = field(default_factory=dict)
    _between: dict[str, str] = field(default_factory=dict)
    _pieces: dict[str, list[Piece]] = field(default_factory=lambda: defaultdict(list))
    _blobs: dict[str, bytes] = field(default_factory=dict)

    def add(self, path: str, at_us: int, text: str, act: str | Sequence[str] | None = None) -> None:
        """Add a record of one or more lines that happened at `at_us`, and tells of one act, several or none."""
        acts = (act,) if isinstance(act, str) else tuple(act or ())
        pieces = self._pieces[path]
        pieces.append(Piece(at_us, len(pieces), text, acts))

    def frame(self, path: str, header: list[str], footer: list[str] | None = None, between: str = "") -> None:
        """Set the lines before and behind the records of a file, and what parts two records of one document."""
        self._headers[path] = header
        self._footers[path] = footer or []
        self._between[path] = between

    def is_document(self, path: str) -> bool:
        """Tell whether the records of a file are parts of one document."""
        return bool(self._between.get(path))

    def pieces(self) -> dict[str, list[Piece]]:
        """The records of every file so far, in the order in which they were added."""
        return self._pieces

    def lines_of(self, path: str) -> dict[str, list[int]]:
        """Return for each act the first lines of its records in one file."""
        found: dict[str, list[int]] = defaultdict(list)
        number = len(self._headers.get(path, ())) + 1
        for piece in self._in_order(path):
            for act in piece.acts:
                found[act].append(number)
            number += piece.text.count("\n") + 1
        return dict(found)

    def _in_order(self, path: str) -> list[Piece]:
        return sorted(self._pieces.get(path, ()), key=lambda piece: (piece.at_us, piece.order))

    def blob(self, path: str, data: bytes) -> None:
        """Add a file that has no lines of its own to keep note of."""
        self._blobs[path] = data

    def write(self, folder: Path) -> dict[str, list[dict[str, object]]]:
        """Write every file below `folder`; return per act the places that tell of it, as path and first line."""
        places: dict[str, list[dict[str, object]]] = defaultdict(list)
        for path in sorted({*self._headers, *self._pieces}):
            for act, numbers in self.lines_of(path).items():
                places[act].extend({"path": path, "line": number} for number in numbers)
            texts = [piece.text + self._between.get(path, "") for piece in self._in_order(path)]
            if texts and self.is_document(path):
                texts[-1] = texts[-1].removesuffix(self._between[path])
            lines = [*self._headers.get(path, ()), *texts, *self._footers.get(path, ())]
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes("".join(line + "\n" for line in lines).encode("utf-8"))
        for path, data in sorted(self._blobs.items()):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return dict(places)
