"""The validator's evidence: tables whose ids begin with `validation.`, as the catalogue describes them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from validation import schema_check
from validation.battery.rows import areas, cells
from validation.policy import Tolerance
from validation.run import ValidationRun
from validation.structure import scorecard_of

NO_SOURCE: Final = "the comparison of the rows with the source broke off: see the findings"
# Tables that checks of the battery fill.
OWN_TABLES: Final = (
    "validation.representativeness",
    "validation.challenger",
    "validation.sensitivity",
    "validation.fairness",
)
NO_ROWS: Final = "the package came without its rows, and none were given"
# Tolerance of a headline figure where it is not named like the figure.
_HEADLINE_RULES: Final = {
    "bad_rate": "share",
    "observed_mean": "mean",
    "expected_mean": "mean",
    "ratio": "mean",
    "normalised_gini": "gini",
    "deviance_explained": "deviance",
}


def build_evidence(run: ValidationRun, compared: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """Return the evidence of a run by id, each in the form of evidence.schema.json; `compared` is comparison.json."""
    rows = {
        "validation.summary": _summary(run),
        "validation.findings": _findings(run),
        "validation.comparison": _comparison(run),
        "validation.headline": _headline(run),
        "validation.coefficients": _coefficients(run),
        "validation.glm": _glm(run),
        "validation.classing": run.tables.get(
            "validation.classing", "the package holds no classing of a binary outcome"
        ),
        "validation.second_technology": run.tables.get("validation.second_technology", "nothing was rebuilt"),
        "validation.overlap": list(run.overlap) or "the package holds no reject inference",
        "validation.battery": [cells(row) for row in run.battery],
        "validation.battery_areas": areas(run.battery),
        "validation.exports": run.tables.get("validation.exports", "the package came without its rows"),
        "validation.soundness": run.tables.get("validation.soundness") or _not_screened(run),
        "validation.source": run.tables.get("validation.source", NO_SOURCE),
        "validation.trees": run.tables.get("validation.trees", "no candidate is a boosting"),
        **{name: run.tables.get(name, NO_ROWS) for name in OWN_TABLES},
        "validation.coverage": _coverage(run),
        "validation.materiality": _materiality(run),
        "validation.retest": _retest(compared),
        "validation.policy": _policy(run),
        "validation.package": _package(run),
    }
    return {name: evidence_of(name, content) for name, content in rows.items()}


def evidence_of(name: str, content: list[list[Any]] | str) -> dict[str, Any]:
    """Return an evidence of the catalogue with these rows, or with the reason why it does not apply."""
    entries = {item["id"]: item for item in schema_check.load("evidence_catalogue.json")["entries"]}
    return _evidence(entries[name], content)


@cache
def _titles() -> dict[str, str]:
    """Title of each column name of the catalogue that has one title wherever it stands."""
    titles: dict[str, set[str]] = {}
    for entry in schema_check.load("evidence_catalogue.json")["entries"]:
        for column in entry["columns"]:
            titles.setdefault(column["name"], set()).add(column["title"])
    return {name: next(iter(found)) for name, found in titles.items() if len(found) == 1}


def words(quantity: str) -> str:
    """A quantity as people write it: the catalogue's title of a column, else the name without underscores."""
    return _titles().get(quantity, quantity.replace("_", " "))


def _evidence(entry: dict[str, Any], content: list[list[Any]] | str) -> dict[str, Any]:
    base = {
        "format": "credit-risk-evidence",
        "format_version": "0.1",
        "id": entry["id"],
        "inputs": ["manifest.json"],
        "notes": [],
        "producer": entry["producer"],
        "title": entry["title"],
    }
    if isinstance(content, str):
        return {**base, "kind": "not_applicable", "reason": content}
    names = ("name", "title", "type", "unit", "description")
    columns = [{key: column[key] for key in names if key in column} for column in entry["columns"]]
    return {
        **base,
        "kind": "table",
        "columns": columns,
        "rows": [[_cell(item) for item in row] for row in content],
    }


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def _summary(run: ValidationRun) -> list[list[Any]]:
    counts = run.findings["counts"]
    passed = sum(item.outcome == "pass" for item in run.outcomes)
    rows = [
        ["model", f"{run.package.champion_id} {run.findings['model']['version']}"],
        ["package hash", run.package.hash],
        ["policy", f"{run.policy.name} {run.policy.version}"],
        ["recommendation", run.recommendation.replace("_", " ")],
        ["tests", str(len(run.outcomes))],
        ["tests passed", str(passed)],
        ["tests not evaluable", str(sum(item.outcome == "not_evaluable" for item in run.outcomes))],
        ["values compared", str(sum(item.compared for item in run.comparisons))],
        ["values beyond tolerance", str(sum(item.breaches for item in run.comparisons))],
    ]
    return rows + [[f"findings: {severity}", str(count)] for severity, count in counts.items()]


def _findings(run: ValidationRun) -> list[list[Any]]:
    return [
        [
            item["id"],
            item["severity"],
            item["test"],
            item["quantity"],
            _text(item["developer_value"]),
            _text(item["validator_value"]),
            item["tolerance"],
            item["statement"],
            item["remedy"],
            item["status"],
        ]
        for item in run.findings["findings"]
    ]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return repr(value) if isinstance(value, float) else str(value)


def _comparison(run: ValidationRun) -> list[list[Any]]:
    return [
        [
            item.area,
            words(item.quantity),
            item.compared,
            item.breaches,
            item.largest,
            item.tolerance.value,
            item.tolerance.kind,
            item.outcome,
        ]
        for item in run.comparisons
    ]


def _headline(run: ValidationRun) -> list[list[Any]]:
    rows = []
    for item in run.headlines:
        if item.developer is None:
            rows.append([item.model, item.sample, words(item.quantity), None, item.validator, None, "not_evaluable"])
            continue
        tolerance = run.policy.tolerances[_HEADLINE_RULES.get(item.quantity, item.quantity)]
        excess = float(tolerance.excess([item.developer], [item.validator])[0])
        outcome = "pass" if excess <= tolerance.value else "fail"
        difference = abs(item.developer - item.validator)
        pair = [item.developer, item.validator]
        rows.append([item.model, item.sample, words(item.quantity), *pair, difference, outcome])
    return rows


def _coefficients(run: ValidationRun) -> list[list[Any]] | str:
    card = scorecard_of(run.package.model)
    if card is None or run.fit is None:
        return "the champion's regression was not refitted"
    stated_in = f"scorecard.coefficients.{run.package.candidate_ids[run.package.champion_id]}"
    table = {row["term"]: row for row in run.package.rows_of(stated_in) or []}
    rows = []
    for place, name in enumerate(["intercept", *(term.characteristic for term in card.terms)]):
        coefficient, error = float(run.fit.coefficient[place]), float(run.fit.standard_error[place])
        stated = table.get(name, {})
        pair = [stated.get("coefficient"), coefficient, stated.get("standard_error"), error]
        rows.append([name, *pair, _difference(pair[0], coefficient), _difference(pair[2], error)])
    return rows


def _glm(run: ValidationRun) -> list[list[Any]] | str:
    if run.package.outcome_type == "binary":
        return "the outcome is binary; generalised linear models are of amounts and fractions"
    rows: list[list[Any]] = []
    for item in run.refitted:
        table = run.package.rows_of(f"glm.coefficients.{item.glm.name}") or []
        if item.fit is None or len(table) != len(item.fit.coefficient):
            continue
        for place, stated in enumerate(table):
            coefficient, error = float(item.fit.coefficient[place]), float(item.fit.standard_error[place])
            pair = [stated["coefficient"], coefficient, stated["standard_error"], error]
            gaps = [_difference(pair[0], coefficient), _difference(pair[2], error)]
            rows.append([item.glm.name, stated["term"], *pair, *gaps])
    return rows or "no generalised linear model could be refitted"


def _not_screened(run: ValidationRun) -> str:
    if run.package.outcome_type != "binary":
        return "the outcome is an amount or a fraction; single characteristics are screened against goods and bads"
    return "the package came without its rows, or development has too few goods or bads"


def _difference(developer: float | None, validator: float) -> float | None:
    return None if developer is None else abs(developer - validator)


def _coverage(run: ValidationRun) -> list[list[Any]]:
    return [[item.test, item.outcome, item.cut, item.compared, item.reason] for item in run.outcomes]


def _policy(run: ValidationRun) -> list[list[Any]]:
    rows = [["name", run.policy.name], ["version", run.policy.version], ["sha256", run.policy.sha256]]
    for name, item in sorted(run.policy.tolerances.items()):
        floor = f", values below {item.floor:g} as if of that size" if item.kind == "relative" else ""
        value = "equal" if item.kind == "exact" else f"{item.kind} {item.value:g}{floor}"
        rows.append([f"tolerance: {name}", f"{value}; {_effect(item)}; {item.reason}"])
    for name, cut in sorted(run.policy.cuts.items()):
        rows.append([f"cut: {name}", f"{cut.value:g}; {cut.severity}; {cut.reason}"])
    rows += [[f"deadline: {name}", f"{days} days"] for name, days in run.policy.deadlines.items()]
    return rows + [[f"check: {name}", severity] for name, severity in sorted(run.policy.checks.items())]


def _effect(item: Tolerance) -> str:
    """What a breach of a tolerance is graded by, in words."""
    if item.effect == "rule":
        return f"a breached rule: {item.severity}"
    own = "" if item.material is None else f", material from {item.material:g}"
    return f"graded by {item.effect}{own}"


def _materiality(run: ValidationRun) -> list[list[Any]]:
    return [
        [
            name,
            row.value,
            row.value * row.gross_from,
            row.under,
            row.material,
            row.gross,
            row.reason,
        ]
        for name, row in sorted(run.policy.materiality.items())
    ]


def _retest(compared: Mapping[str, Any] | None) -> list[list[Any]] | str:
    if compared is None:
        return "no earlier validation was named (--compare)"
    names = ("id", "change", "severity_before", "severity_now", "test", "quantity")
    rows = [[row[name] for name in names] for row in compared["findings"]]
    return rows or "neither validation has findings"


def _rows_examined(run: ValidationRun) -> str:
    if run.package.snapshot is None:
        return "no"
    return "yes" if run.package.made is None else "yes, made of the source: the snapshot does not travel"


def _package(run: ValidationRun) -> list[list[Any]]:
    manifest = run.package.manifest
    rows = [
        ["package hash", run.package.hash],
        ["model", f"{manifest['model']['id']} {manifest['model']['version']}"],
        ["name", manifest["model"]["name"]],
        ["core files", str(len(manifest["files"]))],
        ["snapshot rows", str(manifest["snapshot"]["rows"])],
        ["snapshot hash", manifest["snapshot"]["sha256"]],
        ["snapshot in the package", "yes" if manifest["snapshot"]["included"] else "no"],
        ["rows examined", _rows_examined(run)],
        ["source", manifest["source"]["name"]],
        ["source hash", manifest["source"]["sha256"]],
        ["challengers", ", ".join(run.package.challengers) or "none"],
    ]
    return rows + [[f"library: {name}", version] for name, version in sorted(manifest["libraries"].items())]
