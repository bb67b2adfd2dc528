"""Where the entries of a bash history begin and end.

Source of the rules: bash 5.2 lib/readline/histfile.c (history_do_write, read_history_range) and bashhist.c; what bash
writes was checked against bash 5.2.15 on a terminal.

bash writes an entry as `#<epoch>` (if HISTTIMEFORMAT is set), then its text, and escapes nothing. So:

- the line after a timestamp is command text whatever it looks like: a typed comment `#1700000000` has its own time
  before it;
- an entry of several lines is one command (bash keeps newlines only inside quotes, here-documents and, with `lithist`,
  compound commands): a line goes on the entry before it while that is unfinished. A line after a finished command was
  written without a time, by a session without HISTTIMEFORMAT or by another tool. bash's own reader appends such a line
  to the entry before it if the file begins with a timestamp, hence `ambiguous_boundary`;
- a line like a timestamp inside an unfinished command is text if the command is finished further down, unless all that
  lies in between reads as entries of their own at plausible times (bash without `cmdhist` times every line; an open
  quote may also have been given up with Ctrl-C). Either way it is `ambiguous_timestamp`;
- without times each line is an entry, but a here-document that ends further down is joined (`joined_by_grammar`).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import numpy as np

from parsers.blocks import Lines, Positions
from parsers.shell.bash_lines import blank_in, openers_in, stamps_in
from parsers.shell.grammar import SURELY_COMPLETE, Unfinished

AMBIGUOUS_TIMESTAMP = "ambiguous_timestamp"
AMBIGUOUS_BOUNDARY = "ambiguous_boundary"
UNFINISHED = "unfinished_command"
JOINED = "joined_by_grammar"

UNTIMED = -1  # no timestamp line
LOOK_AHEAD_LINES = 256
LOOK_AHEAD_NESTED = 64
PLAUSIBLE_SECONDS = 5 * 365 * 86_400

_EXIT = re.compile(rb"[ \t]*(?:exit|logout)(?:[ \t]+\d+)?[ \t]*")


class Ahead(Enum):
    """Why no line was found that finishes a command."""

    UNSEEN = 1  # more lines may come: decide later
    NEVER = 2


@dataclass(frozen=True, slots=True)
class Context:
    """What earlier lines mean for later ones."""

    begins_timed: bool | None = None  # the file's first line is a timestamp; None before it was seen
    doubtful: bool = False  # untimed lines that come now could be of the timed entry before them
    after_timed: bool = False  # the entry before was timed
    doubt_lines: int = 0  # how many lines to come may be here-document text although each has a time


@dataclass(slots=True)
class Entries:
    """Entries of a block: line numbers within it, from 0. `text` is the first line of the command."""

    first: Positions
    text: Positions
    last: Positions
    seconds: Positions
    count: int = 0
    notes: dict[int, list[str]] = field(default_factory=dict)
    orphans: list[int] = field(default_factory=list)  # timestamps without a command

    @classmethod
    def room_for(cls, lines: int) -> Entries:
        """Make room for as many entries as there are lines."""
        first, text, last, seconds = np.zeros((4, lines), np.int64)
        return cls(first, text, last, seconds)

    def add(self, first: int, text: int, last: int, second: int, notes: list[str]) -> None:
        """Add one entry."""
        at = self.count
        self.first[at], self.text[at], self.last[at], self.seconds[at] = first, text, last, second
        if notes:
            self.notes[at] = notes
        self.count = at + 1

    def add_many(self, first: Positions, text: Positions, seconds: Positions | int) -> None:
        """Add entries of one line of command text each."""
        to = self.count + len(first)
        self.first[self.count : to] = first
        self.text[self.count : to] = text
        self.last[self.count : to] = text
        self.seconds[self.count : to] = seconds
        self.count = to


def entries_of(lines: Lines, context: Context, *, more: bool) -> tuple[Entries, int, Context]:
    """Find the entries in `lines`; return them, the number of lines taken, and the context behind those.

    With `more`, an entry that later lines could still change is left for the next call.
    """
    if not len(lines):
        return Entries.room_for(0), 0, context
    return _Splitter(lines, context, more=more).split()


@dataclass(slots=True)
class _Command:
    """A command of several lines in the making: the number of its timestamp, and what is known of it.

    `begin` is where its text begins, or goes on behind the last line that only looks like a timestamp.
    """

    number: int
    begin: int
    state: Unfinished = field(default_factory=Unfinished)
    notes: list[str] = field(default_factory=list)


class _Splitter:
    def __init__(self, lines: Lines, context: Context, *, more: bool) -> None:
        self.lines = lines
        self.more = more
        self.count = len(lines)
        self.entries = Entries.room_for(self.count)
        stamps, self.seconds = stamps_in(lines)
        self.stamps: list[int] = stamps.tolist()
        self.stamp_lines = stamps
        self.marked = openers_in(lines)
        self.blank = blank_in(lines)
        self.hard = self._hard_stamps()
        begins = context.begins_timed
        self.begins_timed = bool(self.stamps and self.stamps[0] == 0) if begins is None else begins
        self.doubtful = context.doubtful
        self.after_timed = context.after_timed
        self.doubt = range(context.doubt_lines)

    def _hard_stamps(self) -> list[int]:
        """Return the numbers of the stamps that are not plainly followed by one finished line and the next stamp."""
        easy = np.zeros(len(self.stamps), np.bool_)
        if len(easy) > 1:
            text = self.stamp_lines[:-1] + 1
            easy[:-1] = (np.diff(self.stamp_lines) == 2) & ~self.blank[text]
            doubtful = np.flatnonzero(easy[:-1] & self.marked[text])
            easy[doubtful] = self._surely_complete(text[doubtful])
        return [*np.flatnonzero(~easy).tolist(), len(self.stamps)]

    def _surely_complete(self, lines: Positions) -> list[bool]:
        data = self.lines.data
        spans = zip(self.lines.starts[lines].tolist(), self.lines.ends[lines].tolist(), strict=True)
        complete = SURELY_COMPLETE.fullmatch
        return [complete(data, begin, end) is not None for begin, end in spans]

    def split(self) -> tuple[Entries, int, Context]:
        at = number = next_hard = 0
        while at < self.count:
            while number < len(self.stamps) and self.stamps[number] < at:
                number += 1
            border = self.stamps[number] if number < len(self.stamps) else self.count
            if at < border:
                end = self._untimed(at, border)
            else:
                while self.hard[next_hard] < number:
                    next_hard += 1
                easy_end = self.hard[next_hard]
                if easy_end > number and at >= self.doubt.stop:
                    end = self._easy(number, easy_end)
                else:
                    end = self._timed(number)
            if end == at:
                break
            at = end
        doubt = max(self.doubt.stop - at, 0)
        return self.entries, at, Context(self.begins_timed, self.doubtful, self.after_timed, doubt)

    def _easy(self, number: int, end: int) -> int:
        first = self.stamp_lines[number:end]
        self.entries.add_many(first, first + 1, self.seconds[number:end])
        self.after_timed = True
        self.doubtful = self.begins_timed
        return self.stamps[end - 1] + 2

    def _line(self, at: int) -> bytes:
        data = self.lines.data[int(self.lines.starts[at]) : int(self.lines.ends[at])]
        return data.removesuffix(b"\r")

    # --- entries with a time ---------------------------------------------------------------------------------------

    def _timed(self, number: int) -> int:
        """Take the entry of a stamp; return the line behind it, or its own line if more lines must be seen first."""
        stamp = self.stamps[number]
        text = stamp + 1
        if text >= self.count:
            return stamp if self.more else self._orphan(stamp, stamp)
        follower = number + 1
        if follower < len(self.stamps) and self.stamps[follower] == text:
            follower += 1  # looks like a timestamp, but is the command
        border = self.stamps[follower] if follower < len(self.stamps) else self.count
        if self._may_move(border, text):
            return stamp
        # bash skips blank lines behind a timestamp; an entry of nothing but newlines is a line of a here-document
        text = next((line for line in range(text, border) if not self.blank[line]), text)
        if border == text + 1:
            if self.blank[text]:
                return self._orphan(stamp, text)
            if SURELY_COMPLETE.fullmatch(self._line(text)):
                return self._add_timed(number, text, text, [])
        return self._several_lines(number, text, follower)

    def _may_move(self, border: int, begin: int) -> bool:
        """Tell whether more lines may bring the next timestamp, near enough to matter to text from `begin` on."""
        return self.more and border == self.count and border - begin <= LOOK_AHEAD_LINES

    def _orphan(self, stamp: int, last: int) -> int:
        self.entries.orphans.append(self.entries.count)
        self.entries.add(stamp, stamp, last, UNTIMED, [])
        return last + 1

    def _several_lines(self, number: int, text: int, follower: int) -> int:
        command = _Command(number, text)
        command.state.feed(self._line(text))
        at = text + 1
        while at < self.count:
            follower = bisect_left(self.stamps, at, follower)
            end = self._goes_on_to(command, at, follower)
            if end is Ahead.UNSEEN:
                return self.stamps[number]
            if end == at:
                break
            for line in range(at, end):
                command.state.feed(self._line(line))
            at = end
        if at == self.count and self.more:
            return self.stamps[number]
        if command.state.open:
            command.notes.append(UNFINISHED)
        return self._add_timed(number, text, at - 1, command.notes)

    def _goes_on_to(self, command: _Command, at: int, follower: int) -> int | Literal[Ahead.UNSEEN]:
        """Return the line up to which the command surely goes on; `at` where it does not."""
        border = self.stamps[follower] if follower < len(self.stamps) else self.count
        if not command.state.open:
            # an entry that ends in newlines, as here-documents do
            return at + 1 if at < border and self.blank[at] else at
        if self._may_move(border, command.begin):
            return Ahead.UNSEEN
        if at == border:
            return self._past_stamp(command, at, follower)
        if self.begins_timed and border - command.begin <= LOOK_AHEAD_LINES:
            return at + 1
        end = self._finished_after(command.state, at)
        if end is Ahead.NEVER or end is Ahead.UNSEEN:
            return at if end is Ahead.NEVER else end
        return min(end, border)

    def _past_stamp(self, command: _Command, at: int, follower: int) -> int | Literal[Ahead.UNSEEN]:
        """The same for a line that looks like a timestamp, inside an unfinished command."""
        if command.state.continued:
            return at  # bash keeps no backslash before a newline outside quotes
        end = self._finished_after(command.state, at)
        if end is Ahead.UNSEEN or end is Ahead.NEVER:
            return end if end is Ahead.UNSEEN else at
        own = self._reads_as_entries(follower, end, int(self.seconds[command.number]))
        if own is Ahead.UNSEEN:
            return own
        if own:
            return at
        command.notes.append(AMBIGUOUS_TIMESTAMP)
        command.begin = end
        return end

    def _add_timed(self, number: int, text: int, last: int, notes: list[str]) -> int:
        stamp = self.stamps[number]
        alone = (
            not self.begins_timed and not self.after_timed and (last + 1 == self.count or not self._is_stamp(last + 1))
        )
        if stamp in self.doubt or alone:
            # a comment of digits that was typed in a session without times looks the same
            notes.append(AMBIGUOUS_TIMESTAMP)
        self.entries.add(stamp, text, last, int(self.seconds[number]), sorted(set(notes)))
        self.after_timed = True
        self.doubtful = self.begins_timed and not _EXIT.fullmatch(self._line(text))
        return last + 1

    def _is_stamp(self, line: int) -> bool:
        at = bisect_left(self.stamps, line)
        return at < len(self.stamps) and self.stamps[at] == line

    def _reads_as_entries(self, number: int, end: int, since: int) -> bool | Literal[Ahead.UNSEEN]:
        """Tell whether the lines from a stamp to `end` read as timed entries, each a command of its own."""
        begin = self.stamps[number]
        while number < len(self.stamps) and self.stamps[number] < end:
            text = self.stamps[number] + 1
            second = int(self.seconds[number])
            number += 1
            if number < len(self.stamps) and self.stamps[number] == text:
                number += 1
            border = self.stamps[number] if number < len(self.stamps) else self.count
            if self._may_move(border, text):
                return Ahead.UNSEEN
            if text >= end or abs(second - since) > PLAUSIBLE_SECONDS or not self._one_command(text, border):
                return False
        self.doubt = range(begin, max(end, self.doubt.stop))
        return True

    def _one_command(self, text: int, border: int) -> bool:
        if border - text > LOOK_AHEAD_LINES:
            return False
        state = Unfinished()
        state.feed(self._line(text))
        for line in range(text + 1, border):
            if not state.open and not self.blank[line]:
                return False
            state.feed(self._line(line))
        return True

    def _finished_after(self, state: Unfinished, at: int) -> int | Ahead:
        """Return the line behind the one that finishes the command, if one within sight does."""
        limit = LOOK_AHEAD_LINES if state.in_text else LOOK_AHEAD_NESTED
        end = min(at + limit, self.count)
        if not state.in_heredoc or self._delimiter_in(state, at, end):
            ahead = state.copy()
            for line in range(at, end):
                ahead.feed(self._line(line))
                if not ahead.open:
                    return line + 1
        return Ahead.UNSEEN if self.more and at + limit > self.count else Ahead.NEVER

    def _delimiter_in(self, state: Unfinished, at: int, end: int) -> bool:
        """Tell whether lines can hold the end of the here-document, without following them one by one."""
        delimiter, tabs = state.heredocs[0]
        if at >= end:
            return False
        text = b"\n" + self.lines.data[int(self.lines.starts[at]) : int(self.lines.ends[end - 1])] + b"\n"
        if tabs:
            return delimiter in text
        return b"\n" + delimiter + b"\n" in text or b"\n" + delimiter + b"\r\n" in text

    # --- entries without a time ------------------------------------------------------------------------------------

    def _untimed(self, begin: int, border: int) -> int:
        """Take untimed lines up to `border`, or the first one that must be seen with more lines."""
        at = begin
        marked = np.flatnonzero(self.marked[begin:border]) + begin
        doubtful: list[int] = marked[~np.array(self._surely_complete(marked), np.bool_)].tolist()
        for line in doubtful:
            if line < at:
                continue
            state = Unfinished()
            state.feed(self._line(line))
            if not state.open:
                continue
            end = self._finished_after(state, line + 1) if state.in_heredoc else Ahead.NEVER
            self._add_untimed(at, line)
            if end is Ahead.NEVER:
                self._add_one_untimed(line, line, [UNFINISHED])
                at = line + 1
            elif end is Ahead.UNSEEN or (end == self.count and self.more):
                return line
            else:
                if end < self.count and self.blank[end]:
                    end += 1  # bash ends the entry of a here-document with a newline of its own
                stamped = any(self._is_stamp(inside) for inside in range(line + 1, end))
                self._add_one_untimed(line, end - 1, [JOINED, *([AMBIGUOUS_TIMESTAMP] if stamped else [])])
                at = end
        self._add_untimed(at, border)
        return max(at, border)

    def _add_untimed(self, begin: int, end: int) -> None:
        if end <= begin:
            return
        found = np.flatnonzero(~self.blank[begin:end]) + begin
        if self.doubtful:
            for line in found.tolist():
                self._add_one_untimed(line, line, [])
        elif len(found):
            self.entries.add_many(found, found, UNTIMED)
            self.after_timed = False

    def _add_one_untimed(self, first: int, last: int, notes: list[str]) -> None:
        if self.doubtful:
            notes.append(AMBIGUOUS_BOUNDARY)
        self.entries.add(first, first, last, UNTIMED, sorted(notes))
        self.after_timed = False
