r"""XMRig's log, from its log file or from a captured terminal.

Source of the format: xmrig/xmrig src/base/io/log/Log.cpp (`[YYYY-MM-DD HH:MM:SS.mmm]`, local time without zone; colours
where a terminal was captured), src/net/Network.cpp (accepted, rejected, new job), src/base/net/stratum (use pool),
src/core/Miner.cpp (speed), src/Summary.cpp (banner lines ` * ABOUT ...`).

One record is one line. accepted/rejected give a `mining_share` of count 1, speed one `usage_metric` for each window,
pools and all other messages an `artefact`, and where a pool's name and address stand together a `name_lookup`. The
counters N/M restart with the miner. A number with a suffix (120K) was rounded by the miner and is noted so.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.contract import Format, Grade, Item, Parsed, Record, Reject, Row, Structure
from parsers.mining.xmrig_lines import Made, is_shaped, is_telling, is_whole, plain, read_line
from parsers.source import Line, Source
from parsers.text import UNDECODABLE

FORMAT = Format(
    name="xmrig_log",
    title="XMRig log",
    tables=("mining_share", "usage_metric", "artefact", "name_lookup"),
    signature=True,
    carried=("pool",),
)

_RECOGNISED_LINES = 200
_POOL_IN_USE = frozenset({"use pool", "new job"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """STRONG where a log begins as XMRig's and says so in its messages, PROBABLE where other lines come first."""
    lines = [plain(line)[0] for line in head.split(b"\n")[:_RECOGNISED_LINES] if _holds_text(line)]
    if not any(is_telling(line) for line in lines):
        return Grade.NONE
    shaped = [is_shaped(line) for line in lines]
    if sum(shaped) * 2 < len(lines):
        return Grade.NONE
    return Grade.STRONG if shaped[0] else Grade.PROBABLE


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of every line in file order; `pool` on a share is the pool named last before it."""
    reader = _Reader()
    number = 0
    for line in source.lines():
        if line.data is not None and not _holds_text(line.data):
            yield Structure(line.offset, line.length + line.newline)
            continue
        number += 1
        yield from reader.items(line, number)


class _Reader:
    """One pass: remembers the pool."""

    def __init__(self) -> None:
        self._pool: str | None = None

    def items(self, line: Line, number: int) -> Iterator[Item]:
        """Account for one line and yield its rows."""
        record = Record(number, line.offset, line.length, line.number, line.newline)
        if line.data is None:
            yield Reject(record, f"a line of {line.length} bytes")
            return
        text, whole = plain(line.data)
        found = read_line(text)
        if found is None:
            yield Reject(record, "not a line that XMRig writes")
            return
        if not line.newline and found.counts and not is_whole(text):
            yield Reject(record, "a last line without end, whose numbers may be cut")
            return
        yield Parsed(record)
        when = dict(found.when.columns()) if found.when else {}
        for part, (table, values) in enumerate(map(self._with_pool, found.rows)):
            notes = [*values.get("notes", ()), *(() if whole else (UNDECODABLE,))]
            yield Row(table, record, when | values | {"notes": notes or None}, part)

    def _with_pool(self, made: Made) -> Made:
        table, row = made
        if table == "mining_share":
            return table, row | {"pool": self._pool}
        if row.get("name") in _POOL_IN_USE:
            self._pool = row["value"]
        return table, row


def _holds_text(line: bytes) -> bool:
    return any(byte not in b" \t\r" for byte in line)
