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
MEMORY = "spark.driver.memory"
HEAP_A_BYTE = 1000
"""Bytes of the driver's heap for each byte of a statement with reasons of trees, which Spark takes to plan it."""


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


def memory_remedy(session: Any, statement: str) -> str | None:
    """What to do where the running driver has too little memory to plan a statement, else None.

    The memory of a driver is settled as its Java machine starts, and a machine that runs out of it takes the session
    with it. A session of Spark Connect tells no memory, and is taken to have enough.
    """
    machine = getattr(session, "_jvm", None)
    if machine is None:
        return None
    found = int(machine.java.lang.Runtime.getRuntime().maxMemory())
    needed = HEAP_A_BYTE * len(statement.encode())
    if needed <= found:
        return None
    wanted = -(-needed // 2**30)
    return (
        f"the driver of Spark has {found / 2**20:,.0f} MB of memory, and a statement of {len(statement.encode()):,} "
        f"bytes takes about {needed / 2**20:,.0f} MB to plan: end the session and begin it with {MEMORY}={wanted}g "
        f"(PYSPARK_SUBMIT_ARGS='--driver-memory {wanted}g pyspark-shell', or in spark-defaults.conf)"
    )
