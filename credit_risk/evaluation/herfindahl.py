"""Concentration of rows or exposure in grades, and migration of its measure since the initial validation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from credit_risk.evaluation._arrays import Arguments, Floats

COLUMNS = [
    *("quantity", "sample", "grades", "occupied", "total", "herfindahl", "coefficient_of_variation"),
    *("herfindahl_index", "largest_share", "statistic", "p_value"),
]


@dataclass(frozen=True, slots=True)
class Concentration:
    """How `grades` share a total: shares (k,), their measures, and how many hold anything.

    herfindahl: Σ R², 1/K where all grades are alike, 1 where one holds all; coefficient_of_variation √(KΣ(R − 1/K)²);
    herfindahl_index 1 + ln((CV² + 1)/K)/ln K, from 0 (even) to 1 (one grade).
    """

    shares: Floats
    grades: int
    occupied: int
    total: float
    herfindahl: float
    coefficient_of_variation: float
    herfindahl_index: float
    largest_share: float


@dataclass(frozen=True, slots=True)
class ConcentrationTest:
    """z of a coefficient of variation against the initial one, and its one-sided p-value: small where it has risen."""

    statistic: float
    p_value: float


def concentration(amounts: ArrayLike) -> Concentration:
    """Measures of rows, weights or exposure by grade (k,), empty grades included, k at least 2.

    ECB, Instructions for reporting the validation results of internal models (2019), section 2.5.5.3; the index is
    there in its logarithmic form. Raises CreditRiskError on negative amounts, nothing to share, or fewer than 2 grades.
    """
    arguments = Arguments()
    held = arguments.numbers("amounts", amounts)
    arguments.require(not (held < 0).any(), "amounts", "negative amounts", "range", allowed="0 or more")
    arguments.require(bool(held.sum() > 0), "amounts", "nothing to share", "no_rows", allowed="a positive total")
    found = f"{len(held)} grades"
    arguments.require(len(held) >= 2, "amounts", "too few grades", "range", found=found, allowed="2 or more")
    arguments.raise_if_any()
    total, grades = math.fsum(held), len(held)
    shares = held / total
    spread = math.sqrt(grades * math.fsum((shares - 1.0 / grades) ** 2))
    index = 1.0 + math.log((spread * spread + 1.0) / grades) / math.log(grades)
    whole = math.fsum(shares * shares)
    occupied = int(np.count_nonzero(held))
    return Concentration(shares, grades, occupied, total, whole, spread, index, float(shares.max()))


def concentration_test(initial: float, current: float, grades: int) -> ConcentrationTest:
    """Whether the coefficient of variation of the shares of `grades` has risen from `initial` to `current`.

    z = √(K − 1)(CV₁ − CV₀)/√(CV₁²(½ + CV₁²)), p = 1 − Φ(z) (section 2.5.5.3 of the same): `initial` counts as known.
    Both are NaN where the current one is 0. Raises CreditRiskError on negative ones or fewer than 2 grades.
    """
    arguments = Arguments()
    good = all(math.isfinite(one) and one >= 0 for one in (initial, current))
    found = f"{initial!r}, {current!r}"
    arguments.require(good, "initial, current", "not coefficients of variation", "range", found=found, allowed=">= 0")
    arguments.require(grades >= 2, "grades", "too few grades", "range", found=repr(grades), allowed="2 or more")
    arguments.raise_if_any()
    if current == 0.0:
        return ConcentrationTest(math.nan, math.nan)
    z = math.sqrt(grades - 1) * (current - initial) / math.sqrt(current**2 * (0.5 + current**2))
    return ConcentrationTest(z, float(special.ndtr(-z)))


def concentration_table(
    amounts: Mapping[str, Mapping[str, ArrayLike]], *, reference: str = "development"
) -> pd.DataFrame:
    """One row a quantity (rows, exposure) and sample; the test is against `reference`, whose own is missing.

    amounts: {quantity: {sample: amounts by grade, (k,)}}, the same grades in the same order for every sample. Raises
    CreditRiskError as `concentration` does, or where the reference is absent.
    """
    found: list[dict[str, Any]] = []
    for quantity, samples in amounts.items():
        arguments = Arguments(quantity)
        listed = ", ".join(samples)
        arguments.require(
            reference in samples, "samples", "the reference is absent", "absent", found=listed, allowed=reference
        )
        arguments.raise_if_any()
        first = concentration(samples[reference])
        for sample, values in samples.items():
            one = concentration(values)
            same = one.grades == first.grades
            arguments.require(same, sample, "grades differ from those of the reference", "length")
            arguments.raise_if_any()
            initial, current = first.coefficient_of_variation, one.coefficient_of_variation
            missing = sample == reference
            test = (
                ConcentrationTest(math.nan, math.nan) if missing else concentration_test(initial, current, one.grades)
            )
            cells = (quantity, sample, one.grades, one.occupied, one.total, one.herfindahl, current)
            rest = (one.herfindahl_index, one.largest_share, test.statistic, test.p_value)
            found.append(dict(zip(COLUMNS, (*cells, *rest), strict=True)))
    frame = pd.DataFrame(found, columns=COLUMNS)
    frame.attrs["notes"] = (f"the coefficient of variation of {reference} counts as known in the one-sided test",)
    return frame
