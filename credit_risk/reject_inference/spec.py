"""What a plan says of reject inference: the method, what it assumes, what is compared, and how far it is stressed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.types import Strict

from credit_risk._core.spec import Spec

Method = Literal[
    "none",
    "reweighting",
    "score_bands",
    "extrapolation",
    "fuzzy_augmentation",
    "parcelling",
    "hard_cut_off",
    "bivariate_probit",
    "self_learning",
    "external_outcomes",
]
Prudence = Annotated[float, Field(ge=1)]
Names = Annotated[tuple[str, ...], Strict(False)]


class AcceptanceSpec(Spec):
    """The model of the decision to accept or reject (not of take-up)."""

    characteristics: Names | None = Field(
        default=None,
        min_length=1,
        description="Characteristics that the decision is modelled on; null: all predictors. The instrument comes "
        "on top.",
    )
    floor: float = Field(
        default=0.02,
        gt=0,
        lt=1,
        description="Least probability of acceptance that a weight is the inverse of; lower ones count as this.",
    )


class ExternalOutcomesSpec(Spec):
    """Outcomes of rejected applicants elsewhere, such as their performance at other lenders by the bureau."""

    column: str = Field(description="Column with the outcome elsewhere; missing where nothing is known.")
    bad: int | float | str | bool = Field(description="Value that means bad; every other value means good.")
    source: str = Field(min_length=1, description="Who observed these outcomes and on which product, in words.")
    date: str = Field(min_length=1, description="When they were observed, YYYY-MM-DD.")


class SelfLearningSpec(Spec):
    """Bias-aware self-learning (Kozodoi et al. 2025): labels of extreme rejects only, round by round."""

    filter: Annotated[tuple[float, float], Strict(False)] = Field(
        default=(0.01, 0.99),
        description="Quantiles of the isolation forest's anomaly score, fitted on the accepted, between which a "
        "rejected applicant is kept.",
    )
    label_share: float = Field(default=0.1, gt=0, lt=0.5, description="Share of sampled rejects labelled bad a round.")
    imbalance: float = Field(default=2.0, gt=0, description="Rejects labelled bad for each labelled good.")
    sampling: float = Field(default=0.8, gt=0, le=1, description="Share of the rejects that a round scores.")
    rounds: int = Field(default=5, ge=1, le=100, description="Most rounds.")
    holdout: float = Field(default=0.1, gt=0, lt=0.5, description="Share held out for Bayesian evaluation.")


class SensitivitySpec(Spec):
    """How large unobserved selection must be to change a decision."""

    prudence: Annotated[tuple[Prudence, ...], Strict(False)] = Field(
        default=(1.0, 1.25, 1.5, 2.0, 3.0, 5.0),
        min_length=1,
        description="Factors on the odds of bad of rejected applicants, against accepted ones of the same "
        "characteristics.",
    )


class RejectInferenceSpec(Spec):
    """The key `reject_inference` of a plan. Needs outcome.status, which tells accepted from rejected applicants."""

    method: Method = Field(
        default="none",
        description="What the candidates are fitted on. none: known outcomes alone. reweighting: these, each by the "
        "inverse probability of acceptance. score_bands: these, by applicants over accepted of the score band (Hsia). "
        "extrapolation: each reject as bad and as good by the model of known outcomes (changes nothing under a correct "
        "model). fuzzy_augmentation: the same with odds times prudence. parcelling: labels drawn by band at the band's "
        "bad rate times prudence. hard_cut_off: labels by a cut-off (biased, for comparison). bivariate_probit: "
        "probability of bad given rejection from a model of both with correlated errors, needs an instrument. "
        "self_learning: labels of confident rejects. external_outcomes: outcomes observed elsewhere.",
    )
    compare: Annotated[tuple[Method, ...], Strict(False)] = Field(
        default=(),
        description="Methods that are tried beside for the table of comparison; no model of the package uses them.",
    )
    acceptance: AcceptanceSpec = Field(default=AcceptanceSpec(), description="The model of the decision.")
    bands: int = Field(default=10, ge=2, le=100, description="Score bands, quantiles of the known outcomes' score.")
    prudence: Prudence = Field(
        default=1.0,
        description="Odds of bad of rejected applicants (parcelling: the bad rate) over those of accepted ones alike "
        "in characteristics.",
    )
    cut_off: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Probability from which hard_cut_off calls a reject bad; null: the one that gives twice the "
        "accepted's bad rate.",
    )
    instrument: str | None = Field(
        default=None,
        description="Column that moved the decision and has no effect on the outcome, given the characteristics; it "
        "stays out of every model.",
    )
    instrument_reason: str | None = Field(
        default=None, min_length=1, description="Why the instrument cannot bear on the outcome, in words."
    )
    external: ExternalOutcomesSpec | None = Field(default=None, description="Outcomes of rejects elsewhere.")
    self_learning: SelfLearningSpec = Field(default=SelfLearningSpec(), description="Settings of self_learning.")
    calibration: Literal["known_outcomes", "inverse_acceptance"] | None = Field(
        default=None,
        description="Weights of the known outcomes that calibrations are fitted on. inverse_acceptance: each by the "
        "inverse of its probability of acceptance (no less than acceptance.floor), so that they stand for all "
        "applicants; the weights keep their sum. A declared target is then a rate of all applicants, while the mean "
        "that is set to the long-run average stays one of accepted applicants, as that average is. known_outcomes: as "
        "they are, which calibrates to accepted applicants. Null: inverse_acceptance for reweighting, score_bands and "
        "self_learning, known_outcomes for the others.",
    )
    sensitivity: SensitivitySpec = Field(default=SensitivitySpec(), description="Range of the sensitivity analysis.")
    replicates: int = Field(
        default=200,
        ge=0,
        le=10_000,
        description="Bootstrap replicates of the whole procedure behind the standard errors; 0: none.",
    )

    @property
    def tried(self) -> tuple[Method, ...]:
        """The method of the plan and those beside it, each once; empty where there is no reject inference."""
        if self.method == "none" and not self.compare:
            return ()
        return tuple(dict.fromkeys((self.method, *self.compare)))

    @property
    def weighs_calibration(self) -> bool:
        """Whether calibrations are fitted on known outcomes by inverse probability of acceptance."""
        if not self.tried:
            return False
        if self.calibration is None:
            return self.method in ("reweighting", "score_bands", "self_learning")
        return self.calibration == "inverse_acceptance"

    def columns(self) -> dict[str, str]:
        """Columns that are named here, each with its key path."""
        listed = self.acceptance.characteristics or ()
        named = {name: f"reject_inference.acceptance.characteristics[{i}]" for i, name in enumerate(listed)}
        if self.instrument is not None:
            named.setdefault(self.instrument, "reject_inference.instrument")
        if self.external is not None:
            named.setdefault(self.external.column, "reject_inference.external.column")
        return named

    @property
    def apart(self) -> tuple[tuple[str, str], ...]:
        """Columns that stay out of every model, with their roles."""
        instrument = () if self.instrument is None else ((self.instrument, "instrument"),)
        return instrument if self.external is None else (*instrument, (self.external.column, "external outcome"))
