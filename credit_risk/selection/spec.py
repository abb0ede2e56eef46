"""What a plan says of selecting characteristics."""

from __future__ import annotations

from pydantic import Field

from credit_risk._core.spec import Spec
from credit_risk.sampling.spec import ColumnNames


class SelectionSpec(Spec):
    """Which classed characteristics may enter the scorecard."""

    min_information_value: float = Field(default=0.02, ge=0, description="Least information value.")
    max_gini: float = Field(
        default=0.95,
        gt=0,
        le=1,
        description="Greatest Gini of one characteristic on its fine classes; above it, it is suspected of leakage.",
    )
    max_correlation: float = Field(
        default=0.8, gt=0, le=1, description="Greatest absolute correlation of two weights of evidence."
    )
    max_variance_inflation: float = Field(default=5.0, ge=1, description="Greatest variance inflation factor.")
    max_p_value: float = Field(default=0.05, gt=0, le=1, description="Greatest p-value of a coefficient.")
    sign_check: bool = Field(
        default=True,
        description="Whether a coefficient whose sign contradicts the weights of evidence is removed.",
    )
    include: ColumnNames = Field(default=(), description="Characteristics that are kept whatever the rules say.")
    exclude: ColumnNames = Field(default=(), description="Characteristics that are never used.")
