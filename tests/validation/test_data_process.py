"""The data process: planted gaps, stuck feeds, copies and values beyond development."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from toy_package.space import outcome, space_of

from validation.battery.data_process import beyond, check_data_process, drift_of, stuck
from validation.rebuild.characteristics import Characteristic
from validation.steps.values import Value

TEST = "out_of_sample"
Change = Callable[[pd.DataFrame], pd.DataFrame]


def inside(frame: pd.DataFrame) -> pd.Series:
    return frame["_sample"] == TEST


def missing(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[inside(frame) & (frame["_key"] % 2 == 0), "INCOME"] = np.nan
    return frame


def coded(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[inside(frame) & (frame["_key"] % 2 == 0), "INCOME"] = -9.0
    return frame


def frozen(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[inside(frame), "REGION"] = "north"
    return frame


def outliers(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[inside(frame) & (frame["_key"] % 4 == 0), "INCOME"] = 1e6
    return frame


def copied(frame: pd.DataFrame) -> pd.DataFrame:
    columns = ["INCOME", "REGION", "SEX", "DATE", "_outcome"]
    source = frame.index[frame["_sample"] == "development"][:50]
    frame.loc[frame.index[inside(frame)][:50], columns] = frame.loc[source, columns].to_numpy()
    return frame


def never(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(REGION="north")


def test_clean_package_passes(good_package: Path) -> None:
    space = space_of(good_package)
    check_data_process(space)
    assert {item.outcome for item in space.ledger.outcomes} == {"pass", "not_evaluable"}
    assert all(item.finding is None for item in space.ledger.outcomes)


@pytest.mark.parametrize(
    ("change", "test", "wanted"),
    [
        (missing, f"drift of missing values ({TEST})", "fail"),
        (coded, f"drift of special codes ({TEST})", "fail"),
        (frozen, f"inputs that ceased to vary ({TEST})", "fail"),
        (outliers, f"inputs beyond those of development ({TEST})", "fail"),
        (copied, f"rows copied from development ({TEST})", "fail"),
        (never, "inputs that never vary (development)", "fail"),
    ],
)
def test_planted_fault_is_seen(good_package: Path, change: Change, test: str, wanted: str) -> None:
    space = space_of(good_package, change)
    check_data_process(space)
    found = outcome(space, test)
    assert found.outcome == wanted
    assert found.finding is not None


def test_drift_is_the_two_sample_test_of_scipy() -> None:
    mask = np.r_[np.ones(30), np.zeros(170), np.ones(40), np.zeros(60)].astype(bool)
    found = drift_of("x", mask, np.ones(300), np.arange(200), np.arange(200, 300))
    square = stats.chi2_contingency([[30, 170], [40, 60]], correction=False).statistic
    assert (found.first, found.second) == (0.15, 0.4)
    assert found.z**2 == pytest.approx(square)
    assert found.size == pytest.approx(0.25)


def test_rare_flag_that_a_small_sample_lacks_is_not_stuck() -> None:
    data = np.array(["no"] * 1000 + ["yes"] * 11 + ["no"] * 120, dtype=object)
    one = Characteristic("x", Value("string", data, np.zeros(len(data), dtype=bool)))
    assert not stuck(one, np.arange(1011), np.arange(1011, 1131))
    assert stuck(one, np.r_[np.arange(950, 1011), np.arange(5)], np.arange(120))


def test_beyond_is_what_development_never_had() -> None:
    one = Characteristic(
        "x", Value("number", np.array([1.0, 5.0, 0.0, 6.0, np.nan, -9.0, 3.0]), np.zeros(7, bool)), (-9.0,)
    )
    assert beyond(one, np.arange(2), np.arange(2, 7)).tolist() == [True, True, False, False, False]
