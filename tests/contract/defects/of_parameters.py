"""Defects of what a scorecard computes with: weights of evidence, edges, coefficients, calibration, points, grades."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.binning.woe import WoeResult
from credit_risk.calibration.maps import LogisticMap
from credit_risk.lifecycle.candidates import Training
from credit_risk.models.logistic import LogisticFit
from tests.contract.defects.consistent import Model, Replaced, step, with_fit, with_model, with_result
from tests.contract.defects.defect import Defect, Making
from tests.contract.defects.severity import material, predictions

CLASSED = "credit_risk.lifecycle.binary.class_predictors"
CALIBRATION = "credit_risk.lifecycle.calibration"
Floats = NDArray[np.float64]


def sized(strength: float, effect: str, hook: Callable[[float], Replaced]) -> Callable[[Making], Path]:
    """A defect whose effect grows with its strength; `strength` is that of an effect of 1."""

    def make(making: Making) -> Path:
        return making.developed(hook(strength * material(effect) * making.times))

    return make


def classed(characteristic: str, change: Callable[[Floats], Floats]) -> Replaced:
    """Change the weights of evidence of a characteristic as soon as it is classed; all else is fitted on them."""

    def changed(training: Training) -> Training:
        table = training.tables[characteristic]
        cells = table.cells
        good, bad = (np.asarray(part, float) for part in (cells.good, cells.bad))
        woe = change(table.result.woe.copy())
        value = (good / good.sum() - bad / bad.sum()) * woe
        return replace(
            training,
            tables={**training.tables, characteristic: replace(table, result=WoeResult(woe, value, table.result.rule))},
        )

    return with_result(CLASSED, changed)


def swapped(first: int, second: int, part: float, woe: Floats) -> Floats:
    """Two weights of evidence moved towards one another; part 1: swapped."""
    woe[[first, second]] += part * (woe[[second, first]] - woe[[first, second]])
    return woe


def rounded(step_size: float, woe: Floats) -> Floats:
    """Weights of evidence on a grid."""
    return np.round(woe / step_size) * step_size


def coefficients(term: str, change: Callable[[float], float]) -> Replaced:
    """Change one coefficient of the fit, its z value and interval with it."""

    def changed(fit: LogisticFit) -> LogisticFit:
        place = fit.terms.index(term)
        moved = change(float(fit.coef[place])) - fit.coef[place]
        parts = {name: getattr(fit, name).copy() for name in ("coef", "lower", "upper")}
        for values in parts.values():
            values[place] += moved
        return replace(fit, **parts, z=parts["coef"] / fit.standard_error)

    return with_fit(changed)


def mapped(change: Callable[[LogisticMap], LogisticMap]) -> Replaced:
    """Change the map of calibration as it was fitted; what is anchored or told follows."""
    return with_result(f"{CALIBRATION}.fit_map", lambda fit: replace(fit, map=change(fit.map)))


def bin_of(model: Model, characteristic: str, kind: str) -> dict[str, Any]:
    """The bin of a kind (`missing`, `unseen`, `special`) of a characteristic."""
    return next(one for one in step(model, f"classing({characteristic})")["bins"] if one["kind"] == kind)


def as_other_bin(characteristic: str, kind: str, other: int, part: float) -> Replaced:
    """The weight of a bin moved towards that of another one, in the classing and all that follows."""

    def changed(training: Training) -> Training:
        table = training.tables[characteristic]
        place = next(k for k, one in enumerate(table.bins) if one.kind == kind)
        woe = table.result.woe.copy()
        woe[place] += part * (woe[other] - woe[place])
        return replace(
            training, tables={**training.tables, characteristic: replace(table, result=replace(table.result, woe=woe))}
        )

    return with_result(CLASSED, changed)


def _moved_edge(making: Making) -> Path:
    """An edge of INCOME in model.json so that just so many applicants fall into another bin."""
    income = pd.read_parquet(making.good / "data" / "snapshot.parquet")["INCOME"].dropna().sort_values().to_numpy()

    def moved(model: Model) -> None:
        bins = step(model, "classing(INCOME)")["bins"]
        edge, count = bins[1]["upper"], round(making.times * material("decisions") * len(applicants))
        last = income[np.searchsorted(income, edge) + count - 1]
        bins[1]["upper"] = bins[2]["lower"] = float(np.nextafter(last, np.inf))

    applicants = pd.read_parquet(making.good / "data" / "snapshot.parquet")
    return making.developed(with_model(moved))


def _scaled(**changes: float) -> Callable[[Making], Path]:
    """Points of another scaling than the plan's, told as the plan's."""

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def points_table(intercept: float, named: Mapping[str, float], tables: Any, scaling: Any, **rest: Any) -> Any:
            found = original(intercept, named, tables, replace(scaling, **changes), **rest)
            return replace(found, scaling=scaling)

        return points_table

    return lambda making: making.developed({"credit_risk.lifecycle.candidates.scorecard.points_table": around})


def _special_as_value(making: Making) -> Path:
    def changed(model: Model) -> None:
        bins = step(model, "classing(USED)")["bins"]
        special = next(one for one in bins if one["kind"] == "special")
        special["woe"] = bins[0]["woe"]
        points = next(c for c in step(model, "score")["characteristics"] if c["characteristic"] == "USED")["points"]
        points[special["id"]] = points[bins[0]["id"]]

    return making.developed(with_model(changed))


def _falling_map(model: Model) -> None:
    found = next(one for one in model["steps"] if one.get("method") == "logistic")
    found["slope"] = -found["slope"]


def _other_reasons(model: Model) -> None:
    listed = step(model, "reasons")["characteristics"]
    listed[0]["reason_code"], listed[1]["reason_code"] = listed[1]["reason_code"], listed[0]["reason_code"]


def _other_reference(model: Model) -> None:
    one = step(model, "reasons")["characteristics"][1]
    one["reference_points"] += 2.0
    one["baseline"] += 2.0


def _from_rounded(model: Model) -> None:
    """The probability follows from the rounded score, although the plan says from the unrounded one."""
    scale = step(model, "score")["scaling"]
    found = next(one for one in model["steps"] if one.get("method") == "logistic")
    linear = {"id": "of_score", "type": "linear", "intercept": scale["offset"] / scale["factor"], "offset": None}
    linear |= {"terms": [{"input": "score", "coefficient": -1.0 / scale["factor"]}], "output": "of_score"}
    place = model["steps"].index(found)
    later = [one for one in model["steps"] if one["id"] in ("score", "reasons")]
    rest = [one for one in model["steps"] if one not in later]
    model["steps"] = [*rest[:place], *later, linear, *rest[place:]]
    found["input"] = "of_score"


def grades_of(change: Callable[[list[float]], Any]) -> Callable[[Making], Path]:
    """Bounds of the rating scale that are not the plan's."""

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def given_scale(edges: Any, *arguments: Any, **options: Any) -> Any:
            moved = [float(edge) for edge in edges]
            change(moved)
            return original(tuple(moved), *arguments, **options)

        return given_scale

    return lambda making: making.developed({"credit_risk.lifecycle.rating.given_scale": around})


def _shifted_bounds(making: Making) -> Path:
    """A bound so that just so many applicants fall into another grade, or as near as their probabilities allow.

    Those of a scorecard lie on few values, each of several applicants: the bound moves over one value, or over more.
    """
    parts = [pd.read_parquet(path)["probability"] for path in (making.good / "predictions").glob("*.parquet")]
    p = np.sort(np.concatenate(parts))
    count = making.times * material("decisions") * len(p)
    bounds = json.loads((making.good / "plan.json").read_text("utf-8"))["rating_scale"]["bounds"]
    above = {float(v): k for k, bound in enumerate(bounds) for v in p[(p >= bound) & (p < bound + 0.03)]}
    falls = {v: abs(int(np.sum((p >= bounds[k]) & (p <= v))) - count) for v, k in above.items()}
    last = min(falls, key=lambda v: (falls[v], v))

    def moved(edges: list[float]) -> None:
        edges[above[last]] = float(np.nextafter(last, 1.0))

    return grades_of(moved)(making)


def _margin(part: float, model: Model) -> None:
    """Of the probability with margin, a part is not there."""
    found = next(one for one in model["steps"] if one["id"].startswith("margin_"))
    found["x"][1] /= 1.0 - part
    found["y"][2] = 1.0
    if found["x"][1] > 1.0:
        found["x"], found["y"] = [0.0, 1.0], [0.0, 1.0 / found["x"][1]]


def _grade_probability(part: float, model: Model) -> None:
    """That of the fourth grade, lower by what is so much of what is material to the mean over all."""
    step(model, "grade")["grades"][3]["probability"] *= 1.0 - part * material("probability")


def _of_grades(good: Path, wrong: Path) -> float:
    """The mean relative change of the applicants' probability of their grade."""
    grades = predictions(good)["grade"]
    ours, theirs = (
        {g["grade"]: g["probability"] for g in step(json.loads((one / "model.json").read_text()), "grade")["grades"]}
        for one in (good, wrong)
    )
    return float(np.mean([abs(theirs[name] / ours[name] - 1.0) for name in grades]))


PARAMETERS: tuple[Defect, ...] = (
    Defect(
        "swapped_woe",
        "the weights of evidence of two bins of INCOME are mixed up, in the classing and all that was fitted on it",
        "card",
        "probability",
        ("classing.table", "model.json: WoE"),
        sized(3.5, "probability", lambda s: classed("INCOME", partial(swapped, 1, 3, s))),
    ),
    Defect(
        "rounded_woe",
        "weights of evidence are rounded before they are stored",
        "card",
        "probability",
        ("classing.table", "model.json: WoE"),
        sized(4.0, "probability", lambda s: classed("INCOME", partial(rounded, s))),
    ),
    Defect(
        "missing_as_best",
        "missing incomes have the weight of a good bin",
        "card",
        "probability",
        ("classing.table", "model.json: WoE"),
        sized(7.0, "probability", lambda s: as_other_bin("INCOME", "missing", 5, s)),
    ),
    Defect(
        "unseen_as_best",
        "categories that were never seen have the weight of the best one",
        "card",
        "probability",
        ("classing.table", "model.json: WoE"),
        lambda making: making.developed(as_other_bin("HOUSING", "unseen", 0, 1.0)),
        sized=False,
    ),
    Defect(
        "special_as_value",
        "a special code is scored as the number that it is written as",
        "card",
        "probability",
        ("classing.table", "model.json: WoE"),
        _special_as_value,
        sized=False,
    ),
    Defect(
        "moved_edge",
        "an edge between two bins stands a little off in the model",
        "card",
        "decisions",
        ("classing.", "model.json: WoE"),
        _moved_edge,
    ),
    Defect(
        "resampled_intercept",
        "the constant is that of a resampled development sample",
        "plain",
        "probability",
        ("scorecard.coefficients", "model.json: coefficients"),
        sized(1.2, "probability", lambda s: coefficients("intercept", lambda v: v + s)),
    ),
    Defect(
        "other_coefficient",
        "a coefficient is that of another fit",
        "plain",
        "probability",
        ("scorecard.coefficients", "model.json: coefficients"),
        sized(2.7, "probability", lambda s: coefficients("DELAYS", lambda v: v * (1 + s))),
    ),
    Defect(
        "stale_calibration",
        "the slope of the calibration is that of an earlier version",
        "card",
        "probability",
        ("calibration.", "model.json: calibrated"),
        sized(1.2, "probability", lambda s: mapped(lambda m: replace(m, slope=m.slope * (1 + s)))),
    ),
    Defect(
        "wrong_anchor",
        "the calibration is set to the long-run average of other years",
        "card",
        "probability",
        ("calibration.anchor", "model.json: calibrated"),
        sized(
            0.85, "probability", lambda s: with_result(f"{CALIBRATION}.long_run_default_rate", lambda v: v * (1 + s))
        ),
    ),
    Defect(
        "falling_calibration",
        "the calibration turns the order of the score around",
        "card",
        "probability",
        ("calibration.", "model.json: calibrated"),
        lambda making: making.developed(with_model(_falling_map, graded=True)),
        sized=False,
    ),
    Defect(
        "wrong_base_odds",
        "points are made with other base odds than the plan's",
        "card",
        "decisions",
        ("scorecard.points", "model.json: points"),
        _scaled(base_odds=30.0),
        sized=False,
    ),
    Defect(
        "wrong_factor",
        "points are made with other points to double the odds than the plan's",
        "card",
        "decisions",
        ("scorecard.points", "model.json: points"),
        _scaled(points_to_double_odds=25.0),
        sized=False,
    ),
    Defect(
        "probability_of_rounded_score",
        "the probability follows from the rounded score, although the plan says from the unrounded one",
        "card",
        "probability",
        ("calibration.", "model.json: calibrated"),
        lambda making: making.developed(with_model(_from_rounded)),
        sized=False,
    ),
    Defect(
        "wrong_reason_code",
        "the reason codes of two characteristics are mixed up",
        "card",
        "decisions",
        ("reasons step",),
        lambda making: making.developed(with_model(_other_reasons)),
        sized=False,
    ),
    Defect(
        "other_reference",
        "the reference points of the reasons are not those of the development rows",
        "card",
        "decisions",
        ("reasons.", "reasons step"),
        lambda making: making.developed(with_model(_other_reference)),
        sized=False,
    ),
    Defect(
        "shifted_bound",
        "a bound of the rating scale is not the plan's",
        "card",
        "decisions",
        ("rating.",),
        _shifted_bounds,
    ),
    Defect(
        "unbounded_fit",
        "a coefficient breaks the bound on its sign that the plan sets",
        "bounded",
        "probability",
        ("scorecard.coefficients", "model.json: coefficients", "scorecard.constraints"),
        lambda making: making.developed(coefficients("SAVED", lambda v: v + 0.4)),
        sized=False,
    ),
    Defect(
        "margin_too_small",
        "the margin of conservatism that the plan applies is not added in full",
        "margins",
        "probability",
        ("calibration.margin_of_conservatism", "model.json"),
        lambda making: making.developed(with_model(partial(_margin, making.times * material("probability")))),
    ),
    Defect(
        "grade_probability",
        "the probability of a grade is not that of its rows",
        "card",
        "probability",
        ("rating.scale",),
        lambda making: making.developed(with_model(partial(_grade_probability, 6.2 * making.times), graded=True)),
        size=_of_grades,
    ),
)
