"""What a plan says of calibration: which maps are tried, on which sample, and what decides."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.types import Strict

from credit_risk._core.spec import Spec
from credit_risk.calibration.by_spec import BySpec
from credit_risk.calibration.external_spec import ExternalSpec
from credit_risk.calibration.quasi_moment_spec import QuasiMomentSpec

Method = Literal["none", "intercept_shift", "logistic", "beta", "isotonic", "centred_isotonic", "venn_abers"]
Criterion = Literal["log_loss", "brier", "miscalibration"]
CalibrationSample = Literal["calibration", "out_of_sample", "development"]


Rate = Annotated[float, Field(gt=0, lt=1)]


class ResamplingSpec(Spec):
    """Goods and bads of the sample were drawn at other rates than the population's."""

    population_rate: Rate = Field(description="Share of bads in the population that the sample was drawn from.")


class CalibrationSpec(Spec):
    """The key `calibration` of a plan: from the linear score of every candidate to its probability of bad.

    The score and its points stay a linear map of the linear score; only the published probability is calibrated.
    """

    methods: Annotated[tuple[Method, ...], Strict(False)] = Field(
        default=("none",),
        min_length=1,
        description="Maps to try, each increasing in the linear score (log-odds of bad). none: the logistic function "
        "of the linear score. intercept_shift: a shift. logistic: slope and intercept (Platt). beta: three parameters. "
        "isotonic: steps. centred_isotonic: lines between the steps' centres. venn_abers: two isotonic fits in one. Of "
        "several, the criterion decides.",
    )
    criterion: Criterion = Field(
        default="log_loss",
        description="What decides among several methods, on the held-out folds of the sample: log loss, Brier score, "
        "or the part of the Brier score that an isotonic recalibration of the fold takes away (miscalibration).",
    )
    one_standard_error: bool = Field(
        default=True,
        description="Whether the simplest method within one standard error (of paired differences over folds) of the "
        "best is chosen, in the order none, intercept_shift, logistic, beta, isotonic, centred_isotonic, venn_abers; "
        "else the best.",
    )
    folds: int = Field(
        default=5,
        ge=2,
        le=50,
        description="Folds of the sample on which several methods are compared; rows of one cluster in one fold.",
    )
    sample: CalibrationSample | None = Field(
        default=None,
        description="Sample that the map is fitted on; null: calibration, where samples.calibration makes one. On "
        "out_of_sample or development, tests of calibration on that sample are not independent, and are told so.",
    )

    target: Rate | Literal["long_run_average"] | None = Field(
        default=None,
        description="What the mean probability of the sample shall be, such as a long-run default rate: after the map "
        "the log-odds are shifted by what reaches it. long_run_average: that of the key long_run. Null: no anchor.",
    )
    resampling: ResamplingSpec | None = Field(
        default=None,
        description="Shift of the log-odds by Bayes' rule, only for a sample in which goods and bads were drawn at "
        "known other rates; it does not make the mean probability the rate, and is no substitute for target.",
    )
    by: BySpec | None = Field(
        default=None,
        description="A map for each segment of a column, the pooled map for the others and for rows without one. Of "
        "several methods one is chosen, on all rows of the sample; a target or resampling shifts all maps alike. Null: "
        "one map.",
    )
    external: ExternalSpec | None = Field(
        default=None,
        description="External bad rates by band of a column, which the mean probability of all rows in each band, "
        "outcome known or not, shall come nearest to; in place of target and resampling. Null: none.",
    )
    quasi_moments: QuasiMomentSpec | None = Field(
        default=None,
        description="For samples with too few bads to fit a slope: slope and intercept on the linear score are solved "
        "for this mean probability and this AUC (Tasche 2013); in place of methods, target, resampling and external.",
    )

    @property
    def asked(self) -> bool:
        """Whether the published probability may differ from the logistic function of the linear score."""
        moved = (self.target, self.resampling, self.external, self.quasi_moments)
        return self.methods != ("none",) or any(one is not None for one in moved)

    @property
    def fitted_on(self) -> str | None:
        """The sample that the calibration is fitted on; None where there is none."""
        return (self.sample or "calibration") if self.asked else None
