"""Evidence on the champion's reasons: method, catalogue, texts, how often each is given, agreement of the methods."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Cell, Evidence, absent, key_values, table
from credit_risk.binning.table import BinningTable
from credit_risk.explanation import reasons as r
from credit_risk.explanation.reference import ABOVE_CUT_OFF, BASELINE, MAXIMUM, MEAN_DEVELOPMENT, SELECTION
from credit_risk.lifecycle.candidates import Candidate, Training
from credit_risk.lifecycle.candidates.reasons import methods, scorecard_reasons, tree_reasons
from credit_risk.lifecycle.candidates.staged_reasons import reason_values, staged, staged_reasons
from credit_risk.lifecycle.performance import Scored
from credit_risk.plan import Plan
from credit_risk.scaling.points import points_name
from credit_risk.scoring.attribution import evaluate_attribution, pack_step
from credit_risk.scoring.expressions import references
from credit_risk.scoring.steps import rank_reasons

IDS = ("reasons.method", "reasons.catalogue", "reasons.texts", "reasons.frequency", "reasons.agreement")
STANDING = {
    MEAN_DEVELOPMENT: "yes: all applicants",
    ABOVE_CUT_OFF: "yes: applicants at or just above the cut-off",
    BASELINE: "no: an option",
    MAXIMUM: "no: a legacy option",
}
ADVERSE = {"ascending": "high values", "descending": "low values"}
Objects = NDArray[np.object_]
Floats = NDArray[np.float64]


def reason_evidence(plan: Plan, training: Training, champion: Candidate, scored: Scored) -> list[Evidence]:
    """All evidence on reasons; not applicable where the champion gives none."""
    codes = champion.reasons
    if codes is None:
        return [absent(i, "not_applicable", f"the champion, a {champion.type}, gives no reasons") for i in IDS]
    predictions = scored.predictions[champion.id]
    given = {s: predictions.loc[scored.sample == s].filter(regex="^reason_[0-9]+$") for s in scored.samples}
    files = tuple(f"predictions/{sample}.parquet" for sample in scored.samples)
    return [
        key_values("reasons.method", method_items(plan, codes), inputs=("plan.json", "model.json")),
        table("reasons.catalogue", catalogue_frame(training, champion, codes), inputs=("model.json", "plan.json")),
        table("reasons.texts", texts_frame(codes), inputs=("plan.json",)),
        table(
            "reasons.frequency",
            r.frequency_frame(codes, given, scored.all_weights_by_sample()),
            inputs=files,
            notes=rules_first(plan),
        ),
        _agreement(plan, training, champion),
    ]


def rules_first(plan: Plan) -> tuple[str, ...]:
    """What reasons of the score are not: those of applicants whom a rule declined."""
    rules = [rule.id for rule in plan.rules if rule.action == "decline"]
    if not rules:
        return ()
    told = (
        f"reasons of the score; whom a policy rule declined ({', '.join(rules)}) is told the reason of the rule first"
    )
    return (told,)


def method_items(plan: Plan, codes: r.ReasonCodes) -> dict[str, Cell]:
    """Evidence `reasons.method`: whom applicants are compared with, and whether the reasons may be told."""
    compared, untold = codes.compared, codes.untold
    lacking = ", ".join(f"{reason.name} ({', '.join(reason.words.missing)})" for reason in untold)
    sampled = compared.base is not None and compared.method != BASELINE and compared.used < compared.population
    return {
        "Method": codes.method,
        "Reference": codes.reference,
        "Reference in the plan": compared.method,
        "Named by comment 9(b)(2) of Regulation B": STANDING[compared.method],
        "Applicants of the reference": compared.applicants,
        "Their number": f"{compared.population}",
        "Used": f"{compared.used}",
        "Chosen": SELECTION if sampled else ("one baseline applicant" if compared.method == BASELINE else "all"),
        "Mean output of the trees over those used": None if compared.base is None else repr(compared.base),
        "Most reasons": f"{codes.maximum}",
        "Told beyond them": ", ".join(codes.inquiries) or "none",
        "Groups": "; ".join(f"{x.name}: {', '.join(x.members)}" for x in codes.reasons if x.members != (x.name,))
        or "none",
        "Languages": ", ".join(plan.reason_codes.languages),
        "Released for notices": "no" if untold else "yes",
        "Without a text for applicants": lacking or "none",
    }


def catalogue_frame(training: Training, champion: Candidate, codes: r.ReasonCodes) -> pd.DataFrame:
    """Evidence `reasons.catalogue`: every reason, what it is read from, its reference and bounds."""
    held = _values(training, champion, codes)
    rows = []
    for k, reason in enumerate(codes.reasons):
        if champion.points is not None and not champion.stages:
            own = [champion.points.points[member] for member in reason.members]
            most, fewest = float(sum(p.max() for p in own)), float(sum(p.min() for p in own))
        else:
            most, fewest = float(held[:, k].max()), float(held[:, k].min())
        rows.append(
            {
                "reason_code": reason.words.code,
                "characteristic": ", ".join(reason.members),
                "fields": ", ".join(source_fields(training, reason.members)),
                "direction": _direction(training, champion, reason.members),
                "source": reason.words.source or None,
                "text": next(iter(reason.words.texts.values())),
                "text_source": reason.words.text_source,
                "reference_points": reason.reference_points,
                "baseline": reason.baseline,
                "maximum_points": most,
                "minimum_points": fewest,
            }
        )
    return pd.DataFrame(rows)


def _direction(training: Training, champion: Candidate, members: tuple[str, ...]) -> str:
    """Which values lower the score, in words, each once."""
    columns = {stage.column: stage.linear for stage in champion.stages if stage.column is not None}
    return ", ".join(
        dict.fromkeys(
            _of_column(champion, columns[name]) if name in columns else _of_table(training.tables[name])
            for name in members
        )
    )


def _of_table(table: BinningTable) -> str:
    return ADVERSE.get(table.trend, "depends on the value") if table.has_order else "category"


def _of_column(champion: Candidate, linear: str) -> str:
    """A column that is the first stage: high log-odds of bad lower the score, or few points."""
    step = next(s for s in champion.model["steps"] if s.get("output") == linear)
    return ADVERSE["ascending" if step["terms"][0]["coefficient"] > 0 else "descending"]


def source_fields(training: Training, members: tuple[str, ...]) -> list[str]:
    """Columns of the source that characteristics are read from, derived ones through their expressions."""
    found: dict[str, None] = {}
    for name in members:
        if name not in training.derive_steps:
            found[name] = None
            continue
        read = tuple(references(training.derive_steps[name]["expression"]))
        found |= dict.fromkeys(source_fields(training, read))
    return list(found)


def texts_frame(codes: r.ReasonCodes) -> pd.DataFrame:
    """Evidence `reasons.texts`: the text of every reason in every language."""
    rows = [
        (reason.words.code, language, text, language not in reason.words.missing)
        for reason in codes.reasons
        for language, text in reason.words.texts.items()
    ]
    return pd.DataFrame(rows, columns=["reason_code", "language", "text", "for_applicants"])


def _values(training: Training, champion: Candidate, codes: r.ReasonCodes) -> Floats:
    """Points or attributions (n, reasons) of the development rows, as `codes` reads them."""
    if champion.stages:
        return reason_values(training, staged(champion), codes)
    if champion.points is not None:
        points = champion.points.points
        each = {
            points_name(name): points[name][training.tables[name].assign(training.frame[name].to_numpy())]
            for name in points
        }
        columns = [np.sum([each[points_name(m)] for m in reason.members], axis=0) for reason in codes.reasons]
        return np.column_stack(columns)
    assert champion.grown is not None
    (step,) = codes.preparation
    matrix = champion.grown.matrix(champion.grown.compiled.values(training.frame))
    return float(step["multiplier"]) * evaluate_attribution(pack_step(step, champion.grown.trees), matrix)


def _agreement(plan: Plan, training: Training, champion: Candidate) -> Evidence:
    """Every pair of methods on the declined of development, or on all where the plan declares no cut-off."""
    assert champion.reasons is not None
    score = champion.compiled.score(training.frame)["score"].to_numpy(float)
    cut_off = plan.strategy.cut_off
    rows = np.ones(len(score), dtype=bool) if cut_off is None else score < cut_off
    population = "all development applicants" if cut_off is None else f"development applicants below {cut_off:g}"
    given: dict[str, Objects] = {}
    for method in methods(plan, trees=any(part.grown is not None for part in champion.parts)):
        codes = _codes(plan, training, champion, method)
        given[method] = rank_reasons(codes.steps()[-1], _values(training, champion, codes)[rows])
    weights = training.weights[rows]
    frame = r.agreement_frame(given, champion.reasons.compared.method, population, weights)
    return table("reasons.agreement", frame, inputs=("model.json", "data/snapshot.parquet"))


def _codes(plan: Plan, training: Training, champion: Candidate, method: str) -> r.ReasonCodes:
    """The reasons that the champion would give by another method."""
    assert champion.reasons is not None
    if method == champion.reasons.compared.method:
        return champion.reasons
    if champion.stages:
        other = staged_reasons(plan, training, staged(champion), method)
        assert other is not None
        return other
    if champion.points is not None:
        names = champion.points.points
        ids: Mapping[str, NDArray[np.int64]] = {
            name: training.tables[name].assign(training.frame[name].to_numpy()) for name in names
        }
        return scorecard_reasons(plan, training, champion.points, ids, method)
    assert champion.grown is not None
    codes = tree_reasons(plan, training, champion.grown, method)
    assert codes is not None
    return codes
