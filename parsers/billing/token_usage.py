"""Token counts of usage reports as rows of `usage_metric`: one row a count, the bucket of time as its window."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from parsers.billing.lines import ZONE_NOT_PRINTED
from parsers.billing.objects import BillLine, flattened
from parsers.billing.pages import epoch_or_iso
from parsers.csvcells import Cells, Faults, amounts, json_of, notes_of, present, times
from parsers.csvsheet import Converted
from parsers.csvtext import Flags
from parsers.money import LOSSY
from parsers.schema import COIN
from parsers.times import SECOND

BEGIN, END, UNIT, VALUE, KEY = "bucket_begin", "bucket_end", "token_kind", "token_count", "api_key_id"


def token_lines(lines: Iterable[BillLine], begin: str, end: str) -> list[BillLine]:
    """Return one line for each count of tokens in some results; `begin` and `end` name the bucket's times."""
    found: list[BillLine] = []
    for line in lines:
        flat = flattened(line)
        counts = [name for name in flat if name.endswith("_tokens")]
        rest: dict[str, Any] = {name: text for name, text in flat.items() if name not in {begin, end, *counts}}
        bucket = {BEGIN: flat.get(begin), END: flat.get(end)}
        found += [{**bucket, UNIT: name, VALUE: flat[name], **rest} for name in counts]
    return found


def converted(names: tuple[str, ...], columns: list[pa.StringArray], undecodable: Flags) -> Converted:
    """Return the columns of `usage_metric`; a line without a whole bucket or a number is turned down."""
    cells, faults = Cells(names, columns, undecodable), Faults()
    first, last = (times(cells.text(name), epoch_or_iso) for name in (BEGIN, END))
    faults.add(~present(first.us) | ~present(last.us), "no beginning or no end of its bucket")
    found = amounts(cells.text(VALUE), COIN)
    faults.add(found.wrong, "a count of tokens that is no number")
    rest = [(name, cells.at(at)) for at, name in enumerate(names) if name not in {BEGIN, END, UNIT, VALUE, KEY}]
    unzoned = (present(first.us) & ~first.zoned) | (present(last.us) & ~last.zoned)
    made: dict[str, pa.Array | str | int] = {
        "ts": first.us,
        "ts_end": last.us,
        "ts_precision_us": first.precision_us,
        "metric": "tokens",
        "value": found.values,
        "value_raw": found.raw,
        "unit": cells.text(UNIT),
        "window_s": pc.divide(pc.subtract(last.us, first.us), SECOND),
        "resource_id": cells.text(KEY),
        "notes": notes_of({LOSSY: np.asarray(found.lossy), ZONE_NOT_PRINTED: unzoned}, len(cells)),
        "extra": pa.array(json_of(rest, len(cells))),
    }
    return Converted(made, faults)
