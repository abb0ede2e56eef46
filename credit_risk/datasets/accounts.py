"""The life of each loan, lent or not: terms, month of default, cure, write-off, early settlement, loss.

Drawn for every applicant, so that the truth about rejects exists; only booked accounts ever show it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from credit_risk.datasets.characteristics import Columns
from credit_risk.datasets.draws import Block, Floats, Integers, pick
from credit_risk.datasets.process import Process
from credit_risk.datasets.spec import PERFORMANCE_MONTHS

NEVER = 10_000
RUN_UP = 3  # months from the first missed instalment to 90 days past due
FIRST_DEFAULT = 4
# Month on book of default within the first year: 4 ... 12.
SEASONING = np.array([0.05, 0.07, 0.09, 0.11, 0.13, 0.14, 0.14, 0.14, 0.13])
LATER_YEARS = 0.6
CURE_SHARE = 0.3
SETTLED_A_MONTH = 0.01


@dataclass(frozen=True, slots=True)
class Accounts:
    """All (k,); months on book are NEVER where the event does not happen.

    amount and instalment in currency; rate: interest per month; term in months. default: first month with 90 or more
    days past due; cure: first month without arrears after it; write_off: month of writing off; closed: month of
    settlement, early or at the end of the term. exposure: balance at default; lgd: share of it lost.
    """

    amount: Floats
    term: Integers
    rate: Floats
    instalment: Floats
    default: Integers
    cure: Integers
    write_off: Integers
    closed: Integers
    exposure: Floats
    lgd: Floats


def live(
    process: Process,
    block: Block,
    columns: Columns,
    values: dict[str, Floats],
    old_score: Floats,
    pd_true: Floats,
    bad: NDArray[np.bool_],
) -> Accounts:
    """Lives consistent with the outcome: default within 12 months on book if and only if `bad`.

    Default comes in month 4 ... 12 with the weights SEASONING where bad; otherwise later, with the constant monthly
    hazard that makes 1 − 0.6·PD the chance to stay without default for a year. Interest a year, in per cent:
    9 − 0.02·(old score − 600), between 4 and 18. LGD: Φ(−0.2 + 0.3·cycle − 0.2·capacity + 0.8·N(0, 1)) where written
    off, a tenth of that where cured.
    """
    amount, term = columns["amount_requested"], columns["term_months"].astype(np.int64)
    rate = np.clip(np.round(9.0 - 0.02 * (old_score - 600.0), 2), 4.0, 18.0) / 1200.0
    # Every loan is granted as requested, whatever the record said by mistake: the true columns are passed in.
    instalment = amount * rate / -np.expm1(-term * np.log1p(rate))
    early = FIRST_DEFAULT + pick(block.own("default_month"), SEASONING)
    hazard = np.log1p(-LATER_YEARS * pd_true) / PERFORMANCE_MONTHS
    with np.errstate(divide="ignore"):
        wait = np.minimum(np.ceil(np.log(block.own("later_default")) / hazard), float(NEVER))
    default = np.where(bad, early, PERFORMANCE_MONTHS + wait.astype(np.int64))
    settled = np.ceil(np.log(block.own("settlement")) / np.log1p(-SETTLED_A_MONTH)).astype(np.int64)
    closed = np.minimum(np.maximum(settled, 3), term)
    none = ~bad & (closed < default - RUN_UP + 1)
    default = np.where(none | (default > NEVER), NEVER, default)
    cured = (block.own("cure") < CURE_SHARE) & (default < NEVER)
    cure = np.where(cured, default + 3 + np.floor(6.0 * block.own("cure_month")).astype(np.int64), NEVER)
    ends = default + 6 + np.floor(7.0 * block.own("write_off_month")).astype(np.int64)
    write_off = np.where((default < NEVER) & ~cured, ends, NEVER)
    closed = np.where(default < NEVER, np.where(cured, np.maximum(term, cure + 3), NEVER), closed)
    exposure = balance_after(amount, rate, term, np.maximum(default - RUN_UP - 1, 0))
    when = np.minimum(block.month + default, len(process.cycle) - 1)
    severity = -0.2 + 0.3 * process.cycle[when] - 0.2 * values["capacity"] + 0.8 * block.own_normal("severity")
    lgd = np.where(cured, 0.1, 1.0) * ndtr(severity)
    return Accounts(amount, term, rate, instalment, default, cure, write_off, closed, np.round(exposure, 2), lgd)


def balance_after(amount: Floats, rate: Floats, term: NDArray[np.int64], paid: NDArray[np.int64]) -> Floats:
    """Balance of an annuity after `paid` of its `term` instalments, rate per month; arguments broadcast."""
    growth = np.log1p(rate)
    left = np.expm1((np.minimum(paid, term) - term) * growth) / np.expm1(-term * growth)
    return np.asarray(amount * left, dtype=np.float64)
