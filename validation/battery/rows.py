"""Rows of the battery: every area of tests that a validation owes, each test with its value, cut, outcome and reason.

`AREAS` is the list of what is owed. A check records a `BatteryRow` for each test and population; an area of which
nothing was recorded is told as `not_evaluable` by `complete`, so that no test is silently left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from validation.findings import Finding, Outcome

if TYPE_CHECKING:
    from validation.compare import Ledger

OUTCOMES: Final = ("pass", "review", "fail", "not_evaluable")
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Area:
    """An area of tests: `key` in the code, `title` and `source` as printed, `absent` the reason where nothing ran."""

    key: str
    title: str
    source: str
    absent: str


_NO_GRADES = "the champion has no rating scale"
_NO_LATER = "the package has no test sample with known outcomes"
_NOT_RUN = "no test of this area applies to the package"
AREAS: Final = (
    Area("auc_initial", "AUC against the initial one", "ECB instructions (2019) 2.5.4", _NO_LATER),
    Area("auc_difference", "Difference of AUCs", "DeLong et al. (1988)", _NO_LATER),
    Area("jeffreys", "Jeffreys test by grade and portfolio", "ECB instructions (2019) 2.5.3.1", _NO_GRADES),
    Area("binomial", "Binomial test", "Basel Committee WP 14 (2005)", _NO_GRADES),
    Area("correlated", "Test with correlated defaults", "Tasche (2003); Vasicek (2002)", _NO_GRADES),
    Area("hosmer_lemeshow", "Hosmer-Lemeshow test", "Hosmer and Lemeshow (1980)", _NO_LATER),
    Area("multi_period", "Normal test over several periods", "Basel Committee WP 14 (2005)", "no periods"),
    Area("calibration", "Brier, Spiegelhalter, slope and intercept", "Spiegelhalter (1986); Cox (1958)", _NO_LATER),
    Area("loss_level", "Level of losses and amounts", "ECB instructions (2019) 2.6.2.1", "the outcome is binary"),
    Area("migration", "Migration, weighted bandwidth", "ECB instructions (2019) 2.5.5.1", _NO_GRADES),
    Area("matrix_z", "Migration, cells against neighbours", "ECB instructions (2019) 2.5.5.2", _NO_GRADES),
    Area("concentration", "Concentration in grades", "ECB instructions (2019) 2.5.5.3", _NO_GRADES),
    Area(
        "stability", "Stability of score and characteristics", "Siddiqi (2017); Yurdakul and Naranjo (2020)", _NO_LATER
    ),
    Area("monotonicity", "Monotonicity of grades", "EBA/GL/2017/16 section 5.2.5", _NO_GRADES),
    Area("homogeneity", "Heterogeneity and homogeneity of grades", "EBA handbook (2023/29)", _NO_GRADES),
    Area("representativeness", "Representativeness", "CRR Article 179(1)(d)", _NOT_RUN),
    Area("overrides", "Overrides", "ECB instructions (2019) 2.5.2; CRR Article 172(3)", _NOT_RUN),
    Area("data_process", "Data and rating process", "ECB instructions (2019) 2.5.2", _NOT_RUN),
    Area("benchmark", "Benchmark", "SR 26-2 section V.1.a", _NOT_RUN),
    Area("sensitivity", "Sensitivity and stress", "CRR Article 177; SS1/23 3.3", _NOT_RUN),
    Area("fairness", "Fairness", "29 CFR 1607.4(D)", _NOT_RUN),
    Area("reproducibility", "Reproducibility", "Delegated Regulation (EU) 2022/439 Article 31(6)", _NOT_RUN),
)
BY_KEY: Final = {area.key: area for area in AREAS}
PLACES: Final = {area.key: place for place, area in enumerate(AREAS)}


@dataclass(frozen=True, slots=True)
class BatteryRow:
    """One test on one population; NaN where a number is not defined. Raises ValueError for a row that tells nothing.

    area: a key of `AREAS`. test: what was tested, in words. population: sample, model, grade or characteristic.
    statistic: name of `value`. lower, upper: bounds of the value at the policy's or plan's level. cut: the cut in
    words. outcome: pass, review, fail, or not_evaluable, which needs a reason.
    """

    area: str
    test: str
    population: str
    statistic: str
    outcome: str
    value: float = NAN
    p_value: float = NAN
    lower: float = NAN
    upper: float = NAN
    cut: str | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        if self.area not in BY_KEY:
            raise ValueError(f"no area of the battery is called {self.area!r}")
        if self.outcome not in OUTCOMES:
            raise ValueError(f"{self.outcome!r} is not an outcome")
        if self.outcome == "not_evaluable" and not self.reason:
            raise ValueError(f"{self.test}: not evaluable without a reason")
        if self.outcome in ("pass", "review", "fail") and self.cut is None:
            raise ValueError(f"{self.test}: an outcome without its cut")

    @property
    def name(self) -> str:
        """The name of the test in coverage and findings."""
        return f"battery: {self.test}" + (f" ({self.population})" if self.population else "")


def record(ledger: Ledger, row: BatteryRow, finding: Finding | None = None, *, compared: int = 1) -> None:
    """Add a row to the battery's table and its outcome, with the finding it gives, to the coverage."""
    ledger.battery.append(row)
    compared = 0 if row.outcome == "not_evaluable" else compared
    ledger.check(Outcome(row.name, row.outcome, compared, row.cut, row.reason, finding))


def detail(ledger: Ledger, row: BatteryRow) -> None:
    """Add a row to the battery's table alone: one of several that a combined test judges."""
    ledger.battery.append(row)


def absent(ledger: Ledger, area: str, test: str, population: str, reason: str) -> None:
    """Record a test that could not be run."""
    record(ledger, BatteryRow(area, test, population, "", "not_evaluable", reason=reason))


def complete(ledger: Ledger, reason: str | None = None, *, binary: bool = True) -> None:
    """Tell every area of which no row was recorded as not evaluable; `reason` where one holds for all of them.

    binary: whether the outcome is good or bad, which most areas are about.
    """
    held = {row.area for row in ledger.battery}
    for area in AREAS:
        if area.key not in held:
            words = reason or (area.absent if binary or area.absent == _NOT_RUN else "the outcome is not binary")
            detail(ledger, BatteryRow(area.key, area.title, "", "", "not_evaluable", reason=words))


def place_of(row: BatteryRow) -> int:
    """Return the number of the row's area in the table."""
    return PLACES[row.area]


def cells(row: BatteryRow) -> list[str | float | None]:
    """Return the row as the table `validation.battery` has it; the area as printed, with its source at the end."""
    area = BY_KEY[row.area]
    numbers = [value if math.isfinite(value) else None for value in (row.value, row.p_value, row.lower, row.upper)]
    texts = [area.title, row.test, row.population or None, row.statistic or None]
    return [*texts, *numbers, row.cut, row.outcome, row.reason, area.source]


def areas(rows: Iterable[BatteryRow]) -> list[list[str | int | None]]:
    """Return the table `validation.battery_areas`: of each area its source, the tests by outcome, and a reason.

    The reason is told where nothing of the area could be evaluated: the first one.
    """
    held: dict[str, list[BatteryRow]] = {area.key: [] for area in AREAS}
    for row in rows:
        held[row.area].append(row)
    found: list[list[str | int | None]] = []
    for area in AREAS:
        counts = [sum(row.outcome == outcome for row in held[area.key]) for outcome in OUTCOMES]
        ran = any(counts[:3])
        reason = None if ran else next((row.reason for row in held[area.key]), area.absent)
        found.append([area.title, area.source, *counts, reason])
    return found
