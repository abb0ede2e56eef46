"""H-measure, partial area, average precision and their errors, computed our own way: row by row from one ranking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.rebuild.clusters import Integers, dense, repeat

Floats = NDArray[np.float64]
COSTS, PARABOLIC = 200, 0.996193


@dataclass(frozen=True, slots=True)
class Rows:
    """Outcome, risk, weight and cluster of the rows of a sample, (n,) each; both classes occur."""

    outcome: Floats
    risk: Floats
    weight: Floats
    cluster: Integers

    @property
    def bad(self) -> NDArray[np.bool_]:
        """Return True for bads (n,)."""
        return self.outcome == 1

    @property
    def clustered(self) -> bool:
        """Say whether clusters repeat."""
        return repeat(self.cluster)


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure, its standard error, and bounds (NaN where there are none)."""

    value: float
    error: float
    lower: float
    upper: float


def whole_error(rows: Rows, pull: Floats, *, alone: bool = False) -> float:
    """Square root of Σ(w·pull)²·k/(k − 1)/W² over rows, or over clusters where they repeat and `alone` is False."""
    parts = rows.weight * pull
    if rows.clustered and not alone:
        numbers, count = dense(rows.cluster)
        sums = np.zeros(count)
        np.add.at(sums, numbers, parts)
        parts = sums
    k = len(parts)
    return float(np.sqrt(np.sum(parts**2) * k / (k - 1))) / float(np.sum(rows.weight))


def sides_error(rows: Rows, of_bads: Floats, of_goods: Floats) -> float:
    """Error of a mean of components over bads and goods apart (DeLong 1988), or of clusters (Obuchowski 1997)."""
    bad = rows.bad
    share = [rows.weight[side] / np.sum(rows.weight[side]) for side in (bad, ~bad)]
    pulls = [s * (v - np.sum(s * v)) for s, v in zip(share, (of_bads, of_goods), strict=True)]
    if not rows.clustered:
        return float(np.sqrt(sum(np.sum(pull**2) * len(pull) / (len(pull) - 1) for pull in pulls)))
    numbers, count = dense(rows.cluster)
    sums = [np.bincount(numbers[side], pull, count) for side, pull in zip((bad, ~bad), pulls, strict=True)]
    kinds = [len(np.unique(numbers[side])) for side in (bad, ~bad)]
    if min(kinds) < 2:
        return float("nan")
    own = sum(k / (k - 1) * np.sum(one**2) for k, one in zip(kinds, sums, strict=True))
    return float(np.sqrt(max(own + 2.0 * count / (count - 1) * np.sum(sums[0] * sums[1]), 0.0)))


def logit_bounds(value: float, error: float, confidence: float) -> Measure:
    """Bounds on the scale of the log-odds; NaN at 0 and 1 or where the error is 0 or unknown."""
    if not error > 0 or not 0 < value < 1:
        return Measure(value, error, np.nan, np.nan)
    half = float(special.ndtri(0.5 + confidence / 2.0)) * error / (value * (1.0 - value))
    odds = np.log(value) - np.log1p(-value)
    return Measure(value, error, float(special.expit(odds - half)), float(special.expit(odds + half)))


def average_precision(rows: Rows, confidence: float) -> Measure:
    """Mean over the bads of the bad rate among all rows at least as risky as they are."""
    order = np.argsort(-rows.risk, kind="stable")
    risk, w, bad = rows.risk[order], rows.weight[order], rows.bad[order]
    last = np.searchsorted(-risk, -risk, side="right") - 1  # last row of each row's tie
    first = np.searchsorted(-risk, -risk, side="left")
    count, caught = np.cumsum(w)[last], np.cumsum(w * bad)[last]
    precision, mass = caught / count, float(np.sum(w * bad))
    value = float(np.sum(w * bad * precision)) / mass
    later = [np.cumsum(part[::-1])[::-1][first] for part in (w * bad / count, w * bad * precision / count)]
    pull = (later[0] * bad - later[1] + bad * (precision - value)) * float(np.sum(w)) / mass
    placed = np.empty(len(pull))
    placed[order] = pull
    return logit_bounds(value, whole_error(rows, placed), confidence)


@dataclass(frozen=True, slots=True)
class _Corners:
    """Of each distinct risk, the riskiest first: rates of goods and bads before and after it; `at`: its number (n,)."""

    x0: Floats
    x1: Floats
    y0: Floats
    y1: Floats
    at: Integers


def _corners(rows: Rows) -> _Corners:
    values, at = np.unique(-rows.risk, return_inverse=True)
    x1, y1 = (
        np.cumsum(np.bincount(at[side], rows.weight[side], len(values))) / np.sum(rows.weight[side])
        for side in (~rows.bad, rows.bad)
    )
    x1, y1 = x1 / x1[-1], y1 / y1[-1]
    return _Corners(np.append(0.0, x1[:-1]), x1, np.append(0.0, y1[:-1]), y1, at.astype(np.int64))


def partial_area(rows: Rows, least: float, most: float, confidence: float) -> Measure:
    """McClish's (1989) standardised area under the curve over false positive rates from `least` to `most`."""
    c = _corners(rows)
    least, most = (float(c.x1[np.isclose(c.x1, u, rtol=0.0, atol=1e-12)][:1].sum()) or u for u in (least, most))
    flat = c.x1 > c.x0
    width = np.where(flat, c.x1 - c.x0, 1.0)

    def passed(u: float, height: float) -> tuple[Floats, Floats]:
        """Areas and rises up to u of a step that begins within each risk, along a straight line."""
        part = np.where(flat, np.clip((u - c.x0) / width, 0.0, 1.0), 0.0)
        area = np.where(u >= c.x1, u - (c.x0 + c.x1) / 2.0, part**2 * width / 2.0 * flat)
        rise = np.where(u >= c.x1, height - (c.y0 + c.y1) / 2.0, part**2 / 2.0 * (c.y1 - c.y0) * flat)
        return np.maximum(area, 0.0), rise

    ends = [passed(u, _height(c, u, upper=upper)) for u, upper in ((least, False), (most, True))]
    of_bads, of_goods = (ends[1][k] - ends[0][k] for k in (0, 1))
    mass = np.bincount(c.at[rows.bad], rows.weight[rows.bad], len(c.x0))
    area = float(np.sum(mass * of_bads) / np.sum(mass))
    error = sides_error(rows, of_bads[c.at[rows.bad]], -of_goods[c.at[~rows.bad]])
    chance = (most + least) * (most - least) / 2.0
    scale = 2.0 * (most - least - chance)
    return logit_bounds(0.5 + (area - chance) / scale, error / scale, confidence)


def _height(c: _Corners, u: float, *, upper: bool) -> float:
    """Rate of bads at a rate of goods u; at the end of a level part the one before a rise, or (`upper`) after it."""
    if upper:
        k = int(np.flatnonzero(c.x0 <= u)[-1])
    else:
        level = np.flatnonzero(c.x1 > c.x0)
        k = int(level[np.flatnonzero(c.x1[level] >= u)[0]])
    if c.x1[k] == c.x0[k]:
        return float(c.y1[k])
    return float(c.y0[k] + min((u - c.x0[k]) / (c.x1[k] - c.x0[k]), 1.0) * (c.y1[k] - c.y0[k]))


def hull(rows: Rows) -> tuple[list[int], _Corners]:
    """Return the last risk of each straight part of the least concave curve above the ROC curve, and the corners."""
    c = _corners(rows)
    ends: list[int] = []
    for k in range(len(c.x1)):
        while ends and _turns_up(c, ends[-2] if len(ends) > 1 else -1, ends[-1], k):
            ends.pop()
        ends.append(k)
    return ends, c


def _turns_up(c: _Corners, a: int, b: int, d: int) -> bool:
    """Say whether the way from corner a over b to d does not bend downwards; −1 is the origin."""
    xa, ya = (0.0, 0.0) if a < 0 else (c.x1[a], c.y1[a])
    return bool((c.x1[b] - xa) * (c.y1[d] - ya) >= (c.y1[b] - ya) * (c.x1[d] - xa))


def hull_area(rows: Rows) -> float:
    """Area under the hull."""
    ends, c = hull(rows)
    x, y = np.append(0.0, c.x1[ends]), np.append(0.0, c.y1[ends])
    return float(np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2.0))


def h_measure(rows: Rows, shapes: tuple[float, float] | None, area: float, confidence: float) -> Measure:
    """Hand's (2009) H with costs of a good distributed as Beta(shapes); None: (1 + π₁, 1 + π₀), which moves with π.

    Lower bound at the value less what the fitted hull is too high on average, for two normal distributions with the
    AUC `area` (Janson, Louchard and Martin-Löf 2010), as the format states.
    """
    ends, c = hull(rows)
    bad = rows.bad
    share = float(np.sum(rows.weight[bad]) / np.sum(rows.weight))
    if len(ends) == 1:
        return Measure(0.0, 0.0, np.nan, np.nan)
    goods = np.diff(np.append(0.0, c.x1[ends])) * (1.0 - share)
    bads = np.diff(np.append(0.0, c.y1[ends])) * share
    rate = bads / (goods + bads)

    def losses(p: float) -> tuple[Floats, Floats, float, float]:
        a, b = shapes or (1.0 + p, 2.0 - p)
        called = special.betainc(a + 1.0, b, np.append(rate, share)) * a / (a + b)
        missed = (1.0 - special.betainc(a, b + 1.0, np.append(rate, share))) * b / (a + b)
        return called[:-1], missed[:-1], float(called[-1]), float(missed[-1])

    def ratio(p: float) -> float:
        called, missed, all_called, all_missed = losses(p)
        return float(np.sum(goods * called + bads * missed)) / ((1.0 - share) * all_called + share * all_missed)

    called, missed, all_called, all_missed = losses(share)
    most, value = (1.0 - share) * all_called + share * all_missed, 1.0 - ratio(share)
    step = 1e-4
    drift = 0.0 if shapes else (ratio(share - step) - ratio(share + step)) / (2.0 * step)
    part = np.searchsorted(ends, c.at)
    own, flat = np.where(bad, missed[part], called[part]), np.where(bad, all_missed, all_called)
    pull = ((1.0 - value) * flat - own) / most + drift * (bad - share)
    error = whole_error(rows, pull)
    found = logit_bounds(value, error, confidence)
    size = float(np.sum(rows.weight)) ** 2 / float(np.sum(rows.weight**2))
    size *= min((whole_error(rows, pull, alone=True) / error) ** 2, 1.0) if error > 0 else 1.0
    centre = value - _excess(area, share, size, shapes or (1.0 + share, 2.0 - share)) / most
    lower = logit_bounds(centre, error, confidence).lower if centre > 0 else 0.0
    return Measure(value, error, lower if np.isfinite(found.lower) else np.nan, found.upper)


def _excess(area: float, share: float, size: float, shapes: tuple[float, float]) -> float:
    """Mean over the costs of 0.996·(A/(size²·d))^⅓, A the density of losses at the best threshold."""
    d = float(special.ndtri(area)) * np.sqrt(2.0)
    if not d > 0 or np.isinf(d):
        return 0.0 if d > 0 else np.inf
    cost = special.betaincinv(shapes[0], shapes[1], (np.arange(COSTS) + 0.5) / COSTS)
    at = (special.logit(cost) - special.logit(share)) / d + d / 2.0
    density = np.exp(-(at**2) / 2.0) / np.sqrt(2.0 * np.pi)
    return float(np.mean(PARABOLIC * np.cbrt(cost * (1.0 - share) * density / (size**2 * d))))


def hanley_mcneil(area: float, bads: float, goods: float, confidence: float) -> Measure:
    """Wald bounds with Hanley and McNeil's (1982) error at the (effective) numbers of bads and goods."""
    q1, q2 = area / (2.0 - area), 2.0 * area**2 / (1.0 + area)
    spread = area * (1.0 - area) + (bads - 1.0) * (q1 - area**2) + (goods - 1.0) * (q2 - area**2)
    error = float(np.sqrt(spread / (bads * goods)))
    half = float(special.ndtri(0.5 + confidence / 2.0)) * error
    return Measure(area, error, max(area - half, 0.0), min(area + half, 1.0))


def resampled_bounds(rows: Rows, draws: int, confidence: float, seed: int) -> tuple[float, float]:
    """Percentiles of the AUC over draws of bads and goods apart, or of whole clusters where they repeat."""
    generator = np.random.default_rng(seed)
    values, at = np.unique(rows.risk, return_inverse=True)
    numbers, count = dense(rows.cluster)
    sides = [np.flatnonzero(rows.bad), np.flatnonzero(~rows.bad)]
    found = []
    for _ in range(draws):
        if rows.clustered:
            times = np.bincount(generator.integers(0, count, count), minlength=count)[numbers].astype(np.float64)
        else:
            times = np.zeros(len(at))
            for side in sides:
                times[side] = np.bincount(generator.integers(0, len(side), len(side)), minlength=len(side))
        b, g = (np.bincount(at[side], (times * rows.weight)[side], len(values)) for side in sides)
        whole = float(np.sum(b)) * float(np.sum(g))
        if whole > 0:
            found.append(float(np.sum(b * (np.cumsum(g) - g / 2.0))) / whole)
    tail = (1.0 - confidence) / 2.0
    lower, upper = np.quantile(found, [tail, 1.0 - tail])
    return float(lower), float(upper)
