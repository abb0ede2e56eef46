"""The policy as it is written: strict, frozen, no unknown keys. What parts say of each other is in `checks`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic.types import Strict

from credit_risk._core.spec import Spec
from credit_risk.inventory.policy.catalogue import Level

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=False, pattern=r"\S")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Severity = Literal["critical", "high", "medium", "low", "observation"]
Frequency = Literal["monthly", "quarterly", "half_yearly", "yearly"]
Role = Literal["developer", "validator", "owner", "approver", "user", "vendor"]
DateKind = Literal["review", "monitoring"]
Texts = Annotated[tuple[Text, ...], Strict(False)]
Names = Annotated[tuple[Name, ...], Strict(False)]


class HeadSpec(Spec):
    """What the policy is called and who answers for it."""

    name: Text = Field(description="Name of the policy.")
    version: Text = Field(description="Version of the policy, as text.")
    date: Day = Field(description="Day from which it holds, as 2026-11-27.")
    owner: Text = Field(description="Who answers for the policy.")
    basis: Text | None = Field(default=None, description="What it rests on.")


class ExposureSpec(Spec):
    """Classes of exposure by their lower ends."""

    unit: Text = Field(description="What exposure is counted in, in words.")
    begins: dict[Level, Annotated[float, Field(ge=0)]] = Field(
        description="Lower end of low (0), medium and high; an exposure is of the highest class it reaches.",
    )


class ComplexitySpec(Spec):
    """What raises a tier."""

    aspects: dict[Name, Text] = Field(
        min_length=1, description="Aspects that are judged, each with what its levels mean."
    )
    points: dict[Level, Annotated[int, Field(ge=0)]] = Field(description="Points of each level of an aspect.")
    raise_from: int = Field(ge=1, description="Points, over all aspects, from which the tier is raised by one.")


class TieringSpec(Spec):
    """The rule that gives a tier: exposure by purpose, raised by complexity."""

    version: Text = Field(description="Version of the rule; a tier remembers it.")
    exposure: ExposureSpec = Field(description="Classes of exposure.")
    purpose: dict[Level, Texts] = Field(description="Purposes of each class, as a model names them.")
    matrix: dict[Level, dict[Level, Name]] = Field(description="Tier by exposure (rows) and purpose (columns).")
    complexity: ComplexitySpec = Field(description="What raises the tier.")


class TierSpec(Spec):
    """What a tier asks for in time."""

    title: Text = Field(description="What the tier is called.")
    monitoring: Frequency = Field(description="How often the model is monitored.")
    review_months: int = Field(ge=1, le=120, description="Months from one review to the next.")
    approval_months: int = Field(ge=1, le=120, description="Months after which an approval expires.")
    finding_days: dict[Severity, Annotated[int, Field(ge=1, le=3650)]] = Field(
        description="Days in which a finding is to be closed, by severity; a severity that is left out has no deadline."
    )


class RequirementSpec(Spec):
    """One line of a gate: a check, a document or an approval."""

    check: Name | None = Field(default=None, description="Name of a check.")
    document: Name | None = Field(default=None, description="Name of a document of the annex documents/.")
    approval: Role | None = Field(default=None, description="Role in which a decision is signed.")
    count: int = Field(default=1, ge=1, le=9, description="Different persons who must approve in this role.")
    tiers: Names | None = Field(default=None, description="Tiers of which it is asked; left out, of all.")

    @model_validator(mode="after")
    def _one_thing(self) -> RequirementSpec:
        given = [name for name in ("check", "document", "approval") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"a requirement names one of check, document, approval; found {' and '.join(given) or 'none'}"
            )
        if self.count > 1 and self.approval is None:
            raise ValueError("count belongs to an approval")
        return self


class GateSpec(Spec):
    """What a gate requires, whether its passage expires, and the next dates that it sets."""

    requires: Annotated[tuple[RequirementSpec, ...], Strict(False)] = Field(
        min_length=1, description="What is required, one thing a line."
    )
    expires: bool = Field(default=False, description="Whether the passage ends after approval_months of the tier.")
    dates: Annotated[tuple[DateKind, ...], Strict(False)] = Field(
        default=(), description="Next dates of the model that passing sets: review, monitoring."
    )


class GatesSpec(Spec):
    """The gates, each named by the stage behind it."""

    proposed: GateSpec = Field(description="Objectives and KPIs are signed.")
    developed: GateSpec = Field(description="Development is complete.")
    validated: GateSpec = Field(description="Independent validation is complete.")
    approved: GateSpec = Field(description="Use is approved.")
    live: GateSpec = Field(description="Use begins, or is resumed.")
    restricted: GateSpec = Field(description="Use is restricted.")
    retired: GateSpec = Field(description="Use has ended.")


class OverrideSpec(Spec):
    """Passing a gate over in an emergency."""

    gates: Annotated[tuple[Literal["validated", "approved", "live"], ...], Strict(False)] = Field(
        description="Gates that may be passed over; none: an empty list."
    )
    role: Role = Field(description="Role that may do it.")
    finding_severity: Severity = Field(description="Severity of the finding that it leaves.")
    days: int = Field(ge=1, le=365, description="Days in which that finding is to be closed.")


class SignaturesSpec(Spec):
    """Which acts that only describe need the key of the person; acts that decide need it always."""

    propose: bool = Field(default=True, description="Proposing a version.")
    describe: bool = Field(default=True, description="Changing what is said of a model.")
    tier: bool = Field(default=True, description="Setting the tier by the rule; an override is always signed.")
    date: bool = Field(default=True, description="Setting a next date.")
    finding: bool = Field(default=True, description="Raising findings, and recording the validator's.")
    respond: bool = Field(default=True, description="Answering a finding.")
    experiment: bool = Field(default=True, description="Logging a run of development.")
    decide: bool = Field(default=True, description="Logging a decision of development.")
    privacy: bool = Field(
        default=True, description="Reading and erasing personal data; every act of a store of protected attributes."
    )

    def needed(self, act: str) -> bool:
        """Whether an act of contracts.DESCRIPTIVE_ACTS needs a key."""
        return bool(getattr(self, act))


class RaciSpec(Spec):
    """Who is responsible, accountable (one), consulted and informed."""

    responsible: Names = Field(min_length=1, description="Who does it.")
    accountable: Name = Field(description="Who answers for it: one party.")
    consulted: Names = Field(default=(), description="Who is asked before.")
    informed: Names = Field(default=(), description="Who is told after.")


class PurposeSpec(Spec):
    """One purpose for which protected attributes may be read."""

    title: Text = Field(description="The purpose in words.")
    basis: Text = Field(description="Legal basis on which attributes are held and read for it.")
    persons: Names | None = Field(
        default=None, description="Persons who may read for it, as registered; left out, every registered person."
    )


class ProtectedSpec(Spec):
    """Protected attributes of applicants: for what they may be read, and how long they are kept."""

    purposes: dict[Name, PurposeSpec] = Field(min_length=1, description="Purposes, by name; any other is refused.")
    keep_months: int = Field(
        ge=1, le=600, description="Months for which attributes are kept at most, and by default, after they are loaded."
    )


class PolicySpec(Spec):
    """A whole policy."""

    policy: HeadSpec = Field(description="Name, version, owner.")
    tiering: TieringSpec = Field(description="The rule that gives a tier.")
    tiers: dict[Name, TierSpec] = Field(min_length=1, description="Tiers, the strictest first.")
    blocking: Annotated[tuple[Severity, ...], Strict(False)] = Field(
        min_length=1, description="Severities of open findings that block; critical and high at least."
    )
    gates: GatesSpec = Field(description="What each gate requires.")
    override: OverrideSpec = Field(description="Passing a gate over in an emergency.")
    protected: ProtectedSpec | None = Field(
        default=None, description="Protected attributes of applicants; left out, nobody may read any."
    )
    signatures: SignaturesSpec = Field(
        default=SignaturesSpec(), description="Which acts that only describe need a key; left out, all of them."
    )
    parties: dict[Name, Text] = Field(description="Parties of the RACI, each in words; the roles among them.")
    raci: dict[Name, RaciSpec] = Field(description="Who does what, by gate and activity.")

    def tier_names(self) -> tuple[str, ...]:
        """Names of the tiers, the strictest first."""
        return tuple(self.tiers)

    def gate(self, name: str) -> GateSpec:
        """The gate of a stage. Raises KeyError where there is none."""
        if name not in GatesSpec.model_fields:
            raise KeyError(name)
        found: GateSpec = getattr(self.gates, name)
        return found

    def requirements(self, gate: str, tier: str) -> tuple[RequirementSpec, ...]:
        """What a gate requires of a tier, in the order in which it is written."""
        return tuple(one for one in self.gate(gate).requires if one.tiers is None or tier in one.tiers)
