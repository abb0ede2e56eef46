"""Good packages that defects are made of: small tables, plans that use much of what a package can hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tests.credit_risk.lifecycle.through_the_door import applicants

WRITTEN = "{author: Credit modelling, date: '2026-11-01', text: "
MODEL = f"""\
model:
  id: m
  as_of: "2026-11-26"
  owner: Head of credit risk modelling
  tier: "2"
  purpose: {WRITTEN}Ranks applicants for an instalment loan by the probability of default within twelve months.}}
  rationale: {WRITTEN}The form can be explained to a customer and rebuilt by hand.}}
  uses: {WRITTEN}Decisions on new applications.}}
  prohibited_uses: {WRITTEN}Pricing and regulatory capital.}}
  limitations:
    - {{text: All applicants are of one region, author: Credit modelling, date: "2026-11-01", significance: low,
       mitigant: Followed month by month, owner: Head of credit risk modelling, expiry: "2027-11-30"}}
"""
COLUMNS = """\
data:
  source: table.csv
  key: ID
  date: DATE
  protected: [SEX]
  forbidden: [RATE]
  columns:
    INCOME: {type: numeric, expected_trend: descending, reason_text: Income is low}
    DELAYS: {type: numeric, missing: false, expected_trend: ascending, reason_text: Payments were late}
    USED:
      {type: numeric, missing: false, specials: {"-9": no card}, expected_trend: ascending, reason_text: Limits used}
    HOUSING: {missing: false, reason_text: Housing}
    BRANCH: {missing: false, reason_text: Branch}
outcome: {column: BAD, bad: 1}
overlays: []
documents: []
"""
STRATEGY = """\
strategy:
  cut_off: 520
  cut_offs: 6
  profit: {good: 100, bad: 900, source: Finance, currency: EUR}
  aim: {type: maximum_profit}
fairness: {min_rows: 20}
"""
CARD = f"""{MODEL}{COLUMNS}{STRATEGY}\
samples: {{out_of_sample: 0.25, calibration: 0.25, out_of_time: {{after: "2018-12-31"}}}}
models: [{{id: card, type: scorecard, champion: true}}]
selection: {{method: all}}
evaluation: {{baselines: false}}
calibration: {{methods: [logistic], target: long_run_average}}
rating_scale: {{bounds: [0.05, 0.1, 0.16, 0.25, 0.4], max_share: 0.6}}
exports: [pmml]
"""
PLAIN = f"""{MODEL}{COLUMNS}\
samples: {{out_of_sample: 0.3}}
models: [{{id: card, type: scorecard, champion: true}}]
evaluation: {{baselines: false}}
exports: [pmml]
"""
TREES = f"""{MODEL}{COLUMNS}\
samples: {{out_of_sample: 0.3}}
models: [{{id: trees, type: monotone_boosting, champion: true, trees: 12, depth: 3, constraints: declared}}]
evaluation: {{baselines: false}}
reason_codes: {{background_rows: 30}}
exports: []
"""
WEIGHTED = f"""{MODEL}{COLUMNS}\
samples: {{out_of_sample: 0.3, weight: W, group: WHO}}
models: [{{id: card, type: scorecard, champion: true}}]
evaluation: {{baselines: false}}
exports: []
"""
PROTECTED = PLAIN.replace("exports: [pmml]", "exports: []")
TWO = PLAIN.replace("exports: [pmml]", "exports: []").replace(
    "true}]", "true}, {id: few, type: scorecard, characteristics: [INCOME, DELAYS]}]"
)
SEGMENTS = f"""{MODEL}{COLUMNS}\
samples: {{out_of_sample: 0.3}}
models:
  - {{id: card, type: scorecard}}
  - {{id: seg, type: segmented_scorecard, champion: true, segments: {{column: BRANCH}}, against: card}}
evaluation: {{baselines: false}}
exports: []
"""
STAGED = f"""{MODEL}{COLUMNS}\
samples: {{out_of_sample: 0.3}}
models:
  - {{id: first, type: scorecard, characteristics: [INCOME, HOUSING]}}
  - {{id: card, type: scorecard, champion: true, offset: {{model: first}}, characteristics: [DELAYS, USED, BRANCH]}}
evaluation: {{baselines: false}}
exports: []
"""
RULED = PLAIN.replace(
    "exports: [pmml]",
    "exports: []\nrules: [{id: late, when: DELAYS > 4, action: decline, code: R1, reason: Payments late too often}]",
)
BOUNDED = PLAIN.replace(
    "exports: [pmml]",
    "exports: []\nselection: {method: all, sign_check: false, max_correlation: 0.98, max_variance_inflation: 50}",
).replace("champion: true}", "champion: true, coefficients: negative}")
MARGINS = f"""{MODEL}{COLUMNS}\
samples: {{out_of_sample: 0.3}}
models: [{{id: card, type: scorecard, champion: true}}]
evaluation: {{baselines: false}}
margin_of_conservatism:
  - {{category: A, deficiency: missing incomes, size: 0.1, quantified: by a refit, owner: a person, date: "2026-01-31",
     expiry: "2027-06-30"}}
exports: []
"""
OVERRIDES = f"""{MODEL}\
data: {{source: table.csv, key: ID}}
outcome:
  column: BAD
  bad: 1
  missing: exclude
  status:
    column: STATUS
    values: {{in: booked, no: rejected, up: overridden_low, down: overridden_high}}
strategy: {{cut_off: 500, cut_offs: 4, overrides: {{policy: 0.2, reason: WHY}}}}
models: [{{id: card, type: scorecard, champion: true}}]
evaluation: {{baselines: false}}
overlays: []
exports: []
documents: []
"""
DOOR = f"""{MODEL}\
data: {{source: table.csv, key: ID, date: MONTH}}
outcome:
  column: BAD
  bad: 1
  missing: exclude
  status:
    column: STATUS
    values: {{booked: booked, not taken up: not_taken_up, withdrawn: withdrawn, rejected: rejected}}
samples: {{out_of_time: {{after: "2020-09-30"}}}}
reject_inference: {{method: reweighting, replicates: 0}}
models: [{{id: card, type: scorecard, champion: true}}]
evaluation: {{baselines: false}}
overlays: []
exports: []
documents: []
"""


def applications(rows: int, seed: int, extra: int = 0) -> pd.DataFrame:
    """Applications of 2012 to 2019: income (some missing), delays, use of limits (-9: no card), housing, branch.

    SEX is protected and hardly tells of risk; RATE is set from the risk and forbidden; W are weights, WHO obligors;
    `extra` columns are noise.
    """
    rng = np.random.default_rng(seed)
    income, delays = rng.lognormal(8, 0.5, rows).round(1), rng.poisson(0.9, rows)
    used = np.where(rng.random(rows) < 0.12, -9, rng.beta(1.4, 2.0, rows).round(3) * 100).round(1)
    housing = rng.choice(["own", "rent", "parents"], rows, p=[0.5, 0.35, 0.15])
    branch = rng.choice(["north", "south", "west"], rows)
    risk = -3.6 - 1.0 * (np.log(income) - 8) + 0.55 * delays + 0.02 * np.where(used < 0, 45, used)
    risk += 0.8 * (housing == "rent") + 0.35 * (branch == "south")
    bad = (rng.random(rows) < 1 / (1 + np.exp(-risk))).astype(int)
    day = pd.Timestamp("2012-01-01") + pd.to_timedelta(rng.integers(0, 2922, rows), unit="D")
    columns = {
        "ID": np.arange(1, rows + 1),
        "DATE": pd.Series(day).dt.strftime("%Y-%m-%d"),
        "INCOME": np.where(rng.random(rows) < 0.08, np.nan, income),
        "DELAYS": delays,
        "USED": used,
        "HOUSING": housing,
        "BRANCH": branch,
        "SEX": rng.choice(["f", "m"], rows),
        "RATE": (3 + 4 / (1 + np.exp(-risk)) + rng.normal(0, 0.5, rows)).round(2),
        "BAD": bad,
    }
    noise = {f"NOISE{number}": rng.normal(size=rows).round(3) for number in range(extra)}
    return pd.DataFrame({**columns, **noise})


def repeated(rows: int, seed: int) -> pd.DataFrame:
    """`applications` with weights W and obligors WHO, some of whom stand in two rows."""
    rng = np.random.default_rng(seed)
    table = applications(rows, seed)
    who = np.where(rng.random(rows) < 0.2, np.arange(rows) // 2, np.arange(rows) + rows)
    return table.assign(W=rng.choice([0.5, 1.0, 2.5], rows), WHO=who)


def by_sex(rows: int, seed: int) -> pd.DataFrame:
    """`applications` in which women pay back more often than all else tells."""
    rng = np.random.default_rng(seed)
    table = applications(rows, seed)
    spared = (table["SEX"] == "f") & (rng.random(rows) < 0.45)
    return table.assign(BAD=table["BAD"].where(~spared, 0))


def mixed(rows: int, seed: int) -> pd.DataFrame:
    """`applications` with a second income, whose coefficient beside the first one has the wrong sign."""
    rng = np.random.default_rng(seed)
    table = applications(rows, seed)
    noise = np.exp(rng.normal(0, 0.35, rows))
    return table.assign(SAVED=(table["INCOME"] * noise * np.where(table["BAD"] == 1, 1.12, 1.0)).round(1))


def overridden(rows: int, seed: int) -> pd.DataFrame:
    """`applications` of whom some were rejected, and some decided against the score, with reasons."""
    rng = np.random.default_rng(seed)
    table = applications(rows, seed).drop(columns=["DATE", "RATE", "SEX"])
    status = rng.choice(["in", "no", "up", "down"], rows, p=[0.65, 0.2, 0.1, 0.05])
    why = np.where(status == "up", "knows the customer", "documents in doubt").astype(object)
    told = np.isin(status, ["up", "down"]) & (rng.random(rows) < 0.8)
    bad = table["BAD"].astype(float).where(np.isin(status, ["in", "up"]))
    return table.assign(STATUS=status, WHY=np.where(told, why, None), BAD=bad)


@dataclass(frozen=True, slots=True)
class Base:
    """A plan and its table."""

    name: str
    plan: str
    table: Callable[[], pd.DataFrame]

    def write(self, folder: Path, table: pd.DataFrame | None = None) -> Path:
        """plan.yaml and table.csv (`table` or its own) in `folder`; the path of the plan."""
        folder.mkdir(parents=True, exist_ok=True)
        (self.table() if table is None else table).to_csv(folder / "table.csv", index=False, lineterminator="\n")
        (folder / "plan.yaml").write_text(self.plan, "utf-8")
        return folder / "plan.yaml"


BASES = {
    base.name: base
    for base in (
        Base("card", CARD, lambda: applications(2400, 12)),
        Base("plain", PLAIN, lambda: applications(1500, 12)),
        Base("trees", TREES, lambda: applications(1500, 14)),
        Base("protected", PROTECTED, lambda: by_sex(1500, 12)),
        Base("two", TWO, lambda: applications(1500, 12)),
        Base("bounded", BOUNDED, lambda: mixed(1500, 12)),
        Base("margins", MARGINS, lambda: applications(1500, 12)),
        Base("overrides", OVERRIDES, lambda: overridden(1500, 12)),
        Base("door", DOOR, lambda: applicants(1500, 5)),
        Base("segments", SEGMENTS, lambda: applications(3000, 12)),
        Base("staged", STAGED, lambda: applications(1500, 12)),
        Base("ruled", RULED, lambda: applications(1500, 12)),
        Base("weighted", WEIGHTED, lambda: repeated(1500, 12)),
    )
}
