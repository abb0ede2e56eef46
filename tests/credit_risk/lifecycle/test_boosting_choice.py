"""Settings of boosting chosen on folds: told, agreed to by the validator, the same after an interruption."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk.lifecycle.progress import StageEvent
from credit_risk.lifecycle.run import run_plan
from tests.credit_risk.cli.command import (
    PLAN,
    credit_risk,
    disagreements,
    done,
    evidence,
    findings,
    frame,
    model,
    portfolio,
)
from tests.credit_risk.cli.command import write_plan as write

SEARCH = "search: {trials: 6, depth: [1, 3], trees: [10, 40]}"
COLUMNS = (
    "columns: {MONTHS: {specials: {-9: no record}}, INCOME: {expected_trend: descending}, NOISE: {missing: false}}"
)


def plan_of(options: str) -> str:
    data = PLAN.replace("table.csv", f"table.csv, {COLUMNS}")
    return f"{data}models: [{{id: t, type: monotone_boosting, champion: true, trees: 60, {options}}}]\n"


@pytest.fixture(scope="module")
def table():
    made, rng = portfolio(1200), np.random.default_rng(1)
    made.loc[rng.random(1200) < 0.1, "AGE"] = np.nan
    made["MONTHS"] = np.where(rng.random(1200) < 0.25, -9, (made["INCOME"] / 50).round())
    return made


def test_everything_that_may_be_chosen_is_told_and_agreed_to(tmp_path: Path, table) -> None:
    options = (
        f"interactions: [[INCOME, AGE]], early_stopping: {{patience: 5}}, {SEARCH}, simplicity: {{depths: [1, 2]}}"
    )
    package = done(tmp_path, plan_of(options), table)
    assert disagreements(package) == []
    assert not [one for one in findings(package) if one["test"] == "battery: evidence is complete"]
    (trees,) = (step for step in model(package)["steps"] if step["type"] == "trees")
    stopping = frame(package, "boosting.early_stopping.t")
    chosen = int(stopping.loc[stopping["chosen"], "trees"].iloc[0])
    assert len(trees["trees"]) == chosen
    assert stopping.loc[stopping["mean"].idxmin(), "trees"] == chosen
    search = frame(package, "boosting.search.t")
    best = search.loc[search["mean"].idxmax()]
    assert best["chosen"]
    settings = dict(frame(package, "boosting.parameters.t").to_numpy())
    assert settings["eta"] == repr(float(best["learning_rate"]))
    assert settings["rounds"] == str(chosen)
    assert settings["refitted"] == "on all of development, with that many trees"
    assert f"trial {best['trial']} of 6" in settings["search"]
    simplicity = frame(package, "boosting.simplicity.t")
    assert simplicity.loc[simplicity["chosen"], "trees"].tolist() == [chosen]
    paths = frame(package, "boosting.interactions.t").set_index("group")
    assert paths.loc["no group", "paths"] == 0
    missing = frame(package, "boosting.missing.t").set_index(["characteristic", "state"])
    assert missing.loc[("AGE", "missing"), "rows"] > 50
    assert missing.loc[("MONTHS", "special -9"), "rows"] > 100
    assert missing.loc[("INCOME", "missing"), ["rows_in_state", "verdict"]].tolist() == [
        0,
        "safer",
    ]
    unseen = [one for one in findings(package) if one["test"].endswith("what was never seen is not safer")]
    assert [one["severity"] for one in unseen] == ["observation"]
    assert "INCOME missing" in unseen[0]["statement"]


def test_one_standard_error_makes_the_model_simpler(tmp_path: Path, table) -> None:
    package = done(tmp_path, plan_of("depth: 3, simplicity: {rule: one_standard_error}"), table)
    assert disagreements(package) == []
    told = frame(package, "boosting.simplicity.t")
    taken, own = told[told["chosen"]].iloc[0], told.iloc[-1]
    assert taken["leaves"] < own["leaves"]
    (trees,) = (step for step in model(package)["steps"] if step["type"] == "trees")
    assert len(trees["trees"]) == taken["trees"]
    assert sum(left == -1 for tree in trees["trees"] for left in tree["left"]) == taken["leaves"]


def test_what_is_not_asked_for_is_told_as_such(tmp_path: Path, table) -> None:
    package = done(tmp_path, plan_of("depth: 2"), table, "--no-validation")
    for name in ("early_stopping", "search", "simplicity", "interactions"):
        told = evidence(package, f"boosting.{name}.t")
        assert told["kind"] == "not_applicable"
        assert f"models.t.{name}" in told["reason"]


class Stop:
    """A progress callback that presses Ctrl-C once the words stand there."""

    def __init__(self, words: str):
        self.words, self.heard = words, list[str]()

    def __call__(self, event: StageEvent) -> None:
        self.heard.append(event.detail)
        if self.words in event.detail:
            raise KeyboardInterrupt


def test_an_interrupted_search_ends_in_the_same_package(tmp_path: Path, table) -> None:
    folder = write(tmp_path, plan_of(SEARCH), table)
    quick = {"with_validation": False, "with_documents": False}
    whole = run_plan(folder, tmp_path / "whole", **quick)
    journal = tmp_path / "out.search" / "t.jsonl"
    with pytest.raises(KeyboardInterrupt):
        run_plan(folder, tmp_path / "out", progress=Stop("trial 4 of 6"), **quick)
    assert not (tmp_path / "out").exists()
    assert [json.loads(line).get("number") for line in journal.read_text("utf-8").splitlines()] == [None, 0, 1, 2, 3]
    heard = Stop("nothing")
    again = run_plan(folder, tmp_path / "out", progress=heard, **quick)
    assert again.package_hash == whole.package_hash
    assert next(w for w in heard.heard if "trial" in w).startswith("t: trial 5 of 6, best auc 0.")
    assert not journal.parent.exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "plan.yaml", "table.csv", "whole"]


def test_weights_and_clusters_reach_folds_effects_and_validator(tmp_path: Path, table) -> None:
    rng = np.random.default_rng(8)
    weighed = table.assign(W=rng.integers(1, 4, len(table)), WHO=np.arange(len(table)) // 3)
    options = "depth: 2, early_stopping: {metric: auc, patience: 5}, simplicity: {depths: [1]}"
    package = done(tmp_path, f"{plan_of(options)}samples: {{weight: W, group: WHO}}\n", weighed)
    assert disagreements(package) == []
    told = frame(package, "boosting.missing.t").set_index(["characteristic", "state"])
    snapshot = pd.read_parquet(package / "data" / "snapshot.parquet").query("_sample == 'development'")
    lacking = snapshot[snapshot["AGE"].isna()]
    rate = np.average(lacking["_outcome"], weights=lacking["_weight"])
    assert told.loc[("AGE", "missing"), "bad_rate"] == pytest.approx(rate)


def test_the_command_says_where_the_trials_of_an_interrupted_search_stand(
    tmp_path: Path, table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credit_risk.cli.commands.progress_display", lambda **_: Stop("trial 2 of 6"))
    folder = write(tmp_path, plan_of(SEARCH), table)
    ended = credit_risk("run", folder, "--out", tmp_path / "out")
    assert ended.status == 130
    assert f"finished trials of the search stand in {tmp_path / 'out.search'}" in ended.err
    assert "interrupted; nothing was left half-written" in ended.err
