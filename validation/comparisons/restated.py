"""What tables tell again of a model and its classing: scaling, power of bins, coverage of verification, exports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from validation.comparisons.held import Held
from validation.comparisons.scoring import inputs_frame
from validation.comparisons.whole import compare_whole
from validation.rebuild import metrics
from validation.rebuild.scaling import factor_and_offset
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.score import score
from validation.steps.values import Value
from validation.structure import steps_of

SUMMARY, SCALING = "classing.summary", "scaling.parameters"
COVERAGE, EXPORTS = "verification.coverage", "verification.exports"


def compare_restated(space: Workspace) -> None:
    """Compare what tables tell of scaling, coverage of the verification rows and exports with what they are."""
    _compare_scaling(space)
    _compare_coverage(space)
    _compare_exports(space)


def _compare_scaling(space: Workspace) -> None:
    """The five numbers of the champion's scaling; factor and offset follow from the other three."""
    table = space.package.rows_of(SCALING)
    steps = [step for step in steps_of(space.package.model, "scale") if step["scaling"] is not None]
    if table is None or not steps:
        space.ledger.not_evaluable(SCALING, "the package holds no such table, or the champion has no scaling")
        return
    stated = steps[-1]["scaling"]
    chosen = [stated[name] for name in ("points_to_double_odds", "base_score", "base_odds")]
    names = ("points to double the odds", "base score", "base odds (good to bad)", "factor", "offset")
    own = dict(zip(names, (*chosen, *factor_and_offset(*chosen)), strict=True))
    compare_whole(space, SCALING, [row["item"] for row in table], names)
    rows = [row for row in table if row["item"] in own]
    labels = [row["item"] for row in rows]
    space.ledger.numbers(SCALING, "value", "scaling", [row["value"] for row in rows], [own[n] for n in labels], labels)


def compare_summary(space: Workspace, table: list[dict[str, Any]], held: Mapping[str, Held]) -> None:
    """Compare the Gini of the bins and the shares of missing and special values of each classing with our own.

    Shares are those of the classing as it stands, and are left out where missing or special codes joined other bins.
    """
    every = [row["characteristic"] for row in table]
    known = [name for name in held if space.package.rows_of(f"classing.table.{name}") is not None]
    compare_whole(space, SUMMARY, every, [*known, *(name for name in dict.fromkeys(every) if name not in known)])
    rows = [row for row in table if row["characteristic"] in held]
    labels = [row["characteristic"] for row in rows]
    space.ledger.numbers(
        SUMMARY, "gini", "gini", [row["gini"] for row in rows], [_gini(space, held[name]) for name in labels], labels
    )
    joined = {row["characteristic"] for row in space.package.rows_of("classing.joined") or []}
    apart = [row for row in rows if row["characteristic"] not in joined]
    for column, kind in (("missing_share", "missing"), ("special_share", "special")):
        own = [_share(space, held[row["characteristic"]], kind) for row in apart]
        names = [row["characteristic"] for row in apart]
        space.ledger.numbers(SUMMARY, column, "share", [row[column] for row in apart], own, names)


def compare_labels(space: Workspace, held: Mapping[str, Held]) -> None:
    """Compare what tables call the bins of a classing, and their kinds, with the bins that a model scores with."""
    for prefix in ("classing.table", "classing.samples", "classing.periods"):
        labels: tuple[list[Any], list[Any], list[str]] = ([], [], [])
        kinds: tuple[list[Any], list[Any], list[str]] = ([], [], [])
        for name, one in held.items():
            bins = {item["id"]: item for item in one.step["bins"]}
            table = space.package.rows_of(f"{prefix}.{name}") if one.model_id is not None else None
            for row in table or []:
                own = bins.get(row["bin_id"], {"label": None, "kind": None})
                for pair, key in ((labels, "label"), (kinds, "kind")):
                    if key in row:
                        pair[0].append(row[key])
                        pair[1].append(own[key])
                        pair[2].append(f"{name} bin {row['bin_id']}")
        space.ledger.words(prefix, "label", *labels)
        space.ledger.words(prefix, "kind", *kinds)


def _gini(space: Workspace, one: Held) -> float:
    """Of the weights of evidence of the bins on the development rows, higher ones safer."""
    rows = space.known(DEVELOPMENT)
    woe = np.array([item["woe"] for item in one.step["bins"]], dtype=np.float64)
    return 2.0 * metrics.auc(space.outcome[rows], -woe[one.ids[rows]], space.weight[rows]).auc - 1.0


def _share(space: Workspace, one: Held, kind: str) -> float:
    rows = space.known(DEVELOPMENT)
    of = np.array([item["kind"] == kind for item in one.step["bins"]], dtype=bool)
    weight = space.weight[rows]
    return float(np.sum(weight[of[one.ids[rows]]]) / np.sum(weight))


def _compare_coverage(space: Workspace) -> None:
    """What the rows of verification.csv reach of the champion's bins, edges and codes, and the cases made for each."""
    table, file = space.package.rows_of(COVERAGE), space.package.verification
    if table is None:
        space.ledger.not_evaluable(COVERAGE, "the package holds no such table")
        return
    values = score(space.package.model, inputs_frame(file, space.package.model))
    found: dict[str, list[bool]] = {}
    for step in steps_of(space.package.model, "classing"):
        for kind, hit in _reached(step, values):
            found.setdefault(kind, []).append(hit)
    made = Counter(str(name).split(":", 1)[0] for name in file.columns["case"])
    kinds = [row["kind"] for row in table]
    compare_whole(space, COVERAGE, [kind for kind in kinds if kind in found], list(found))
    space.ledger.numbers(
        COVERAGE, "cases", "rows", [row["cases"] for row in table], [made[kind] for kind in kinds], kinds
    )
    rows = [row for row in table if row["kind"] in found]
    names = [row["kind"] for row in rows]
    for column, own in (("items", len), ("covered", sum)):
        mine = [float(own(found[name])) for name in names]
        space.ledger.numbers(COVERAGE, column, "rows", [row[column] for row in rows], mine, names)
    left = [kind for kind in kinds if kind not in found]
    if left:
        space.ledger.not_evaluable(f"{COVERAGE}: items of {', '.join(left)}", "they are not counted again")


def _reached(step: Mapping[str, Any], values: Mapping[str, Value]) -> Iterator[tuple[str, bool]]:
    """What a classing has of each kind, and whether some row reaches it."""
    given, bins = values[step["input"]].data, values[step["output_bin"]].data
    nothing = np.array([one is None or one != one for one in given.tolist()], dtype=bool)
    for one in step["bins"]:
        kind, here = one["kind"], bool(np.any(bins == one["id"]))
        yield "bin", here
        if kind == "interval" and one["lower"] is not None:
            edge = float(one["lower"])
            yield "threshold", bool(np.any(given == edge))
            yield "threshold", bool(np.any(given == np.nextafter(edge, -np.inf)))
        for name, key in (("category", "values"), ("special code", "codes")):
            for value in one.get(key, ()):
                yield name, value in given.tolist()
        if kind == "missing" or "takes_missing" in one:
            yield "missing", bool(nothing.any())
        if kind == "unseen":
            yield "unseen category", here


def _compare_exports(space: Workspace) -> None:
    """A format is written where the plan asks for it."""
    table = space.package.rows_of(EXPORTS)
    if table is None:
        space.ledger.not_evaluable(EXPORTS, "the package holds no such table")
        return
    asked = space.package.plan.get("exports") or []
    formats = [row["format"] for row in table]
    compare_whole(space, EXPORTS, [one for one in formats if one in asked], asked)
    own = [one in asked for one in formats]
    space.ledger.words(EXPORTS, "written", [row["written"] for row in table], own, formats)
