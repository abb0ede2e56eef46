"""Run `credit-risk` in this process or in another one, on small tables made here."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.cli import main

REPOSITORY = Path(__file__).resolve().parents[3]
PLAN = "model: {id: m}\ndata: {source: table.csv}\noutcome: {column: BAD, bad: 1}\n"
QUICK = "models: [{id: scorecard, type: scorecard, champion: true}]\n"


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it printed."""

    status: int
    out: str
    err: str


def credit_risk(*arguments: object) -> Ended:
    """The command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as error:
            status = int(error.code or 0)
    return Ended(status, out.getvalue(), err.getvalue())


def started(*arguments: object, environment: dict[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    path = {"PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "credit_risk", *map(str, arguments)]
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(command, text=True, env={**os.environ, **path, **(environment or {})}, **given)


def finished(process: subprocess.Popen[str]) -> Ended:
    """Wait for a started command."""
    out, err = process.communicate(timeout=120)
    return Ended(process.returncode, out or "", err or "")


def portfolio(rows: int = 600, seed: int = 3) -> pd.DataFrame:
    """Applications with two numbers and a category that matter, one that does not, and the outcome BAD (0 or 1)."""
    rng = np.random.default_rng(seed)
    income, age = rng.lognormal(8, 0.5, rows).round(2), rng.integers(18, 75, rows)
    housing = rng.choice(["own", "rent", "other"], rows, p=[0.5, 0.35, 0.15])
    noise = rng.normal(size=rows).round(3)
    risk = -0.9 - 1.1 * (np.log(income) - 8) - 0.03 * (age - 45) + 0.9 * (housing == "rent")
    bad = (rng.random(rows) < 1 / (1 + np.exp(-risk))).astype(int)
    columns = {"INCOME": income, "AGE": age, "HOUSING": housing, "NOISE": noise, "BAD": bad}
    return pd.DataFrame(columns)


def write_plan(folder: Path, plan: str = PLAN, table: pd.DataFrame | bytes | None = None) -> Path:
    """plan.yaml in `folder`, with table.csv beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.yaml").write_text(plan, "utf-8")
    if isinstance(table, pd.DataFrame):
        table.to_csv(folder / "table.csv", index=False, lineterminator="\n")
    elif table is not None:
        (folder / "table.csv").write_bytes(table)
    return folder


def run(folder: Path, *options: str) -> Ended:
    """`credit-risk run` of the plan in `folder`, to `folder/out`, without documents."""
    return credit_risk("run", folder, "--out", folder / "out", "--no-documents", *options)


def done(folder: Path, plan: str, table: pd.DataFrame, *options: str) -> Path:
    """The package of a plan that must work."""
    ended = run(write_plan(folder, plan, table), *options)
    assert ended.status == 0, ended.err
    return folder / "out"


def evidence(package: Path, identifier: str) -> dict[str, Any]:
    """One item of evidence."""
    return json.loads((package / "evidence" / f"{identifier}.json").read_text("utf-8"))


def frame(package: Path, identifier: str) -> pd.DataFrame:
    """The rows of a table of evidence."""
    item = evidence(package, identifier)
    return pd.DataFrame(item["rows"], columns=[column["name"] for column in item["columns"]])


def model(package: Path) -> dict[str, Any]:
    """The champion."""
    return json.loads((package / "model.json").read_text("utf-8"))


def findings(package: Path) -> list[dict[str, Any]]:
    """What the validator found."""
    return json.loads((package / "validation" / "findings.json").read_text("utf-8"))["findings"]


def disagreements(package: Path) -> list[str]:
    """Findings above `observation` that come from comparing the validator's numbers with the package's."""
    serious = [one for one in findings(package) if one["severity"] != "observation"]
    return [one["statement"] for one in serious if not one["test"].startswith("battery")]


def differing_cells(package: Path) -> int:
    """Values of the snapshot and its evidence that differ from those that the validator makes of the source rows."""
    steps = frame(package / "validation", "validation.source").set_index("step")
    assert steps.loc["cells of columns", "compared"] > 0
    return int(steps["differing"].sum())
