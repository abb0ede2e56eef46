"""A package with segments, weights and inferred rejects: counts of production and of applicants on three engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk.lifecycle.run import run_plan
from credit_risk.monitoring.reference import Reference, read_reference
from credit_risk.monitoring.source import open_production, same_names
from credit_risk.package import Package, read_package
from credit_risk.scoring import compile_model
from tests.credit_risk.lifecycle.through_the_door import PLAN, applicants, write
from tests.credit_risk.monitoring.source.cases import KEY, TIME, brute, clock, parts, same_counts
from tests.credit_risk.monitoring.source.databases import put

pytestmark = [pytest.mark.java, pytest.mark.filterwarnings("ignore")]
MODELS = """\
models:
  - {id: scorecard, type: scorecard}
  - {id: seg, type: segmented_scorecard, champion: true, segments: {column: HOUSING}, against: scorecard}
reject_inference: {method: fuzzy_augmentation, prudence: 2, replicates: 0}
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("populations")
    weighted = PLAN[: PLAN.index("models:")].replace("samples: {", "samples: {weight: SAMPLED, ")
    sampled = applicants(1200).assign(SAMPLED=lambda one: np.where(one["STATUS"] == "rejected", 4.0, 1.5))
    plan = write(folder / "plan", MODELS, sampled, weighted)
    return read_package(run_plan(plan, folder / "out", with_documents=False, with_validation=False).out)


@pytest.fixture(scope="module")
def table(model: Package) -> pd.DataFrame:
    """Applicants of a year later, with what the package gives them."""
    rng = np.random.default_rng(8)
    frame = applicants(300, seed=77)
    compiled = compile_model(model.model)
    inputs = pd.DataFrame(
        {
            one["name"]: frame[one["name"]].astype(object if one["type"] == "string" else np.float64)
            for one in model.model["inputs"]
        }
    )
    outputs = same_names(model, KEY, TIME).outputs
    found = pd.concat([inputs, compiled.score(inputs)[list(outputs.values())]], axis=1)
    found[TIME] = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 181 * 86_400, 300), unit="s")
    found[KEY] = [f"K{k:03d}" for k in rng.permutation(300)]
    found["package"] = model.package_hash
    found["BRANCH"] = frame["BRANCH"].astype(object)
    return found


@pytest.fixture(scope="module")
def references(model: Package) -> dict[str, Reference]:
    return {one: read_reference(model, population=one) for one in ("development", "applicants")}


def counted(place: str, model: Package, reference: Reference, **more: Any) -> pd.DataFrame:
    mapping = same_names(model, KEY, TIME, package="package", segments={"BRANCH": "BRANCH"})
    with open_production(place, mapping, model, reference=reference, clock=clock, **more) as source:
        return source.counts(segments=["BRANCH"])


def test_the_package_has_all_three(model: Package, references: dict[str, Reference]) -> None:
    """Else nothing below would be tested: variables of one segment, weights, more applicants than booked accounts."""
    development, everyone = references["development"], references["applicants"]
    assert any(one.within is not None for one in development.variables)
    weights = model.snapshot()["_weight"]
    assert weights[weights > 0].nunique() > 1
    rows = [reference.frame().groupby("variable")["rows"].sum()["score"] for reference in (development, everyone)]
    assert rows[1] > rows[0]
    assert [one.name for one in development.variables] == [one.name for one in everyone.variables]


@pytest.mark.parametrize("population", ["development", "applicants"])
def test_duckdb_and_postgres(
    model: Package, table: pd.DataFrame, references: dict[str, Reference], tmp_path: Path, dsn: str, population: str
) -> None:
    reference = references[population]
    first = counted(str(parts(table, tmp_path / "in", 2)), model, reference)
    same_counts(first, brute(reference, table, ("BRANCH",)))
    put(dsn, "door", table)
    pd.testing.assert_frame_equal(counted("door", model, reference, engine="postgres", dsn=dsn), first)


@pytest.mark.slow
def test_spark(
    model: Package, table: pd.DataFrame, references: dict[str, Reference], tmp_path: Path, spark: Any
) -> None:
    folder = str(parts(table, tmp_path / "in", 2))
    for reference in references.values():
        same_counts(
            counted(folder, model, reference, engine="spark", session=spark), brute(reference, table, ("BRANCH",))
        )
