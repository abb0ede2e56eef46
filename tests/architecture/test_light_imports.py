"""What counting production imports, seen in a process that has counted; rooms that import their names when used."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from credit_risk._core.lazy import imported_when_used
from tests.architecture.sources import REPOSITORY

HEAVY = {
    "scipy.stats",
    "scipy.optimize",
    "sklearn",
    "statsmodels",
    "matplotlib",
    "pydantic",
    "xgboost",
    "shap",
    "optbinning",
    "numba",
}
"""Each takes some ten megabytes or more: a tenth of what a run over ten million rows may take in all."""
NOT_COUNTING = (
    "credit_risk.evaluation.stability",
    "credit_risk.sampling.intake",
    "credit_risk.serving.run",
    "credit_risk.plan",
)

COUNT = """
import json, sys
from datetime import datetime, timezone
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq
from credit_risk.monitoring.reference import read_reference
from credit_risk.monitoring.source import open_production, same_names
from credit_risk.package import read_package
package = read_package(Path("scorecards/format/corpus/valid/scorecard"))
mapping = same_names(package, "key", "at")
table = {"key": ["a", "b"], "at": pa.array([datetime(2026, 1, 5, tzinfo=timezone.utc)] * 2)}
for one in package.model["inputs"]:
    table[one["name"]] = pa.array([None, None], pa.string() if one["type"] == "string" else pa.float64())
pq.write_table(pa.table(table), sys.argv[1])
with open_production(sys.argv[1], mapping, package, reference=read_reference(package)) as production:
    counts = production.counts()
    production.moments()
print(json.dumps({"rows": int(counts["rows"].sum()), "modules": sorted(sys.modules)}))
"""


def test_counting_imports_no_library_that_it_does_not_need(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COUNT, str(tmp_path / "rows.parquet")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["rows"] > 0
    assert {"duckdb", "credit_risk.monitoring.source.counting"} <= set(told["modules"])
    assert HEAVY & set(told["modules"]) == set()
    assert [name for name in told["modules"] if name.startswith(NOT_COUNTING)] == []


LIST = """
import json, sys
from credit_risk.cli import main
place = sys.argv[1]
main(["inventory", "create", "--inventory", place])
main(["inventory", "list", "--inventory", place])
print(json.dumps(sorted(sys.modules)))
"""


def test_a_list_of_the_inventory_imports_nothing_that_fits_or_scores(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIST, str(tmp_path / "inventory.db")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    modules = set(json.loads(done.stdout.splitlines()[-1]))
    assert {"sqlalchemy", "credit_risk.inventory.view.overview"} <= modules
    assert {"numpy", "pandas", "pyarrow", "scipy", "sklearn", "credit_risk.package.reader"} & modules == set()


@pytest.mark.parametrize(
    "room", ["credit_risk.evaluation", "credit_risk.package", "credit_risk.sampling", "credit_risk.serving"]
)
def test_names_imported_when_used_are_those_that_types_are_checked_with(room: str) -> None:
    """`__all__`, the imports below TYPE_CHECKING and the modules that are imported from say the same."""
    module = importlib.import_module(room)
    assert module.__file__ is not None
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    (checked,) = [one for one in tree.body if isinstance(one, ast.If)]
    imports = {alias.name: one.module for one in checked.body if isinstance(one, ast.ImportFrom) for alias in one.names}
    assert sorted(imports) == sorted(module.__all__)
    for name, home in imports.items():
        assert home is not None
        assert getattr(module, name) is getattr(importlib.import_module(home), name)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = module.nothing


def test_a_name_that_is_that_of_a_module_is_refused() -> None:
    """Else the import of the module would take the place of the function."""
    with pytest.raises(ValueError, match="names of modules of room: association"):
        imported_when_used("room", {"association": ["association"]})
