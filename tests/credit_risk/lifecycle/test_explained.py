"""Explanations of every candidate from plan to package; the validator works them out again and sees any change."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk._core import canonical_json
from credit_risk.scoring import compile_model
from tests.credit_risk.cli.command import disagreements, done, evidence, frame, model, portfolio
from validation import read_package, validate

PLAN = """model: {id: m}
data: {source: table.csv, date: DAY}
outcome: {column: BAD, bad: 1}
samples: {out_of_time: {after: "2021-07-01"}}
selection: {include: [INCOME, AGE, HOUSING]}
models:
  - {id: card, type: scorecard}
  - {id: trees, type: monotone_boosting, trees: 20, champion: true}
strategy: {cut_off: 500}
reason_codes: {reference: above_cut_off, band_width: 40, background_rows: 60, inquiries: [AGE], maximum: 1}
"""


def table() -> pd.DataFrame:
    made = portfolio(1500)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.random.default_rng(4).integers(0, 730, 1500), "D")
    made["DAY"] = days.strftime("%Y-%m-%d")
    return made


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("explained"), PLAN, table())


def test_the_validator_agrees_on_every_candidate(package: Path) -> None:
    assert disagreements(package) == []
    compared = json.loads((package / "validation" / "findings.json").read_text())["coverage"]
    for name in ("card", "trees"):
        for part in ("importance", "dependence", "stability"):
            tests = [c for c in compared if c["test"].startswith(f"explanation.{part}.{name}")]
            assert any(c["outcome"] == "pass" for c in tests), (part, name)
    assert any(c["test"].startswith("explanation.interaction.trees") and c["outcome"] == "pass" for c in compared)


def test_background_is_the_approved_and_the_mean_of_attributions_there_is_zero(package: Path) -> None:
    told = frame(package, "explanation.background").set_index(["model", "used_for"])
    rows = pd.read_parquet(package / "data" / "snapshot.parquet").query("_sample == 'development'")
    values = compile_model(model(package)).values(rows)
    approved = values["score"] >= 500
    assert told.loc[("trees", "explanations"), "population"] == approved.sum()
    assert told.loc[("trees", "explanations"), "base"] == pytest.approx(values["linear_score"][approved].mean())
    assert told.loc[("trees", "reasons"), "rows"] == min(60, ((values["score"] < 540) & approved).sum())
    assert "at or above 500" in told.loc[("card", "explanations"), "applicants"]


def test_scorecard_has_no_interactions_and_its_attributions_are_its_terms(package: Path) -> None:
    absent = evidence(package, "explanation.interaction.card")
    assert absent["kind"] == "not_applicable"
    assert "sum over characteristics" in absent["reason"]
    dependence = frame(package, "explanation.dependence.card")
    assert (dependence["upper"] - dependence["lower"]).abs().max() < 1e-12  # one bin, one attribution
    assert frame(package, "explanation.interaction.trees")["mean_absolute"].is_monotonic_decreasing


def test_stability_is_over_samples_and_years(package: Path) -> None:
    found = frame(package, "explanation.stability.trees")
    assert set(found.loc[found["kind"] == "sample", "group"]) == {"development", "out_of_sample", "out_of_time"}
    assert set(found.loc[found["kind"] == "year", "group"]) == {"2020", "2021"}
    assert found.groupby(["kind", "group"])["share"].sum().to_numpy() == pytest.approx(1.0)
    assert (found.query("group == 'development'")["difference"] == 0).all()


def _change(folder: Path, name: str, change: Callable[[Any], None]) -> None:
    """Change a JSON file of the core and make the hashes agree again."""
    path = folder / name
    value = json.loads(path.read_text("utf-8"))
    change(value)
    path.write_bytes(canonical_json.to_bytes(value))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    data = path.read_bytes()
    manifest["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    if name == "plan.json":
        manifest["plan_sha256"] = manifest["files"][name]["sha256"]
    (folder / "manifest.json").write_bytes(canonical_json.to_bytes(manifest))


def _cell(row: int, column: int, change: Callable[[Any], Any]) -> Callable[[Any], None]:
    def apply(value: Any) -> None:
        value["rows"][row][column] = change(value["rows"][row][column])

    return apply


def _step(kind: str, change: Callable[[Any], None]) -> Callable[[Any], None]:
    return lambda value: change(next(step for step in value["steps"] if step["type"] == kind))


def _more(value: float) -> float:
    return value + 1e-6


CHANGES: dict[str, tuple[str, Callable[[Any], None], str]] = {
    "importance": (
        "evidence/explanation.importance.trees.json", _cell(0, 2, _more), "explanation.importance.trees: mean_absolute",
    ),
    "importance of the scorecard": (
        "evidence/explanation.importance.card.json", _cell(1, 3, _more), "explanation.importance.card: share",
    ),
    "dependence": (
        "evidence/explanation.dependence.card.json", _cell(0, 4, _more), "explanation.dependence.card: mean",
    ),
    "interaction": (
        "evidence/explanation.interaction.trees.json", _cell(0, 2, _more),
        "explanation.interaction.trees: mean_absolute",
    ),
    "stability": (
        "evidence/explanation.stability.trees.json", _cell(2, 5, _more), "explanation.stability.trees: share",
    ),
    "background": ("evidence/explanation.background.json", _cell(0, 3, lambda v: v + 1), "explanation.background"),
    "row of the background": (
        "model.json", _step("attribution", lambda s: s["background"]["rows"][3].__setitem__(0, 1.5)),
        "reasons step: background",
    ),
    "weight of the background": (
        "model.json", _step("attribution", lambda s: s["background"]["weights"].__setitem__(0, 9.0)),
        "reasons step: weights of the background",
    ),
    "base": ("model.json", _step("attribution", lambda s: s.update(base=s["base"] + 1e-6)), "reasons step: base"),
    "multiplier": (
        "model.json", _step("attribution", lambda s: s.update(multiplier=-s["multiplier"])),
        "predictions m development: reasons",
    ),
    "reference of a reason": (
        "model.json", _step("reasons", lambda s: s["characteristics"][0].update(reference_points=0.5)),
        "reasons step: reference points",
    ),
    "an inquiry less": (
        "model.json", _step("reasons", lambda s: s.update(inquiries=["INCOME"])), "predictions m development: reasons",
    ),
    "text": ("evidence/reasons.texts.json", _cell(0, 2, lambda v: "Other"), "reasons.texts: texts by language"),
    "released": ("evidence/reasons.texts.json", _cell(0, 3, lambda v: not v), "reasons.texts: texts by language"),
    "catalogue": ("evidence/reasons.catalogue.json", _cell(0, 5, lambda v: "Other"), "reasons.catalogue: texts"),
    "fields": ("evidence/reasons.catalogue.json", _cell(0, 2, lambda v: "OTHER"), "reasons.catalogue: fields"),
    "direction": (
        "evidence/reasons.catalogue.json", _cell(0, 3, lambda v: "high values" if v == "low values" else "low values"),
        "reasons.catalogue: direction",
    ),
    "declared trend": (
        "plan.json", lambda plan: plan.update(classing={**plan["classing"], "monotonic": {"INCOME": "ascending"}}),
        "reasons.catalogue: direction",
    ),
    "most points": ("evidence/reasons.catalogue.json", _cell(0, 9, _more), "reasons.catalogue: maximum_points"),
    "frequency": ("evidence/reasons.frequency.json", _cell(0, 2, lambda v: v + 1), "reasons.frequency: first"),
    "agreement": ("evidence/reasons.agreement.json", _cell(0, 7, lambda v: v - 1), "reasons.agreement: same_set"),
    "reference of the plan": (
        "evidence/reasons.method.json", _cell(2, 1, lambda v: "mean_development"), "reasons.method",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_is_found(package: Path, tmp_path: Path, name: str) -> None:
    file, change, test = CHANGES[name]
    shutil.copytree(package, tmp_path / "p", ignore=shutil.ignore_patterns("validation", "documents", "exports"))
    _change(tmp_path / "p", file, change)
    found = [item["test"] for item in validate(read_package(tmp_path / "p")).findings["findings"]]
    assert any(item.startswith(test) for item in found), found
