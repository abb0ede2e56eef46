"""What a plan says of reason codes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from pydantic.types import Strict

from credit_risk._core.spec import Spec
from credit_risk.sampling.spec import Code, ColumnName, ReasonText

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Words = Annotated[str, StringConstraints(min_length=1)]
Names = Annotated[tuple[ColumnName, ...], Strict(False)]
Reference = Literal["mean_development", "above_cut_off", "baseline", "maximum"]


class CatalogueEntrySpec(Spec):
    """What is told of one characteristic, group of characteristics or rule where it is a reason."""

    code: Words | None = Field(default=None, description="Reason code; null: the name.")
    text: ReasonText | None = Field(
        default=None, description="Words for an applicant, or words by language; null: reason_text of the column."
    )
    source: Words | None = Field(
        default=None,
        description="Where the information comes from, as an applicant is told: the application, a consumer report.",
    )


class ReasonCodesSpec(Spec):
    """From which reference shortfalls are measured, which reasons are told and in which words."""

    reference: Reference = Field(
        default="mean_development",
        description="What an applicant is compared with: mean_development, the mean of all development applicants; "
        "above_cut_off, the mean of those who score at or just above the cut-off (both named by comment 9(b)(2) of "
        "Regulation B); baseline, one typical applicant (Baseline Shapley); maximum, the most points (legacy).",
    )
    band_width: float | None = Field(
        default=None,
        gt=0,
        description="Points above strategy.cut_off that still count as just above it; needed for above_cut_off.",
    )
    baseline: dict[ColumnName, Code | None] = Field(
        default_factory=dict,
        description="Values of the baseline applicant, null being missing; characteristics that are not named have "
        "the typical value of approved applicants, or of all where no cut-off is declared.",
    )
    background_rows: int = Field(
        default=200,
        ge=1,
        le=10_000,
        description="Most applicants of the reference that trees are compared with one by one; the model holds them.",
    )
    maximum: int = Field(default=4, ge=1, le=4, description="Most reasons told, besides inquiries.")
    rank_step: float = Field(
        default=1e-6,
        gt=0,
        le=0.01,
        description="Points by which each rank lowers the reference, to settle ties.",
    )
    groups: dict[ColumnName, Names] = Field(
        default_factory=dict, description="Correlated characteristics that are one reason, by the name of the group."
    )
    inquiries: Names = Field(
        default=(),
        description="Characteristics that count inquiries: told beyond the maximum where they lowered the score.",
    )
    catalogue: dict[ColumnName, CatalogueEntrySpec] = Field(
        default_factory=dict, description="Codes, texts and sources by name of a characteristic, group or rule."
    )
    languages: Annotated[tuple[Language, ...], Strict(False)] = Field(
        default=("en",), min_length=1, description="Languages of the texts; a plain text is of the first."
    )
    notices: bool = Field(
        default=False,
        description="Whether reasons are told to applicants. Then a characteristic of the champion without a text in "
        "every language is an error; otherwise the package says that its reasons are not released for notices.",
    )
