"""Evidence of scorecard options and baselines that was changed, its hashes made right again, is found by the validator.

The package is one that the developer made; every column that the validator can recompute is changed by itself.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.credit_risk.cli.command import PLAN, done
from tests.credit_risk.lifecycle.test_scorecard_options import suppressed
from validation import read_package, validate

MODELS = (
    "models:\n"
    "  - {id: card, type: scorecard, champion: true, coefficients: negative}\n"
    "  - {id: free, type: scorecard, interval: profile}\n"
    "selection: {method: all, max_correlation: 1.0, max_variance_inflation: 100, sign_check: false}\n"
)
CONSTRAINTS, BOUNDS = "scorecard.constraints.card", "scorecard.bounds.card"
BASELINES, DIFFERENCES = "performance.baselines", "performance.baseline_differences"
# evidence, column, row, change, and the quantity that the finding names
CASES: list[tuple[str, str, int, Any, str]] = [
    (CONSTRAINTS, "binds", 0, lambda v: not v, "bounds that hold"),
    (CONSTRAINTS, "coefficient", 0, lambda v: v * 1.001, "coefficient"),
    (CONSTRAINTS, "derivative", 1, lambda v: v * 1.01 + 0.01, "derivative"),
    (CONSTRAINTS, "characteristic", 0, lambda v: "other", "characteristics"),
    *((BOUNDS, c, 1, lambda v: v + 0.01, c) for c in ("neutral_points", "least", "greatest")),
    *((BOUNDS, c, -1, lambda v: v + 1.0, c) for c in ("least_occurring", "greatest_occurring", "neutral_points")),
    (BOUNDS, "item", 1, lambda v: "other", "items"),
    (BASELINES, "rows", 0, lambda v: v + 1, "rows"),
    (BASELINES, "bad", 0, lambda v: v - 1, "bad"),
    (BASELINES, "gini", 1, lambda v: v + 0.001, "gini"),
    (BASELINES, "auc", 0, lambda v: v - 0.001, "gini"),
    (DIFFERENCES, "auc_difference", 0, lambda v: v + 0.001, "auc_difference"),
    (DIFFERENCES, "baseline", 0, lambda v: "another", "baselines and samples"),
    (DIFFERENCES, "sample", 0, lambda v: "another", "baselines and samples"),
    ("scorecard.coefficients.free", "lower", 1, lambda v: v * 1.001, "lower"),
    ("scorecard.coefficients.free", "upper", 2, lambda v: v * 0.999, "upper"),
]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = done(tmp_path_factory.mktemp("options"), PLAN + MODELS, suppressed(900), "--no-validation")
    for annex in ("exports", "documents", "validation"):  # they name the hash of the package, which changes with it
        shutil.rmtree(package / annex, ignore_errors=True)
    return package


def serious(package: Path) -> dict[str, str]:
    """Severity of the findings of comparisons, by test."""
    found = validate(read_package(package)).findings["findings"]
    kept = (one for one in found if not one["test"].startswith("battery"))
    return {one["test"]: one["severity"] for one in kept if one["severity"] != "observation"}


def changed(package: Path, name: str, column: str, row: int, change: Any) -> None:
    """Change one cell of a table of evidence, and make size and hash in the manifest right again."""
    path = package / "evidence" / f"{name}.json"
    item = json.loads(path.read_text("utf-8"))
    place = [c["name"] for c in item["columns"]].index(column)
    before = item["rows"][row][place]
    item["rows"][row][place] = change(before)
    assert item["rows"][row][place] != before
    data = (json.dumps(item, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()
    path.write_bytes(data)
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    entry = manifest["files"][f"evidence/{name}.json"]
    entry["bytes"], entry["sha256"] = len(data), hashlib.sha256(data).hexdigest()
    (package / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=2) + "\n")


def test_the_package_as_made_has_no_finding(good: Path) -> None:
    assert serious(good) == {}
    bounds = json.loads((good / "evidence" / f"{CONSTRAINTS}.json").read_text("utf-8"))
    held = pd.DataFrame(bounds["rows"], columns=[c["name"] for c in bounds["columns"]])
    assert held["binds"].tolist() == [False, True, False]


@pytest.mark.parametrize(("name", "column", "row", "change", "quantity"), CASES)
def test_a_change_is_found(
    good: Path, tmp_path: Path, name: str, column: str, row: int, change: Any, quantity: str
) -> None:
    package = Path(shutil.copytree(good, tmp_path / "package"))
    changed(package, name, column, row, change)
    assert f"{name}: {quantity}" in serious(package)
