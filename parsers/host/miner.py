"""Lines of a miner in somebody else's log: a service's journal, syslog, the output of a container.

Source of the format: see `parsers.mining.xmrig_lines`. Only lines that nothing but XMRig writes are read: what else a
program prints says nothing about mining.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parsers.host.said import Said
from parsers.jsontext import decode
from parsers.mining.xmrig_lines import is_telling, plain, read_line


def of_miner(text: str, when: Mapping[str, Any]) -> list[Said]:
    """Return what a line tells, nothing where it is not a miner's.

    `when` are the time columns of the log: where these name no day, the time that the miner printed (its host's,
    without zone) takes their place; elsewhere it stands in `extra`.
    """
    bare, _ = plain(text.encode())
    line = read_line(bare) if is_telling(bare) else None
    if line is None:
        return []
    dated = when.get("ts") is not None or when.get("ts_local") is not None
    own = dict(line.when.columns()) if line.when and not dated else {}
    if own:
        own["time_of_day_us"] = None
    printed = bare[1 : bare.index("]")] if line.when and dated else None
    found = []
    for table, row in line.rows:
        values = {key: value for key, value in row.items() if key not in {"notes", "extra"}} | own
        extra = decode(row["extra"].encode()).value if row.get("extra") else {}
        found.append(Said(table, values, {**extra, "miner_time": printed}, tuple(row.get("notes") or ())))
    return found
