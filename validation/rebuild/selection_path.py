"""The way of every characteristic through the selection of a plan, from its screens to the final model.

The recipe is that of SPECIFICATION section 3.7. A decision that hangs on a near tie, or on a fit that has no finite
estimate, is not made: the path ends there, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import csgraph

from validation.rebuild.logistic import Floats, correlation
from validation.rebuild.selection_search import Fits, Leaving, Undecided, above, collinear, near, search

SCREENS = (
    "plan",
    "leakage",
    "declared trend",
    "classing",
    "missing share",
    "information value",
    "Gini",
    "stability",
    "stability over time",
)
REDUNDANT = ("correlation", "collinearity")
NEEDED = (
    "min_information_value",
    "max_information_value",
    "max_gini",
    "min_gini",
    "max_missing_share",
    "max_psi",
    "max_psi_over_time",
    "expectation_check",
    "max_correlation",
    "correlation",
    "method",
    "criterion",
    "max_p_value",
    "max_variance_inflation",
    "sign_check",
    "include",
    "exclude",
)
"""What a plan must say of selection for a path to be found again."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What decides over one characteristic on development; None where there is nothing to know.

    woe (n,): of the rows, None where its bins cannot be read; `stated` is then the step at which the package says that
    it left a screen. same: information value as the package writes it, to tell exact ties from near ones.
    """

    information_value: float
    woe: Floats | None
    gini: float | None = None
    fine_gini: float | None = None
    missing_share: float | None = None
    psi: float | None = None
    psi_over_time: float | None = None
    expectation: float | None = None
    stated: str | None = None
    same: float | None = None


@dataclass(slots=True)
class Path:
    """left: who left, in that order; selected: who stayed, None where `undecided` says in words why it is not known.

    doubtful: who has a screen of its own that is not decided, with the reason.
    """

    left: dict[str, Leaving] = field(default_factory=dict)
    selected: tuple[str, ...] | None = None
    undecided: str | None = None
    doubtful: dict[str, str] = field(default_factory=dict)

    def drop(self, name: str, leaving: Leaving) -> None:
        """Record that a characteristic leaves."""
        self.left[name] = leaving


def forced_names(listed: Sequence[Any] | None) -> frozenset[str]:
    """Return the names of a list of the plan, whose items are names or objects with one."""
    return frozenset(str(item if isinstance(item, str) else item.get("name")) for item in listed or [])


def selection_path(
    measured: Mapping[str, Measured], spec: Mapping[str, Any], fits: Fits, named: frozenset[str] | None = None
) -> Path:
    """Return the path of all characteristics.

    spec: `selection` of the plan with all of NEEDED; fits: of the weights of evidence; named: the only ones that may
    enter, None where all may.
    """
    path = Path()
    order = sorted(measured, key=lambda name: (-measured[name].information_value, name))
    names = []
    for name in order:
        try:
            leaving = _screened(name, measured[name], spec, named)
        except Undecided as reason:
            path.doubtful[name] = str(reason)
            continue
        if leaving is None:
            names.append(name)
        else:
            path.drop(name, leaving)
    if path.doubtful:
        path.undecided = "; ".join(f"{name}: {reason}" for name, reason in path.doubtful.items())
        return path
    kept = forced_names(spec["include"])
    try:
        names = _uncorrelated(names, measured, fits, spec, kept, path)
        names = _independent(names, measured, fits, kept, path)
        path.selected = tuple(search(names, fits, spec, kept, _tied(measured), path.drop))
    except Undecided as reason:
        path.undecided = str(reason)
    return path


def _screened(name: str, item: Measured, spec: Mapping[str, Any], named: frozenset[str] | None) -> Leaving | None:
    """The first rule of the screen that a characteristic breaks."""
    if (named is not None and name not in named) or name in forced_names(spec["exclude"]):
        return Leaving("plan")
    forced = name in forced_names(spec["include"])
    if not forced and (leaving := _broken(_before_classing(item, spec))):
        return leaving
    if item.woe is None:
        if item.stated is not None and item.stated in SCREENS:
            return Leaving(item.stated)
        raise Undecided("its bins are not in the package")
    if np.ptp(item.woe) == 0:
        return Leaving("classing")
    if np.ptp(item.woe) < 1e-9:
        raise Undecided("its bins have all but one weight of evidence")
    return None if forced else _broken(_after_classing(item, spec))


Rule = tuple[str, float | None, float | None, bool]


def _broken(rules: Iterator[Rule]) -> Leaving | None:
    for step, value, threshold, greatest in rules:
        if value is None or threshold is None:
            continue
        if above(value, threshold, step) if greatest else above(threshold, value, step):
            return Leaving(step, value, threshold)
    return None


def _before_classing(item: Measured, spec: Mapping[str, Any]) -> Iterator[Rule]:
    yield "leakage", item.fine_gini, spec["max_gini"], True
    yield "declared trend", item.expectation, 0.5 if spec["expectation_check"] else None, False


def _after_classing(item: Measured, spec: Mapping[str, Any]) -> Iterator[Rule]:
    share = spec["max_missing_share"]
    yield "missing share", item.missing_share, None if share == 1 else share, True
    yield "information value", item.information_value, spec["min_information_value"], False
    yield "information value", item.information_value, spec["max_information_value"], True
    yield "Gini", item.gini, spec["min_gini"], False
    yield "stability", item.psi, spec["max_psi"], True
    yield "stability over time", item.psi_over_time, spec["max_psi_over_time"], True


def _tied(measured: Mapping[str, Measured]) -> Any:
    """Says of two names whether their order by information value is not sure."""

    def tied(one: str, other: str) -> bool:
        a, b = measured[one], measured[other]
        if a.information_value == b.information_value and a.same == b.same:
            return False  # told apart by their names on either side
        return near(a.information_value, b.information_value)

    return tied


def _uncorrelated(
    names: list[str],
    measured: Mapping[str, Measured],
    fits: Fits,
    spec: Mapping[str, Any],
    kept: frozenset[str],
    path: Path,
) -> list[str]:
    """Who stays of correlated characteristics: the first by information value, and those that are forced."""
    if len(names) < 2:
        return names
    threshold, tied = float(spec["max_correlation"]), _tied(measured)
    matrix = np.abs(correlation(fits.columns(names), fits.weight))
    doubtful = np.argwhere(np.triu(np.isclose(matrix, threshold, rtol=1e-9, atol=0.0), 1))
    if len(doubtful):
        i, j = doubtful[0]
        raise Undecided(f"the correlation of {names[i]} and {names[j]} is {matrix[i, j]!r}, the threshold {threshold}")
    related = matrix > threshold
    if spec["correlation"] == "clusters":
        _, cluster = csgraph.connected_components(sparse.csr_array(related), directed=False)
        related = np.equal.outer(cluster, cluster)
    left: list[int] = []
    for i, name in enumerate(names):
        others = [j for j in range(len(names)) if j != i and related[i, j]]
        if any(tied(name, names[j]) for j in others):
            raise Undecided(f"{name} and one that is correlated with it are equal in information value to 1e-9")
        rivals = [j for j in left if related[i, j]]
        if not rivals or name in kept:
            left.append(i)
            continue
        nearest = rivals[int(np.argmax(matrix[i, rivals]))]
        sure = sum(near(matrix[i, j], matrix[i, nearest]) for j in rivals) == 1
        partner = names[nearest] if sure else None
        path.drop(name, Leaving("correlation", float(matrix[i, nearest]), threshold, partner))
    return [names[i] for i in left]


def _independent(
    names: list[str], measured: Mapping[str, Measured], fits: Fits, kept: frozenset[str], path: Path
) -> list[str]:
    """Who is no linear combination of those before it; those that are forced come first and stay."""
    order, tied = sorted(names, key=lambda name: name not in kept), _tied(measured)
    while order:
        x = fits.columns(order)
        x = x - x.mean(axis=0)
        rest = np.abs(np.diag(linalg.qr(x, mode="r")[0])) / np.linalg.norm(x, axis=0)
        small = np.flatnonzero(rest < collinear.most)
        if not len(small):
            break
        name = order[small[0]]
        if name in kept or rest[small[0]] > collinear.least:
            raise Undecided(f"{name} is almost a linear combination of others, or a forced one is")
        if any(tied(name, other) for other in order[: small[0]]):
            raise Undecided(f"{name} is a linear combination, and equal to one in information value to 1e-9")
        path.drop(name, Leaving("collinearity"))
        order.remove(name)
    return [name for name in names if name in order]
