"""The search of a plan for the model among characteristics that passed the screens, with the validator's own fits.

Forward, backward and stepwise search by p-value or information criterion as SPECIFICATION section 3.7 words it; Rao's
score test (Rao 1948), with a robust or clustered variance that of Boos (1992), The American Statistician 46, 327-333.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import linalg, special

from validation.rebuild.clusters import Integers, dense
from validation.rebuild.covariance import factor
from validation.rebuild.logistic import Floats, LogisticFit, fit_logistic
from validation.rebuild.restricted import fit_negative, greatest_likelihood

NEAR = 1e-9
SURE_SCORE, LARGE = 19.0, 29.0
NO_P_VALUE = 1600.0
"""Chi-square beyond which no double holds its p-value: it is 0 on either side."""
SMALLEST = 1e-290
TIED_FACTORS = (1e-10, 1e-8)


@dataclass(frozen=True, slots=True)
class _Band:
    least: float
    most: float


collinear = _Band(1e-10, 1e-6)
"""Norm that is left of a column beside others: a combination of them below the first, none above the second."""


class Undecided(Exception):
    """A decision that is not to be made, with the reason."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """Where a characteristic left: step of the waterfall, value and threshold, and beside whom (correlation)."""

    step: str
    value: float | None = None
    threshold: float | None = None
    partner: str | None = None


Drop = Callable[[str, Leaving], None]
Tied = Callable[[str, str], bool]


def near(one: float, other: float) -> bool:
    """Say whether two numbers are equal to one part in a thousand million."""
    return abs(one - other) <= NEAR * max(abs(one), abs(other))


def above(value: float, threshold: float, what: str) -> bool:
    """Say whether a value is above a threshold; Undecided where they are nearly equal and not both 0."""
    if near(value, threshold) and (value or threshold):
        raise Undecided(f"{what}: {value!r} and {threshold!r} are equal to 1e-9")
    return value > threshold


@dataclass(slots=True)
class Fits:
    """Regressions on any of the characteristics: woe ((n,) by name), y, weight, clusters (n,), offset (n,) or None.

    kind: of the covariance; bounded: no coefficient above zero. Every set of characteristics is fitted once, from the
    coefficients of the fit before it.
    """

    woe: Mapping[str, Floats]
    y: Floats
    weight: Floats
    kind: str
    clusters: Integers
    offset: Floats | None = None
    bounded: bool = False
    _made: dict[frozenset[str], Fitted] = field(default_factory=dict)
    _heights: dict[frozenset[str], float] = field(default_factory=dict)
    _last: Fitted | None = None

    def columns(self, names: Sequence[str]) -> Floats:
        """The weights of evidence (n, k) of some characteristics."""
        return np.column_stack([self.woe[name] for name in names])

    def design(self, names: Sequence[str]) -> Floats:
        """The same with a column of ones before them."""
        return np.column_stack([np.ones(len(self.y)), *(self.woe[name] for name in names)])

    @property
    def start(self) -> Floats:
        """The log-odds (n,) that every fit starts from."""
        return np.zeros(len(self.y)) if self.offset is None else self.offset

    def fit(self, names: Sequence[str]) -> Fitted:
        """The regression on some characteristics; Undecided where it may be without finite estimates."""
        key = frozenset(names)
        if key not in self._made:
            self._made[key] = self._last = Fitted(tuple(names), self._fitted(names))
        return self._made[key]

    def _fitted(self, names: Sequence[str]) -> LogisticFit:
        x, last = self.design(names), self._last
        start = None if last is None else np.array([last.constant, *(last.of(name) for name in names)])
        with np.errstate(all="ignore"):  # a separated fit overflows on its way; it is judged below
            try:
                if self.bounded and names:
                    fit, slope = fit_negative(x, self.y, self.weight, 0.95, self.kind, self.clusters, self.offset)
                    self._refuse_doubtful(fit, slope, names)
                else:
                    data = (x, self.y, self.weight, 0.95, self.kind, self.clusters, self.offset)
                    fit = fit_logistic(*data, start=start)
            except (np.linalg.LinAlgError, ValueError) as error:
                raise Undecided(f"no finite fit of {', '.join(names)}: {error}") from error
        size = float(np.max(np.abs(self.start + x @ fit.coefficient)))
        if not fit.converged or not size < SURE_SCORE or not np.max(np.abs(fit.coefficient[1:]), initial=0.0) < LARGE:
            raise Undecided(f"the fit of {', '.join(names)} predicts rows all but surely or does not converge")
        return fit

    def _refuse_doubtful(self, fit: LogisticFit, slope: Floats, names: Sequence[str]) -> None:
        unit = np.sqrt(np.sum(self.weight) * np.average(self.columns(names) ** 2, axis=0, weights=self.weight))
        held = ~fit.free[1:]
        doubt = np.where(held, np.abs(slope[1:]) < 1e-6 * unit, np.abs(fit.coefficient[1:]) < 1e-6)
        if doubt.any():
            raise Undecided(f"whether the bound holds {names[int(np.argmax(doubt))]} at zero is a near tie")

    def height_without(self, fit: Fitted, name: str) -> float:
        """The greatest log-likelihood of a fit without one of its characteristics, from its best quadratic guess."""
        names = [one for one in fit.names if one != name]
        key = frozenset(names)
        if key in self._made or self.bounded:
            return self.fit(names).own.log_likelihood
        if key not in self._heights:
            place = 1 + fit.names.index(name)
            cov, beta = fit.own.covariance, fit.own.coefficient
            guess = np.delete(beta - cov[:, place] * (beta[place] / cov[place, place]), place)
            data = (self.design(names), self.y, self.weight)
            self._heights[key] = greatest_likelihood(*data, guess, self.start)
        return self._heights[key]

    def parameters_without(self, fit: Fitted, name: str) -> int:
        """How many coefficients that fit estimates."""
        if self.bounded:
            return self.fit([one for one in fit.names if one != name]).own.parameters
        return len(fit.names)

    def score_tests(self, names: Sequence[str], waiting: Sequence[str]) -> dict[str, tuple[float, float]]:
        """p-value and chi-square of adding each that waits to the model of `names`."""
        design, z = self.design(names), self.columns(waiting)
        p = special.expit(self.start + design @ self.fit(names).own.coefficient)
        v, residual = self.weight * p * (1.0 - p), self.weight * (self.y - p)
        root = linalg.cho_factor((design * v[:, None]).T @ design)
        explained = linalg.cho_solve(root, (design * v[:, None]).T @ z)
        total = np.einsum("ij,i,ij->j", z, v, z)
        rest = z - design @ explained
        variance = np.einsum("ij,i,ij->j", rest, v, rest)
        flat = variance <= 1e-9 * total
        if flat.any():
            raise Undecided(f"{waiting[int(np.argmax(flat))]} is explained by the model of {', '.join(names)}")
        if self.kind != "nonrobust":
            variance = self._robust(rest * residual[:, None], design.shape[1] + 1)
        found = (z.T @ residual) ** 2 / variance
        return {name: (float(special.chdtrc(1, s)), float(s)) for name, s in zip(waiting, found, strict=True)}

    def _robust(self, scores: Floats, coefficients: int) -> Floats:
        codes, count = dense(self.clusters)
        times = factor(self.kind, len(scores), coefficients, count)
        if self.kind == "cluster":
            scores = np.column_stack([np.bincount(codes, column) for column in scores.T])
        return np.asarray(times * np.sum(scores**2, axis=0))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fit and the characteristics of its coefficients."""

    names: tuple[str, ...]
    own: LogisticFit

    @property
    def constant(self) -> float:
        """The constant."""
        return float(self.own.coefficient[0])

    @property
    def held(self) -> tuple[str, ...]:
        """Whom a bound holds at zero."""
        return tuple(name for name, free in zip(self.names, self.own.free[1:], strict=True) if not free)

    def of(self, name: str) -> float:
        """The coefficient of a characteristic, 0 where it is not in the fit."""
        return float(self.own.coefficient[1 + self.names.index(name)]) if name in self.names else 0.0

    def p_value(self, name: str) -> float:
        """The p-value of a characteristic."""
        return float(self.own.p_value[1 + self.names.index(name)])

    def z(self, name: str) -> float:
        """The coefficient of a characteristic over its error."""
        return float(self.own.z[1 + self.names.index(name)])


def search(
    names: Sequence[str], fits: Fits, spec: Mapping[str, Any], kept: frozenset[str], tied: Tied, drop: Drop
) -> list[str]:
    """Return the characteristics of the final model in the order given, by descending information value.

    spec: `selection` of the plan; kept: who is forced in; tied: whether the order of two is not sure. drop takes who
    leaves, in that order. Raises Undecided.
    """
    run = _Search(tuple(names), fits, spec, kept, tied)
    chosen = run.forward(drop) if spec["method"] in ("forward", "stepwise") else list(names)
    return run.backward(chosen, drop)


@dataclass(frozen=True, slots=True)
class _Search:
    names: tuple[str, ...]
    fits: Fits
    spec: Mapping[str, Any]
    kept: frozenset[str]
    tied: Tied

    @property
    def by_p_value(self) -> bool:
        return bool(self.spec["criterion"] == "p_value")

    def forward(self, drop: Drop) -> list[str]:
        model = [name for name in self.names if name in self.kept]
        refused: dict[str, Leaving] = {}
        while waiting := [name for name in self.names if name not in model and name not in refused]:
            tests = self.fits.score_tests(model, waiting)
            best = self._most_significant(tests)
            leaving = self._no_entry(best, tests[best][0], model)
            if leaving is None:
                model.append(best)
                if self.spec["method"] == "stepwise":
                    model = self._look_back(model, refused)
                continue
            refused[best] = leaving
            if leaving.step == "entry":
                limit = self.spec["max_p_value"] if self.by_p_value else None
                refused |= {name: Leaving("entry", tests[name][0], limit) for name in waiting if name != best}
                break
        for name, leaving in refused.items():
            drop(name, leaving)
        return [name for name in self.names if name in model]

    def _most_significant(self, tests: Mapping[str, tuple[float, float]]) -> str:
        best = min(tests, key=lambda name: (tests[name][0], self.names.index(name)))
        p, size = tests[best]
        for name, (other, statistic) in tests.items():
            if name == best:
                continue
            none = min(size, statistic) > NO_P_VALUE
            if none and self.tied(name, best):
                raise Undecided(f"{name} and {best} have no p-value, and are equal in information value to 1e-9")
            if not none and (near(p, other) or max(p, other) < SMALLEST):
                raise Undecided(f"{name} and {best} are equally significant to 1e-9, or no double tells")
        return best

    def _no_entry(self, name: str, p_value: float, model: list[str]) -> Leaving | None:
        limit = self.spec["max_p_value"]
        if self.by_p_value and limit < 1 and above(p_value, limit, f"{name}, p-value of entry"):
            return Leaving("entry", p_value, limit)
        after = self.fits.fit([*model, name])
        if name in after.held or len(after.held) == len(after.names):
            return Leaving("bound", 0.0, 0.0)
        if self._wrong(after, name):
            return Leaving("sign", after.of(name), 0.0)
        if self.by_p_value or not model:
            return None
        before, value = self._criterion_of(self.fits.fit(model)), self._criterion_of(after)
        return None if above(before, value, f"{name}, criterion of entry") else Leaving("entry", value, before)

    def _look_back(self, model: list[str], refused: dict[str, Leaving]) -> list[str]:
        while len(model) > 1:
            found = self._removal(self.fits.fit(model))
            if found is None:
                break
            refused[found[0]] = found[1]
            model = [name for name in model if name != found[0]]
        return model

    def backward(self, names: list[str], drop: Drop) -> list[str]:
        while names:
            fit = self.fits.fit(names)
            if len(fit.held) == len(names):
                found = self._held(names, names)
                if found is None:
                    raise Undecided("every coefficient is held at zero by its bound")
            else:
                found = self._removal(fit) or self._inflated(names)
                if found is None and self.spec["method"] != "all":
                    found = self._held(names, fit.held)
                if found is None:
                    return names
            drop(*found)
            names = [name for name in names if name != found[0]]
        return names

    def _held(self, names: Sequence[str], held: Sequence[str]) -> tuple[str, Leaving] | None:
        free = [name for name in names if name in held and name not in self.kept]
        if not free:
            return None
        if any(self.tied(name, free[-1]) for name in free[:-1]):
            raise Undecided(f"{free[-1]} is held at zero, and equal to another in information value to 1e-9")
        return free[-1], Leaving("bound", 0.0, 0.0)

    def _wrong(self, fit: Fitted, name: str) -> bool:
        if not self.spec["sign_check"] or self.fits.bounded:
            return False
        if abs(fit.z(name)) < 1e-6:
            raise Undecided(f"the coefficient of {name} is all but zero")
        return fit.of(name) > 0

    def _removal(self, fit: Fitted) -> tuple[str, Leaving] | None:
        free = [name for name in fit.names if name not in self.kept and name not in fit.held]
        wrong = {name: abs(fit.of(name)) for name in free if self._wrong(fit, name)}
        if wrong:
            name = _greatest(wrong, "coefficients of the wrong sign")
            return name, Leaving("sign", fit.of(name), 0.0)
        if self.spec["method"] == "all":
            return None
        return self._weak(fit, free) if self.by_p_value else self._needless(fit, free)

    def _weak(self, fit: Fitted, free: Sequence[str]) -> tuple[str, Leaving] | None:
        limit = float(self.spec["max_p_value"])
        if limit == 1:
            return None
        weak = {name: fit.p_value(name) for name in free if above(fit.p_value(name), limit, f"{name}, p-value")}
        if not weak:
            return None
        name = _greatest(weak, "p-values")
        return name, Leaving("p-value", weak[name], limit)

    def _needless(self, fit: Fitted, free: Sequence[str]) -> tuple[str, Leaving] | None:
        if len(fit.names) < 2 or not free:
            return None
        current, word = self._criterion_of(fit), str(self.spec["criterion"]).upper()
        without = {
            name: self._criterion(self.fits.parameters_without(fit, name), self.fits.height_without(fit, name))
            for name in free
        }
        best = min(without.values())
        if not above(current, best, word):
            return None
        name = _greatest({name: -value for name, value in without.items()}, word)
        return name, Leaving(word, best, current)

    def _criterion_of(self, fit: Fitted) -> float:
        return self._criterion(fit.own.parameters, fit.own.log_likelihood)

    def _criterion(self, parameters: int, height: float) -> float:
        penalty = 2.0 if self.spec["criterion"] == "aic" else float(np.log(len(self.fits.y)))
        return penalty * parameters - 2.0 * height

    def _inflated(self, names: Sequence[str]) -> tuple[str, Leaving] | None:
        limit = float(self.spec["max_variance_inflation"])
        found = dict(zip(names, inflation(self.fits.columns(names), self.fits.weight), strict=True))
        # alone, a factor is 1 on either side
        free = {n: float(v) for n, v in found.items() if n not in self.kept and len(names) > 1}
        beyond = {name: value for name, value in free.items() if above(value, limit, f"{name}, variance inflation")}
        if not beyond:
            return None
        greatest = max(beyond.values())
        gaps = {name: 1.0 - value / greatest for name, value in beyond.items()}
        if any(TIED_FACTORS[0] < gap < TIED_FACTORS[1] for gap in gaps.values()):
            raise Undecided("two variance inflation factors are equal to 1e-9")
        equal = [name for name, gap in gaps.items() if gap <= TIED_FACTORS[0]]
        if any(self.tied(name, equal[-1]) for name in equal[:-1]):
            raise Undecided("two characteristics are equal in variance inflation and in information value to 1e-9")
        return equal[-1], Leaving("variance inflation", beyond[equal[-1]], limit)


def inflation(x: Floats, weight: Floats) -> Floats:
    """Variance inflation factors (k,) of the columns of x (n, k): |x_j|²·((X'X)⁻¹)_jj, centred, by a QR decomposition.

    Belsley, Kuh and Welsch (1980), section 3.2.
    """
    centred = (x - np.average(x, axis=0, weights=weight)) * np.sqrt(weight)[:, None]
    centred = centred / np.linalg.norm(centred, axis=0)
    triangle = linalg.qr(centred, mode="r")[0][: x.shape[1]]
    inverse = linalg.solve_triangular(triangle, np.eye(x.shape[1]))
    return np.asarray(np.sum(inverse**2, axis=1))


def _greatest(values: Mapping[str, float], what: str) -> str:
    """The name of the greatest value; Undecided where another is nearly equal."""
    name = max(values, key=lambda one: values[one])
    if any(one != name and near(value, values[name]) for one, value in values.items()):
        raise Undecided(f"two greatest {what} are equal to 1e-9")
    return name
