"""Cut-offs and what follows from them: curves, the best cut-off, swap sets, two scores, rules of redeployment."""

from __future__ import annotations

from credit_risk.strategy.alternatives_table import Alternatives, SearchLimits, SearchPart, search_alternatives
from credit_risk.strategy.always_valid import always_valid_boundary, always_valid_p_values, confidence_sequence
from credit_risk.strategy.applicants import Applicants
from credit_risk.strategy.best_cut_off import Aim, best_cut_off, best_cut_off_table, resampled_cut_offs
from credit_risk.strategy.comparison import compared_decisions, compared_losses, compared_ranking
from credit_risk.strategy.cut_offs import cut_off_table, cut_offs_of
from credit_risk.strategy.experiment import design, rows_for_mean, rows_for_rates, variance_of_arms
from credit_risk.strategy.less_discriminatory import Alternative, SearchRows, alternatives
from credit_risk.strategy.matrix import matrix_order, two_score_matrix
from credit_risk.strategy.pair import Pair, matching_cut_off
from credit_risk.strategy.redeployment import Rules, redeployment
from credit_risk.strategy.spending import classical_constant, crossing, spending_boundaries
from credit_risk.strategy.swap_set import swap_change, swap_set

__all__ = [
    "Aim",
    "Alternative",
    "Alternatives",
    "Applicants",
    "Pair",
    "Rules",
    "SearchLimits",
    "SearchPart",
    "SearchRows",
    "alternatives",
    "always_valid_boundary",
    "always_valid_p_values",
    "best_cut_off",
    "best_cut_off_table",
    "classical_constant",
    "compared_decisions",
    "compared_losses",
    "compared_ranking",
    "confidence_sequence",
    "crossing",
    "cut_off_table",
    "cut_offs_of",
    "design",
    "matching_cut_off",
    "matrix_order",
    "redeployment",
    "resampled_cut_offs",
    "rows_for_mean",
    "rows_for_rates",
    "search_alternatives",
    "spending_boundaries",
    "swap_change",
    "swap_set",
    "two_score_matrix",
    "variance_of_arms",
]
