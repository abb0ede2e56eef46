"""Policy rules from plan to package, validation, PMML and notice: both sides agree, and a forged rule is found out."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import credit_risk as cr
from credit_risk._core.errors import ScoringError
from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests import engines
from tests.contract.altered import altered, cell, failures
from tests.credit_risk.cli.command import (
    credit_risk,
    disagreements,
    done,
    evidence,
    frame,
    model,
    portfolio,
    run,
    write_plan,
)

PLAN = """model: {id: m, name: Consumer loans}
data:
  source: table.csv
  columns:
    INCOME: {type: numeric, specials: {"-1": not stated}, expected_trend: descending, reason_text: Income}
    AGE: {type: numeric, expected_trend: descending, reason_text: Age}
    HOUSING: {reason_text: Kind of housing}
    NOISE: {type: numeric, expected_trend: ascending, reason_text: Noise}
    VISITS: {type: numeric, reason_text: Visits}
outcome: {column: BAD, bad: 1}
derive: {PER_YEAR: {expression: INCOME / AGE, reason_text: Income for the age}}
rules:
  - {id: rich, when: PER_YEAR > 200, action: accept}
  - id: poor
    when: INCOME < 1200
    action: decline
    code: R01
    reason: Income below our minimum
    source: the application
    description: What is left after rent would not pay the instalment
    author: Credit policy (test)
  - {id: odd, when: HOUSING == 'other' and NOISE > 1, action: refer}
  - {id: banned, when: VISITS == 7, action: decline, reason: Too many visits}
strategy: {cut_off: 500}
samples: {weight: W}
selection: {include: [INCOME, AGE, HOUSING], exclude: [VISITS]}
models:
  - {id: scorecard, type: scorecard, champion: true}
  - {id: trees, type: monotone_boosting, trees: 20}
"""
FLAGS = {name: f"decision:rule({name})" for name in ("rich", "poor", "odd", "banned")}


def applicants(rows: int = 900, seed: int = 3) -> pd.DataFrame:
    """The small portfolio with a special code, a column that only a rule reads, and missing values."""
    table = portfolio(rows, seed).assign(VISITS=np.arange(rows) % 40 % 9, W=1.0 + np.arange(rows) % 3 / 2)
    table.loc[table.index % 50 == 1, "INCOME"] = -1.0
    table.loc[table.index % 60 == 2, "NOISE"] = np.nan
    return table


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("rules"), PLAN, applicants())


def expected(table: pd.DataFrame) -> pd.DataFrame:
    """Flags by plain pandas, the special code being no income to compare."""
    income = table["INCOME"].where(table["INCOME"] != -1.0)
    return pd.DataFrame(
        {
            FLAGS["rich"]: income / table["AGE"] > 200,
            FLAGS["poor"]: income < 1200,
            FLAGS["odd"]: (table["HOUSING"] == "other") & (table["NOISE"] > 1),
            FLAGS["banned"]: table["VISITS"] == 7,
        }
    )


def test_the_validator_disagrees_with_no_number(package: Path) -> None:
    assert disagreements(package) == []
    rows = json.loads((package / "validation/evidence/validation.comparison.json").read_text("utf-8"))["rows"]
    areas = {row[0] for row in rows}
    assert {"rules of model.json", "rules of challengers/trees/model.json", "rules.hits", "rules.decisions"} <= areas
    assert {"rules.declared", "rules.texts", "rules.overlaps"} <= areas


def test_every_model_carries_the_rules_and_predictions_hold_what_they_decide(package: Path) -> None:
    table = applicants()
    flags = expected(table)
    for file, folder in (("model.json", ""), ("challengers/trees/model.json", "challengers/trees/")):
        document = json.loads((package / file).read_text("utf-8"))
        assert document["outputs"]["decision"] == [f"rule({name})" for name in FLAGS]
        assert [s["action"] for s in document["steps"] if s["type"] == "guard"] == [
            "accept",
            "decline",
            "refer",
            "decline",
        ]
        for sample in ("development", "out_of_sample"):
            told = pd.read_parquet(package / f"{folder}predictions/{sample}.parquet")
            here = flags.iloc[told["_key"] - 1].reset_index(drop=True)
            for column in FLAGS.values():
                assert told[column].tolist() == here[column].astype(float).tolist()
            decline, refer = here[FLAGS["poor"]] | here[FLAGS["banned"]], here[FLAGS["odd"]]
            score = np.where(told["score"] >= 500, "accept", "decline")
            words = np.where(
                decline, "decline", np.where(refer, "refer", np.where(here[FLAGS["rich"]], "accept", score))
            )
            assert told["overall_decision"].tolist() == words.tolist()
    assert "VISITS" in {item["name"] for item in model(package)["inputs"]}
    assert "VISITS" not in set(frame(package, "selection.waterfall").query("decision == 'selected'")["characteristic"])


def test_evidence_tells_order_hits_and_decisions(package: Path) -> None:
    declared = frame(package, "rules.declared")
    assert declared["rule"].tolist() == ["poor", "banned", "odd", "rich"]
    assert declared.loc[3, "fields"] == "INCOME, AGE"
    assert declared.loc[0, ["reason_code", "source", "author"]].tolist() == [
        "R01",
        "the application",
        "Credit policy (test)",
    ]
    table, flags = applicants(), expected(applicants())
    hits = frame(package, "rules.hits").set_index(["rule", "sample"])
    row = hits.loc[("banned", "all")]
    assert row["hits"] == flags[FLAGS["banned"]].sum()
    assert row["first_hits"] == (flags[FLAGS["banned"]] & ~flags[FLAGS["poor"]]).sum()
    hit = table[flags[FLAGS["banned"]]]
    assert row["bad_rate"] == pytest.approx(np.average(hit["BAD"], weights=hit["W"]))
    assert row["hit_share"] == pytest.approx(hit["W"].sum() / table["W"].sum())
    assert frame(package, "rules.decisions").query("sample == 'all'")["rows"].sum() == len(table)
    assert any("told the reason of the rule first" in note for note in evidence(package, "reasons.frequency")["notes"])
    coverage = frame(package, "verification.coverage").set_index("kind")
    assert coverage.loc["branch", "items"] == coverage.loc["branch", "covered"]
    cases = pd.read_csv(package / "verification.csv")
    for column in FLAGS.values():
        assert set(cases[column]) == {0.0, 1.0}
    assert "rule boundary: INCOME just below 1200.0" in set(cases["case"])


@pytest.mark.java
@pytest.mark.parametrize("engine", [engines.jpmml, engines.pmml4s])
def test_pmml_decides_as_the_package(package: Path, engine: Any) -> None:
    rows = applicants(400, 8)[[item["name"] for item in model(package)["inputs"]]]
    mine = compile_model(model(package)).score(rows)
    given = engine(package / "exports" / "m.pmml", engines.records(rows))
    for column in FLAGS.values():
        assert [float(value) for value in given[column]] == mine[column].astype(float).tolist()
        assert mine[column].any()
    assert given["overall_decision"].tolist() == mine["overall_decision"].tolist()


def test_the_summary_tells_what_is_decided(tmp_path: Path) -> None:
    ended = run(write_plan(tmp_path, PLAN, applicants(500)), "--no-validation")
    assert ended.status == 0, ended.err
    (line,) = [one for one in ended.out.splitlines() if one.startswith("Decisions: ")]
    shares = [float(part.rsplit(" ", 1)[1].rstrip("%")) for part in line.removeprefix("Decisions: ").split(", ")]
    assert sum(shares) == pytest.approx(100, abs=0.5)
    assert {"decline by rule", "accept by score"} <= {p.rsplit(" ", 1)[0] for p in line[11:].split(", ")}


def test_a_table_is_scored_with_its_decisions(package: Path, tmp_path: Path) -> None:
    table = applicants(50, 9)
    table.to_csv(tmp_path / "t.csv", index=False)
    ended = credit_risk("score", package, "--input", tmp_path / "t.csv", "--out", tmp_path / "s.csv")
    assert ended.status == 0, ended.err
    scored = pd.read_csv(tmp_path / "s.csv")
    assert scored[FLAGS["poor"]].tolist() == expected(table)[FLAGS["poor"]].astype(float).tolist()
    assert set(scored["overall_decision"]) <= {"accept", "refer", "decline"}


def clock() -> datetime:
    return datetime(2026, 11, 26, tzinfo=UTC)


def test_who_is_declined_by_a_rule_is_told_its_reason(package: Path) -> None:
    table = applicants()
    scored = compile_model(read_package(package).model).score(table)
    banned = table[scored[FLAGS["banned"]] & ~scored[FLAGS["poor"]] & (scored["score"] >= 500)].iloc[0]
    notice = cr.adverse_action(package, banned, clock=clock)
    (factor,) = notice.key_factors  # the score did not decline
    assert (factor.kind, factor.code, factor.text, factor.source) == ("rule", "banned", "Too many visits", None)
    assert (factor.characteristics, factor.values) == (("VISITS",), {"VISITS": 7.0})
    assert notice.declined_by == ("rule banned",)
    both = table[scored[FLAGS["poor"]] & ~scored[FLAGS["banned"]] & (scored["score"] < 500)].iloc[0]
    told = cr.adverse_action(package, both, clock=clock)
    first, *others = told.key_factors
    assert (first.code, first.text, first.source) == ("R01", "Income below our minimum", "the application")
    assert first.values == {"INCOME": both["INCOME"]}
    assert {factor.kind for factor in others} == {"score"}
    assert told.declined_by == ("rule R01", "score below 500")


def test_who_a_rule_refers_or_accepts_has_no_notice(package: Path) -> None:
    table = applicants()
    scored = compile_model(read_package(package).model).score(table)
    for word, flag in (("refer", "odd"), ("accept", "rich")):
        rows = table[scored[FLAGS[flag]] & (scored["overall_decision"] == word) & (scored["score"] < 500)]
        with pytest.raises(ScoringError, match="was not declined"):
            cr.adverse_action(package, rows.iloc[0], clock=clock)


def _guard(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(step for step in document["steps"] if step["id"] == f"rule({name})")


def _threshold(document: dict[str, Any]) -> None:
    condition = _guard(document, "poor")["condition"]
    condition["args"][1]["const"] = 1100.0


def _weaker(document: dict[str, Any]) -> None:
    _guard(document, "poor")["action"] = "refer"


def _dropped(document: dict[str, Any]) -> None:
    document["outputs"]["decision"].remove("rule(banned)")


def _order(document: dict[str, Any]) -> None:
    """Refer prevails over decline."""
    decline = next(step for step in document["steps"] if step["id"] == "overall_decision")["expression"]
    refer = decline["args"][2]
    decline["args"][:2], refer["args"][:2] = refer["args"][:2], decline["args"][:2]


def _protected(document: dict[str, Any]) -> None:
    document["data"]["protected"] = ["AGE"]


def _no_reason(document: dict[str, Any]) -> None:
    document["rules"][3]["reason"] = None


FORGERIES: dict[str, tuple[str, Callable[[Any], None], str, str]] = {
    "threshold": ("model.json", _threshold, "rules of model.json: constants of poor", "critical"),
    "hits of another threshold": (
        "model.json",
        _threshold,
        "predictions m development: decision:rule(poor)",
        "critical",
    ),
    "action": ("model.json", _weaker, "rules of model.json: rules, actions and reason codes", "critical"),
    "challenger": (
        "challengers/trees/model.json",
        _weaker,
        "rules of challengers/trees/model.json: rules, actions and reason codes",
        "critical",
    ),
    "reason that is not there": (
        "plan.json",
        _no_reason,
        "rules: every rule that declines has a text for applicants",
        "high",
    ),
    "hits": ("evidence/rules.hits.json", cell(0, "hits", lambda v: v + 1), "rules.hits: hits", "high"),
    "bad rate": (
        "evidence/rules.hits.json",
        cell(2, "bad_rate", lambda v: v * 0.9),
        "rules.hits: bad_rate",
        "high",
    ),
    "overlap": ("evidence/rules.overlaps.json", cell(1, "both", lambda v: v + 1), "rules.overlaps: both", "high"),
    "decision": (
        "evidence/rules.decisions.json",
        cell(0, "rows", lambda v: v - 1),
        "rules.decisions: rows",
        "medium",
    ),
    "text": (
        "evidence/rules.texts.json",
        cell(0, "text", lambda v: "Other"),
        "rules.texts: texts by language",
        "high",
    ),
    "condition": (
        "evidence/rules.declared.json",
        cell(0, "condition", lambda v: "INCOME < 100"),
        "rules.declared: rules as the plan has them",
        "high",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_what_was_forged_is_found(package: Path, tmp_path: Path, name: str) -> None:
    file, change, test, severity = FORGERIES[name]
    found = failures(altered(package, tmp_path / "p", file, change))
    assert test in found, sorted(found)
    assert found[test] == severity


def test_another_order_of_precedence_is_found(package: Path, tmp_path: Path) -> None:
    found = failures(altered(package, tmp_path / "p", "model.json", _order))
    assert found["rules of model.json: overall decision"] == "critical"


def test_a_protected_column_in_a_rule_is_found(package: Path, tmp_path: Path) -> None:
    from validation import read_package as read
    from validation import validate

    run = validate(read(altered(package, tmp_path / "p", "plan.json", _protected)))
    tests = {item["test"] for item in run.findings["findings"]}
    assert "battery: protected column as input of m" in tests


def test_rules_that_hit_nobody_or_the_wrong_ones_are_told(tmp_path: Path) -> None:
    rules = """rules:
  - {id: nobody, when: AGE > 200, action: refer}
  - {id: wrong, when: INCOME > 4000, action: decline, reason: Income}
  - {id: generous, when: HOUSING == 'rent', action: accept}
"""
    head, tail = PLAN.split("rules:\n")[0], PLAN.split("reason: Too many visits}\n")[1]
    package = done(tmp_path, f"{head}{rules}{tail}", applicants())
    assert disagreements(package) == []
    found = json.loads((package / "validation/findings.json").read_text("utf-8"))["findings"]
    told = {item["test"]: item["statement"] for item in found}
    assert "nobody" in told["rules: every rule hits somebody"]
    statement = told["rules: hits turn out as the rules suppose"]
    assert "wrong (" in statement
    assert "generous (" in statement
