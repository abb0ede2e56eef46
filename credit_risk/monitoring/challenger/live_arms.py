"""Arms of the live split that a plan declares, assigned where applicants are scored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit_risk._core.errors import Fault, ScoringError
from credit_risk.monitoring.challenger.assignment import Split, assign, two_arms
from credit_risk.monitoring.challenger.looks import CHAMPION
from credit_risk.monitoring.source.mapping import applicant_of
from credit_risk.monitoring.spec import MonitoringSpec
from credit_risk.package import Package


@dataclass(frozen=True, slots=True)
class LiveArms:
    """split: of the plan; column: of the input that names the applicant, None: the key of the row."""

    split: Split
    column: str | None

    def __call__(self, identifiers: np.ndarray) -> np.ndarray:
        """Arms (n,) of identifiers (n,), None where one is missing."""
        values = np.asarray(identifiers, dtype=object)
        there = ~pd.isna(values)
        found = np.full(len(values), None, dtype=object)
        found[there] = assign(values[there], self.split)
        return found


def live_arms(package: Package, key: str | None) -> LiveArms:
    """Of a package whose plan declares a live split; `key`: column of the keys of what is scored.

    Raises ScoringError where the plan declares no split, or names no column for arms that are logged.
    """
    given = package.plan.get("monitoring")
    spec = None if given is None else MonitoringSpec.model_validate(given).challengers
    if spec is None or spec.share is None or spec.salt is None or spec.live is None:
        remedy = "leave out --arms, or declare share and salt of monitoring.challengers"
        raise ScoringError(Fault("the plan declares no live split", "arms", remedy=remedy))
    if spec.arm is None:
        remedy = "declare monitoring.challengers.arm, as the arm is to be called"
        raise ScoringError(Fault("the plan names no column of arms, so none are logged", "arms", remedy=remedy))
    applicant = applicant_of(package)
    return LiveArms(two_arms(spec.salt, spec.share, CHAMPION, spec.live), None if applicant == key else applicant)
