"""Bias-aware self-learning (BASL): labels of the most and least risky rejects, round by round.

Kozodoi, Lessmann, Alamgir, Moreira-Matias and Papakonstantinou (2025), European Journal of Operational Research, arXiv
2407.13009, algorithm 1, in the order of the authors' published code:

1. a share of the known outcomes and of the rejects is held out;
2. an isolation forest is fitted on the known outcomes that are left; rejects stay whose anomaly score lies between two
   quantiles of the rejects' scores;
3. a weak logistic regression, fitted on the known outcomes that are left and all labels given so far, scores a random
   share of the rejects without a label: the top `label_share` are labelled bad, the bottom `label_share / imbalance`
   good. The thresholds of the first round stay; where more rejects are beyond one, as many as the share draw lots;
4. after each round the regression is fitted again and judged by the Bayesian AUC on what is held out, the prior of its
   rejects being the probabilities of the regression on known outcomes alone. Where it does not rise, no further round
   is made; the labels given until then stay. As in that code the draws are the same for every round: the prior being
   that of known outcomes alone, labels rarely raise it in the published simulation, and runs end after one round there.

The labelled are extremes only: probabilities of a model fitted on them are too far apart. `recalibrate` mends it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from credit_risk._core.errors import CreditRiskError, Fault, ModelError
from credit_risk._core.randomness import stage_generator, stage_seed
from credit_risk.calibration.fit import MapFit, fit_map
from credit_risk.evaluation._arrays import Arguments
from credit_risk.models.collinear import independent
from credit_risk.reject_inference._inputs import counted, probabilities_of, share
from credit_risk.reject_inference.bayesian import BayesianValue, bayesian_auc
from credit_risk.reject_inference.isolation_forest import grow_forest
from credit_risk.reject_inference.quick_logit import weighted_logit, with_constant
from credit_risk.reject_inference.reweighting import reweighting
from credit_risk.reject_inference.rows import Decided, InferredRows, known_rows
from credit_risk.reject_inference.spec import SelfLearningSpec

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
STAGE = "reject_inference/self_learning"
DRAWS = 100
COLUMNS = (
    *("round", "sampled", "labelled_bad", "labelled_good", "left", "bad_from", "good_to"),
    *("bayesian_auc", "lower", "upper", "stopped"),
)
CAUTION = (
    "labels of extremes only: they order the applicants and damage the calibration (Brier score 0.116 against 0.093 of "
    "known outcomes alone in the published simulation); probabilities hold only after calibration on known outcomes"
)
LAST = "the last round that the plan allows"
NO_GAIN = "the Bayesian AUC did not rise"
NONE_LEFT = "no reject is left"
NONE_SURE = "no reject lies beyond a threshold"
NOT_FITTED = "the weak learner has no maximum: the labels separate bads from goods"


@dataclass(frozen=True, slots=True)
class Round:
    """Rejects scored, labelled bad and good, left without a label; Bayesian AUC of the regression with the labels."""

    number: int
    sampled: int
    labelled_bad: int
    labelled_good: int
    left: int
    evaluated: BayesianValue


@dataclass(frozen=True, slots=True)
class SelfLearning:
    """rows: known outcomes and labelled rejects; rounds: from 0, known outcomes alone.

    bad_from, good_to: thresholds of the probability of bad; kept: rejects that are not held out and pass the filter,
    of `candidates`; anomaly: least and greatest score of them. held_out: known outcomes and rejects. stopped: why.
    """

    rows: InferredRows
    rounds: tuple[Round, ...]
    bad_from: float
    good_to: float
    candidates: int
    kept: int
    anomaly: tuple[float, float]
    held_out: tuple[int, int]
    stopped: str


def self_learning(
    decided: Decided, features: ArrayLike, spec: SelfLearningSpec | None = None, *, seed: int = 0
) -> InferredRows:
    """Known outcomes, then labelled rejects by ascending place, with their sampling weights: `fit_self_learning`."""
    return fit_self_learning(decided, features, spec, seed=seed).rows


def fit_self_learning(
    decided: Decided,
    features: ArrayLike,
    spec: SelfLearningSpec | None = None,
    *,
    seed: int = 0,
    draw_anew: bool = False,
) -> SelfLearning:
    """Bias-aware self-learning with its record; the method is in the module's docstring.

    features (n, k): what the weak learner and the forest see, numbers without missing values. Accepted applicants
    without an outcome take no part. Shares are of sampling weight, the random share of the rejects is of rows. The same
    seed and rows give the same labels on any number of threads. draw_anew: the Bayesian AUC of each round is of draws
    of its own, whose noise lets more rounds pass than the same draws for all do. Raises CreditRiskError on features
    that do not fit or are constant or collinear, on a hold-out without a good and a bad, and where the weak learner has
    no maximum.
    """
    spec = SelfLearningSpec() if spec is None else spec
    x = _checked(decided, features)
    known, rejects = np.flatnonzero(decided.known), np.flatnonzero(decided.rejected)
    draws = _Draws(seed)
    held_known, held_rejects = (draws.share(places, spec.holdout) for places in (known, rejects))
    train, candidates = np.setdiff1d(known, held_known), np.setdiff1d(rejects, held_rejects)
    _require_both(decided, held_known, train, rejects=len(held_rejects), candidates=len(candidates))
    forest = grow_forest(x[train], decided.weights[train], seed=seed, stage=f"{STAGE}/forest")
    anomaly = forest.score(x[candidates])
    inside = _between(anomaly, decided.weights[candidates], spec.filter)
    learner = _Learner(decided, x, train, np.concatenate([held_known, held_rejects]), seed, draw_anew)
    labels, rounds, thresholds, stopped = _rounds(learner, candidates[inside], spec, draws)
    labelled = np.flatnonzero(np.isfinite(labels))
    place, y, w, inferred = known_rows(decided)
    rows = InferredRows(
        "self_learning",
        np.concatenate([place, labelled]),
        np.concatenate([y, labels[labelled]]),
        np.concatenate([w, decided.weights[labelled]]),
        np.concatenate([inferred, np.ones(len(labelled), dtype=bool)]),
        _notes(rounds, len(rejects), len(labelled), stopped),
    )
    kept = anomaly[inside]
    return SelfLearning(
        rows=rows,
        rounds=tuple(rounds),
        bad_from=thresholds[0],
        good_to=thresholds[1],
        candidates=len(candidates),
        kept=len(kept),
        anomaly=(float(kept.min()), float(kept.max())),
        held_out=(len(held_known), len(held_rejects)),
        stopped=stopped,
    )


def self_learning_table(run: SelfLearning) -> pd.DataFrame:
    """COLUMNS, evidence `reject_inference.self_learning`: a row a round, 0 being known outcomes alone."""
    rows = [
        (
            *(one.number, one.sampled, one.labelled_bad, one.labelled_good, one.left, run.bad_from, run.good_to),
            *(one.evaluated.estimate, one.evaluated.lower, one.evaluated.upper),
            run.stopped if one is run.rounds[-1] else None,
        )
        for one in run.rounds
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame.attrs["notes"] = [
        f"{run.held_out[0]:,} known outcomes and {run.held_out[1]:,} rejects held out; of {run.candidates:,} other "
        f"rejects {run.kept:,} with an anomaly score of {run.anomaly[0]:.4f} to {run.anomaly[1]:.4f} stay",
        f"Bayesian AUC over {DRAWS} draws of the outcomes of the rejects held out",
        CAUTION,
    ]
    return frame


def recalibrate(
    decided: Decided,
    probability: ArrayLike,
    acceptance: ArrayLike | None = None,
    *,
    floor: float = 0.02,
    method: str = "logistic",
) -> MapFit:
    """Calibration map of a model fitted on inferred rows, on known outcomes alone.

    probability (n,): by that model, strictly inside (0, 1) where an outcome is known; acceptance (n,): by the model of
    the decision: known outcomes count with the inverse of it, floored, as in `reweighting`; None: as they are, for the
    accepted. method: a map of `fit_map`. `.map.probability(logit(p))` is calibrated. Use known outcomes that the model
    was not fitted on where there are enough. Raises CreditRiskError as `reweighting` and `fit_map` do.
    """
    p = probabilities_of(decided, probability, "probability")
    known = decided.known
    sure = known & ((p <= 0.0) | (p >= 1.0))
    if sure.any():
        text, found = "probabilities of 0 or 1 have no log-odds", f"{np.count_nonzero(sure):,} rows"
        raise CreditRiskError(Fault(text, "range", path="probability", found=found, allowed="inside (0, 1)"))
    weights = decided.weights[known] if acceptance is None else reweighting(decided, acceptance, floor=floor).weight
    return fit_map(method, logit(p[known]), decided.y[known], weights)


class _Draws:
    """Random shares of rows: those with the smallest of raw 64-bit numbers, drawn in the order of the rows."""

    def __init__(self, seed: int):
        self.bits = stage_generator(seed, STAGE).bit_generator

    def order(self, places: Places) -> Places:
        """Places in the order of their draws."""
        return np.asarray(places[np.argsort(self.bits.random_raw(len(places)), kind="stable")], dtype=np.int64)

    def share(self, places: Places, part: float) -> Places:
        """⌊part·n + ½⌋ of them, ascending."""
        return np.sort(self.order(places)[: int(part * len(places) + 0.5)])


class _Learner:
    """The weak learner: logistic regression of known outcomes and labels, and what judges it."""

    def __init__(self, decided: Decided, x: Floats, train: Places, held: Places, seed: int, anew: bool):
        mean, spread = x[train].mean(axis=0), x[train].std(axis=0)
        self.design = with_constant((x - mean) / spread)
        self.y, self.w, self.train, self.held = decided.y, decided.weights, train, held
        self.seed, self.anew = seed, anew
        self.coef = np.zeros(self.design.shape[1])
        self.prior: Floats | None = None

    def fit(self, labels: Floats) -> bool:
        """Whether there is a maximum, with the labels (n,), NaN where none is given."""
        labelled = np.flatnonzero(np.isfinite(labels))
        places = np.concatenate([self.train, labelled])
        y = np.concatenate([self.y[self.train], labels[labelled]])
        found = weighted_logit(self.design[places], y, self.w[places], self.coef)
        if found is None:
            return False
        self.coef = found
        return True

    def probability(self, places: Places) -> Floats:
        """P(bad) of rows; term by term, so that rows alike have the same to the last bit."""
        linear = np.zeros(len(places))
        for column, coef in zip(self.design.T, self.coef, strict=True):
            linear += column[places] * coef
        return np.asarray(expit(linear), dtype=np.float64)

    def evaluate(self, number: int) -> BayesianValue:
        """Bayesian AUC on what is held out after round `number`; the first call sets the prior."""
        p = self.probability(self.held)
        self.prior = p if self.prior is None else self.prior
        seed = stage_seed(self.seed, f"{STAGE}/{number}") if self.anew else self.seed
        return bayesian_auc(self.y[self.held], p, self.prior, self.w[self.held], draws=DRAWS, seed=seed)


def _rounds(
    learner: _Learner, left: Places, spec: SelfLearningSpec, draws: _Draws
) -> tuple[Floats, list[Round], tuple[float, float], str]:
    """Labels (n,), the record, the two thresholds, and why it stopped."""
    labels = np.full(len(learner.y), np.nan)
    if not learner.fit(labels):
        text = "the weak learner has no maximum on known outcomes: they are separated"
        raise ModelError(Fault(text, code="separated", path="features", remedy="use fewer or coarser characteristics"))
    rounds = [Round(0, 0, 0, 0, len(left), learner.evaluate(0))]
    bad_from, good_to = np.nan, np.nan
    for number in range(1, spec.rounds + 1):
        sample = draws.order(left)[: int(spec.sampling * len(left) + 0.5)]
        p, w = learner.probability(sample), learner.w[sample]
        most_bad = spec.label_share * float(w.sum())
        most_good = most_bad / spec.imbalance
        if number == 1:
            bad_from, good_to = _threshold(-p, w, most_bad), _threshold(p, w, most_good)
            bad_from = -bad_from
            _require_apart(bad_from, good_to)
        bad, good = _drawn(sample, w, p >= bad_from, most_bad), _drawn(sample, w, p <= good_to, most_good)
        if len(bad) + len(good) == 0:
            return labels, rounds, (bad_from, good_to), NONE_SURE
        labels[bad], labels[good] = 1.0, 0.0
        left = np.setdiff1d(left, np.concatenate([bad, good]))
        if not learner.fit(labels):
            return labels, rounds, (bad_from, good_to), NOT_FITTED
        rounds.append(Round(number, len(sample), len(bad), len(good), len(left), learner.evaluate(number)))
        if number == spec.rounds:
            break
        if rounds[-1].evaluated.estimate <= rounds[-2].evaluated.estimate:
            return labels, rounds, (bad_from, good_to), NO_GAIN
        if len(left) == 0:
            return labels, rounds, (bad_from, good_to), NONE_LEFT
    return labels, rounds, (bad_from, good_to), LAST


def _first(w: Floats, limit: float) -> int:
    """How many rows, in their order, are taken: while the weight up to a row, half of its own included, is in `limit`.

    With weights of 1 it is ⌊limit + ½⌋.
    """
    return int(np.searchsorted(np.cumsum(w) - 0.5 * w, limit, side="right"))


def _threshold(value: Floats, w: Floats, limit: float) -> float:
    """The greatest of the least values (n,) that weigh `limit`; −∞ where that is none."""
    order = np.argsort(value, kind="stable")
    count = _first(w[order], limit)
    return float(value[order[count - 1]]) if count else -np.inf


def _drawn(sample: Places, w: Floats, beyond: Mask, limit: float) -> Places:
    """Rows beyond a threshold, in the order drawn, as far as they weigh `limit`."""
    found = sample[beyond]
    return found[: _first(w[beyond], limit)]


def _between(score: Floats, w: Floats, quantiles: tuple[float, float]) -> Mask:
    """Scores from the lower to the upper quantile: the least scores up to which that share of the weight lies."""
    order = np.argsort(score, kind="stable")
    up_to = np.cumsum(w[order])
    low, high = (
        score[order[min(int(np.searchsorted(up_to, part * up_to[-1] * (1 - 1e-12))), len(order) - 1)]]
        for part in quantiles
    )
    return np.asarray((score >= low) & (score <= high))


def _checked(decided: Decided, features: ArrayLike) -> Floats:
    x = np.asarray(features, dtype=np.float64)
    arguments = Arguments()
    fits = x.ndim == 2 and len(x) == len(decided) and x.shape[1] > 0
    allowed = f"({len(decided)}, k), k >= 1"
    arguments.require(fits, "features", "do not fit the applicants", "shape", found=f"{x.shape}", allowed=allowed)
    arguments.raise_if_any()
    known = decided.known
    for column in range(x.shape[1]):
        path = f"features[{column}]"
        arguments.require(bool(np.isfinite(x[:, column]).all()), path, "missing or infinite values", "missing")
        if np.isfinite(x[known, column]).all():
            varies = bool(np.ptp(x[known, column]) > 0)
            arguments.require(varies, path, "constant on the rows whose outcome is known", "constant_term")
    arguments.raise_if_any()

    def drop(name: str, code: str, first: float | None, second: float | None, text: str) -> None:
        arguments.require(False, name, text, code, remedy="leave it out")

    columns = {f"features[{column}]": x[known, column] for column in range(x.shape[1])}
    independent(list(columns), columns, drop, kept=())
    arguments.raise_if_any()
    return x


def _require_both(decided: Decided, held: Places, train: Places, *, rejects: int, candidates: int) -> None:
    faults = []
    for words, places in (("held out", held), ("left to learn from", train)):
        bad = int(np.count_nonzero(decided.y[places] == 1.0))
        if bad in (0, len(places)):
            found = f"{len(places):,} known outcomes {words}, {bad:,} bad"
            remedy = "use more applicants, or another reject_inference.self_learning.holdout"
            text = f"no good or no bad {words}"
            faults.append(Fault(text, code="one_class", path="self_learning.holdout", found=found, remedy=remedy))
    if rejects == 0 or candidates == 0:
        text, found = "too few rejects to hold out some", f"{rejects + candidates:,} rejects"
        faults.append(Fault(text, code="too_few_rejects", path="self_learning.holdout", found=found))
    if faults:
        raise CreditRiskError(faults)


def _require_apart(bad_from: float, good_to: float) -> None:
    if not bad_from > good_to:
        raise ModelError(
            Fault(
                "the weak learner does not tell rejects apart",
                code="not_apart",
                path="features",
                found=f"bad from {bad_from:.6g}, good to {good_to:.6g}",
                remedy="use characteristics that tell bads from goods, or label a smaller share",
            )
        )


def _notes(rounds: list[Round], rejects: int, labelled: int, stopped: str) -> tuple[str, ...]:
    bad = sum(one.labelled_bad for one in rounds)
    return (
        "assumes that the most and the least risky rejects are what the model of known outcomes says of them",
        f"{labelled:,} of {rejects:,} rejects labelled ({share(labelled, rejects)}), {bad:,} of them bad, in "
        f"{counted(len(rounds) - 1, 'round')}; stopped: {stopped}",
        CAUTION,
    )
