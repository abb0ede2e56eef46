"""What a plan may ask of classing, run to the end: package, independent validator and two PMML engines agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import validation.score
from credit_risk.binning import joining
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests import engines
from tests.credit_risk.cli.command import (
    QUICK,
    disagreements,
    done,
    evidence,
    findings,
    frame,
    model,
    run,
    write_plan,
)

HEAD = (
    "model: {id: m}\n"
    "data: {source: table.csv, columns: {INCOME: {specials: {-9: not asked, -8: refused}}, "
    "HOUSING: {specials: {'?': unclear}}}}\n"
    "outcome: {column: BAD, bad: 1}\n"
    "selection: {include: [INCOME, AGE, HOUSING], max_p_value: 1}\n"
)


def applicants(rows: int = 3000, seed: int = 5) -> pd.DataFrame:
    """Missing and special codes in numbers and categories, two rare categories; risk depends on all of them."""
    rng = np.random.default_rng(seed)
    income, age = rng.lognormal(8, 0.5, rows).round(2), rng.integers(18, 75, rows).astype(float)
    housing = rng.choice(["own", "rent", "parents", "boat", "tent"], rows, p=[0.5, 0.33, 0.16, 0.006, 0.004])
    risk = -0.6 - 1.1 * (np.log(income) - 8) - 0.03 * (age - 45) + 0.9 * (housing == "rent")
    table = pd.DataFrame({"INCOME": income, "AGE": age, "HOUSING": housing.astype(object)})
    for column, code, share, shift in (
        ("INCOME", np.nan, 0.04, 0.7),
        ("INCOME", -9.0, 0.02, 0.2),
        ("INCOME", -8.0, 0.01, -0.5),
        ("AGE", np.nan, 0.03, 0.4),
        ("HOUSING", None, 0.03, 0.5),
        ("HOUSING", "?", 0.02, -0.4),
    ):
        hit = rng.random(rows) < share
        table.loc[hit, column] = code
        risk[hit] += shift
    table["BAD"] = (rng.random(rows) < 1 / (1 + np.exp(-risk))).astype(int)
    return table


def production(package: Path) -> pd.DataFrame:
    """Rows of the snapshot, and rows with missing, codes, boundary values and categories that development never met."""
    held = read_package(package)
    names = [item["name"] for item in held.model["inputs"]]
    known = held.snapshot()[names].head(400)
    numbers = {step["input"]: _numbers(step) for step in held.model["steps"] if step["type"] == "classing"}
    made: dict[str, list[Any]] = {name: [] for name in names}
    for name in names:
        for value in numbers.get(name, [None]):
            for other in names:
                made[other].append(value if other == name else known[other].iloc[0])
    return pd.concat([known, pd.DataFrame(made)], ignore_index=True)


def _numbers(step: dict[str, Any]) -> list[Any]:
    if step["kind"] == "categorical":
        return [None, "never met", *(v for b in step["bins"] for v in (*b.get("values", ()), *b.get("codes", ())))]
    edges = [b["lower"] for b in step["bins"] if b.get("lower") is not None]
    codes = [code for b in step["bins"] for code in b.get("codes", ())]
    return [None, *codes, *edges, *(float(np.nextafter(edge, -np.inf)) for edge in edges)]


def assert_all_agree(package: Path) -> None:
    """Scoring authority, validator, JPMML and PMML4S, row by row."""
    rows, card = production(package), model(package)
    ours, theirs = compile_model(card).score(rows), validation.score.score(card, rows)
    for name in ("linear_score", "probability", "score"):
        np.testing.assert_array_equal(ours[name], theirs[card["outputs"][name]].data)
    (path,) = (package / "exports").glob("*.pmml")
    for engine in (engines.jpmml, engines.pmml4s):
        found = engine(path, engines.records(rows))
        for name in ("linear_score", "probability", "score"):
            np.testing.assert_allclose(found[name].astype(float), ours[name], rtol=0, atol=1e-9)
        for name in [column for column in ours if column.startswith("reason_")]:
            assert [None if pd.isna(code) else code for code in found[name]] == ours[name].tolist()


JOINED = "classing: {missing: nearest_woe, special: nearest_woe, unseen: %s}\n"


@pytest.mark.java
@pytest.mark.parametrize("unseen", ["missing", "worst", "rare"])
def test_joined_bins_mean_the_same_everywhere(unseen: str, tmp_path: Path) -> None:
    package = done(tmp_path, HEAD + QUICK + JOINED % unseen, applicants())
    assert disagreements(package) == []
    steps = {step["input"]: step for step in model(package)["steps"] if step["type"] == "classing"}
    assert set(steps) == {"INCOME", "AGE", "HOUSING"}
    for step in steps.values():
        assert "missing" not in [b["kind"] for b in step["bins"]]
        assert [b for b in step["bins"] if "takes_missing" in b]
    assert "woe_of" in steps["HOUSING"]["bins"][-1]
    joined = frame(package, "classing.joined")
    assert len(joined) == 6
    assert (joined["fate"] == "nearest_woe").all()
    assert_all_agree(package)


@pytest.mark.java
def test_settings_of_one_characteristic_reach_its_score(tmp_path: Path) -> None:
    """The wish of many users of another tool, whose overrides of single variables are lost on the way to the score."""
    income = "INCOME: {max_bins: 3, missing: nearest_woe, nearest_woe_below: 0.03}"
    own = f"{income}, AGE: {{missing: nearest_woe, trend: none}}"
    package = done(tmp_path, HEAD + QUICK + f"classing: {{characteristics: {{{own}}}}}\n", applicants())
    assert disagreements(package) == []
    steps = {step["input"]: step["bins"] for step in model(package)["steps"] if step["type"] == "classing"}
    assert [b["kind"] for b in steps["INCOME"]].count("interval") == 3
    assert [b["kind"] for b in steps["INCOME"]].count("special") == 2
    assert "missing" in [b["kind"] for b in steps["INCOME"]]  # not below the share
    assert "missing" not in [b["kind"] for b in steps["AGE"]]
    assert "missing" in [b["kind"] for b in steps["HOUSING"]]
    summary = frame(package, "classing.summary").set_index("characteristic")
    assert summary.loc["AGE", "trend"] == "none"
    assert summary.loc["AGE", "missing_share"] > 0.02
    policy = frame(package, "classing.policy").set_index("item")["value"]
    assert policy["Settings of INCOME"] == "max_bins 3, missing nearest_woe, nearest_woe_below 0.03"
    assert_all_agree(package)


def test_joined_by_hand_is_told(tmp_path: Path) -> None:
    by_hand = (
        "classing: {missing: nearest_woe, overrides: [{characteristic: HOUSING, operation: join, bin: missing, "
        "into: rent, reason: no landlord named, author: A. Risk}]}\n"
    )
    plan = HEAD.replace("selection", "scaling: {base_odds: 20}\nselection")
    package = done(tmp_path, plan + QUICK + by_hand, applicants())
    assert disagreements(package) == []
    joined = frame(package, "classing.joined").set_index(["characteristic", "part"])
    assert joined.loc[("HOUSING", "missing"), "fate"] == "by_hand"
    assert "rent" in joined.loc[("HOUSING", "missing"), "label"]
    change = frame(package, "classing.overrides").iloc[0]
    assert change["information_value_after"] == joined.loc[("HOUSING", "missing"), "information_value"]
    told = [one for one in findings(package) if one["test"] == "model.json: joined by hand"]
    assert [one["severity"] for one in told] == ["observation"]


def test_a_weight_fixed_by_hand_keeps_a_code_out_of_the_nearest_bin(tmp_path: Path) -> None:
    by = "reason: nobody knows what it means, author: me"
    change = f"{{characteristic: INCOME, operation: fix_woe, bin: special -9, woe: 0.25, {by}}}"
    plan = (
        f"classing: {{missing: nearest_woe, special: nearest_woe, nearest_woe_below: 0.015, overrides: [{change}]}}\n"
    )
    package = done(tmp_path, HEAD + QUICK + plan, applicants())
    assert disagreements(package) == []
    told = frame(package, "classing.joined").set_index(["characteristic", "part"]).loc["INCOME"]
    assert told.loc["special -9", "fate"] == "apart: weight of evidence fixed by hand"
    assert told.loc["special -9", "woe"] == 0.25
    assert told.loc["special -8", "fate"] == "nearest_woe"
    assert told.loc["missing", "fate"] == "apart: not below the share"


def test_a_place_that_is_not_the_nearest_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything else in the package follows from the wrong place, so only the rule of the plan can tell it."""
    nearest = joining._nearest

    def farthest(table: Any, *arguments: Any) -> dict[int, int]:
        found = nearest(table, *arguments)
        ordinary = np.flatnonzero(table.regular)
        woe = table.result.woe
        return {part: int(ordinary[np.argmax(np.abs(woe[ordinary] - woe[part]))]) for part in found}

    monkeypatch.setattr(joining, "_nearest", farthest)
    monkeypatch.setattr(joining, "_keeps_trend", lambda *_: True)
    package = run(write_plan(tmp_path, HEAD + QUICK + JOINED % "neutral", applicants())).status
    assert package == 0
    found = {one["test"]: one for one in findings(tmp_path / "out")}
    assert found["model.json: place of special codes and missing"]["severity"] == "critical"
    assert "model.json: WoE of the bins" not in found


def test_nothing_to_join_is_told_as_not_applicable(tmp_path: Path) -> None:
    package = done(tmp_path, HEAD + QUICK, applicants())
    assert evidence(package, "classing.joined")["kind"] == "not_applicable"
    assert disagreements(package) == []


def with_education(rows: int = 3000) -> pd.DataFrame:
    """Applicants with an ordered category, in text, and one whose risk is lowest in the middle of the ages."""
    rng = np.random.default_rng(8)
    table = applicants(rows)
    education = rng.choice(4, rows, p=[0.2, 0.35, 0.3, 0.15])
    age = table["AGE"].fillna(45)
    risk = (
        -0.8
        - 0.5 * (education - 1.5)
        + 0.0035 * (age - 45) ** 2
        - 0.6 * (np.log(table["INCOME"].clip(100)) - 8).fillna(0)
    )
    table["EDUCATION"] = np.array(["none", "school", "college", "degree"], object)[education]
    table.loc[rng.random(rows) < 0.03, "EDUCATION"] = None
    table["BAD"] = (rng.random(rows) < 1 / (1 + np.exp(-risk))).astype(int)
    return table


ORDERED = (
    "model: {id: m}\n"
    "data: {source: table.csv, columns: {INCOME: {specials: {-9: not asked, -8: refused}}, "
    "HOUSING: {specials: {'?': unclear}}, "
    "EDUCATION: {order: [none, school, college, degree, doctorate], expected_trend: descending}}}\n"
    "outcome: {column: BAD, bad: 1}\n"
    "selection: {include: [INCOME, AGE, HOUSING, EDUCATION], max_p_value: 1}\n"
)


@pytest.mark.java
def test_orders_splits_groups_and_shapes_from_plan_to_engines(tmp_path: Path) -> None:
    own = (
        "INCOME: {fixed_splits: [2000, 4000], min_bads: 60}, "
        "AGE: {trend: valley, max_share: 0.5}, "
        "HOUSING: {fixed_groups: [[rent]], groups: [[parents, boat, houseboat]]}, "
        "EDUCATION: {fixed_splits: [college], missing: nearest_woe}"
    )
    package = done(tmp_path, ORDERED + f"classing: {{characteristics: {{{own}}}}}\n", with_education())
    assert disagreements(package) == []
    steps = {step["input"]: step["bins"] for step in model(package)["steps"] if step["type"] == "classing"}
    assert {2000.0, 4000.0} <= {b.get("lower") for b in steps["INCOME"]}
    groups = [b["values"] for b in steps["HOUSING"] if b["kind"] == "categories"]
    assert ["rent"] in groups
    assert [values for values in groups if {"parents", "boat", "houseboat"} <= set(values)]
    ranked = [b["values"] for b in steps["EDUCATION"] if b["kind"] == "categories"]
    assert [v for values in ranked for v in values] == ["none", "school", "college", "degree", "doctorate"]
    assert "college" in [values[0] for values in ranked]
    summary = frame(package, "classing.summary").set_index("characteristic")
    assert summary.loc["EDUCATION", ["kind", "trend", "trend_source"]].tolist() == [
        "ordered",
        "descending",
        "plan, expectation",
    ]
    assert summary.loc["AGE", ["trend", "trend_source"]].tolist() == ["valley", "plan, classing"]
    rates = frame(package, "classing.table.AGE").query("kind == 'interval'")["bad_rate"].tolist()
    lowest = int(np.argmin(rates))
    assert 0 < lowest < len(rates) - 1
    assert rates[:lowest] == sorted(rates[:lowest], reverse=True)
    assert rates[lowest:] == sorted(rates[lowest:])
    expected = frame(package, "classing.expectations").set_index("characteristic")
    assert expected.loc["EDUCATION", "verdict"] == "confirmed"
    bound = frame(package, "boosting.constraints.boosting").set_index("characteristic")
    assert bound.loc["AGE", ["direction", "source"]].tolist() == ["none", "plan, classing"]
    assert bound.loc["AGE", "verdict"] == "not bound: declared as not monotone"
    assert bound.loc["EDUCATION", "direction"] == "descending"
    assert_all_agree(package)


def test_a_category_without_a_place_in_the_order_is_told_with_its_rows(tmp_path: Path) -> None:
    table = with_education(600)
    table.loc[[3, 17], "EDUCATION"] = ["kindergarten", "degree (foreign)"]
    ended = run(write_plan(tmp_path, ORDERED, table))
    assert ended.status == 2
    assert "'EDUCATION' holds categories that have no place in the declared order" in ended.err
    assert "kindergarten" in ended.err
    assert "with key 4, 18" in ended.err


def test_conflicts_of_all_characteristics_are_told_together(tmp_path: Path) -> None:
    own = "INCOME: {fixed_splits: [1e9]}, EDUCATION: {min_bins: 5}, HOUSING: {groups: [[castle]]}"
    ended = run(write_plan(tmp_path, ORDERED + f"classing: {{characteristics: {{{own}}}}}\n", with_education(800)))
    assert ended.status == 2
    for words in (
        "fixed split of 'INCOME'",
        "'EDUCATION' cannot be classed",
        "min_bins 5",
        "group of 'HOUSING' has no",
    ):
        assert words in ended.err
    assert not (tmp_path / "out").exists()


def test_changes_by_hand_of_what_is_gone_are_told_together(tmp_path: Path) -> None:
    by = "reason: policy, author: A. Risk"
    changes = (
        f"{{characteristic: INCOME, operation: merge, edge: 123.5, {by}}}, "
        f"{{characteristic: HOUSING, operation: fix_woe, bin: castle, woe: 0.5, {by}}}, "
        f"{{characteristic: AGE, operation: join, bin: special 9, into: missing, {by}}}"
    )
    ended = run(write_plan(tmp_path, HEAD + f"classing: {{overrides: [{changes}]}}\n", applicants(900)))
    assert ended.status == 2
    for words in ("there is no edge 123.5", "there is no bin 'castle'", "there is no bin 'special 9' to join"):
        assert words in ended.err
