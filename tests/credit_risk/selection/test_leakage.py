"""The leakage screen finds planted leaks of each kind, and the known one in the SBA loans; honest data raise none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk.binning.classing import class_frame
from credit_risk.binning.spec import ClassingSpec
from credit_risk.sampling.dates import mostly_dates
from credit_risk.selection.leakage import LeftOutColumn, leakage_frame, suspicions


def flagged(frame: pd.DataFrame, y: np.ndarray, **options: object) -> set[tuple[str, str]]:
    tables = class_frame(frame, y, settings=ClassingSpec())
    gini = {name: table.fine_gini for name, table in tables.items()}
    rows = leakage_frame(frame, y, gini, seed=1, **options)
    assert (rows["flagged"] == (rows["value"] > rows["threshold"])).all()
    return {(r.characteristic, r.check) for r in rows[rows["flagged"]].itertuples()}


@pytest.fixture(scope="module")
def honest() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(21)
    x = rng.normal(size=8000)
    y = (rng.random(8000) < 1 / (1 + np.exp(2 - 1.2 * x))).astype(float)
    months = rng.choice([12, 24, 36, 48, 60, 84], 8000).astype(float)
    return pd.DataFrame({"x": x, "months": months, "c": rng.choice(["a", "b"], 8000).astype(object)}), y


def test_honest_predictors_raise_nothing(honest: tuple[pd.DataFrame, np.ndarray]) -> None:
    assert flagged(*honest) == set()


def test_each_kind_of_leak_is_found(honest: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = honest
    rng = np.random.default_rng(22)
    bad = y == 1
    planted = frame.assign(
        cut_short=np.where(bad & (rng.random(8000) < 0.9), rng.integers(1, 84, 8000), frame["months"]),
        recovered=np.where(bad & (rng.random(8000) < 0.5), rng.gamma(2, 500, 8000), 0.0),
        closed=np.where(bad | (rng.random(8000) < 0.02), 1.0, np.nan),
        knows=y + 0.1 * rng.normal(size=8000),
    )
    found = flagged(planted, y)
    assert ("cut_short", "exact values") in found
    assert ("recovered", "pure values") in found
    assert ("closed", "missing") in found
    assert ("knows", "discrimination") in found
    assert {name for name, _ in found} == {"cut_short", "recovered", "closed", "knows"}


def test_dates_after_the_decision_are_found(honest: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = honest
    decision = pd.Series(["2020-01-31"] * len(y), dtype=object)
    dates = pd.DataFrame({"opened": ["2019-05-01"] * len(y), "closed": ["2019-05-01"] * (len(y) - 1) + ["2020-02-01"]})
    assert flagged(frame, y, decision=decision, dates=dates.astype(object)) == {("closed", "later date")}


def test_the_term_of_the_sba_loans_is_found(test_data: Path) -> None:
    data = pd.read_csv(test_data / "sba_loans.csv.gz").dropna(subset="MIS_Status")
    y = (data["MIS_Status"] == "CHGOFF").to_numpy(float)
    names = ["Term", "NoEmp", "NewExist", "CreateJob", "RetainedJob", "DisbursementGross", "GrAppv", "SBA_Appv"]
    found = flagged(data[names].astype(float).reset_index(drop=True), y)
    assert {name for name, _ in found} == {"Term"}


def test_a_time_of_the_same_day_is_not_later(honest: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = honest
    decision = pd.Series(["2020-01-31"] * len(y), dtype=object)
    dates = pd.DataFrame({"booked": ["2020-01-31T16:30:00"] * len(y), "month": ["2020-01"] * len(y)}, dtype=object)
    assert flagged(frame, y, decision=decision, dates=dates) == set()


def test_columns_left_out_are_screened_by_dates_absence_and_content(honest: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = honest
    rng = np.random.default_rng(23)
    bad, rows = y == 1, len(y)
    decision = pd.Series(["2020-01-31"] * rows, dtype=object)
    closed = pd.Series(np.where(bad | (rng.random(rows) < 0.02), "2021-06-30", None), dtype=object)
    earlier = pd.Series(np.where(rng.random(rows) < 0.005, "2020-02-01", "2019-06-30"), dtype=object)
    american = pd.Series(np.where(rng.random(rows) < 0.03, "unknown", "07/15/2020"), dtype=object)
    agency = pd.Series(
        [f"agency {i}" if b else f"desk {i}" for b, i in zip(bad, rng.integers(0, 60, rows), strict=True)]
    )
    left_out = {
        "closed": LeftOutColumn(closed, is_date=True),
        "earlier": LeftOutColumn(earlier, is_date=True),
        "american": LeftOutColumn(american),
        "agency": LeftOutColumn(agency.astype(object)),
        "file": LeftOutColumn(pd.Series(np.where(bad, 900_000, 100_000) + np.arange(rows), dtype=float)),
        "identifier": LeftOutColumn(pd.Series(rng.permutation(rows), dtype=float)),
        "street": LeftOutColumn(pd.Series([f"street {i}" for i in rng.integers(0, 3000, rows)], dtype=object)),
    }
    found = flagged(frame, y, decision=decision, left_out=left_out)
    wanted = {("closed", "later date"), ("closed", "missing"), ("american", "later date"), ("agency", "discrimination")}
    wanted |= {("file", "discrimination"), ("file", "pure values")}
    assert found == wanted
    tables = class_frame(frame, y, settings=ClassingSpec())
    rows_ = leakage_frame(frame, y, {n: t.fine_gini for n, t in tables.items()}, seed=1, left_out=left_out)
    assert set(rows_.loc[rows_["characteristic"].isin(left_out), "role"]) == {"left out"}
    assert rows_.attrs["notes"] == (
        "no date of the decision (data.date): dates not compared with it: closed, earlier, american",
    )
    assert "later date" not in set(rows_["check"])
    assert suspicions(rows_) == {}


def test_suspicions_are_those_of_predictors(honest: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = honest
    frame = frame.assign(knows=y)
    rows = leakage_frame(frame, y, {**dict.fromkeys(frame.columns, 0.1), "knows": 1.0}, seed=1)
    assert suspicions(rows) == {"knows": "discrimination, pure values"}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2020-01-31"] * 19 + ["?"], ["2020-01-31"] * 19 + [None]),
        (["2020-01-31"] * 18 + ["?", "-"], None),
        (["31.12.2019", "01.02.2020", None], ["2019-12-31", "2020-02-01", None]),
        (["Feb-2020", "Mar-2020"], ["2020-02-01", "2020-03-01"]),
        (["south", "north"], None),
        ([None, None], None),
        (["20200131", "20200229"], ["2020-01-31", "2020-02-29"]),
    ],
)
def test_text_that_is_mostly_dates(texts: list[str | None], expected: list[str | None] | None) -> None:
    found = mostly_dates(pd.Series(texts, dtype=object))
    assert (None if found is None else found.tolist()) == expected


def test_rows_of_one_obligor_do_not_tell_each_other() -> None:
    """A number that names the obligor tells nothing of others; row by row it would seem to know the outcome."""
    rng = np.random.default_rng(3)
    who = np.repeat(np.arange(400), 5)
    own = rng.normal(size=400)[who]
    y = (np.repeat(rng.random(400), 5) < 0.3).astype(float)
    frame = pd.DataFrame({"x": own})

    def excess(clusters: np.ndarray | None) -> float:
        found = leakage_frame(frame, y, {"x": 0.1}, seed=1, clusters=clusters).set_index("check")
        return float(found.loc["exact values", "value"])

    assert excess(None) > 0.5
    assert excess(who) == 0.0
    assert excess(np.arange(len(y))) == excess(None)
