"""Notebooks are committed without outputs and run from top to bottom on any case."""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient

from forensics.case import Case
from forensics.intake import Options, ingest

FOLDER = Path(__file__).parent.parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"


PICTURES = {"money": 2, "network": 1, "transcripts": 1, "triage": 2}
SHOWN = {  # what the demo's incident must show in each
    "money": ("15.6672", "0.01245", "gpu-rental order o-5512"),
    "network": ("203.0.113.40", "198.51.100.23", "spread"),
    "transcripts": ("Fine-tune the ranking model", "insufficient_quota", "own"),
    "triage": ("almost certain", "pool.supportxmr.com", "0.021480"),
}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def name(request: pytest.FixtureRequest) -> str:
    stem: str = request.param.stem
    return stem


@pytest.fixture
def notebook(name: str) -> Any:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def run(notebook: Any, case: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Run in a kernel that never imports from its working folder and talks through files, not ports."""
    monkeypatch.setenv("FORENSICS_CASE", str(case))
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    with tempfile.TemporaryDirectory(prefix="kernel-") as sockets:  # their paths must be short
        manager = AsyncKernelManager(kernel_name="python3", transport="ipc", connection_file=f"{sockets}/k.json")
        NotebookClient(notebook, km=manager, timeout=180, resources={"metadata": {"path": str(folder)}}).execute()
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def shown(outputs: list[dict[str, Any]]) -> str:
    """All text that the notebook displays, whatever the form."""
    return json.dumps([{key: value for key, value in output.items() if key != "metadata"} for output in outputs])


def pictures(outputs: list[dict[str, Any]]) -> list[bytes]:
    found = [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    return [base64.b64decode(picture) for picture in found]


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == sorted(PICTURES)


def test_outputs_are_stripped(notebook: Any) -> None:
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


def test_it_runs_on_an_incident(notebook: Any, name: str, small_demo: Path, tmp_path: Path, monkeypatch) -> None:
    outputs = run(notebook, small_demo / "case", tmp_path, monkeypatch)
    text = shown(outputs)
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert [word for word in SHOWN[name] if word not in text] == []
    assert [picture[:4] for picture in pictures(outputs)] == [b"\x89PNG"] * PICTURES[name]


def test_it_runs_where_nothing_happened(
    notebook: Any, name: str, small_demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = run(notebook, small_demo / "twin/case", tmp_path, monkeypatch)
    assert "no_incident" in shown(outputs)
    assert len(pictures(outputs)) == PICTURES[name]


def test_modules_beside_it_and_secrets_in_evidence_stay_unused(
    notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forensics.analysis import analyze

    (tmp_path / "evidence").mkdir()
    (tmp_path / f"evidence/{KEY}.bash_history").write_bytes(f"#1772500000\nexport K={KEY}\n".encode())
    case = Case.create(tmp_path / "case")
    ingest(case, [tmp_path / "evidence"], Options(workers=1))
    analyze(Case.open(tmp_path / "case"))
    (tmp_path / "pandas.py").write_text("raise SystemExit('imported from the working folder')\n")
    assert KEY not in shown(run(notebook, tmp_path / "case", tmp_path, monkeypatch))
