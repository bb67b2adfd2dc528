"""Sample models, rendered pages and a browser, for all tests of the reports."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from reports.render import render

SAMPLE_MODEL = Path(__file__).with_name("sample_model.py")


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    """The module of sample models."""
    spec = importlib.util.spec_from_file_location("sample_model", SAMPLE_MODEL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["sample_model"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def page_of(samples: ModuleType) -> Callable[[str], str]:
    """Render a sample by name, once a session."""
    return cache(lambda name: render(samples.MODELS[name]()).decode("utf-8"))


@pytest.fixture(scope="session")
def files(page_of: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Write a sample to disk and give its file URL."""
    folder = tmp_path_factory.mktemp("reports")

    @cache
    def url_of(name: str) -> str:
        path = folder / f"{name}.html"
        path.write_bytes(page_of(name).encode())
        return path.as_uri()

    return url_of
