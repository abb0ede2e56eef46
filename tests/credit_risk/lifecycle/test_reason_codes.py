"""Reason codes from plan to package: every reference by hand, groups, inquiries, texts; the validator agrees."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk.plan import check_plan
from credit_risk.scoring import compile_model
from tests.credit_risk.cli.command import PLAN, QUICK, disagreements, done, frame, model, portfolio, run, write_plan

TREES = "models: [{id: trees, type: monotone_boosting, champion: true, trees: 25}]\nexports: []\n"


def table(rows: int = 1500) -> pd.DataFrame:
    """The portfolio with two inquiry counts and a number that is often missing."""
    made = portfolio(rows)
    rng = np.random.default_rng(11)
    made.insert(4, "INQ3", rng.poisson(0.6 + 0.9 * made["BAD"]))
    made.insert(5, "INQ12", made["INQ3"] + rng.poisson(1.0, rows))
    made.insert(
        6, "MONTHS", np.where(rng.random(rows) < 0.3, -9.0, (60 - 25 * made["BAD"] + rng.normal(0, 20, rows)).round())
    )
    return made


def plan(reasons: str, models: str = QUICK, columns: str = "", extra: str = "") -> str:
    head = "model: {id: m}\noutcome: {column: BAD, bad: 1}\n"
    data = f"data: {{source: table.csv, columns: {{MONTHS: {{specials: {{-9: none}}}}, {columns}}}}}\n"
    keep = "selection: {include: [INCOME, AGE, HOUSING, INQ3, INQ12, MONTHS]}\n"
    return f"{head}{data}{keep}{models}reason_codes: {{{reasons}}}\n{extra}"


def step(package: Path, kind: str) -> dict:
    return next(s for s in model(package)["steps"] if s["type"] == kind)


def development(package: Path) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Development rows of the snapshot and every value of the champion over them."""
    rows = pd.read_parquet(package / "data" / "snapshot.parquet").query("_sample == 'development'")
    return rows, compile_model(model(package)).values(rows)


def test_reference_at_or_just_above_the_cut_off(tmp_path: Path) -> None:
    package = done(
        tmp_path, plan("reference: above_cut_off, band_width: 30", extra="strategy: {cut_off: 500}\n"), table()
    )
    _, values = development(package)
    just_above = (values["score"] >= 500) & (values["score"] < 530)
    for k, item in enumerate(step(package, "reasons")["characteristics"], start=1):
        mean = values[item["input"]][just_above].mean()
        assert item["reference_points"] == pytest.approx(mean, rel=1e-12)
        assert item["baseline"] == item["reference_points"] - 1e-6 * k
    said = frame(package, "reasons.method").set_index("item")["value"]
    assert said["Their number"] == str(just_above.sum())
    assert said["Named by comment 9(b)(2) of Regulation B"] == "yes: applicants at or just above the cut-off"
    agreement = frame(package, "reasons.agreement")
    assert set(agreement["method"]) | set(agreement["other"]) == {
        "mean_development", "above_cut_off", "baseline", "maximum",
    }  # fmt: skip
    assert (agreement["rows"] == (values["score"] < 500).sum()).all()
    assert disagreements(package) == []


def test_baseline_applicant_and_maximum(tmp_path: Path) -> None:
    said = "reference: baseline, baseline: {HOUSING: own, MONTHS: -9}"
    package = done(tmp_path / "baseline", plan(said), table())
    rows, _ = development(package)
    typical = {name: float(np.sort(rows[name])[(len(rows) - 1) // 2]) for name in ("INCOME", "AGE", "INQ3", "INQ12")}
    one = pd.DataFrame({**typical, "HOUSING": ["own"], "MONTHS": [-9.0]})
    values = compile_model(model(package)).values(one)
    for item in step(package, "reasons")["characteristics"]:
        assert item["reference_points"] == values[item["input"]][0]
    assert disagreements(package) == []
    package = done(tmp_path / "maximum", plan("reference: maximum"), table(), "--no-validation")
    most = {c["characteristic"]: max(c["points"]) for c in step(package, "scale")["characteristics"]}
    assert {c["characteristic"]: c["reference_points"] for c in step(package, "reasons")["characteristics"]} == most
    assert "legacy" in step(package, "reasons")["reference"]


def test_groups_and_inquiries_of_a_scorecard(tmp_path: Path) -> None:
    said = "maximum: 1, groups: {RECENT CREDIT: [INQ12, INQ3], ABOUT YOU: [AGE, HOUSING]}, inquiries: [INQ3, INQ12]"
    package = done(tmp_path, plan(said, extra="exports: []\n"), table())
    reasons = step(package, "reasons")
    assert reasons["inquiries"] == ["RECENT CREDIT"]
    names = [item["characteristic"] for item in reasons["characteristics"]]
    assert {"RECENT CREDIT", "ABOUT YOU"} <= set(names)
    assert not {"INQ3", "INQ12", "AGE", "HOUSING"} & set(names)
    _, values = development(package)
    both = values["points(INQ3)"] + values["points(INQ12)"]
    held = next(item for item in reasons["characteristics"] if item["characteristic"] == "RECENT CREDIT")
    assert held["reference_points"] == pytest.approx(both.mean(), rel=1e-12)
    given = pd.read_parquet(package / "predictions" / "development.parquet")
    assert [c for c in given.columns if c.startswith("reason_")] == ["reason_1", "reason_2"]
    adverse = held["baseline"] - both > 0
    told = (given[["reason_1", "reason_2"]] == "RECENT CREDIT").any(axis=1).to_numpy()
    assert (told == adverse).all()
    assert (given["reason_2"].dropna() == "RECENT CREDIT").all()
    assert disagreements(package) == []


@pytest.mark.parametrize("reference", ["mean_development", "above_cut_off, band_width: 40", "baseline"])
def test_trees_give_reasons_against_applicants_in_the_model(tmp_path: Path, reference: str) -> None:
    said = (
        f"reference: {reference}, background_rows: 50, groups: {{INQUIRIES: [INQ3, INQ12]}}, inquiries: [INQ3, INQ12]"
    )
    package = done(tmp_path, plan(said, TREES, extra="strategy: {cut_off: 500}\n"), table())
    attribution, reasons = step(package, "attribution"), step(package, "reasons")
    assert len(attribution["background"]["rows"]) == (1 if reference == "baseline" else 50)
    assert reasons["inquiries"] == ["INQUIRIES"]
    members = {item["characteristic"]: item["features"] for item in attribution["characteristics"]}
    assert members["INQUIRIES"] == ["INQ3", "INQ12"]
    assert members["MONTHS"] == ["value(MONTHS)", "special(MONTHS, -9)"]
    _, values = development(package)
    total = sum(values[item["output"]] for item in attribution["characteristics"]) / attribution["multiplier"]
    assert attribution["base"] + total == pytest.approx(values["linear_score"], abs=1e-9)
    frequency = frame(package, "reasons.frequency").query("sample == 'development'")
    assert frequency["any"].sum() > 0
    assert disagreements(package) == []


def test_background_stands_for_the_applicants_compared_with(tmp_path: Path) -> None:
    package = done(tmp_path, plan("background_rows: 100", TREES), table(), "--no-validation")
    _, values = development(package)
    assert step(package, "attribution")["base"] == pytest.approx(values["linear_score"].mean(), abs=0.03)


def test_texts_by_language_codes_and_sources(tmp_path: Path) -> None:
    columns = "INCOME: {reason_text: {en: Income is low, es: Ingresos bajos}}, AGE: {description: Age in years}"
    said = (
        "languages: [en, es], catalogue: {HOUSING: {code: H7, text: Kind of housing, source: the application}, "
        "MONTHS: {text: {en: Short history, es: Historial corto}, source: a consumer report}}"
    )
    package = done(tmp_path, plan(said, columns=columns), table())
    catalogue = frame(package, "reasons.catalogue").set_index("characteristic")
    assert catalogue.loc["HOUSING", ["reason_code", "source"]].tolist() == ["H7", "the application"]
    assert catalogue.loc["MONTHS", ["text", "direction"]].tolist() == ["Short history", "low values"]
    texts = frame(package, "reasons.texts").set_index(["reason_code", "language"])
    assert texts.loc[("INCOME", "es")].tolist() == ["Ingresos bajos", True]
    assert texts.loc[("H7", "es")].tolist() == ["HOUSING", False]
    assert texts.loc[("AGE", "en")].tolist() == ["Age in years", False]
    said = frame(package, "reasons.method").set_index("item")["value"]
    assert said["Released for notices"] == "no"
    assert "HOUSING (es)" in said["Without a text for applicants"]
    assert "MONTHS" not in said["Without a text for applicants"]
    assert disagreements(package) == []


def test_three_lines_work_and_their_reasons_are_not_released(tmp_path: Path) -> None:
    package = done(tmp_path, PLAN, portfolio(), "--no-validation")
    said = frame(package, "reasons.method").set_index("item")["value"]
    assert said["Released for notices"] == "no"
    assert set(frame(package, "reasons.catalogue")["text_source"]) == {"name (no text in plan)"}


@pytest.mark.parametrize("models", [QUICK, TREES])
def test_with_notices_a_characteristic_without_a_text_is_an_error_and_all_are_told(tmp_path: Path, models: str) -> None:
    columns = "INCOME: {reason_text: Income is low}, AGE: {description: Age in years}"
    text = plan("notices: true, catalogue: {MONTHS: {text: Short history}}", models, columns=columns)
    ended = run(write_plan(tmp_path, text, table()))
    assert ended.status == 2
    for name in ("AGE", "HOUSING", "INQ3", "INQ12"):
        assert f"reason_codes.catalogue.{name}.text" in ended.err
    assert "catalogue.INCOME" not in ended.err
    assert "catalogue.MONTHS" not in ended.err
    assert not (tmp_path / "out").exists()


REFUSED = [
    ("reason_codes: {reference: above_cut_off, band_width: 10}", "reason_codes.reference", "reference"),
    ("reason_codes: {reference: above_cut_off}\nstrategy: {cut_off: 500}", "reason_codes.reference", "reference"),
    ("reason_codes: {band_width: 10}", "reason_codes.band_width", "reference"),
    ("reason_codes: {reference: maximum}\n" + TREES, "reason_codes.reference", "reference"),
    ("reason_codes: {groups: {G: []}}", "reason_codes.groups.G", "group"),
    ("reason_codes: {groups: {A: [AGE, NOISE], B: [NOISE]}}", "reason_codes.groups.B[0]", "group"),
    ("reason_codes: {groups: {D: [AGE]}}\nderive: {D: AGE / INCOME}", "reason_codes.groups.D", "group_name"),
    ("reason_codes: {groups: {G: [AGE, NOISE]}, inquiries: [NOISE]}\nexports: []", "reason_codes.groups.G", "group"),
    ("reason_codes: {catalogue: {AGE: {code: X}, NOISE: {code: X}}}", "reason_codes.catalogue.NOISE", "reason_code"),
    ("reason_codes: {languages: [en, en]}", "reason_codes.languages[1]", "language"),
    ("reason_codes: {maximum: 5}", "reason_codes.maximum", "value"),
    ("reason_codes: {groups: {G: [AGE, NOWHERE]}}\nexports: []", "reason_codes.groups.G[1]", "absent"),
    ("reason_codes: {inquiries: [NOWHERE]}", "reason_codes.inquiries[0]", "absent"),
    ("reason_codes: {baseline: {NOWHERE: 1}}", "reason_codes.baseline.NOWHERE", "absent"),
]


@pytest.mark.parametrize(("more", "path", "code"), REFUSED)
def test_what_a_plan_may_not_say(tmp_path: Path, more: str, path: str, code: str) -> None:
    faults = check_plan(write_plan(tmp_path, f"{PLAN}{more}\n", portfolio()))
    assert (path, code) in {(fault.path, fault.code) for fault in faults}, [str(f) for f in faults]


UNTOLD = [
    ("", "data.columns.NOISE.disclosable"),
    ("derive: {D: NOISE + AGE}\n", "derive.D"),
    ("derive: {D: 'coalesce(NOISE, 0)', E: D * 2}\n", "derive.D"),
    ("selection: {include: [NOISE]}\n", "selection.include[0]"),
]


@pytest.mark.parametrize(("more", "path"), UNTOLD)
def test_what_may_not_be_told_may_not_be_in_a_model(tmp_path: Path, more: str, path: str) -> None:
    head = "model: {id: m}\ndata: {source: table.csv, columns: {NOISE: {disclosable: false}}}\n"
    text = f"{head}outcome: {{column: BAD, bad: 1}}\n{more}"
    assert path in {fault.path for fault in check_plan(write_plan(tmp_path, text, portfolio()))}


@pytest.mark.parametrize("role", ["protected: [HOUSING]", "forbidden: [HOUSING]"])
@pytest.mark.parametrize("derived", ["cross(HOUSING, band(AGE, 30))", "if(HOUSING == 'own', 1, 0)"])
def test_protected_and_forbidden_columns_are_refused_inside_derived_ones(
    tmp_path: Path, role: str, derived: str
) -> None:
    head = f"model: {{id: m}}\ndata: {{source: table.csv, {role}}}\noutcome: {{column: BAD, bad: 1}}\n"
    text = f'{head}derive: {{OWN: "{derived}", TWICE: OWN}}\n'
    found = {(fault.path, fault.code) for fault in check_plan(write_plan(tmp_path, text, portfolio()))}
    assert ("derive.OWN", "never_a_predictor") in found


def test_a_column_that_is_forbidden_may_be_undisclosable(tmp_path: Path) -> None:
    head = "model: {id: m}\ndata: {source: table.csv, forbidden: [NOISE], columns: {NOISE: {disclosable: false}}}\n"
    assert check_plan(write_plan(tmp_path, f"{head}outcome: {{column: BAD, bad: 1}}\n", portfolio())) == []


def test_a_reason_of_the_baseline_has_the_kind_of_its_characteristic(tmp_path: Path) -> None:
    text = plan("reference: baseline, baseline: {AGE: old, HOUSING: own}")
    ended = run(write_plan(tmp_path, text, table()))
    assert ended.status == 2
    assert "reason_codes.baseline.AGE" in ended.err


def test_same_plan_same_bytes(tmp_path: Path) -> None:
    text = plan("reference: baseline", TREES)
    one, other = (done(tmp_path / name, text, table(900), "--no-validation") for name in ("a", "b"))
    assert json.loads((one / "manifest.json").read_text()) == json.loads((other / "manifest.json").read_text())
