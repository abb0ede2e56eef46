"""Reason codes: shortfall of points or attributions against a named reference (Regulation B, comment 9(b)(2)-5)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.explanation.texts import ReasonWords

Floats = NDArray[np.float64]
POINTS, ATTRIBUTIONS = "points_below_reference", "attribution_below_reference"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: the characteristic or group, its members, the value it is read from and what that is held against."""

    name: str
    members: tuple[str, ...]
    value: str
    words: ReasonWords
    reference_points: float
    baseline: float


@dataclass(frozen=True, slots=True)
class Compared:
    """With whom reasons compare: the method of the plan, the applicants in words, how many they are and how many of

    them are used (trees: background rows), and the mean output of trees over those (None for points).
    """

    method: str
    applicants: str
    population: int
    used: int
    base: float | None = None


@dataclass(frozen=True, slots=True)
class ReasonCodes:
    """The reasons of a model in rank order; at most `maximum` are given, and one of `inquiries` beyond them.

    method: of the step; reference: in words; preparation: what model.json needs before the `reasons` step.
    """

    method: str
    reference: str
    reasons: tuple[Reason, ...]
    maximum: int
    rank_step: float
    inquiries: tuple[str, ...]
    preparation: tuple[dict[str, Any], ...]
    compared: Compared

    def steps(self, output: str = "reasons") -> list[dict[str, Any]]:
        """The steps of model.json up to the `reasons` step, whose value is named `output`."""
        step: dict[str, Any] = {
            "id": "reasons",
            "type": "reasons",
            "method": self.method,
            "reference": self.reference,
            "maximum": self.maximum,
            "rank_step": self.rank_step,
            "characteristics": [
                {
                    "characteristic": r.name,
                    "input": r.value,
                    "reason_code": r.words.code,
                    "reference_points": r.reference_points,
                    "baseline": r.baseline,
                }
                for r in self.reasons
            ],
            "output": output,
        }
        if self.inquiries:
            step["inquiries"] = list(self.inquiries)
        return [*self.preparation, step]

    @property
    def untold(self) -> tuple[Reason, ...]:
        """Reasons without a text written for applicants in every language."""
        return tuple(r for r in self.reasons if r.words.missing)


def players(characteristics: Sequence[str], groups: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Members of each reason: groups in the place of their first member, other characteristics by themselves."""
    group_of = {member: name for name, members in groups.items() for member in members}
    found: dict[str, list[str]] = {}
    for name in characteristics:
        found.setdefault(group_of.get(name, name), []).append(name)
    return {name: tuple(members) for name, members in found.items()}


def rank_reasons_of(
    members: Mapping[str, tuple[str, ...]],
    values: Mapping[str, str],
    references: Mapping[str, float],
    words: Mapping[str, ReasonWords],
    rank_step: float,
) -> tuple[Reason, ...]:
    """Reasons in order. values: name of the value, references: what it is held against, both by reason.

    The baseline is the reference less rank_step·rank, so that two reasons never tie and a characteristic that never
    varies is never a reason.
    """
    return tuple(
        Reason(name, own, values[name], words[name], references[name], references[name] - rank_step * rank)
        for rank, (name, own) in enumerate(members.items(), start=1)
    )


def frequency_frame(
    codes: ReasonCodes, given: Mapping[str, pd.DataFrame], weights: Mapping[str, NDArray[np.float64]] | None = None
) -> pd.DataFrame:
    """Evidence `reasons.frequency`. given: by sample, the columns reason_1 … of the scored rows.

    first and any are numbers of applicants; their shares are of weights (n,) by sample where there are any.
    """
    rows: list[dict[str, object]] = []
    for sample, frame in given.items():
        columns: Sequence[str] = [c for c in frame.columns if c.startswith("reason_")]
        for reason in codes.reasons:
            hits = frame[columns] == reason.words.code
            first, anywhere = hits["reason_1"].to_numpy(bool), hits.any(axis=1).to_numpy(bool)
            w = None if weights is None else weights[sample]
            rows.append(
                {
                    "reason_code": reason.words.code,
                    "sample": sample,
                    "first": int(first.sum()),
                    "first_share": _share(first, w),
                    "any": int(anywhere.sum()),
                    "any_share": _share(anywhere, w),
                }
            )
    return pd.DataFrame(rows)


def _share(hits: NDArray[np.bool_], weights: NDArray[np.float64] | None) -> float | None:
    """Share of the rows, or of their weight, (n,) that are hit; None without rows."""
    if not len(hits):
        return None
    if weights is None or bool(np.all(weights == 1.0)):
        return int(hits.sum()) / len(hits)
    return math.fsum(weights[hits]) / math.fsum(weights)


def agreement_frame(
    given: Mapping[str, NDArray[np.object_]],
    used: str,
    population: str,
    weights: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Evidence `reasons.agreement`: every pair of methods on the same applicants.

    given: by method, reason codes (n, most) with None where fewer; used: the method of the model; weights (n,) count in
    the shares.
    """
    rows: list[dict[str, object]] = []
    names = list(given)
    for k, one in enumerate(names):
        for other in names[k + 1 :]:
            a, b = given[one], given[other]
            first = np.array([x[0] == y[0] for x, y in zip(a.tolist(), b.tolist(), strict=True)], bool)
            alike = np.array([set(x) == set(y) for x, y in zip(a.tolist(), b.tolist(), strict=True)], bool)
            rows.append(
                {
                    "method": one,
                    "other": other,
                    "used": used,
                    "population": population,
                    "rows": len(a),
                    "same_first": int(first.sum()),
                    "same_first_share": _share(first, weights),
                    "same_set": int(alike.sum()),
                    "same_set_share": _share(alike, weights),
                }
            )
    return pd.DataFrame(rows)
