"""The validator's own model against plain loops and scipy, cross-fitting, and the benchmark of the champion."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from toy_package.space import outcome, predictor, space_of

from validation import challenger
from validation.battery.benchmark import check_benchmark, contest, own_model
from validation.rebuild import metrics
from validation.rebuild.characteristics import Characteristic, Classes, classes_of, thinned
from validation.rebuild.workspace import DEVELOPMENT
from validation.steps.values import Value

TEST = "out_of_sample"


def classes(n: int, seed: int, k: int = 3, size: int = 5) -> list[Classes]:
    random = np.random.default_rng(seed)
    labels = tuple(map(str, range(size)))
    return [Classes(f"x{j}", random.integers(0, size, n), size, labels) for j in range(k)]


def numbers(data: list[float], specials: tuple[float, ...] = ()) -> Characteristic:
    values = np.array(data, dtype=np.float64)
    return Characteristic("x", Value("number", values, np.zeros(len(values), dtype=bool)), specials)


def test_log_odds_are_those_counted_class_by_class() -> None:
    random = np.random.default_rng(1)
    ids, event, weight = (
        random.integers(0, 4, 200),
        random.integers(0, 2, 200).astype(float),
        random.uniform(0.5, 2, 200),
    )
    rate = sum(w * e for w, e in zip(weight, event, strict=True)) / sum(weight)
    found = challenger.log_odds(ids, 5, event, weight, prior=7.0)
    for number in range(5):
        total = sum(w for i, w in zip(ids, weight, strict=True) if i == number)
        bad = sum(w * e for i, w, e in zip(ids, weight, event, strict=True) if i == number)
        p = (bad + 7.0 * rate) / (total + 7.0)
        assert found[number] == pytest.approx(math.log(p / (1 - p)) - math.log(rate / (1 - rate)), abs=1e-12)
    assert found[4] == pytest.approx(0.0, abs=1e-12)  # a class without rows is as all are


def test_fit_is_the_minimum_that_scipy_finds() -> None:
    random = np.random.default_rng(2)
    held = classes(600, 3)
    event = (random.random(600) < 1 / (1 + np.exp(-(held[0].ids - 2.0)))).astype(float)
    weight, rows = random.uniform(0.2, 3.0, 600), np.arange(600)
    found = challenger.fit(held, rows, event, weight, ridge=5.0)
    assert found is not None
    w = weight * 600 / weight.sum()
    x = np.column_stack([table[one.ids] for one, table in zip(held, found.tables, strict=True)])
    penalty = 5.0 * (w @ x**2) / w.sum()

    def loss(b: np.ndarray) -> float:
        eta = b[0] + x @ b[1:]
        return float(w @ (np.logaddexp(0, eta) - event * eta) + 0.5 * penalty @ (b[1:] - 1.0) ** 2)

    best = optimize.minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-8})
    assert [found.intercept, *found.coefficient] == pytest.approx(list(best.x), abs=2e-5)
    assert found.score(held, rows) == pytest.approx(found.intercept + x @ found.coefficient, abs=1e-12)


def test_fit_refuses_one_outcome_and_constant_classes() -> None:
    held, rows, one = classes(50, 4), np.arange(50), np.ones(50)
    assert challenger.fit(held, rows, one, one) is None
    constant = [Classes("c", np.zeros(50, dtype=np.int64), 1, ("a",))]
    assert challenger.fit(constant, rows, np.arange(50) % 2 * 1.0, one) is None


def test_cross_fitting_never_scores_a_row_by_a_model_of_its_fold() -> None:
    held, rows = classes(300, 5), np.arange(300)
    random = np.random.default_rng(6)
    event, weight = random.integers(0, 2, 300).astype(float), np.ones(300)
    cluster = np.repeat(np.arange(100), 3)
    found = challenger.cross_fitted(held, rows, event, weight, cluster, 3, 11)
    part = challenger.folds_of(cluster, 3, 11)
    assert found is not None
    assert all(len(set(part[cluster == number])) == 1 for number in range(100))
    for number in range(3):
        inside = part == number
        model = challenger.fit(held, rows[~inside], event[~inside], weight[~inside])
        assert model is not None
        assert found[inside] == pytest.approx(model.score(held, rows[inside]), abs=1e-12)


def test_classes_are_missing_codes_and_quantiles_of_the_given_rows() -> None:
    one = numbers([5, 1, np.nan, -9, 3, 2, 4, 100], (-9.0,))
    found = classes_of(one, np.array([0, 1, 2, 3, 4, 5, 6]), 2)
    assert found.labels == ("missing", "code -9", "< 3", "≥ 3")
    assert found.ids.tolist() == [3, 2, 0, 1, 3, 2, 3, 3]


def test_levels_that_are_rare_or_unseen_are_one_class() -> None:
    data = np.array(["a"] * 120 + ["b"] * 80 + ["rare", None, "new"], dtype=object)
    one = Characteristic("x", Value("string", data, np.zeros(len(data), dtype=bool)))
    found = classes_of(one, np.arange(202), 10)
    assert found.labels == ("missing", "a", "b", "rare or unseen")
    assert found.ids[[0, 130, 200, 201, 202]].tolist() == [1, 2, 3, 0, 3]


def test_thinned_rows_are_evenly_placed() -> None:
    rows = np.arange(1000, 2000)
    assert thinned(rows, 2000) is rows
    found = thinned(rows, 100)
    assert len(found) == 100
    assert found[0] == 1000
    assert found[-1] == 1999
    assert set(np.diff(found)) <= {10, 11}


def planted(frame: pd.DataFrame, strength: float) -> pd.DataFrame:
    noise = np.random.default_rng(8).normal(size=len(frame))
    return frame.assign(EXTRA=strength * frame["_outcome"].to_numpy(np.float64) + noise)


CONTRACT = {"data.contract": [predictor("INCOME"), predictor("REGION"), predictor("EXTRA")]}


def test_clean_champion_is_not_beaten(good_package: Path) -> None:
    space = space_of(good_package)
    check_benchmark(space)
    assert outcome(space, f"gain of the validator's challenger ({TEST})").outcome == "pass"
    rows = space.ledger.tables["validation.challenger"]
    assert isinstance(rows, list)
    assert [row[0] for row in rows] == [DEVELOPMENT, TEST]


def test_predictor_that_the_champion_leaves_out_is_seen(good_package: Path) -> None:
    space = space_of(good_package, lambda frame: planted(frame, 1.5), CONTRACT)
    check_benchmark(space)
    found = outcome(space, f"gain of the validator's challenger ({TEST})")
    assert found.outcome == "fail"
    assert found.finding is not None
    assert found.finding.severity == "medium"


def test_noise_gains_nothing(good_package: Path) -> None:
    space = space_of(good_package, lambda frame: planted(frame, 0.0), CONTRACT)
    check_benchmark(space)
    assert outcome(space, f"gain of the validator's challenger ({TEST})").outcome == "pass"


@pytest.mark.parametrize(
    "plan", [{"data": {"forbidden": ["EXTRA"]}}, {"selection": {"exclude": [{"name": "EXTRA", "reason": "r"}]}}]
)
def test_challenger_reads_nothing_that_is_closed(good_package: Path, plan: dict[str, object]) -> None:
    space = space_of(good_package, lambda frame: planted(frame, 1.5), CONTRACT, plan)
    assert [one.name for one in own_model(space)[0]] == ["INCOME", "REGION"]


def test_leak_is_left_to_other_tests(good_package: Path) -> None:
    space = space_of(good_package, lambda frame: planted(frame, 20.0), CONTRACT)
    assert [one.name for one in own_model(space)[0]] == ["INCOME", "REGION"]


def test_contest_is_the_paired_comparison(good_package: Path) -> None:
    space = space_of(good_package)
    held, model = own_model(space)
    assert model is not None
    found = contest(space, TEST, held, model)
    assert found is not None
    rows = space.judged(space.package.champion_id, TEST)
    theirs = space.scored[space.package.champion_id]["linear_score"].data[rows]
    y, own = space.outcome[rows], model.score(held, rows)
    pairs = [(i, j) for i in np.flatnonzero(y == 1) for j in np.flatnonzero(y == 0)]
    first, second = np.array(pairs).T
    for area, x in ((found.champion, theirs), (found.own, own)):
        brute = np.mean((x[first] > x[second]) + 0.5 * (x[first] == x[second]))
        assert area == pytest.approx(brute, abs=1e-12)
    difference, error, _ = metrics.auc_difference(y, theirs, own)
    assert found.difference == pytest.approx(difference)
    assert found.upper - found.lower == pytest.approx(2 * 1.959963984540054 * error)


def test_too_few_bads_are_not_evaluable(good_package: Path) -> None:
    def few(frame: pd.DataFrame) -> pd.DataFrame:
        bad = frame.index[(frame["_sample"] == TEST) & (frame["_outcome"] == 1)]
        frame.loc[bad[20:], "_outcome"] = 0.0
        return frame

    space = space_of(good_package, few)
    check_benchmark(space)
    assert outcome(space, f"gain of the validator's challenger ({TEST})").outcome == "not_evaluable"
