"""The bivariate probit that a package states: its parameters, and the data of its likelihood (SPECIFICATION 5.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.package import RejectInference
from validation.rebuild.applicants import Applicants, Scored
from validation.rebuild.bivariate import Selection, bad_given_rejected
from validation.structure import scorecard_of

Floats = NDArray[np.float64]
Row = Mapping[str, Any]
OF_DECISION = " (decision)"
INTERCEPT = "intercept"


@dataclass(frozen=True, slots=True)
class Stated:
    """theta (k,): γ, β and atanh ρ as the package states them, in the order of its rows; rho beside."""

    data: Selection
    rows: tuple[Row, ...]
    theta: Floats
    rho: float

    @property
    def if_rejected(self) -> Floats:
        """Probability of bad given rejection (n,) at the stated parameters."""
        gamma, beta, _ = self.data.split(self.theta)
        return bad_given_rejected(self.data.z @ gamma, self.data.x @ beta, self.rho)


def stated_probit(
    held: RejectInference, people: Applicants, scored: Scored, table: Sequence[Row] | None
) -> Stated | None:
    """Return what the table `reject_inference.probit` states, or None where its terms are not those of both models."""
    models = scorecard_of(held.acceptance), scorecard_of(held.known_outcomes)
    if not table or models[0] is None or models[1] is None:
        return None
    columns: dict[tuple[str, str], Floats] = {}
    for equation, card, values, end in (
        ("decision", models[0], scored.acceptance, OF_DECISION),
        ("outcome", models[1], scored.known_outcomes, ""),
    ):
        columns[equation, INTERCEPT] = np.ones(len(people))
        for term in card.terms:
            woe = values[term.classing["output_woe"]].data[people.row]
            columns[equation, f"{term.characteristic}{end}"] = woe
    order = sorted(table, key=lambda row: ("decision", "outcome", "correlation").index(row["equation"]))
    keys = [(str(row["equation"]), str(row["term"])) for row in order]
    if any(key not in columns for key in keys[:-1]) or keys[-1] != ("correlation", "rho"):
        return None
    parts = {one: [columns[key] for key in keys[:-1] if key[0] == one] for one in ("decision", "outcome")}
    z, x = (np.column_stack(parts[one]) for one in ("decision", "outcome"))
    data = Selection(z, x, people.outcome, people.accepted, people.weight)
    rho = float(order[-1]["estimate"])
    theta = np.array([*(float(row["estimate"]) for row in order[:-1]), np.arctanh(rho)], dtype=np.float64)
    return Stated(data, tuple(order), theta, rho)
