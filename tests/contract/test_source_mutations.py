"""A package validated from its source: nothing differs, and each way in which it can leave the source is found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.contract.altered import cell
from tests.credit_risk.cli.command import disagreements, done, evidence, portfolio, write_plan
from tests.credit_risk.cli.command import run as run_plan
from validation import Package, cli, read_package, read_policy
from validation.comparisons.derived import TEST as DERIVED
from validation.comparisons.derived import compare_derived, planned_value
from validation.comparisons.held import held_classings
from validation.comparisons.leakage import compare_leakage
from validation.comparisons.source import compare_source
from validation.rebuild.workspace import open_workspace

PLAN = """
model: {id: m}
data:
  source: table.csv
  key: ID
  date: DATE
  forbidden: [NOISE]
  columns:
    SCORE: {specials: {"-9": no record}}
    LATE: {number_format: {decimal: ","}}
    EMAIL: {personal: true}
outcome:
  column: BAD
  bad: "1"
  good: "0"
  indeterminate: ["2"]
  missing: exclude
  exclusions:
    - {condition: AGE < 21 or HOUSING == 'none', reason: out of scope}
  status: {column: STATUS, values: {B: booked, R: rejected, N: not_taken_up}}
samples: {group: CLIENT, weight: W, calibration: 0.2, out_of_time: {after: "2021-10-01"}}
derive: {RATIO: SCORE / AGE, DOUBLE: RATIO * 2 + INCOME, LIVES: "cross(HOUSING, HOUSING)"}
selection: {include: [RATIO]}
models: [{id: scorecard, type: scorecard, champion: true}]
"""
HISTORY = """
model: {id: m}
data: {source: table.csv, key: ID, date: OPENED, monthly: {days: 3}}
outcome:
  history: {source: history.csv, key: account, date: month, days_past_due: days, obligor: client}
  definition: {days_past_due: 60, cure: {months: 2}, indeterminate: {days_past_due: 30}}
  windows: {performance_months: 6, observation_months: 2, rolling: {every: 3}}
  exclusions: [{condition: days_0 >= 30, reason: in collections}]
models: [{id: scorecard, type: scorecard, champion: true}]
"""


def table() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    rows = portfolio(1500, seed=5)
    size = len(rows)
    dates = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 730, size), "D")
    codes = rows["BAD"].astype(str).where(rng.random(size) > 0.04, rng.choice(["2", ""], size))
    score = pd.Series(rng.normal(600, 50, size).round(0)).where(rng.random(size) > 0.1, -9.0)
    given = {
        "ID": [f"A{k:05d}" for k in range(size)],
        "DATE": dates.strftime("%Y-%m-%d"),
        "CLIENT": rng.integers(0, 1100, size),
        "W": np.exp(rng.uniform(-0.4, 0.4, size)).round(3),
        "STATUS": rng.choice(["B", "B", "B", "B", "R", "N"], size),
        "SCORE": score.astype(str).where(rng.random(size) > 0.05, "NA"),
        "LATE": [f"{k:.1f}".replace(".", ",") for k in rng.exponential(2, size)],
        "EMAIL": [f"person{k}@example.org" for k in range(size)],
        "CONSTANT": "x",
        "BAD": codes,
    }
    return rows.assign(**given)


def histories() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(9)
    records, accounts = [], []
    for account in range(700):
        risk, days, begin = rng.random(), 0, int(rng.integers(0, 6))
        opened = begin - account % 4 + 3 * (account % 50 == 0)  # months; some before the history, some after it begins
        date = f"{2018 + opened // 12}-{opened % 12 + 1:02d}-15"
        accounts.append((account, round(risk + rng.normal(0, 0.2), 3), rng.choice(["a", "b"]), date))
        for month in range(begin, int(rng.integers(begin + 6, 31))):
            days = days + 30 if rng.random() < 0.06 + 0.3 * risk * (days > 0) + 0.04 * risk else 0
            records.append((account, account // 2, f"{2018 + month // 12}-{month % 12 + 1:02d}", days))
    history = pd.DataFrame(records, columns=["account", "client", "month", "days"])
    return pd.DataFrame(accounts, columns=["ID", "RISK", "KIND", "OPENED"]), history


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("source")
    assert disagreements(done(place, PLAN, table())) == []
    return place


@pytest.fixture(scope="module")
def good(folder: Path) -> Package:
    return read_package(folder / "out", source=folder / "table.csv")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Package:
    place = tmp_path_factory.mktemp("history")
    accounts, history = histories()
    write_plan(place, HISTORY, accounts)
    history.to_csv(place / "history.csv", index=False)
    ended = run_plan(place)
    assert ended.status == 0, ended.err
    assert disagreements(place / "out") == []
    return read_package(place / "out", source=place)


def judged(package: Package) -> tuple[dict[str, str], list[list[Any]]]:
    """Severity of each failure by test, and the rows of `validation.source`."""
    space = open_workspace(package, read_policy())
    assert space is not None
    compare_source(space)
    rows = space.ledger.tables["validation.source"]
    found = {one.test: one.finding.severity for one in space.ledger.outcomes if one.finding is not None}
    return found, [] if isinstance(rows, str) else rows


def test_the_run_validates_from_the_source(folder: Path) -> None:
    told = evidence(folder / "out" / "validation", "validation.source")
    assert told["kind"] == "table"
    names = [column["name"] for column in told["columns"]]
    rows = [dict(zip(names, row, strict=True)) for row in told["rows"]]
    assert {row["outcome"] for row in rows} == {"pass"}
    assert sum(row["differing"] for row in rows) == 0
    steps = [row["step"] for row in rows]
    assert steps[:2] == ["source: table.csv", "rows of the source"]
    assert "status: not taken up" in steps
    assert "exclusion: AGE < 21 or HOUSING == 'none'" in steps
    assert {"sample calibration", "sample out_of_time", "cells of columns"} <= set(steps)


def test_nothing_differs(good: Package, book: Package) -> None:
    for package in (good, book):
        found, rows = judged(package)
        assert found == {}
        assert all(row[2] == row[3] for row in rows)
    assert any(row[0] == "rows with an indeterminate outcome" for row in judged(book)[1])


def test_the_name_of_a_file_says_nothing(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "renamed.csv"
    moved.write_bytes((folder / "table.csv").read_bytes())
    assert judged(read_package(folder / "out", source=moved))[0] == {}


def test_without_the_source_it_says_so(folder: Path) -> None:
    space = open_workspace(read_package(folder / "out"), read_policy())
    assert space is not None
    compare_source(space)
    assert "not given" in space.ledger.tables["validation.source"]
    assert [(one.test, one.outcome) for one in space.ledger.outcomes] == [("source", "not_evaluable")]


Change = Callable[[pd.DataFrame], pd.DataFrame]


def put(column: str, row: int, value: Any) -> Change:
    def apply(frame: pd.DataFrame) -> pd.DataFrame:
        frame.loc[frame.index[row], column] = value
        return frame

    return apply


def flipped(frame: pd.DataFrame) -> pd.DataFrame:
    row = frame.index[frame["_outcome"] == 1.0][3]
    frame.loc[row, "_outcome"] = 0.0
    return frame


def left_out(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(index=frame.index[77]).reset_index(drop=True)


def doubled(frame: pd.DataFrame) -> pd.DataFrame:
    again = frame.iloc[[12]].assign(_key="B00012")
    return pd.concat([frame, again], ignore_index=True)


def moved(frame: pd.DataFrame) -> pd.DataFrame:
    row = frame.index[frame["_sample"] == "out_of_sample"][5]
    frame.loc[row, "_sample"] = "development"
    return frame


def not_excluded(frame: pd.DataFrame) -> pd.DataFrame:
    row = frame.index[(frame["AGE"] < 21) & (frame["_status"] == "booked")][0]
    frame.loc[row, "_outcome"] = 0.0
    return frame


def rejected_with_outcome(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[frame.index[frame["_status"] == "rejected"][0], "_outcome"] = 1.0
    return frame


def code_missing(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[frame.index[frame["SCORE"] == -9.0][:4], "SCORE"] = np.nan
    return frame


def swapped(frame: pd.DataFrame) -> pd.DataFrame:
    order = [1, 0, *range(2, len(frame))]
    return frame.iloc[order].reset_index(drop=True)


def relabelled(frame: pd.DataFrame) -> pd.DataFrame:
    frame["_cluster"] = [str(number) for number in range(len(frame))]
    return frame


SNAPSHOTS: dict[str, tuple[Change, str]] = {
    "an outcome flipped": (flipped, "source: outcome"),
    "a row left out": (left_out, "source: rows"),
    "a row doubled": (doubled, "source: rows"),
    "rows in another order": (swapped, "source: rows"),
    "a row moved to another sample": (moved, "source: samples"),
    "an exclusion not applied": (not_excluded, "source: exclusions"),
    "an outcome of a rejected applicant": (rejected_with_outcome, "source: exclusions"),
    "special codes turned to missing": (code_missing, "source: cells"),
    "a number in the last place": (put("INCOME", 40, 1234.5600001), "source: cells"),
    "a category": (put("HOUSING", 41, "rented"), "source: cells"),
    "a status": (put("_status", 9, "withdrawn"), "source: status"),
    "a weight": (put("_weight", 10, 1.0), "source: weight"),
    "clusters taken away": (relabelled, "source: cluster"),
    "a column dropped": (lambda frame: frame.drop(columns="NOISE"), "source: columns"),
    "a column that the source lacks": (lambda frame: frame.assign(EXTRA=1.0), "source: columns"),
    "a constant column kept": (lambda frame: frame.assign(CONSTANT="x"), "source: columns"),
}


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_a_changed_snapshot_is_found(good: Package, name: str) -> None:
    change, test = SNAPSHOTS[name]
    assert good.snapshot is not None
    frame = change(good.snapshot.copy())
    found, rows = judged(replace(good, snapshot=frame))
    assert found[test] == "critical"
    assert test in ("source: columns",) or any(row[-1] == "fail" for row in rows)
    allowed = {test, "source: samples"} if name == "rows in another order" else {test}
    assert set(found) <= allowed


def outcome_of(key: str, value: Any) -> Callable[[Any], None]:
    def apply(plan: Any) -> None:
        section = plan
        *path, last = key.split(".")
        for part in path:
            section = section[part]
        section[last] = value

    return apply


PLANS: dict[str, tuple[str, Callable[[Any], None], set[str]]] = {
    "another seed": ("good", outcome_of("samples.seed", 1), {"source: samples"}),
    "another share": ("good", outcome_of("samples.out_of_sample", 0.31), {"source: samples"}),
    "no group": ("good", outcome_of("samples.group", None), {"source: samples", "source: cluster"}),
    "a later bound": ("good", outcome_of("samples.out_of_time.after", "2021-11-01"), {"source: samples"}),
    "no exclusion": ("good", outcome_of("outcome.exclusions", []), {"source: outcome", "source: samples"}),
    "another code": ("good", outcome_of("outcome.bad", "2"), {"source: rows"}),
    "no weight": ("good", outcome_of("samples.weight", None), {"source: weight"}),
    "another derivation": ("good", outcome_of("derive.RATIO.expression", "SCORE / (AGE + 1)"), {"data.profile: mean"}),
    "a longer window": ("book", outcome_of("outcome.windows.performance_months", 9), {"source: outcome"}),
    "a shorter window": ("book", outcome_of("outcome.windows.performance_months", 3), {"source: outcome"}),
    "more days past due": ("book", outcome_of("outcome.definition.days_past_due", 90), {"source: outcome"}),
    "a longer cure": ("book", outcome_of("outcome.definition.cure.months", 4), {"source: outcome"}),
    "no indeterminate": ("book", outcome_of("outcome.definition.indeterminate", None), {"source: outcome"}),
    "a longer observation": ("book", outcome_of("outcome.windows.observation_months", 5), {"source: outcome"}),
    "other points": ("book", outcome_of("outcome.windows.rolling.every", 2), {"source: rows"}),
    "no obligor": ("book", outcome_of("outcome.history.obligor", None), {"source: cluster"}),
}


@pytest.mark.parametrize("name", PLANS)
def test_what_the_plan_does_not_say_is_found(good: Package, book: Package, name: str) -> None:
    which, change, tests = PLANS[name]
    package = {"good": good, "book": book}[which]
    plan = copy.deepcopy(dict(package.plan))
    if name == "another derivation" and isinstance(plan["derive"]["RATIO"], str):
        plan["derive"]["RATIO"] = {"expression": plan["derive"]["RATIO"]}
    change(plan)
    found, _ = judged(replace(package, plan=plan))
    assert tests <= set(found)


EVIDENCE: list[tuple[str, str, int, str, Callable[[Any], Any], str]] = [
    ("good", "data.waterfall", 2, "removed", lambda v: v + 1, "removed"),
    ("good", "data.waterfall", -1, "remaining", lambda v: v - 1, "remaining"),
    ("good", "data.waterfall", 3, "reason", lambda v: "another", "reason"),
    ("good", "data.waterfall", 3, "step", lambda v: "exclusion: AGE < 20", "steps"),
    ("good", "outcome.exclusions", 2, "rows", lambda v: v + 1, "rows"),
    ("good", "outcome.exclusions", 1, "share", lambda v: v * 1.001, "share"),
    ("good", "outcome.exclusions", -1, "reason", lambda v: "another", "reasons"),
    *(("good", "outcome.status", 0, name, lambda v: v + 1, name) for name in ("rows", "good", "bad")),
    ("good", "outcome.status", 0, "share", lambda v: v * 1.01, "share"),
    ("good", "outcome.status", 0, "status", lambda v: "withdrawn", "status"),
    *(
        ("good", "data.profile", 0, name, lambda v: v + 1, name)
        for name in ("count", "missing_count", "special_count", "distinct")
    ),
    *(
        ("good", "data.profile", 0, name, lambda v: v * 1.001, name)
        for name in ("minimum", "median", "mean", "maximum")
    ),
    ("good", "data.profile", 0, "most_frequent", lambda v: "1", "most frequent"),
    ("good", "data.profile", -2, "mean", lambda v: v * 1.001, "mean"),
    ("good", "data.duplicates", 1, "rows", lambda v: v + 1, "rows"),
    ("good", "data.conversions", 0, "rows", lambda v: v + 1, "rows"),
    ("good", "data.columns_left_out", 0, "reason", lambda v: "too many levels", "reason"),
    ("good", "data.source", 2, "value", lambda v: "0" * 64, "file"),
    ("good", "data.source", 3, "value", lambda v: "1400", "file"),
    ("book", "data.waterfall", 1, "removed", lambda v: v + 1, "removed"),
    ("book", "outcome.exclusions", 0, "rows", lambda v: v + 1, "rows"),
    *(("book", "outcome.history", row, "value", lambda v: f"{v}1", "facts") for row in range(1, 7)),
    ("book", "outcome.roll_rates", 1, "accounts", lambda v: v + 1, "accounts"),
    ("book", "outcome.roll_rates", 2, "share", lambda v: v * 1.001, "share"),
    ("book", "outcome.roll_rates", 0, "to_state", lambda v: "150+", "accounts"),
    *(("book", "outcome.vintages", 9, name, lambda v: v + 1, name) for name in ("opened", "accounts", "bad")),
    *(
        ("book", "outcome.vintages", 9, name, lambda v: v * 1.001, name)
        for name in ("bad_rate", "bad_rate_lower", "bad_rate_upper")
    ),
    ("book", "outcome.vintages", 9, "complete", lambda v: not v, "complete"),
    ("book", "outcome.vintages", 9, "cohort", lambda v: "another", "rows"),
    ("book", "outcome.vintages", 9, "month_on_book", lambda v: v + 1, "rows"),
    *(("book", "outcome.maturity", 9, name, lambda v: v + 1, name) for name in ("at_risk", "bad")),
    *(
        ("book", "outcome.maturity", 9, name, lambda v: v * 1.001, name)
        for name in ("bad_rate", "increment", "increment_share")
    ),
    ("book", "outcome.maturity", -1, "month_on_book", lambda v: v + 1, "rows"),
    ("book", "outcome.window", 0, "value", lambda v: "12", "months"),
    ("book", "outcome.window", 1, "value", lambda v: "9", "months"),
]


@pytest.mark.parametrize(("which", "name", "row", "column", "change", "quantity"), EVIDENCE)
def test_changed_evidence_is_found(
    good: Package, book: Package, which: str, name: str, row: int, column: str, change: Any, quantity: str
) -> None:
    package = {"good": good, "book": book}[which]
    item = copy.deepcopy(dict(package.evidence[name]))
    cell(row, column, change)(item)
    assert item != package.evidence[name]
    found, _ = judged(replace(package, evidence={**package.evidence, name: item}))
    assert f"{name}: {quantity}" in found


def test_openings_are_counted_again(book: Package) -> None:
    items = dict(book.evidence["outcome.history"]["rows"])
    names = [name for name in items if "opened" in name or "date of opening" in name]
    assert len(names) == 3  # dated, before the history, and with a record before their date
    for name in names:
        item = copy.deepcopy(dict(book.evidence["outcome.history"]))
        item["rows"] = [[one, "1" if one == name else value] for one, value in item["rows"]]
        found, _ = judged(replace(book, evidence={**book.evidence, "outcome.history": item}))
        assert found == {"outcome.history: openings": found.get("outcome.history: openings")}


def test_tables_of_a_history_are_compared_or_told_not_to_be(book: Package) -> None:
    dropped = {name: item for name, item in book.evidence.items() if name != "outcome.vintages"}
    emptied = {**book.evidence, "outcome.maturity": {**book.evidence["outcome.maturity"], "kind": "not_applicable"}}
    assert judged(replace(book, evidence=dropped))[0] == {}
    assert "outcome.maturity: rows" in judged(replace(book, evidence=emptied))[0]
    space = open_workspace(replace(book, source=None), read_policy())
    assert space is not None
    compare_source(space, "they may not leave the bank")
    told = {one.test: one.reason for one in space.ledger.outcomes}
    tables = ("outcome.vintages", "outcome.maturity", "outcome.window")
    assert all("--source): they may not leave the bank" in str(told[name]) for name in tables)


def test_derived_characteristics_are_read_from_the_plan(good: Package, book: Package) -> None:
    space = open_workspace(good, read_policy())
    assert space is not None
    compare_derived(space)
    assert [(one.test, one.outcome) for one in space.ledger.outcomes] == [(DERIVED, "pass")]
    held = held_classings(space)
    assert {"RATIO", "DOUBLE"} <= {row["characteristic"] for row in good.rows_of("classing.summary") or []} <= set(held)
    double = planned_value(space, "DOUBLE")
    assert double is not None
    frame = space.frame
    expected = frame["SCORE"].where(frame["SCORE"] != -9.0) / frame["AGE"] * 2 + frame["INCOME"]
    np.testing.assert_array_equal(double.data, expected.to_numpy())
    plan = copy.deepcopy(dict(good.plan))
    plan["derive"]["RATIO"] = "SCORE / (AGE + 0.001)"
    other = open_workspace(replace(good, plan=plan), read_policy())
    assert other is not None
    compare_derived(other)
    (outcome,) = other.ledger.outcomes
    assert outcome.outcome == "fail"
    assert outcome.finding is not None
    assert outcome.finding.severity == "critical"
    none = open_workspace(book, read_policy())
    assert none is not None
    compare_derived(none)
    assert none.ledger.outcomes == []


def leaked(package: Package, change: float = 1.0) -> dict[str, int]:
    """Places compared, and those that differ, of the Gini of fine classes, where one of them is stated otherwise."""
    item = copy.deepcopy(dict(package.evidence["data.leakage"]))
    names = [column["name"] for column in item["columns"]]
    rows = [row for row in item["rows"] if row[names.index("check")] == "discrimination"]
    rows[0][names.index("value")] *= change
    space = open_workspace(replace(package, evidence={**package.evidence, "data.leakage": item}), read_policy())
    assert space is not None
    compare_leakage(space)
    [found] = [one for one in space.ledger.comparisons if one.quantity == "Gini of the fine classes"]
    assert found.compared >= len([row for row in rows if row[names.index("role")] == "predictor"])
    return {"compared": found.compared, "breaches": found.breaches}


def test_fine_classes_are_made_again(good: Package, book: Package) -> None:
    assert leaked(good) == {"compared": leaked(good)["compared"], "breaches": 0}
    assert leaked(good)["compared"] >= 8  # numbers with special codes, categories, derived ones, with weights
    assert leaked(good, 1.001)["breaches"] == 1
    assert leaked(book)["breaches"] == 0
    assert leaked(book, 0.9)["breaches"] == 1


def test_another_file_is_refused_before_anything_is_written(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (folder / "table.csv").read_text("utf-8")
    other = tmp_path / "table.csv"
    other.write_text(text.replace("A00007", "A99999"), "utf-8")
    status = cli.main([str(folder / "out"), "--source", str(other), "--out", str(tmp_path / "annex")])
    told = capsys.readouterr().err
    assert status == cli.REFUSED
    assert "another file is another source" in told
    assert str(other) in told
    assert not (tmp_path / "annex").exists()
