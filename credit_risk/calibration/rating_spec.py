"""What a plan says of the rating scale."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic.types import Strict
from pydantic_core import PydanticCustomError

from credit_risk._core.spec import Spec
from credit_risk.calibration.low_default import LowDefault
from credit_risk.calibration.master_scale import default_names, edge_faults, geometric_edges
from credit_risk.calibration.scale_design import ScaleRules
from credit_risk.evaluation.grades import GradePolicy

GradeName = Annotated[str, StringConstraints(min_length=1, strip_whitespace=False)]
Probability = Annotated[float, Field(ge=0, le=1)]


class GeometricScaleSpec(Spec):
    """A scale whose bounds rise by the same multiple."""

    lower: float = Field(gt=0, lt=1, description="Upper bound of the safest grade.")
    upper: float = Field(gt=0, lt=1, description="Lower bound of the riskiest grade.")
    grades: int = Field(ge=3, le=100, description="Number of grades.")


class ScaleDesignSpec(Spec):
    """Constraints of a scale that is designed on the data: the most grades that keep them, told apart best."""

    min_grades: int = Field(default=3, ge=2, le=100, description="Fewest grades.")
    max_grades: int = Field(default=12, ge=2, le=100, description="Most grades.")
    min_share: float = Field(default=0.02, ge=0, le=1, description="Least share of the rows in a grade.")
    min_bads: int = Field(default=10, ge=0, description="Fewest bads in a grade.")
    heterogeneity: float | None = Field(
        default=0.05,
        gt=0,
        lt=1,
        description="Level at which the bad rates of neighbouring grades must differ (two proportions, two-sided); "
        "null: they need only rise.",
    )
    homogeneity: float = Field(
        default=0.05, gt=0, lt=1, description="Level at which the two halves of a grade differ, so that it is mixed."
    )
    mixed: Literal["refuse", "avoid", "report"] = Field(
        default="avoid",
        description="Grades that are mixed: refused, as few as the number of grades allows, or only reported.",
    )
    herfindahl: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Greatest Herfindahl index: the sum of the squared shares of the grades; null: no limit.",
    )
    fine_bins: int = Field(
        default=100, ge=10, le=400, description="Most fine bins of the probability, from which bounds are taken."
    )


class LowDefaultSpec(Spec):
    """Upper bounds of Pluto and Tasche: grades that rank risk, in one year or several whose factors are correlated."""

    confidence: float = Field(default=0.9, gt=0, lt=1, description="Level at which the probability is bounded.")
    asset_correlation: float = Field(
        default=0.0, ge=0, lt=1, description="Asset correlation of the common factor; 0: defaults are independent."
    )
    years: int = Field(
        default=1,
        ge=1,
        le=50,
        description="Years that the window of the outcome covers: rows are the obligors at its start, bads those of "
        "all its years. The bound is of the probability of one year; the grade has that of the window, as its bads "
        "have.",
    )
    factor_correlation: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Correlation of the common factor from one year to the next, its power t between years t apart.",
    )
    draws: int = Field(
        default=20_000,
        ge=1_000,
        le=1_000_000,
        description="Simulated paths of the factor, of several correlated years.",
    )
    seed: int = Field(default=0, ge=0, description="Seed of these paths: the same seed gives the same bounds.")

    @property
    def settings(self) -> LowDefault:
        """For `pluto_tasche`."""
        paths = (self.years, self.factor_correlation, self.draws, self.seed)
        return LowDefault(self.confidence, self.asset_correlation, *paths)

    @model_validator(mode="after")
    def _of_years(self) -> LowDefaultSpec:
        if self.factor_correlation > 0 and (self.years == 1 or self.asset_correlation == 0):
            raise PydanticCustomError(
                "low_default", "factor_correlation is of years above 1 with an asset_correlation above 0"
            )
        return self


class RatingScaleSpec(Spec):
    """Grades of the published probability: bounds given, geometric, or designed on a sample."""

    bounds: Annotated[tuple[float, ...], Strict(False)] | None = Field(
        default=None, description="Bounds between grades, ascending probabilities; one fewer than the grades."
    )
    geometric: GeometricScaleSpec | None = Field(default=None, description="Bounds that rise by the same multiple.")
    design: ScaleDesignSpec | None = Field(
        default=None, description="Bounds designed on the data; so they are where neither bounds nor geometric stand."
    )
    sample: Literal["auto", "development", "calibration"] = Field(
        default="auto",
        description="Rows on which a scale is designed and its probabilities are taken; auto: the sample for "
        "calibration where the plan has one, else development.",
    )
    names: Annotated[tuple[GradeName, ...], Strict(False)] | None = Field(
        default=None,
        description="Names of the grades, the safest first; of a design as many as max_grades, of which the first are "
        "used. null: numbers from 1.",
    )
    probability: Literal["mean_probability", "observed", "long_run", "midpoint", "pluto_tasche", "given"] = Field(
        default="mean_probability",
        description="Where the probability of a grade comes from: mean of the predictions in it, its observed bad "
        "rate, the plain mean of its yearly bad rates (data.date), the geometric middle of its bounds, the upper bound "
        "of the bad rate of it and all riskier grades (Pluto and Tasche, for few bads), or a list.",
    )
    low_default: LowDefaultSpec = Field(
        default=LowDefaultSpec(), description="Level and correlation of the bounds, where probability is pluto_tasche."
    )
    probabilities: Annotated[tuple[Probability, ...], Strict(False)] | None = Field(
        default=None, description="Probability of each grade, where probability is given."
    )
    max_share: float = Field(
        default=0.30,
        gt=0,
        le=1,
        description="Greatest share of the rows in a grade: of a design a constraint, of any scale a cut of review.",
    )
    review: float = Field(default=0.05, gt=0, lt=1, description="p-value at or below which a grade is for review.")
    fail: float = Field(default=0.01, gt=0, lt=1, description="p-value at or below which a grade fails.")
    min_rows: int = Field(default=50, ge=1, description="Fewest rows of a grade in a sample for a pass.")
    min_expected: float = Field(
        default=5.0, ge=0, description="Fewest bads that the probability of a grade expects in a sample for a pass."
    )
    asset_correlation: float = Field(
        default=0.04,
        ge=0,
        lt=1,
        description="Asset correlation of the p-value that allows for a common factor (one-factor model of Vasicek).",
    )

    @model_validator(mode="after")
    def _parts_agree(self) -> RatingScaleSpec:
        faults = [*self._ways(), *self._named(), *self._probabilities()]
        if self.fail > self.review:
            faults.append(f"fail {self.fail:g} is above review {self.review:g}")
        if faults:
            raise PydanticCustomError("rating_scale", "{told}", {"told": "; ".join(faults)})
        return self

    @property
    def edges(self) -> tuple[float, ...] | None:
        """Interior bounds; None where they are designed."""
        if self.geometric is not None:
            return geometric_edges(self.geometric.lower, self.geometric.upper, self.geometric.grades)
        return self.bounds

    @property
    def rules(self) -> ScaleRules:
        """Constraints of the design."""
        d = self.design or ScaleDesignSpec()
        return ScaleRules(
            d.min_grades,
            d.max_grades,
            d.min_share,
            self.max_share,
            d.min_bads,
            d.heterogeneity,
            d.homogeneity,
            d.mixed,
            d.fine_bins,
            d.herfindahl,
        )

    @property
    def policy(self) -> GradePolicy:
        """Cuts of the verdicts."""
        sizes = (float(self.min_rows), self.min_expected)
        return GradePolicy(self.review, self.fail, *sizes, self.asset_correlation, self.max_share)

    def names_of(self, grades: int) -> tuple[str, ...]:
        """Names of so many grades."""
        return default_names(grades) if self.names is None else self.names[:grades]

    def _ways(self) -> list[str]:
        named = [n for n in ("bounds", "geometric", "design") if getattr(self, n) is not None]
        found = [] if len(named) < 2 else [f"{' and '.join(named)}: name one of them"]
        if self.bounds is not None:
            found += [f"{fault.message} ({fault.found})" for fault in edge_faults(self.bounds)]
        if self.geometric is not None and not self.geometric.lower < self.geometric.upper:
            found.append(f"geometric: lower {self.geometric.lower:g} is not below upper {self.geometric.upper:g}")
        d = self.design or ScaleDesignSpec()
        if self.design is not None and d.min_grades > d.max_grades:
            found.append(f"design: min_grades {d.min_grades} is above max_grades {d.max_grades}")
        if self.design is not None and d.min_share > self.max_share:
            found.append(f"design: min_share {d.min_share:g} is above max_share {self.max_share:g}")
        return found

    def _count(self) -> int:
        """Number of grades, of a design the greatest."""
        if self.bounds is not None:
            return len(self.bounds) + 1
        return self.geometric.grades if self.geometric is not None else (self.design or ScaleDesignSpec()).max_grades

    def _named(self) -> list[str]:
        if self.names is None:
            return []
        found = [f"names: {name!r} stands {n} times" for name, n in Counter(self.names).items() if n > 1]
        if len(self.names) != self._count():
            found.append(f"names: {len(self.names)} for {self._count()} grades")
        return found

    def _probabilities(self) -> list[str]:
        if self.probability != "given":
            return [] if self.probabilities is None else ["probabilities are used where probability is given"]
        if self.bounds is None and self.geometric is None:
            return ["probabilities cannot be given of a scale that is designed: give bounds too"]
        values = self.probabilities or ()
        if len(values) != self._count():
            return [f"probabilities: {len(values)} for {self._count()} grades"]
        pairs = pairwise(values)
        found = [f"grades cross: probability {q:g} follows {p:g}, and must be above it" for p, q in pairs if not p < q]
        if self._ways():
            return found
        bounds = zip(values, pairwise((0.0, *(self.edges or ()), 1.0)), strict=True)
        outside = [(p, low, high) for p, (low, high) in bounds if not (low <= p < high or p == high == 1.0)]
        return found + [f"probability {p:g} lies outside its grade, {low:g} to {high:g}" for p, low, high in outside]
