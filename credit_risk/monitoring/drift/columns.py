"""Columns of the frames that drift is told in, and the words of their verdicts."""

from __future__ import annotations

SCORE = "score"
"""The variable of the score's bands; it is tested before, and apart from, the characteristics."""

GREEN, AMBER, RED, GREY = "green", "amber", "red", "grey"
"""Verdicts: no action, look, act, not evaluable."""

STABILITY_COLUMNS = [
    *("period", "segment", "variable", "held_against", "expected_rows", "actual_rows", "bins"),
    *("psi", "chance_level", "critical_value", "p_value", "adjusted_p_value", "tolerance_p_value"),
    *("empty_cells", "zero_cell_rule", "band", "material", "beyond_chance"),
    *("periods_seen", "periods_beyond", "persistent", "verdict", "reason"),
]
"""A row each period, segment and variable. held_against: the segment of development whose counts were expected.

psi: index of the counts; chance_level: what an unchanged population exceeds at the level; critical_value: what one
whose own index is the tolerance exceeds at the level, tolerance_p_value its p-value; p_value of no change, adjusted
within the period. band: pass, review or fail by the policy. material: at or above the cut of red. beyond_chance: the
adjusted p-value is at most the level. periods_seen, periods_beyond: of the last n evaluable periods those there are,
and those at or above review and beyond chance. persistent: k or more of them.
"""

BIN_COLUMNS = [
    *("period", "segment", "variable", "bin", "label", "kind", "expected_share", "actual_share", "difference"),
    *("contribution", "effect", "score_shift"),
]
"""A row each bin of what moved: contribution sums to the index, score_shift (difference x effect) to the shift."""

DISTANCE_COLUMNS = [
    *("period", "segment", "variable", "held_against"),
    *("expected_rows", "actual_rows", "expected_missing", "actual_missing"),
    *("ks", "ks_p_value", "ks_method", "wasserstein", "standardised_wasserstein"),
]
"""ks in [0, 1]; wasserstein in units of the variable, standardised in standard deviations of development."""

VALUE_COLUMNS = ["period", "segment", "variable", "value", "rows"]
"""A row each distinct value that production has rows with (NaN: missing); of development without period."""

SHIFT_COLUMNS = [
    *("period", "segment", "variable", "shift", "standard_error", "p_value", "share", "probability_shift"),
]
"""A row each characteristic: how much it moved the mean linear score (log-odds of bad), and the mean probability.

share: of the sum of the absolute shifts of all characteristics. probability_shift is NaN where nothing was asked of
the probability.
"""

SHIFT_TOTAL_COLUMNS = [
    *("period", "segment", "rows", "shift", "observed_shift", "remainder", "probability_shift", "observed_probability"),
    *("probability_remainder", "note"),
]
"""A row each period and segment: sum of the shifts, shift observed, and what the sum leaves unexplained."""

BREACH_COLUMNS = ["period", "segment", "variable", "rule", "rows", "total"]
"""A row each rule of the contract: `rows` of `total` break it.

rule: type, not_finite, range, allowed or missing_forbidden.
"""

FINDING_COLUMNS = [
    *("period", "segment", "variable", "rule", "rows", "total", "rate", "expected", "ratio", "p_value"),
    *("material", "look", "reason"),
]
"""A row each rule that is looked at apart (unit, special_undeclared), before it is judged; look: worth a look."""

QUALITY_COLUMNS = [
    *("period", "segment", "variable", "rule", "rows", "total", "rate", "expected", "ratio"),
    *("p_value", "adjusted_p_value", "material", "beyond_chance", "verdict", "reason"),
]
"""A row each rule. rate: share of rows of the period; expected: that of development, or the rate tolerated. ratio: of
medians where the unit is looked at, of rows where their number is."""

DOMAIN_COLUMNS = [
    *("period", "segment", "method", "expected_rows", "actual_rows", "expected_used", "actual_used", "seed", "folds"),
    *("auc", "lower", "upper", "chance_level", "p_value", "material", "beyond_chance", "verdict", "reason"),
]
"""A row each period: area under the curve of telling its rows from those of development, out of fold."""

IMPORTANCE_COLUMNS = ["period", "segment", "variable", "auc_alone", "auc_lost"]
"""auc_alone: of the characteristic by itself, out of fold; auc_lost: what the classifier loses where it is shuffled."""

MOVED_COLUMNS = ["period", "segment", "measure", "moved", "reason"]
"""What `likeliest_cause` wants of performance: measure is calibration or ranking; moved is True, False or None."""

CAUSE_COLUMNS = ["period", "segment", "cause", "variables", "also", "reason"]
"""A row each period and segment: cause is none, data_quality, population, concept or not_evaluable."""
