"""A small world whose truth is known: a model, its production month by month, and outcomes that come late."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from credit_risk.monitoring.challenger.assignment import assign, two_arms
from credit_risk.package import Package
from credit_risk.scoring import compile_model
from tests.credit_risk.cli.command import portfolio

PLAN = (
    "model: {id: m}\n"
    "data: {source: table.csv, columns: {AGE: {type: numeric, range: [18, 100]}}}\n"
    "outcome: {column: BAD, bad: 1}\n"
    "scaling: {points_to_double_odds: 20, base_score: 600, base_odds: 20}\n"
    "strategy: {cut_off: 540}\n"
    "models: [{id: scorecard, type: scorecard, champion: true}, {id: trees, type: monotone_boosting, trees: 15}]\n"
    "monitoring:\n"
    "  segments: [HOUSING]\n"
    "  window_months: 6\n"
    "  min_bads: 30\n"
    "  asset_correlation: 0.04\n"
    "  objectives:\n"
    "    - {id: volume, area: operational, measure: rows, direction: at_least, target: 100, owner: Ops}\n"
)
SALT, SHARE = "test-1", 0.3
DECLARED = PLAN.replace(
    "{cut_off: 540}",
    "{cut_off: 540, redeployment: {auto_accept: {min_auc_difference: 0, max_psi: 0.5, max_inversions: 3}, "
    "reject: {max_auc_difference: -0.5}, manual_review: the model committee, accepts_only: warn}}",
) + (
    "    - {id: speed, area: operational, measure: quantile, columns: [latency], level: 0.95, direction: at_most, "
    "target: 250}\n"
    "    - {id: failures, area: operational, measure: share, columns: [failed], value: true, direction: at_most, "
    "target: 0.05}\n"
    "    - {id: ranking, area: business, measure: metric, metric: auc, direction: at_least, target: 0.6}\n"
    "    - {id: earnings, area: business, measure: metric, metric: profit, direction: at_least, target: 0, unit: EUR}\n"
    "    - {id: taken, area: business, measure: metric, metric: approved_share, direction: at_least, target: 0.99}\n"
    "    - {id: steady, area: business, measure: metric, metric: characteristic_psi, subject: INCOME, "
    "direction: at_most, target: 0.1}\n"
    "    - {id: calls, area: operational, measure: sum, columns: [calls], direction: at_most, target: 10}\n"
    "  applicant: applicant\n"
    "  profit: {amount: amount, margin: 0.1, loss_given_default: 0.6, review_cost: 20, reviewed: reviewed, "
    "currency: EUR}\n"
    f"  challengers: {{shadow: [trees], share: {SHARE}, salt: {SALT}, arm: arm, planned_error: 0.0025, error: 0.05, "
    "look_months: ['2026-05', '2026-08', '2026-12']}\n"
)
"""The same with all that a plan may declare: applicants, amounts, a live split with planned looks, objectives."""
LOOKED = pd.Timestamp("2026-10-31")
"""The day to which accounts were looked at."""


def months(count: int = 9, start: str = "2026-01") -> list[str]:
    """Months from `start` on."""
    return [str(one) for one in pd.period_range(start, periods=count, freq="M")]


def production(package: Package, rows: int = 700, count: int = 9, shifted_from: int | None = None) -> pd.DataFrame:
    """Scored applicants of `count` months; from month `shifted_from` on with half the income."""
    model = compile_model(package.model)
    other = compile_model(package.challengers["trees"])
    parts = []
    for place, month in enumerate(months(count)):
        frame = portfolio(rows, seed=100 + place)
        if shifted_from is not None and place >= shifted_from:
            frame["INCOME"] = (frame["INCOME"] / 2).round(2)
        names = [item["name"] for item in package.model["inputs"]]
        inputs = frame[names + [n for n in frame.columns if n not in names and n != "BAD"]]
        scored = model.score(frame)
        days = pd.to_timedelta(np.arange(rows) % 28, "D")
        parts.append(
            pd.concat([inputs, scored[["linear_score", "probability", "score"]]], axis=1).assign(
                key=[f"{month}-{row:04d}" for row in range(rows)],
                decided=(pd.Timestamp(f"{month}-01") + days).tz_localize("UTC"),
                decision=np.where(scored["score"] >= 540, "accept", "decline"),
                trees=other.score(frame)["probability"].to_numpy(),
                BAD=frame["BAD"],
            )
        )
    return pd.concat(parts, ignore_index=True)


def declared(table: pd.DataFrame, seed: int = 3) -> pd.DataFrame:
    """The columns that DECLARED names, beside those of `production`: two applications an applicant, as a rule."""
    rng = np.random.default_rng(seed)
    rows = len(table)
    applicant = np.array([f"a{one:05d}" for one in rng.permutation(rows) // 2], dtype=object)
    return table.assign(
        applicant=applicant,
        amount=rng.integers(10, 200, rows) * 100.0,
        reviewed=rng.uniform(size=rows) < 0.2,
        latency=rng.gamma(4.0, 30.0, rows),
        failed=rng.uniform(size=rows) < 0.01,
        arm=assign(applicant, two_arms(SALT, SHARE, "champion", "trees")),
    )


def write_world(folder: Path, table: pd.DataFrame) -> tuple[Path, Path]:
    """Decisions, a file a month, and outcomes: the bad falls on a day within six months of the decision."""
    decisions = folder / "decisions"
    decisions.mkdir(parents=True)
    for month, part in table.drop(columns="BAD").groupby(table["decided"].dt.strftime("%Y-%m")):
        part.to_parquet(decisions / f"{month}.parquet", index=False)
    after = pd.to_timedelta(np.random.default_rng(5).integers(20, 178, len(table)), "D")
    bad = (table["decided"].dt.tz_localize(None) + after).where(table["BAD"] == 1)
    outcomes = pd.DataFrame({"key": table["key"], "bad_date": bad.where(bad <= LOOKED), "observed_until": LOOKED})
    outcomes.to_parquet(folder / "outcomes.parquet", index=False)
    return decisions, folder / "outcomes.parquet"
