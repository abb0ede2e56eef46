"""Reason codes of a candidate: the reference that the plan names, groups, inquiries, and the words of each reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.binning.table import BinningTable
from credit_risk.explanation import reasons as r
from credit_risk.explanation.reference import (
    BASELINE,
    MAXIMUM,
    ReferenceGroup,
    reference_group,
    reference_words,
    systematic_rows,
    typical_number,
    typical_text,
)
from credit_risk.explanation.texts import ReasonWords, reason_words
from credit_risk.lifecycle.candidates.training import FitContext, Floats, Grown, Training
from credit_risk.models.assemble import Identity, InputColumn, document
from credit_risk.models.spec import ModelSpec
from credit_risk.plan import Plan
from credit_risk.scaling.points import PointsTable, points_name
from credit_risk.scoring import compile_model
from credit_risk.scoring.attribution import pack_attribution
from credit_risk.scoring.step_names import free_name
from credit_risk.scoring.steps import text_of_number

Step = dict[str, Any]


def methods(plan: Plan, trees: bool) -> list[str]:
    """The references that can be compared under a plan, that of the plan first; `maximum` only of points."""
    own = plan.reason_codes.reference
    known = ["mean_development", BASELINE, *([] if trees else [MAXIMUM])]
    if plan.strategy.cut_off is not None and plan.reason_codes.band_width is not None:
        known.insert(1, "above_cut_off")
    return [own, *(name for name in known if name != own)]


def group_of(plan: Plan, method: str, score: Floats) -> ReferenceGroup:
    """The development applicants that a method compares with."""
    return reference_group(method, score, plan.strategy.cut_off, plan.reason_codes.band_width)


# ------------------------------------------------------------------------------------------------- scorecards
def scorecard_reasons(
    plan: Plan, training: Training, points: PointsTable, ids: Mapping[str, NDArray[np.int64]], method: str | None = None
) -> r.ReasonCodes:
    """Reason codes of a scorecard by the plan's reference, or by `method`. ids: development bins (n,)."""
    spec, method = plan.reason_codes, method or plan.reason_codes.reference
    members = players_of(plan, training, list(points.points))
    each = {name: points.points[name][ids[name]] for name in points.points}
    group = group_of(plan, method, points.base_points + np.sum(list(each.values()), axis=0))
    rows, weights = group.rows, training.weights[group.rows]
    if method == BASELINE:
        values = baseline_values(plan, training, list(points.points), rows)
        held = {name: float(points.points[name][bin_of(training.tables[name], values[name])]) for name in each}
        references = {name: float(sum(held[m] for m in own)) for name, own in members.items()}
    elif method == MAXIMUM:
        references = {name: float(sum(points.points[m].max() for m in own)) for name, own in members.items()}
    else:
        sums = {name: np.sum([each[m] for m in own], axis=0)[rows] for name, own in members.items()}
        references = {name: float(np.sum(weights * value) / np.sum(weights)) for name, value in sums.items()}
    added = [_sum_step(name, own) for name, own in members.items() if own != (name,)]
    names = {name: points_name(name) for name in members}
    reasons = r.rank_reasons_of(members, names, references, words_by_reason(plan, training, members), spec.rank_step)
    return r.ReasonCodes(
        r.POINTS,
        reference_words(method, group.applicants),
        reasons,
        spec.maximum,
        spec.rank_step,
        inquiries_of(plan, members),
        tuple(added),
        r.Compared(method, group.applicants, int(rows.sum()), 1 if method == BASELINE else int(rows.sum())),
    )


def _sum_step(name: str, members: Sequence[str]) -> Step:
    inputs = [points_name(member) for member in members]
    return {"id": points_name(name), "type": "sum", "inputs": inputs, "output": points_name(name)}


def bin_of(table: BinningTable, value: float | str | None) -> int:
    given = np.array([value], dtype=np.float64 if table.kind == "numeric" else object)
    return int(table.assign(given)[0])


# ------------------------------------------------------------------------------------------------------ trees
def with_reasons(
    context: FitContext, spec: ModelSpec, grown: Grown, output: str
) -> tuple[dict[str, Any], r.ReasonCodes | None]:
    """model.json of trees with attributions and reasons (named `output`), and the reasons; unchanged without any.

    Raises ModelError where the plan has notices and a reason of the champion has no text.
    """
    codes = tree_reasons(context.plan, context.training, grown)
    if spec.champion:
        refuse_untold(context.plan, spec.id, codes)
    return told(grown.model, codes, output), codes


def told(model: Mapping[str, Any], codes: r.ReasonCodes | None, output: str) -> dict[str, Any]:
    """model.json with the steps of its reasons, named `output`; unchanged without any."""
    if codes is None:
        return dict(model)
    steps = [*model["steps"], *codes.steps(output)]
    return {**model, "steps": steps, "outputs": {**model["outputs"], "reasons": output}}


def tree_reasons(plan: Plan, training: Training, grown: Grown, method: str | None = None) -> r.ReasonCodes | None:
    """Reason codes of trees by attributions against the reference; None for `maximum`, which trees do not have."""
    spec, method = plan.reason_codes, method or plan.reason_codes.reference
    if method == MAXIMUM:
        return None
    members = players_of(plan, training, list(grown.features))
    values = grown.compiled.values(training.frame)
    score, linear = (np.asarray(values[grown.model["outputs"][k]], dtype=float) for k in ("score", "linear_score"))
    group = group_of(plan, method, score)
    if method == BASELINE:
        chosen = baseline_values(plan, training, list(grown.features), group.rows)
        rows, weights = features_of(grown, training, chosen), np.ones(1)
    else:
        places, weights = systematic_rows(linear[group.rows], training.weights[group.rows], spec.background_rows)
        rows = grown.matrix(values)[group.rows][places]
    step = attribution_step(grown, members, rows, weights, group.applicants, training.scaling.factor)
    names = {part["characteristic"]: part["output"] for part in step["characteristics"]}
    none = dict.fromkeys(members, 0.0)
    return r.ReasonCodes(
        r.ATTRIBUTIONS,
        reference_words(method, group.applicants, "attributions"),
        r.rank_reasons_of(members, names, none, words_by_reason(plan, training, members), spec.rank_step),
        spec.maximum,
        spec.rank_step,
        inquiries_of(plan, members),
        (step,),
        r.Compared(method, group.applicants, int(group.rows.sum()), len(rows), step["base"]),
    )


def attribution_step(
    grown: Grown,
    members: Mapping[str, tuple[str, ...]],
    rows: Floats,
    weights: Floats,
    applicants: str,
    factor: float,
    tag: str = "",
) -> Step:
    """Attributions of the trees. tag: before the step's id and the names of its values, in a model of two stages."""
    trees = grown.trees
    place = {name: k for k, name in enumerate(trees["features"])}
    features = {name: [f for m in own for f in grown.features[m]] for name, own in members.items()}
    packed = pack_attribution(trees, [[place[f] for f in each] for each in features.values()], rows, weights)
    return {
        "id": f"{tag}attribution",
        "type": "attribution",
        "trees": trees["id"],
        "multiplier": -factor,
        "base": packed.base,
        "characteristics": [
            {"characteristic": name, "features": each, "output": free_name(f"{tag}attribution({name})", grown.taken)}
            for name, each in features.items()
        ],
        "background": {
            "description": applicants,
            "rows": [[None if value != value else value for value in row] for row in rows.tolist()],
            "weights": weights.tolist(),
        },
    }


def features_of(grown: Grown, training: Training, values: Mapping[str, float | str | None]) -> Floats:
    """Features (1, features) of characteristics that have these values, made by the model's own steps."""
    inputs, columns = [], {}
    for name in grown.features:
        number = training.tables[name].kind == "numeric"
        inputs.append(InputColumn(name, "number" if number else "string", {}, ""))
        columns[name] = pd.Series([values[name]], dtype=float if number else object)
    model = document(Identity("features", "features", "0", "", ""), "none", inputs, grown.preparation, {})
    return grown.matrix(compile_model(model).values(pd.DataFrame(columns)))


# ------------------------------------------------------------------------------------------------------- both
def baseline_values(
    plan: Plan, training: Training, names: Sequence[str], rows: NDArray[np.bool_]
) -> dict[str, float | str | None]:
    """Values of the baseline applicant: those of the plan, else typical ones of the development rows `rows` (n,).

    Raises ModelError with every value of the plan that is not of the kind of its characteristic.
    """
    given, found, faults = plan.reason_codes.baseline, {}, []
    for name in names:
        table, column = training.tables[name], training.frame[name].to_numpy()[rows]
        value: float | str | None
        if name in given:
            stated = given[name]
            if table.kind == "numeric" and isinstance(stated, str | bool):
                message = f"{name!r} is a number"
                faults.append(Fault(message, "baseline", path=f"reason_codes.baseline.{name}", found=repr(stated)))
                continue
            value = _as_value(stated, table.kind == "numeric")
        elif table.kind == "numeric":
            codes = [float(code) for b in table.bins for code in b.codes]
            value = typical_number(column.astype(np.float64), training.weights[rows], codes)
        else:
            value = typical_text(column.astype(object), training.weights[rows])
        found[name] = value
    if faults:
        raise ModelError(faults)
    return found


def _as_value(stated: str | float | bool | None, number: bool) -> float | str | None:
    if stated is None:
        return float("nan") if number else None
    if number:
        return float(stated)
    if isinstance(stated, bool):
        return str(stated).lower()
    return stated if isinstance(stated, str) else text_of_number(stated)


def players_of(plan: Plan, training: Training, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    groups = plan.reason_codes.groups
    faults = [
        Fault(f"the group {name!r} bears the name of a column", "group_name", path=f"reason_codes.groups.{name}")
        for name in groups
        if name in training.frame.columns
    ]
    if faults:
        raise ModelError(faults)
    return r.players(names, groups)


def inquiries_of(plan: Plan, members: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    asked = set(plan.reason_codes.inquiries)
    return tuple(name for name, own in members.items() if asked & set(own))


def words_by_reason(plan: Plan, training: Training, members: Mapping[str, tuple[str, ...]]) -> dict[str, ReasonWords]:
    return {name: training.words[name] if name in training.words else words_of(plan, name) for name in members}


def words_of(plan: Plan, name: str) -> ReasonWords:
    """The words of a characteristic, of a group or of a rule, as the plan has them."""
    entry = plan.reason_codes.catalogue.get(name)
    column = plan.data.columns.get(name) or plan.derived.get(name)
    return reason_words(
        name,
        plan.reason_codes.languages,
        code=entry.code if entry else None,
        source=entry.source if entry else None,
        catalogue=entry.text if entry else None,
        column=column.reason_text if column else None,
        description=column.description if column else "",
    )


def refuse_untold(plan: Plan, model: str, codes: r.ReasonCodes | None) -> None:
    """Where the plan has notices, raise ModelError with every reason of the champion that could not be told."""
    if not plan.reason_codes.notices:
        return
    if codes is None:
        message = f"the plan has notices, and {model!r} gives no reasons by this reference"
        raise ModelError(Fault(message, "reason_text", path="reason_codes.reference"))
    faults = [
        Fault(
            f"{reason.name!r} can be a reason of {model!r} and has no text in {', '.join(reason.words.missing)}",
            "reason_text",
            path=f"reason_codes.catalogue.{reason.name}.text",
            remedy="write the text there, or reason_text at the column, or take the characteristic out of the model",
        )
        for reason in codes.untold
    ]
    if faults:
        raise ModelError(faults)
