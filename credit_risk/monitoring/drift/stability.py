"""Stability of the score and of every characteristic on development's bins, judged beside chance.

An index is told with three things: the policy's bands, what chance alone reaches, and a test of the tolerance
(noncentral chi-square). It is red where it is material and beyond chance. Missing, special codes and categories that
development has not met are bins of their own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from credit_risk.evaluation.stability_many import ManyStabilities, stability_of_many
from credit_risk.monitoring.drift.columns import AMBER, BIN_COLUMNS, GREEN, GREY, RED, STABILITY_COLUMNS
from credit_risk.monitoring.drift.multiplicity import adjusted_by_family, persistence
from credit_risk.monitoring.drift.policy import StabilityPolicy
from credit_risk.monitoring.drift.tables import VariableCounts, aligned
from credit_risk.monitoring.frames import ALL

DEFAULT = StabilityPolicy()


def stability_frame(reference: pd.DataFrame, counts: pd.DataFrame, policy: StabilityPolicy = DEFAULT) -> pd.DataFrame:
    """STABILITY_COLUMNS: the index of each variable in each period and segment against development.

    reference, counts: as `frames` says; the reference may have a column `segment`, with which each segment is held
    against itself. A period in which a variable has no rows at all is there and not evaluable. p-values are adjusted
    within each period over all variables and segments that are evaluable but the `first` ones over all rows. Raises
    CreditRiskError as `aligned` does.
    """
    found = aligned(reference, counts)
    parts = [_measured(variable, found.groups, policy) for variable in found.variables]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=STABILITY_COLUMNS)
    frame = frame.sort_values(["period", "segment"], kind="stable").reset_index(drop=True)
    judged = _judged(frame, policy)[STABILITY_COLUMNS]
    judged.attrs["notes"] = stability_notes(policy)
    return judged


def stability_notes(policy: StabilityPolicy) -> tuple[str, ...]:
    """What the frame of stability is to be read with."""
    rule = {
        "half_everywhere": "0.5 is added to every cell of both samples, empty or not",
        "add_half": "where a bin is empty in one sample, 0.5 is added to every cell of both",
        "raise": "no cell is empty",
    }.get(str(policy.zero_cells), f"an empty share is taken as {policy.zero_cells}")
    cuts = f"review from {policy.review:g}, fail from {policy.fail:g}"
    return (
        "bins fixed on development; missing, special codes and categories not met in development are bins of their own",
        rule,
        f"bands: {cuts}: policy, not significance; red: fail and beyond chance at {policy.level:g}; amber: review",
        f"chance level and p-value: chi-square of an unchanged population (Yurdakul and Naranjo 2020); tolerance test: "
        f"noncentral chi-square, of a population whose own index is at most {policy.tolerance:g}",
        f"{' and '.join(policy.first) or 'no variable'} over all rows tested as is; p-values of others adjusted "
        f"together within a period ({policy.control}); what is grey is not tested",
        f"persistent: review or more, beyond chance, in {policy.k} of the last {policy.n} evaluable periods",
    )


def bin_frame(reference: pd.DataFrame, counts: pd.DataFrame, policy: StabilityPolicy = DEFAULT) -> pd.DataFrame:
    """BIN_COLUMNS: shares of each bin, what it adds to the index and to the shift of the mean linear score.

    Shares are as counted; contributions are by the policy's rule of empty cells. Raises CreditRiskError as `aligned`.
    """
    found = aligned(reference, counts)
    parts = []
    for variable in found.variables:
        result, expected, _ = _index(variable, found.groups, policy)
        with np.errstate(invalid="ignore", divide="ignore"):
            first = expected / expected.sum(axis=1, keepdims=True)
            second = variable.actual / variable.actual.sum(axis=1, keepdims=True)
        groups, k = len(found.groups), len(variable.bins)
        effect = np.tile(variable.bins["effect"].to_numpy(np.float64), groups)
        gap = (second - first).ravel()
        cells = {
            "period": np.repeat(found.groups["period"].to_numpy(), k),
            "segment": np.repeat(found.groups["segment"].to_numpy(), k),
            "variable": variable.name,
            **{name: np.tile(variable.bins[name].to_numpy(), groups) for name in ("bin", "label", "kind")},
            "expected_share": first.ravel(),
            "actual_share": second.ravel(),
            "difference": gap,
            "contribution": result.contributions.ravel(),
            "effect": effect,
            "score_shift": gap * effect,
        }
        parts.append(pd.DataFrame(cells))
    return pd.concat(parts, ignore_index=True)[BIN_COLUMNS] if parts else pd.DataFrame(columns=BIN_COLUMNS)


def _index(
    variable: VariableCounts, groups: pd.DataFrame, policy: StabilityPolicy
) -> tuple[ManyStabilities, np.ndarray, np.ndarray]:
    counted, against = variable.expected_of(groups["segment"].to_numpy(object))
    told = variable.told(counted)[:, None]
    # Where development is not known nothing is compared: production without rows gives NaN in every figure.
    expected = np.where(told, counted * policy.development_effect, 1.0)
    rules = {"tolerance": policy.tolerance, "level": policy.level}
    actual = np.where(told, variable.actual, 0.0)
    return stability_of_many(expected, actual, policy.zero_cells, **rules), counted, against


def _measured(variable: VariableCounts, groups: pd.DataFrame, policy: StabilityPolicy) -> pd.DataFrame:
    result, counted, against = _index(variable, groups, policy)
    return pd.DataFrame(
        {
            "period": groups["period"],
            "segment": groups["segment"],
            "variable": variable.name,
            "held_against": against,
            "expected_rows": counted.sum(axis=1),
            "actual_rows": variable.actual.sum(axis=1),
            "bins": result.bins,
            "psi": result.psi,
            "chance_level": result.chance_level,
            "critical_value": result.critical_value,
            "p_value": result.p_value,
            "tolerance_p_value": result.tolerance_p_value,
            "empty_cells": result.empty_cells,
            "zero_cell_rule": list(result.rules),
        }
    )


def _judged(frame: pd.DataFrame, policy: StabilityPolicy) -> pd.DataFrame:
    """The frame with adjusted p-values, bands, persistence, verdict and reason."""
    psi, rows = frame["psi"].to_numpy(np.float64), frame["actual_rows"].to_numpy(np.float64)
    segment = frame["segment"].to_numpy(object)
    foreign = (frame["held_against"].to_numpy(object) != segment) & (not policy.whole_for_segments)
    blind = (frame["chance_level"] >= policy.review) & (psi <= frame["critical_value"])
    grey = (rows < policy.least_rows) | foreign | blind.to_numpy(bool) | np.isnan(psi)
    first = frame["variable"].isin(policy.first).to_numpy(bool) & (segment == ALL)
    tested = np.where(grey, np.nan, frame["p_value"])
    adjusted = adjusted_by_family(tested, frame["period"].to_numpy(object), first, policy.control)
    beyond = np.nan_to_num(adjusted, nan=1.0) <= policy.level
    over = ~grey & beyond & (psi >= policy.review)
    series = pd.factorize(pd.MultiIndex.from_frame(frame[["segment", "variable"]]))[0]
    seen, count, persistent = persistence(frame["period"], series, over, ~grey, k=policy.k, n=policy.n)
    band = np.select([np.isnan(psi), psi >= policy.fail, psi >= policy.review], ["", "fail", "review"], "pass")
    material = psi >= policy.fail
    verdict = np.select([grey, material & beyond, psi >= policy.review], [GREY, RED, AMBER], GREEN)
    judged = frame.assign(
        adjusted_p_value=adjusted,
        band=band,
        material=material,
        beyond_chance=beyond & ~grey,
        periods_seen=seen,
        periods_beyond=count,
        persistent=persistent,
        verdict=verdict,
    )
    judged["reason"] = [_reason(row, policy) for row in judged.itertuples(index=False)]
    return judged


def _reason(row: object, policy: StabilityPolicy) -> str:
    told = {name: getattr(row, name) for name in ("actual_rows", "psi", "chance_level", "critical_value", "band")}
    if row.verdict == GREY:  # type: ignore[attr-defined]
        if told["actual_rows"] <= 0:
            return "no rows of this variable"
        if told["actual_rows"] < policy.least_rows:
            return f"{told['actual_rows']:.0f} rows, fewer than {policy.least_rows:.0f}"
        if not told["psi"] >= 0:
            return "development's counts are not known"
        if row.held_against != row.segment:  # type: ignore[attr-defined]
            return "development has no counts of this segment; the index is against all of development"
        return f"too few rows: an unchanged population reaches {told['chance_level']:.3g} by chance"
    if told["band"] == "pass":
        what = f"index below {policy.review:g}"
        return what + (", though beyond chance" if row.beyond_chance else "")  # type: ignore[attr-defined]
    what = f"index of at least {policy.fail if told['band'] == 'fail' else policy.review:g}"
    if not row.beyond_chance:  # type: ignore[attr-defined]
        return what + ", within what chance and the number of tests explain"
    shown = told["psi"] > told["critical_value"]
    return (
        what + ", beyond chance" + ("" if shown else f", not shown to be above {policy.tolerance:g} in the population")
    )
