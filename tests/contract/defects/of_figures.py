"""Defects of what is documented: figures that are not those of the model, beside a model that is right."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from scipy import stats

from credit_risk._core import canonical_json
from tests.contract.defects.consistent import changed_json
from tests.contract.defects.defect import Defect, Making
from tests.contract.defects.severity import POLICY, material

Row = dict[str, Any]
Change = tuple[str, Mapping[str, Any], Callable[[Row], Mapping[str, Any]]]


def frame_of(package: Path, identifier: str) -> list[Row]:
    """The rows of a table of evidence."""
    item = json.loads((package / "evidence" / f"{identifier}.json").read_text("utf-8"))
    names = [column["name"] for column in item["columns"]]
    return [dict(zip(names, row, strict=True)) for row in item["rows"]]


def rewritten(package: Path, changes: Sequence[Change]) -> Path:
    """Change cells of tables: of the rows of a table that are as `where` says, the cells that a function gives."""
    for identifier, where, change in changes:
        changed_json(package, f"evidence/{identifier}.json", partial(_apply, where, change))
    return package


def _apply(where: Mapping[str, Any], change: Callable[[Row], Mapping[str, Any]], item: Any) -> None:
    names, found = [column["name"] for column in item["columns"]], 0
    for row in item["rows"]:
        told = dict(zip(names, row, strict=True))
        if all(told[name] == value for name, value in where.items()):
            found += 1
            for name, value in change(told).items():
                row[names.index(name)] = value
    assert found, f"{item['id']} has no row {where}"


def figures(*changes: Change) -> Callable[[Making], Path]:
    """Figures that are simply others."""
    return lambda making: rewritten(making.copied(), changes)


def moved(rule: str, *cells: tuple[str, Mapping[str, Any], str, float]) -> Callable[[Making], Path]:
    """Cells moved by so much of what is material to the tolerance `rule`: table, rows, column, sign or share of it."""

    def make(making: Making) -> Path:
        size, tolerance = making.times * material(f"figure {rule}"), POLICY["tolerances"][rule]

        def change(row: Row, column: str, share: float) -> Mapping[str, Any]:
            value = row[column]
            unit = 1.0 if tolerance["kind"] == "absolute" else max(abs(value), tolerance.get("floor", 0.0))
            return {column: value + share * size * unit}

        changes = tuple(
            (table, where, lambda row, column=column, share=share: change(row, column, share))
            for table, where, column, share in cells
        )
        return rewritten(making.copied(), changes)

    return make


def of_sample(identifier: str, taken: str, told: str, *columns: str) -> Callable[[Making], Path]:
    """Figures of one sample told as those of another."""

    def make(making: Making) -> Path:
        row = next(one for one in frame_of(making.good, identifier) if one["sample"] == taken)
        change = (identifier, {"sample": told}, lambda _: {column: row[column] for column in columns})
        return rewritten(making.copied(), (change,))

    return make


def difference(rule: str, identifier: str, column: str) -> Callable[[Path, Path], float]:
    """The largest difference of a column between two packages, in the unit of the tolerance `rule`."""

    def size(good: Path, wrong: Path) -> float:
        tolerance, largest = POLICY["tolerances"][rule], 0.0
        for ours, theirs in zip(frame_of(good, identifier), frame_of(wrong, identifier), strict=True):
            if ours[column] is not None and theirs[column] is not None:
                away = abs(ours[column] - theirs[column])
                if tolerance["kind"] != "absolute":
                    away /= max(abs(ours[column]), tolerance.get("floor", 0.0)) or 1.0
                largest = max(largest, away)
        return largest

    return size


def figure(
    name: str,
    wrong: str,
    rule: str,
    area: str,
    make: Callable[[Making], Path],
    *,
    column: str | None = None,
    base: str = "card",
) -> Defect:
    """A wrong figure of the table `area`, compared under `rule`; column: where its size is measured, if as found."""
    size = None if column is None else difference(rule, area, column)
    return Defect(name, wrong, base, f"figure {rule}", (area,), make, sized=column is None, size=size)


AUC, PSI = "performance.discrimination", "stability.psi"
OUT = {"sample": "out_of_sample"}


def _other_degrees(row: Row) -> Mapping[str, Any]:
    return {"hosmer_lemeshow_p_value": float(stats.chi2.sf(row["hosmer_lemeshow"], 12))}


def exchanged(table: str, key: str, one: str, two: str, *columns: str) -> Callable[[Making], Path]:
    """The cells of two rows in each other's place."""

    def make(making: Making) -> Path:
        rows = {row[key]: row for row in frame_of(making.good, table)}
        told = {one: rows[two], two: rows[one]}
        changes = tuple(
            (table, {key: name}, lambda row: {column: told[row[key]][column] for column in columns}) for name in told
        )
        return rewritten(making.copied(), changes)

    return make


def told_rows(*changes: Change) -> Callable[[Making], Path]:
    """Sixty rows more of the source, in the manifest as well."""

    def make(making: Making) -> Path:
        package = rewritten(making.copied(), changes)
        manifest = json.loads((package / "manifest.json").read_text("utf-8"))
        manifest["source"]["rows"] += 60
        (package / "manifest.json").write_bytes(canonical_json.to_bytes(manifest))
        return package

    return make


def _inverted(row: Row) -> Mapping[str, Any]:
    return {"adverse_impact_ratio": 1.0 / row["adverse_impact_ratio"]}


def _without_group(making: Making) -> Path:
    """The men, in every table of fairness."""
    package = making.copied()
    for path in sorted((package / "evidence").glob("fairness.*.json")):
        item = json.loads(path.read_text("utf-8"))
        names = [column["name"] for column in item.get("columns", [])]
        if "group" in names:
            place = names.index("group")

            def kept(told: Any, place: int = place) -> None:
                told["rows"] = [row for row in told["rows"] if row[place] != "m"]

            changed_json(package, f"evidence/{path.name}", kept)
    return package


def _another_cut_off(making: Making) -> Path:
    rows = [row for row in frame_of(making.good, "performance.cut_offs") if row["sample"] == "out_of_sample"]
    other = next(row for row in rows if row["basis"] == "accept 70%")
    columns = [name for name in other if name not in ("sample", "basis", "cut_off", "rows", "bad", "reading")]
    where = {"sample": "out_of_sample", "basis": "plan"}
    change = ("performance.cut_offs", where, lambda _: {name: other[name] for name in columns})
    return rewritten(making.copied(), (change,))


FIGURES: tuple[Defect, ...] = (
    figure(
        "auc_of_development",
        "the AUC of development is told as that out of sample",
        "auc",
        AUC,
        of_sample(AUC, "development", "out_of_sample", "auc", "auc_lower", "auc_upper", "gini", "ks"),
        column="auc",
    ),
    figure(
        "gini_rounded_up",
        "the Gini index is told as a little more than it is",
        "gini",
        AUC,
        moved("gini", (AUC, OUT, "gini", 1.0), (AUC, OUT, "auc", 0.5)),
    ),
    figure(
        "ks_of_development",
        "the KS statistic is that of another sample",
        "ks",
        AUC,
        of_sample(AUC, "development", "out_of_time", "ks", "ks_lower", "ks_upper"),
        column="ks",
    ),
    figure(
        "narrow_interval",
        "the interval of the AUC is too narrow",
        "interval",
        AUC,
        moved("interval", (AUC, OUT, "auc_lower", 1.0), (AUC, OUT, "auc_upper", -1.0)),
    ),
    figure(
        "hosmer_lemeshow_degrees",
        "the p-value of Hosmer-Lemeshow has the wrong degrees of freedom",
        "calibration_test",
        "performance.calibration",
        figures(("performance.calibration", OUT, _other_degrees)),
        column="hosmer_lemeshow_p_value",
    ),
    figure(
        "brier_of_raw_score",
        "the Brier score is that of the probability before calibration",
        "brier",
        "calibration.method",
        figures(("calibration.method", {}, lambda row: {"brier_after": row["brier_before"]})),
        column="brier_after",
    ),
    figure(
        "brier_understated",
        "the Brier score is told as less than it is",
        "brier",
        "performance.calibration",
        moved("brier", ("performance.calibration", OUT, "brier", -1.0)),
    ),
    figure(
        "psi_of_filled_bins",
        "the PSI leaves out the bins that contribute most",
        "psi",
        PSI,
        moved("psi", (PSI, {"quantity": "score", "sample": "out_of_time"}, "psi", -1.0)),
    ),
    figure(
        "inflation_understated",
        "the variance inflation is told as less than it is",
        "variance_inflation",
        "scorecard.coefficients",
        moved("variance_inflation", ("scorecard.coefficients.card", {"term": "INCOME"}, "variance_inflation", -1.0)),
    ),
    figure(
        "p_value_of_another_test",
        "the p-values of the grades are those of another test",
        "p_value",
        "rating.validation",
        figures(("rating.validation", OUT, lambda row: {"jeffreys_p_value": row["binomial_p_value"]})),
        column="jeffreys_p_value",
    ),
    figure(
        "value_of_another_characteristic",
        "the information values of two characteristics are mixed up in the summary",
        "information_value",
        "classing.summary",
        exchanged("classing.summary", "characteristic", "DELAYS", "HOUSING", "information_value"),
        column="information_value",
    ),
    figure(
        "correlation_hidden",
        "a correlation of two characteristics is told as smaller",
        "difference",
        "scorecard.correlation.card",
        moved(
            "difference",
            ("scorecard.correlation.card", {"other": "DELAYS", "characteristic": "INCOME"}, "correlation", -1.0),
        ),
    ),
    figure(
        "importance_of_another_background",
        "the importance of a characteristic is that of another background",
        "importance",
        "explanation.importance.card",
        moved("importance", ("explanation.importance.card", {"rank": 1}, "mean_absolute", -1.0)),
    ),
    figure(
        "importance_swapped",
        "the importance of two characteristics is mixed up",
        "importance",
        "explanation.importance.trees",
        exchanged(
            "explanation.importance.trees", "characteristic", "INCOME", "BRANCH", "mean_absolute", "share", "mean"
        ),
        column="mean_absolute",
        base="trees",
    ),
    figure(
        "impact_ratio_inverted",
        "the adverse impact ratio is that of the reference group over the other one",
        "share",
        "fairness.adverse_impact",
        figures(("fairness.adverse_impact", {"group": "m"}, _inverted)),
        column="adverse_impact_ratio",
    ),
    Defect(
        "group_left_out",
        "a protected group is left out of the tables",
        "card",
        "tolerance statement",
        ("fairness.",),
        _without_group,
        sized=False,
    ),
    figure(
        "another_cut_off",
        "the counts of the declared cut-off are those of another one",
        "count",
        "performance.cut_offs",
        _another_cut_off,
        column="accepted",
    ),
    figure(
        "profit_of_other_assumptions",
        "profit is counted with another loss of a bad than is told",
        "profit",
        "strategy.cut_offs",
        moved("profit", ("strategy.cut_offs", {}, "profit", 1.0), ("strategy.profit_curve", {}, "profit", 1.0)),
    ),
    figure(
        "grade_not_its_rate",
        "the bad rate of a grade is told as lower",
        "share",
        "rating.scale",
        moved("share", ("rating.scale", {"grade": "4"}, "bad_rate", -1.0)),
    ),
    figure(
        "long_run_of_other_years",
        "the long-run average leaves out the worst years",
        "share",
        "long_run.average",
        moved("share", ("long_run.average", {"estimate": "mean_of_cohorts"}, "value", -1.0)),
    ),
    figure(
        "rows_dropped_silently",
        "rows of the source are missing in the waterfall",
        "rows",
        "data.waterfall",
        told_rows(
            ("data.source", {"item": "rows"}, lambda row: {"value": str(int(row["value"]) + 60)}),
            ("data.waterfall", {"step": "rows of the source"}, lambda row: {"remaining": row["remaining"] + 60}),
        ),
        column="remaining",
    ),
    figure(
        "rate_of_a_band",
        "the bad rate of a score band is told as lower",
        "share",
        "performance.score_bands",
        moved("share", ("performance.score_bands", {"sample": "out_of_time", "band": 1}, "bad_rate", -1.0)),
    ),
    figure(
        "unpaired_difference",
        "the p-value of the difference of two models takes their scores as independent",
        "p_value",
        "performance.comparison",
        figures(("performance.comparison", OUT, lambda row: {"p_value": min(1.0, row["p_value"] * 4 + 0.1)})),
        column="p_value",
        base="two",
    ),
    figure(
        "fewer_overrides",
        "the rate of overrides is told as lower than it is",
        "share",
        "strategy.overrides",
        moved("share", ("strategy.overrides", {"direction": "low side"}, "rate", -1.0)),
        base="overrides",
    ),
    Defect(
        "other_method_told",
        "the evidence names another method of calibration than the model holds",
        "card",
        "tolerance statement",
        ("calibration.method",),
        figures(("calibration.method", {}, lambda _: {"method": "isotonic"})),
        sized=False,
    ),
)
