"""What a plan says of quasi-moment matching."""

from __future__ import annotations

from pydantic import Field

from credit_risk._core.spec import Spec


class QuasiMomentSpec(Spec):
    """A mean probability and an AUC, both from outside the sample, that slope and intercept are solved for."""

    rate: float = Field(gt=0.0, lt=1.0, description="What the mean probability of the sample shall be.")
    auc: float = Field(
        gt=0.5,
        lt=1.0,
        description="What the AUC that the probabilities imply of themselves shall be, each row counting as its "
        "probability of a bad and the rest of a good: of a longer history, an external portfolio or peers.",
    )
