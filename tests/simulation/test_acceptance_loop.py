"""The published acceptance loop against an earlier re-run by other code, within Monte-Carlo error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.simulation.acceptance_loop import MEASURED, MEASURED_WORLDS, MEASURES, MODELS, main, summary, worlds


def agrees(table: pd.DataFrame, limit: float) -> None:
    """Every figure of the earlier re-run is within `limit` standard errors of the difference, both Monte Carlo."""
    count = table["world"].nunique()
    spread = table.groupby("model")[list(MEASURES)].std()
    mean = summary(table)
    for model in MEASURED.index:
        for measure in MEASURES:
            error = spread.loc[model, measure] * np.sqrt(1 / count + 1 / MEASURED_WORLDS)
            difference = mean.loc[model, measure] - MEASURED.loc[model, measure]
            assert abs(difference) < limit * error, f"{model} {measure}: {difference:.4f}, error {error:.4f}"


def told(table: pd.DataFrame) -> None:
    """Labels order the applicants a little better than the accepted do and damage the calibration; it is mended."""
    mean = summary(table)
    auc, brier = mean["auc"], mean["brier"]
    assert auc["oracle"] > auc["self_learning_drawn_anew"] > auc["accepted"]
    assert auc["oracle"] > auc["reweighting"] > auc["accepted"]
    by_world = table.pivot(index="world", columns="model", values="brier")
    assert (by_world["self_learning"] > by_world["accepted"] + 0.005).all()
    assert (by_world["oracle"] < by_world["accepted"]).all()
    assert brier["self_learning_recalibrated"] < brier["self_learning_drawn_anew"] - 0.005
    assert np.allclose(auc["self_learning_recalibrated"], auc["self_learning_drawn_anew"])


def test_some_worlds_agree_with_the_earlier_run() -> None:
    table = worlds(4)
    agrees(table, limit=4.0)
    told(table)


@pytest.mark.slow
def test_many_worlds_agree_with_the_earlier_run() -> None:
    table = worlds(48)
    agrees(table, limit=3.0)
    told(table)


def test_the_script_prints_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    main(["2", "60"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2 worlds, generation 60")
    assert [line.split()[0] for line in lines[2:]] == list(MODELS)
