"""What a plan may ask of trees: groups of known characteristics, ranges that make sense, no known defect."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import xgboost

from credit_risk._core.errors import PlanError
from credit_risk.plan import check_plan, read_plan

HEAD = "model: {id: m}\ndata: {source: t.csv, protected: [SEX]}\noutcome: {column: Y, bad: 1}\n"


def plan(folder: Path, options: str) -> Path:
    (folder / "plan.yaml").write_text(
        f"{HEAD}models: [{{id: card, type: scorecard, champion: true}}, {{id: t, type: monotone_boosting{options}}}]\n"
    )
    frame = pd.DataFrame({"A": range(60), "B": [i % 7 for i in range(60)], "SEX": ["f", "m"] * 30, "Y": [0, 1, 0] * 20})
    frame.to_csv(folder / "t.csv", index=False)
    return folder


@pytest.mark.parametrize(
    ("options", "path", "part"),
    [
        (", interactions: [[A, SEX]]", "models[1].interactions[0][1]", "protected"),
        (", interactions: [[B], [A, Y]]", "models[1].interactions[1][1]", "the outcome"),
        (", interactions: [[A, B, A]]", "models[1].interactions[0][2]", "twice"),
        (", interactions: [[]]", "models[1].interactions[0]", "not allowed"),
        (", interactions: [A]", "models[1].interactions[0]", "not allowed"),
        (", search: {trials: 5, leaves: [2, 8]}", "models[1].search.leaves", "does not limit"),
        (", search: {}", "models[1].search.trials", "missing"),
        (", search: {trials: 5, depth: [5, 2]}", "models[1].search", "lowest is above the highest"),
        (", tree_method: exact", "models[1].tree_method", "not allowed"),
        (", max_bin: 257", "models[1].max_bin", "not allowed"),
        (", simplicity: {rule: two}", "models[1].simplicity.rule", "not allowed"),
        (", early_stopping: {patience: 0}", "models[1].early_stopping.patience", "not allowed"),
        (", folds: 1", "models[1].folds", "not allowed"),
    ],
)
def test_one_fault_each(tmp_path: Path, options: str, path: str, part: str) -> None:
    with pytest.raises(PlanError) as caught:
        read_plan(plan(tmp_path, options))
    (fault,) = caught.value.faults
    assert fault.path == path
    assert part in str(fault)
    assert fault.row == 4


@pytest.mark.parametrize("options", [", interactions: [[A, B]]", ", interactions: []", ", leaves: 4", ""])
def test_what_may_be_asked(tmp_path: Path, options: str) -> None:
    assert check_plan(plan(tmp_path, options)) == []


def test_an_unknown_characteristic_in_a_group_is_told_with_its_place(tmp_path: Path) -> None:
    (fault,) = check_plan(plan(tmp_path, ", interactions: [[A], [B, HEIGHT]]"))
    assert fault.path == "models[1].interactions[1][1]"
    assert "HEIGHT" in str(fault)


def test_settings_that_the_installed_xgboost_trains_wrongly_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xgboost, "__version__", "3.3.0")
    (fault,) = check_plan(plan(tmp_path, ", reg_alpha: 2"))
    assert (fault.path, fault.code) == ("models.t.reg_alpha", "library_defect")
    monkeypatch.setattr(xgboost, "__version__", "3.4.0")
    assert check_plan(plan(tmp_path, ", reg_alpha: 2")) == []
