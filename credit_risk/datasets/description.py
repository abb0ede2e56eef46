"""The data-generating process in words and equations, with the parameters of one portfolio."""

from __future__ import annotations

import pandas as pd

from credit_risk.datasets.drivers import INSTRUMENT
from credit_risk.datasets.spec import PortfolioSpec

_SELECTION = {
    "mar": "Selection is missing at random: u and e are independent, the decision follows the record alone, and the "
    "outcome index is linear in the drivers. P(bad | x, accepted) = P(bad | x).",
    "mar_misspecified": "Selection is missing at random, but the outcome index also holds 0.35·(bureau² − 1): a model "
    "that is linear in the drivers is misspecified, and its best fit on the accepted differs from that on everyone.",
    "mnar": "Selection is not at random: what moved the decision and is on no record also moves the outcome, with "
    "correlation ρ = {rho:g}. P(bad | x, accepted) = Φ₂(outcome index, acceptance index; ρ) / Φ(acceptance index).",
}


def describe(spec: PortfolioSpec, parameters: pd.DataFrame, drift: pd.DataFrame) -> str:
    """Markdown; `parameters` and `drift` are the portfolio's frames of these names."""
    parts = [
        "# Simulated through-the-door portfolio",
        f"{spec.applicants:,} applications over {spec.months} months from {spec.start}, seed {spec.seed}, followed for "
        f"{spec.follow_up} months after the last. Bad: 90 or more days past due within 12 months on book.",
        "Outcome, for everyone: bad = 1 where outcome index + e > 0, so true PD = Φ(outcome index). The index is an "
        "intercept, the drivers of the true characteristics with the coefficients below, the amplitude "
        f"{spec.cycle_amplitude:g} times the mean economic cycle of the 12 months after application, and concept "
        "drift. Its intercept gives a bad rate of "
        f"{spec.bad_rate:.4g} with the cycle at zero and without drift.",
        "Decision: accepted where acceptance index + u > 0; the index is an intercept and the drivers of the record"
        + (f", 0.7 times {INSTRUMENT}, which has no part in the outcome" if spec.instrument else "")
        + (f", less {spec.disparity:g} for women" if spec.disparity else "")
        + (". A breach of policy is always rejected" if spec.hard_policy else "")
        + f". Its intercept gives an acceptance rate of {spec.acceptance_rate:.4g}. "
        "The old score is 600 + 40·(intercept plus drivers), in whole points: the system accepts from 624, declines "
        "below 576 and for a breach of policy, and refers the rest to underwriters, who may override it either way.",
        _SELECTION[spec.selection].format(rho=spec.correlation),
        "4 % withdraw before the decision; of the accepted, Φ(−1.35 − 0.25·bureau) do not take the loan up. Sex and "
        "age have no part in the outcome given the characteristics; occupation is a proxy of sex, oldest_trade_months "
        "and employment of age. Drivers are functions of the observed characteristics (`outcome_drivers`); missing "
        "and special values have values of their own in them.",
        f"About {spec.repeat_share:.4g} of the applications come from a person who applied within the 6 months before; "
        "two applications of one person have correlation 0.5 in u and in e.",
        _table(parameters, "Coefficients"),
    ]
    if len(drift):
        parts.append(_table(drift, "Drift"))
    return "\n\n".join(parts)


def _table(frame: pd.DataFrame, title: str) -> str:
    lines = [f"| {' | '.join(map(str, frame.columns))} |", "|" + " --- |" * len(frame.columns)]
    lines += [f"| {' | '.join(_text(value) for value in row)} |" for row in frame.itertuples(index=False, name=None)]
    return f"## {title}\n\n" + "\n".join(lines)


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
