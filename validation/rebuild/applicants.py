"""Applicants on whom a decision was made: who was accepted, whose outcome is known, and how both models score them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.workspace import Workspace
from validation.score import score
from validation.steps.values import Value

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
ACCEPTED = ("booked", "not_taken_up", "overridden_low")
REJECTED = ("rejected", "overridden_high")


@dataclass(frozen=True, slots=True)
class Applicants:
    """n applicants in the order of the snapshot; row: their places in it. acceptance: probability of being accepted,

    probability: of bad, both as the package states them; outcome NaN where it is not known. All (n,).
    """

    row: NDArray[np.int64]
    sample: NDArray[np.object_]
    accepted: Mask
    acceptance: Floats
    probability: Floats
    outcome: Floats
    weight: Floats
    cluster: NDArray[np.int64]
    key: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.row)

    @property
    def known(self) -> Mask:
        """(n,) whose outcome is known."""
        return ~np.isnan(self.outcome)

    @property
    def rejected(self) -> Mask:
        """(n,) who was rejected."""
        return ~self.accepted

    def of(self, sample: str) -> Applicants:
        """The applicants of one sample."""
        return self.where(np.equal(self.sample, sample).astype(bool))

    def where(self, inside: Mask) -> Applicants:
        """The applicants `inside` (n,)."""
        return Applicants(**{item.name: getattr(self, item.name)[inside] for item in fields(self)})


def applicants_of(space: Workspace) -> Applicants | None:
    """Return the applicants that the package tells of, or None where it has no reject inference."""
    held = space.package.reject_inference
    if held is None:
        return None
    table = held.applicants
    row = table["row"].to_numpy(np.int64)
    return Applicants(
        row=row,
        sample=table["_sample"].to_numpy(object),
        accepted=table["_accepted"].to_numpy(np.int64) == 1,
        acceptance=table["_acceptance"].to_numpy(np.float64),
        probability=table["_probability"].to_numpy(np.float64),
        outcome=space.outcome[row],
        weight=space.weight[row],
        cluster=space.cluster[row],
        key=space.frame["_key"].to_numpy(object)[row],
    )


def decided(status: NDArray[np.object_]) -> NDArray[np.int64]:
    """(n,) 1 accepted, 0 rejected, −1 no decision, by the word for the status of an applicant."""
    found = np.full(len(status), -1, dtype=np.int64)
    found[np.isin(status.astype(str), ACCEPTED)] = 1
    found[np.isin(status.astype(str), REJECTED)] = 0
    return found


@dataclass(frozen=True, slots=True)
class Scored:
    """Every named value of the model of the decision and of that of known outcomes, over the snapshot."""

    acceptance: dict[str, Value]
    known_outcomes: dict[str, Value]


def scored_models(space: Workspace) -> Scored | None:
    """Score both models with our own engine; None where the package has no reject inference."""
    held = space.package.reject_inference
    if held is None:
        return None
    return Scored(score(held.acceptance, space.frame), score(held.known_outcomes, space.frame))
