"""Ids that would be no file names on some system are refused by the plan, once, before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from credit_risk._core.errors import PlanError
from credit_risk.plan import read_plan

BASE = "data: {source: t.csv}\noutcome: {column: Y, bad: 1}\n"
CANDIDATES = "models: [{id: card, type: scorecard, champion: true}, {id: %s, type: scorecard}]\n"


def write(folder: Path, model: str, candidate: str) -> Path:
    (folder / "plan.yaml").write_text(f"model: {{id: {model}}}\n{BASE}{CANDIDATES % candidate}", "utf-8")
    return folder


@pytest.mark.parametrize("name", ["con", "aux", "nul", "prn", "com1", "lpt9", "con.v2", "card."])
@pytest.mark.parametrize("place", ["model.id", "models[1].id"])
def test_names_that_some_system_keeps_are_refused(tmp_path: Path, name: str, place: str) -> None:
    names = ("m", f"'{name}'") if place != "model.id" else (f"'{name}'", "other")
    with pytest.raises(PlanError) as caught:
        read_plan(write(tmp_path, *names))
    [fault] = caught.value.faults
    assert (fault.path, fault.code) == (place, "file_name")
    assert fault.remedy == "give it another id"


@pytest.mark.parametrize("name", ["console", "aux_1", "lpt", "com10", "card.v2"])
def test_names_that_only_look_like_it_are_taken(tmp_path: Path, name: str) -> None:
    plan = read_plan(write(tmp_path, name, name))
    assert (plan.model.id, plan.models[1].id) == (name, name)
