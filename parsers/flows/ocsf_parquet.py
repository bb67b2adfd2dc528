"""Events in the Open Cybersecurity Schema Framework as Parquet, as Amazon Security Lake keeps them.

Source of the format: docs.aws.amazon.com/security-lake, OCSF in Security Lake; schema.ocsf.io. Columns are members of
an event, structures its objects; what an event does not have is null. One record is one row of the file; what it means
is as in `parsers.flows.ocsf_json`. Files of other classes, as of calls to cloud APIs, are not this format's.
"""

from __future__ import annotations

from collections.abc import Iterator

from parsers.contract import Format, Grade, Item
from parsers.flows import ocsf_json
from parsers.flows.ocsf_json import rows_of
from parsers.parquet import read_records, schema_of
from parsers.source import Source

FORMAT = Format(
    name="ocsf_parquet",
    title="OCSF network activity and detections (Parquet)",
    tables=ocsf_json.FORMAT.tables,
    signature=True,
    line_based=False,
)

_EVENT = frozenset({"class_uid", "category_uid", "metadata"})
_OF_NETWORKS = frozenset({"connection_info", "traffic", "dst_endpoint", "query", "http_request", "finding_info"})


def recognise(head: bytes, name: str) -> Grade:  # noqa: ARG001
    """Grade a head by the names of its columns: those of an event, of a network class or detection, and no API's."""
    schema = schema_of(head)
    names = set(schema.names) if schema else set()
    fits = names >= _EVENT and not names.isdisjoint(_OF_NETWORKS) and "api" not in names
    return Grade.STRONG if fits else Grade.NONE


def read(source: Source) -> Iterator[Item]:
    """Yield the rows of every event in the order of the file."""
    return read_records(source, rows_of)
