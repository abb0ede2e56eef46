"""What other libraries compute too is equal to 1e-10: on the same rows, with ties, with weights and without.

Libraries: scikit-learn, model-diagnostics, SciPy, statsmodels. R's numbers are frozen beside their scripts
(`tests/reference/discrimination` by pROC, `clustered`, `glm`, `offset`, `profile`) and held where their rows are made.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from model_diagnostics.calibration import compute_bias
from model_diagnostics.scoring import GammaDeviance, LogLoss, SquaredError, decompose
from scipy import stats
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression
from statsmodels.stats.proportion import proportion_confint

from credit_risk import evaluation as ours
from credit_risk.evaluation.isotonic import recalibrate, score_decomposition
from credit_risk.evaluation.measure_level import level_table
from credit_risk.evaluation.measured import MeasuredSample
from credit_risk.evaluation.samples import ScoredSample
from credit_risk.models.families import Family
from credit_risk.models.links import LINKS

RNG = np.random.default_rng(17)
N = 3000
P = np.round(1 / (1 + np.exp(1.8 - RNG.normal(size=N))), 3)
Y = (RNG.random(N) < P).astype(float)
W = RNG.uniform(0.5, 3.0, N)
GROUP = RNG.choice(["a", "b", "c"], N)
CALLED = P >= 0.2
LOSS, EXPECTED = RNG.gamma(2.0, 300.0, N), RNG.gamma(9.0, 70.0, N)
Weights = np.ndarray | None
Pair = tuple[Any, Any]


def partial(w: Weights) -> Pair:
    found = ours.partial_auc(Y, P, 0.0, 0.2, w).standardised.value
    return found, metrics.roc_auc_score(Y, P, sample_weight=w, max_fpr=0.2)


def roc(w: Weights) -> Pair:
    curve = ours.roc_curve(Y, P, w)
    fpr, tpr, _ = metrics.roc_curve(Y, P, sample_weight=w, drop_intermediate=False)
    along = curve.false_positive_rate + curve.true_positive_rate  # ours is without the corners on a straight line
    return np.interp(fpr + tpr, along, curve.true_positive_rate), tpr


def precision_recall(w: Weights) -> Pair:
    found = ours.precision_recall_curve(Y, P, w)
    precision, recall, _ = metrics.precision_recall_curve(Y, P, sample_weight=w)
    return (found.precision, found.recall), (precision[:-1][::-1], recall[:-1][::-1])


def cut_off(w: Weights) -> Pair:
    found = ours.at_cut_off(Y, -P, -0.2 + 1e-9, w)
    theirs = metrics.precision_recall_fscore_support(Y, CALLED, average="binary", sample_weight=w)[:3]
    return (found.precision.value, found.recall.value, found.f1.value), theirs


def decomposed(rule: str, scoring: Any) -> Callable[[Weights], Pair]:
    def pair(w: Weights) -> Pair:
        found = score_decomposition(Y, P, rule, w)  # type: ignore[arg-type]
        told = decompose(Y, P, weights=w, scoring_function=scoring).to_dicts()[0]
        names = ("miscalibration", "discrimination", "uncertainty", "score")
        return [getattr(found, name) for name in names], [told[name] for name in names]

    return pair


def isotonic(w: Weights) -> Pair:
    found = recalibrate(Y, P, w)
    other = IsotonicRegression(y_min=0, y_max=1).fit(P, Y, sample_weight=w)
    return found.recalibrated, other.predict(found.probability)


def bias(w: Weights) -> Pair:
    sample = ScoredSample(Y, -P, P, weights=w)
    held = {"development": GROUP}
    groupings = {"GROUP": ours.protected_grouping("GROUP", GROUP)}
    table = ours.calibration_gap_table({"development": sample}, {"GROUP": held}, groupings=groupings)
    frame = table.set_index("group")
    with warnings.catch_warnings():  # polars deprecates what model-diagnostics calls
        warnings.simplefilter("ignore", DeprecationWarning)
        told = compute_bias(Y, P, feature=GROUP, weights=w).to_pandas().set_index("feature")
    columns = [[-told["bias_mean"][name], told["bias_count"][name]] for name in "abc"]
    return frame.loc[list("abc"), ["gap", "rows"]].to_numpy(float), columns


def deviance(family: Family, scoring: Callable[..., float]) -> Callable[[Weights], Pair]:
    def pair(w: Weights) -> Pair:
        row = level_table({"m": {"s": MeasuredSample(LOSS, EXPECTED, w)}}, family.deviance).iloc[0]
        error = np.sqrt(metrics.mean_squared_error(LOSS, EXPECTED, sample_weight=w))
        absolute = metrics.mean_absolute_error(LOSS, EXPECTED, sample_weight=w)
        columns = ["mean_deviance", "root_mean_squared_error", "mean_absolute_error"]
        return row[columns].to_numpy(float), (scoring(LOSS, EXPECTED, w), error, absolute)

    return pair


def tweedie(y: np.ndarray, mu: np.ndarray, w: Weights) -> float:
    return float(metrics.mean_tweedie_deviance(y, mu, sample_weight=w, power=1.5))


WEIGHTED: dict[str, Callable[[Weights], Pair]] = {
    "AUC (scikit-learn)": lambda w: (ours.auc(Y, P, w), metrics.roc_auc_score(Y, P, sample_weight=w)),
    "partial AUC (scikit-learn)": partial,
    "ROC curve (scikit-learn)": roc,
    "precision and recall (scikit-learn)": precision_recall,
    "average precision (scikit-learn)": lambda w: (
        ours.average_precision(Y, P, w).value,
        metrics.average_precision_score(Y, P, sample_weight=w),
    ),
    "precision, recall and F1 at a cut-off (scikit-learn)": cut_off,
    "Brier score (scikit-learn)": lambda w: (
        ours.brier_score(Y, P, w),
        metrics.brier_score_loss(Y, P, sample_weight=w),
    ),
    "log loss (scikit-learn)": lambda w: (ours.log_loss(Y, P, w), metrics.log_loss(Y, P, sample_weight=w)),
    "Brier score (model-diagnostics)": lambda w: (ours.brier_score(Y, P, w), SquaredError()(Y, P, weights=w)),
    "log loss (model-diagnostics)": lambda w: (ours.log_loss(Y, P, w), LogLoss()(Y, P, weights=w)),
    "decomposition of the Brier score (model-diagnostics)": decomposed("brier", SquaredError()),
    "decomposition of the log loss (model-diagnostics)": decomposed("log_loss", LogLoss()),
    "bias by group (model-diagnostics)": bias,
    "isotonic recalibration (scikit-learn)": isotonic,
    "gamma deviance (model-diagnostics)": deviance(Family("gamma", LINKS["log"]), GammaDeviance()),
    "Tweedie deviance (scikit-learn)": deviance(Family("tweedie", LINKS["log"], 1.5), tweedie),
}


def ks(_: Weights) -> Pair:
    bad = Y == 1
    return ours.ks(Y, P).statistic, stats.ks_2samp(P[bad], P[~bad]).statistic


def association(_: Weights) -> Pair:
    return ours.rank_association(Y, P).somers_d.value, stats.somersd(Y, P).statistic


UNWEIGHTED: dict[str, Callable[[Weights], Pair]] = {
    "KS (SciPy)": ks,
    "Somers' D (SciPy)": association,
    "Wilson interval (statsmodels)": lambda _: (
        np.ravel(ours.wilson_interval(37, 400, 0.9)),
        proportion_confint(37, 400, 0.1, method="wilson"),
    ),
    "Jeffreys interval (statsmodels)": lambda _: (
        np.ravel(ours.jeffreys_interval(37, 400, 0.9)),
        proportion_confint(37, 400, 0.1, method="jeffreys"),
    ),
    "binomial test (SciPy)": lambda _: (
        ours.binomial_p_value(21, 300, 0.05),
        stats.binomtest(21, 300, 0.05, alternative="greater").pvalue,
    ),
    "Fisher's exact test (SciPy)": lambda _: (
        ours.adverse_impact_ratio(45, 100, 180, 300)[3],
        stats.fisher_exact([[45, 55], [180, 120]]).pvalue,
    ),
    "ratio of rates (SciPy)": lambda _: (
        ours.adverse_impact_ratio(45, 100, 180, 300)[:1],
        [stats.contingency.relative_risk(45, 100, 180, 300).relative_risk],
    ),
    "mutual information (scikit-learn)": lambda _: (
        ours.association(np.array([[30.0, 12], [22, 40], [18, 33]])).mutual_information + 2 / (2 * 155),
        metrics.mutual_info_score(None, None, contingency=np.array([[30, 12], [22, 40], [18, 33]])),
    ),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", WEIGHTED)
def test_equal_to_1e_10_with_weights_and_without(name: str, weighted: bool) -> None:
    found, theirs = WEIGHTED[name](W if weighted else None)
    np.testing.assert_allclose(found, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", UNWEIGHTED)
def test_equal_to_1e_10(name: str) -> None:
    found, theirs = UNWEIGHTED[name](None)
    np.testing.assert_allclose(found, theirs, rtol=1e-10, atol=1e-10)
