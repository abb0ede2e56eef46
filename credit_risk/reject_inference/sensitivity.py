"""Sensitivity: how much riskier the rejected must be than accepted applicants alike to change a decision.

Nothing in the data tells P(bad | x, rejected). A factor k on the odds,

    odds(q) = k · odds(s),   s = P(bad | x, accepted),

says how far outcomes are from missing at random (k = 1). The analysis follows Rosenbaum (2002, Observational Studies,
chapter 4) in form: it reports what holds at each k, the least k that changes a decision (the tipping factor; Yan, Lee
and Li 2009, Journal of Biopharmaceutical Statistics 19, 1085-1098), and the bounds that hold whatever k is (Manski
1989, Journal of Human Resources 24, 343-360): all rejected good, all rejected bad.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.reject_inference.augmentation import prudent_odds
from credit_risk.reject_inference.bayesian import approved_parts, expected_auc
from credit_risk.reject_inference.rows import Decided

COLUMNS = [
    *("case", "prudence", "rejected_bad_rate", "applicant_bad_rate", "mean_probability", "probability_over_bad_rate"),
    *("auc", "gini", "newly_approved", "newly_approved_bad_rate", "approved", "approved_bad_rate"),
    *("equal_acceptance_approved", "equal_acceptance_bad_rate", "profit"),
]
TIPPING_COLUMNS = [
    *(
        "decision",
        "measure",
        "limit",
        "at_least_prudence",
        "all_good",
        "all_bad",
        "tipping_factor",
        "verdict",
        "reading",
    )
]
MAR_NOTE = (
    "Applicants who were accepted and have no outcome (not taken up) count at the probability of the model of known "
    "outcomes at every factor: the decision did not part them from the booked ones."
)
EXPECTED_NOTE = (
    "Rates are expectations on these applicants at the probabilities of the model of known outcomes, whose error of a "
    "finite sample they do not hold: a factor little above 1 is no margin."
)
MOST = 1e6
BOUNDS = (("all rejected good", 0.0), ("all rejected bad", 1.0))
HOLDS, CHANGED, NEVER = "changes from the factor on", "changed at 1 already", "no factor changes it"


class _Case:
    """Supposed probabilities of bad (n,) and what they mean for a model and its approvals."""

    def __init__(self, setting: _Setting, q: Floats):
        self.setting, self.q = setting, q

    def rate(self, parts: Floats) -> float:
        """Expected bad rate of the weight in `parts` (n,)."""
        mass = self.setting.w * parts
        total = float(mass.sum())
        return float(mass @ self.q) / total if total > 0 else float("nan")

    def profit(self, parts: Floats) -> float:
        """Expected profit of `parts` (n,), an applicant of all."""
        s = self.setting
        if s.good is None or s.bad is None:
            return float("nan")
        return float((s.w * parts) @ (s.good * (1.0 - self.q) - s.bad * self.q)) / float(s.w.sum())

    def row(self, name: str, prudence: float) -> tuple[object, ...]:
        s = self.setting
        everyone, mean = np.ones(len(s.w)), float(s.w @ s.risk) / float(s.w.sum())
        rate, area = self.rate(everyone), expected_auc(s.decided.y, s.risk, self.q, s.w)
        told = (rate, mean, mean / rate if rate > 0 else float("nan"), area, 2.0 * area - 1.0)
        new, equal = s.approved * s.rejected, s.equal
        return (
            *(name, prudence, self.rate(s.rejected), *told, s.share(new), self.rate(new), s.share(s.approved)),
            *(self.rate(s.approved), s.share(equal), self.rate(equal), self.profit(new)),
        )


class _Setting:
    """Checked arrays (n,) of one analysis."""

    def __init__(
        self,
        decided: Decided,
        probability: ArrayLike,
        risk: ArrayLike,
        approved: ArrayLike | None,
        good: ArrayLike | float | None,
        bad: ArrayLike | float | None,
    ):
        arguments = Arguments()
        arguments.length = n = len(decided)
        self.decided, self.w = decided, decided.weights
        self.known_rate = float("nan")
        self.s = arguments.probabilities(probability)
        self.risk = arguments.probabilities(risk, "risk")
        given = None if approved is None else arguments.outcome(approved, both_classes=False, name="approved")
        self.good, self.bad = (_amount(arguments, name, one, n) for name, one in (("good", good), ("bad", bad)))
        arguments.require(
            (good is None) == (bad is None), "good", "profit needs both good and bad", "missing", allowed="both or none"
        )
        arguments.raise_if_any()
        self.rejected = decided.rejected.astype(np.float64)
        share = float(self.w[decided.accepted].sum()) / float(self.w.sum())
        self.equal = approved_parts(self.risk, share, self.w)
        self.approved = self.equal if given is None else given
        known = decided.known
        self.known_rate = float(self.w[known] @ decided.y[known]) / float(self.w[known].sum())

    def share(self, parts: Floats) -> float:
        return float(self.w @ parts) / float(self.w.sum())

    def at(self, prudence: float) -> _Case:
        """The case of a factor: known outcomes as they are, the rejected at prudent odds, the rest at s."""
        return _Case(self, self._q(prudent_odds(self.s, prudence)))

    def bound(self, rejected: float) -> _Case:
        return _Case(self, self._q(np.full(len(self.s), rejected)))

    def _q(self, of_rejected: Floats) -> Floats:
        known = self.decided.known
        return np.where(known, np.where(known, self.decided.y, 0.0), np.where(self.rejected == 1, of_rejected, self.s))


def sensitivity_table(
    decided: Decided,
    probability: ArrayLike,
    risk: ArrayLike,
    *,
    prudence: Sequence[float] = (1.0, 1.25, 1.5, 2.0, 3.0, 5.0),
    approved: ArrayLike | None = None,
    good: ArrayLike | float | None = None,
    bad: ArrayLike | float | None = None,
) -> pd.DataFrame:
    """Evidence `reject_inference.sensitivity`: a row a factor, then the bounds. Columns `COLUMNS`.

    probability (n,): of bad by the model of known outcomes (s); risk (n,): probability of bad by the model that is
    judged; approved (n,): 1 where its cut-off approves (None: as at equal acceptance); good, bad: earned of a good,
    lost of a bad, one number or (n,). Known outcomes count as they are, weights everywhere; rates of rejected
    applicants are expectations, never draws. newly_approved: share of applicants rejected then and approved now; equal
    acceptance: the least risky share that is as large as the accepted one, ties approved in part; profit: of the newly
    approved, an applicant of all; auc: expected pairs in order over expected pairs. The bounds of the AUC are the least
    and the greatest over all labels of the rejected that a threshold of the risk makes, which where weights are equal
    and no risks are tied are those over all labels. Raises CreditRiskError with all faults: a factor below 1, lengths.
    """
    check_prudence(prudence)
    setting = _Setting(decided, probability, risk, approved, good, bad)
    rows = [setting.at(k).row(f"{k:g} times the odds", float(k)) for k in prudence]
    rows += [setting.bound(q).row(name, float("nan")) for name, q in BOUNDS]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    blank = dict.fromkeys(COLUMNS[1:], float("nan"))
    for name, area in zip(("least AUC", "greatest AUC"), area_bounds(decided, setting.s, setting.risk), strict=True):
        frame.loc[len(frame)] = {**blank, "case": name, "auc": area, "gini": 2.0 * area - 1.0}
    frame.attrs["notes"] = [EXPECTED_NOTE, MAR_NOTE]
    return frame


def tipping_table(
    decided: Decided,
    probability: ArrayLike,
    risk: ArrayLike,
    *,
    approved: ArrayLike | None = None,
    tolerated: float | None = None,
    good: ArrayLike | float | None = None,
    bad: ArrayLike | float | None = None,
) -> pd.DataFrame:
    """Evidence `reject_inference.tipping`: the factor from which each decision changes. Columns `TIPPING_COLUMNS`.

    Decisions: approve whom the model's cut-off newly approves (their bad rate against `tolerated`, None: the bad rate
    of known outcomes), keep the cut-off (bad rate of all whom it approves), put the model in place of the present
    decision at equal acceptance (its bad rate against that of the accepted), and where profit is declared approve whom
    it newly approves (their profit against 0). at_least_prudence: the measure at factor 1. tipping_factor: root to
    1e-9, missing where the decision is changed at 1 already or is not even at `all_bad`. Arguments and errors as
    `sensitivity_table`.
    """
    setting = _Setting(decided, probability, risk, approved, good, bad)
    limit = setting.known_rate if tolerated is None else tolerated
    if not 0.0 <= limit <= 1.0:
        arguments = Arguments()
        arguments.require(False, "tolerated", "not a bad rate", "range", found=repr(tolerated), allowed="0 to 1")
        arguments.raise_if_any()
    new, accepted = setting.approved * setting.rejected, decided.accepted.astype(np.float64)
    decisions: list[tuple[str, str, float, Callable[[_Case], float], int]] = [
        ("approve the newly approved", "newly_approved_bad_rate", limit, lambda one: one.rate(new), 1),
        ("keep the cut-off", "approved_bad_rate", limit, lambda one: one.rate(setting.approved), 1),
        (
            "decide by the model at equal acceptance",
            "equal_acceptance_bad_rate",
            setting.at(1.0).rate(accepted),
            lambda one: one.rate(setting.equal),
            1,
        ),
    ]
    if setting.good is not None:
        decisions.append(("approve the newly approved for profit", "profit", 0.0, lambda one: one.profit(new), -1))
    rows = []
    for decision, measure, bar, value, sign in decisions:
        ends = [value(setting.at(1.0)), value(setting.bound(0.0)), value(setting.bound(1.0))]
        factor, verdict = _tipping(lambda k, v=value: v(setting.at(k)), bar, sign, ends[0], ends[2])  # type: ignore[misc]
        rows.append((decision, measure, bar, *ends, factor, verdict, _reading(decision, factor, verdict)))
    frame = pd.DataFrame(rows, columns=TIPPING_COLUMNS)
    frame.attrs["notes"] = [EXPECTED_NOTE]
    return frame


def area_bounds(decided: Decided, probability: Floats, risk: Floats) -> tuple[float, float]:
    """Least and greatest expected AUC over labels of the rejected made by a threshold of the risk.

    With a given number of bads among the rejected, the AUC is greatest where they are the riskiest and least where they
    are the least risky (exchanging two labels moves it one way), so that all thresholds cover all labels where weights
    are equal. Known outcomes as they are, accepted without one at `probability` (n,). O(n log n).
    """
    values, place = np.unique(risk, return_inverse=True)
    k, w, rejected = len(values), decided.weights, decided.rejected
    q = np.where(decided.known, np.where(decided.known, decided.y, 0.0), probability)
    fixed = w * ~rejected
    bad, good, mass = (_sums(place, one, k) for one in (fixed * q, fixed * (1.0 - q), w * rejected))
    itself = float(np.sum(np.square(fixed) * q * (1.0 - q)))
    base = float(bad @ _below(good)) - itself / 2.0
    below = np.append(0.0, np.cumsum(mass))  # of the rejected under each threshold, k + 1 of them
    above = below[-1] - below
    of_bad, of_good = np.append(0.0, np.cumsum(bad * _below(mass))), np.append(0.0, np.cumsum(mass * _below(good)))
    bads_above = float(bad.sum()) - np.append(0.0, np.cumsum(bad))
    goods, bads = float(good.sum()), float(bad.sum())
    high = of_bad + bads_above * below + (of_good[-1] - of_good) + above * below
    low = (of_bad[-1] - of_bad) - bads_above * below + of_good
    with np.errstate(divide="ignore", invalid="ignore"):
        greatest = (base + high) / ((bads + above) * (goods + below) - itself)
        least = (base + low) / ((bads + below) * (goods + above) - itself)
    return float(np.min(least)), float(np.max(greatest))


def _sums(place: NDArray[np.intp], mass: Floats, count: int) -> Floats:
    return np.bincount(place, mass, count).astype(np.float64)


def _below(mass: Floats) -> Floats:
    """Mass at lower values, and half of that at the same, at each distinct value (k,)."""
    return np.asarray(np.cumsum(mass) - mass / 2.0)


def check_prudence(prudence: Sequence[float]) -> None:
    """Raise CreditRiskError where there is no factor, or one is below 1 or not finite."""
    arguments = Arguments()
    arguments.require(len(prudence) > 0, "prudence", "no factor", "missing", allowed="1 or more of them")
    for k in prudence:
        good = isinstance(k, (int, float)) and np.isfinite(k) and k >= 1
        arguments.require(
            bool(good),
            "prudence",
            "factors below 1 say that the rejected are safer than accepted applicants alike",
            "range",
            found=repr(k),
            allowed="1 or more",
        )
    arguments.raise_if_any()


def _amount(arguments: Arguments, name: str, value: ArrayLike | float | None, n: int) -> Floats | None:
    if value is None:
        return None
    return arguments.numbers(name, np.full(n, value) if np.ndim(value) == 0 else value)


def _tipping(
    measure: Callable[[float], float], bar: float, sign: int, at_one: float, at_all_bad: float
) -> tuple[float, str]:
    if np.isnan(at_one):
        return float("nan"), "not evaluable"
    if sign * (at_one - bar) > 0:
        return float("nan"), CHANGED
    if not sign * (at_all_bad - bar) > 0 or not sign * (measure(MOST) - bar) > 0:
        return float("nan"), NEVER
    found = optimize.brentq(lambda t: measure(float(np.exp(t))) - bar, 0.0, float(np.log(MOST)), xtol=1e-10, rtol=1e-12)
    return float(np.exp(found)), HOLDS


def _reading(decision: str, factor: float, verdict: str) -> str:
    if verdict == HOLDS:
        return (
            f"to {decision} stands as long as something unobserved makes the odds of bad of rejected applicants no "
            f"more than {factor:.2f} times those of accepted ones alike; beyond, it does not"
        )
    if verdict == CHANGED:
        return f"to {decision} does not even stand where rejected applicants are as good as accepted ones alike"
    if verdict == NEVER:
        return f"to {decision} stands however bad the rejected applicants are"
    return f"to {decision} concerns no rejected applicant"
