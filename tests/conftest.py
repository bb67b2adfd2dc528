"""What all tests share: where the reference evidence lies, if it does."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent

# before anything loads numpy: two test processes that each multiply on all cores wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# properties are checked on the same examples everywhere, and never against a clock
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


# what is costly to make and only read: its tests run in one process, so that it is made once (`--dist loadgroup`)
COSTLY = ("small_demo",)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests that share something costly."""
    for item in items:
        shares = [name for name in COSTLY if name in getattr(item, "fixturenames", ())]
        if shares and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(shares[0]))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference evidence; tests that need it are skipped by name where it is absent."""
    folder = Path(os.environ.get("FORENSICS_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("reference evidence is not beside this checkout (set FORENSICS_SHARED)")
    return folder


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The folder of fixtures made by this project."""
    return Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo with little background, run to its report; only to be read: `case/`, `evidence/`, both in `twin/`."""
    from forensics.demo.perform import perform

    folder = tmp_path_factory.mktemp("demo") / "run"
    perform(folder, flows=1_000)
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; tests that need it are skipped by name where there is none."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """A headless browser."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One small Spark session; tests of the group `spark` share it (`loadgroup` keeps them in one process)."""
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("no Spark or no Java on this machine")
    from forensics.spark import session

    started = session.start(tmp_path_factory.mktemp("spark"), "local[2]", **_SMALL)
    yield started
    started.stop()


# thousands of small questions: no time for compiling each, one task where one is enough
_SMALL = {
    "spark.driver.defaultJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.leafNodeDefaultParallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
