"""Outcomes that are not all known yet, our own way: labels, product-limit weights, and what each row brings.

A row that is known by the horizon stands for 1/G rows, G the product-limit probability of being still looked at just
before its time (Robins and Rotnitzky 1992; Uno et al. 2007). An estimate is a function of these weights; its variance
is the sum of squares of its derivatives in the mass of each row, where the mass moves the row's own weight, and G.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special

from validation.rebuild import metrics
from validation.rebuild.calibration import excess_of_maximum

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
NAN = float("nan")
ROUNDING = 1e-9
Estimate = tuple[float, float, float, float]
NONE: Estimate = (NAN, NAN, NAN, NAN)


@dataclass(frozen=True, slots=True)
class Labels:
    """time (n,): months from decision to bad, or to the last look; NaN where nothing is known; event (n,): a bad;
    fault (n,): what was delivered cannot be; who (n,): a number for each applicant, None where each row is one."""

    time: Floats
    event: Mask
    fault: Mask
    who: NDArray[np.int64] | None = None

    def part(self, rows: NDArray[np.int64] | Mask) -> Labels:
        """Some of the rows."""
        who = None if self.who is None else self.who[rows]
        return Labels(self.time[rows], self.event[rows], self.fault[rows], who)

    @property
    def usable(self) -> Mask:
        """Rows (n,) with an outcome, be it not yet known."""
        return ~np.isnan(self.time)


def labels_of(decided: pd.Series, bad: pd.Series, until: pd.Series) -> Labels:
    """Labels of rows (n,) by UTC days. A fault: a bad or a last look before the decision, a bad after the last look or
    without one."""
    start = decided.dt.tz_convert("UTC").dt.tz_localize(None).dt.floor("D")
    fault = ((bad < start) | (until < start) | (bad > until) | (bad.notna() & until.isna())).to_numpy()
    end = bad.where(bad.notna(), until)
    time = _months(start, end)
    time[fault] = NAN
    return Labels(time, bad.notna().to_numpy() & ~fault, fault)


def _months(start: pd.Series, end: pd.Series) -> Floats:
    """Months (n,): whole ones by anniversary (of a month that is too short its last day) and the share of the one that
    runs; NaN where a day is missing."""
    found = np.full(len(start), NAN)
    known = (start.notna() & end.notna()).to_numpy()
    first, last = start[known], end[known]
    number = (first.dt.year * 12 + first.dt.month - 1).to_numpy()
    day = first.dt.day.to_numpy()
    whole = (last.dt.year * 12 + last.dt.month - 1).to_numpy() - number
    whole = whole - (_on(number + whole, day) > last.to_numpy())
    before, after = (_on(number + whole + k, day) for k in (0, 1))
    gone, length = ((b - before) / np.timedelta64(1, "D") for b in (last.to_numpy(), after))
    found[known] = whole + gone / length
    return found


def _on(month: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """That day of months counted from year 0, or the last one of the month."""
    year, rest = np.divmod(month, 12)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    length = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[rest] + (leap & (rest == 1))
    parts = {"year": year, "month": rest + 1, "day": np.minimum(day, length)}
    return pd.to_datetime(pd.DataFrame(parts)).to_numpy()


@dataclass(frozen=True, slots=True)
class Followed:
    """Usable rows (n,) at a horizon: bad and good by then, weight (n,) of these (0 of others), followed: G just before
    the horizon. times (k,) at which rows leave before it, their hazard and the rows that stay (k,). mass (n,): weights
    of the rows, which `weight` and the rows that stay count with; None: 1 each."""

    horizon: float
    time: Floats
    event: Mask
    bad: Mask
    good: Mask
    weight: Floats
    followed: float
    times: Floats
    hazard: Floats
    stay: Floats
    who: NDArray[np.int64] | None = None
    mass: Floats | None = None

    def summed(self, values: Floats) -> Floats:
        """Values (n,) of usable rows, summed for each applicant where rows have one."""
        if self.who is None:
            return values
        order = np.argsort(self.who, kind="stable")
        first = np.flatnonzero(np.diff(self.who[order], prepend=self.who[order][:1] - 1))
        return np.asarray(np.add.reduceat(values[order], first), np.float64)

    def count(self, side: Mask) -> int:
        """Rows of a side, or the applicants among them."""
        return int(side.sum()) if self.who is None else len(set(self.who[side].tolist()))

    @property
    def known(self) -> Mask:
        """Rows (n,) that are good or bad by the horizon."""
        return self.bad | self.good


def follow(labels: Labels, horizon: float, mass: Floats | None = None) -> Followed:
    """Censoring weights of the usable rows, times mass (n,) of all rows. A bad of the day on which looking ends comes
    before that end."""
    time, event = labels.time[labels.usable], labels.event[labels.usable]
    own = np.ones(len(time)) if mass is None else mass[labels.usable]
    ends = ~event & (time < horizon)
    times, place = np.unique(time[ends], return_inverse=True)
    leaving = np.bincount(place, own[ends], len(times))
    order = np.argsort(time, kind="stable")
    above = np.concatenate([np.cumsum(own[order][::-1])[::-1], [0.0]])
    beyond = above[np.searchsorted(time[order], times, "right")]
    at_risk = beyond + leaving
    log_stay = np.log1p(-leaving / at_risk, where=leaving < at_risk, out=np.full(len(times), -np.inf))
    survival = np.exp(np.concatenate([[0.0], np.cumsum(log_stay)]))
    bad = event & (time <= horizon)
    good = ~bad & (time >= horizon)
    weight = np.zeros(len(time))
    weight[bad] = 1.0 / survival[np.searchsorted(times, time[bad], "left")]
    if survival[-1] > 0:
        weight[good] = 1.0 / survival[-1]
    who = None if labels.who is None else labels.who[labels.usable]
    return Followed(
        horizon,
        time,
        event,
        bad,
        good,
        weight * own,
        float(survival[-1]),
        times,
        leaving / at_risk,
        beyond,
        who,
        None if mass is None else own,
    )


def influence(one: Followed, parts: Floats) -> Floats:
    """Derivative of an estimate in the mass of each row (n,); parts (n,): weight times derivative in the weight.

    log G falls by (−1 of the row that leaves + hazard of each at risk)/(rows that stay) at each time of leaving.
    """
    end = np.where(one.bad, one.time, np.where(one.good, one.horizon, -np.inf))
    order = np.argsort(end, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(parts[order])])
    after = total[-1] - total[np.searchsorted(end[order], one.times, "right")]
    pull = np.divide(after, one.stay, out=np.zeros(len(after)), where=one.stay > 0)
    drag = np.concatenate([[0.0], np.cumsum(pull * one.hazard)])
    leaves = ~one.event & (one.time < one.horizon)
    upto = np.searchsorted(one.times, one.time, "left") + leaves
    own = -drag[upto]
    at = np.searchsorted(one.times, one.time[leaves], "left")
    own[leaves] += pull[at]
    return np.asarray(parts + (own if one.mass is None else one.mass * own), np.float64)


def _root(values: Floats, factor: float = 1.0) -> float:
    return float(np.sqrt(np.sum(values**2) * factor))


def _by_rows(values: Floats) -> float:
    n = len(values)
    return _root(values, n / (n - 1.0)) if n > 1 else NAN


def rate_parts(one: Followed) -> tuple[float, Floats]:
    """Weighted bad rate and what each row brings to it; NaN where no row is followed to the horizon."""
    if one.followed <= 0:
        return NAN, np.full(len(one.time), NAN)
    total = float(np.sum(one.weight))
    rate = float(np.sum(one.weight[one.bad])) / total
    return rate, influence(one, one.weight * (one.bad - rate) / total)


def bad_rate(one: Followed, confidence: float) -> Estimate:
    """Bad rate, its error, and bounds on the scale of the log-odds."""
    rate, parts = rate_parts(one)
    error = _by_rows(one.summed(parts))
    if not (0.0 < rate < 1.0 and error > 0):
        return rate, error, NAN, NAN
    half = float(special.ndtri(0.5 + confidence / 2.0)) * error / (rate * (1.0 - rate))
    return (
        rate,
        error,
        float(special.expit(special.logit(rate) - half)),
        float(special.expit(special.logit(rate) + half)),
    )


def area_parts(one: Followed, risk: Floats) -> tuple[float, Floats]:
    """AUC of risk (n,) and what each usable row brings to it, of k rows of a class times √(k/(k − 1)): with known
    outcomes the sum of squares is DeLong's variance."""
    known = one.known
    y, w = one.bad[known].astype(np.float64), one.weight[known]
    of_bads, of_goods = metrics.components(y, risk[known], w)
    area, own = metrics.weighted_mean(of_bads, w[y == 1]), np.zeros(len(y))
    for side, shares in ((1, of_bads), (0, of_goods)):
        mass, k = w[y == side], one.count(one.bad if side else one.good)
        own[y == side] = mass * (shares - area) / mass.sum() * np.sqrt(k / (k - 1.0) if k > 1 else np.nan)
    parts = np.zeros(len(known))
    parts[known] = own
    return area, influence(one, parts)


def discrimination(one: Followed, risk: Floats, confidence: float) -> tuple[Estimate, Estimate]:
    """AUC and KS of risk (n,) of the usable rows, with error and bounds; NONE with fewer than two bads or goods."""
    if min(int(one.bad.sum()), int(one.good.sum())) < 2 or one.followed <= 0:
        return NONE, NONE
    known = one.known
    y, x, w = one.bad[known].astype(np.float64), risk[known], one.weight[known]
    area, parts = area_parts(one, risk)
    masses = [w[y == side] for side in (1, 0)]
    sizes = [metrics.effective_size(float(mass.sum()), float(np.sum(mass**2))) for mass in masses]
    z = float(special.ndtri(0.5 + confidence / 2.0))
    error = 0.0 if area in (0.0, 1.0) or np.ptp(x) == 0 else _root(one.summed(parts))
    if area in (0.0, 1.0):
        bounds = metrics.perfect_bounds(area, sizes[0], sizes[1], confidence)
    elif error == 0.0:
        bounds = (area, area)
    else:
        half, centre = z * error / (area * (1.0 - area)), special.logit(area)
        bounds = float(special.expit(centre - half)), float(special.expit(centre + half))
    return (area, error, *bounds), _distance(one, y, x, w, sizes, z, confidence)


def _distance(
    one: Followed, y: Floats, x: Floats, w: Floats, sizes: list[float], z: float, confidence: float
) -> Estimate:
    values = np.unique(x)
    place = np.searchsorted(values, x)
    steps = [np.cumsum(np.bincount(place[y == side], w[y == side], len(values))) for side in (1, 0)]
    first, second = (step / step[-1] for step in steps)
    gap = np.abs(steps[0] * steps[1][-1] - steps[1] * steps[0][-1])
    gap[-1] = 0.0
    top = int(np.argmax(gap))
    a, b = float(first[top]), float(second[top])
    distance = abs(a - b)
    variance = max(a * (1.0 - a), 0.0) / sizes[0] + max(b * (1.0 - b), 0.0) / sizes[1]
    effect = 1.0
    if variance > 0:
        below, sign = (place <= top).astype(np.float64), 1.0 if b >= a else -1.0
        parts = np.zeros(len(one.known))
        own = np.where(y == 1, -sign * (below - a) / steps[0][-1], sign * (below - b) / steps[1][-1])
        parts[one.known] = w * own
        effect = float(np.sum(one.summed(influence(one, parts)) ** 2)) / variance
    error = float(np.sqrt(effect * variance))
    m, n = (size / max(effect, 1.0) for size in sizes)
    chance = float(special.kolmogorov(distance * np.sqrt(m * n / (m + n))))
    lower = 0.0 if chance >= 1.0 - confidence else max(0.0, distance - excess_of_maximum(distance, m, n) - z * error)
    return distance, error, lower, min(1.0, distance + z * error)


def effective(one: Followed) -> tuple[float, float]:
    """Bad rate and the rows of the independent sample that would tell it as well: p(1 − p)/variance, at most all,
    and all where rounding alone stands between: groups are judged from a number of rows on."""
    rate, parts = rate_parts(one)
    if rate != rate:
        return NAN, 0.0
    variance, most = float(np.sum(one.summed(parts) ** 2)), float(len(one.time))
    if 0.0 < rate < 1.0 and variance > 0:
        size = rate * (1.0 - rate) / variance
        return rate, most if size >= most * (1.0 - ROUNDING) else size
    w = one.summed(one.weight) if one.who is not None else one.weight[one.known]
    return rate, min(metrics.effective_size(float(w.sum()), float(np.sum(w**2))), most)


def slope(one: Followed, p: Floats, confidence: float) -> Estimate:
    """Slope of the outcome on logit(p), p (n,), by maximum likelihood with the weights; error by influence."""
    known = one.known
    if np.any((p <= 0) | (p >= 1)) or min(one.bad.sum(), one.good.sum()) < 2 or np.ptp(p[known]) == 0:
        return NONE
    x, y, w = special.logit(p), one.bad.astype(np.float64), one.weight
    bads, goods = x[one.bad & (w > 0)], x[one.good & (w > 0)]
    if not len(goods) or goods.max() <= bads.min() or bads.max() <= goods.min():
        return NONE  # classes are separated: the likelihood has no maximum

    def loss(b: Floats) -> tuple[float, Floats]:
        line = b[0] + b[1] * x
        fitted = special.expit(line)
        pull = w * (fitted - y)
        return float(np.sum(w * (np.logaddexp(0.0, line) - y * line))), np.array([pull.sum(), pull @ x])

    def score(b: Floats) -> Floats:
        return loss(b)[1]

    start = optimize.minimize(loss, np.array([0.0, 1.0]), jac=True, method="BFGS").x
    found = optimize.root(score, start, tol=1e-13).x
    fitted = special.expit(found[0] + found[1] * x)
    v = w * fitted * (1.0 - fitted)
    centre = float(np.sum(v * x) / np.sum(v))
    curvature = float(np.sum(v * (x - centre) ** 2))
    error = _by_rows(one.summed(influence(one, w * (y - fitted) * (x - centre) / curvature)))
    half = float(special.ndtri(0.5 + confidence / 2.0)) * error
    return float(found[1]), error, float(found[1]) - half, float(found[1]) + half
