"""Calibration by segment, shifts by band: the package scores what is fitted, the validator agrees, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit

from credit_risk.calibration import fit_map
from credit_risk.scoring import compile_model
from tests.credit_risk.cli.command import PLAN, QUICK, disagreements, done, evidence, frame, model, portfolio, run
from tests.credit_risk.cli.command import write_plan as written

SAMPLES = "samples: {out_of_sample: 0.25, calibration: 0.45}\n"
WEIGHTED = "samples: {out_of_sample: 0.25, calibration: 0.45, weight: W}\n"
BOTH = (
    "models:\n  - {id: card, type: scorecard, champion: true, characteristics: [INCOME, HOUSING]}\n"
    "  - {id: free, type: scorecard, characteristics: [INCOME, CHANNEL]}\n"
)


def planned(spec: str, samples: str = SAMPLES, models: str = QUICK, more: str = "") -> str:
    return PLAN + models + samples + "evaluation: {baselines: false}\n" + f"calibration: {spec}\n" + more


def applications(rows: int = 1200) -> pd.DataFrame:
    """Applications whose bads the broker hides behind the score; a channel of few rows, and rows without one."""
    table, random = portfolio(rows), np.random.default_rng(8)
    channel = random.choice(["branch", "broker", "tel & <web>"], rows, p=[0.45, 0.45, 0.1]).astype(object)
    hidden = (channel == "broker") & (random.random(rows) < 0.4)
    table["BAD"] = np.where(hidden, 1, table["BAD"])
    channel[::40] = None
    return table.assign(CHANNEL=channel, W=random.choice([0.5, 1.0, 3.0], rows))


def values(package: Path, table: pd.DataFrame) -> dict[str, np.ndarray]:
    return compile_model(model(package)).values(table)


def calibration_rows(package: Path) -> pd.DataFrame:
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet")
    return snapshot[snapshot["_sample"] == "calibration"]


def test_segments_have_maps_of_their_own_and_the_others_the_pooled_one(tmp_path: Path) -> None:
    """Two candidates, one of which does not read the column otherwise; weights; a target over all."""
    table = applications()
    spec = "{methods: [logistic], target: 0.2, by: {column: CHANNEL, least_bads: 50, least_goods: 50}}"
    package = done(tmp_path, planned(spec, WEIGHTED, BOTH), table)
    assert disagreements(package) == []
    assert "CHANNEL" in [item["name"] for item in model(package)["inputs"]]
    told = frame(package, "calibration.segments")
    card = told[told["model"] == "card"].fillna({"segment": "none"}).set_index("segment")
    assert card["own_map"].to_dict() == {"branch": True, "broker": True, "tel & <web>": False, "none": False}
    assert card.loc["tel & <web>", "reason"].endswith("bads, fewer than 50")

    rows = calibration_rows(package)
    y, w, channel = (rows[name].to_numpy() for name in ("_outcome", "_weight", "CHANNEL"))
    score = values(package, rows)["linear_score"]
    whole = fit_map("logistic", score, y, w).map
    p = whole.probability(score)
    for name in ("branch", "broker"):
        mine = channel == name
        p[mine] = fit_map("logistic", score[mine], y[mine], w[mine]).map.probability(score[mine])
        assert card.loc[name, "mean_probability"] == pytest.approx(np.average(p[mine], weights=w[mine]), abs=1e-10)
        assert card.loc[name, "mean_probability"] == pytest.approx(card.loc[name, "bad_rate"], abs=1e-9)
    shift = brentq(lambda d: np.average(expit(logit(p) + d), weights=w) - 0.2, -9, 9, xtol=1e-13)
    published = values(package, rows)["probability"]
    np.testing.assert_allclose(published, expit(logit(p) + shift), atol=1e-9)
    assert frame(package, "calibration.anchor")["shift"].iloc[0] == pytest.approx(shift, abs=1e-8)
    stated = pd.read_parquet(package / "predictions" / "calibration.parquet")["probability"]
    assert stated.tolist() == published.tolist()

    outside = pd.read_parquet(package / "data" / "snapshot.parquet").query("_sample == 'out_of_sample'")
    given = pd.read_parquet(package / "predictions" / "out_of_sample.parquet")["probability"].to_numpy()
    told = frame(package, "calibration.segment_samples").query("model == 'card' and sample == 'out_of_sample'")
    assert told["segment"].fillna("pooled").tolist() == ["branch", "broker", "pooled"]
    mine = (outside["CHANNEL"] == "broker").to_numpy()
    w_mine, y_mine, p_mine = outside["_weight"].to_numpy()[mine], outside["_outcome"].to_numpy()[mine], given[mine]
    broker = told.set_index("segment").loc["broker"]
    assert (broker["rows"], broker["bads"]) == (mine.sum(), y_mine.sum())
    assert broker["mean_published"] == pytest.approx(np.average(p_mine, weights=w_mine), abs=1e-12)
    loss = -np.average(np.log(np.where(y_mine == 1, p_mine, 1 - p_mine)), weights=w_mine)
    assert broker["log_loss_published"] == pytest.approx(loss, abs=1e-12)
    without = told[told["segment"].isna()].iloc[0]
    assert without["mean_pooled"] == without["mean_published"]

    unseen = rows.assign(CHANNEL="never seen")
    np.testing.assert_allclose(
        values(package, unseen)["probability"], expit(logit(whole.probability(score)) + shift), atol=1e-9
    )
    assert frame(package, "calibration.order")["order"].tolist() == ["strictly increasing within segments"] * 2
    notes = " ".join(evidence(package, "calibration.segments")["notes"])
    assert "the order of scores is kept within a segment, not between segments" in notes
    assert "rows have the weight" in notes


def test_bands_of_numbers_and_a_choice_on_all_rows(tmp_path: Path) -> None:
    """Special codes are in no band; the method is chosen once; maps of steps."""
    table = applications()
    table.loc[::30, "AGE"] = -9
    spec = "{methods: [isotonic], by: {column: AGE, edges: [30, 50]}}"
    text = planned(spec).replace("table.csv}", "table.csv, columns: {AGE: {specials: {'-9': unknown}}}}", 1)
    package = done(tmp_path, text, table)
    assert disagreements(package) == []
    told = frame(package, "calibration.segments")
    assert told["segment"].fillna("none").tolist() == ["< 30", "[30, 50)", ">= 50", "none"]
    rows = calibration_rows(package)
    age, score = rows["AGE"].to_numpy(), values(package, rows)["linear_score"]
    assert told["rows"].tolist() == [
        int(mine.sum()) for mine in ((age < 30) & (age > 0), (age >= 30) & (age < 50), age >= 50, age < 0)
    ]
    mine = age >= 50
    own = fit_map("isotonic", score[mine], rows["_outcome"].to_numpy()[mine]).map.probability(score[mine])
    assert values(package, rows)["probability"][mine].tolist() == own.tolist()
    assert frame(package, "calibration.order")["order"].tolist() == ["non decreasing within segments"]


def test_a_derived_characteristic_divides_and_its_inputs_are_read(tmp_path: Path) -> None:
    spec = "{methods: [logistic, intercept_shift], folds: 2, one_standard_error: false, by: {column: GROUP}}"
    more = 'derive: {GROUP: \'if(HOUSING == "own", "owner", "other")\'}\n'
    models = QUICK.replace("champion: true", "champion: true, characteristics: [INCOME, AGE]")
    package = done(tmp_path, planned(spec, models=models, more=more), applications(900))
    assert disagreements(package) == []
    assert "HOUSING" in [item["name"] for item in model(package)["inputs"]]
    told = frame(package, "calibration.segments")
    assert told["segment"].tolist() == ["other", "owner"]
    assert told["own_map"].all()
    chosen = frame(package, "calibration.choice").query("chosen")["method"].item()
    assert frame(package, "calibration.method")["method"].tolist() == [chosen]
    rows = calibration_rows(package)
    score, own = values(package, rows)["linear_score"], rows["HOUSING"].to_numpy() == "own"
    fit = fit_map(chosen, score[own], rows["_outcome"].to_numpy()[own])
    assert values(package, rows)["probability"][own].tolist() == fit.map.probability(score[own]).tolist()


def test_each_band_has_its_external_rate_and_rows_in_no_band_one_shift(tmp_path: Path) -> None:
    method, table = "beta", applications(1200)
    table.loc[:150, "BAD"] = np.nan  # declined
    bands = (
        "[{upper: 30, rate: 0.35, count: 900}, {lower: 30, upper: 50, rate: 0.15, count: 800}, "
        "{lower: 60, rate: 0.3, count: 300}, {lower: 200, rate: 0.5, count: 9}]"
    ).replace("{lower: 60,", "{lower: 60, upper: 200,")
    given = f"column: AGE, source: A bureau, date: 2025-01-31, method: intercept_by_band, bands: {bands}"
    text = planned(f"{{methods: [{method}], external: {{{given}}}}}").replace("bad: 1}", "bad: 1, missing: exclude}")
    package = done(tmp_path, text, table)
    assert disagreements(package) == []
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet")
    found, age = values(package, snapshot), snapshot["AGE"].to_numpy()
    inside = [age < 30, (age >= 30) & (age < 50), age >= 60]
    rates, counts = np.array([0.35, 0.15, 0.3]), np.array([900.0, 800.0, 300.0])
    np.testing.assert_allclose([found["probability"][mine].mean() for mine in inside], rates, atol=1e-10)
    rows = (snapshot["_sample"] == "calibration").to_numpy()
    first = fit_map(method, found["linear_score"][rows], snapshot["_outcome"].to_numpy()[rows]).map
    log_odds = logit(first.probability(found["linear_score"]))
    fit, told = frame(package, "calibration.external_fit").iloc[0], frame(package, "calibration.external")
    for mine, shift in zip(inside, told["shift"], strict=True):
        np.testing.assert_allclose(found["probability"][mine], expit(log_odds[mine] + shift), atol=1e-9)

    def deviance(shift: float) -> float:
        mean = np.array([expit(log_odds[mine] + shift).mean() for mine in inside])
        return float(-(counts @ (rates * np.log(mean) + (1 - rates) * np.log1p(-mean))))

    gap = (deviance(fit["intercept"] + 1e-4) - deviance(fit["intercept"] - 1e-4)) / 2e-4
    assert abs(gap) < 1e-3
    outside = ~np.any(inside, axis=0)
    assert (int(outside.sum()), fit["degrees"]) == (fit["unbanded"], 2)
    np.testing.assert_allclose(found["probability"][outside], expit(log_odds[outside] + fit["intercept"]), atol=1e-9)
    assert fit["p_value"] < 0.01
    assert "no applicants in band [200" not in " ".join(told["band"])
    assert "no applicants in band 200 and above" in " ".join(evidence(package, "calibration.external")["notes"])


def test_values_of_a_text_have_shifts_and_a_missing_one_the_common(tmp_path: Path) -> None:
    bands = "[{value: branch, rate: 0.1}, {value: broker, rate: 0.5}]"
    given = f"column: CHANNEL, source: A bureau, date: 2025-01-31, method: intercept_by_band, bands: {bands}"
    package = done(tmp_path, planned(f"{{external: {{{given}}}}}", WEIGHTED), applications(900))
    assert disagreements(package) == []
    fit, told = frame(package, "calibration.external_fit").iloc[0], frame(package, "calibration.external")
    assert told["shift_standard_error"].isna().all()
    row = pd.read_parquet(package / "data" / "snapshot.parquet").iloc[:3].assign(CHANNEL=[None, "branch", "x"])
    found = values(package, row)
    shifts = [fit["intercept"], told["shift"].iloc[0], fit["intercept"]]
    np.testing.assert_allclose(found["probability"], expit(found["linear_score"] + shifts), atol=1e-12)


def test_a_plan_whose_segments_are_all_too_small_has_the_pooled_map_alone(tmp_path: Path) -> None:
    spec = "{methods: [logistic], by: {column: CHANNEL, least_bads: 100000}}"
    package = done(tmp_path, planned(spec), applications(600))
    assert disagreements(package) == []
    assert not [step for step in model(package)["steps"] if step["type"] == "switch"]
    assert not frame(package, "calibration.segments")["own_map"].any()
    for name in ("segment_samples", "segment_parameters", "segment_maps"):
        assert "no segment has a map of its own" in evidence(package, f"calibration.{name}")["reason"]


@pytest.mark.parametrize(
    ("spec", "more", "said"),
    [
        ("{methods: [logistic], by: {column: NOWHERE}}", "", "NOWHERE"),
        ("{methods: [logistic], by: {column: INCOME}}", "", "too many values to be segments"),
        ("{methods: [logistic], by: {column: HOUSING, edges: [1]}}", "", "edges are of numbers, and 'HOUSING'"),
        ("{methods: [logistic], by: {column: AGE, edges: [30, 30]}}", "", "edges do not ascend"),
        ("{methods: [logistic], by: {column: AGE, edges: []}}", "", "calibration.by.edges"),
        ("{methods: [logistic], by: {column: AGE, least_bads: 0}}", "", "calibration.by.least_bads"),
        ("{methods: [none], by: {column: AGE}}", "", "the method none has nothing to fit"),
        ("{by: {column: AGE}, target: 0.1}", "", "the method none has nothing to fit"),
        ("{methods: [logistic], by: {column: BAD}}", "", "may not tell probabilities apart: it is the outcome"),
        ("{methods: [logistic], by: {column: AGE}}", ", protected: [AGE]", "it is protected (data.protected)"),
        ("{methods: [logistic], by: {column: AGE}}", ", forbidden: [AGE]", "it is forbidden (data.forbidden)"),
        (
            "{methods: [logistic], by: {column: AGE}}",
            ", columns: {AGE: {personal: true}}",
            "it is personal data (data.columns.AGE.personal)",
        ),
        (
            "{methods: [logistic], by: {column: AGE}}\nreject_inference: {method: none, instrument: AGE}",
            "",
            "'AGE' may not tell probabilities apart: it is the instrument (reject_inference.instrument)",
        ),
        ("{external: EXT, methods: [logistic], by: {column: HOUSING}}", "", "both divide the probability"),
        ("{external: EXT}", ", protected: [AGE]", "'AGE' may not tell probabilities apart: it is protected"),
        ("{external: EXT0}", "", "no finite shift of a band reaches a rate of 0 or 1"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, spec: str, more: str, said: str) -> None:
    given = "column: AGE, source: A, date: 2025-01-31, method: intercept_by_band"
    for name, rate in (("EXT0", "0"), ("EXT", "0.2")):
        spec = spec.replace(name, f"{{{given}, bands: [{{upper: 30, rate: {rate}}}, {{lower: 30, rate: 0.1}}]}}")
    text = planned(spec).replace("table.csv}", f"table.csv{more}}}", 1)
    ended = run(written(tmp_path, text, applications(300)), "--no-validation")
    assert ended.status != 0
    assert said in ended.err
    assert not (tmp_path / "out").exists()


def test_a_column_with_the_name_of_a_value_of_the_model_is_refused(tmp_path: Path) -> None:
    table = applications(500).rename(columns={"CHANNEL": "linear_score"})
    models = QUICK.replace("champion: true", "champion: true, characteristics: [INCOME, AGE]")
    text = planned("{methods: [logistic], by: {column: linear_score, least_bads: 20}}", models=models)
    ended = run(written(tmp_path, text, table), "--no-validation")
    assert ended.status != 0
    assert "a value of its own that is called 'linear_score'" in ended.err
