"""What a plan may ask for, run to the end and agreed to by the independent validator."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.credit_risk.cli.command import (
    PLAN,
    QUICK,
    credit_risk,
    disagreements,
    done,
    evidence,
    findings,
    frame,
    model,
    portfolio,
    run,
    write_plan,
)

BOOSTING = "models: [{id: trees, type: monotone_boosting, champion: true, trees: 20}, {id: card, type: scorecard}]\n"


def steps(package: Path, kind: str) -> list[dict]:
    return [step for step in model(package)["steps"] if step["type"] == kind]


def test_derived_characteristics_and_special_codes(tmp_path: Path) -> None:
    table = portfolio(900)
    rng = np.random.default_rng(1)
    table["MONTHS"] = np.where(rng.random(900) < 0.25, -9, (table["INCOME"] / 50).round())
    plan = (
        "model: {id: m}\n"
        "data: {source: table.csv, columns: {MONTHS: {specials: {-9: no bureau record}}}}\n"
        "outcome: {column: BAD, bad: 1}\n"
        "derive: {PER_YEAR: INCOME / AGE, KNOWN: 'if(is_missing(MONTHS), 0, MONTHS)'}\n"
        "selection: {include: [PER_YEAR, MONTHS], exclude: [INCOME]}\n"
    )
    package = done(tmp_path, plan, table)
    assert disagreements(package) == []
    chosen = {step["input"] for step in steps(package, "classing")}
    assert {"PER_YEAR", "MONTHS"} <= chosen
    assert "INCOME" not in chosen
    assert {"INCOME", "AGE", "MONTHS"} <= {item["name"] for item in model(package)["inputs"]}
    special = frame(package, "classing.table.MONTHS").query("label == 'special -9'").iloc[0]
    development = pd.read_parquet(package / "data" / "snapshot.parquet").query("_sample == 'development'")
    assert special["count"] == (development["MONTHS"] == -9).sum()


@pytest.mark.parametrize(
    ("scaling", "integral"),
    [("{probability_from: rounded}", True), ("{rounding: none}", False), ("{base_score: 0, base_odds: 1}", True)],
)
def test_scaling(tmp_path: Path, scaling: str, integral: bool) -> None:
    package = done(tmp_path, f"{PLAN}{QUICK}scaling: {scaling}\n", portfolio())
    assert disagreements(package) == []
    scored = pd.read_parquet(package / "predictions" / "development.parquet")
    assert bool((scored["score"] % 1 == 0).all()) is integral
    published = len(scored.groupby("score")["probability"].nunique().loc[lambda n: n > 1])
    assert (published == 0) is (scaling != "{base_score: 0, base_odds: 1}")


def test_a_boosting_champion(tmp_path: Path) -> None:
    ended = credit_risk("run", write_plan(tmp_path, PLAN + BOOSTING, portfolio(800)), "--out", tmp_path / "out")
    assert ended.status == 0, ended.err
    package = tmp_path / "out"
    assert disagreements(package) == []
    assert not [one for one in findings(package) if "evidence" in one["test"]]
    assert model(package)["model"]["type"] == "monotone_boosting"
    assert evidence(package, "scorecard.coefficients.card")["kind"] == "table"
    for name in ("parameters", "importance", "monotonicity"):
        assert evidence(package, f"boosting.{name}.trees")["kind"] == "table"
    assert (package / "documents" / "development_dossier.pdf").is_file()
    assert ["pmml", True, "in the plan"] in frame(package, "verification.exports").to_numpy().tolist()
    assert b'multipleModelMethod="modelChain"' in (package / "exports" / "m.pmml").read_bytes()
    held = json.loads((package / "validation/evidence/validation.exports.json").read_text("utf-8"))["rows"]
    assert {row[2] for row in held} >= {"score", "probability", "linear score", "reason 1"}
    assert all(row[3] > 0 and row[4] == 0 for row in held)


def test_a_boosting_champion_alone_whose_probability_follows_points(tmp_path: Path) -> None:
    alone = BOOSTING.replace(", {id: card, type: scorecard}", "")
    package = done(tmp_path, f"{PLAN}{alone}scaling: {{probability_from: rounded}}\n", portfolio(800))
    assert disagreements(package) == []
    assert not list((package / "evidence").glob("scorecard.*"))
    assert evidence(package, "scaling.rounding_effect")["kind"] == "not_applicable"
    scored = pd.read_parquet(package / "predictions" / "development.parquet")
    assert scored.groupby("score")["probability"].nunique().max() == 1


def test_directions_of_boosting_are_the_plans_word_first(tmp_path: Path) -> None:
    columns = "columns: {AGE: {expected_trend: descending}, INCOME: {expected_trend: ascending}}"
    plan = PLAN.replace("source: table.csv", f"source: table.csv, {columns}")
    plan += BOOSTING.replace("trees: 20", "trees: 20, constraints: declared") + "selection: {include: [INCOME]}\n"
    ended = run(write_plan(tmp_path, plan, portfolio(900)))
    assert ended.status == 0, ended.err
    package = tmp_path / "out"
    assert disagreements(package) == []
    told = frame(package, "boosting.constraints.trees").set_index("feature")
    assert told["direction"].to_dict() == {
        "INCOME": "ascending",
        "AGE": "descending",
        "woe(HOUSING)": "none",
        "NOISE": "none",
    }
    assert told.loc["INCOME", "verdict"] == "contradicted by the data"
    assert told.loc["INCOME", "auc_upper"] < 0.5
    assert told.loc["NOISE", "source"] == "none"
    assert told.loc["NOISE", "suggestion"] in ("ascending", "descending")
    assert "declared against the data: INCOME" in ended.err
    bound = frame(package, "boosting.monotonicity.trees").set_index("feature")
    assert list(bound.index) == ["INCOME", "AGE"]
    assert (bound["violations"] == 0).all()
    left_out = run(write_plan(tmp_path / "left", plan.split("selection:")[0], portfolio(900)))
    assert "declared against the data: INCOME" in left_out.err
    row = frame(tmp_path / "left" / "out", "boosting.constraints.trees").set_index("feature").loc["INCOME"]
    assert row["verdict"].startswith("left out: no information value")
    assert row["verdict"].endswith("declared ascending, contradicted by the data")
    assert (row["source"], row["suggestion"]) == ("plan, expectation", "descending")
    assert row["auc_upper"] == told.loc["INCOME", "auc_upper"]
    mined = done(tmp_path / "mined", PLAN + BOOSTING, portfolio(900))
    assert set(frame(mined, "boosting.constraints.trees")["source"]) == {"mined", "weight of evidence"}
    observed = [one for one in findings(mined) if one["test"] == "boosting.constraints.trees: directions are declared"]
    assert [one["severity"] for one in observed] == ["observation"]


def test_a_direction_of_an_unknown_characteristic_is_a_fault(tmp_path: Path) -> None:
    ended = run(write_plan(tmp_path, PLAN + "classing: {monotonic: {INCOM: ascending}}\n", portfolio(300)))
    assert ended.status == 2
    assert "classing.monotonic.INCOM" in ended.err
    assert "INCOME" in ended.err


def test_cut_off_protected_groups_and_subpopulations(tmp_path: Path) -> None:
    table = portfolio(1500)
    table["SEX"] = np.resize(["f", "m", "m"], 1500)
    plan = (
        "model: {id: m}\ndata: {source: table.csv, protected: [SEX]}\noutcome: {column: BAD, bad: 1}\n"
        f"{QUICK}strategy: {{cut_off: 540}}\nevaluation: {{subpopulations: [HOUSING]}}\n"
    )
    package = done(tmp_path, plan, table)
    assert disagreements(package) == []
    assert "SEX" not in {item["name"] for item in model(package)["inputs"]}
    impact = frame(package, "fairness.adverse_impact")
    assert set(impact["group"]) >= {"f", "m"}
    predicted = pd.read_parquet(package / "predictions" / "development.parquet")
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet")
    sex = snapshot.set_index("_key").loc[predicted["_key"], "SEX"].to_numpy()
    rates = (predicted["score"] >= 540).groupby(sex).mean()
    ours = impact[impact["sample"] == "development"].set_index("group")["approval_rate"]
    for group in ("f", "m"):
        assert ours[group] == pytest.approx(rates[group])
    undeclared = done(tmp_path / "without", plan.replace("strategy: {cut_off: 540}\n", ""), table, "--no-validation")
    assert evidence(undeclared, "fairness.adverse_impact")["kind"] == "not_applicable"


def test_one_characteristic(tmp_path: Path) -> None:
    package = done(tmp_path, PLAN, portfolio()[["INCOME", "BAD"]])
    assert len(steps(package, "classing")) == 1
    assert disagreements(package) == []


def test_one_binary_characteristic_is_fitted_exactly(tmp_path: Path) -> None:
    table = portfolio()[["HOUSING", "BAD"]]
    table["HOUSING"] = np.where(table["HOUSING"] == "rent", "rent", "own")
    package = done(tmp_path, PLAN, table)
    assert disagreements(package) == []
    coefficients = frame(package, "scorecard.coefficients.scorecard").set_index("term")["coefficient"]
    assert coefficients["HOUSING"] == pytest.approx(-1.0, abs=1e-9)


def test_columns_named_like_the_values_of_a_model(tmp_path: Path) -> None:
    names = ["score", "linear_score", "probability", "reasons", "reason_1", "linear_score_of_points", "value(x)"]
    rng = np.random.default_rng(4)
    table = portfolio(900)[["INCOME", "BAD"]].rename(columns={"INCOME": "x"})
    for place, name in enumerate((*names, "special(x, -9)")):
        table[name] = np.log(table["x"]) + rng.normal(size=900) * (0.6 + 0.1 * place)
    table.loc[rng.random(900) < 0.2, "x"] = -9
    keep = "selection: {max_correlation: 1.0, max_p_value: 1.0, sign_check: false, max_variance_inflation: 1000}\n"
    plan = PLAN.replace("table.csv", "table.csv, columns: {x: {specials: {-9: none}}}") + keep
    package = done(tmp_path, plan + "scaling: {probability_from: rounded}\n", table)
    assert disagreements(package) == []
    assert {step["input"] for step in steps(package, "classing")} >= set(names)
    outputs = model(package)["outputs"]
    assert outputs["score"] == "model_score"
    assert outputs["linear_score"] == "model_linear_score_of_points"


@pytest.mark.parametrize("name", ["_key", "bin(X)", "points(X)", "woe(X)", "in:X", "_weight"])
def test_names_that_the_package_keeps_for_itself_are_left_out_or_refused(tmp_path: Path, name: str) -> None:
    table = portfolio().rename(columns={"AGE": name})
    package = done(tmp_path, PLAN, table)
    left = frame(package, "data.columns_left_out").set_index("column")["reason"]
    assert left[name] == "reserved name"
    named = PLAN.replace("source: table.csv", f"source: table.csv, forbidden: ['{name}']")
    ended = run(write_plan(tmp_path / "other", named, table))
    assert ended.status == 2
    assert "the package uses" in ended.err


def test_numbers_at_the_ends_of_doubles(tmp_path: Path) -> None:
    table = portfolio(800)
    size = np.log(table["INCOME"]) - 8
    table["HUGE"] = np.sign(size) * np.exp(np.abs(size)) * 1e300
    table["TINY"] = np.exp(size) * 1e-300
    table["DENORMAL"] = np.where(size > 0, 5e-324, 0.0)
    table["NEXT"] = 1 + np.round(size.clip(-3, 3) * 50) * 2.0**-52
    package = done(tmp_path, PLAN, table.drop(columns=["INCOME"]))
    assert disagreements(package) == []
    assert {"HUGE", "TINY", "DENORMAL", "NEXT"} <= set(frame(package, "classing.summary")["characteristic"])


def test_rare_bads(tmp_path: Path) -> None:
    table = portfolio(4000)
    rng = np.random.default_rng(6)
    risk = -6.2 - 1.5 * (np.log(table["INCOME"]) - 8) + 0.8 * (table["HOUSING"] == "rent")
    table["BAD"] = (rng.random(4000) < 1 / (1 + np.exp(-risk))).astype(int)
    assert table["BAD"].mean() < 0.006
    assert disagreements(done(tmp_path, PLAN, table)) == []


@pytest.mark.parametrize("rows", [10, 60])
def test_too_few_rows_for_a_model_are_told(tmp_path: Path, rows: int) -> None:
    table = portfolio(rows)
    table["BAD"] = 0
    table.loc[table.index[:: rows // 5], "BAD"] = 1
    ended = run(write_plan(tmp_path, PLAN, table))
    if ended.status == 0:
        assert any(one["severity"] in ("high", "critical") for one in findings(tmp_path / "out"))
    else:
        assert (ended.status, "Traceback" in ended.err) == (2, False)
        assert "no characteristic passes the selection" in ended.err
        assert "remedy" in ended.err


def test_indicator_columns_of_one_category(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    level, income = rng.integers(0, 4, 1600), rng.normal(size=1600)
    risk = -0.8 - 0.8 * income + np.array([-1.2, -0.4, 0.5, 1.2])[level]
    table = pd.DataFrame({f"IS_{name}": (level == k).astype(int) for k, name in enumerate("ABCD")})
    table = table.assign(INCOME=income, BAD=(rng.random(1600) < 1 / (1 + np.exp(-risk))).astype(int))
    package = done(tmp_path, PLAN, table)
    assert disagreements(package) == []
    told = frame(package, "selection.waterfall").set_index("characteristic")
    assert told["step"].value_counts().to_dict()["collinearity"] == 1
    assert told.loc[told["step"] == "collinearity", "reason"].str.startswith("a linear combination of ").all()
