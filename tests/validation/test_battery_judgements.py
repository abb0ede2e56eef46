"""What the battery says of a good model, and of drift, a wrong level, inverted and concentrated grades."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from validation.battery import calibration_tests, discrimination, grades, migration, performance, periods, stability
from validation.battery.rows import BatteryRow
from validation.compare import Ledger
from validation.comparisons.rating import Scale
from validation.package import Package
from validation.policy import SEVERITIES, read_policy
from validation.rebuild.workspace import Workspace
from validation.steps.values import Value

EDGES = (0.03, 0.07, 0.15, 0.3)
SAMPLES = {"development": 4000, "out_of_sample": 2500, "out_of_time": 2500}
POLICY = read_policy()


@dataclass
class Toy:
    """As much of a package as the battery asks for."""

    model: dict[str, Any]
    plan: dict[str, Any] = field(default_factory=dict)
    champion_id: str = "card"

    @property
    def models(self) -> dict[str, Any]:
        return {"card": self.model, "rival": self.model}

    @property
    def candidate_ids(self) -> dict[str, str]:
        return {"card": "card", "rival": "rival"}

    def setting(self, room: str, key: str, default: float) -> float:
        return float((self.plan.get(room) or {}).get(key, default))


def world(seed: int = 0, sizes: dict[str, int] | None = None, **changes: Any) -> tuple[Workspace, Scale]:
    """A calibrated model on three samples; `changes`: shift of the log-odds by sample, of true log-odds, a slope."""
    random = np.random.default_rng(seed)
    sizes = sizes or SAMPLES
    samples = np.repeat(list(sizes), list(sizes.values()))
    n = len(samples)
    later = samples == "out_of_time"
    x = random.normal(size=n) + np.where(later, changes.get("drift", 0.0), 0.0)
    linear = -2.4 + 1.1 * x
    truth = changes.get("slope", 1.0) * (linear + 2.4) - 2.4 + changes.get("level", 0.0)
    y = (random.random(n) < special.expit(truth)).astype(float)
    p = special.expit(linear)
    bins = np.digitize(x, [-1, -0.3, 0.3, 1])
    scored = {"linear": _value(linear), "p": _value(p), "x_bin": Value("bin", bins, np.zeros(n, dtype=bool))}
    step = {"type": "classing", "input": "x", "output_bin": "x_bin", "output_woe": "x_woe"}
    outputs = {"linear_score": "linear", "probability": "p", "grade": "grade", "score": None}
    model = {"steps": [step], "inputs": [{"name": "x"}], "outputs": outputs}
    other = {**scored, "linear": _value(linear + random.normal(0, 0.6, n))}
    space = Workspace(
        package=cast(Package, Toy(model)),
        policy=POLICY,
        ledger=Ledger(POLICY),
        frame=pd.DataFrame({"x": x, "_key": [str(k) for k in range(n)]}),
        outcome=y,
        weight=changes.get("weight", np.ones(n)),
        cluster=np.arange(n),
        rows={name: np.flatnonzero(samples == name) for name in sizes},
        scored={"card": scored, "rival": other},
    )
    return space, scale_of(space, p)


def _value(data: np.ndarray) -> Value:
    return Value("number", data, np.zeros(len(data), dtype=bool))


def scale_of(space: Workspace, p: np.ndarray, edges: tuple[float, ...] = EDGES) -> Scale:
    place = np.digitize(p, edges)
    pds = [float(p[place == k].mean()) for k in range(len(edges) + 1)]
    names = [str(k + 1) for k in range(len(edges) + 1)]
    return Scale(names, list(edges), pds, dict(space.rows), {name: place[at] for name, at in space.rows.items()})


def judge(space: Workspace, scale: Scale) -> dict[tuple[str, str], BatteryRow]:
    performance.check_performance(space)
    discrimination.check_discrimination(space)
    calibration_tests.check_calibration(space)
    periods.check_periods(space)
    stability.check_stability(space)
    grades.check_grades(space, scale)
    migration.check_migration(space, scale)
    return {(row.test, row.population): row for row in space.ledger.battery}


def severities(space: Workspace, *parts: str) -> set[str]:
    """Severities of the findings whose test holds every part."""
    found = (one.finding for one in space.ledger.outcomes if one.finding is not None)
    return {item.severity for item in found if all(part in item.test for part in parts)}


def above_observation(space: Workspace) -> list[str]:
    found = (one.finding for one in space.ledger.outcomes if one.finding is not None)
    return [f"{item.severity} {item.test}" for item in found if item.severity != SEVERITIES[-1]]


def test_a_good_model_gets_nothing_above_observation() -> None:
    space, scale = world()
    rows = judge(space, scale)
    assert above_observation(space) == []
    assert rows["level of all grades", "out_of_sample"].outcome == "pass"
    assert rows["order of grades", "out_of_time"].outcome == "pass"
    assert rows["stability of x", "out_of_time"].outcome == "pass"
    rival = rows["AUC of the challenger less the champion's", "out_of_sample, rival"]
    assert rival.value < 0 < rival.p_value < 0.05
    assert rival.outcome == "pass"
    assert rows["normal test of yearly rates", "all samples"].reason == "the snapshot has no dates"
    assert "no account" in str(rows["weighted bandwidth", "all samples"].reason)


def test_good_worlds_get_nothing_above_observation() -> None:
    for seed in range(20):
        space, scale = world(1000 + seed)
        judge(space, scale)
        assert above_observation(space) == []


WORLDS, BY_CHANCE, CUT = 1000, 0.05, 0.00135
TESTED = ("out_of_sample", "out_of_time")
EXACT = (
    *("calibration slope", "Hosmer-Lemeshow", "Spiegelhalter", "loss of AUC from development"),
    *("stability of the score", "stability of x"),
)
CAREFUL = (
    *("level of grades", "level of all grades", "binomial test of grades", "binomial test of all grades"),
    *("order of grades", "level with correlated defaults of grades", "concentration against development"),
    *("calibration in the large", "calibration intercept"),
)
"""Counts, Holm's correction, and the error of a level that is true in these worlds: p-values are never too small."""


@pytest.mark.slow
def test_one_good_world_of_a_hundred_at_most_gets_more() -> None:
    """Of 1,000 worlds no more than a rate of 1 in 100 brings in 99 of 100 trials, so that one of 3 in 100 is found.

    No row alone alarms oftener than its cut says (three standard errors one-sided, p 0.00135, is the mildest), and the
    p-values of rows that were not fitted are as small as chance makes them.
    """
    alarms: list[str] = []
    worlds = 0
    small: Counter[tuple[str, str]] = Counter()
    for seed in range(WORLDS):
        space, scale = world(1000 + seed)
        rows = judge(space, scale)
        found = above_observation(space)
        worlds += bool(found)
        alarms += set(found)
        small.update(key for key, row in rows.items() if row.p_value <= BY_CHANCE)
    told = Counter(alarms)
    assert worlds <= stats.binom.ppf(0.99, WORLDS, 0.01), told
    assert max(told.values(), default=0) <= stats.binom.ppf(0.9999, WORLDS, CUT), told
    low, high = stats.binom.ppf([0.0001, 0.9999], WORLDS, BY_CHANCE)
    for name in EXACT:
        assert all(low <= small[name, sample] <= high for sample in TESTED), (name, small)
    for name in CAREFUL:
        assert all(small[name, sample] <= high for sample in TESTED), (name, small)


def test_a_shifted_later_population_is_told() -> None:
    space, scale = world(drift=1.2)
    rows = judge(space, scale)
    assert rows["stability of the score", "out_of_time"].outcome == "fail"
    assert severities(space, "stability of the score", "out_of_time") == {"medium"}
    assert rows["stability of x", "out_of_time"].outcome == "fail"
    assert severities(space, "stability of characteristics", "out_of_time") == {"low"}
    assert severities(space, "stability", "out_of_sample") == set()
    moved = [one.finding for one in space.ledger.outcomes if one.finding and "characteristics" in one.test]
    assert [item.quantity for item in moved] == ["greatest PSI"]  # whatever characteristic is the worst
    assert rows["concentration against development", "out_of_time"].value > 0


def test_a_wrong_level_is_told_by_every_test_of_the_level() -> None:
    space, scale = world(level=0.6)
    rows = judge(space, scale)
    for test in ("level of grades", "level of all grades", "binomial test of all grades", "Hosmer-Lemeshow"):
        assert rows[test, "out_of_sample"].outcome == "fail", test
        assert rows[test, "development"].outcome == "review", test  # fitted: told, no fail
    assert severities(space, "level of all grades", "out_of_time") == {"medium"}
    assert severities(space, "calibration intercept", "out_of_time") == {"low"}
    told = rows["level with correlated defaults of all grades", "out_of_time"]
    assert told.outcome in ("pass", "review")
    assert "rho 0.04" in told.statistic
    space, scale = world(level=2.5)
    assert judge(space, scale)["level with correlated defaults of all grades", "out_of_time"].outcome == "fail"


def test_probabilities_that_are_too_far_apart_are_told() -> None:
    space, scale = world(slope=0.5)
    rows = judge(space, scale)
    assert rows["calibration slope", "out_of_sample"].outcome == "fail"
    assert severities(space, "calibration slope", "out_of_sample") == {"medium"}
    assert severities(space, "calibration slope", "development") == {"observation"}
    slope = rows["calibration slope", "out_of_sample"]
    assert slope.lower < 0.5 < slope.upper < 1


def test_an_inverted_grade_is_told() -> None:
    space, scale = world()
    swapped = {2: 3, 3: 2}
    places = {
        name: np.array([swapped.get(int(k), int(k)) for k in at], dtype=np.int64) for name, at in scale.places.items()
    }
    rows = judge(space, replace(scale, places=places))
    assert rows["order of grades 3 and 4", "out_of_sample"].outcome == "fail"
    assert severities(space, "order of grades", "out_of_sample") == {"high"}
    assert severities(space, "order of grades", "development") == {"observation"}


def test_a_concentrated_later_sample_is_told() -> None:
    space, scale = world()
    places = dict(scale.places)
    places["out_of_time"] = np.where(np.arange(2500) < 2300, 2, places["out_of_time"])
    rows = judge(space, replace(scale, places=places))
    row = rows["concentration against development", "out_of_time"]
    assert row.outcome == "fail"
    assert row.p_value > 0.05  # which the formula does not see
    assert severities(space, "concentration", "out_of_time") == {"low"}


def test_small_grades_are_never_passed() -> None:
    space, scale = world(sizes={"development": 4000, "out_of_sample": 80, "out_of_time": 80})
    rows = judge(space, scale)
    small = [
        row
        for row in rows.values()
        if row.population == "out_of_sample" and row.test.startswith(("level of grade 1", "order of grades 1"))
    ]
    assert small
    assert all(row.outcome != "pass" for row in small)
    assert all("effective rows" in str(row.reason) for row in small)
    assert rows["stability of x", "out_of_sample"].outcome != "pass"  # chance alone reaches the first cut
    assert rows["Hosmer-Lemeshow", "out_of_sample"].outcome == "not_evaluable"
    assert "bads" in str(rows["AUC against the initial one", "out_of_sample"].reason)


@pytest.mark.parametrize("change", ["copies", "weights"])
def test_neither_copies_nor_weights_make_false_p_values(change: str) -> None:
    """Each row of the later sample ten times over with one cluster, or a weight of ten: the evidence is the same."""
    space, scale = world(3, level=0.12)
    whole = judge(space, scale)
    n = len(space.outcome)
    if change == "copies":
        again = np.repeat(np.arange(n), np.where(np.arange(n) >= 6500, 10, 1))
        rows = {name: np.flatnonzero(np.isin(again, at)) for name, at in space.rows.items()}
        scored = {
            name: {key: replace(one, data=one.data[again], error=one.error[again]) for key, one in values.items()}
            for name, values in space.scored.items()
        }
        second = replace(
            space,
            outcome=space.outcome[again],
            weight=space.weight[again],
            cluster=space.cluster[again],
            frame=space.frame.iloc[again].reset_index(drop=True),
            rows=rows,
            scored=scored,
            ledger=Ledger(POLICY),
        )
    else:
        second = replace(space, weight=np.where(np.arange(n) >= 6500, 10.0, 1.0), ledger=Ledger(POLICY))
    found = judge(second, scale_of(second, second.scored["card"]["p"].data))
    for test in ("level of all grades", "Hosmer-Lemeshow", "Spiegelhalter", "calibration slope", "stability of x"):
        before, after = whole[test, "out_of_time"], found[test, "out_of_time"]
        # the design effect is that of the sample, the scale's mean moves with the copies: near, not equal
        assert np.log(after.p_value / before.p_value) == pytest.approx(0.0, abs=0.6), test


def test_an_empty_bin_of_a_later_sample_is_told() -> None:
    space, scale = world()
    bins = space.scored["card"]["x_bin"]
    data = bins.data.copy()
    late = space.rows["out_of_time"]
    data[late] = np.where(data[late] == 0, 1, data[late])
    space = replace(space, scored={**space.scored, "card": {**space.scored["card"], "x_bin": replace(bins, data=data)}})
    row = judge(space, scale)["stability of x", "out_of_time"]
    assert row.outcome == "fail"
    assert "1 empty" in row.statistic


def test_a_probability_of_all_applicants_cannot_fail_on_known_outcomes() -> None:
    space, scale = world(level=0.6)
    cast(Any, space.package).plan["reject_inference"] = {"method": "reweighting"}
    judge(space, scale)
    assert severities(space, "level of") | severities(space, "Hosmer") | severities(space, "slope") <= {"observation"}


def test_a_level_set_by_the_plan_is_not_judged_by_the_sample() -> None:
    space, scale = world(level=0.6)
    cast(Any, space.package).plan["calibration"] = {"target": 0.05}
    rows = judge(space, scale)
    assert {rows[test, "out_of_time"].outcome for test in ("Hosmer-Lemeshow", "level of grades")} == {"not_evaluable"}


def _moves(years: int, far: Callable[[int], float]) -> tuple[Workspace, Scale]:
    """Accounts seen every twelve months: three of ten move one grade, and two grades with a probability by year."""
    random = np.random.default_rng(5)
    space, scale = world()
    keys, places = [], []
    for year in range(years):
        before = random.integers(0, 5, 700)
        reach = np.where(random.random(700) < far(year), 2, 1) * np.where(random.random(700) < 0.5, -1, 1)
        after = np.clip(before + np.where(random.random(700) < 0.3, reach, 0), 0, 4)
        for month, at in ((f"{2015 + year}-06", before), (f"{2016 + year}-06", after)):
            keys += [f"a{year}.{k}@{month}" for k in range(700)]
            places.append(at)
    n = len(keys)
    grade = Value(
        "string", np.array([scale.grades[k] for k in np.concatenate(places)], dtype=object), np.zeros(n, bool)
    )
    rows = {"development": np.arange(n)}
    frame = pd.DataFrame({"_key": keys})
    made = replace(space, frame=frame, rows=rows, scored={"card": {"grade": grade}}, ledger=Ledger(POLICY))
    return made, scale


def test_migration_that_grows_from_year_to_year_is_told() -> None:
    space, scale = _moves(5, lambda year: 0.05 + 0.1 * year)
    migration.check_migration(space, scale)
    rows = {row.test: row for row in space.ledger.battery}
    assert rows["weighted bandwidth to riskier grades"].outcome == "review"
    assert rows["cells against their neighbours"].outcome == "pass"
    space, scale = _moves(5, lambda year: 0.3 - 0.05 * year)
    migration.check_migration(space, scale)
    assert {row.outcome for row in space.ledger.battery if row.area == "matrix_z"} == {"pass"}
    space, scale = _moves(2, lambda _: 0.2)
    migration.check_migration(space, scale)
    trend = next(row for row in space.ledger.battery if row.area == "migration")
    assert trend.outcome == "not_evaluable"
    assert trend.value > 0


def test_yearly_rates_above_the_probabilities_are_told() -> None:
    space, _ = world(level=0.5)
    years = 2014 + np.arange(len(space.outcome)) % 6
    space = replace(space, frame=space.frame.assign(DATE=[f"{year}-03-01" for year in years]))
    cast(Any, space.package).plan["data"] = {"date": "DATE"}
    periods.check_periods(space)
    row = space.ledger.battery[-1]
    assert row.outcome == "review"
    assert row.statistic == "z of 6 years"
    assert severities(space) == {"observation"}
