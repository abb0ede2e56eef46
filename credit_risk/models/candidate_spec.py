"""What every candidate model of a plan has."""

from __future__ import annotations

from pydantic import Field

from credit_risk._core.spec import Spec

IDENTIFIER = r"^[a-z0-9][a-z0-9_.-]{0,99}$"


class CandidateSpec(Spec):
    """What every candidate has."""

    id: str = Field(pattern=IDENTIFIER, description="Identifier, used as a folder name in the package.")
    champion: bool = Field(default=False, description="Whether this is the model of the package; exactly one is.")
