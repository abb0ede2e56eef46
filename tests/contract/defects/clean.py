"""Good packages of other data than `bases.py`: real data sets in part, the simulator, panels, stages, rejects.

Each plan states what its author expects and what he knows to be limited, so that the validator has nothing honest to
find. Rows are few, so that the suite stays fast; real data sets stand in the folder that `test_data` names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from credit_risk.datasets import simulate_portfolio
from tests.contract.defects.bases import COLUMNS, MODEL, Base, applications

STRATEGY = """\
strategy:
  cut_off: 520
  cut_offs: 6
  profit: {good: 100, bad: 500, source: Finance, currency: EUR}
fairness: {min_rows: 20}
"""
CHAMPION = "models: [{id: card, type: scorecard, champion: true}]\n"
END = "evaluation: {baselines: false}\noverlays: []\nexports: []\ndocuments: []\n"
EXPORTED = "overlays: []\nexports: [pmml]\ndocuments: []\n"

GERMAN_COLUMNS = """\
data:
  source: table.csv
  protected: [personal_status_sex, age_years, foreign_worker]
  columns:
    duration_months: {type: numeric, missing: false, expected_trend: ascending, reason_text: Term of the loan}
    credit_amount: {type: numeric, missing: false, reason_text: Amount of the loan}
    checking_status: {missing: false, reason_text: Balance of the current account}
    credit_history: {missing: false, reason_text: Credit history}
    savings_status: {missing: false, reason_text: Savings}
    employment_since: {missing: false, reason_text: Length of employment}
    purpose: {missing: false, reason_text: Purpose of the loan}
    property: {missing: false, reason_text: Property}
    housing: {missing: false, reason_text: Housing}
    other_installment_plans: {missing: false, reason_text: Other instalment plans}
    other_debtors: {missing: false, reason_text: Guarantors}
    installment_rate: {type: numeric, missing: false, reason_text: Instalment against income}
    residence_since: {type: numeric, missing: false, reason_text: Years at the address}
    existing_credits: {type: numeric, missing: false, reason_text: Number of loans at this bank}
    job: {missing: false, reason_text: Kind of work}
    num_dependants: {type: numeric, missing: false, reason_text: Number of dependants}
    telephone: {missing: false, reason_text: Telephone}
outcome: {column: credit_risk, bad: 2, good: 1}
"""
GERMAN = f"{MODEL}{GERMAN_COLUMNS}samples: {{out_of_sample: 0.3}}\n{CHAMPION}{END}"
GERMAN_AGAIN = f"""{MODEL}{GERMAN_COLUMNS}\
samples: {{out_of_sample: 0.4, seed: 7}}
selection: {{method: stepwise, criterion: bic}}
{CHAMPION}{EXPORTED}"""
GERMAN_STAGES = f"""{MODEL}{GERMAN_COLUMNS}\
samples: {{out_of_sample: 0.3, seed: 3}}
models:
  - id: applicant
    type: scorecard
    characteristics: [duration_months, credit_history, savings_status, employment_since, property]
  - {{id: account, type: scorecard, champion: true, offset: {{model: applicant}}, characteristics: [checking_status]}}
{END}"""

HELOC = f"""{MODEL}\
data:
  source: table.csv
  columns:
    ExternalRiskEstimate:
      {{type: numeric, expected_trend: descending, specials: {{"-9": no record}}, reason_text: Score of the bureau}}
    MSinceOldestTradeOpen:
      type: numeric
      expected_trend: descending
      specials: {{"-9": no record, "-8": no usable trades}}
      reason_text: Length of credit history
    AverageMInFile:
      {{type: numeric, expected_trend: descending, specials: {{"-9": no record}}, reason_text: Average age of accounts}}
    NumSatisfactoryTrades:
      {{type: numeric, expected_trend: descending, specials: {{"-9": no record}}, reason_text: Number of good accounts}}
    PercentTradesNeverDelq:
      {{type: numeric, expected_trend: descending, specials: {{"-9": no record}}, reason_text: Late payments}}
    MSinceMostRecentInqexcl7days:
      type: numeric
      specials: {{"-9": no record, "-8": no usable inquiries, "-7": condition not met}}
      reason_text: Time since the last inquiry
    NumInqLast6M:
      {{type: numeric, expected_trend: ascending, specials: {{"-9": no record}}, reason_text: Number of inquiries}}
    NetFractionRevolvingBurden:
      type: numeric
      expected_trend: ascending
      specials: {{"-9": no record, "-8": no usable trades}}
      reason_text: Balances against limits
outcome: {{column: RiskPerformance, bad: Bad, good: Good}}
samples: {{out_of_sample: 0.25, calibration: 0.25, seed: 11}}
{CHAMPION}calibration: {{methods: [logistic]}}
rating_scale: {{bounds: [0.2, 0.35, 0.5, 0.65, 0.8], max_share: 0.6}}
{EXPORTED}"""

HMDA = f"""{MODEL}\
data:
  source: table.csv
  protected: [afam, single]
  columns:
    pirat: {{type: numeric, missing: false, expected_trend: ascending, reason_text: Payments against income}}
    hirat: {{type: numeric, missing: false, expected_trend: ascending, reason_text: Housing cost against income}}
    lvrat: {{type: numeric, missing: false, expected_trend: ascending, reason_text: Loan against value}}
    chist: {{type: numeric, missing: false, expected_trend: ascending, reason_text: Consumer credit history}}
    mhist: {{type: numeric, missing: false, expected_trend: ascending, reason_text: Mortgage payments}}
    phist: {{missing: false, reason_text: Public record}}
    unemp: {{type: numeric, missing: false, reason_text: Unemployment in the industry}}
    selfemp: {{missing: false, reason_text: Self-employment}}
    insurance: {{missing: false, reason_text: Mortgage insurance was refused}}
    condomin: {{missing: false, reason_text: Kind of property}}
    hschool: {{missing: false, reason_text: Schooling}}
outcome: {{column: deny, bad: "yes", good: "no"}}
samples: {{out_of_sample: 0.3}}
{STRATEGY}{CHAMPION}{EXPORTED}"""

SBA = f"""{MODEL}\
data:
  source: table.csv
  key: LoanNr_ChkDgt
  date: ApprovalDate
  columns:
    ApprovalDate: {{type: date}}
    NoEmp: {{type: numeric, missing: false, range: [0, null], reason_text: Number of employees}}
    NewExist: {{type: categorical, missing: false, specials: {{"0": not recorded}}, reason_text: Age of the business}}
    RetainedJob: {{type: numeric, missing: false, reason_text: Jobs to be kept}}
    UrbanRural: {{type: categorical, missing: false, specials: {{"0": unknown}}, reason_text: Place of the business}}
    State: {{type: categorical, missing: false, reason_text: State of the business}}
    BankState: {{type: categorical, reason_text: State of the lender}}
    RevLineCr:
      type: categorical
      missing: false
      specials: {{"0": undocumented, "T": undocumented}}
      reason_text: Kind of credit
    GrAppv: {{type: numeric, missing: false, range: [0, null], reason_text: Amount of the loan}}
    SBA_Appv: {{type: numeric, missing: false, range: [0, null], reason_text: Amount that is guaranteed}}
outcome: {{column: MIS_Status, bad: CHGOFF, good: P I F, missing: exclude}}
samples: {{out_of_sample: 0.3}}
classing: {{max_bins: 4, rare_share: 0.03, unseen: rare}}
derive:
  LENDER_NEAR:
    expression: if(State == BankState, 'same state', 'other state')
    description: Whether the lender is in the state of the borrower
    reason_text: Lender outside the state of the business
  LOAN_PER_EMPLOYEE:
    expression: GrAppv / max(NoEmp, 1)
    description: Amount approved for each employee, US dollars
    reason_text: Amount of the loan against the number of employees
{CHAMPION}{END}"""

SIMULATED_COLUMNS = """\
data:
  source: table.csv
  key: application_id
  date: application_date
  protected: [sex, age_band]
  columns:
    application_date: {type: date}
    bureau_score:
      type: numeric
      specials: {"-9": no bureau record, "-8": thin file}
      expected_trend: descending
      reason_text: Score of the credit bureau
    income: {type: numeric, expected_trend: descending, reason_text: Income}
    utilisation:
      {type: numeric, specials: {"-8": no revolving account}, expected_trend: ascending, reason_text: Limits are used}
    months_at_job:
      {type: numeric, specials: {"-9": not employed}, expected_trend: descending, reason_text: Length of employment}
    inquiries_6m: {type: numeric, expected_trend: ascending, reason_text: Number of recent inquiries}
    delinquencies_24m: {type: numeric, expected_trend: ascending, reason_text: Late payments at other lenders}
    housing: {reason_text: Housing}
    purpose: {reason_text: Purpose of the loan}
"""
SIMULATED = f"""{MODEL}{SIMULATED_COLUMNS}\
outcome: {{column: bad, bad: 1, good: 0}}
samples: {{out_of_sample: 0.25, out_of_time: {{after: "2020-03-31"}}}}
models:
  - {{id: card, type: scorecard, champion: true}}
  - {{id: trees, type: monotone_boosting, constraints: declared, trees: 15, depth: 2}}
reason_codes: {{background_rows: 30}}
{STRATEGY}{END}"""
REJECTED = f"""{MODEL}{SIMULATED_COLUMNS}\
outcome:
  column: bad
  bad: 1
  good: 0
  missing: exclude
  status:
    column: status
    values: {{booked: booked, not_taken_up: not_taken_up, withdrawn: withdrawn, rejected: rejected}}
samples: {{out_of_sample: 0.3}}
reject_inference: {{method: reweighting, replicates: 40}}
{CHAMPION}{END}"""

# Seed 1 draws a curve whose first bad stands out: in more draws of the developer than of the validator's first ones.
CALIBRATED = f"""{MODEL}{COLUMNS}\
samples: {{out_of_sample: 0.25, calibration: 0.25, seed: 1}}
calibration: {{methods: [logistic]}}
selection: {{method: all, expectation_check: false}}
models: [{{id: card, type: scorecard, champion: true}}]
evaluation: {{baselines: false}}
exports: []
"""
PANEL = f"""{MODEL}\
data:
  source: table.csv
  key: ID
  date: DATE
  protected: [SEX]
  columns:
    INCOME: {{type: numeric, missing: false, expected_trend: descending, reason_text: Income is low}}
    DELAYS: {{type: numeric, missing: false, expected_trend: ascending, reason_text: Payments were late}}
    USED:
      {{type: numeric, missing: false, specials: {{"-9": no card}}, expected_trend: ascending, reason_text: Limit used}}
    HOUSING: {{missing: false, reason_text: Housing}}
    BRANCH: {{missing: false, reason_text: Branch}}
outcome: {{column: BAD, bad: 1}}
samples: {{out_of_sample: 0.3, group: WHO}}
{CHAMPION}{END}"""


def panel(obligors: int, seed: int) -> pd.DataFrame:
    """`applications` of obligors who stand in one to four rows, alike but for delays, use of limits and the outcome."""
    rng = np.random.default_rng(seed)
    first = applications(obligors, seed).drop(columns="RATE")
    effect = rng.normal(0, 0.7, obligors)
    times = rng.integers(1, 5, obligors)
    table = first.loc[np.repeat(np.arange(obligors), times)].reset_index(drop=True)
    rows, who = len(table), np.repeat(np.arange(obligors), times)
    income = table["INCOME"].fillna(3000.0)
    delays = rng.poisson(0.9, rows)
    used = table["USED"].where(table["USED"] < 0, rng.beta(1.4, 2.0, rows).round(3) * 100).round(1)
    risk = -3.6 - (np.log(income) - 8) + 0.55 * delays + 0.02 * used.where(used >= 0, 45) + effect[who]
    risk += 0.8 * (table["HOUSING"] == "rent") + 0.35 * (table["BRANCH"] == "south")
    bad = (rng.random(rows) < 1 / (1 + np.exp(-risk))).astype(int)
    return table.assign(ID=np.arange(1, rows + 1), INCOME=income, DELAYS=delays, USED=used, WHO=who, BAD=bad)


RECORD = (
    "application_id",
    "application_date",
    "bureau_score",
    "income",
    "utilisation",
    "months_at_job",
    "inquiries_6m",
    "delinquencies_24m",
    "housing",
    "purpose",
    "sex",
    "age_band",
)


def booked(applicants: int, seed: int) -> pd.DataFrame:
    """Booked accounts of the simulator whose outcome is known; no cycle, so that later months are like earlier ones."""
    made = simulate_portfolio(applicants=applicants, months=30, seed=seed, history_months=0, cycle_amplitude=0.0)
    return made.booked_accounts()[[*RECORD, "bad"]]


def door(applicants: int, seed: int) -> pd.DataFrame:
    """Applicants of the simulator with what became of them; the outcome is known where they were booked.

    Those whom an underwriter accepted against the old score or rejected against it count as booked and as rejected.
    """
    made = simulate_portfolio(applicants=applicants, months=24, seed=seed, history_months=0)
    table = made.applications.merge(made.outcomes[["application_id", "bad"]], on="application_id", how="left")
    plain = {"overridden_low": "booked", "overridden_high": "rejected"}
    return table.assign(status=table["status"].astype(str).replace(plain))[[*RECORD, "status", "bad"]]


@dataclass(frozen=True, slots=True)
class Real:
    """A base whose rows come from a file in the folder of the test data."""

    name: str
    plan: str
    file: str
    rows: Callable[[pd.DataFrame], pd.DataFrame]

    def base(self, folder: Path) -> Base:
        """With the rows read."""
        table = self.rows(pd.read_csv(folder / self.file))
        return Base(self.name, self.plan, lambda: table)


def some(rows: int, seed: int) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """So many rows at random, in the order of the file."""
    return lambda table: table.sample(rows, random_state=seed).sort_index()


def heloc_lines(table: pd.DataFrame) -> pd.DataFrame:
    """Lines of credit with a bureau record, and the columns that the plan speaks of."""
    names = [
        "ExternalRiskEstimate",
        "MSinceOldestTradeOpen",
        "AverageMInFile",
        "NumSatisfactoryTrades",
        "PercentTradesNeverDelq",
        "MSinceMostRecentInqexcl7days",
        "NumInqLast6M",
        "NetFractionRevolvingBurden",
        "RiskPerformance",
    ]
    return some(3000, 3)(table.loc[table["ExternalRiskEstimate"] != -9, names])


APPROVED = (
    "LoanNr_ChkDgt",
    "ApprovalDate",
    "State",
    "BankState",
    "NoEmp",
    "NewExist",
    "RetainedJob",
    "UrbanRural",
    "RevLineCr",
    "GrAppv",
    "SBA_Appv",
    "MIS_Status",
)


def of_2004(table: pd.DataFrame) -> pd.DataFrame:
    """Loans approved in 2004, with columns that were known at the approval."""
    kept = table["ApprovalDate"].str.endswith("/2004") & table["RevLineCr"].isin(["Y", "N", "0", "T"])
    return some(3000, 5)(table.loc[kept, list(APPROVED)])


REAL = {
    base.name: base
    for base in (
        Real("german", GERMAN, "german_credit.csv.gz", lambda table: table),
        Real("german_again", GERMAN_AGAIN, "german_credit.csv.gz", lambda table: table),
        Real("german_stages", GERMAN_STAGES, "german_credit.csv.gz", lambda table: table),
        Real("heloc", HELOC, "heloc.csv.gz", heloc_lines),
        Real("hmda", HMDA, "hmda_boston.csv.gz", lambda table: table),
        Real("sba", SBA, "sba_loans.csv.gz", of_2004),
    )
}
MADE = {
    base.name: base
    for base in (
        Base("simulated", SIMULATED, lambda: booked(5000, 77)),
        Base("rejected", REJECTED, lambda: door(3000, 78)),
        Base("calibrated", CALIBRATED, lambda: applications(1500, 1)),
        Base("panel", PANEL, lambda: panel(900, 21)),
    )
}
