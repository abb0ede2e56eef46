"""Defects that an examiner tries who has not seen the others: what is told twice, left out, or called otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from tests.contract.defects.consistent import Model, changed_json, with_model
from tests.contract.defects.defect import Defect, Making
from tests.contract.defects.of_figures import Row, figure, moved, rewritten

Where = Mapping[str, Any]


def without(table: str, **where: Any) -> Callable[[Making], Path]:
    """A table without the rows that are as `where` says."""

    def make(making: Making) -> Path:
        def kept(item: Any) -> None:
            names = [column["name"] for column in item["columns"]]
            before = len(item["rows"])
            item["rows"] = [
                row for row in item["rows"] if not all(row[names.index(name)] == value for name, value in where.items())
            ]
            assert len(item["rows"]) < before, f"{table} has no row {where}"

        return changed_json(making.copied(), f"evidence/{table}.json", kept)

    return make


def words(table: str, column: str, told: Callable[[Any], Any], **where: Any) -> Callable[[Making], Path]:
    """Another word in a cell of a table."""

    def change(row: Row) -> Mapping[str, Any]:
        return {column: told(row[column])}

    return lambda making: rewritten(making.copied(), ((table, where, change),))


def modelled(change: Callable[[Model], object]) -> Callable[[Making], Path]:
    """Another word in model.json, from which all that follows is made."""
    return lambda making: making.developed(with_model(change))


def stated(
    name: str, wrong: str, area: str, make: Callable[[Making], Path], *, base: str = "card", words: bool = True
) -> Defect:
    """A wrong statement, of which one is enough; words: of a table, else of model.json."""
    return Defect(name, wrong, base, f"tolerance {'statement' if words else 'identity'}", (area,), make, sized=False)


def _twice(making: Making) -> Path:
    """The row of out of sample once more in the table of calibration."""
    return changed_json(
        making.copied(), "evidence/performance.calibration.json", lambda item: item["rows"].append(item["rows"][-1])
    )


def _called_default(model: Model) -> None:
    model["outcome"]["probability_name"] = model["outputs"]["probability_name"] = "PD"


def _policy(making: Making) -> Path:
    """The plan's limit of bins and the sentence on it do not go together: the sentence is that of another policy."""
    return words("classing.policy", "value", lambda told: told.replace("at most 6", "at most 9"), item=BINS)(making)


def _fewer_reasons(making: Making) -> Path:
    """The plan asks for fewer reasons than the model gives, and says nothing else."""

    def change(plan: Any) -> None:
        plan["reason_codes"]["maximum"] = 2

    return changed_json(making.copied(), "plan.json", change)


def _source_of_another(making: Making) -> Path:
    package = making.copied()
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    manifest["source"]["sha256"] = manifest["source"]["sha256"][::-1]
    (package / "manifest.json").write_bytes(canonical_json.to_bytes(manifest))
    return package


BINS, OUT = "Bins of ordinary values", {"sample": "out_of_sample"}
DRIFT, SHARES = {"quantity": "USED", **OUT}, {"characteristic": "DELAYS", "bin_id": 1}
EXAMINER: tuple[Defect, ...] = (
    figure(
        "scaling_told_otherwise",
        "the documents tell other base odds than the points are made with",
        "scaling",
        "scaling.parameters",
        moved("scaling", ("scaling.parameters", {"item": "base odds (good to bad)"}, "value", 1.0)),
    ),
    figure(
        "index_of_a_tree_input",
        "the stability index of a characteristic of the trees is told as less than it is",
        "psi",
        "stability.psi",
        moved("psi", ("stability.psi", DRIFT, "psi", -1.0)),
        base="trees",
    ),
    figure(
        "interval_of_another_pair",
        "the interval of the difference between champion and challenger is told as narrower",
        "difference",
        "performance.comparison",
        moved("difference", ("performance.comparison", OUT, "lower", 1.0)),
        base="two",
    ),
    figure(
        "rate_beside_the_points",
        "the bad rate beside the points of a bin is that of another bin",
        "share",
        "scorecard.points.card",
        moved("share", ("scorecard.points.card", SHARES, "bad_rate", 1.0)),
    ),
    figure(
        "power_of_a_characteristic",
        "the Gini of a characteristic is told as more than its bins have",
        "gini",
        "classing.summary",
        moved("gini", ("classing.summary", {"characteristic": "BRANCH"}, "gini", 1.0)),
    ),
    figure(
        "profile_of_another_extract",
        "the profile of a column is of another extract of the data",
        "mean",
        "data.profile",
        moved("mean", ("data.profile", {"column": "INCOME"}, "median", 1.0)),
    ),
    figure(
        "rounding_made_small",
        "what rounding moves a score by is told as less than it is",
        "score_difference",
        "scaling.rounding_effect",
        moved("score_difference", ("scaling.rounding_effect", OUT, "maximum_difference", -1.0)),
    ),
    stated(
        "challenger_left_out",
        "the comparison with a challenger out of sample is left out",
        "performance.comparison",
        without("performance.comparison", sample="out_of_sample"),
        base="two",
    ),
    stated(
        "drift_left_out",
        "the stability index of a characteristic out of time is left out",
        "stability.psi",
        without("stability.psi", quantity="INCOME", sample="out_of_time"),
    ),
    stated(
        "error_rate_left_out",
        "one of the error rates of a group is left out",
        "fairness.error_rates",
        without("fairness.error_rates", group="m", sample="out_of_time", measure="true_positive_rate"),
    ),
    stated(
        "bin_of_the_points_left_out",
        "the points of a bin are left out of the table of points",
        "scorecard.points.card",
        without("scorecard.points.card", **SHARES),
    ),
    stated(
        "label_of_another_edge",
        "the table of points tells another edge of a bin than the model scores with",
        "scorecard.points.card",
        words("scorecard.points.card", "label", lambda told: told.replace("2", "3"), **SHARES),
    ),
    stated(
        "other_limit_told",
        "the documents tell more bins than the plan allows",
        "classing.policy",
        _policy,
    ),
    stated(
        "source_of_another",
        "the manifest names the hash of another source than the evidence",
        "data.source",
        _source_of_another,
    ),
    stated(
        "called_default",
        "the probability is called PD, though the plan says that bad is no default of the regulation",
        "model.json",
        modelled(_called_default),
        words=False,
        base="plain",
    ),
    Defect(
        "row_told_twice",
        "a table tells a row twice",
        "card",
        "check row_repeated",
        ("evidence: rows told once",),
        _twice,
        sized=False,
    ),
    Defect(
        "more_reasons_than_planned",
        "the plan asks for fewer reasons than the model gives",
        "card",
        "figure rows",
        ("reasons step",),
        _fewer_reasons,
        sized=False,
        size=lambda good, wrong: 1.0,  # four where two are asked for: as many again
    ),
)
