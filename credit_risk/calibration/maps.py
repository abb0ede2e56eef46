"""Calibration maps: from the log-odds of bad (the linear score) to the probability of bad, and their model.json steps.

A map computes through the functions that score its steps (`credit_risk.scoring.steps`), so that package and map give
the same doubles. A missing linear score (NaN) has a missing probability.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk.scoring import steps as scoring

Floats = NDArray[np.float64]
Step = dict[str, Any]
Order = Literal["strictly_increasing", "non_decreasing", "broken"]
ROUNDING = 1e-12


class CalibrationMap(Protocol):
    """What every map has."""

    @property
    def method(self) -> str:
        """Name of the map as a plan writes it."""
        ...

    def probability(self, linear_score: ArrayLike) -> Floats:
        """Probability of bad (n,) of log-odds of bad (n,)."""
        ...

    def steps(self, source: str, output: str) -> list[Step]:
        """Steps of model.json from the value `source` (log-odds of bad) to the value `output` (probability)."""
        ...

    def order_kept(self) -> Order:
        """Whether a greater linear score always has a greater probability, never a lower one, or neither."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """Method and parameters, ready for JSON."""
        ...


class _Map:
    """What maps share: the probability is what the steps give."""

    __slots__ = ()

    def steps(self, source: str, output: str) -> list[Step]:
        raise NotImplementedError

    def probability(self, linear_score: ArrayLike) -> Floats:
        """Probability of bad (n,) of log-odds of bad (n,); CalibrationError where the steps would be in error."""
        return run_steps(self.steps("linear_score", "probability"), linear_score)


@dataclass(frozen=True, slots=True)
class IdentityMap(_Map):
    """No calibration: sigmoid(s)."""

    @property
    def method(self) -> str:
        return "none"

    def log_odds_steps(self, source: str, output: str) -> list[Step]:
        """Steps to the log-odds of the result: none."""
        return []

    def steps(self, source: str, output: str) -> list[Step]:
        """One `link` step."""
        return [_link(source, output)]

    def order_kept(self) -> Order:
        return "strictly_increasing"

    def as_dict(self) -> dict[str, Any]:
        return {"method": self.method}


@dataclass(frozen=True, slots=True)
class LogisticMap(_Map):
    """sigmoid(slope·s + intercept): Platt (1999) on margins, never on probabilities."""

    slope: float
    intercept: float

    def __post_init__(self) -> None:
        _need_finite(self, "slope", "intercept")

    @property
    def method(self) -> str:
        return "logistic"

    def log_odds_steps(self, source: str, output: str) -> list[Step]:
        """The step to the log-odds of the result."""
        given = {"method": "logistic", "scale": "log_odds", "slope": self.slope, "intercept": self.intercept}
        return [_calibrate(source, output, given)]

    def steps(self, source: str, output: str) -> list[Step]:
        """`calibrate` on log-odds, then `link`."""
        return _through_log_odds(self, source, output)

    def order_kept(self) -> Order:
        return _by_sign(self.slope)

    def as_dict(self) -> dict[str, Any]:
        return {"method": self.method, "slope": self.slope, "intercept": self.intercept}


@dataclass(frozen=True, slots=True)
class InterceptShift(_Map):
    """sigmoid(s + shift)."""

    shift: float

    def __post_init__(self) -> None:
        _need_finite(self, "shift")

    @property
    def method(self) -> str:
        return "intercept_shift"

    def log_odds_steps(self, source: str, output: str) -> list[Step]:
        """The step to the log-odds of the result."""
        return [_calibrate(source, output, {"method": "intercept_shift", "shift": self.shift})]

    def steps(self, source: str, output: str) -> list[Step]:
        """`calibrate` on log-odds, then `link`."""
        return _through_log_odds(self, source, output)

    def order_kept(self) -> Order:
        return "strictly_increasing"

    def as_dict(self) -> dict[str, Any]:
        return {"method": self.method, "shift": self.shift}


_LINEAR = (IdentityMap, LogisticMap, InterceptShift)
"""Maps that are a line in log-odds."""


@dataclass(frozen=True, slots=True)
class BetaMap(_Map):
    """logit q = a·ln p − b·ln(1 − p) + c with p = sigmoid(s) (Kull, Silva Filho and Flach 2017).

    a, b ≥ 0 keep the order. p is a double: of log-odds beyond about 36.7 it is 1, and such a row
    is refused, here as in the package.
    """

    a: float
    b: float
    c: float

    def __post_init__(self) -> None:
        _need_finite(self, "a", "b", "c")

    @property
    def method(self) -> str:
        return "beta"

    def steps(self, source: str, output: str) -> list[Step]:
        """`link`, then `calibrate` on the probability."""
        given = {"method": "beta", "a": self.a, "b": self.b, "c": self.c}
        between = f"{output}.uncalibrated"
        return [_link(source, between), _calibrate(between, output, given)]

    def order_kept(self) -> Order:
        if min(self.a, self.b) < 0.0:
            return "broken"
        return _by_sign(self.a + self.b)

    def as_dict(self) -> dict[str, Any]:
        return {"method": self.method, "a": self.a, "b": self.b, "c": self.c}


@dataclass(frozen=True, slots=True)
class PiecewiseLinearMap(_Map):
    """Probabilities y at log-odds x, linear between, constant outside; x (k,) strictly increasing, k ≥ 2, y in (0, 1).

    `name` is the method that made it.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    name: str = "piecewise_linear"

    def __post_init__(self) -> None:
        faults = [*_knot_faults(self.x), *_level_faults(self.y)]
        if len(self.x) != len(self.y) or len(self.x) < 2:
            faults.append(Fault("x and y need the same length, 2 at least", "length", path="x", found=str(len(self.x))))
        _raise(faults)

    @property
    def method(self) -> str:
        return self.name

    def steps(self, source: str, output: str) -> list[Step]:
        """One `calibrate` step."""
        return [_calibrate(source, output, {"method": "piecewise_linear", "x": list(self.x), "y": list(self.y)})]

    def order_kept(self) -> Order:
        """Never strictly increasing: constant outside the ends."""
        return _of_levels(self.y)

    def as_dict(self) -> dict[str, Any]:
        return {"method": self.method, "x": list(self.x), "y": list(self.y)}


@dataclass(frozen=True, slots=True)
class StepMap(_Map):
    """Probability y[i] on log-odds [x[i−1], x[i]); x (k,) strictly increasing, y (k+1,) in (0, 1); ends open.

    `name` is the method that made it: isotonic or venn_abers.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    name: str = "piecewise_constant"

    def __post_init__(self) -> None:
        faults = [*_knot_faults(self.x), *_level_faults(self.y)]
        if len(self.y) != len(self.x) + 1 or not self.x:
            found = f"{len(self.x)} cuts, {len(self.y)} probabilities"
            faults.append(Fault("one probability more than cuts, one cut at least", "length", path="y", found=found))
        _raise(faults)

    @property
    def method(self) -> str:
        return self.name

    def steps(self, source: str, output: str) -> list[Step]:
        """One `calibrate` step."""
        return [_calibrate(source, output, {"method": "piecewise_constant", "x": list(self.x), "y": list(self.y)})]

    def order_kept(self) -> Order:
        """Never strictly increasing: constant between the cuts."""
        return _of_levels(self.y)

    def as_dict(self) -> dict[str, Any]:
        return {"method": self.method, "x": list(self.x), "y": list(self.y)}


@dataclass(frozen=True, slots=True)
class AnchoredMap(_Map):
    """A map, then a shift of the log-odds of its probability: sigmoid(logit(first(s)) + shift)."""

    first: CalibrationMap
    shift: float

    def __post_init__(self) -> None:
        _need_finite(self, "shift")

    @property
    def method(self) -> str:
        return self.first.method

    def steps(self, source: str, output: str) -> list[Step]:
        """The steps of the first map and the shift: in log-odds where the first map is linear in them, else on p."""
        before = f"{output}.unanchored"
        if isinstance(self.first, _LINEAR):
            own = self.first.log_odds_steps(source, f"{before}.log_odds")
            moved = f"{output}.log_odds"
            shift = _calibrate(own[-1]["output"] if own else source, moved, {"method": "intercept_shift"} | self._shift)
            return [*own, shift, _link(moved, output)]
        given = {"method": "logistic", "scale": "probability", "slope": 1.0, "intercept": self.shift}
        return [*self.first.steps(source, before), _calibrate(before, output, given)]

    @property
    def _shift(self) -> dict[str, float]:
        return {"shift": self.shift}

    def order_kept(self) -> Order:
        return self.first.order_kept()

    def as_dict(self) -> dict[str, Any]:
        return self.first.as_dict() | {"anchor_shift": self.shift}


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What a map does to the order of scores: its kind, distinct values before and after, and how many were merged."""

    order: Order
    distinct_scores: int
    distinct_probabilities: int

    @property
    def merged(self) -> int:
        """Distinct linear scores that no longer have a probability of their own."""
        return self.distinct_scores - self.distinct_probabilities


def require_order(calibration: CalibrationMap, linear_score: ArrayLike) -> OrderReport:
    """How `calibration` treats the order of linear scores (n,); CalibrationError where it would break it.

    Also refused: a map by which all of several scores have one probability. Neighbouring doubles may fall by rounding
    (a relative 1e-12): a line need not end on the double that the next begins with.
    """
    found = order_report(calibration, linear_score)
    if found.distinct_probabilities < 2 <= found.distinct_scores:
        level = calibration.probability(np.asarray(linear_score, dtype=np.float64)[:1])[0]
        told = f"{found.distinct_scores} distinct scores, all of probability {level:.6g}"
        message = f"the {calibration.method} map gives every score the same probability"
        raise CalibrationError(Fault(message, "calibration_constant", path="calibration", found=told))
    return found


def order_report(calibration: CalibrationMap, linear_score: ArrayLike) -> OrderReport:
    """As `require_order`, of scores that may all have one probability."""
    scores = np.unique(np.asarray(linear_score, dtype=np.float64))
    scores = scores[~np.isnan(scores)]
    probabilities = calibration.probability(scores)
    order = calibration.order_kept()
    falls = np.flatnonzero(np.diff(probabilities) < -ROUNDING * probabilities[1:])
    if order == "broken" or len(falls):
        found = f"{calibration.as_dict()}" if not len(falls) else _fall(scores, probabilities, int(falls[0]))
        remedy = "Choose another method, or find out why the score does not rank the calibration sample."
        message = f"the {calibration.method} map would break the order of the score"
        raise CalibrationError(Fault(message, "calibration_order", path="calibration", found=found, remedy=remedy))
    return OrderReport(order, len(scores), len(np.unique(probabilities)))


def _fall(scores: Floats, probabilities: Floats, at: int) -> str:
    pairs = (f"{probabilities[k]:.6g} at log-odds {scores[k]:.6g}" for k in (at, at + 1))
    return " but ".join(pairs)


def switch_steps(
    maps: Mapping[Any, CalibrationMap], source: str, label: str, output: str, default: CalibrationMap | None = None
) -> list[Step]:
    """Steps of model.json of one map a label: those of each, then a `switch` by the value `label` to `output`.

    A map that several labels share stands once, and so does the map that several anchored ones begin with. A row with
    another label has the probability of `default`; without one it is in error.
    """
    made: list[Step] = []
    known: dict[int, str] = {}
    begun: dict[int, str] = {}

    def value(one: CalibrationMap, name: str) -> str:
        if id(one) not in known:
            known[id(one)] = name
            made.extend(_steps_once(one, source, name, begun))
        return known[id(one)]

    rest = None if default is None else value(default, f"{output}.pooled")
    cases = [
        {"equals": name, "value": value(one, f"{output}.map_{place}")} for place, (name, one) in enumerate(maps.items())
    ]
    switch = {"id": output, "type": "switch", "input": label, "cases": cases, "default": rest, "output": output}
    return [*made, switch]


def _steps_once(one: CalibrationMap, source: str, output: str, begun: dict[int, str]) -> list[Step]:
    """Steps of a map; begun: by the first map of anchored ones, the probability that it gives already."""
    if not isinstance(one, AnchoredMap) or isinstance(one.first, _LINEAR):
        return one.steps(source, output)
    steps = one.steps(source, output)
    if id(one.first) not in begun:
        begun[id(one.first)] = str(steps[-1]["input"])
        return steps
    return [steps[-1] | {"input": begun[id(one.first)]}]


def run_steps(steps: Sequence[Step], linear_score: ArrayLike) -> Floats:
    """Value (n,) of the last of `link` and `calibrate` steps that follow each other; NaN stays NaN.

    Raises CalibrationError naming the step where scoring would put a row in error.
    """
    x: Floats = np.asarray(linear_score, dtype=np.float64)
    if x.ndim != 1 or np.isinf(x).any():
        raise CalibrationError(Fault("not a vector of finite log-odds", "range", path="linear_score"))
    for step in steps:
        with np.errstate(all="ignore"):
            if step["type"] == "link":
                y = scoring.inverse_link(step["function"], x)
            else:
                _need_open_interval(step, x)
                y = scoring.calibrate(step, x)
        if bool(np.any(~np.isfinite(y) & ~np.isnan(x))):
            raise CalibrationError(Fault("a result is not finite", "range", path=step["id"]))
        x = cast(Floats, y)
    return x


def _need_open_interval(step: Step, x: Floats) -> None:
    if step["method"] != "beta" and step.get("scale") != "probability":
        return
    outside = ~((x > 0.0) & (x < 1.0)) & ~np.isnan(x)
    if outside.any():
        found = f"{int(outside.sum())} of {len(x)} rows (first: {int(np.flatnonzero(outside)[0]) + 1})"
        remedy = "Use a map on log-odds (logistic, isotonic), which has no such bound."
        message = "the probability of these log-odds is 0 or 1 as a double, so this map does not reach them"
        raise CalibrationError(Fault(message, "range", path=step["id"], found=found, remedy=remedy))


def _link(source: str, output: str) -> Step:
    return {"id": output, "type": "link", "function": "logit", "input": source, "output": output}


def _calibrate(source: str, output: str, given: Step) -> Step:
    return {"id": output, "type": "calibrate", "input": source, "output": output} | given


def _through_log_odds(own: LogisticMap | InterceptShift, source: str, output: str) -> list[Step]:
    moved = f"{output}.log_odds"
    return [*own.log_odds_steps(source, moved), _link(moved, output)]


def _by_sign(slope: float) -> Order:
    if slope > 0.0:
        return "strictly_increasing"
    return "non_decreasing" if slope == 0.0 else "broken"


def _of_levels(levels: Sequence[float]) -> Order:
    return "broken" if any(b < a for a, b in pairwise(levels)) else "non_decreasing"


def _need_finite(given: Any, *names: str) -> None:
    _raise(
        Fault("not a finite number", "range", path=name, found=repr(getattr(given, name)))
        for name in names
        if not math.isfinite(getattr(given, name))
    )


def _knot_faults(x: Sequence[float]) -> Iterator[Fault]:
    if not all(math.isfinite(value) for value in x):
        yield Fault("log-odds that are not finite", "range", path="x")
    elif any(b <= a for a, b in pairwise(x)):
        yield Fault("x does not increase strictly", "calibration_order", path="x")


def _level_faults(y: Sequence[float]) -> Iterator[Fault]:
    outside = [value for value in y if not 0.0 < value < 1.0]
    if outside:
        allowed = "between 0 and 1, neither included: no finite sample shows certainty"
        yield Fault("probabilities out of range", "range", path="y", found=repr(outside[0]), allowed=allowed)


def _raise(faults: Sequence[Fault] | Iterator[Fault]) -> None:
    found = list(faults)
    if found:
        raise CalibrationError(found)
