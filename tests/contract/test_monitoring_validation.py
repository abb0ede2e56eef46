"""A run of monitoring recomputed by the validator: a true one agrees, and whatever is changed in one is found."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk.package import read_package
from credit_risk.scoring import compile_model
from tests.credit_risk.cli.command import credit_risk, done, portfolio
from tests.credit_risk.monitoring.run.world import PLAN, production, write_world
from validation.cli import main
from validation.errors import ValidationInputError
from validation.monitoring.production import Columns, OutcomeFiles
from validation.monitoring.program import MonitoringValidation, validate_monitoring
from validation.monitoring.watched import alert_id

WORDS = (("accept",), ("decline",))
CHALLENGER = {"trees:probability": "trees"}
COLUMNS = Columns("key", "decided", "decision", segments={"HOUSING": "HOUSING"}, challengers=CHALLENGER)
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A package, its production and outcomes, and the run of it."""
    folder = tmp_path_factory.mktemp("monitored")
    package = done(folder, PLAN, portfolio(4000), "--no-validation", "--no-documents")
    decisions, outcomes = write_world(folder / "production", production(read_package(package), 400, 8, shifted_from=6))
    spoil(outcomes)
    table = ("--table", decisions, "--key", "key", "--time", "decided", "--decision", "decision")
    words = ("--approved", "accept", "--declined", "decline", "--segment", "HOUSING=HOUSING")
    words += ("--challenger", "trees:probability=trees")
    files = ("--outcomes", outcomes, "--out", folder / "run", "--no-documents", "--quiet")
    ended = credit_risk("monitor", package, *table, *words, *files)
    assert ended.status == 0, ended.err
    return {"package": package, "decisions": decisions, "outcomes": outcomes, "run": folder / "run"}


def spoil(outcomes: Path) -> None:
    """Outcomes as they come: bad before the decision, without a last look, bad after it, told twice."""
    frame = pd.read_parquet(outcomes)
    frame.loc[:3, "bad_date"] = pd.Timestamp("2025-12-01")
    frame.loc[4:6, "observed_until"] = pd.NaT
    frame.loc[7:8, ["bad_date", "observed_until"]] = [pd.Timestamp("2026-09-01"), pd.Timestamp("2026-08-01")]
    again = frame.loc[9:30].assign(bad_date=pd.Timestamp("2026-02-20"))
    earlier = frame.loc[31:60].assign(observed_until=pd.Timestamp("2026-02-01"), bad_date=pd.NaT)
    pd.concat([frame, again, earlier], ignore_index=True).to_parquet(outcomes, index=False)


def validated(world: dict[str, Path], run: Path, decisions: Path | None = None) -> MonitoringValidation:
    table = decisions or world["decisions"]
    return validate_monitoring(
        world["package"], run, table, COLUMNS, outcomes=OutcomeFiles([world["outcomes"]]), words=WORDS
    )


def changed(world: dict[str, Path], folder: Path, changes: dict[str, Callable[[Rows], Rows | None]]) -> Path:
    """A copy of the run with rows of tables changed, and a manifest that lists the files as they now are."""
    run = folder / "run"
    shutil.copytree(world["run"], run)
    for name, change in changes.items():
        path = run / "evidence" / f"monitoring.{name}.json"
        item = json.loads(path.read_text("utf-8"))
        names = [column["name"] for column in item["columns"]]
        rows = [dict(zip(names, row, strict=True)) for row in item["rows"]]
        rows = change(rows) or rows
        item["rows"] = [[row[one] for one in names] for row in rows]
        path.write_text(json.dumps(item), "utf-8")
    listed(run)
    return run


def listed(run: Path) -> None:
    """Write the manifest anew for the evidence as it is."""
    path = run / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    for one in (run / "evidence").iterdir():
        data = one.read_bytes()
        manifest["files"][f"evidence/{one.name}"] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    path.write_text(json.dumps(manifest), "utf-8")


def add(column: str, number: float, **where: Any) -> Callable[[Rows], None]:
    """Add to a cell of the first row that is meant."""

    def change(rows: Rows) -> None:
        row = next(one for one in rows if all(one[key] == value for key, value in where.items()))
        row[column] += number

    return change


def put(column: str, value: Any, **where: Any) -> Callable[[Rows], None]:
    """Put a cell of the first row that is meant."""

    def change(rows: Rows) -> None:
        row = next(one for one in rows if all(one[key] == cell for key, cell in where.items()))
        assert row[column] != value
        row[column] = value

    return change


def without(**where: Any) -> Callable[[Rows], Rows]:
    """Drop the rows that are meant."""
    return lambda rows: [row for row in rows if any(row[key] != value for key, value in where.items())]


FIRST, LAST = "2026-01", "2026-08"
MUTATIONS: dict[str, tuple[str, str, Callable[[Rows], Rows | None]]] = {
    "index of a characteristic": (
        "characteristic_stability", "psi", add("psi", -1e-6, period=FIRST, variable="INCOME"),
    ),
    "verdict of the score": ("score_stability", "verdict", put("verdict", "green", period=LAST, segment="all")),
    "share of a bin": ("bins", "actual_share", add("actual_share", 0.001)),
    "mean of the score": ("moments", "mean", add("mean", 1e-5, quantity="linear_score")),
    "what moved the mean": ("attribution", "shift", add("shift", 1e-5, variable="AGE")),
    "what moved the probability": ("attribution", "probability_shift", add("probability_shift", 1e-5)),
    "AUC in the same range": ("like_for_like", "development_like", add("development_like", 1e-4)),
    "undeclared codes": ("quality", "rows", add("rows", 3, rule="special_undeclared", variable="AGE")),
    "what is left": ("attribution_totals", "remainder", add("remainder", 1e-5)),
    "distance": ("distances", "wasserstein", add("wasserstein", 1e-5)),
    "bads of a month": ("labels", "bad", add("bad", 1, period=FIRST)),
    "AUC": ("performance", "value", add("value", 1e-5, measure="auc", segment="all")),
    "bad rate": ("level", "observed", add("observed", 1e-5, period=FIRST)),
    "verdict of a grade or band": ("calibration", "verdict", put("verdict", "fail", verdict="pass")),
    "approvals": ("decisions", "events", add("events", 1, measure="approval_rate")),
    "a dropped month of a figure": ("figure.level", "rows of the table", without(period=FIRST)),
    "a value that rules are held against": ("metrics", "score_psi", add("value", -0.01, metric="score_psi")),
    "a value said to be evaluable": (
        "metrics", "whether auc is evaluable", put("evaluable", True, metric="auc", evaluable=False),
    ),
    "estimate without outcomes": ("label_free", "estimate", add("estimate", 1e-5, measure="auc")),
    "AUC of a challenger": ("challengers", "auc_challenger", add("auc_challenger", 1e-5)),
    "share of missing values": ("quality", "rate", add("rate", 0.01, rule="missing")),
    "an objective": ("objectives", "verdict", put("verdict", "missed", verdict="met")),
    "rows of a file": ("partitions", "rows", add("rows", 1)),
    "likeliest cause": ("cause", "cause", put("cause", "none", period=LAST, segment="all")),
    "variables of a cause": ("cause", "variables", put("variables", "AGE", period="2026-07", segment="all")),
    "reason of a cause": ("cause", "reason", put("reason", "nothing", period=FIRST, segment="all")),
    "advice": ("advice", "action", put("action", "wait_for_outcomes", segment="all")),
    "signal of the advice": ("advice", "population", put("population", "held", segment="all")),
    "rule of the advice": ("advice_rules", "because", put("because", "nothing", rule=3)),
    "a rule that is another": ("advice_rules", "action", put("action", "keep", rule=4)),
    "value of an alert": ("alerts", "value", add("value", -0.01, metric="score_psi")),
    "cut of an alert": ("alerts", "cut", add("cut", 0.1, metric="score_psi")),
    "severity of an alert": ("alerts", "severity", put("severity", "low", metric="score_psi")),
    "first month of an alert": ("alerts", "first_period", put("first_period", FIRST, metric="score_psi")),
    "chance that is denied": (
        "metrics", "whether score_psi is beyond chance",
        put("beyond_chance", True, metric="score_psi", beyond_chance=False),
    ),
    "verdict of an area": ("verdict", "verdict", put("verdict", "green", area="score")),
    "months": ("run", "value", put("value", "2026-01 to 2026-07", item="months")),
}  # fmt: skip


def together(name: str) -> Callable[[Rows], Rows | None]:
    """All changes of a table one after the other."""

    def change(rows: Rows) -> Rows:
        for table, _, act in MUTATIONS.values():
            if table == name:
                rows = act(rows) or rows
        return rows

    return change


@pytest.fixture(scope="module")
def found(world: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Tests that fail where every mutation is made at once, each of another column."""
    tables = {table for table, _, _ in MUTATIONS.values()}
    run = changed(world, tmp_path_factory.mktemp("changed"), {name: together(name) for name in tables})
    return {one["test"] for one in validated(world, run).document["findings"]}


def test_a_true_run_agrees_in_every_cell(world: dict[str, Path], tmp_path: Path) -> None:
    named = ("--key", "key", "--time", "decided", "--decision", "decision", "--segment", "HOUSING=HOUSING")
    words = ("--approved", "accept", "--declined", "decline", "--outcomes", world["outcomes"])
    words += ("--challenger", "trees:probability=trees")
    given = (world["package"], "--run", world["run"], "--table", world["decisions"], *named, *words)
    status = main(["monitoring", *map(str, given), "--out", str(tmp_path / "v"), "--quiet"])
    document = json.loads((tmp_path / "v" / "findings.json").read_text("utf-8"))
    assert (status, document["findings"]) == (0, [])
    passed = {one["test"]: one["compared"] for one in document["coverage"] if one["outcome"] == "pass"}
    for table, column, _ in MUTATIONS.values():
        assert passed[f"monitoring.{table}: {column}"] > 0, (table, column)
    assert passed["production: scored again: probability"] == 8 * 400
    manifest = json.loads((tmp_path / "v" / "manifest.json").read_text("utf-8"))
    assert manifest["kind"] == "validation"
    labels = json.loads((world["run"] / "evidence" / "monitoring.labels.json").read_text("utf-8"))
    place = [column["name"] for column in labels["columns"]].index("unobserved")
    assert sum(row[place] for row in labels["rows"]) == 9  # of `spoil`


@pytest.mark.parametrize("name", MUTATIONS)
def test_what_is_changed_is_found(found: set[str], name: str) -> None:
    table, column, _ = MUTATIONS[name]
    assert f"monitoring.{table}: {column}" in found


WORDS_THAT_FOLLOW = {"monitoring.verdict: reason", "monitoring.verdict: verdict"}
"""Words of areas are made of the tables as the run tells them, so that a changed table changes them too."""


def test_nothing_else_is_found(found: set[str]) -> None:
    assert (
        found - WORDS_THAT_FOLLOW
        == {f"monitoring.{table}: {column}" for table, column, _ in MUTATIONS.values()} - WORDS_THAT_FOLLOW
    )


KEYS = ("period", "segment", "variable", "quantity", "measure", "horizon", "scheme", "group", "partition", "challenger",
        "objective", "rule", "bin", "series", "look", "at", "item", "area", "metric",
        "subject")  # fmt: skip
ELSEWHERE = {"metrics": ("value", "evaluable"), "run": ("value",), "verdict": ("verdict", "reason")}
"""Tables of items: what is compared of them, each item under a name of its own."""


def altered(cell: Any) -> Any:
    """Another cell of the same type."""
    if isinstance(cell, bool):
        return not cell
    if isinstance(cell, (int, float)):
        return cell + 1 if isinstance(cell, int) else cell + max(0.25 * abs(cell), 0.01)
    return f"{cell} indeed"


def alter_every_column(run: Path, seed: int) -> dict[str, set[str]]:
    """Change one cell of every column but keys in every table; returns the columns by table."""
    random, changed_columns = np.random.default_rng(seed), dict[str, set[str]]()
    for path in sorted((run / "evidence").iterdir()):
        item = json.loads(path.read_text("utf-8"))
        table = path.name.removeprefix("monitoring.").removesuffix(".json")
        for place, column in enumerate(item.get("columns", [])):
            held = [row for row in item["rows"] if row[place] is not None]
            if column["name"] in KEYS or not held or column["name"] not in ELSEWHERE.get(table, (column["name"],)):
                continue
            row = held[int(random.integers(len(held)))]
            row[place] = altered(row[place])
            changed_columns.setdefault(table, set()).add(column["name"])
        path.write_text(json.dumps(item), "utf-8")
    listed(run)
    return changed_columns


@pytest.mark.parametrize("seed", [1])
def test_a_change_of_any_column_of_any_table_is_found_or_the_column_is_told_as_not_recomputed(
    world: dict[str, Path], tmp_path: Path, seed: int
) -> None:
    run = changed(world, tmp_path, {})
    columns = alter_every_column(run, seed)
    assert len(columns) > 25
    found = validated(world, run)
    tests = {one["test"] for one in found.document["findings"]}
    told = [one.test for one in found.ledger.outcomes if one.outcome == "not_evaluable"]
    for table, names in columns.items():
        area = f"monitoring.{table}"
        if area in told:
            continue  # the whole table is told as not recomputed
        if table in ELSEWHERE:
            assert any(test.startswith(f"{area}: ") for test in tests | set(told)), table
            continue
        left = {name for test in told if test.startswith(f"{area}: ") for name in test.split(": ", 1)[1].split(", ")}
        for name in names - left:
            assert f"{area}: {name}" in tests, (table, name)
    whole = {test.removeprefix("monitoring.") for test in told if ":" not in test}
    assert whole <= NOT_RECOMPUTED


NOT_RECOMPUTED = {"faults", "governance"}
"""Tables of which the validator says, by name and with its reason, that it does not make them again."""


def test_a_month_that_the_run_left_out_and_scores_of_other_code_are_found(
    world: dict[str, Path], tmp_path: Path
) -> None:
    decisions = tmp_path / "decisions"
    shutil.copytree(world["decisions"], decisions)
    table = pd.read_parquet(decisions / "2026-02.parquet")
    table.loc[5, "probability"] += 1e-7
    table.to_parquet(decisions / "2026-02.parquet", index=False)
    run = changed(world, tmp_path, {name: without(period="2026-03") for name in ("score_stability", "labels")})
    told = validated(world, run, decisions).document["findings"]
    tests = {one["test"] for one in told}
    assert "production: scored again: probability" in tests
    assert {"monitoring.score_stability: rows of the table", "monitoring.labels: rows of the table"} <= tests
    skew = next(one for one in told if one["test"] == "production: scored again: probability")
    assert "2026-02-0005" in skew["quantity"]


def test_rows_at_fault_are_counted_by_file_month_and_kind(world: dict[str, Path], tmp_path: Path) -> None:
    tables = [pd.read_parquet(path).head(150) for path in sorted(world["decisions"].iterdir())[:2]]
    first, second = (table.astype({"key": object}) for table in tables)
    first.loc[:2, "key"] = None
    first.loc[5:8, "decided"] = pd.NaT
    first.loc[11, "decided"] = pd.Timestamp("2126-01-01", tz="UTC")
    second.loc[3:4, "key"] = first.loc[20:21, "key"].to_numpy()
    (tmp_path / "decisions").mkdir()
    for name, table in (("a", first), ("b", second)):
        table.to_parquet(tmp_path / "decisions" / f"{name}.parquet", index=False)
    given = ("--table", tmp_path / "decisions", "--key", "key", "--time", "decided", "--out", tmp_path / "run")
    ran = credit_risk("monitor", world["package"], *given, "--no-documents", "--quiet")
    assert ran.status == 0, ran.err
    made, columns = {**world, "run": tmp_path / "run"}, Columns("key", "decided")
    found = validate_monitoring(world["package"], made["run"], tmp_path / "decisions", columns)
    assert found.document["findings"] == []
    passed = {one["test"]: one["compared"] for one in found.document["coverage"] if one["outcome"] == "pass"}
    assert (
        passed["monitoring.faults: left_out"] == 6
    )  # three kinds of the first file, repeated keys of the other, two months
    one_more = add("rows", 1, code="duplicate_key", partition="b.parquet")
    false = changed(made, tmp_path / "false", {"faults": one_more})
    told = validate_monitoring(world["package"], false, tmp_path / "decisions", columns).document["findings"]
    assert [one["test"] for one in told] == ["monitoring.faults: rows"]
    false = changed(made, tmp_path / "fewer", {"faults": without(code="time_missing")})
    told = validate_monitoring(world["package"], false, tmp_path / "decisions", columns).document["findings"]
    assert [one["test"] for one in told] == ["monitoring.faults: rows of the table"]


def test_an_alert_that_is_not_told_or_not_raised_is_found_and_one_that_people_closed_is_not(
    world: dict[str, Path], tmp_path: Path
) -> None:
    def with_another(rows: Rows) -> Rows:
        return [*rows, {**rows[0], "id": "A-0123456789ab", "rule": "auc_drop", "metric": "auc_drop"}]

    rows_test = "monitoring.alerts: rows of the table"
    run = changed(world, tmp_path / "a", {"alerts": without(metric="score_psi", segment="all")})
    assert {one["test"] for one in validated(world, run).document["findings"]} == {rows_test}
    path = run / "alerts.json"
    document = json.loads(path.read_text("utf-8"))
    taken = next(one for one in document["alerts"] if (one["metric"], one["segment"]) == ("score_psi", "all"))
    note = {"by": "somebody", "at": "2026-11-01T00:00:00Z", "note": "seen"}
    taken |= {"state": "closed", "closed": note}
    written_again(run, path, document)
    assert validated(world, run).document["findings"] == []
    taken["last_period"] = "2026-07"  # the cut was reached again after it was closed
    written_again(run, path, document)
    assert {one["test"] for one in validated(world, run).document["findings"]} == {rows_test}
    invented = validated(world, changed(world, tmp_path / "b", {"alerts": with_another}))
    assert invented.document["findings"] == []  # of another model, for all that the run can tell
    name = alert_id("m", "auc_drop", "all", "score")
    own = {"id": name, "segment": "all", "subject": "score", "rule": "auc_drop", "metric": "auc_drop"}
    false = changed(world, tmp_path / "c", {"alerts": lambda rows: [*rows, {**rows[0], **own}]})
    assert {one["test"] for one in validated(world, false).document["findings"]} == {rows_test}


def written_again(run: Path, path: Path, document: Any) -> None:
    """Write the document of alerts and list it in the manifest."""
    path.write_text(json.dumps(document), "utf-8")
    listed(run)
    manifest = json.loads((run / "manifest.json").read_text("utf-8"))
    data = path.read_bytes()
    manifest["files"][path.name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (run / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def test_a_table_that_is_said_not_to_apply_is_found(world: dict[str, Path], tmp_path: Path) -> None:
    run = changed(world, tmp_path, {})
    path = run / "evidence" / "monitoring.labels.json"
    item = json.loads(path.read_text("utf-8"))
    kept = {key: item[key] for key in item if key not in ("columns", "rows", "chart")}
    path.write_text(json.dumps(kept | {"kind": "not_applicable", "reason": "no outcomes were given"}), "utf-8")
    listed(run)
    tests = {one["test"] for one in validated(world, run).document["findings"]}
    assert "monitoring.labels: whether there is one" in tests


@pytest.mark.parametrize("beside", ["a scorecard, whose classings are used", "no other candidate"])
def test_a_run_of_trees_is_recomputed(tmp_path: Path, beside: str) -> None:
    trees = PLAN.replace("scorecard, champion: true", "scorecard").replace("trees: 15}", "trees: 15, champion: true}")
    if beside == "no other candidate":
        trees = trees.replace("{id: scorecard, type: scorecard}, ", "")
    package = done(tmp_path, trees, portfolio(1500), "--no-validation", "--no-documents")
    read = read_package(package)
    wrapped: Any = SimpleNamespace(model=read.model, challengers={"trees": read.model})
    rows = production(wrapped, rows=400, count=2, shifted_from=1).drop(columns=["BAD", "trees"])
    rows.to_parquet(tmp_path / "decisions.parquet", index=False)
    table = ("--table", tmp_path / "decisions.parquet", "--key", "key", "--time", "decided")
    ran = credit_risk("monitor", package, *table, "--out", tmp_path / "run", "--no-documents", "--quiet")
    assert ran.status == 0, ran.err
    columns = Columns("key", "decided")
    found = validate_monitoring(package, tmp_path / "run", tmp_path / "decisions.parquet", columns)
    keys = ("quantity", "developer_value", "validator_value")
    assert [[one[key] for key in keys] for one in found.document["findings"]] == []
    passed = {one["test"]: one["compared"] for one in found.document["coverage"] if one["outcome"] == "pass"}
    told = json.loads((tmp_path / "run" / "evidence" / "monitoring.characteristic_stability.json").read_text("utf-8"))
    place = [column["name"] for column in told["columns"]].index("variable")
    characteristics = len({row[place] for row in told["rows"]})
    assert characteristics >= 4
    for column in ("shift", "standard_error", "probability_shift"):
        assert passed[f"monitoring.attribution: {column}"] == 2 * characteristics
    for column in ("remainder", "probability_remainder"):
        assert passed[f"monitoring.attribution_totals: {column}"] == 2
    assert passed["monitoring.characteristic_stability: psi"] == len(told["rows"])
    assert passed["monitoring.domain_classifier: auc"] == 2


def test_a_log_is_recomputed_by_its_pseudonyms(
    world: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scored on the last day of January, outcomes by plain keys; a difference that the run denies is found."""
    table = pd.read_parquet(world["decisions"] / "2026-01.parquet")
    names = [item["name"] for item in read_package(world["package"]).model["inputs"]]
    table[["key", *names]].to_parquet(tmp_path / "applicants.parquet", index=False)
    (tmp_path / "secret").write_bytes(b"a secret of some length\n")
    secret, log = ("--secret-file", tmp_path / "secret"), ("--log", tmp_path / "log")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(pd.Timestamp("2026-01-31", tz="UTC").timestamp())))
    given = ("--input", tmp_path / "applicants.parquet", "--out", tmp_path / "scored", "--engine", "duckdb")
    assert credit_risk("score", world["package"], *given, *log, "--log-inputs", "--key", "key", *secret).status == 0
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    outcomes = pd.DataFrame({"key": table["key"], "bad_date": pd.Timestamp("2026-03-15")})
    outcomes["bad_date"] = outcomes["bad_date"].where(outcomes.index % 4 == 0)
    outcomes.assign(observed_until=pd.Timestamp("2026-09-30")).to_parquet(tmp_path / "outcomes.parquet", index=False)
    late = ("--outcomes", tmp_path / "outcomes.parquet", *secret, "--segment", "HOUSING=input:HOUSING")
    assert (
        credit_risk("monitor", world["package"], *log, *late, "--out", tmp_path / "run", "--no-documents").status == 0
    )
    asked = ["monitoring", str(world["package"]), "--run", str(tmp_path / "run"), *map(str, (*log, *late)), "--all"]
    assert main([*asked, "--out", str(tmp_path / "v")]) == 0
    told = capsys.readouterr().out
    assert "monitoring.replay: differences: pass" in told
    assert "monitoring.performance: value: pass" in told
    part = next((tmp_path / "log").glob("day=*/batch=*/predictions/part-*.parquet"))
    rows = pd.read_parquet(part)
    rows.loc[3, "probability"] += 1e-6
    rows.to_parquet(part, index=False)
    assert main([*asked, "--out", str(tmp_path / "v")]) == 1
    told = capsys.readouterr().out
    assert "probability in production: scored again" in told
    assert "differences in monitoring.replay" in told


def test_weights_grades_and_values_of_no_development_agree(tmp_path: Path) -> None:
    """Weighted development, a rating scale, missing and new values, results that are lost: these alone are found."""
    plan = PLAN.replace(", {id: trees, type: monotone_boosting, trees: 15}", "")
    plan += "rating_scale: {bounds: [0.2, 0.35, 0.5]}\nsamples: {weight: W}\n"
    base = portfolio(1500)
    weights = np.exp(np.random.default_rng(4).uniform(-1.0, 1.0, len(base))).round(3)
    package = done(tmp_path, plan, base.assign(W=weights), "--no-validation", "--no-documents")
    model, parts = compile_model(read_package(package).model), []
    for place, month in enumerate(("2026-01", "2026-02")):
        rows = portfolio(300, seed=100 + place)
        rows.loc[::17, "INCOME"] = np.nan
        rows.loc[::29, "HOUSING"] = "tent"
        rows.loc[::31, "HOUSING"] = None
        days = pd.to_timedelta(np.arange(len(rows)) % 28, "D")
        decided = (pd.Timestamp(f"{month}-01") + days).tz_localize("UTC")
        found = model.score(rows)[["linear_score", "probability", "score", "grade"]]
        keys = [f"{month}-{row:04d}" for row in range(len(rows))]
        parts.append(pd.concat([rows, found], axis=1).assign(key=keys, decided=decided))
    table = pd.concat(parts, ignore_index=True)
    table.loc[::101, "probability"] = np.nan
    decisions, outcomes = write_world(tmp_path / "production", table)
    given = ("--table", decisions, "--key", "key", "--time", "decided", "--segment", "HOUSING=HOUSING")
    files = ("--outcomes", outcomes, "--out", tmp_path / "run", "--no-documents", "--quiet")
    assert credit_risk("monitor", package, *given, *files).status == 0
    columns = Columns("key", "decided", segments={"HOUSING": "HOUSING"})
    late = OutcomeFiles([outcomes])
    document = validate_monitoring(package, tmp_path / "run", decisions, columns, outcomes=late).document
    assert [one["test"] for one in document["findings"]] == ["production: scored again: probability"]
    passed = {one["test"] for one in document["coverage"] if one["outcome"] == "pass"}
    assert {"monitoring.calibration: correlated_p_value", "monitoring.metrics: grade_psi"} <= passed


def test_runs_that_are_not_this_packages_are_refused(world: dict[str, Path], tmp_path: Path) -> None:
    run = changed(world, tmp_path, {})
    manifest = json.loads((run / "manifest.json").read_text("utf-8"))
    (run / "manifest.json").write_text(json.dumps(manifest | {"package_hash": "0" * 64}), "utf-8")
    with pytest.raises(ValidationInputError, match="another package"):
        validated(world, run)
    (run / "manifest.json").write_text(json.dumps(manifest | {"kind": "exports"}), "utf-8")
    with pytest.raises(ValidationInputError, match="no run of monitoring"):
        validated(world, run)
    (run / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    path = run / "evidence" / "monitoring.labels.json"
    path.write_text(path.read_text("utf-8").replace("mature", "immature"), "utf-8")
    (run / "evidence" / "monitoring.mine.json").write_text("{}", "utf-8")
    with pytest.raises(ValidationInputError) as caught:
        validated(world, run)
    assert {fault.code for fault in caught.value.faults} == {"size_mismatch", "file_extra"}


def test_the_command_refuses_what_it_cannot_use(
    world: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["monitoring", str(world["package"]), "--run", str(world["run"]), "--table", str(world["decisions"])]
    assert main(given) == 2
    assert "--key" in capsys.readouterr().err
    assert main([*given, "--key", "nobody", "--time", "decided", "--out", str(tmp_path / "v")]) == 2
    assert "nobody" in capsys.readouterr().err
    assert main([*given, "--key", "key", "--time", "decided", "--out", str(world["run"] / "validation")]) == 2
    assert "inside the run" in capsys.readouterr().err
    assert not (tmp_path / "v").exists()
