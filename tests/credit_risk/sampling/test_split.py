"""Samples by date, group and weight: nothing stands on two sides, shares hold, the seed alone decides."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import IntakeError
from credit_risk.lifecycle.develop import develop
from credit_risk.plan import check_plan, read_plan
from credit_risk.sampling.clusters import cluster_numbers
from credit_risk.sampling.labels import row_weights
from credit_risk.sampling.samples import duplicate_groups, fold_labels, samples_summary, split_samples
from credit_risk.sampling.spec import OutOfTimeSpec, SamplesSpec

SPEC = SamplesSpec()
FROZEN = ["fc2f85435cbca0b0", "644057e4d77f66b2"]


def outcome_of(n: int, seed: int = 0, rate: float = 0.3) -> np.ndarray:
    return (np.random.default_rng(seed).random(n) < rate).astype(float)


@given(st.integers(0, 10_000), st.integers(1, 6), st.floats(0.1, 0.6))
@settings(max_examples=60, deadline=None)
def test_a_group_stands_in_one_sample(seed: int, size: int, share: float) -> None:
    n = 600
    y = outcome_of(n, seed)
    groups = np.random.default_rng(seed + 1).integers(0, n // size, n)
    labels = split_samples(y, SamplesSpec(out_of_sample=round(share, 3), seed=seed), groups=groups)
    per_group = pd.Series(labels).groupby(groups).nunique()
    assert (per_group == 1).all()
    assert abs(np.mean(labels == "out_of_sample") - share) < 0.1


def test_groups_of_one_row_keep_the_shares_of_rows() -> None:
    y = outcome_of(5000)
    labels = split_samples(y, SPEC, groups=np.arange(5000))
    for value in (0.0, 1.0):
        rows = y == value
        assert np.mean(labels[rows] == "out_of_sample") == pytest.approx(0.3, abs=1 / rows.sum())


@given(st.integers(0, 10_000), st.booleans(), st.floats(0.05, 0.4), st.floats(0.05, 0.4))
@settings(max_examples=60, deadline=None)
def test_calibration_is_drawn_after_out_of_sample_and_leaves_it_as_it_is(
    seed: int, grouped: bool, share: float, calibration: float
) -> None:
    n = 900
    y = outcome_of(n, seed)
    groups = np.random.default_rng(seed + 1).integers(0, n // 2, n) if grouped else None
    held = round(share, 3)
    without = split_samples(y, SamplesSpec(out_of_sample=held, seed=seed), groups=groups)
    spec = SamplesSpec(out_of_sample=held, calibration=round(calibration, 3), seed=seed)
    labels = split_samples(y, spec, groups=groups)
    assert ((labels == "out_of_sample") == (without == "out_of_sample")).all()
    assert set(labels[without == "development"]) == {"development", "calibration"}
    if groups is None:
        for value in (0.0, 1.0):
            rows = y == value
            assert abs(np.sum(labels[rows] == "calibration") - spec.calibration * rows.sum()) <= 0.5 + 1e-9
    else:
        assert (pd.Series(labels).groupby(groups).nunique() == 1).all()
        assert abs(np.mean(labels == "calibration") - calibration) < 0.02


def test_shares_that_leave_no_development_are_refused() -> None:
    with pytest.raises(ValueError, match="leave no development"):
        SamplesSpec(out_of_sample=0.6, calibration=0.4)


def test_labels_without_a_calibration_sample_are_those_of_before() -> None:
    """Frozen before plans could ask for a calibration sample."""
    y = outcome_of(1000, 5)
    groups = np.random.default_rng(6).integers(0, 400, 1000)
    found = [split_samples(y, SPEC, groups=g) for g in (None, groups)]
    texts = ["".join(str(label)[0] for label in labels).encode() for labels in found]
    assert [hashlib.sha256(text).hexdigest()[:16] for text in texts] == FROZEN


def test_dates_divide_before_anything_else() -> None:
    n = 3000
    y = outcome_of(n)
    dates = pd.date_range("2004-01-01", periods=n, freq="D").strftime("%Y-%m-%d").to_numpy(object)
    spec = SamplesSpec(out_of_time=OutOfTimeSpec(after="2010-01-01", before="2005-01-01"))
    labels = split_samples(y, spec, dates=dates)
    assert set(labels[dates >= "2010-01-01"]) == {"out_of_time"}
    assert set(labels[dates < "2005-01-01"]) == {"out_of_time_before"}
    assert set(labels[(dates >= "2005-01-01") & (dates < "2010-01-01")]) == {"development", "out_of_sample"}
    summary = samples_summary(labels, y)
    assert list(summary["sample"]) == ["development", "out_of_sample", "out_of_time", "out_of_time_before", "all"]
    assert summary["rows"].iloc[:-1].sum() == n


def test_a_group_on_both_sides_in_time_is_in_no_development_sample() -> None:
    y = outcome_of(2000)
    dates = np.where(np.arange(2000) < 1000, "2004-06-01", "2006-06-01").astype(object)
    groups = np.arange(2000) % 1900
    spec = SamplesSpec(out_of_time=OutOfTimeSpec(after="2005-01-01", groups="apart"))
    labels = split_samples(y, spec, dates=dates, groups=groups)
    late = set(groups[labels == "out_of_time"])
    assert all(label is None for label, g, d in zip(labels, groups, dates, strict=True) if d < "2005" and g in late)
    assert not late & set(groups[(labels == "development") | (labels == "out_of_sample")])


def test_duplicates_are_rows_equal_in_every_column() -> None:
    frame = pd.DataFrame({"a": [1.0, 1.0, np.nan, np.nan, 2.0], "b": ["x", "x", None, None, "x"]})
    assert list(duplicate_groups(frame)) == [0, 0, 1, 1, 2]


def test_copies_of_card_applicants_never_stand_on_both_sides(test_data: Path) -> None:
    """79 % of the card applications repeat another in all but the key (data README)."""
    data = pd.read_csv(test_data / "cards_applications.csv.gz").drop(columns="ID")
    groups = duplicate_groups(data)
    assert 1 - (groups.max() + 1) / len(groups) == pytest.approx(0.79, abs=0.01)
    labels = split_samples(outcome_of(len(data)), SPEC, groups=groups)
    sides = pd.DataFrame({"g": groups, "l": labels}).drop_duplicates()
    assert not sides["g"].duplicated().any()


@pytest.mark.parametrize("folds", [2, 5])
def test_folds_are_stratified_and_keep_groups(folds: int) -> None:
    y = outcome_of(4000)
    labels = split_samples(y, SPEC)
    groups = np.arange(4000) // 2
    for keys in (None, groups):
        fold = fold_labels(labels, y, folds, 7, keys)
        assert set(fold[labels != "development"]) == {-1}
        rates = [y[fold == k].mean() for k in range(folds)]
        assert max(rates) - min(rates) < 0.05
    grouped = pd.Series(fold[labels == "development"]).groupby(groups[labels == "development"]).nunique()
    assert (grouped == 1).all()
    with pytest.raises(ValueError, match="two or more"):
        fold_labels(labels, y, 1, 7)


def test_missing_groups_stand_alone_and_weights_are_positive() -> None:
    assert cluster_numbers(np.array(["a", None, "a", None], dtype=object)).tolist() == [0, 1, 0, 2]
    with pytest.raises(IntakeError, match="not positive") as refused:
        row_weights(pd.Series([1.0, 0.0, np.nan, np.inf]), "w", {"file": "table.csv"})
    (fault,) = refused.value.faults
    assert (fault.file, fault.row, fault.path, fault.found) == ("table.csv", 2, "samples.weight", "3 rows")


def test_missing_dates_and_empty_periods_are_told() -> None:
    y = outcome_of(100)
    spec = SamplesSpec(out_of_time=OutOfTimeSpec(after="2030-01-01"))
    dates = np.full(100, "2020-01-01", object)
    with pytest.raises(IntakeError, match="out_of_time would have no bads"):
        split_samples(y, spec, dates=dates)
    dates[3] = None
    with pytest.raises(IntakeError, match="date is missing"):
        split_samples(y, spec, dates=dates)
    with pytest.raises(IntakeError, match="need dates"):
        split_samples(y, spec)
    with pytest.raises(ValueError, match="not earlier"):
        OutOfTimeSpec(after="2005-01-01", before="2006-01-01")


def test_rows_in_no_sample_are_told_and_sampling_columns_are_no_predictors(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=3000)
    frame = pd.DataFrame(
        {
            "x": x,
            "who": np.arange(3000) % 2800,
            "w": rng.choice([1.0, 2.0], 3000),
            "when": np.where(np.arange(3000) < 2000, "2020-05-01", "2022-05-01"),
            "bad": (rng.random(3000) < 1 / (1 + np.exp(1 - x))).astype(int),
        }
    )
    text = """
model: {id: m}
data: {source: t.csv, date: when, columns: {when: {type: date}}}
outcome: {column: bad, bad: 1}
samples: {group: who, weight: w, out_of_time: {after: "2021-01-01"}}
"""
    (tmp_path / "plan.yaml").write_text(text, "utf-8")
    development = develop(read_plan(tmp_path), frame)
    labels = development.snapshot["_sample"]
    waterfall = development["data.waterfall"].table
    assert labels.isna().sum() == 200
    assert waterfall["step"].iloc[-1] == "rows in no sample"
    assert waterfall["removed"].iloc[-1] == 200
    assert waterfall["remaining"].iloc[-1] == labels.notna().sum()
    roles = development["data.contract"].table.set_index("column")["role"]
    assert roles["who"] == roles["w"] == "sampling"
    assert set(development.classing) == {"x"}
    assert set(development.snapshot["_weight"]) == {1.0, 2.0}
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert check_plan(tmp_path) == []
    frame.assign(w=0.0, when="2022-05-01").to_csv(tmp_path / "t.csv", index=False)
    assert check_plan(tmp_path) != []


def test_large_groups_are_held_out_no_more_than_small_ones() -> None:
    """Sizes 1 to 12 whose bad rate falls with size: over 60 seeds both samples have the sizes and the rate of all."""
    size = np.tile(np.arange(1, 13), 50)
    groups = np.repeat(np.arange(600), size)
    y = np.zeros(len(groups))
    first = np.r_[0, np.cumsum(size)[:-1]]
    y[first[::2]] = 1.0  # one bad in every other group
    rates, sizes, folds = [], [], []
    for seed in range(60):
        labels = split_samples(y, SamplesSpec(seed=seed), groups=groups)
        held = labels == "out_of_sample"
        rates.append(y[held].mean() - y[~held].mean())
        sizes.append(np.mean(size[groups[held & (y == 1)]]) - np.mean(size[groups[~held & (y == 1)]]))
        fold = fold_labels(labels, y, 5, seed, groups)
        folds.append(np.mean(size[groups[fold == 0]]) - np.mean(size[groups[fold == 4]]))
    for values in (rates, sizes, folds):
        assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(60)
