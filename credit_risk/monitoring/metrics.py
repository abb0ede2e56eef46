"""Catalogue of what a plan may watch: what each metric is, where its reference stands, and its usual cuts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["above", "below", "away"]
Family = Literal["drift", "quality", "performance", "calibration", "decisions", "business", "replay"]

SIDDIQI = "rule of thumb (Siddiqi 2017, chapter 15)"
CONVENTION = "convention of this toolkit, to be set by the model owner"
NONE = "none is usual: the plan sets it"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its name, what it is, on which side of a cut it is at fault, its usual cuts and where they come from.

    `side`: `above` (at fault at the cut or more), `below` (at the cut or less), `away` (at least the cut away from
    `neutral`, to either side). `evidence` is the reference in the package, or None where the package has none.
    `subject` says what there is one value of, beside period and segment. `binary` metrics need a binary outcome,
    `outcomes` those that have to wait for outcomes, `fairness` those that may be asked of protected groups. Where
    `tested` a cut is broken only where chance does not explain the value. `usual` ones are rules where a plan names
    none.
    """

    name: str
    title: str
    what: str
    family: Family
    side: Side
    yellow: float | None
    red: float | None
    source: str
    evidence: str | None
    subject: str = "score"
    unit: str = "number"
    neutral: float = 0.0
    binary: bool = True
    outcomes: bool = False
    fairness: bool = False
    tested: bool = False
    usual: bool = False

    @property
    def several(self) -> bool:
        """Whether there are values of several subjects in one period and segment: of variables, outputs or grades."""
        return self.subject in ("variable", "output") or self.name == "grade_test"


def _drift(
    name: str, title: str, what: str, yellow: float | None, red: float | None, source: str, **more: object
) -> Metric:
    evidence = str(more.pop("evidence", "stability.psi"))
    return Metric(name, title, what, "drift", "above", yellow, red, source, evidence, binary=False, **more)  # type: ignore[arg-type]


METRICS: tuple[Metric, ...] = (
    _drift("score_psi", "Stability of the score",
           "Population stability index of the score on the bands of development.",
           0.1, 0.25, SIDDIQI, tested=True, usual=True),
    _drift("grade_psi", "Stability of the grades", "Population stability index of the shares of the grades.",
           0.1, 0.25, SIDDIQI, subject="grade", tested=True),
    _drift("characteristic_psi", "Stability of characteristics",
           "Population stability index of each characteristic on the bins of development; missing, special and unseen "
           "are bins of their own.", 0.1, 0.25, SIDDIQI, subject="variable", tested=True, usual=True),
    _drift("ks", "Kolmogorov-Smirnov distance from development",
           "Greatest distance between the distributions of development and of the period.",
           0.1, 0.2, CONVENTION, subject="variable", tested=True),
    _drift("wasserstein", "Wasserstein distance from development",
           "Area between the distributions of development and of the period, in the unit of the variable.",
           None, None, NONE, subject="variable"),
    _drift("domain_auc", "Told apart from development",
           "AUC of a classifier that tells rows of the period from rows of development; 0.5 is no difference.",
           0.6, 0.7, CONVENTION, subject="all", tested=True),
    Metric("mean_probability", "Mean probability of bad against development",
           "Mean predicted probability of the period over that of development.",
           "drift", "away", 0.15, 0.3, CONVENTION, "performance.calibration", unit="ratio", neutral=1.0, binary=True,
           fairness=True, usual=True),
    Metric("missing_share", "Missing values",
           "Share of missing values of an input, less that in development.",
           "quality", "away", 0.05, 0.1, CONVENTION, "data.profile", subject="variable", unit="share", binary=False,
           tested=True, usual=True),
    Metric("special_share", "Special codes", "Share of special codes of an input, less that in development.",
           "quality", "away", 0.05, 0.1, CONVENTION, "data.profile", subject="variable", unit="share", binary=False,
           tested=True),
    Metric("unseen_share", "Categories that development has not seen",
           "Share of rows with a category that development has not seen.",
           "quality", "above", 0.01, 0.05, CONVENTION, "stability.bins", subject="variable", unit="share", binary=False,
           usual=True),
    Metric("contract_breaches", "Rows outside the contract of data",
           "Share of rows that break a rule of the contract: type, range or allowed values.",
           "quality", "above", 0.001, 0.01, CONVENTION, "data.contract", subject="variable", unit="share", binary=False,
           usual=True),
    Metric("record_breaks", "Record that is wrong",
           "1 where a field changed its unit, has one value in all rows, or an undeclared special code; else 0.",
           "quality", "above", 1, 1, "any is a fault", "data.profile", subject="variable", unit="count", binary=False,
           usual=True),
    Metric("bad_partitions", "Partitions that cannot be read", "Partitions of the period that were left out.",
           "quality", "above", 1, 1, "any is a fault", "data.source", subject="all", unit="count", binary=False,
           usual=True),
    Metric("volume", "Number of decisions", "Rows of the period over the mean of the periods before it.",
           "quality", "away", 0.3, 0.5, CONVENTION, "data.waterfall", subject="all", unit="ratio", neutral=1.0,
           binary=False),
    Metric("replay_differences", "Scores that the package does not reproduce",
           "Rows whose logged outputs differ from those of the package on the logged inputs, bit for bit.",
           "replay", "above", 1, 1, "any is a fault", "verification.coverage", subject="output", unit="count",
           binary=False, usual=True),
    Metric("auc", "AUC", "Area under the ROC curve of matured outcomes.",
           "performance", "below", None, None, NONE, "performance.discrimination", outcomes=True, fairness=True),
    Metric("gini", "Gini", "Gini of matured outcomes, 2 AUC - 1.",
           "performance", "below", None, None, NONE, "performance.discrimination", outcomes=True, fairness=True),
    Metric("outcome_ks", "KS of goods and bads", "Greatest distance between the distributions of goods and of bads.",
           "performance", "below", None, None, NONE, "performance.discrimination", outcomes=True),
    Metric("auc_drop", "Fall of the AUC",
           "AUC of development's out-of-sample part, among scores as those of the period, less that of the period, "
           "where the interval leaves 0 out.",
           "performance", "above", 0.03, 0.05, CONVENTION, "performance.discrimination", outcomes=True, tested=True,
           fairness=True, usual=True),
    Metric("early_auc_drop", "Fall of the AUC at an early month on book",
           "AUC of development at the same month on book less that of the period.",
           "performance", "above", 0.03, 0.05, CONVENTION, "performance.discrimination", outcomes=True, tested=True),
    Metric("calibration_in_the_large", "Observed over expected",
           "Observed bad rate over mean predicted probability.",
           "calibration", "away", 0.1, 0.25, CONVENTION, "performance.calibration", unit="ratio", neutral=1.0,
           outcomes=True, fairness=True, tested=True, usual=True),
    Metric("calibration_slope", "Slope of calibration",
           "Slope of the outcome on the log-odds predicted; 1 where the spread of risk holds.",
           "calibration", "away", 0.1, 0.25, CONVENTION, "performance.calibration", neutral=1.0, outcomes=True,
           tested=True),
    Metric("grade_test", "Calibration of each grade",
           "p-value that the bad rate of a grade is not above its probability (Jeffreys), adjusted for the asset "
           "correlation where one is declared.",
           "calibration", "below", 0.05, 0.01, "traffic light of Basel's validation working paper 14 (BCBS 2005)",
           "rating.validation", subject="grade", unit="p-value", outcomes=True),
    Metric("early_arrears", "Early arrears", "Share of accounts bad at an early month on book, over development's.",
           "calibration", "away", 0.15, 0.3, CONVENTION, "outcome.vintages", unit="ratio", neutral=1.0, outcomes=True,
           tested=True),
    Metric("approval_rate", "Approval rate", "Share of applicants approved, less that of development at the cut-off.",
           "decisions", "away", 0.05, 0.1, CONVENTION, "strategy.cut_offs", subject="all", unit="share",
           fairness=True),
    Metric("override_rate", "Override rate", "Share of decisions that differ from the model's.",
           "decisions", "above", 0.05, 0.1, CONVENTION, "strategy.overrides", subject="all", unit="share",
           fairness=True),
    Metric("adverse_impact", "Adverse impact", "Approval rate of a group over that of the reference group.",
           "decisions", "below", 0.9, 0.8, "four-fifths rule (29 CFR 1607.4(D))", "fairness.adverse_impact",
           subject="all", unit="ratio", fairness=True, tested=True),
    Metric("approved_share", "Share approved", "Share of applicants approved, of those decided.",
           "decisions", "below", None, None, NONE, "strategy.cut_offs", subject="all", unit="share", binary=False,
           fairness=True),
    Metric("bad_rate", "Bad rate", "Bad rate at the end of the window, immature months by censoring weights.",
           "calibration", "above", None, None, NONE, "outcome.vintages", unit="share", outcomes=True, fairness=True),
    Metric("profit", "Profit", "Earned less lost less cost of review, of the accounts approved in the month.",
           "business", "below", None, None, NONE, None, subject="all", unit="currency", outcomes=True),
    Metric("profit_per_account", "Profit per account", "Profit over the accounts approved in the month.",
           "business", "below", None, None, NONE, None, subject="all", unit="currency", outcomes=True),
    Metric("loss", "Loss", "Lost on the accounts approved in the month that go bad within the window.",
           "business", "above", None, None, NONE, None, subject="all", unit="currency", outcomes=True),
    Metric("review_cost", "Cost of review", "Cost of the applications of the month that were reviewed by hand.",
           "business", "above", None, None, NONE, None, subject="all", unit="currency", binary=False),
)  # fmt: skip

MetricName = Literal[
    "score_psi", "grade_psi", "characteristic_psi", "ks", "wasserstein", "domain_auc", "mean_probability",
    "missing_share", "special_share", "unseen_share", "contract_breaches", "record_breaks", "bad_partitions", "volume",
    "replay_differences", "auc", "gini", "outcome_ks", "auc_drop", "early_auc_drop", "calibration_in_the_large",
    "calibration_slope", "grade_test", "early_arrears", "approval_rate", "override_rate", "adverse_impact",
    "approved_share", "bad_rate", "profit", "profit_per_account", "loss", "review_cost",
]  # fmt: skip

CATALOGUE: dict[str, Metric] = {metric.name: metric for metric in METRICS}

VALUE_COLUMNS = [
    *("period", "segment", "metric", "subject", "value", "lower", "upper"),
    *("rows", "evaluable", "reason", "beyond_chance"),
]
"""Tidy values of metrics: `lower`, `upper` and `beyond_chance` are null where the metric has no such thing; `reason`
says why a value is not `evaluable`. `beyond_chance` False: chance explains the value, and no tested cut is broken."""
