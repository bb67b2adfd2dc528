"""One Spark session: on this machine unless told otherwise, quiet, and with nothing of its own left behind."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from forensics.errors import UsageFault

LOCAL = "local[*]"
DRIVER_MEMORY = "2g"


@contextmanager
def session(scratch: Path, master: str = LOCAL) -> Iterator[Any]:
    """A session that ends with the block; one that already runs in this process is joined and left running.

    Raises `UsageFault` where PySpark or Java is missing.
    """
    check()
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is not None:
        yield running
        return
    started = start(scratch, master)
    try:
        yield started
    finally:
        started.stop()


def start(scratch: Path, master: str = LOCAL, **settings: str) -> Any:
    """Start a session with its files in `scratch`; the caller stops it."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("forensics")
    for key, value in (_SETTINGS | _places(scratch, master) | settings).items():
        builder = builder.config(key, value)
    # messages quote SQL and values, which are evidence; faults are told by whoever asked
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)  # none is used
    return builder.getOrCreate()


_SETTINGS = {
    "spark.log.level": "OFF",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": DRIVER_MEMORY,
    "spark.executorEnv.PYTHONSAFEPATH": "1",  # nothing is imported from the working folder, where evidence may lie
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
    "spark.hadoop.parquet.page.verify-checksum.enabled": "true",
}


# without an appender Spark takes it for no configuration
_QUIET = """appender.none.type = Null
appender.none.name = none
rootLogger.level = off
rootLogger.appenderRef.none.ref = none
"""


def _places(scratch: Path, master: str) -> dict[str, str]:
    quiet = scratch / "log4j2.properties"
    quiet.write_text(_QUIET, encoding="ascii")
    places = {
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.driver.extraJavaOptions": f'"-Dlog4j2.configurationFile={quiet}"',
    }
    if master.startswith("local"):
        cores = os.cpu_count() or 1
        places |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        places |= {"spark.sql.shuffle.partitions": str(cores)}
    return places


def check() -> None:
    """Raise `UsageFault` where PySpark or Java is missing."""
    if importlib.util.find_spec("pyspark") is None:
        raise UsageFault("Spark is not installed", hint="install the extra `spark`")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise UsageFault(
            "Spark needs a Java 17 runtime and there is none", hint="install one (openjdk-17-jre-headless)"
        )
