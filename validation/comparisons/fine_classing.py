"""Fine classes of the characteristics made again of the development rows, and the Gini that leakage is read from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from validation.comparisons.held import Held
from validation.comparisons.placing import category, ordered_by, settings_of
from validation.rebuild.fine_classes import order_of
from validation.rebuild.fine_gini import fine_gini
from validation.rebuild.workspace import DEVELOPMENT, Workspace

Floats = NDArray[np.float64]


def fine_gini_of(space: Workspace, held: Held | None) -> float | None:
    """The Gini of the fine classes of ordinary values, None where the plan or the package does not say enough."""
    if held is None:
        return None
    most = settings_of(space, held.name).get("max_prebins")
    if most is None:
        return None
    rows = space.known(DEVELOPMENT)
    values, ordinary = held.source.data[rows], ~held.source.missing()[rows] & ~held.source.error[rows]
    for code in (code for item in held.step["bins"] for code in item.get("codes", ())):
        ordinary &= ~np.equal(values, code).astype(bool)
    if not ordinary.any():
        return 0.0
    numeric = held.step["kind"] == "numeric"
    distinct, place = np.unique(values[ordinary] if numeric else values[ordinary].astype(str), return_inverse=True)
    size = np.bincount(place).astype(np.int64)
    outcome, weight = space.outcome[rows][ordinary], space.weight[rows][ordinary]
    good, bad = (_sums(place, np.where(outcome == kind, weight, 0.0), len(distinct)) for kind in (0, 1))
    if not numeric:
        number = {str(text): at for at, text in enumerate(distinct.tolist())}
        sides = {text: (float(good[at]), float(bad[at])) for text, at in number.items()}
        groups = _groups(space, held.name, sides)
        listed = [[number[text] for text in group if text in number] for group in groups]
        size = np.array([size[one].sum() for one in listed if one], dtype=np.int64)
        good, bad = (np.array([part[one].sum() for one in listed if one], dtype=np.float64) for part in (good, bad))
    return fine_gini(size, good, bad, int(most))


def _sums(place: NDArray[np.int64], weight: Floats, size: int) -> Floats:
    return np.bincount(place, weight, size).astype(np.float64)


def _groups(space: Workspace, name: str, sides: Mapping[str, tuple[float, float]]) -> list[tuple[str, ...]]:
    """Categories in the order of the plan, else by bad rate, rare ones and groups of the plan joined."""
    order = ordered_by(space, name)
    if order:
        return [(value,) for value in order if value in sides]
    settings, rows = settings_of(space, name), space.known(DEVELOPMENT)
    given = [
        tuple(category(one) for one in group) for key in ("groups", "fixed_groups") for group in settings.get(key) or ()
    ]
    return order_of(dict(sides), float(settings.get("rare_share") or 0.0) * float(space.weight[rows].sum()), given)
