"""What the investigator said of records: excluded ones are told here and nowhere else."""

from __future__ import annotations

from typing import Any

from forensics.document.cite import Citations, summary_of
from forensics.engine import Engine


def annotations_of(engine: Engine, citations: Citations) -> list[dict[str, Any]]:
    """Every annotation with its place, in the order in which they were made; texts masked and on one line."""
    rows = engine.rows(
        "select annotation.*, delivery.intake, delivery.path from annotation"
        " join delivery on delivery.source_id = annotation.source_id order by annotation.seq"
    )
    return [
        {
            "ref": citations.ref(row["source_id"], row["record"], row["part"]),
            "intake": row["intake"],
            "path": row["path"],
            "sha256": row["source_id"],
            "record": row["record"],
            "part": row["part"],
            "kind": row["kind"],
            "zone": row["zone"],
            "text": summary_of(row["text"] or ""),
        }
        for row in rows
    ]
