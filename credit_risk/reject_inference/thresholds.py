"""What the diagnosis of reject inference is judged against: every threshold with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pandas as pd

COLUMNS = ["threshold", "value", "meaning", "source"]
CONVENTION = "convention of this toolkit; no published value"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits of the diagnosis; `threshold_table` says what each means and its source. All can be replaced."""

    few_rejected: float = 0.05
    weak_decision_auc: float = 0.6
    no_overlap_auc: float = 0.995
    no_overlap_share: float = 0.9
    below_floor_share: float = 0.25
    effective_share: float = 0.1
    largest_weight_share: float = 0.05
    balance: float = 0.1
    sparse_bin: int = 30
    support_quantile: float = 0.99
    outside_support: float = 0.1
    misspecified_p_value: float = 0.001
    moved_log_odds: float = 0.1
    instrument_chi_square: float = 10.0
    selection_p_value: float = 0.05


MEANINGS = {
    "few_rejected": ("share of applicants rejected below which nothing is to be inferred", CONVENTION),
    "weak_decision_auc": ("AUC of the model of the decision up to which selection is weak", CONVENTION),
    "no_overlap_auc": (
        "AUC of the model of the decision from which acceptance counts as perfectly predicted",
        CONVENTION,
    ),
    "no_overlap_share": (
        "share of the rejected less likely to be accepted than every known outcome, from which there is no overlap",
        CONVENTION,
    ),
    "below_floor_share": (
        "share of the rejected below the floor of acceptance from which overlap is weak: weights cannot reach them",
        "floor: Crump, Hotz, Imbens and Mitnik (2009), Biometrika 96, 187-199; share: " + CONVENTION,
    ),
    "effective_share": (
        "effective rows of the inverse weights over those of the known outcomes, below which overlap is weak",
        "effective rows: Kish (1965), section 11.7; share: " + CONVENTION,
    ),
    "largest_weight_share": ("share of all weight that one row may carry", CONVENTION),
    "balance": (
        "standardised mean difference above which a characteristic is not balanced",
        "Austin and Stuart (2015), Statistics in Medicine 34, 3661-3679",
    ),
    "sparse_bin": ("known outcomes below which a bin is sparse", "a usual least count of a bin; " + CONVENTION),
    "support_quantile": (
        "quantile of the known outcomes beyond which a rejected applicant is at their edge",
        CONVENTION,
    ),
    "outside_support": ("share of the rejected outside the support from which it is told as extrapolation", CONVENTION),
    "misspecified_p_value": (
        "p-value below which a test speaks against the model of known outcomes: of weighted against unweighted "
        "coefficients, and of squares of the characteristics beside the inverse Mills ratio of acceptance",
        "tests: DuMouchel and Duncan (1983), JASA 78, 535-543; Pfeffermann (1993), International Statistical Review "
        "61, 317-337; level: strict, since reweighting costs rows",
    ),
    "moved_log_odds": (
        "root mean square of a shift of log-odds below which nothing changes: of the rejected under reweighting, of "
        "all applicants by squares of the characteristics",
        CONVENTION,
    ),
    "instrument_chi_square": (
        "Wald chi-square of the instrument in the model of the decision from which it is strong",
        "Staiger and Stock (1997), Econometrica 65, 557-586: F above 10",
    ),
    "selection_p_value": (
        "p-value of the instrument in the model of known outcomes below which selection on the unobserved is told",
        "usual level of a test",
    ),
}
DEFAULTS = Thresholds()


def threshold_table(thresholds: Thresholds = DEFAULTS) -> pd.DataFrame:
    """The limits as used, with meaning and source. Columns `COLUMNS`."""
    rows = [(one.name, float(getattr(thresholds, one.name)), *MEANINGS[one.name]) for one in fields(thresholds)]
    return pd.DataFrame(rows, columns=COLUMNS)
