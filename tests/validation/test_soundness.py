"""Conceptual soundness: a sound package passes, and each unsound one is found by the check that is meant for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score
from toy_package import boosted

from validation import read_package
from validation.battery import soundness, texts
from validation.compare import Ledger
from validation.package import Package
from validation.policy import read_policy
from validation.rebuild.duplicates import mixed_groups
from validation.rebuild.screen import class_counts, fine_groups, grouped_auc, pure_shares, screen
from validation.rebuild.workspace import Workspace, open_workspace

Change = Callable[[pd.DataFrame, np.random.Generator], None]


@pytest.fixture(scope="module")
def read(good_package: Path) -> Package:
    return read_package(good_package)


def judged(package: Package) -> Ledger:
    """The ledger after the checks of soundness alone."""
    space = open_workspace(package, read_policy())
    assert isinstance(space, Workspace)
    soundness.check_soundness(space)
    return space.ledger


def found(ledger: Ledger) -> dict[str, str]:
    return {item.test: item.finding.severity for item in ledger.outcomes if item.finding is not None}


def outcome(ledger: Ledger, test: str) -> str:
    return next(item.outcome for item in ledger.outcomes if item.test == test)


def changed(package: Package, change: Change) -> Package:
    frame = package.snapshot.copy()
    change(frame, np.random.default_rng(5))
    return dataclasses.replace(package, snapshot=frame)


def with_plan(package: Package, **sections: Any) -> Package:
    return dataclasses.replace(package, plan={**package.plan, **sections})


def test_sound_package_has_no_finding(read: Package) -> None:
    assert found(judged(read)) == {}


def test_every_screened_characteristic_stands_in_the_evidence(read: Package) -> None:
    rows = judged(read).tables["validation.soundness"]
    assert [row[0] for row in rows] == ["INCOME", "REGION"]
    assert all(row[1] == 2000 and 0.5 <= row[2] < 0.8 for row in rows)


def leak(frame: pd.DataFrame, random: np.random.Generator) -> None:
    frame["INCOME"] = frame["_outcome"] + random.normal(0.0, 0.3, len(frame))


def small_leak(frame: pd.DataFrame, random: np.random.Generator) -> None:
    """A tenth more than the cut of the bads, and of nobody else, has a value of its own: hardly any AUC."""
    bads = frame.index[frame["_outcome"] == 1]
    frame.loc[random.choice(bads, int(0.15 * len(bads)), replace=False), "INCOME"] = 1e6


def missing_leak(frame: pd.DataFrame, random: np.random.Generator) -> None:
    frame.loc[(frame["_outcome"] == 1) & (random.random(len(frame)) < 0.7), "INCOME"] = np.nan


@pytest.mark.parametrize(
    ("change", "test", "severity"),
    [
        (leak, "battery: AUC of a single characteristic (INCOME)", "critical"),
        (leak, "battery: information value (INCOME)", "high"),
        (small_leak, "battery: values with bads only (INCOME)", "high"),
        (missing_leak, "battery: missing values that tell (INCOME)", "high"),
    ],
)
def test_leaks_are_suspected(read: Package, change: Change, test: str, severity: str) -> None:
    assert found(judged(changed(read, change)))[test] == severity


def test_score_that_is_too_good(read: Package) -> None:
    space = open_workspace(read, read_policy())
    assert space is not None
    risk = space.output("toy", "linear_score").data

    def known(noise: float) -> Change:
        def change(frame: pd.DataFrame, random: np.random.Generator) -> None:
            frame["_outcome"] = (risk + random.normal(0.0, noise, len(risk)) > np.quantile(risk, 0.8)).astype(float)

        return change

    test = "battery: AUC that is too good (toy)"
    assert found(judged(changed(read, known(0.1))))[test] == "high"
    assert found(judged(changed(read, known(0.3))))[test] == "observation"
    assert test not in found(judged(changed(read, known(1.5))))


def test_small_samples_are_never_passed(read: Package) -> None:
    def few(frame: pd.DataFrame, random: np.random.Generator) -> None:
        frame.loc[frame.index[frame["_outcome"] == 1][20:], "_outcome"] = 0.0

    ledger = judged(changed(read, few))
    assert outcome(ledger, "battery: leakage of single characteristics") == "not_evaluable"
    assert outcome(ledger, "battery: AUC that is too good (toy)") == "not_evaluable"


def test_copied_rows_are_found_under_other_keys(read: Package) -> None:
    def copied(frame: pd.DataFrame, random: np.random.Generator) -> None:
        source = frame.index[frame["_sample"] == "development"][:60]
        target = frame.index[frame["_sample"] == "out_of_sample"][:60]
        for column in ("INCOME", "REGION", "_outcome"):
            frame.loc[target, column] = frame.loc[source, column].to_numpy()

    test = "battery: development and out_of_sample share no row under another key"
    assert outcome(judged(read), test) == "pass"
    assert found(judged(changed(read, copied)))[test] == "critical"


def test_equal_rows_of_one_obligor_are_no_copies(read: Package) -> None:
    def panel(frame: pd.DataFrame, random: np.random.Generator) -> None:
        source = frame.index[frame["_sample"] == "development"][:300]
        target = frame.index[frame["_sample"] == "out_of_sample"][:300]
        for column in ("INCOME", "REGION", "_outcome"):
            frame.loc[target, column] = frame.loc[source, column].to_numpy()
        names = np.array([f"c{number}" for number in range(300)], dtype=object)
        frame.loc[source, "_cluster"], frame.loc[target, "_cluster"] = names, names

    test = "battery: development and out_of_sample share no row under another key"
    assert test not in found(judged(changed(read, panel)))


def test_out_of_time_that_is_not_later(read: Package) -> None:
    def samples(early: bool) -> Change:
        def change(frame: pd.DataFrame, random: np.random.Generator) -> None:
            late = frame["DATE"] >= "2020-05-01"
            frame.loc[late, "_sample"] = "out_of_time"
            if early:
                frame.loc[frame.index[~late][:3], "_sample"] = "out_of_time"

        return change

    plan = with_plan(read, data={**read.plan.get("data", {}), "date": "DATE"})
    test = "battery: out_of_time is later than development"
    assert outcome(judged(changed(plan, samples(False))), test) == "pass"
    assert found(judged(changed(plan, samples(True))))[test] == "critical"
    without = changed(with_plan(read, data={}), samples(False))
    assert outcome(judged(without), test) == "not_evaluable"


@pytest.mark.parametrize(("until", "expected"), [("2021-05", "pass"), ("2021-04", "fail")])
def test_windows_that_have_not_passed(read: Package, until: str, expected: str) -> None:
    """The last rows are of May 2020: twelve months later is May 2021."""
    data = {**read.plan.get("data", {}), "date": "DATE"}
    outcome_ = {"history": {"date": "month", "observed_until": until}, "windows": {"performance_months": 12}}
    package = with_plan(read, data=data, outcome=outcome_)
    assert outcome(judged(package), "battery: performance windows have passed") == expected


def test_input_that_the_outcome_is_made_of(read: Package) -> None:
    package = with_plan(read, outcome={**read.plan.get("outcome", {}), "column": "REGION"})
    assert found(judged(package))["battery: toy does not read the outcome"] == "critical"


def contract(*rows: tuple[str, str]) -> dict[str, Any]:
    names = [{"name": "column"}, {"name": "role"}]
    return {"kind": "table", "columns": names, "rows": [list(row) for row in rows], "inputs": [], "id": "data.contract"}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("INCOME", "predictor"), ("REGION", "predictor")], None),
        ([("INCOME", "predictor")], "high"),
        ([("INCOME", "predictor"), ("REGION", "outcome")], "high"),
    ],
)
def test_inputs_stand_in_the_contract(read: Package, rows: list[tuple[str, str]], expected: str | None) -> None:
    package = dataclasses.replace(read, evidence={**read.evidence, "data.contract": contract(*rows)})
    assert found(judged(package)).get("battery: inputs of toy are in the data contract") == expected


def test_trend_that_the_data_contradict(read: Package) -> None:
    def columns(trend: str) -> Package:
        data = {**read.plan.get("data", {}), "columns": {"INCOME": {"expected_trend": trend}}}
        return with_plan(read, data=data)

    assert found(judged(columns("descending"))) == {}
    assert found(judged(columns("ascending"))) == {"battery: data against the expected direction (INCOME)": "medium"}


def test_proxy_of_a_protected_group(read: Package) -> None:
    def proxy(frame: pd.DataFrame, random: np.random.Generator) -> None:
        told = random.random(len(frame)) < 0.97
        frame["REGION"] = np.where(told, np.where(frame["SEX"] == 1.0, "north", "south"), "west")

    data = {**read.plan.get("data", {}), "protected": ["SEX"]}
    test = "battery: inputs that stand for a protected group"
    assert outcome(judged(with_plan(read, data=data)), test) == "pass"
    assert found(judged(changed(with_plan(read, data=data), proxy)))[f"{test} (REGION of SEX)"] == "high"


def test_seeds_of_another_plan(read: Package) -> None:
    package = dataclasses.replace(read, manifest={**read.manifest, "seeds": {"plan": 1, "samples": 2}})
    plan = with_plan(package, samples={"seed": 1})
    assert found(judged(plan)) == {"battery: seeds of the manifest": "medium"}
    right = dataclasses.replace(plan, manifest={**read.manifest, "seeds": {"plan": 1}})
    assert found(judged(right)) == {}


def test_predictions_of_another_model(package: Path) -> None:
    boosted.challenger(package)
    pair = read_package(package)
    assert not [test for test in found(judged(pair)) if "its own" in test]
    first, second = list(pair.models)
    swapped = dict(pair.predictions)
    swapped[second, "out_of_sample"] = pair.predictions[first, "out_of_sample"]
    ledger = judged(dataclasses.replace(pair, predictions=swapped))
    assert found(ledger)[f"battery: predictions of {second} are its own"] == "critical"


@pytest.mark.parametrize(
    ("texts_", "severities"),
    [
        ({"purpose": "To do: TODO describe what the model is for."}, {"purpose": "medium"}),
        ({"limitations": "None."}, {"limitations": "medium"}),
        ({"rationale": "It works well."}, {"rationale": "medium"}),
        ({"rationale": "n/a"}, {"rationale": "medium"}),
        (
            {"purpose": "Rank new applicants by risk.", "rationale": "rank new applicants, by risk"},
            {"rationale": "medium"},
        ),
        ({"purpose": "Rank new applicants by their risk."}, {}),
    ],
)
def test_texts_that_say_nothing(read: Package, texts_: dict[str, str], severities: dict[str, str]) -> None:
    evidence = dict(read.evidence)
    for name, text in texts_.items():
        evidence[f"authored.{name}"] = {**evidence[f"authored.{name}"], "text": text}
    ledger = Ledger(read_policy())
    texts.check_texts(dataclasses.replace(read, evidence=evidence), ledger.policy, ledger)
    test = "battery: authored texts say something of their own"
    told = {name: severity for name, severity in found(ledger).items() if name.startswith(test)}
    assert told == {f"{test} ({name})": severity for name, severity in severities.items()}
    assert severities or outcome(ledger, test) == "pass"


def test_screen_against_a_library_and_by_hand() -> None:
    random = np.random.default_rng(3)
    y = (random.random(4000) < 0.3).astype(float)
    values = pd.Series(np.round(random.normal(y, 1.0), 1))
    values[random.random(4000) < 0.1] = np.nan
    one = screen(values, y, np.ones(4000))
    codes = fine_groups(values)
    rate = pd.Series(y).groupby(codes).mean()
    assert one.auc == pytest.approx(roc_auc_score(y, rate.loc[codes].to_numpy()), abs=1e-12)
    assert one.missing_gini == pytest.approx(abs(2 * roc_auc_score(y, values.isna()) - 1), abs=1e-12)
    counts = pd.crosstab(codes, y).to_numpy() + 0.5
    share = counts / counts.sum(axis=0)
    assert one.information_value == pytest.approx(
        np.sum((share[:, 0] - share[:, 1]) * np.log(share[:, 0] / share[:, 1]))
    )
    assert (one.pure_bads, one.pure_goods) == (0.0, 0.0)


def test_weights_count_as_copies_of_rows() -> None:
    random = np.random.default_rng(4)
    y, codes, w = (random.random(500) < 0.4).astype(float), random.integers(0, 6, 500), random.integers(1, 4, 500)
    weighted = grouped_auc(*class_counts(codes, y, w.astype(float)))
    repeated = grouped_auc(*class_counts(np.repeat(codes, w), np.repeat(y, w), np.ones(int(w.sum()))))
    assert weighted == pytest.approx(repeated, abs=1e-12)


def test_pure_values_need_many_rows_and_hold_shares_of_a_class() -> None:
    y = np.repeat([1.0, 0.0], [200, 800])
    values = pd.Series(np.random.default_rng(0).normal(size=1000))
    values.iloc[:50] = 77.0  # 50 bads, 40 goods expected
    assert pure_shares(values, y)[0] == pytest.approx(0.25)
    few = pd.Series(np.random.default_rng(0).normal(size=1000))
    few.iloc[:20] = 77.0  # 16 goods expected: too few to tell
    assert pure_shares(few, y) == (0.0, 0.0)
    good = pd.Series(np.where(np.arange(1000) >= 500, "paid", "open"), dtype=object)
    assert pure_shares(good, y) == (0.0, pytest.approx(500 / 800))


def test_few_copies_among_distinct_rows_are_enough() -> None:
    codes, first = np.arange(1000), np.arange(1000) < 700
    copied = codes.copy()
    copied[700:712] = codes[:12]
    assert mixed_groups(codes, np.arange(1000), first).p_value == 1.0
    found = mixed_groups(copied, np.arange(1000), first)
    assert (found.groups, found.mixed) == (12, 12)
    assert found.p_value == pytest.approx((2 * 0.7 * 0.3) ** 12)


def test_mixed_groups_are_those_of_random_splits() -> None:
    random = np.random.default_rng(11)
    codes = np.concatenate([np.repeat(np.arange(40), 2), np.repeat(np.arange(40, 50), 3), np.arange(50, 400)])
    first = np.zeros(len(codes), dtype=bool)
    first[: int(0.7 * len(codes))] = True
    cluster = np.arange(len(codes))
    drawn = [mixed_groups(codes, cluster, random.permutation(first)) for _ in range(300)]
    counts = np.array([one.mixed for one in drawn])
    assert drawn[0].groups == 50
    assert abs(counts.mean() - drawn[0].expected) < 5 * counts.std() / np.sqrt(300)
    least = min(one.p_value for one in drawn)
    assert least > 1e-4
    size = np.repeat([2, 3], [40, 10])
    chance = 1 - 0.7**size - 0.3**size
    top = drawn[int(np.argmax(counts))]
    normal = stats.norm.sf((top.mixed - 0.5 - chance.sum()) / np.sqrt(np.sum(chance * (1 - chance))))
    assert top.p_value == pytest.approx(normal, rel=0.5)
