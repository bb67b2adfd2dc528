"""Clock offsets between sources, by vote.

question: how far does one source's clock stand from another's, judged by events that both saw?
grain:    one row per pair (source, reference) whose vote is clear; references print their zone
columns:  source_id, kind (of the source's times), reference_id, offset_us (recorded minus reference, microseconds),
          spread_us (median absolute deviation of the inliers), inliers, rivals (votes of the second best offset),
          family (what was compared)
as:       table
order:    source_id, kind, family, reference_id
not for:  correcting a clock whose vote was not clear: such pairs have no row

Every pair of equal keys votes for its time difference with a weight that falls with the key's frequency; the best
2 s bin wins if it has at least twice the weight of the best bin elsewhere. The offset is the median of the votes near
the winning bin (Theil-Sen with slope zero: drift over the span of one incident is below the spread reported).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

BIN_US = 2_000_000
NEAR_US = 3_000_000
MIN_INLIERS = 3
MAX_PER_KEY = 500
CLEAR = 2.0

_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("kind", pa.string()),
        ("reference_id", pa.string()),
        ("offset_us", pa.int64()),
        ("spread_us", pa.int64()),
        ("inliers", pa.int64()),
        ("rivals", pa.int64()),
        ("family", pa.string()),
    ]
)

Series = dict[str, list[int]]


def relation(clock_mark: pa.Table) -> pa.Table:
    """Compare every source with every zoned source of the same family."""
    series: dict[tuple[str, str, str], Series] = {}
    marks = clock_mark.sort_by([(name, "ascending") for name in ("family", "source_id", "kind", "key", "raw_us")])
    for mark in marks.to_pylist():
        by_key = series.setdefault((mark["family"], mark["source_id"], mark["kind"]), {})
        times = by_key.setdefault(mark["key"], [])
        if len(times) < MAX_PER_KEY:
            times.append(mark["raw_us"])
    rows = []
    for (family, source_id, kind), own in series.items():
        for (other_family, reference_id, reference_kind), other in series.items():
            if other_family != family or reference_kind != "utc" or reference_id == source_id:
                continue
            fitted = fit(own, other)
            if fitted:
                rows.append(
                    {"source_id": source_id, "kind": kind, "reference_id": reference_id, "family": family, **fitted}
                )
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def fit(own: Series, other: Series) -> dict[str, int] | None:
    """Return offset, spread, inliers and rivals of `own` against `other`, None where the vote is not clear."""
    differences: list[np.ndarray] = []
    weights: list[np.ndarray] = []
    for key in own.keys() & other.keys():
        pair = np.subtract.outer(np.array(own[key], np.int64), np.array(other[key], np.int64)).ravel()
        differences.append(pair)
        weights.append(np.full(len(pair), 1.0 / len(pair) ** 0.5))
    if not differences:
        return None
    votes = np.concatenate(differences)
    weight = np.concatenate(weights)
    order = np.argsort(votes, kind="stable")
    votes, weight = votes[order], weight[order]
    bins = votes // BIN_US
    numbers, first = np.unique(bins, return_index=True)
    sums = np.add.reduceat(weight, first)
    best = int(np.argmax(sums))
    centre = int(np.median(votes[bins == numbers[best]]))
    near = np.abs(votes - centre) <= NEAR_US
    inliers = int(near.sum())
    far = sums[np.abs(numbers - numbers[best]) > 2]
    if inliers < MIN_INLIERS or (len(far) and sums[best] < CLEAR * far.max()):
        return None
    offset = int(np.median(votes[near]))
    return {
        "offset_us": offset,
        "spread_us": int(np.median(np.abs(votes[near] - offset))),
        "inliers": inliers,
        "rivals": round(float(far.max())) if len(far) else 0,
    }
