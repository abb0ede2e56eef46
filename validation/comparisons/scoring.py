"""Scores: every row of the snapshot scored again from model.json and held against the developer's predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from validation.compare import Comparison
from validation.findings import Finding, Outcome
from validation.rebuild.workspace import Workspace
from validation.score import score
from validation.steps.values import Value, as_number
from validation.structure import steps_of
from validation.verification_file import Verification, attributed, attribution_name, classing_name, points_name

NUMBERS = ("linear_score", "probability", "probability_with_margin", "expected_value", "score")


def compare_predictions(space: Workspace) -> None:
    """Compare the predictions of every model and sample with our own scores of the same rows."""
    for model_id, model in space.package.models.items():
        _rows_in_error(space, model_id)
        for sample, rows in space.rows.items():
            table = space.package.predictions.get((model_id, sample))
            if table is None:
                _record_missing(space, model_id, sample)
                continue
            _compare_sample(space, model_id, model, sample, rows, table)


def _record_missing(space: Workspace, model_id: str, sample: str) -> None:
    test = f"predictions {model_id} {sample}"
    finding = Finding(
        test=test,
        severity=space.policy.checks["predictions_missing"],
        quantity="predictions",
        developer_value=None,
        validator_value=len(space.rows[sample]),
        tolerance=None,
        statement=f"The package holds no predictions of {model_id} for the sample {sample}.",
        remedy="Write the predictions of every sample into the package.",
        evidence=("samples.summary",),
    )
    space.ledger.check(Outcome(test, "fail", 0, None, "the package holds no such table", finding))


def _rows_in_error(space: Workspace, model_id: str) -> None:
    used = np.concatenate(list(space.rows.values())) if space.rows else np.zeros(0, dtype=np.int64)
    for key in NUMBERS:
        value = space.output(model_id, key)
        if value is None:
            continue
        count = int(np.count_nonzero(value.error[used]))
        test = f"predictions {model_id}: rows without a {key}"
        finding = None
        if count:
            finding = Finding(
                test=test,
                severity=space.policy.checks["rows_in_error"],
                quantity=key,
                developer_value=None,
                validator_value=count,
                tolerance=0.0,
                statement=f"{count} rows of the samples have no {key}: a step of {model_id} ends in an error there.",
                remedy="Give the model a result for every row that its contract admits.",
                evidence=("samples.summary",),
            )
        space.ledger.check(Outcome(test, "fail" if count else "pass", len(used), "no row", None, finding))


def _compare_sample(
    space: Workspace,
    model_id: str,
    model: Mapping[str, Any],
    sample: str,
    rows: np.ndarray,
    table: pd.DataFrame,
) -> None:
    area = f"predictions {model_id} {sample}"
    keys = space.frame["_key"].to_numpy()[rows]
    comparison = space.ledger.words(area, "keys", table["_key"].tolist(), keys.tolist(), "row", ["samples.summary"])
    if comparison is None or comparison.breaches:
        space.ledger.not_evaluable(f"{area}: values", "the rows are not those of the sample")
        return
    evidence = ["performance.discrimination"]
    labels = [f"key {key}" for key in keys]
    for key in NUMBERS:
        value = space.output(model_id, key)
        if value is not None:
            rule = score_rule(model) if key == "score" else _RULES.get(key, key)
            stated = table[key].to_numpy()
            space.ledger.numbers(area, key, rule, stated, value.data[rows], labels, evidence, applicants=True)
    grade = space.output(model_id, "grade")
    if grade is not None:
        stated, own = table["grade"].tolist(), grade.data[rows].tolist()
        space.ledger.words(area, "grade", stated, own, labels, evidence, "applicant")
    reasons = space.output(model_id, "reasons")
    if reasons is not None:
        maximum = sum(name.startswith("reason_") for name in table.columns)
        own = reason_columns(reasons, maximum)
        given = list(zip(*(table[f"reason_{number}"] for number in range(1, maximum + 1)), strict=True))
        mine = [own[row] for row in rows]
        space.ledger.words(area, "reasons", given, mine, labels, ["reasons.catalogue"], "reason")
    for name in model["outputs"].get("decision") or []:
        flag = as_number(space.scored[model_id][name])
        given = table[f"decision:{name}"].to_numpy()
        told = (area, f"decision:{name}", "applicant")
        space.ledger.numbers(*told, given, flag.data[rows], labels, ["rules.hits"], applicants=True)
    decision = space.output(model_id, "overall_decision")
    if decision is not None:
        given, mine = table["overall_decision"].tolist(), decision.data[rows].tolist()
        space.ledger.words(area, "overall decision", given, mine, labels, ["rules.decisions"], "applicant")


def score_rule(model: Mapping[str, Any]) -> str:
    """Return the tolerance of the published score: exact where it is rounded."""
    name = model["outputs"].get("score")
    for step in steps_of(model, "scale"):
        if step["output"] == name:
            return "score_unrounded" if step["rounding"] == "none" else "score_rounded"
    return "score_unrounded"


def reason_columns(value: Value, maximum: int) -> list[tuple[str | None, ...]]:
    """Return the reason codes of each row, filled with None to `maximum`."""
    empty = (None,) * maximum
    return [((*codes, *empty) if codes is not None else empty)[:maximum] for codes in value.data.tolist()]


def compare_verification(space: Workspace) -> None:
    """Compare every row and column of verification.csv with our own evaluation of its inputs."""
    verification, model = space.package.verification, space.package.model
    frame = inputs_frame(verification, model)
    values = score(model, frame)
    labels = [f"case {number + 1} ({name})" for number, name in enumerate(verification.columns["case"])]
    evidence = ["verification.coverage"]
    area = "verification.csv"
    groups: dict[tuple[str, str], tuple[list[Any], list[Any], list[str]]] = {}
    for column, rule, value in _columns(model, values):
        kind, _, name = column.partition(":")
        given, own, places = groups.setdefault((_WORDS.get(kind, kind), rule), ([], [], []))
        given.extend(verification.columns[column])
        own.extend(np.where(value.error, np.nan, value.data).tolist())
        places.extend(f"{label} {name}".rstrip() for label in labels)
    held = [space.ledger.numbers(area, quantity, rule, *pair, evidence) for (quantity, rule), pair in groups.items()]
    outputs = model["outputs"]
    if outputs.get("grade") is not None:
        given = list(verification.columns["grade"])
        held.append(space.ledger.words(area, "grade", given, values[outputs["grade"]].data.tolist(), labels, evidence))
    if outputs.get("reasons") is not None:
        names = [name for name in verification.header if name.startswith("reason_")]
        own = reason_columns(values[outputs["reasons"]], len(names))
        given = list(zip(*(verification.columns[name] for name in names), strict=True))
        held.append(space.ledger.words(area, "reasons", given, own, labels, evidence, "reason"))
    if outputs.get("overall_decision") is not None:
        given, own = list(verification.columns["overall_decision"]), values[outputs["overall_decision"]].data.tolist()
        held.append(space.ledger.words(area, "overall decision", given, own, labels, evidence))
    _judge_cases(space, [one for one in held if one is not None], len(labels))


def _judge_cases(space: Workspace, held: Sequence[Comparison], cases: int) -> None:
    """What puts the model into use is tried on these cases: one that it does not score so is enough.

    Numbers count where they differ by more than exports may.
    """
    test, least = "verification.csv: cases are those of the model", space.policy.tolerances["export"].value
    wrong = [one.quantity for one in held if one.breaches and one.largest > least]
    finding = None
    if wrong:
        finding = Finding(
            test=test,
            severity=space.policy.checks["verification_case"],
            quantity="cases",
            developer_value=", ".join(wrong),
            validator_value=None,
            tolerance=least,
            statement=f"The model does not score the verification cases as they say: {', '.join(wrong)}.",
            remedy="Write the verification cases again from the model that is submitted.",
            evidence=("verification.coverage",),
        )
    space.ledger.check(Outcome(test, "fail" if wrong else "pass", cases, "every case", None, finding))


_RULES = {"probability_with_margin": "probability"}
_WORDS = {"bin": "bin ids", "woe": "WoE", "attribution": "attributions", "decision": "decisions of rules"}


def inputs_frame(verification: Verification, model: Mapping[str, Any]) -> pd.DataFrame:
    """Return the inputs of the cases as a frame: numbers float64, texts objects."""
    columns = {}
    for item in model["inputs"]:
        cells = verification.columns[f"in:{item['name']}"]
        if item["type"] == "number":
            columns[item["name"]] = np.array([np.nan if cell is None else float(cell) for cell in cells])
        else:
            columns[item["name"]] = np.array([*cells, None], dtype=object)[:-1]
    return pd.DataFrame({name: pd.Series(data, dtype=data.dtype) for name, data in columns.items()})


def _columns(model: Mapping[str, Any], values: Mapping[str, Value]) -> list[tuple[str, str, Value]]:
    found = []
    for step in steps_of(model, "classing"):
        name = classing_name(model, step)
        found.append((f"bin:{name}", "bin", values[step["output_bin"]]))
        found.append((f"woe:{name}", "linear_score", values[step["output_woe"]]))
    for step in steps_of(model, "scale"):
        if step["form"] == "points":
            rule = "points_unrounded" if step["rounding"] == "none" else "points_rounded"
            for item in step["characteristics"]:
                found.append((f"points:{points_name(model, step, item)}", rule, values[item["output"]]))
    for step, item in attributed(model):
        found.append((f"attribution:{attribution_name(model, step, item)}", "attribution", values[item["output"]]))
    for key in NUMBERS:
        name = model["outputs"].get(key)
        if name is not None:
            found.append((key, score_rule(model) if key == "score" else _RULES.get(key, key), values[name]))
    for name in model["outputs"].get("decision") or []:
        found.append((f"decision:{name}", "identity", as_number(values[name])))
    return found
