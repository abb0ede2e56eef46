"""The classifier of production against development, trained and measured again by our own code.

The draws are those that the run describes: of a month of more than 20,000 rows those whose keys have the least numbers
(the first 8 bytes of SHA-256 of the seed as text, a zero byte and the key); rows in the order of their keys, then in
one of the seed; PCG64 of the seed that the table tells, first the sample of development, then the folds of each side,
then a shuffle of each characteristic in each fold. The model is a
logistic regression with penalty |b|²/2 on standardised columns, both sides of equal weight, by Newton's method. The
area is the mean over folds; its test reckons twice the variance of Mann and Whitney (folds meet as training and test).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from heapq import nsmallest

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg, special

from validation.monitoring.bench import ALL, Bench, refused
from validation.monitoring.drift import Counted, counted_of
from validation.monitoring.tables import compare_table, not_recomputed
from validation.rebuild import metrics

Floats = NDArray[np.float64]
MOST, FOLDS, SEED, MATERIAL, CONFIDENCE, STEPS = 20_000, 5, 20261127, 0.6, 0.95, 60
NUMBERS = {
    **dict.fromkeys(("expected_rows", "actual_rows", "expected_used", "actual_used", "folds", "seed"), "rows"),
    **dict.fromkeys(("auc", "lower", "upper"), "classifier_area"), "chance_level": "classifier_area",
    "p_value": "classifier_test",
}  # fmt: skip
ALONE = {"auc_alone": "auc", "auc_lost": "classifier_area"}
WORDS = ("method", "material", "beyond_chance", "verdict", "reason")
TABLES = ("domain_classifier", "domain_characteristics")


def compare_domain(bench: Bench) -> dict[str, pd.DataFrame]:
    """Compare both tables; returns our own of the classifier, nothing where it cannot be trained again."""
    stated, held = bench.run.table(TABLES[0]), bench.run.table(TABLES[1])
    if stated is None:
        return {}
    used = [one for one in counted_of(bench) if not one.of_score]
    reason = _why_not(bench, used, stated, held)
    if reason is not None:
        for name in TABLES:
            not_recomputed(bench.ledger, bench.run, name, reason)
        return {}
    if held is not None:
        order = {name: number for number, name in enumerate(dict.fromkeys(held["variable"]))}
        used = sorted(used, key=lambda one: order.get(one.name, len(order)))
    rows, alone = [], []
    for period in bench.production.periods[-bench.settings.of :]:
        found = _month(bench, period, used)
        rows.append(found.row)
        alone += found.alone
    own = pd.DataFrame(rows)
    compare_table(bench.ledger, bench.run, TABLES[0], own, ["period", "segment"], NUMBERS, WORDS)
    if held is not None or alone:
        parts = pd.DataFrame(alone) if alone else "no month has rows enough"
        compare_table(bench.ledger, bench.run, TABLES[1], parts, ["period", "segment", "variable"], ALONE)
    return {"domain": own}


def _why_not(bench: Bench, used: list[Counted], stated: pd.DataFrame, held: pd.DataFrame | None) -> str | None:
    if bench.scored is None or not used:
        return "production lacks inputs, or no classing of the champion is of one value"
    if not bool(bench.production.whole.all()):
        return "inputs of some rows of the log were not kept, or are erased"
    if "logistic" not in set(stated["method"]):
        return "the classifier is no logistic regression"
    stable = bench.run.table("characteristic_stability") if held is None else held
    told = set() if stable is None else set(stable["variable"])
    if told and told != {one.name for one in used}:
        return "it is trained on characteristics that several classings of the champion are of, or on others than ours"
    return None


@dataclass(frozen=True, slots=True)
class _Found:
    row: dict[str, object]
    alone: list[dict[str, object]]


def _month(bench: Bench, period: str, used: list[Counted]) -> _Found:
    """Row of the table and those of the characteristics, of the rows of one month that the model does not refuse."""
    assert bench.scored is not None
    frame = bench.production.frame
    inside = np.flatnonzero((frame["period"] == period).to_numpy(bool))
    inside = sampled(frame["key"].to_numpy(object).astype(str), inside, MOST)
    drawn = pd.Series(inside).sample(len(inside), random_state=SEED).to_numpy(np.int64)
    drawn = drawn[~refused(bench.package, bench.scored)[drawn]]
    second = np.column_stack([_worth(one)[one.ids[drawn]] for one in used])
    first = np.column_stack([_worth(one)[one.development] for one in used])
    s = bench.settings
    head: dict[str, object] = {"period": period, "segment": ALL, "method": "logistic", "seed": SEED}
    head |= {"expected_rows": len(first), "actual_rows": len(second), "folds": FOLDS}
    if len(second) < s.min_rows:
        nothing = dict.fromkeys(("auc", "lower", "upper", "chance_level", "p_value"), math.nan)
        told = {"expected_used": 0, "actual_used": 0, "material": False, "beyond_chance": False, "verdict": "grey"}
        told["reason"] = f"{len(second)} rows, fewer than {s.min_rows:.0f}"
        return _Found({**head, **nothing, **told}, [])
    area = measured(first, second, SEED)
    material, beyond = area.auc >= MATERIAL, area.p_value <= s.significance
    told = {
        "expected_used": area.used[0], "actual_used": area.used[1], "auc": area.auc, "lower": area.bounds[0],
        "upper": area.bounds[1], "chance_level": area.chance(s.significance), "p_value": area.p_value,
        "material": material, "beyond_chance": beyond, "verdict": "red" if material and beyond else "green",
    }  # fmt: skip
    far, by_chance = f"area below {MATERIAL:g}", "within what chance explains"
    told["reason"] = (far if not material else by_chance) + (", though beyond chance" if beyond else "")
    if material and beyond:
        told["reason"] = f"rows are told apart with an area of at least {MATERIAL:g}"
    alone = [
        {"period": period, "segment": ALL, "variable": one.name, "auc_alone": a, "auc_lost": b}
        for one, a, b in zip(used, area.alone, area.lost, strict=True)
    ]
    return _Found({**head, **told}, alone)


def sampled(keys: NDArray[np.object_], inside: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Places of rows in the order of their keys (n,): all that are `inside`, or the `most` with the least numbers."""
    own = [(str(keys[one]), int(one)) for one in inside]
    if len(own) > most:
        numbered = ((sha256(f"{SEED}\0{key}".encode()).digest()[:8], key, one) for key, one in own)
        own = [(key, one) for _, key, one in nsmallest(most, numbered)]
    return np.array([one for _, one in sorted(own)], np.int64)


def _worth(one: Counted) -> Floats:
    """What each bin adds to the linear score, or its place where that is not known; of no bin (-1) 0."""
    known = one.effects if np.isfinite(one.effects).all() else np.arange(len(one.effects), dtype=np.float64)
    return np.append(known, 0.0)


@dataclass(frozen=True, slots=True)
class Area:
    """auc out of fold and its standard error; null: that of one population; used: rows of both sides; alone, lost (k,):
    area of each characteristic by itself, and what is lost where it is shuffled."""

    auc: float
    error: float
    null: float
    used: tuple[int, int]
    alone: Floats
    lost: Floats

    @property
    def bounds(self) -> tuple[float, float]:
        """Normal bounds, within 0 and 1."""
        reach = float(special.ndtri(0.5 + CONFIDENCE / 2.0)) * self.error
        return max(self.auc - reach, 0.0), min(self.auc + reach, 1.0)

    def chance(self, level: float) -> float:
        """What rows of one population exceed at the level."""
        return 0.5 + float(-special.ndtri(level)) * self.null

    @property
    def p_value(self) -> float:
        """One-sided, of one population."""
        return float(special.ndtr(-(self.auc - 0.5) / self.null))


def measured(first: Floats, second: Floats, seed: int) -> Area:
    """The classifier of second (m, k) against first (n, k), cross-fitted over FOLDS folds."""
    random = np.random.default_rng(seed)
    sides = [_drawn(side, random) for side in (first, second)]
    x, y = np.vstack(sides), np.repeat([0.0, 1.0], [len(side) for side in sides])
    fold = np.concatenate([random.permutation(np.arange(len(side)) % FOLDS) for side in sides])
    k, parts = x.shape[1], list[tuple[float, float, float]]()
    alone, lost = np.zeros(k), np.zeros(k)
    for number in range(FOLDS):
        test = fold == number
        slope = fitted(x[~test], y[~test])
        own, label = x[test], y[test]
        found = metrics.auc(label, own @ slope)
        ones = float(label.sum())
        parts.append((found.auc, found.standard_error**2, (len(label) + 1.0) / (12.0 * ones * (len(label) - ones))))
        for j in range(k):
            alone[j] += _alone(x[~test, j], y[~test], own[:, j], label)
            shuffled = own.copy()
            shuffled[:, j] = random.permutation(own[:, j])
            lost[j] += found.auc - metrics.auc(label, shuffled @ slope).auc
    areas, squares, nulls = (np.array(column) for column in zip(*parts, strict=True))
    error, null = math.sqrt(squares.sum()) / FOLDS, math.sqrt(2.0 * nulls.sum()) / FOLDS
    return Area(float(areas.mean()), error, null, (len(sides[0]), len(sides[1])), alone / FOLDS, lost / FOLDS)


def _drawn(side: Floats, random: np.random.Generator) -> Floats:
    return side if len(side) <= MOST else side[np.sort(random.choice(len(side), MOST, replace=False))]


def fitted(x: Floats, y: Floats) -> Floats:
    """Slopes (k,) in the units of x of the penalised regression; the constant is free of the penalty."""
    centre, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    z = np.column_stack([np.ones(len(x)), (x - centre) / spread])
    weight = np.where(y == 1.0, 0.5 / y.mean(), 0.5 / (1.0 - y.mean()))
    penalty, beta = np.diag([0.0, *np.ones(x.shape[1])]), np.zeros(z.shape[1])
    for _ in range(STEPS):
        p = special.expit(z @ beta)
        score = z.T @ (weight * (y - p)) - penalty @ beta
        information = (z * (weight * p * (1.0 - p))[:, None]).T @ z + penalty
        step = linalg.solve(information, score, assume_a="pos")
        beta = beta + step
        if float(np.max(np.abs(step))) < 1e-10:
            break
    return np.asarray(beta[1:] / spread, np.float64)


def _alone(x: Floats, y: Floats, own: Floats, label: Floats) -> float:
    """Area of one column on the test rows, turned as the training rows say."""
    area = metrics.auc(label, own).auc
    return area if metrics.auc(y, x).auc >= 0.5 else 1.0 - area


def rows_of(own: pd.DataFrame) -> Iterator[tuple[str, str, str, str, float, bool, bool]]:
    """The metric `domain_auc` of each month."""
    for row in own.to_dict("records"):
        known, beyond = row["verdict"] != "grey", bool(row["beyond_chance"])
        yield row["period"], row["segment"], "domain_auc", ALL, row["auc"], known, beyond
