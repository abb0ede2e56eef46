"""Stability of a score beside a characteristic that is named like it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.contract.altered import altered, failures
from tests.credit_risk.cli.command import PLAN, QUICK, disagreements, done, frame, model, portfolio


def test_a_characteristic_named_score_stands_beside_the_score(tmp_path: Path) -> None:
    table = portfolio(900).rename(columns={"INCOME": "score", "AGE": "model_score"})
    package = done(tmp_path, PLAN + QUICK + "evaluation: {baselines: false}\n", table)
    assert disagreements(package) == []
    index = frame(package, "stability.psi")
    assert set(index["quantity"]) >= {"score", "model_score", "model_model_score"}
    own = index.set_index("quantity").loc["model_model_score"]
    name = model(package)["outputs"]["score"]
    parts = {
        sample: pd.read_parquet(package / "predictions" / f"{sample}.parquet")
        for sample in ("development", "out_of_sample")
    }
    column = "score" if "score" in parts["development"] else name
    moved = parts["out_of_sample"][column].mean() - parts["development"][column].mean()
    assert own["score_shift"] == pytest.approx(moved, abs=1e-9)
    assert index["score_shift"].notna().all()
    shifted = index[index["quantity"] != "model_model_score"]["score_shift"].sum()
    assert shifted == pytest.approx(moved, abs=1.0)  # points are rounded after they are summed
    bins = frame(package, "stability.bins").groupby("quantity").size()
    assert bins["model_model_score"] == own["bins"]
    assert np.isfinite(own["psi"])

    def lose(item: dict) -> None:
        item["rows"] = [row for row in item["rows"] if row[0] != "model_model_score"]

    for file in ("stability.psi", "stability.bins"):
        found = failures(altered(package, tmp_path / file, f"evidence/{file}.json", lose))
        assert any(test.startswith(f"{file}: quantities") for test in found)
