"""What a plan says of strategy."""

from __future__ import annotations

from pydantic import Field

from credit_risk._core.spec import Spec


class StrategySpec(Spec):
    """The cut-off. It is never assumed: undeclared means that tests of a cut-off are not evaluable."""

    cut_off: float | None = Field(
        default=None, description="Lowest score that is accepted; null: not declared, tests at a cut-off do not apply."
    )
