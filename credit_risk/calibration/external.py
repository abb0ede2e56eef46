"""Calibration to external default rates by band or segment: published, or of a credit bureau for all applicants.

A model of accepted loans is calibrated on accepted loans; the bad rates of all who apply are known from outside, by
band (of the bureau's score, region, product). What such rates identify, and what is assumed:

* They identify one mean a band, and nothing else: the mean probability of the applicants of the band (the score is
  known for all of them, the outcome is not). `intercepts` fits just that, so band means are right whatever the
  selection of the accepted. Within a band the order and spacing of log-odds stays that of the score or of the map that
  was fitted on the accepted: assumed is that selection moved the log-odds of a band by one number.
* `linear` (logit q = a + b·s) and `shift` (b = 1) need fewer numbers than bands, and say that one line fits all of
  them; the statistic tests it. A slope found this way also takes up what the bands know and the score does not, so it
  need not be the slope within a band.
* The external rates are of the same outcome (bad definition, months of performance), the same time and, within a band,
  the same kind of applicants. Nothing in the data can show that; it is to be argued in the documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, xlogy
from scipy.stats import chi2

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk.calibration._arrays import places_of, refuse
from credit_risk.calibration.anchor import anchor_shift
from credit_risk.calibration.maps import AnchoredMap, CalibrationMap, IdentityMap, LogisticMap, Step, switch_steps
from credit_risk.evaluation._arrays import Arguments

Floats = NDArray[np.float64]
Form = Literal["intercepts", "linear", "shift"]
BAND_COLUMNS = (
    *("band", "rows", "share", "external_rate", "external_count", "external_share"),
    *("mean_before", "mean_after", "difference", "relative_difference", "standardised_difference"),
)
STEPS = 100


@dataclass(frozen=True, slots=True)
class ExternalFit:
    """Maps that give bands of applicants their external rates.

    form; maps: one a band, in the order of the external rates (all the same but for form `intercepts`). parameters:
    frame parameter, estimate, standard_error. bands: frame of BAND_COLUMNS; share is of the weight of all applicants,
    difference = mean_after − external_rate, standardised by the sampling error of both. statistic: sum of squared
    standardised differences, degrees_of_freedom and p_value of χ²; missing without counts or where every band has its
    own intercept. mean_after: of all applicants. notes: what was assumed or not used.
    """

    form: Form
    maps: dict[Any, CalibrationMap]
    parameters: pd.DataFrame
    bands: pd.DataFrame
    statistic: float
    degrees_of_freedom: int
    p_value: float
    mean_before: float
    mean_after: float
    notes: tuple[str, ...]

    def probability(self, linear_score: ArrayLike, band: Sequence[Any] | ArrayLike) -> Floats:
        """Probability of bad (n,) of linear scores (n,) in bands (n,); CalibrationError on a band without a rate."""
        score = np.asarray(linear_score, dtype=np.float64)
        places = places_of(list(self.maps), band, len(score), "band")
        result = np.empty(len(score))
        for k, one in enumerate(self.maps.values()):
            result[places == k] = one.probability(score[places == k])
        return result

    def steps(self, source: str, band: str, output: str) -> list[Step]:
        """Steps of model.json from the score `source` and the value `band`: each map, then a `switch` by band."""
        return switch_steps(self.maps, source, band, output)


@dataclass(frozen=True, slots=True)
class _Problem:
    """Log-odds of the rows, their band (place) and weight; external rate and count (NaN where not known) by band."""

    score: Floats
    log_odds: Floats
    place: NDArray[np.int64]
    weights: Floats
    names: list[Any]
    rate: Floats
    count: Floats
    share: Floats

    def mean(self, values: Floats) -> Floats:
        """Weighted mean (k,) of values (n,) by band."""
        return np.bincount(self.place, self.weights * values, minlength=len(self.names)) / self.total

    @property
    def total(self) -> Floats:
        return np.bincount(self.place, self.weights, minlength=len(self.names)).astype(np.float64)

    def variance(self, probability: Floats) -> Floats:
        """Sampling variance (k,) of external rate and of the mean of the applicants (Kish's effective rows)."""
        mean = self.mean(probability)
        effective = self.total**2 / np.bincount(self.place, self.weights**2, minlength=len(self.names))
        spread = self.mean(np.square(probability - mean[self.place])) / effective
        external: Floats = mean * (1.0 - mean) / self.count + spread
        return external


def calibrate_to_external(
    linear_score: ArrayLike,
    band: Sequence[Any] | ArrayLike,
    rates: pd.DataFrame,
    weights: ArrayLike | None = None,
    *,
    form: Form = "intercepts",
    first: CalibrationMap | None = None,
) -> ExternalFit:
    """Fit maps so that the mean probability of all applicants in each band is the external rate.

    linear_score (n,), band (n,): of all applicants, accepted or not, in log-odds of bad. rates: one row a band, columns
    `band`, `rate`, and where known `count` (rows behind the rate: needed for standard errors and the test) and `share`
    (of the external population). first: a map of the linear score fitted on the accepted, applied before (not for
    `linear`). form: `intercepts` shifts each band by its own number, so that its mean is the external rate exactly;
    `linear` fits logit q = a + b·s and `shift` one shift, by least binomial deviance of the band means, weighted by
    count (else share, else equally). Standard errors allow for the sampling of rates and applicants (delta method).
    CalibrationError: bad input, bands without a rate, rates of 0 or 1 with `intercepts`, a slope that is not positive.
    """
    problem, notes = _checked(linear_score, band, rates, weights, form, first)
    fit = _intercepts if form == "intercepts" else _by_deviance
    estimate, errors, log_odds = fit(problem, form)
    maps = _maps(problem, form, estimate, first)
    probability = expit(log_odds)
    table = _table(problem, probability)
    free = len(estimate)
    known = form != "intercepts" and len(problem.names) > free and bool(np.isfinite(problem.count).all())
    statistic = float(np.square(table["standardised_difference"]).sum()) if known else float("nan")
    degrees = len(problem.names) - free
    parameters = pd.DataFrame(
        {"parameter": _parameter_names(problem, form), "estimate": estimate, "standard_error": errors}
    )
    w = problem.weights
    return ExternalFit(
        form=form,
        maps=maps,
        parameters=parameters,
        bands=table,
        statistic=statistic,
        degrees_of_freedom=degrees,
        p_value=float(chi2.sf(statistic, degrees)) if known else float("nan"),
        mean_before=float(w @ expit(problem.log_odds) / w.sum()),
        mean_after=float(w @ probability / w.sum()),
        notes=notes,
    )


def _intercepts(problem: _Problem, form: Form) -> tuple[Floats, Floats, Floats]:
    shifts = np.empty(len(problem.names))
    for k in range(len(problem.names)):
        rows = problem.place == k
        shifts[k] = anchor_shift(problem.log_odds[rows], float(problem.rate[k]), problem.weights[rows])
    log_odds = problem.log_odds + shifts[problem.place]
    p = expit(log_odds)
    errors = np.sqrt(problem.variance(p)) / problem.mean(p * (1.0 - p))
    return shifts, errors, log_odds


def _by_deviance(problem: _Problem, form: Form) -> tuple[Floats, Floats, Floats]:
    """Fisher scoring of (slope, intercept) or of the shift; the variance is that of the estimating equation."""
    columns = [problem.log_odds, np.ones(len(problem.log_odds))] if form == "linear" else [np.ones(len(problem.score))]
    design = np.column_stack(columns)
    offset = np.zeros(len(problem.score)) if form == "linear" else problem.log_odds
    beta = np.array([1.0, 0.0]) if form == "linear" else np.zeros(1)
    weight = _deviance_weight(problem)
    value = _deviance(problem, weight, expit(offset + design @ beta))
    rounding = 1e-14 * float(weight.sum())
    for _ in range(STEPS):
        p = expit(offset + design @ beta)
        mean, jacobian = problem.mean(p), _jacobian(problem, p, design)
        pull = jacobian.T * (weight / (mean * (1.0 - mean)))
        step = np.linalg.lstsq(pull @ jacobian, pull @ (problem.rate - mean), rcond=None)[0]
        length = 1.0
        most = value + rounding
        while length > 1e-12 and _deviance(problem, weight, expit(offset + design @ (beta + length * step))) > most:
            length /= 2.0
        beta = beta + length * step
        value = min(value, _deviance(problem, weight, expit(offset + design @ beta)))
        if np.abs(length * step).max() < 1e-10 * (1.0 + np.abs(beta).max()):
            break
    else:
        message = f"no finite {form} fits these rates"
        raise CalibrationError(Fault(message, "not_converged", path="rates", found=f"after {STEPS} steps at {beta}"))
    log_odds = offset + design @ beta
    p = expit(log_odds)
    mean, jacobian = problem.mean(p), _jacobian(problem, p, design)
    pull = jacobian.T * (weight / (mean * (1.0 - mean)))
    inverse = np.linalg.pinv(pull @ jacobian)
    covariance = inverse @ (pull * problem.variance(p)) @ pull.T @ inverse
    return beta, np.sqrt(np.diag(covariance)), log_odds


def _jacobian(problem: _Problem, p: Floats, design: Floats) -> Floats:
    return np.column_stack([problem.mean(p * (1.0 - p) * column) for column in design.T])


def _deviance_weight(problem: _Problem) -> Floats:
    for known in (problem.count, problem.share):
        if np.isfinite(known).all():
            return known
    return np.ones(len(problem.names))


def _deviance(problem: _Problem, weight: Floats, p: Floats) -> float:
    rate, mean = problem.rate, problem.mean(p)
    with np.errstate(divide="ignore"):
        bad = xlogy(rate, rate) - xlogy(rate, mean)
        good = xlogy(1.0 - rate, 1.0 - rate) - xlogy(1.0 - rate, 1.0 - mean)
    return float(2.0 * weight @ (bad + good))


def _maps(problem: _Problem, form: Form, estimate: Floats, first: CalibrationMap | None) -> dict[Any, CalibrationMap]:
    if form == "linear":
        slope, intercept = (float(value) for value in estimate)
        if slope <= 0.0:
            found = f"slope {slope:.6g}"
            remedy = "Find out why external rates fall where the score says that risk rises, or use form intercepts."
            message = "the slope to the external rates is not positive: the map would break the order of the score"
            raise CalibrationError(Fault(message, "calibration_order", path="rates", found=found, remedy=remedy))
        return dict.fromkeys(problem.names, LogisticMap(slope, intercept))
    given = IdentityMap() if first is None else first
    shifts = estimate if form == "intercepts" else np.full(len(problem.names), estimate[0])
    return {name: AnchoredMap(given, float(shift)) for name, shift in zip(problem.names, shifts, strict=True)}


def _parameter_names(problem: _Problem, form: Form) -> list[str]:
    if form == "intercepts":
        return [f"shift({name})" for name in problem.names]
    return ["slope", "intercept"] if form == "linear" else ["shift"]


def _table(problem: _Problem, probability: Floats) -> pd.DataFrame:
    after = problem.mean(probability)
    gap = after - problem.rate
    relative = np.divide(gap, problem.rate, out=np.full(len(gap), np.nan), where=problem.rate > 0.0)
    return pd.DataFrame(
        {
            "band": problem.names,
            "rows": np.bincount(problem.place, minlength=len(problem.names)),
            "share": problem.total / problem.weights.sum(),
            "external_rate": problem.rate,
            "external_count": problem.count,
            "external_share": problem.share,
            "mean_before": problem.mean(expit(problem.log_odds)),
            "mean_after": after,
            "difference": gap,
            "relative_difference": relative,
            "standardised_difference": gap / np.sqrt(problem.variance(probability)),
        },
        columns=list(BAND_COLUMNS),
    )


def _checked(
    linear_score: ArrayLike,
    band: Sequence[Any] | ArrayLike,
    rates: pd.DataFrame,
    weights: ArrayLike | None,
    form: Form,
    first: CalibrationMap | None,
) -> tuple[_Problem, tuple[str, ...]]:
    arguments = Arguments()
    score = arguments.numbers("linear_score", linear_score)
    w = arguments.weights(weights)
    allowed = ", ".join(get_args(Form))
    arguments.require(form in get_args(Form), "form", "unknown form", "choice", found=repr(form), allowed=allowed)
    both = form == "linear" and first is not None
    remedy = "Use form intercepts or shift, or fit the line without a first map."
    arguments.require(not both, "first", "a line is fitted to the linear score itself", "conflict", remedy=remedy)
    table = _rate_table(arguments, rates, form)
    refuse(arguments)
    names = table["band"].tolist()
    place = places_of(names, band, len(score), "band")
    held = np.bincount(place, minlength=len(names)) > 0
    kept = np.cumsum(held) - 1
    notes = [] if held.all() else [f"no applicants in band {names[k]}: not used" for k in np.flatnonzero(~held)]
    if not np.isfinite(table.loc[held, "count"]).all():
        notes.append("counts of the external rates are not known: no standard errors, no test")
    given = score if first is None else _log_odds(first.probability(score))
    problem = _Problem(
        score=score,
        log_odds=given,
        place=kept[place],
        weights=np.ones(len(score)) if w is None else w,
        names=[name for name, one in zip(names, held, strict=True) if one],
        **{name: table.loc[held, name].to_numpy(dtype=np.float64) for name in ("rate", "count", "share")},
    )
    if form == "linear" and len(problem.names) < 2:
        message = "a line needs two bands with applicants at least"
        raise CalibrationError(Fault(message, "bands", path="rates", found=str(len(problem.names))))
    return problem, tuple(notes)


def _rate_table(arguments: Arguments, rates: pd.DataFrame, form: Form) -> pd.DataFrame:
    """The external rates with columns band, rate, count, share; NaN where the last two are not known."""
    absent = [name for name in ("band", "rate") if name not in rates.columns]
    arguments.require(not absent and len(rates) > 0, "rates", "columns are absent", "column_absent", found=str(absent))
    if absent or not len(rates):
        return pd.DataFrame()
    table = rates.reindex(columns=["band", "rate", "count", "share"]).reset_index(drop=True)
    twice = table["band"][table["band"].duplicated()]
    arguments.require(
        not len(twice), "rates.band", "a band stands twice", "duplicate", found=", ".join(map(str, twice))
    )
    rate = pd.to_numeric(table["rate"], errors="coerce").to_numpy(dtype=np.float64)
    closed = form == "linear" or form == "shift"
    good = ((rate >= 0.0) & (rate <= 1.0)) if closed else ((rate > 0.0) & (rate < 1.0))
    allowed = "0 to 1" if closed else "between 0 and 1, neither included: the band could not be shifted there"
    found = ", ".join(f"{name}: {value}" for name, value in table.loc[~good, ["band", "rate"]].itertuples(index=False))
    arguments.require(bool(good.all()), "rates.rate", "not a rate", "range", found=found, allowed=allowed)
    for name in ("count", "share"):
        values = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64)
        fine = np.isnan(values).all() or bool(np.all(values > 0.0) and np.isfinite(values).all())
        arguments.require(fine, f"rates.{name}", "given for all bands, above 0, or for none", "range")
        table[name] = values
    table["rate"] = rate
    return table


def _log_odds(p: Floats) -> Floats:
    given: Floats = np.log(p / (1.0 - p))
    return given
