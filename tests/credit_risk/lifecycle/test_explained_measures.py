"""Explanations of models of amounts and fractions: by the model alone, one characteristic exchanged at a time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk.scoring import compile_model
from tests.contract.altered import altered, cell, failures
from tests.credit_risk.cli.command import evidence, frame

MODELS = [
    ("lgd_package", "fractional", "model.json"),
    ("lgd_package", "beta", "challengers/beta/model.json"),
    ("loss_package", "tweedie", "model.json"),
    ("loss_package", "raw", "challengers/raw/model.json"),
]


def exchanged(package: Path, file: str, name: str, rows: pd.DataFrame) -> tuple[np.ndarray, float]:
    """What the values of one characteristic add to the linear score, against its weighted mean over development.

    The first row's other values and its offset are held; the score is additive, so that any row would do.
    """
    compiled = compile_model(json.loads((package / file).read_text("utf-8")))
    held = rows.iloc[np.zeros(len(rows), int)].reset_index(drop=True)
    held[name] = rows[name].to_numpy()
    linear = compiled.score(held)["linear_score"].to_numpy(float)
    here = (rows["_sample"] == "development").to_numpy()
    mean = float(np.average(linear[here], weights=rows["_weight"].to_numpy(float)[here]))
    return linear - mean, mean


@pytest.mark.parametrize(("fixture", "name", "file"), MODELS)
def test_importance_and_stability_are_those_of_the_model_itself(
    fixture: str, name: str, file: str, request: pytest.FixtureRequest
) -> None:
    package: Path = request.getfixturevalue(fixture)
    rows = pd.read_parquet(package / "data" / "snapshot.parquet").query("_sample.notna()").reset_index(drop=True)
    importance = frame(package, f"explanation.importance.{name}").set_index("characteristic")
    model = json.loads((package / file).read_text("utf-8"))
    given = {"years", "base_ln_loss"}
    assert set(importance.index) == {column["name"] for column in model["inputs"]} - given
    weight = rows["_weight"].to_numpy(float)
    sizes = {}
    for one in importance.index:
        values = np.abs(exchanged(package, file, one, rows)[0])
        groups = {("sample", s): (rows["_sample"] == s).to_numpy() for s in rows["_sample"].unique()}
        if "opened" in rows:
            years = rows["opened"].astype(str).str[:4]
            groups |= {("year", y): (years == y).to_numpy() for y in years.unique()}
        sizes[one] = {key: np.average(values[g], weights=weight[g]) for key, g in groups.items()}
    expected = pd.DataFrame(sizes)
    first = expected.loc[("sample", "development")]
    np.testing.assert_allclose(importance["mean_absolute"], first[importance.index], rtol=1e-9)
    np.testing.assert_allclose(importance["share"], first[importance.index] / first.sum(), rtol=1e-9)
    told = frame(package, f"explanation.stability.{name}")
    told = told.pivot(index=["kind", "group"], columns="characteristic", values="mean_absolute")
    assert set(told.index) == set(expected.index)
    np.testing.assert_allclose(told, expected.loc[told.index, told.columns], rtol=1e-9)


@pytest.mark.parametrize(("fixture", "name", "file"), MODELS)
def test_base_is_the_mean_of_the_linear_score_less_what_is_given(
    fixture: str, name: str, file: str, request: pytest.FixtureRequest
) -> None:
    package: Path = request.getfixturevalue(fixture)
    rows = pd.read_parquet(package / "data" / "snapshot.parquet").query("_sample == 'development'")
    linear = compile_model(json.loads((package / file).read_text("utf-8"))).score(rows)["linear_score"].to_numpy(float)
    if fixture == "loss_package":
        linear = linear - np.log(rows["years"].to_numpy()) - (rows["base_ln_loss"] if name == "tweedie" else 0.0)
    background = frame(package, "explanation.background").set_index("model").loc[name]
    assert background["base"] == pytest.approx(np.average(linear, weights=rows["_weight"]), rel=1e-9)
    assert (background["applicants"], background["rows"]) == ("all development rows", len(rows))
    given = any("given and not attributed" in note for note in evidence(package, "explanation.background")["notes"])
    assert given == (fixture == "loss_package")


def test_the_scale_is_told_and_nothing_interacts(lgd_package: Path, loss_package: Path) -> None:
    scales = {
        (lgd_package, "fractional"): "on the scale of the link: log-odds of the expected fraction",
        (loss_package, "raw"): "on the scale of the link: natural logarithm of the expected amount per unit of years",
    }
    for (package, name), scale in scales.items():
        for part in ("importance", "importance_figure", "dependence", "dependence_figure", "stability"):
            item = evidence(package, f"explanation.{part}.{name}")
            assert scale in item["notes"]
            assert "odds" not in item.get("chart", {}).get("y_title", "")
        assert "sum over characteristics" in evidence(package, f"explanation.interaction.{name}")["reason"]


def test_dependence_of_a_classed_characteristic_is_one_value_a_bin(loss_package: Path) -> None:
    """A number as it is differs within the bins of its classing, and its own bins are still those of the plan."""
    classed, raw = (frame(loss_package, f"explanation.dependence.{name}") for name in ("tweedie", "raw"))
    assert (classed["upper"] - classed["lower"]).abs().max() < 1e-12
    numbers = raw[raw["characteristic"] == "turnover"]
    assert (numbers["upper"] - numbers["lower"]).max() > 0.01
    rows = pd.read_parquet(loss_package / "data" / "snapshot.parquet").query("_sample == 'development'")
    assert (raw.groupby("characteristic")["rows"].sum() == len(rows)).all()


CHANGES: dict[str, tuple[str, Callable[[Any], None], str]] = {
    "importance": ("importance.tweedie", cell(0, "mean_absolute", lambda v: v + 1e-6), ": mean_absolute"),
    "importance of raw terms": ("importance.raw", cell(1, "share", lambda v: v + 1e-6), ": share"),
    "dependence": ("dependence.raw", cell(0, "mean", lambda v: v + 1e-6), ": mean"),
    "spread": ("dependence.raw", cell(1, "upper", lambda v: v + 1e-6), ": upper"),
    "stability": ("stability.tweedie", cell(5, "share", lambda v: v + 1e-6), ": share"),
    "background": ("background", cell(1, "base", lambda v: v + 1e-6), ": base of raw"),
}


def test_what_is_changed_is_found(loss_package: Path, tmp_path: Path) -> None:
    """All at once, each with a finding of its own; the package as made has none."""
    copy = Path(shutil.copytree(loss_package, tmp_path / "0"))
    assert failures(copy) == {}
    for number, (name, change, _) in enumerate(CHANGES.values(), start=1):
        copy = altered(copy, tmp_path / str(number), f"evidence/explanation.{name}.json", change)
    found = failures(copy)
    assert {f"explanation.{name}{ending}" for name, _, ending in CHANGES.values()} <= set(found)
