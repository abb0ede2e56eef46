"""Quality of production data by the contract of the plan: rates by period from counts, each beside chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.evaluation.proportions import binomial_tail, two_proportions
from credit_risk.monitoring.drift.columns import AMBER, BREACH_COLUMNS, GREEN, GREY, QUALITY_COLUMNS, RED, SCORE
from credit_risk.monitoring.drift.multiplicity import Control, adjusted_by_family
from credit_risk.monitoring.drift.tables import Aligned, VariableCounts, aligned, require_columns
from credit_risk.monitoring.frames import ALL

ROWS = "(rows)"
"""The variable of rules about the number of rows."""
BREAKS = frozenset(
    ("missing", "unseen", "type", "not_finite", "range", "allowed", "missing_forbidden", "constant", "unit",
     "special_undeclared", "refused")
)  # fmt: skip
"""Rules whose breach says that the record is wrong. `special` and the numbers of rows may move with the applicants."""


@dataclass(frozen=True, slots=True)
class QualityPolicy:
    """review_change, material_change: of a share against development (missing, special, segment). tolerated, material:
    rates of breaches and of categories not met in development. unit_ratio: of medians, either way, from which a unit
    is suspected; rows_ratio: of rows to the mean of the periods before. level, control, least_rows: as of stability.
    first: variables that are no inputs, whose bins are not looked at."""

    review_change: float = 0.02
    material_change: float = 0.05
    tolerated: float = 0.001
    material: float = 0.01
    unit_ratio: float = 3.0
    rows_ratio: float = 2.0
    level: float = 0.05
    control: Control = "bh"
    least_rows: float = 200.0
    outputs: tuple[str, ...] = (SCORE, "grade")

    def __post_init__(self) -> None:
        arguments = Arguments("policy")
        for name, fine in (
            ("material_change", 0 < self.review_change <= self.material_change < 1),
            ("material", 0 < self.tolerated <= self.material < 1),
            ("unit_ratio", self.unit_ratio > 1),
            ("rows_ratio", self.rows_ratio > 1),
            ("level", 0 < self.level < 1),
            ("least_rows", self.least_rows >= 1),
        ):
            arguments.require(fine, name, "out of range", "range", found=repr(getattr(self, name)))
        arguments.raise_if_any()


DEFAULT = QualityPolicy()


def quality_frame(
    reference: pd.DataFrame,
    counts: pd.DataFrame,
    *,
    breaches: pd.DataFrame | None = None,
    findings: Sequence[pd.DataFrame] = (),
    policy: QualityPolicy = DEFAULT,
) -> pd.DataFrame:
    """QUALITY_COLUMNS: every rule in every period and segment, judged together.

    From counts: values that the package refuses and categories that development has not met (binomial, against the rate
    tolerated), shares of missing and of special codes against development (two proportions), a characteristic with all
    rows in one bin (chance: development's share of the bin, to the power of the rows), the rows of a period against the
    periods before, the share of a segment against development's where the reference has segments. breaches:
    BREACH_COLUMNS, counted by `contract.contract_breaches` or by an engine. findings: frames of `units` (unit changes,
    undeclared special codes). p-values are adjusted within a period over all rules. Raises CreditRiskError as `aligned`
    does.
    """
    found = aligned(reference, counts)
    inputs = [variable for variable in found.variables if variable.name not in policy.outputs]
    parts = [part for variable in inputs for part in _of_variable(variable, found.groups)]
    parts += [_volume(found), *_segment_shares(found)]
    if breaches is not None:
        require_columns(breaches, BREACH_COLUMNS, "breaches")
        added = breaches.groupby(BREACH_COLUMNS[:4], sort=False)[["rows", "total"]].sum().reset_index()
        parts.append(added.assign(expected=np.nan))
    frame = pd.concat([part for part in parts if len(part)], ignore_index=True)
    frame["rate"] = frame["rows"] / frame["total"].where(frame["total"] > 0)
    frame = _tested(frame, policy)
    frame = pd.concat([frame, *findings], ignore_index=True)
    return _judged(frame, policy)


def _of_variable(variable: VariableCounts, groups: pd.DataFrame) -> list[pd.DataFrame]:
    kind = variable.bins["kind"].to_numpy(object)
    expected, _ = variable.expected_of(groups["segment"].to_numpy(object))
    # Where development's counts are not known, shares of it are NaN, and what is held against them is grey.
    total, base = variable.actual.sum(axis=1), np.where(variable.told(expected), expected.sum(axis=1), np.nan)
    own = groups.assign(variable=variable.name, total=total, base=base)
    parts = []
    for rule in ("missing", "special", "unseen", "refused"):
        chosen = kind == rule
        if chosen.any():
            share = expected[:, chosen].sum(axis=1) / base
            parts.append(own.assign(rule=rule, rows=variable.actual[:, chosen].sum(axis=1), expected=share))
    top = variable.actual.argmax(axis=1)
    share = np.take_along_axis(expected, top[:, None], axis=1)[:, 0] / base
    rows = np.where(variable.actual.max(axis=1) >= total, total, 0.0)
    parts.append(own.assign(rule="constant", rows=rows, expected=share))
    return [part[part["total"] > 0] for part in parts]


def _volume(found: Aligned) -> pd.DataFrame:
    """Rows of each period and segment (the most that any variable has) against the mean of the periods before."""
    rows = np.max([variable.actual.sum(axis=1) for variable in found.variables], axis=0)
    own = found.groups.assign(variable=ROWS, rule="rows", rows=rows)
    own = own.sort_values(["segment", "period"], kind="stable")
    grouped = own.groupby("segment")["rows"]
    before = grouped.cumsum() - own["rows"]
    own["periods_before"] = own.groupby("segment").cumcount()
    return own.assign(
        total=own["rows"], base=before, expected=before / own["periods_before"].where(own["periods_before"] > 0)
    )


def _segment_shares(found: Aligned) -> list[pd.DataFrame]:
    """Share of each segment that development has, of the rows of its period."""
    largest = max(found.variables, key=lambda variable: variable.actual.sum())
    rows = pd.Series(largest.actual.sum(axis=1), pd.MultiIndex.from_frame(found.groups))
    base = {segment: own.sum() for segment, own in largest.expected.items()}
    own = found.groups[found.groups["segment"].isin(set(base) - {ALL})]
    if own.empty:
        return []
    whole = rows.reindex(pd.MultiIndex.from_arrays([own["period"], [ALL] * len(own)])).to_numpy()
    part = own.assign(
        variable=ROWS,
        rule="segment_share",
        rows=rows.reindex(pd.MultiIndex.from_frame(own)).to_numpy(),
        total=whole,
        base=base[ALL],
        expected=[base[segment] / base[ALL] for segment in own["segment"]],
    )
    return [part[part["total"] > 0]]


def _tested(frame: pd.DataFrame, policy: QualityPolicy) -> pd.DataFrame:
    """The frame with ratio, p-value, material and whether it is worth a look, rule by rule."""
    rule = frame["rule"].to_numpy(object)
    rows, total = frame["rows"].to_numpy(np.float64), frame["total"].to_numpy(np.float64)
    rate, expected = frame["rate"].to_numpy(np.float64), frame["expected"].to_numpy(np.float64)
    base = frame["base"].to_numpy(np.float64)
    against = np.isin(rule, ("missing", "special", "segment_share"))
    constant, volume = rule == "constant", rule == "rows"
    breach = ~(against | constant | volume)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_share = np.where(np.isnan(expected), np.nan, two_proportions(expected, base, rate, total)[1])
        p_constant = np.where(rows > 0, np.exp(rows * np.log(np.clip(expected, 1e-300, 1.0))), 1.0)
        ratio = np.where(volume, rows / expected, np.nan)
        p_rows = _rows_p_value(rows, base, base / expected)
    p_breach = binomial_tail(rows, total, policy.tolerated)
    gap = np.abs(rate - expected)
    found = frame.assign(ratio=ratio)
    found["p_value"] = np.select([against, constant, volume], [p_share, p_constant, p_rows], p_breach)
    far = (ratio >= policy.rows_ratio) | (ratio <= 1.0 / policy.rows_ratio)
    all_in_one = (rows > 0) & (expected < 1.0)
    material = [gap >= policy.material_change, all_in_one, far]
    look = [gap >= policy.review_change, all_in_one, far]
    found["material"] = np.select([against, constant, volume], material, rate >= policy.material)
    found["look"] = np.select([against, constant, volume], look, rate > policy.tolerated)
    found["expected"] = np.where(breach, policy.tolerated, expected)
    found["rate"] = np.where(volume, np.nan, rate)
    found["reason"] = [_reason(row) for row in found.itertuples(index=False)]
    return found


def _rows_p_value(rows: Floats, before: Floats, periods: Floats) -> Floats:
    """Two-sided: rows given rows and those of `periods` before are binomial (Przyborowski and Wilenski 1940)."""
    share = 1.0 / (1.0 + periods)
    n = rows + before
    upper = binomial_tail(rows, n, share)
    lower = binomial_tail(before, n, 1.0 - share)
    return np.asarray(np.where(periods > 0, np.minimum(2.0 * np.minimum(upper, lower), 1.0), np.nan), np.float64)


def _judged(frame: pd.DataFrame, policy: QualityPolicy) -> pd.DataFrame:
    total = frame["total"].to_numpy(np.float64)
    p_value = frame["p_value"].to_numpy(np.float64)
    # A small month has few rows, which is what the rule of rows is about: it is judged nevertheless.
    small = (total < policy.least_rows) & (frame["rule"] != "rows").to_numpy()
    grey = small | np.isnan(p_value)
    adjusted = adjusted_by_family(np.where(grey, np.nan, p_value), frame["period"], control=policy.control)
    beyond = np.nan_to_num(adjusted, nan=1.0) <= policy.level
    material, look = frame["material"].to_numpy(bool), frame["look"].to_numpy(bool)
    frame = frame.assign(adjusted_p_value=adjusted, beyond_chance=beyond & ~grey, material=material)
    frame["verdict"] = np.select([grey, material & beyond, look & beyond], [GREY, RED, AMBER], GREEN)
    few = f"fewer than {policy.least_rows:.0f} rows"
    frame["reason"] = np.where(small, few, np.where(np.isnan(p_value), "nothing to hold it against", frame["reason"]))
    order = ["period", "segment", "variable", "rule"]
    return frame[QUALITY_COLUMNS].sort_values(order, kind="stable").reset_index(drop=True)


def _reason(row: object) -> str:
    rule, rate, expected = row.rule, row.rate, row.expected  # type: ignore[attr-defined]
    if rule == "rows":
        return f"{row.ratio:.3g} times the mean of the periods before"  # type: ignore[attr-defined]
    if rule == "constant":
        return "all rows in one bin" if row.rows > 0 else "more than one bin"  # type: ignore[attr-defined]
    if rule in ("missing", "special", "segment_share"):
        return f"{100 * rate:.3g} % of rows, {100 * expected:.3g} % in development"
    return f"{100 * rate:.3g} % of rows"
