"""Real and hostile evidence as whole cases: silent where nothing happened, balanced, inert."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from forensics.analysis import analyze
from forensics.case import Case
from forensics.document import lint
from forensics.intake import ingest
from forensics.reporting import write_report

pytestmark = [pytest.mark.shared, pytest.mark.slow]


def whole(folder: Path, *evidence: Path) -> tuple[Path, dict[str, Any]]:
    case = folder / "case"
    ingest(Case.create(case), list(evidence))
    return case, analyze(Case.open(case))


def assert_sound(document: dict[str, Any], shared: Path) -> None:
    schema = json.loads((shared / "contract/incident.schema.json").read_bytes())
    jsonschema.Draft202012Validator(schema).validate(document)
    assert lint(document) == []


MADE_UP_MINING = "atuin"  # its three rows were made to show an agent that mines


@pytest.mark.parametrize("folder", ["transcripts", "host_execution"])
def test_real_records_without_mining_are_no_incident(folder: str, shared: Path, tmp_path: Path) -> None:
    _, document = whole(
        tmp_path, *(p for p in sorted((shared / "data" / folder).iterdir()) if p.name != MADE_UP_MINING)
    )
    assert document["verdict"]["state"] == "no_incident"
    assert document["incidents"] == []
    assert_sound(document, shared)


def test_real_bills_and_cloud_logs_are_no_incident(shared: Path, tmp_path: Path) -> None:
    """Machines launched and refused, keys made and costs: none of it is mining."""
    folder = shared / "data/billing_and_assets"
    names = ("cloudtrail", "cloudtrail_stratus", "cloudtrail_quota", "koku", "azure_cost", "focus", "oci_cost")
    _, document = whole(tmp_path, *(folder / name for name in names))
    assert document["verdict"]["state"] == "no_incident"
    assert document["incidents"] == []
    assert_sound(document, shared)


def test_a_shells_own_record_that_an_agent_typed_it_names_the_agent(shared: Path, tmp_path: Path) -> None:
    _, document = whole(tmp_path, shared / "data/host_execution" / MADE_UP_MINING)
    assert document["verdict"]["incident"] is True
    (incident,) = document["incidents"]
    assert incident["attribution"][0]["hypothesis"] == "agent"
    assert incident["strength"] == "C2"
    assert incident["intent_origin"] == "unknown"
    assert not any("tool call" in reason for reason in document["verdict"]["why"])
    assert_sound(document, shared)


def test_real_captures_of_mining_name_nobody(shared: Path, tmp_path: Path) -> None:
    """Mining is seen on the wire; without a transcript nobody is accused."""
    _, document = whole(tmp_path, shared / "data/netflow/pcap_mining")
    assert document["verdict"]["mining"] is True
    assert document["verdict"]["incident"] is False
    assert all(incident["attribution"][0]["hypothesis"] == "unknown" for incident in document["incidents"])
    assert_sound(document, shared)


def test_hostile_evidence_is_sealed_counted_and_harmless(shared: Path, tmp_path: Path) -> None:
    case, document = whole(tmp_path, shared / "data/hostile")
    assert document["incidents"] == []
    assert_sound(document, shared)
    page = write_report(Case.open(case)).read_text(encoding="utf-8")
    assert "Content-Security-Policy" in page
    assert "<script>alert" not in page
    assert sorted(item.name for item in tmp_path.iterdir()) == ["case"]


def test_the_report_of_hostile_evidence_stays_inert(shared: Path, tmp_path: Path, browser: Any) -> None:
    """Names and texts of the corpus in a page that opens from disk: no request, no dialog, no console error."""
    case, _ = whole(tmp_path, shared / "data/hostile")
    url = write_report(Case.open(case)).as_uri()
    heard: list[str] = []
    page = browser.new_page()
    page.on(
        "request",
        lambda asked: heard.append(asked.url) if asked.url != url and not asked.url.startswith("data:") else None,
    )
    page.on("dialog", lambda dialog: (heard.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("console", lambda message: heard.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto(url)
    for details in page.query_selector_all("details"):
        details.evaluate("node => { node.open = true }")
    page.wait_for_timeout(500)
    page.close()
    assert [told for told in heard if told != url and not told.startswith("data:image/png")] == []
