"""What a plan says of fairness."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints
from pydantic.types import Strict

from credit_risk._core.spec import Spec

Name = Annotated[str, StringConstraints(min_length=1)]
Edges = Annotated[tuple[float, ...], Strict(False)]


class AlternativesSpec(Spec):
    """The search for less discriminatory alternatives of a scorecard. It reports, and never changes the model."""

    gini_loss: float = Field(
        default=0.01, ge=0, lt=1, description="Greatest loss of Gini that an alternative may have on held-out data."
    )
    least_reduction: float = Field(
        default=0.05,
        gt=0,
        description="Least reduction of the standardised mean difference; smaller differences are not searched.",
    )
    fits: int = Field(default=60, ge=2, le=10_000, description="Most fits of the search.")


class FairnessSpec(Spec):
    """How protected groups (`data.protected`) are made and compared."""

    references: dict[Name, Name] = Field(
        default_factory=dict,
        description="Reference group of an attribute, as the tables name it; of others it is the group with the "
        "highest approval rate on development (29 CFR 1607.4(D)), without a cut-off that of the highest mean score.",
    )
    edges: dict[Name, Edges] = Field(
        default_factory=dict,
        description="Edges of the bands [a, b) of a protected number, ascending; of others every value is a group, or "
        "quarters of development where there are more than ten.",
    )
    age: Name | None = Field(
        default=None,
        description="Protected column that is an age in years, for the test of applicants of 62 and over (12 CFR "
        "1002.6(b)(2)); null: no column is taken for an age, and there is no such test.",
    )
    intersections: bool = Field(
        default=True, description="Whether groups of every two protected attributes together are compared."
    )
    proxy_auc: float = Field(
        default=0.6,
        ge=0.5,
        lt=1,
        description="AUC from which on a predictor, or all inputs together, are said to tell a protected group.",
    )
    less_discriminatory_alternatives: AlternativesSpec | None = Field(
        default=None,
        description="Search for alternatives of the champion, a scorecard, by which protected groups differ less; "
        "null: none.",
    )
    min_rows: int = Field(
        default=30, ge=2, le=1_000_000, description="Fewest rows of a group for which a rate is told and compared."
    )
