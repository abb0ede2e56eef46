"""Search of settings: a budget in trials, the same whether it was interrupted or not, every trial told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import optuna
import pytest

from credit_risk._core.errors import Fault, ModelError
from credit_risk.models.boosting_folds import FoldCurve
from credit_risk.models.boosting_search import COLUMNS, Search, search_frame, search_settings, searched
from credit_risk.models.boosting_spec import SearchSpec
from credit_risk.models.spec import MonotoneBoostingSpec

SPEC = MonotoneBoostingSpec(id="b", type="monotone_boosting", depth=2, trees=100)


def asked(trials: int = 14, **more: object) -> SearchSpec:
    return SearchSpec(trials=trials, **more)


class Objective:
    """A metric that depends on the settings smoothly; counts its calls and may stop at one."""

    def __init__(self, metric: str = "auc", stop: int | None = None, fail: int | None = None):
        self.metric, self.stop, self.fail, self.calls = metric, stop, fail, 0

    def __call__(self, spec: MonotoneBoostingSpec) -> FoldCurve:
        if self.calls == self.stop:
            raise KeyboardInterrupt
        self.calls += 1
        if self.calls - 1 == self.fail:
            raise ModelError(Fault("cannot be trained"))
        loss = (np.log10(spec.learning_rate) + 1) ** 2 + (spec.depth - 3) ** 2 / 9 + np.log10(spec.reg_lambda) ** 2 / 9
        value = 0.8 - loss / 10 if self.metric == "auc" else loss
        return FoldCurve(self.metric, (spec.trees,), np.array([[value - 0.01], [value + 0.01], [value]]))


def trials(search: Search) -> list[tuple]:
    return [(t.number, tuple(sorted(t.settings.items())), t.folds, t.state) for t in search.trials]


def test_the_same_seed_gives_the_same_trials_and_another_gives_others() -> None:
    one, two = (search_settings(SPEC, asked(), Objective(), 7) for _ in range(2))
    assert trials(one) == trials(two)
    assert trials(one)[1:] != trials(search_settings(SPEC, asked(), Objective(), 8))[1:]
    assert one.trials[0].settings["depth"] == SPEC.depth
    assert len({t.settings["learning_rate"] for t in one.trials}) == len(one.trials)


@pytest.mark.parametrize("stop", [0, 1, 5, 13])
def test_an_interrupted_search_ends_as_one_that_was_not(tmp_path: Path, stop: int) -> None:
    journal = tmp_path / "new" / "b.jsonl"
    whole = search_settings(SPEC, asked(), Objective(), 7)
    with pytest.raises(KeyboardInterrupt):
        search_settings(SPEC, asked(), Objective(stop=stop), 7, journal=journal, key="k")
    again = Objective()
    resumed = search_settings(SPEC, asked(), again, 7, journal=journal, key="k")
    assert trials(resumed) == trials(whole)
    assert again.calls == 14 - stop
    assert resumed.chosen == whole.chosen
    assert len(journal.read_text("utf-8").splitlines()) == 15


@pytest.mark.parametrize("damage", ["cut", "gap", "other key", "no json", "empty"])
def test_a_journal_that_does_not_fit_is_passed_over(tmp_path: Path, damage: str) -> None:
    journal = tmp_path / "b.jsonl"
    whole = search_settings(SPEC, asked(), Objective(), 7, journal=journal, key="k")
    lines = journal.read_text("utf-8").split("\n")
    kept = {"cut": 5, "gap": 3, "other key": 0, "no json": 0, "empty": 0}[damage]
    changed = {
        "cut": [*lines[:6], lines[6][:20]],
        "gap": [*lines[:4], *lines[5:]],
        "other key": [json.dumps({**json.loads(lines[0]), "sha256": "0" * 64}), *lines[1:]],
        "no json": ["pickle", *lines[1:]],
        "empty": [""],
    }
    journal.write_text("\n".join(changed[damage]), "utf-8")
    objective = Objective()
    assert trials(search_settings(SPEC, asked(), objective, 7, journal=journal, key="k")) == trials(whole)
    assert objective.calls == 14 - kept


@pytest.mark.parametrize(
    "other",
    [{"key": "other"}, {"seed": 8}, {"search": asked(gamma=None)}, {"spec": SPEC.model_copy(update={"folds": 3})}],
)
def test_a_journal_of_another_search_is_begun_anew(tmp_path: Path, other: dict) -> None:
    journal, objective = tmp_path / "b.jsonl", Objective()
    search_settings(SPEC, asked(), Objective(), 7, journal=journal, key="k")
    given = {"spec": SPEC, "search": asked(), "seed": 7, "key": "k", **other}
    search_settings(given["spec"], given["search"], objective, given["seed"], journal=journal, key=given["key"])
    assert objective.calls == 14


def test_a_journal_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be written") as caught:
        search_settings(SPEC, asked(2), Objective(), 7, journal=tmp_path / "file" / "b.jsonl")
    assert caught.value.faults[0].file.endswith("b.jsonl")


def test_a_longer_budget_begins_with_the_shorter_one() -> None:
    short, long = (search_settings(SPEC, asked(n), Objective(), 7) for n in (6, 14))
    assert trials(long)[:6] == trials(short)


@pytest.mark.parametrize("metric", ["auc", "log_loss"])
def test_the_best_mean_is_chosen_and_found_better_than_chance(metric: str) -> None:
    found = search_settings(SPEC, asked(40, metric=metric), Objective(metric), 7)
    means = [t.mean for t in found.trials]
    assert found.chosen.mean == (max(means) if metric == "auc" else min(means))
    first, last = np.mean(means[1:11]), np.mean(means[-10:])
    assert (last > first) if metric == "auc" else (last < first)


def test_ranges_are_kept_and_settings_without_one_stay() -> None:
    spec = asked(20, depth=(2, 4), learning_rate=None, trees=None, gamma=(0.5, 0.5))
    found = search_settings(SPEC, spec, Objective(), 3)
    rows = search_frame(found, SPEC)
    assert rows["depth"].between(2, 4).all()
    assert (rows["learning_rate"] == SPEC.learning_rate).all()
    assert (rows["trees"] == 100).all()
    assert (rows["gamma"][1:] == 0.5).all()
    assert rows["min_child_weight"].between(1, 100).all()


def test_trees_are_left_to_early_stopping_and_leaves_to_models_that_limit_them() -> None:
    stopped = SPEC.model_copy(update={"early_stopping": object(), "leaves": 4})
    assert "trees" in searched(SPEC, asked())
    assert "trees" not in searched(stopped, asked())
    assert "leaves" not in searched(SPEC, asked(leaves=(2, 8)))
    assert searched(stopped, asked(leaves=(2, 8)))["leaves"] == (2, 8)


def test_own_settings_outside_the_ranges_are_tried_and_teach_nothing() -> None:
    far = SPEC.model_copy(update={"depth": 9})
    found = search_settings(far, asked(12), Objective(), 7)
    assert found.trials[0].settings["depth"] == 9
    assert all(t.settings["depth"] <= 5 for t in found.trials[1:])


def test_a_trial_that_fails_is_recorded_and_all_failing_is_an_error() -> None:
    found = search_settings(SPEC, asked(4), Objective(fail=2), 7)
    rows = search_frame(found, SPEC)
    assert list(rows.columns) == COLUMNS
    assert rows["state"].tolist() == ["complete", "complete", "failed: cannot be trained", "complete"]
    assert np.isnan(rows.loc[2, "mean"])
    assert rows["chosen"].sum() == 1
    with pytest.raises(ModelError, match="cannot be trained"):
        search_settings(SPEC, asked(1), Objective(fail=0), 7)


def test_every_trial_is_told_with_its_folds() -> None:
    found = search_settings(SPEC, asked(3), Objective(), 7)
    row = search_frame(found, SPEC).iloc[1]
    folds = [float(value) for value in row["folds"].split("; ")]
    assert folds == list(found.trials[1].folds)
    assert row["mean"] == pytest.approx(np.mean(folds))
    assert row["standard_error"] == pytest.approx(np.std(folds, ddof=1) / np.sqrt(3))


def test_progress_is_reported_and_logging_left_alone() -> None:
    words: list[str] = []
    level = optuna.logging.get_verbosity()
    search_settings(SPEC, asked(3), Objective(), 7, report=words.append)
    assert [w.split(",")[0] for w in words] == [f"b: trial {k} of 3" for k in (1, 2, 3)]
    assert "best auc 0." in words[-1]
    assert optuna.logging.get_verbosity() == level


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ({"trials": 0}, "trials"),
        ({"trials": 3, "depth": (4, 2)}, "depth"),
        ({"trials": 3, "learning_rate": (0.0, 0.1)}, "learning_rate"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(wrong: dict, part: str) -> None:
    with pytest.raises(ValueError, match=part):
        SearchSpec(**wrong)
