"""Scorecards of segments, from the plan to the validator's agreement."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import special

from credit_risk.scoring import compile_model
from tests.credit_risk.cli.command import Ended, disagreements, evidence, findings, frame, model, run, write_plan
from tests.credit_risk.export.engine_rows import assert_alike
from tests.engines import jpmml, pmml4s

HEAD = "model: {id: m}\ndata: {source: table.csv}\noutcome: {column: BAD, bad: 1}\nsamples: {out_of_sample: 0.3}\n"
SEARCH = "{search: {variables: [CHANNEL], max_segments: 2}}"


def applications(rows: int = 3000, *, differ: bool = True, seed: int = 1) -> pd.DataFrame:
    """Applications of three channels; the broker's relations differ from the others', or only its bad rate does."""
    random = np.random.default_rng(seed)
    channel = random.choice(["branch", "broker", "online"], rows, p=[0.5, 0.3, 0.2])
    income, debt = random.lognormal(8, 0.5, rows).round(2), random.normal(size=rows).round(3)
    broker, z = channel == "broker", np.log(income) - 8
    risk = np.where(broker & differ, 0.9 * z - 0.8 * debt - 0.8, -1.3 * z + 0.8 * debt - 1.4 + 0.5 * broker)
    bad = (random.random(rows) < special.expit(risk)).astype(int)
    return pd.DataFrame({"CHANNEL": channel, "INCOME": income, "DEBT": debt, "BAD": bad})


def models(segments: str, more: str = "") -> str:
    """A plan whose champion has segments and is held against a scorecard."""
    own = f"{{id: seg, type: segmented_scorecard, champion: true, segments: {segments}{more}}}"
    return f"{HEAD}models:\n  - {{id: card, type: scorecard}}\n  - {own}\n"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("segments")
    ended = run(write_plan(folder, models(SEARCH), applications()))
    assert ended.status == 0, ended.err
    return folder / "out"


def test_segments_are_found_and_the_validator_agrees(found: Path) -> None:
    assert disagreements(found) == []
    decision = frame(found, "segmentation.decision.seg").iloc[0]
    assert decision["decision"] == "separate models pay"
    assert decision["p_value"] < 0.05
    gain = frame(found, "segmentation.gain.seg").set_index("sample")
    assert gain.loc["out_of_sample", "gain_lower"] > 0
    assert gain.loc["out_of_sample", "auc_lower"] > 0
    compared = json.loads((found / "validation/evidence/validation.comparison.json").read_text("utf-8"))["rows"]
    areas = {row[0] for row in compared}
    for kind in ("coefficients", "fit", "covariance", "correlation", "points", "bounds"):
        assert {f"scorecard.{kind}.seg.segment_1", f"scorecard.{kind}.seg.segment_2"} <= areas, kind
    for kind in ("importance", "dependence", "stability"):
        assert {f"explanation.{kind}.seg.segment_1", f"explanation.{kind}.seg.segment_2"} <= areas, kind
    assert {"segmentation.gain.seg", "segmentation.segments.seg", "segmentation.characteristics.seg"} <= areas


def test_the_validator_judges_each_segments_regression_and_the_rounding(found: Path) -> None:
    coverage = json.loads((found / "validation/findings.json").read_text("utf-8"))["coverage"]
    passed = {item["test"] for item in coverage if item["outcome"] == "pass"}
    for key in ("seg.segment_1", "seg.segment_2"):
        for name in ("coefficient signs", "collinearity of DEBT", "significance of INCOME", "events per coefficient"):
            assert f"battery: {name} in {key}" in passed
    assert "battery: segments pay (out_of_sample)" in passed
    assert {"scaling.rounding_effect: gini_unrounded", "scaling.rounding_effect: gini_rounded"} <= passed
    assert {"reasons.catalogue: codes and characteristics", "reasons.frequency: first"} <= passed


def test_scores_of_segments_stand_on_one_scale(found: Path) -> None:
    scales = [step["scaling"] for step in model(found)["steps"] if step["type"] == "scale"]
    assert len(scales) == 2
    assert scales[0] == scales[1]
    scored = pd.read_parquet(found / "predictions/development.parquet")
    scale = scales[0]
    of_score = (scale["offset"] - scored["score"]) / scale["factor"]
    assert np.max(np.abs(of_score - scored["linear_score"])) < 3 * scale["factor"] / 20  # the rounding of points
    segments = frame(found, "segmentation.segments.seg")
    own = segments[segments["sample"] == "development"]
    assert own["mean_probability"].to_numpy() == pytest.approx(own["bad_rate"].to_numpy(), abs=1e-9)
    assert own["calibration_intercept"].to_numpy() == pytest.approx([0.0, 0.0], abs=1e-6)
    assert own["share"].sum() == pytest.approx(1.0)


def test_each_segment_is_scored_by_its_own_scorecard_alone(found: Path) -> None:
    rows = pd.read_parquet(found / "data/snapshot.parquet")
    whole = compile_model(model(found))
    values, scored = whole.values(rows), whole.score(rows)
    assert set(values["segment"]) == {"CHANNEL in {branch, online}", "CHANNEL = broker"}
    for number, name in enumerate(["CHANNEL in {branch, online}", "CHANNEL = broker"], start=1):
        inside = values["segment"] == name
        assert np.array_equal(values[f"segment_{number}.linear_score"][inside], scored["linear_score"][inside])
        table = frame(found, f"scorecard.coefficients.seg.segment_{number}").set_index("term")["coefficient"]
        woe = {term: values[f"segment_{number}.woe({term})"] for term in table.index[1:]}
        linear = table["intercept"] + sum(table[term] * woe[term] for term in woe)
        assert np.asarray(linear)[inside] == pytest.approx(scored["linear_score"][inside].to_numpy(), abs=1e-12)
        assert evidence(found, f"scorecard.points.seg.segment_{number}")["notes"][0] == f"segment: {name}"


def test_each_segment_is_explained_against_its_own_applicants(found: Path) -> None:
    rows = pd.read_parquet(found / "data/snapshot.parquet").query("_sample == 'development'")
    values = compile_model(model(found)).values(rows)
    told = frame(found, "explanation.background").query("used_for == 'explanations'").set_index("model")
    for number, name in enumerate(["CHANNEL in {branch, online}", "CHANNEL = broker"], start=1):
        key, inside = f"seg.segment_{number}", np.equal(values["segment"], name)
        assert told.loc[key, "applicants"] == f"all development applicants of the segment {name}"
        assert told.loc[key, "population"] == inside.sum()
        assert told.loc[key, "base"] == pytest.approx(values["linear_score"][inside].mean(), abs=1e-12)
        importance = frame(found, f"explanation.importance.{key}").set_index("characteristic")
        coefficients = frame(found, f"scorecard.coefficients.{key}").set_index("term")["coefficient"]
        assert set(importance.index) == set(coefficients.index[1:])
        for term, size in importance["mean_absolute"].items():
            part = coefficients[term] * values[f"segment_{number}.woe({term})"][inside]
            assert size == pytest.approx(np.abs(part - part.mean()).mean(), abs=1e-12)
        assert (
            frame(found, f"explanation.dependence.{key}").groupby("characteristic")["rows"].sum().eq(inside.sum()).all()
        )
    whole = evidence(found, "explanation.importance.seg")
    assert whole["kind"] == "not_applicable"
    assert whole["reason"].endswith("seg.segment_1, seg.segment_2")


def test_a_segment_is_explained_against_those_of_it_that_are_approved(tmp_path: Path) -> None:
    ended = run(write_plan(tmp_path, models(SEARCH) + "strategy: {cut_off: 520}\n", applications()))
    assert ended.status == 0, ended.err
    assert disagreements(tmp_path / "out") == []
    rows = pd.read_parquet(tmp_path / "out/data/snapshot.parquet").query("_sample == 'development'")
    values = compile_model(model(tmp_path / "out")).values(rows)
    inside = np.equal(values["segment"], "CHANNEL = broker") & (np.asarray(values["score"], float) >= 520)
    told = frame(tmp_path / "out", "explanation.background").set_index(["model", "used_for"])
    row = told.loc[("seg.segment_2", "explanations")]
    assert row["applicants"] == "development applicants who score at or above 520 of the segment CHANNEL = broker"
    assert row["population"] == inside.sum()
    assert row["base"] == pytest.approx(values["linear_score"][inside].mean(), abs=1e-12)


def test_a_reloaded_model_scores_bit_by_bit_as_the_package_says(found: Path) -> None:
    rows = pd.read_parquet(found / "data/snapshot.parquet")
    mine = rows["_sample"] == "out_of_sample"
    scored = compile_model(model(found)).score(rows[mine])
    stated = pd.read_parquet(found / "predictions/out_of_sample.parquet")
    for name in stated.columns.drop("_key"):
        one, other = (table[name].to_numpy(object) for table in (stated, scored))
        assert all(x == y or (pd.isna(x) and pd.isna(y)) for x, y in zip(one, other, strict=True)), name


def test_the_same_plan_gives_the_same_package(found: Path, tmp_path: Path) -> None:
    ended = run(write_plan(tmp_path, models(SEARCH), applications()), "--no-validation")
    assert ended.status == 0, ended.err
    assert (tmp_path / "out/manifest.json").read_bytes() == (found / "manifest.json").read_bytes()


def test_segments_that_do_not_differ_are_refused_and_one_scorecard_is_left(tmp_path: Path) -> None:
    ended = run(write_plan(tmp_path, models(SEARCH), applications(differ=False)))
    assert ended.status == 0, ended.err
    package = tmp_path / "out"
    assert disagreements(package) == []
    assert model(package)["model"]["type"] == "scorecard"
    assert frame(package, "segmentation.decision.seg")["decision"].tolist() == ["refused: one model"]
    assert evidence(package, "segmentation.gain.seg")["kind"] == "not_applicable"
    chosen = frame(package, "selection.waterfall").groupby("model")["decision"].apply(list)
    assert chosen["seg"] == chosen["card"]
    assert "segments are refused: one scorecard" in ended.err + ended.out


def test_a_refusal_is_an_error_where_the_plan_says_so(tmp_path: Path) -> None:
    asked = "{search: {variables: [CHANNEL]}, when_refused: error}"
    ended = run(write_plan(tmp_path, models(asked), applications(differ=False)))
    assert ended.status == 2
    assert "no segments whose separate models gain" in ended.err
    assert not (tmp_path / "out").exists()


def test_given_segments_with_unknown_values_in_a_named_one(tmp_path: Path) -> None:
    table = applications()
    table.loc[table.index[:40], "CHANNEL"] = None
    given = "{column: CHANNEL, groups: {direct: [branch, online], other: [broker]}, otherwise: direct}"
    ended = run(write_plan(tmp_path, models(given), table))
    assert ended.status == 0, ended.err
    package = tmp_path / "out"
    assert disagreements(package) == []
    assert evidence(package, "segmentation.search.seg")["kind"] == "not_applicable"
    notes = evidence(package, "segmentation.decision.seg")["notes"]
    assert "rows that no rule places are scored as 'direct' (segments.otherwise)" in notes
    new = pd.DataFrame({"CHANNEL": ["phone", None, "branch"], "INCOME": [3000.0] * 3, "DEBT": [0.1] * 3})
    scored = compile_model(model(package)).score(new)
    assert scored["score"].nunique() == 1


def test_a_row_of_no_segment_is_refused_when_scored(found: Path) -> None:
    from credit_risk._core.errors import ScoringError

    new = pd.DataFrame({"CHANNEL": ["branch", "phone"], "INCOME": [3000.0] * 2, "DEBT": [0.1] * 2})
    with pytest.raises(ScoringError, match="no case applies and there is no default in 1 of 2 rows") as refused:
        compile_model(model(found)).score(new)
    (fault,) = refused.value.faults
    assert fault.row == 2


def test_given_segments_that_do_not_pay_are_told_by_both(tmp_path: Path) -> None:
    ended = run(write_plan(tmp_path, models("{column: CHANNEL}"), applications(differ=False)))
    assert ended.status == 0, ended.err
    package = tmp_path / "out"
    assert "which are not shown to pay on unseen rows" in ended.err
    assert frame(package, "segmentation.decision.seg")["decision"].tolist() == ["separate models are not shown to pay"]
    told = {one["test"]: one["severity"] for one in findings(package)}
    assert told["battery: segments pay (out_of_sample)"] == "observation"
    assert disagreements(package) == []


def test_a_notice_tells_the_reasons_of_the_applicants_own_segment(tmp_path: Path) -> None:
    from credit_risk.lifecycle.adverse_action import adverse_action

    codes = (
        "reason_codes:\n  notices: true\n  inquiries: [CHANNEL]\n  catalogue: {INCOME: {text: Income}, "
        "DEBT: {text: Debt}, CHANNEL: {text: Channel}}\nstrategy: {cut_off: 520}\n"
    )
    ended = run(write_plan(tmp_path, models(SEARCH) + codes, applications()))
    assert ended.status == 0, ended.err
    package = tmp_path / "out"
    assert disagreements(package) == []
    row = {"CHANNEL": "branch", "INCOME": 900.0, "DEBT": 2.5}
    told = adverse_action(package, row)
    assert {factor.code for factor in told.key_factors} == {"INCOME", "DEBT"}
    assert told.reference.endswith("of the segment CHANNEL in {branch, online}")
    catalogue = frame(package, "reasons.catalogue")
    of_branch = catalogue.iloc[:2].set_index("reason_code")
    for factor in told.key_factors:
        assert factor.reference == of_branch.loc[factor.code, "reference_points"]
        assert factor.points is not None
        assert factor.shortfall == pytest.approx(factor.reference - factor.points)
    points = [frame(package, f"scorecard.bounds.seg.segment_{k}").set_index("item").loc["score"] for k in (1, 2)]
    assert told.score_lowest == min(p["least"] for p in points)
    assert told.score_highest == max(p["greatest"] for p in points)
    frequency = frame(package, "reasons.frequency")
    assert set(frequency["reason_code"]) == {"INCOME", "DEBT"}


def failed(folder: Path, segments: str, table: pd.DataFrame) -> Ended:
    ended = run(write_plan(folder, models(segments), table))
    assert ended.status == 2
    assert not (folder / "out").exists()
    return ended


def test_no_events_in_a_segment_is_one_error_with_its_counts(tmp_path: Path) -> None:
    table = applications(1500)
    table.loc[table["CHANNEL"] == "online", "BAD"] = 0
    told = " ".join(failed(tmp_path, "{column: CHANNEL}", table).err.split())
    assert "the segment 'online' has no bads in development" in told
    assert told.count("has no bads") == 1
    count = int((table["CHANNEL"] == "online").sum())
    rows = int(told.split("found: ")[1].split(" rows")[0].replace(",", ""))
    assert rows == pytest.approx(0.7 * count, rel=0.1)
    assert f"{rows:,} rows, 0 bads, {rows:,} goods" in told


def test_development_rows_of_no_segment_are_told(tmp_path: Path) -> None:
    table = applications(1500)
    table.loc[table.index[:30], "CHANNEL"] = None
    given = "{column: CHANNEL, groups: {direct: [branch], other: [broker]}}"
    told = failed(tmp_path, given, table).err
    assert "belong to no segment of 'CHANNEL'" in told
    assert "without a value" in told
    assert "with online" in told


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        (models("{column: CHANNEL, search: {}}"), "name either the column"),
        (models("{}"), "name either the column"),
        (models("{column: NOWHERE}"), "NOWHERE"),
        (models("{column: INCOME}"), "too many to be segments"),
        (models("{column: CHANNEL, groups: {a: [branch], b: [branch, online]}}"), "values stand in two groups"),
        (models("{column: CHANNEL, groups: {a: [branch], b: [online]}, otherwise: c}"), "otherwise is 'c'"),
        (models("{search: {variables: [CHANNEL]}, otherwise: c}"), "have no names beforehand"),
        (models("{column: CHANNEL, otherwise: c}"), "is no segment"),
        (models(SEARCH, ", against: other"), "'other' is no scorecard that stands before it"),
        (models(SEARCH).replace("  - {id: card, type: scorecard}\n", ""), "no scorecard stands before it"),
        (models(SEARCH).replace("id: card", "id: seg.segment_1"), "those of the scorecards of its segments"),
        (models(SEARCH).replace("source: table.csv", "source: table.csv, protected: [CHANNEL]"), "may not divide"),
    ],
)
def test_bad_plans_are_refused(plan: str, told: str, tmp_path: Path) -> None:
    ended = run(write_plan(tmp_path, plan, applications(900)))
    assert ended.status == 2
    assert told in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.java
@pytest.mark.parametrize("engine", [jpmml, pmml4s])
def test_pmml_of_segments_scores_as_the_package(engine: Any, found: Path) -> None:
    (path,) = (found / "exports").glob("*.pmml")
    rows = applications(400, seed=7)[["CHANNEL", "INCOME", "DEBT"]]
    rows.loc[:3, "CHANNEL"] = ["never seen", None, "broker", "online"]
    assert_alike(engine, path, model(found), rows)


def test_points_for_the_probability_are_followed_by_segment(tmp_path: Path) -> None:
    plan = models(SEARCH) + "scaling: {probability_from: rounded}\n"
    ended = run(write_plan(tmp_path, plan, applications()))
    assert ended.status == 0, ended.err
    assert disagreements(tmp_path / "out") == []
    scored = pd.read_parquet(tmp_path / "out/predictions/development.parquet")
    factor = 20 / math.log(2)
    step = next(step for step in model(tmp_path / "out")["steps"] if step["type"] == "scale")["scaling"]
    assert step["factor"] == pytest.approx(factor)
    own = special.expit((step["offset"] - scored["score"]) / step["factor"])
    assert scored["probability"].to_numpy() == pytest.approx(own.to_numpy(), abs=1e-12)


def test_changes_of_the_classing_by_hand_say_that_segments_do_not_have_them(tmp_path: Path) -> None:
    given = "{column: CHANNEL}"
    change = "{characteristic: INCOME, operation: merge, edge: 2500, reason: one price band, author: Credit policy}"
    fixed = "characteristics: {INCOME: {fixed_splits: [2500, 3500]}}"
    merge = f"classing: {{{fixed}, overrides: [{change}]}}\n"
    ended = run(write_plan(tmp_path, models(given) + merge, applications()))
    assert ended.status == 0, ended.err
    assert disagreements(tmp_path / "out") == []
    told = evidence(tmp_path / "out", "classing.overrides")["notes"]
    assert told == ["Not made in the segments of seg, each of which is classed on its own rows."]
