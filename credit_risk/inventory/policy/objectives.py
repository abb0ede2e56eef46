"""Objectives and KPIs: declared and signed at the proposal, judged at each review."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from credit_risk._core.errors import Fault

Json = Any
AT_LEAST, AT_MOST = "at_least", "at_most"
DIRECTIONS = (AT_LEAST, AT_MOST)
KEYS = ("id", "measure", "direction", "target", "source")
MET, MISSED, NOT_MEASURED = "met", "missed", "not measured"


@dataclass(frozen=True, slots=True)
class Judged:
    """One objective held against what was measured; `value` None: nothing was."""

    id: str
    measure: str
    direction: str
    target: float
    value: float | None
    verdict: str


def objective_faults(objectives: Iterable[Mapping[str, Json]]) -> list[Fault]:
    """What is wrong with declared objectives: keys, direction, target that is no finite number, identifier twice."""
    faults, seen = [], set()
    for place, one in enumerate(objectives):
        path = f"objectives[{place}]"
        for key in one:
            if key not in KEYS:
                allowed = ", ".join(KEYS)
                faults.append(Fault("unknown key", "objective", path=f"{path}.{key}", allowed=allowed))
        for key in ("id", "measure"):
            if not isinstance(one.get(key), str) or not one[key].strip():
                faults.append(Fault("is not a text", "objective", path=f"{path}.{key}"))
        if one.get("direction") not in DIRECTIONS:
            found, allowed = str(one.get("direction")), ", ".join(DIRECTIONS)
            faults.append(
                Fault("is not a direction", "objective", path=f"{path}.direction", found=found, allowed=allowed)
            )
        if not is_number(one.get("target")):
            faults.append(Fault("is not a finite number", "objective", path=f"{path}.target"))
        if one.get("id") in seen:
            faults.append(Fault("stands twice", "objective", path=f"{path}.id", found=str(one.get("id"))))
        seen.add(one.get("id"))
    return faults


def judge(objectives: Iterable[Mapping[str, Json]], measured: Mapping[str, float]) -> tuple[Judged, ...]:
    """Each objective against the value measured for its identifier; what is equal to the target meets it."""
    return tuple(_judged(one, measured.get(str(one["id"]))) for one in objectives)


def _judged(one: Mapping[str, Json], value: float | None) -> Judged:
    target = float(one["target"])
    if value is None:
        verdict = NOT_MEASURED
    else:
        verdict = MET if (value >= target if one["direction"] == AT_LEAST else value <= target) else MISSED
    return Judged(str(one["id"]), str(one["measure"]), str(one["direction"]), target, value, verdict)


def is_number(value: Json) -> bool:
    """Whether a value is a finite number and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
