"""Reproducibility summed up: what was scored, counted and fitted again, and whether our own run repeats itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from validation.battery.verdicts import not_evaluable, verdict
from validation.compare import Comparison
from validation.findings import LIBRARIES
from validation.rebuild import characteristics
from validation.rebuild.workspace import Workspace
from validation.score import score

AREA = "reproducibility"
SCORED, FITTED, HASHES = "scores made again", "models fitted again", "hashes of the snapshot"
REPEATED, VERSIONS = "our own run repeats itself", "versions of libraries are told"
ROWS = 500
FITS = ("scorecard.coefficients.", "scorecard.fit.", "glm.coefficients.", "glm.fit.", "boosting.trees.")


def check_reproducibility(space: Workspace) -> None:
    """Sum up the comparisons; their findings stand with them, here is one row each."""
    _sum_up(space, SCORED, lambda one: one.area.startswith(("predictions ", "verification.csv")), "no prediction")
    _sum_up(space, FITTED, lambda one: one.area.startswith(FITS) or one.quantity == "coefficients", "no model refitted")
    _sum_up(space, HASHES, lambda one: one.area == "manifest", "the manifest was not compared")
    _judge_repeat(space)
    _judge_versions(space)


def _sum_up(space: Workspace, test: str, wanted: Callable[[Comparison], bool], reason: str) -> None:
    found = [one for one in space.ledger.comparisons if wanted(one)]
    if not found:
        not_evaluable(space, AREA, test, "package", reason)
        return
    breaches, compared = sum(one.breaches for one in found), sum(one.compared for one in found)
    verdict(
        space,
        AREA,
        test,
        "package",
        f"values beyond tolerance (of {compared})",
        float(breaches),
        fail="not_reproduced_maximum",
        statement=f"{breaches} of {compared} values of {len(found)} quantities differ from our own; each is a finding.",
        remedy="See the findings of the quantities.",
        evidence=tuple(dict.fromkeys(one.area for one in found if one.breaches))[:5] or ("validation.comparison",),
    )


def _judge_repeat(space: Workspace) -> None:
    """The champion scored twice by our own evaluator, the second time on fewer rows and in another order."""
    rows = characteristics.thinned(np.arange(len(space.frame)), ROWS)[::-1]
    again = score(space.package.model, space.frame.iloc[rows])
    first = space.scored[space.package.champion_id]
    other = 0
    for key in ("linear_score", "probability", "expected_value", "score"):
        name = space.package.model["outputs"].get(key)
        if name is not None:
            other += int(np.count_nonzero(~_same(first[name].data[rows], again[name].data)))
    verdict(
        space,
        AREA,
        REPEATED,
        "package",
        f"values that differ (of {len(rows)} rows)",
        float(other),
        fail="not_reproduced_maximum",
        statement=f"{other} values of {len(rows)} rows come out otherwise when the same rows are scored again.",
        remedy="Report this fault of the validator.",
        evidence=("validation.comparison",),
    )


def _same(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    a, b = first.astype(np.float64), second.astype(np.float64)
    return np.asarray((a == b) | (np.isnan(a) & np.isnan(b)))


def _judge_versions(space: Workspace) -> None:
    told = space.package.manifest.get("libraries") or {}
    missing = [name for name in ("python", *LIBRARIES[:3]) if not told.get(name)]
    verdict(
        space,
        AREA,
        VERSIONS,
        "package",
        "versions not told",
        float(len(missing)),
        fail="versions_missing_maximum",
        statement=f"The manifest does not tell the version of {', '.join(missing) or 'nothing'}.",
        remedy="Build the package again with the tool that writes them.",
        evidence=("validation.package",),
    )
