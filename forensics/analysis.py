"""`analyze`: dissect what is new, run every relation, keep findings, write the incident document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from forensics import cedar, findings, identity
from forensics.canonical import encoded
from forensics.case import Case
from forensics.dissecting import dissect_case
from forensics.document import build_document, lint
from forensics.document.policy import PolicyFile
from forensics.engine import Engine
from forensics.errors import CheckFailed, UsageFault
from forensics.progress import SILENT, Progress
from forensics.sigma.rules import Pack, load
from forensics.spark import session
from forensics.transaction import Transaction
from parsers.formats import all_parsers
from queries.catalogue import Relation, all_relations, in_order
from queries.knowledge import knowledge_hashes

DOCUMENT = "incident.json"
FINDING_ROWS = 131_072
MAX_DOCUMENT_BYTES = 20_000_000


def analyze(
    case: Case, progress: Progress = SILENT, rules: Path | None = None, spark: str | None = None
) -> dict[str, Any]:
    """Rebuild the chain of a case and commit findings and incident document; return the document.

    Sigma rules in the folder `rules` are run too; what they hit is told as alerts and opens no finding. With `spark`,
    the master of a Spark session, the relations run there; what comes out is the same.

    Raises `CheckFailed` if an audit finds a row or the document is not sound: then nothing is committed.
    """
    pack = None if rules is None else load(rules)
    told = {"sigma": pack.sha256} if pack else {}
    if spark is not None:
        session.check()
        told["engine"] = "spark"
    with case.scratch() as scratch, case.writing("analyze", **told) as transaction:
        policy = policy_file(case)
        case.check(list(case.files("tables/")))
        parts: dict[str, list[Path]] = dict(case.tables())
        parts |= dissect_case(parts, transaction, scratch, progress)
        with _engine(parts, scratch, spark) as engine:
            document = run_relations(case, engine, policy, transaction, scratch, progress, pack)
        transaction.put(DOCUMENT, encoded(document) + b"\n")
        transaction.drop("report/")
        transaction.outcome["verdict"] = document["verdict"]["state"]
    return document


@contextmanager
def _engine(parts: Mapping[str, list[Path]], scratch: Path, spark: str | None) -> Iterator[Engine]:
    with ExitStack() as stack:
        if spark is None:
            engine = Engine(parts, scratch)
        else:
            from forensics.spark.engine import SparkEngine

            engine = SparkEngine(stack.enter_context(session.session(scratch, spark)), parts, scratch)
        stack.callback(engine.close)
        yield engine


def policy_file(case: Case) -> PolicyFile:
    """Read and try the case's policy; raises `UsageFault` where it is no Cedar."""
    name = case.policy
    if name is None:
        return PolicyFile("", None, "the case holds no policy")
    if not cedar.installed():
        return PolicyFile(name, None, f"{name} was not judged: the extra `policy` (cedarpy) is not installed")
    try:
        text = (case.root / name).read_bytes().decode("utf-8")
    except UnicodeDecodeError as fault:
        raise UsageFault(str(fault), where=name, hint="correct the file") from fault
    cedar.Policies(text, name)
    return PolicyFile(name, text)


def run_relations(
    case: Case,
    engine: Engine,
    policy: PolicyFile,
    transaction: Transaction,
    scratch: Path,
    progress: Progress,
    pack: Pack | None = None,
) -> dict[str, Any]:
    """Build every relation on `engine`, keep those with an order as findings, and return the checked document."""
    progress.begin("rebuilding", len(in_order(engine.tables)), "relations")

    def note(relation: Relation) -> None:
        progress.advance()
        progress.say(relation.name)

    built = engine.build(note=note)
    _audit(engine, built)
    transaction.drop("findings/")
    for relation in built:
        if relation.order:
            path = scratch / f"{relation.name}.parquet"
            _write_finding(engine, relation, path)
            transaction.put_file(findings.name_of(relation), path)
    document = build_document(engine, _case_header(case), _tool(), list(case.settings.approved), policy, pack)
    faults = lint(document)
    if faults:
        raise CheckFailed(f"the incident document is not sound: {faults[0]}", hint="this is a defect of the tool")
    if len(encoded(document)) > MAX_DOCUMENT_BYTES:
        raise CheckFailed("the incident document outgrew its limit", hint="this is a defect of the tool")
    return document


def _audit(engine: Engine, built: list[Relation]) -> None:
    for relation in built:
        if relation.phase == "audits":
            rows = engine.rows(f'select * from "{relation.name}" limit 1')
            if rows:
                raise CheckFailed(f"audit {relation.name} found {rows[0]}", hint="this is a defect of the tool")


def _write_finding(engine: Engine, relation: Relation, path: Path) -> None:
    order = ", ".join(f'"{column}"' for column in relation.order)
    table: pa.Table = engine.arrow(f'select * from "{relation.name}" order by {order}').combine_chunks()
    pq.write_table(
        table, path, row_group_size=FINDING_ROWS, compression="zstd", compression_level=1, write_page_checksum=True
    )


def _case_header(case: Case) -> dict[str, Any]:
    return {"id": case.settings.id, "title": case.settings.title}


def is_current(document: Mapping[str, Any]) -> bool:
    """Tell whether an incident document was made by the queries and knowledge of this build."""
    tool = _tool()
    return all(document["tool"].get(key) == tool[key] for key in ("queries", "knowledge"))


def _tool() -> dict[str, Any]:
    return {
        "name": identity.DISTRIBUTION,
        "version": identity.version(),
        "parsers": {name: parser.FORMAT.version for name, parser in all_parsers().items()},
        "queries": {name: relation.sha256[:16] for name, relation in sorted(all_relations().items())},
        "knowledge": {name: value[:16] for name, value in knowledge_hashes().items()},
        "parameters": {},
    }
