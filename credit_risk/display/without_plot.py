"""Tables of evidence that have no plot, and why: a plot would say less than the row, or another one draws the same."""

from __future__ import annotations

from types import MappingProxyType

_WORDS = "words, or what is declared: read, not compared"
_FEW = "a few numbers of different kinds: no axis is common to them"
_TESTS = "tests of cells whose rates another plot draws: "
_BEHIND = "the numbers behind another plot: "

WITHOUT_PLOT = MappingProxyType(
    {
        **dict.fromkeys(
            (
                *("calibration.samples", "rating.policy", "strategy.assumptions", "fairness.jurisdictions"),
                *("calibration.margin_of_conservatism", "strategy.redeployment"),
            ),
            _WORDS,
        ),
        **dict.fromkeys(
            (
                *("calibration.method", "calibration.parameters", "calibration.anchor", "calibration.external_fit"),
                *("calibration.order", "long_run.cycle", "long_run.philosophy", "rating.portfolio"),
                *("rating.migration_summary", "rating.concentration", "strategy.experiment", "performance.calibration"),
                *("performance.level", "performance.ranking", "strategy.swap_changes"),
            ),
            _FEW,
        ),
        **dict.fromkeys(
            ("rating.monotonicity", "rating.heterogeneity", "rating.homogeneity"), f"{_TESTS}rating.validation"
        ),
        "strategy.matrix_order": f"{_TESTS}strategy.matrix",
        "calibration.folds": f"{_BEHIND}calibration.choice",
        "calibration.segment_parameters": f"{_BEHIND}calibration.segment_maps",
        "calibration.segment_samples": f"{_BEHIND}calibration.segments",
        "calibration.knots": f"{_BEHIND}calibration.map",
        "long_run.average": f"{_BEHIND}long_run.figure",
        "long_run.figure": "the plot of long_run.cohorts draws it",
        "rating.figure": "the plots of rating.scale and rating.validation draw it",
        "rating.design": "scales that were tried: rules first, then a criterion of which few digits differ",
        "long_run.cycle_years": f"{_BEHIND}long_run.figure",
        "performance.mean_bands": f"{_BEHIND}performance.mean_curve",
        "fairness.alternative_terms": f"{_BEHIND}fairness.alternatives",
        "strategy.best_cut_off": f"{_BEHIND}strategy.profit_curve",
        "strategy.override_reasons": f"{_BEHIND}strategy.overrides",
        "strategy.override_effect": f"{_BEHIND}strategy.overrides",
    }
)
"""By evidence id, of the rooms calibration, rating, long run, performance, stability, fairness and strategy."""
