"""Defects of what was done and what the plan says: other settings, rows, reasons, rules, stages and segments."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from credit_risk.lifecycle.candidates import Training
from credit_risk.lifecycle.classing import Prepared
from tests.contract.altered import reseal
from tests.contract.defects.bases import applications
from tests.contract.defects.consistent import Model, Replaced, changed_json, run_base, step, with_model, with_result
from tests.contract.defects.defect import Defect, Making
from tests.contract.defects.of_figures import OUT, Row, figure, figures, frame_of, rewritten
from tests.contract.defects.of_parameters import as_other_bin
from tests.contract.defects.of_rows import refitted

CLASSED = "credit_risk.lifecycle.binary.class_predictors"
BINNED = "credit_risk.lifecycle.classing.class_frame"
CALIBRATED = "credit_risk.lifecycle.calibration.calibration_rows"
AUC, BANDS = "performance.discrimination", "performance.score_bands"
COEFFICIENTS = ("model.json: coefficients", "scorecard.coefficients", "model.json: WoE")


def once(replaced: Callable[[], Replaced]) -> Callable[[Making], Path]:
    """A package of a developer's programs in which functions are replaced."""
    return lambda making: making.developed(replaced())


def other_classing(characteristic: str, **settings: Any) -> Callable[[Making], Path]:
    """One characteristic classed with other settings than the plan's, without the trend that the plan expects."""

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def class_frame(frame: Any, *rest: Any, **options: Any) -> Any:
            found = original(frame, *rest, **options)
            trends = dict(options["trends"])
            if "trend" in settings:
                trends.pop(characteristic)
            told = options | {"settings": options["settings"].model_copy(update=settings), "trends": trends}
            return {**found, characteristic: original(frame[[characteristic]], *rest, **told)[characteristic]}

        return class_frame

    return once(lambda: {BINNED: around})


def unlike_plan(*changes: tuple[str, str]) -> Callable[[Making], Path]:
    """A package that another plan was run for, told as that of the good plan."""

    def make(making: Making) -> Path:
        plan = making.base.plan
        for old, new in changes:
            assert old in plan
            plan = plan.replace(old, new)
        package = run_base(replace(making.base, plan=plan), making.folder)
        good = json.loads((making.good / "plan.json").read_text("utf-8"))
        return changed_json(package, "plan.json", lambda told: told.update(good))

    return make


def _calibrated_on_test(original: Callable[..., Any]) -> Callable[..., Any]:
    """The calibration is fitted on the rows out of sample and told as fitted on its own sample."""
    turn = {"calibration": "out_of_sample", "out_of_sample": "calibration"}

    def calibration_rows(plan: Any, prepared: Prepared) -> Any:
        labels = np.array([turn.get(label, label) for label in prepared.labels], dtype=object)
        return original(plan, replace(prepared, labels=labels))

    return calibration_rows


def _test_rows_in_fit(original: Callable[..., Any]) -> Callable[..., Any]:
    """Everything is fitted on all rows, those out of sample too."""

    def class_predictors(plan: Any, prepared: Prepared) -> Any:
        everyone = np.array([label is not None for label in prepared.labels], dtype=bool)
        return original(plan, replace(prepared, development=everyone))

    return class_predictors


def _neutral(training: Training) -> Training:
    """Missing incomes have a weight of nothing, although goods and bads among them are known."""
    table = training.tables["INCOME"]
    woe = table.result.woe.copy()
    woe[next(k for k, one in enumerate(table.bins) if one.kind == "missing")] = 0.0
    changed = replace(table, result=replace(table.result, woe=woe))
    return replace(training, tables={**training.tables, "INCOME": changed})


def _other_points(model: Model) -> None:
    """The points of two characteristics are behind each other's reason."""
    listed = step(model, "reasons")["characteristics"]
    for key in ("characteristic", "reason_code"):
        listed[0][key], listed[1][key] = listed[1][key], listed[0][key]


def _never_told(model: Model) -> None:
    """One characteristic is never a reason."""
    listed = step(model, "reasons")
    del listed["characteristics"][1]
    for rank, item in enumerate(listed["characteristics"], start=1):
        item["baseline"] = item["reference_points"] - listed["rank_step"] * rank


def _turned_expectation(making: Making) -> Path:
    """The plan expects the contrary of what the data say, and evidence says that it was confirmed."""
    turned = {"expected_trend": "descending"}
    package = rewritten(making.copied(), [("classing.expectations", {"characteristic": "DELAYS"}, lambda _: turned)])
    return changed_json(package, "plan.json", lambda told: told["data"]["columns"]["DELAYS"].update(turned))


def _stale(making: Making) -> Path:
    """The discrimination is that of an earlier run on other rows."""
    older = run_base(making.base, making.folder / "older", table=applications(1500, 13))
    name = f"evidence/{AUC}.json"
    return reseal(making.copied(), name, (older / name).read_bytes())


def _challenger_as_champion(making: Making) -> Path:
    """Champion and challenger have each other's predictions."""
    package = making.copied()
    for path in sorted((making.good / "predictions").glob("*.parquet")):
        own, other = f"predictions/{path.name}", f"challengers/few/predictions/{path.name}"
        reseal(package, own, (making.good / other).read_bytes())
        reseal(package, other, (making.good / own).read_bytes())
    return package


def _swapped_bands(making: Making) -> Path:
    """The lowest two score bands in each other's place."""
    rows = {row["band"]: row for row in frame_of(making.good, BANDS) if row["sample"] == OUT["sample"]}
    names = ("count", "good", "bad", "bad_rate", "bad_rate_lower", "bad_rate_upper", "mean_probability")
    other = {1: rows[2], 2: rows[1]}
    changes = [
        (BANDS, {**OUT, "band": band}, lambda row: {name: other[row["band"]][name] for name in names}) for band in other
    ]
    return rewritten(making.copied(), changes)


def _more_rows(row: Row) -> Row:
    return {name: row[name] + 25 for name in ("rows", "weight", "good")}


def _swapped_segments(model: Model) -> None:
    """Two segments are scored with each other's scorecard."""
    for one in model["steps"]:
        if one["type"] == "switch":
            first, second = one["cases"][:2]
            first["value"], second["value"] = second["value"], first["value"]


def _no_offset(model: Model) -> None:
    """The log-odds of the first stage are left out of those of the second."""
    step(model, "linear_score")["offset"] = None


def _other_rule(model: Model) -> None:
    """Applicants are declined from one delay fewer on than the plan says."""
    guard = next(one for one in model["steps"] if one["type"] == "guard")
    guard["condition"] = json.loads(json.dumps(guard["condition"]).replace("4", "3"))


def choice(name: str, wrong: str, base: str, effect: str, make: Callable[[Making], Path], *areas: str) -> Defect:
    """A defect without a size of its own."""
    return Defect(name, wrong, base, effect, areas, make, sized=False)


CHOICES: tuple[Defect, ...] = (
    choice(
        "suboptimal_classing",
        "INCOME has fewer bins than the plan allows, and no loss of information value is told",
        "plain",
        "check loss_understated",
        other_classing("INCOME", max_bins=3),
        "classing: greatest information value",
    ),
    choice(
        "broken_trend",
        "the bad rate of a characteristic does not follow the trend that the plan expects",
        "plain",
        "check trend_broken",
        other_classing("USED", trend="none"),
        "classing",
    ),
    choice(
        "calibrated_on_test",
        "the calibration is fitted on the sample that tests it",
        "card",
        "check calibration_sample",
        once(lambda: {CALIBRATED: _calibrated_on_test}),
        "calibration.method: sample",
    ),
    choice(
        "test_rows_in_fit",
        "rows out of sample are fitted on too",
        "plain",
        "probability",
        once(lambda: {CLASSED: _test_rows_in_fit}),
        *COEFFICIENTS,
    ),
    choice(
        "weights_ignored",
        "the fit takes every row as one, although the plan weighs them",
        "weighted",
        "probability",
        once(lambda: refitted(lambda training: np.ones(len(training.y)))),
        *COEFFICIENTS,
    ),
    choice(
        "missing_as_neutral",
        "missing incomes weigh nothing, although their goods and bads are known",
        "plain",
        "probability",
        once(lambda: with_result(CLASSED, _neutral)),
        "model.json: WoE",
    ),
    choice(
        "special_as_missing",
        "a special code is scored as a missing value",
        "plain",
        "probability",
        once(lambda: as_other_bin("USED", "special", -1, 1.0)),
        "model.json: WoE",
    ),
    choice(
        "dropped_by_hand",
        "a characteristic that the rules of selection keep was left out",
        "plain",
        "check selection_departs",
        unlike_plan(("champion: true}", "champion: true, characteristics: [INCOME, DELAYS, USED, BRANCH]}")),
        "selection",
    ),
    choice(
        "reason_of_other_points",
        "the points of two characteristics are behind each other's reason",
        "plain",
        "decisions",
        once(lambda: with_model(_other_points)),
        "reasons step",
    ),
    choice(
        "reason_never_told",
        "a characteristic is never told as a reason",
        "plain",
        "decisions",
        once(lambda: with_model(_never_told)),
        "reasons step",
    ),
    choice(
        "reasons_against_maximum",
        "reasons are held against the most points, the plan says against the mean",
        "plain",
        "decisions",
        unlike_plan(("exports: [pmml]", "exports: []\nreason_codes: {reference: maximum}")),
        "reasons step",
    ),
    choice(
        "turned_expectation",
        "the expected trend is contrary to the data, and told as confirmed",
        "plain",
        "cut expectation_level",
        _turned_expectation,
        "battery: data against the expected direction",
    ),
    figure(
        "stale_evidence",
        "the discrimination is that of an earlier run",
        "auc",
        AUC,
        _stale,
        column="auc",
        base="plain",
    ),
    choice(
        "challenger_as_champion",
        "champion and challenger have each other's predictions",
        "two",
        "check predictions_of_another",
        _challenger_as_champion,
        "battery: predictions of",
    ),
    figure(
        "swapped_bands",
        "two score bands are in each other's place",
        "share",
        BANDS,
        _swapped_bands,
        column="bad_rate",
        base="plain",
    ),
    figure(
        "other_sample_size",
        "a sample is told as larger than it is",
        "rows",
        "samples.summary",
        figures(("samples.summary", OUT, _more_rows)),
        column="rows",
        base="plain",
    ),
    choice(
        "swapped_segments",
        "two segments are scored with each other's scorecard",
        "segments",
        "probability",
        once(lambda: with_model(_swapped_segments)),
        "model.json",
        "segment",
        "scorecard.",
        "points",
    ),
    choice(
        "offset_dropped",
        "the second stage leaves the log-odds of the first out",
        "staged",
        "probability",
        once(lambda: with_model(_no_offset)),
        "model.json",
        "two_stage",
        "scorecard.",
    ),
    choice(
        "altered_rule",
        "a rule of the policy declines more applicants than the plan's",
        "ruled",
        "decisions",
        once(lambda: with_model(_other_rule)),
        "rules of model.json",
    ),
)
