"""What to do about the rejected, by rules on the numbers of the diagnosis; doing nothing is one of the answers.

The rules follow what a Monte Carlo with known outcomes shows (`tests/simulation/test_recommendation.py`): a right model
under MAR needs nothing; reweighting helps where the model is misspecified and harms under selection on the unobserved;
a bivariate probit needs an instrument and a model that bends enough; without overlap nothing helps but outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.reject_inference.overlap import (
    NONE,
    SUFFICIENT,
    VERDICTS,
    Overlap,
    balance_table,
    measure_overlap,
)
from credit_risk.reject_inference.rows import Decided
from credit_risk.reject_inference.specification import (
    SpecificationTest,
    checked_design,
    curvature_test,
    instrument_tests,
    reweighting_test,
)
from credit_risk.reject_inference.thresholds import DEFAULTS, Thresholds

COLUMNS = ["question", "measure", "value", "limit", "finding", "reading"]
KNOWN, REWEIGHT, MEND, PROBIT = "known_outcomes", "reweighting", "mend_model", "bivariate_probit"
OBTAIN, EXTERNAL = "obtain_outcomes", "external_outcomes"
WORDS = {
    KNOWN: "Fit on known outcomes alone: do nothing about the rejected.",
    REWEIGHT: "Let the model bend where it does not (classing, interactions); as long as it cannot, reweight the known "
    "outcomes by inverse acceptance.",
    MEND: "Let the model bend where it does not (classing, interactions) and diagnose again; do not reweight over this "
    "overlap, and do not fit a bivariate probit on a model that does not fit.",
    PROBIT: "Fit the bivariate probit with the declared instrument, and show the profile of its correlation.",
    OBTAIN: "No method can help: accepted applicants say nothing of the rejected. Approve a random 2 to 5 % of the "
    "rejected, or obtain outcomes elsewhere.",
    EXTERNAL: "Use the declared outcomes elsewhere; they are the only information on the rejected themselves.",
}
FAR = (
    "What it then says of most rejected applicants rests on few alike; approve a random 2 to 5 % of them before "
    "relying on it there."
)
UNKNOWABLE = (
    "No data on accepted applicants show how the rejected would have paid: that outcomes are missing at random is "
    "assumed, never found. A random 2 to 5 % of the rejected, approved, would tell (arXiv 2606.18479)."
)
SQUARES = "squares beside the inverse Mills ratio of acceptance"
NO_SQUARE = "no characteristic has a square of its own: two values each, which classing can make more"
Row = tuple[str, str, float, float, str, str]
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`action`, in `words`, and the `table` of questions that it follows from."""

    action: str
    words: str
    table: pd.DataFrame


def recommend(
    decided: Decided,
    design: ArrayLike,
    acceptance: ArrayLike,
    names: Sequence[str],
    *,
    floor: float = 0.02,
    instrument: ArrayLike | None = None,
    decision_design: ArrayLike | None = None,
    correlation: tuple[float, float, float] | None = None,
    external: bool = False,
    tipping: pd.DataFrame | None = None,
    thresholds: Thresholds = DEFAULTS,
) -> Recommendation:
    """What to do about the rejected, with its numbers; its table is evidence `reject_inference.recommendation`.

    design (n, k): numbers that the model of known outcomes is linear in (WoE), named by `names`; acceptance (n,): of
    the model of the decision, without the instrument. instrument (n,): as declared; decision_design (n, m):
    characteristics of the decision (None: design); correlation: ρ of the bivariate probit with bounds, where it was
    fitted; external: outcomes elsewhere are declared; tipping: `tipping_table`, whose factors are told. Table columns
    `COLUMNS`. Raises CreditRiskError and ModelError with all faults, as the tests of `specification.py` do.
    """
    checked_design(decided, design, names)
    overlap = measure_overlap(decided, acceptance, floor=floor, thresholds=thresholds)
    rows = [_few(overlap, thresholds), _overlap(overlap)]
    action = KNOWN if overlap.rejected_share < thresholds.few_rejected else EXTERNAL if external else ""
    action = action or (OBTAIN if overlap.verdict == NONE else "")
    if overlap.verdict == NONE:
        rows.append(
            _row("is the model misspecified?", "", NAN, NAN, "not evaluable", "without overlap there is no test")
        )
    else:
        bias, moves = _selection(decided, design, acceptance, names, floor, overlap, thresholds)
        rows.append(bias)
        action = action or (KNOWN if not moves else "")
        told, moved, bends = _misspecified(decided, design, acceptance, names, floor, thresholds)
        rows += told
        selected = False
        if instrument is None:
            rows.append(_row("is there an instrument?", "", NAN, NAN, "none declared", "selection cannot be tested"))
        else:
            found, selected = _instrument(decided, design, instrument, decision_design, correlation, thresholds)
            rows += found
        weights = REWEIGHT if overlap.verdict == SUFFICIENT else MEND
        action = action or (
            MEND if selected and bends else PROBIT if selected else weights if moved and bends else KNOWN
        )
    rows += _tipping(tipping)
    words = WORDS[action]
    if action == KNOWN and overlap.verdict != SUFFICIENT and overlap.rejected_share >= thresholds.few_rejected:
        words = f"{words} {FAR}"
    rows.append(_row("what cannot be known?", "", NAN, NAN, "missing at random is an assumption", UNKNOWABLE))
    rows.append(_row("what to do?", action, NAN, NAN, "recommended", words))
    return Recommendation(action, words, pd.DataFrame(rows, columns=COLUMNS))


def _row(question: str, measure: str, value: float, limit: float, finding: str, reading: str) -> Row:
    return question, measure, float(value), float(limit), finding, reading


def _few(overlap: Overlap, limits: Thresholds) -> Row:
    few = overlap.rejected_share < limits.few_rejected
    reading = (
        "so few are rejected that no method could change much"
        if few
        else "enough are rejected for the known outcomes to be another population"
    )
    finding = "few" if few else "many"
    return _row(
        "how many are rejected?", "rejected_share", overlap.rejected_share, limits.few_rejected, finding, reading
    )


def _overlap(overlap: Overlap) -> Row:
    value = overlap.effective_share
    return _row("is there overlap?", "effective_share", value, NAN, overlap.verdict, VERDICTS[overlap.verdict])


def _selection(
    decided: Decided,
    design: ArrayLike,
    acceptance: ArrayLike,
    names: Sequence[str],
    floor: float,
    overlap: Overlap,
    limits: Thresholds,
) -> tuple[Row, bool]:
    x = np.asarray(design, dtype=np.float64)
    table = balance_table(decided, acceptance, dict(zip(names, x.T, strict=True)), floor=floor)
    largest = float(table["difference_known"].abs().max())
    weak = overlap.auc.auc <= limits.weak_decision_auc and not largest > limits.balance
    reading = (
        f"AUC of the decision {overlap.auc.auc:.3f}; the largest standardised mean difference of the known outcomes "
    )
    reading += f"from all applicants is {largest:.2f}"
    finding = "weak" if weak else "marked"
    limit = limits.weak_decision_auc
    row = _row(
        "how strong is selection on the characteristics?", "decision_auc", overlap.auc.auc, limit, finding, reading
    )
    return row, not weak


def _misspecified(
    decided: Decided,
    design: ArrayLike,
    acceptance: ArrayLike,
    names: Sequence[str],
    floor: float,
    limits: Thresholds,
) -> tuple[list[Row], bool, bool]:
    """Rows of four findings; whether reweighting moves anything; whether the form of the model is wrong."""
    weighted = reweighting_test(decided, design, acceptance, names, floor=floor)
    bends = curvature_test(decided, design, acceptance, names)
    level, least = limits.misspecified_p_value, limits.moved_log_odds
    moved, large, curved = weighted.p_value < level, weighted.shift >= least, bends.p_value < level
    bent = bends.degrees > 0 and bends.shift >= least
    rows = [
        _row(
            "does reweighting move the coefficients?",
            "reweighting_p_value",
            weighted.p_value,
            level,
            "moved" if moved else "not moved",
            _told(weighted, "a wrong form of the model or selection on the unobserved would move them"),
        ),
        _row(
            "does it move the rejected?",
            "reweighting_shift",
            weighted.shift,
            least,
            "material" if large else "immaterial",
            "root mean square shift of their log-odds of bad",
        ),
        _row(
            "is the form of the model wrong, selection allowed for?",
            "curvature_p_value",
            bends.p_value,
            level,
            "not testable" if bends.degrees == 0 else "wrong" if curved else "no sign of it",
            _told(bends, SQUARES if bends.degrees > 0 else NO_SQUARE),
        ),
        _row(
            "by how much?",
            "curvature_shift",
            bends.shift,
            least,
            "material" if bent else "immaterial",
            "root mean square of what the squares add to the log-odds, over all applicants",
        ),
    ]
    return rows, moved and large, curved and bent


def _instrument(
    decided: Decided,
    design: ArrayLike,
    instrument: ArrayLike,
    decision_design: ArrayLike | None,
    correlation: tuple[float, float, float] | None,
    limits: Thresholds,
) -> tuple[list[Row], bool]:
    """Rows of the instrument, and whether it is strong and tells selection on the unobserved."""
    strength, outcome = instrument_tests(decided, design, instrument, decision_design=decision_design)
    strong = strength.chi_square >= limits.instrument_chi_square
    told = outcome.p_value < limits.selection_p_value
    question, limit = "does the instrument move the decision?", limits.instrument_chi_square
    text = "Wald chi-square beside the characteristics; a weak instrument tells nothing"
    rows = [
        _row(question, "instrument_chi_square", strength.chi_square, limit, "strong" if strong else "weak", text),
        _row(
            "does the instrument predict known outcomes?",
            "selection_p_value",
            outcome.p_value,
            limits.selection_p_value,
            ("selection on the unobserved" if told else "no sign of selection") if strong else "not judged: weak",
            f"z {outcome.largest_z:+.2f} beside the characteristics; holds only if the instrument cannot bear on the "
            "outcome, which no data show",
        ),
    ]
    if correlation is not None:
        rho, lower, upper = correlation
        finding = "excludes 0" if lower > 0 or upper < 0 else "includes 0"
        text = f"correlation of the unobserved parts, interval {lower:+.2f} to {upper:+.2f}"
        rows.append(_row("what does the bivariate probit say?", "correlation", rho, 0.0, finding, text))
    return rows, strong and told


def _told(test: SpecificationTest, meaning: str) -> str:
    text = f"chi-square {test.chi_square:.1f} on {test.degrees} degrees; {meaning}"
    return f"{text}; loudest: {test.largest} (z {test.largest_z:+.1f})" if test.largest else text


def _tipping(table: pd.DataFrame | None) -> list[Row]:
    if table is None:
        return []
    needed = ["decision", "tipping_factor", "verdict", "reading"]
    absent = [name for name in needed if name not in table.columns]
    if absent:
        raise CreditRiskError([Fault("column is absent", "column_absent", path=f"tipping.{name}") for name in absent])
    return [
        _row(f"what would change it: {decision}?", "tipping_factor", factor, 1.0, verdict, reading)
        for decision, factor, verdict, reading in table[needed].itertuples(index=False, name=None)
    ]
