"""Spark on this machine or a cluster: one way to begin a session."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from credit_risk._core.errors import Fault, IntakeError
from credit_risk._core.extras import optional_import

QUIET = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
LACKS = "ModuleNotFoundError"


def begin_session(name: str, *, master: str | None = None, settings: Mapping[str, str] | None = None) -> Any:
    """A session of Spark whose workers run this Python, unless `PYSPARK_PYTHON` says another.

    A context of Spark notes once, as it begins, which Python its workers run, and takes by itself the `python3`
    of the PATH, which need not be the environment of the process.

    Raises IntakeError where Spark does not start.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = optional_import("pyspark.sql", "spark").SparkSession.builder.appName(name)
    if master is not None:
        builder = builder.master(master)
    for setting, value in {**QUIET, **(settings or {})}.items():
        builder = builder.config(setting, value)
    try:
        return builder.getOrCreate()
    except Exception as error:
        found = " ".join(str(error).split())[:300]
        remedy = "Spark needs Java 17 or later (JAVA_HOME), and a master that can be reached (`master`)"
        raise IntakeError(Fault("Spark does not start", "spark", found=found, remedy=remedy)) from error


def worker_remedy(error: BaseException) -> str | None:
    """What to do where a worker of Spark runs a Python without this package or what it needs, else None."""
    if LACKS not in str(error):
        return None
    return (
        f"begin the session with PYSPARK_PYTHON={sys.executable}, or install credit_risk for the Python of the workers"
    )
