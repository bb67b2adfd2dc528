"""The model, where it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.likeness import model as models


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The folder of the model's files; tests that need it are skipped by name where it is absent."""
    folder = models.installed()
    if folder is None:
        pytest.skip("the model of the extra `semantic` is not installed")
    return folder


@pytest.fixture(scope="session")
def model(model_folder: Path) -> models.Model:
    return models.Model(model_folder)
