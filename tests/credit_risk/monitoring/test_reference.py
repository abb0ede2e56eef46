"""Development as the package tells it: counts beside its evidence, effects beside its linear score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import PackageError
from credit_risk.monitoring.frames import REFERENCE_COLUMNS
from credit_risk.monitoring.reference import Reference, read_reference
from credit_risk.package import Package, read_package
from credit_risk.scoring import compile_model
from tests.credit_risk.serving.cases import CORPUS, rows


def _evidence(package: Package, identifier: str) -> pd.DataFrame:
    told = package.evidence[identifier]
    return pd.DataFrame(told["rows"], columns=[one["name"] for one in told["columns"]])


def _linear(reference: Reference, frame: pd.DataFrame) -> np.ndarray:
    """Sum of the effects of the bins of each row."""
    values = compile_model(reference.model).values(frame)
    total = np.zeros(len(frame))
    for variable in reference.variables:
        effects = np.array(variable.effects)
        if variable.role != "characteristic" or np.isnan(effects).any():
            continue
        chosen = np.ones(len(frame), dtype=bool)
        if variable.within is not None:
            held = np.isin(values[variable.within.value], variable.within.equals)
            chosen = ~held if variable.within.other else held
        total += np.where(chosen, effects[variable.assign(values[variable.value])], 0.0)
    return total


@pytest.mark.parametrize("name", ["scorecard", "joined", "every_step", "fraction"])
def test_effects_add_up_to_the_linear_score(name: str) -> None:
    package = read_package(CORPUS / name)
    frame = rows(name, 300)
    values = compile_model(package.model).values(frame)
    rest = values[package.model["outputs"]["linear_score"]] - _linear(read_reference(package), frame)
    if name == "fraction":  # half of ltv, which is not classed
        rest -= 0.5 * frame["ltv"].to_numpy(float)
    starts = {step["intercept"] for step in package.model["steps"] if step["type"] == "linear"}
    assert {min(starts, key=lambda start: abs(start - one)) for one in rest} <= starts
    assert all(min(abs(start - one) for start in starts) < 1e-12 for one in rest)


def test_counts_are_those_of_the_evidence(german_package: Path) -> None:
    package = read_package(german_package)
    reference = read_reference(package)
    frame = reference.frame()
    assert list(frame.columns) == REFERENCE_COLUMNS
    bins = _evidence(package, "stability.bins")
    index = _evidence(package, "stability.psi").drop_duplicates("quantity").set_index("quantity")
    for variable in reference.variables:
        told = bins[bins["quantity"] == variable.name].drop_duplicates("bin")
        wanted = told["expected_share"].to_numpy() * index.loc[variable.name, "expected_rows"]
        ours = frame[(frame["variable"] == variable.name)]
        if variable.role == "score":
            np.testing.assert_allclose(ours["rows"][:-1], wanted, rtol=1e-12)
            assert ours["rows"].iloc[-1] == 0
        else:
            by_label = ours.set_index("label")["rows"]
            np.testing.assert_allclose(by_label[told["label"]], wanted, rtol=1e-12)
            table = _evidence(package, f"classing.table.{variable.name}")
            assert ours["rows"].tolist() == table["count"].tolist()
    assert reference.left_out == {"grade": "the model has no grades"}


def test_what_the_package_does_not_hold_is_told() -> None:
    package = read_package(CORPUS / "every_step")
    reference = read_reference(package)
    assert "do not travel" in reference.left_out["purpose"]
    assert reference.frame().query("variable == 'grade'")["rows"].sum() == 3
    with pytest.raises(PackageError, match="knows no applicants"):
        read_reference(package, population="applicants")
    with pytest.raises(PackageError, match="no such population"):
        read_reference(package, population="everybody")
    with pytest.raises(PackageError, match="no such variable"):
        reference.variable("shoe size")


def test_trees_have_quantiles_of_development() -> None:
    package = read_package(CORPUS / "attributed")
    reference = read_reference(package)
    age = reference.variable("age")
    assert age.origin == "quantiles of development"
    assert np.isnan(age.effects).all()
    values = package.snapshot().query("_sample == 'development'")["age"].to_numpy(float)
    assert reference.rows["age"].sum() == len(values)
