"""Reject inference where the outcome of every reject is known: each method against the oracle, with Monte-Carlo error.

    python -m tests.simulation.reject_inference [worlds] [portfolio] [loop] [--repetitions N]

`worlds`: four normal characteristics, probit outcome and decision (METHODS section 1). `portfolio`: applicants of
`credit_risk.datasets.simulate_portfolio`, at several acceptance rates. `loop`: each year's applicants are decided by
the model of the years before. Prints the tables of tests/simulation/README.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from credit_risk._core.errors import ModelError
from credit_risk.datasets import outcome_drivers, simulate_portfolio
from credit_risk.evaluation import auc
from credit_risk.models.logistic import fit_logistic
from credit_risk.reject_inference import (
    Decided,
    InferredRows,
    RejectInferenceSpec,
    fit_bivariate_probit,
    infer_rows,
)
from tests.credit_risk.reject_inference.worlds import world

Floats = NDArray[np.float64]
MEASURES = ("auc", "mean_pd_over_actual", "brier", "bad_rate_of_approved")
APPROVED = 0.5
PRUDENT = RejectInferenceSpec(prudence=1.5)
PLAIN = RejectInferenceSpec()
WORLDS = {
    "mar": {},
    "mar_misspecified": {"square": True},
    "mnar_instrument": {"rho": -0.6, "instrument": True},
    "mnar": {"rho": -0.6},
}
METHODS = {
    "reweighting": ("reweighting", PLAIN),
    "score_bands": ("score_bands", PLAIN),
    "extrapolation": ("extrapolation", PLAIN),
    "fuzzy x1.5": ("fuzzy_augmentation", PRUDENT),
    "parcelling x1.5": ("parcelling", PRUDENT),
    "hard_cut_off": ("hard_cut_off", PLAIN),
    "self-learning": ("self_learning", PLAIN),
}


@dataclass(frozen=True)
class Case:
    """One draw: x (n, k), decision_x (n, m) with the instrument last where there is one, bad (n,) of everyone.

    test_x and test_bad: applicants through the same door, never fitted on.
    """

    x: Floats
    decision_x: Floats
    instrument: bool
    bad: Floats
    accepted: NDArray[np.bool_]
    test_x: Floats
    test_bad: Floats


# ------------------------------------------------------------------------------------------------------ one draw


def logistic(x: Floats, y: Floats, weights: Floats | None = None) -> Callable[[Floats], Floats]:
    """Probability by a logistic regression."""
    fit = fit_logistic(x, y, [f"x{j}" for j in range(x.shape[1])], weights=weights)
    return lambda other: special.expit(fit.coef[0] + other @ fit.coef[1:])


def measures(case: Case, p: Floats) -> tuple[float, ...]:
    """AUC, mean probability over actual bad rate, Brier score, bad rate of the safest half; through the door."""
    y = case.test_bad
    safest = np.argsort(p, kind="stable")[: int(APPROVED * len(p))]
    return auc(y, p), p.mean() / y.mean(), float(np.mean((p - y) ** 2)), y[safest].mean()


def fitted(case: Case, *, probit: bool = True) -> dict[str, tuple[float, ...]]:
    """Measures by method; `rho` is that of the bivariate probit, with NaN for the rest."""
    a = case.accepted
    decided = Decided(np.where(a, case.bad, np.nan), a)
    known = logistic(case.x[a], case.bad[a])
    acceptance = logistic(case.decision_x, a.astype(float))(case.decision_x)
    found = {
        "oracle": measures(case, logistic(case.x, case.bad)(case.test_x)),
        "known outcomes": measures(case, known(case.test_x)),
    }
    given = {"acceptance": acceptance, "probability": known(case.x), "features": case.x, "seed": 7}
    for name, (method, spec) in METHODS.items():
        rows = infer_rows(spec, decided, method=method, **given)  # type: ignore[arg-type]
        found[name] = measures(case, refit(case, rows)(case.test_x))
    if probit:
        found |= probit_of(case, decided)
    return found


def refit(case: Case, rows: InferredRows) -> Callable[[Floats], Floats]:
    """The model on inferred rows."""
    return logistic(case.x[rows.place], rows.y, rows.weight)


def probit_of(case: Case, decided: Decided) -> dict[str, tuple[float, ...]]:
    """Measures of the outcome equation of the bivariate probit, and its correlation; NaN where none is found."""
    x = pd.DataFrame(case.x).add_prefix("x")
    z = pd.DataFrame(case.decision_x).add_prefix("z")
    instrument = str(z.columns[-1]) if case.instrument else None
    try:
        fit = fit_bivariate_probit(decided, z, x, instrument=instrument, identified_by_form_alone=instrument is None)
    except ModelError:
        return {"bivariate probit": (np.nan,) * 4, "rho": (np.nan,) * 4}
    p = fit.probability(pd.DataFrame(case.test_x).add_prefix("x"))
    return {"bivariate probit": measures(case, p), "rho": (fit.rho, *(np.nan,) * 3)}


# ------------------------------------------------------------------------------------------------------ draws


def world_case(name: str, seed: int, rows: int = 8_000, test_rows: int = 40_000) -> Case:
    """A draw of a world of METHODS section 1."""
    options = WORLDS[name]
    one, other = world(rows, seed, **options), world(test_rows, seed + 10**6, **options)  # type: ignore[arg-type]
    has = "instrument" in options
    decision = np.column_stack([one.x, one.instrument]) if has else one.x
    return Case(one.x, decision, has, one.bad, one.accepted, other.x, other.bad)


def portfolio_case(
    selection: str, seed: int, *, acceptance_rate: float = 0.55, instrument: bool = False, rows: int = 20_000
) -> Case:
    """A draw of `simulate_portfolio` without cycle, on the drivers of its outcome, which x is linear in.

    One half trains, the other tests; withdrawn applicants are left out. Acceptance is the decision.
    """
    made = simulate_portfolio(
        applicants=2 * rows,
        months=12,
        seed=seed,
        selection=selection,  # type: ignore[arg-type]
        instrument=instrument,
        acceptance_rate=acceptance_rate,
        cycle_amplitude=0.0,
        history_months=0,
        repeat_share=0.0,
    )
    table = made.applications
    drivers = outcome_drivers(table).to_numpy(dtype=float)
    decided = (table["status"] != "withdrawn").to_numpy()
    accepted = table["status"].isin(["booked", "not_taken_up", "overridden_low"]).to_numpy()
    bad = made.truth["bad"].to_numpy(dtype=float)
    train = np.arange(2 * rows) % 2 == 0
    decision = drivers
    if instrument:
        decision = np.column_stack([drivers, table["underwriter_leniency"].to_numpy(dtype=float)])
    inside, outside = train & decided, ~train
    return Case(
        drivers[inside], decision[inside], instrument, bad[inside], accepted[inside], drivers[outside], bad[outside]
    )


def portfolio(name: str, seed: int, rows: int = 20_000) -> Case:
    """A draw of one of PORTFOLIOS."""
    return portfolio_case(seed=seed, rows=rows, **PORTFOLIOS[name])  # type: ignore[arg-type]


def draws_of(draw: Callable[[int], Case], draws: int) -> tuple[list[dict[str, tuple[float, ...]]], int]:
    """Measures by method of as many draws, seeds from 0, and the draws left out for known outcomes that separate.

    Under strong selection hardly anyone of a rare characteristic is accepted, and of those perhaps no one is bad.
    """
    found: list[dict[str, tuple[float, ...]]] = []
    seed = 0
    while len(found) < draws:
        try:
            found.append(fitted(draw(seed)))
        except ModelError:
            if seed > 3 * draws:
                raise
        seed += 1
    return found, seed - draws


# ------------------------------------------------------------------------------------------------------ tables


def table_of(draws: Iterable[dict[str, tuple[float, ...]]]) -> pd.DataFrame:
    """One row a method and measure: mean, standard deviation over draws, Monte-Carlo standard error, draws, failed."""
    found = list(draws)
    rows = []
    for method in found[0]:
        values = np.array([one[method] for one in found], dtype=float)
        for j, measure in enumerate(MEASURES if method != "rho" else ("rho",)):
            column = values[:, j][np.isfinite(values[:, j])]
            deviation = column.std(ddof=1) if len(column) > 1 else np.nan
            error = deviation / np.sqrt(max(len(column), 1))
            rows.append((method, measure, column.mean(), deviation, error, len(column), len(found) - len(column)))
    return pd.DataFrame(rows, columns=["method", "measure", "mean", "deviation", "error", "draws", "failed"])


def markdown(table: pd.DataFrame) -> str:
    """Methods down, measures across, each `mean ± 1.96 standard errors`."""
    shown = table.assign(cell=[f"{m:.4f} ± {1.96 * e:.4f}" for m, e in zip(table["mean"], table["error"], strict=True)])
    wide = shown.pivot(index="method", columns="measure", values="cell").loc[list(dict.fromkeys(table["method"]))]
    columns = [m for m in (*MEASURES, "rho") if m in wide]
    lines = ["| method | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for method, row in wide[columns].iterrows():
        lines.append(f"| {method} | " + " | ".join("" if pd.isna(v) else str(v) for v in row) + " |")
    return "\n".join(lines)


# ------------------------------------------------------------------------------------------------------ years


PORTFOLIOS = {
    "mar": {"selection": "mar"},
    "mar_misspecified": {"selection": "mar_misspecified"},
    "mar_misspecified, 30 % accepted": {"selection": "mar_misspecified", "acceptance_rate": 0.3},
    "mar_misspecified, 75 % accepted": {"selection": "mar_misspecified", "acceptance_rate": 0.75},
    "mnar with instrument": {"selection": "mnar", "instrument": True},
    "mnar with instrument, 75 % accepted": {"selection": "mnar", "instrument": True, "acceptance_rate": 0.75},
    "mnar": {"selection": "mnar"},
}
LOOPS = ("oracle", "known outcomes", "reweighting", "score_bands", "fuzzy x1.5", "hard_cut_off", "self-learning")
NOISE = 0.7


def loop(
    method: str, seed: int, *, years: int = 6, rows: int = 4_000, acceptance: float = 0.4, test_rows: int = 20_000
) -> list[tuple[float, ...]]:
    """Measures (years, 4) of the models of a lender who decides by the model of the year before.

    The world is `mar_misspecified`; the first year is decided by an old score. Applicants with the best score plus a
    judgement of deviation NOISE (in deviations of the score) are accepted, `acceptance` of them; the model of a year is
    fitted on its applicants alone, by `method`, and decides the next year. `oracle` learns from every outcome.
    """
    test = world(test_rows, seed + 10**6, square=True)
    decide, found = old_score, []
    for year in range(years):
        one = world(rows, 1_000 * seed + year, square=True)
        risk = special.logit(decide(one.x))
        judged = (risk - risk.mean()) / risk.std() + NOISE * np.random.default_rng([seed, year]).normal(size=rows)
        accepted = judged <= np.quantile(judged, acceptance)
        case = Case(one.x, one.x, False, one.bad, accepted, test.x, test.bad)
        decide = trained(case, method)
        found.append(measures(case, decide(test.x)))
    return found


def old_score(x: Floats) -> Floats:
    """Risk (n,) by the score in force before the first model."""
    return special.expit(0.8 * x[:, 0] - 0.5 * x[:, 1] + 0.4 * x[:, 3])


def trained(case: Case, method: str) -> Callable[[Floats], Floats]:
    """The model of a method: probability of bad (n,) of columns (n, k)."""
    if method == "oracle":
        return logistic(case.x, case.bad)
    a = case.accepted
    known = logistic(case.x[a], case.bad[a])
    if method == "known outcomes":
        return known
    name, spec = METHODS[method]
    rows = infer_rows(
        spec,
        Decided(np.where(a, case.bad, np.nan), a),
        acceptance=logistic(case.decision_x, a.astype(float))(case.decision_x),
        probability=known(case.x),
        features=case.x,
        method=name,  # type: ignore[arg-type]
    )
    return refit(case, rows)


def loop_table(methods: Iterable[str], repetitions: int, **options: int) -> pd.DataFrame:
    """One row a method, year and measure: mean over repetitions, Monte-Carlo standard error."""
    rows = []
    for method in methods:
        values = np.array([loop(method, seed, **options) for seed in range(repetitions)])  # type: ignore[arg-type]
        error = values.std(axis=0, ddof=1) / np.sqrt(repetitions)
        for year in range(values.shape[1]):
            for j, measure in enumerate(MEASURES):
                rows.append((method, year + 1, measure, values[:, year, j].mean(), error[year, j]))
    return pd.DataFrame(rows, columns=["method", "year", "measure", "mean", "error"])


def loop_markdown(table: pd.DataFrame, measure: str) -> str:
    """Methods down, years across."""
    inside = table[table["measure"] == measure]
    years = sorted(inside["year"].unique())
    lines = ["| method | " + " | ".join(f"year {y}" for y in years) + " |", "| --- |" + " ---: |" * len(years)]
    for method, group in inside.groupby("method", sort=False):
        cells = [f"{m:.4f} ± {1.96 * e:.4f}" for m, e in zip(group["mean"], group["error"], strict=True)]
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("parts", nargs="*", default=["worlds", "portfolio", "loop"])
    parser.add_argument("--repetitions", type=int, default=20)
    asked = parser.parse_args()
    if "worlds" in asked.parts:
        for name in WORLDS:
            table = table_of(fitted(world_case(name, seed)) for seed in range(asked.repetitions))
            show(f"world {name}, {asked.repetitions} draws", markdown(table), int(table["failed"].max()))
    if "portfolio" in asked.parts:
        for name in PORTFOLIOS:
            found, left_out = draws_of(partial(portfolio, name), asked.repetitions)
            table = table_of(found)
            told = f", {left_out} more left out: known outcomes separate" if left_out else ""
            show(f"portfolio {name}, {asked.repetitions} draws{told}", markdown(table), int(table["failed"].max()))
    if "loop" in asked.parts:
        table = loop_table(LOOPS, asked.repetitions)
        for measure in ("auc", "mean_pd_over_actual", "bad_rate_of_approved"):
            show(f"loop, {measure}, {asked.repetitions} repetitions", loop_markdown(table, measure), 0)


def show(title: str, table: str, failed: int) -> None:
    """A table to the terminal."""
    told = f" (bivariate probit without an estimate: {failed})" if failed else ""
    sys.stdout.write(f"\n**{title}**{told}\n\n{table}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
