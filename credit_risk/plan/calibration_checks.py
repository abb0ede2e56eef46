"""What must hold between the calibration and the rest of the plan. Works on plain values, as `checks` does."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path
from credit_risk.plan.external_checks import external_faults
from credit_risk.plan.moment_checks import moment_faults
from credit_risk.plan.outcome_checks import MEASURES

Found = Iterator[tuple[Path, Fault]]
MOVES = ("target", "resampling", "external", "quasi_moments")


def calibration_faults(plan: Mapping[str, Any], roles: Mapping[str, str]) -> Found:
    """A sample to fit on, methods named once, an outcome of bads and goods, and segments that may be.

    roles: columns that may never be predictors, with why.
    """
    spec, samples, outcome = (_part(plan, key) for key in ("calibration", "samples", "outcome"))
    roles = {**_out_of_models(plan), **roles}
    share = samples.get("calibration")
    if outcome.get("type") in MEASURES:
        yield from _of_measures(spec, share)
        return
    given = spec.get("methods")
    methods = list(given) if isinstance(given, list | tuple) else ["none"]
    twice = [name for place, name in enumerate(methods) if name in methods[:place]]
    if twice:
        message = f"methods that stand twice: {', '.join(map(str, dict.fromkeys(twice)))}"
        yield ("calibration", "methods"), Fault(message, "duplicate_name", remedy="name each once")
    named = spec.get("sample")
    if named == "calibration" and share is None:
        message = "the plan makes no sample of that name"
        remedy = "give samples.calibration a share, such as 0.2"
        yield ("calibration", "sample"), Fault(message, "missing_key", found="calibration", remedy=remedy)
    if spec.get("target") is not None and spec.get("resampling") is not None:
        message = "both move the level of the probability: an anchor to a rate, and Bayes' rule for a resampled sample"
        remedy = "keep one of them: target, unless the sample was drawn at other rates than the population's"
        yield ("calibration", "resampling"), Fault(message, "exclusive", remedy=remedy)
    if spec.get("external") is not None:
        yield from external_faults(plan, spec["external"], methods, roles)
    yield from moment_faults(spec, methods)
    if spec.get("by") is not None:
        yield from _by(spec, methods, roles)
    moved = methods != ["none"] or any(spec.get(key) is not None for key in MOVES)
    if named is None and share is None and moved:
        message = "nothing says which sample the calibration is fitted on"
        remedy = "give samples.calibration a share, such as 0.2, or name calibration.sample"
        yield ("calibration",), Fault(message, "missing_key", remedy=remedy)


def _by(spec: Mapping[str, Any], methods: list[Any], roles: Mapping[str, str]) -> Found:
    """A column that may tell probabilities apart, something to fit by segment, edges that ascend."""
    at: Path = ("calibration", "by")
    by = spec["by"]
    if methods == ["none"]:
        message = "a map for each segment, and the method none has nothing to fit"
        yield at, Fault(message, "conflict", remedy="name a method, such as intercept_shift, or leave by out")
    if spec.get("external") is not None:
        message = "both divide the probability: maps by segment, and external rates by band"
        remedy = "keep one of them; rates of outside are matched band by band with method: intercept_by_band"
        yield at, Fault(message, "exclusive", remedy=remedy)
    if spec.get("quasi_moments") is not None:
        message = "maps by segment are fitted to the sample, and quasi-moments take the place of a fit"
        yield at, Fault(message, "exclusive", remedy="keep one of them")
    column = by.get("column") if isinstance(by, Mapping) else None
    if isinstance(column, str) and column in roles:
        message = f"{column!r} may not tell probabilities apart: it is {roles[column]}"
        yield (*at, "column"), Fault(message, "never_a_predictor", remedy="name another column")
    edges = by.get("edges") if isinstance(by, Mapping) else None
    listed = list(edges) if isinstance(edges, list | tuple) else []
    numbers = [edge for edge in listed if isinstance(edge, int | float) and not isinstance(edge, bool)]
    if not all(math.isfinite(edge) for edge in numbers) or any(a >= b for a, b in pairwise(numbers)):
        message, remedy = "edges do not ascend, or are not finite", "write each once, the smallest first"
        yield (*at, "edges"), Fault(message, "order", found=str(listed), remedy=remedy)


def _of_measures(spec: Mapping[str, Any], share: Any) -> Found:
    given = {("calibration",): bool(spec) and not _defaults(spec), ("samples", "calibration"): share is not None}
    for path, told in given.items():
        if told:
            message = "probabilities are of a binary outcome, and this one is an amount or a fraction"
            yield path, Fault(message, "outcome_type", remedy="leave it out")


def _defaults(spec: Mapping[str, Any]) -> bool:
    own = ("sample", *MOVES, "by")
    return list(spec.get("methods") or ["none"]) == ["none"] and all(spec.get(key) is None for key in own)


def _out_of_models(plan: Mapping[str, Any]) -> dict[str, str]:
    """Columns that reject inference keeps out of every model, with why."""
    spec, found = _part(plan, "reject_inference"), dict[str, str]()
    external = _part(spec, "external").get("column")
    for name, words, key in (
        (spec.get("instrument"), "the instrument", "instrument"),
        (external, "an outcome elsewhere", "external.column"),
    ):
        if isinstance(name, str):
            found[name] = f"{words} (reject_inference.{key})"
    return found


def _part(plan: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = plan.get(key)
    return value if isinstance(value, Mapping) else {}
