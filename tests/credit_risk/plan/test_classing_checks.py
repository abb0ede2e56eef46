"""Plans whose classing contradicts itself, the engine or the columns: one fault each, where it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from credit_risk._core.errors import PlanError
from credit_risk.lifecycle.trends import declared_orders
from credit_risk.plan import read_plan

HEAD = "model: {id: m}\ndata: {source: t.csv, protected: [SEX], columns: "
HEAD += "{C: {type: categorical}, N: {type: numeric}, O: {order: [a, b, 1]}}}\n"
HEAD += "outcome: {column: Y, bad: 1}\n"
PREFIX = "classing.characteristics"
ONE_FAULT = [
    ("engine: optbinning, max_prebins: 5", "classing.max_prebins", "bins"),
    (
        "engine: optbinning, max_prebins: 5, characteristics: {N: {max_bins: 7}}, max_bins: 4",
        f"{PREFIX}.N.max_bins",
        "bins",
    ),
    ("min_bins: 7", "classing.min_bins", "bins"),
    ("min_bins: 3, max_bins: 2", "classing.min_bins", "bins"),
    ("min_bins: 4, characteristics: {N: {max_bins: 3}}", f"{PREFIX}.N.max_bins", "bins"),
    ("min_share: 0.3, max_share: 0.2", "classing.min_share", "bins"),
    ("characteristics: {N: {max_share: 0.01}}", f"{PREFIX}.N.max_share", "bins"),
    ("characteristics: {SEX: {max_bins: 3}}", f"{PREFIX}.SEX", "never_a_predictor"),
    ("monotonic: {SEX: ascending}", "classing.monotonic.SEX", "never_a_predictor"),
    ("characteristics: {Y: {max_bins: 3}}", f"{PREFIX}.Y", "never_a_predictor"),
    ("characteristics: {N: {max_bin: 3}}", f"{PREFIX}.N.max_bin", "unknown_key"),
    ("characteristics: {N: {trend: up}}", f"{PREFIX}.N.trend", "value"),
    ("characteristics: {C: {trend: ascending}}", f"{PREFIX}.C.trend", "trend"),
    ("monotonic: {N: ascending}, characteristics: {N: {trend: peak}}", f"{PREFIX}.N.trend", "trend"),
    ("monotonic: {N: ascending}, characteristics: {N: {trend: auto}}", f"{PREFIX}.N.trend", "trend"),
    ("nearest_woe_below: 0.02", "classing.nearest_woe_below", "classing"),
    ("characteristics: {N: {nearest_woe_below: 0.02}}", f"{PREFIX}.N.nearest_woe_below", "classing"),
    ("missing: nearest", "classing.missing", "value"),
    ("unseen: refuse", "classing.unseen", "value"),
    ("engine: optbinning, trend: auto", "classing.trend", "engine"),
    ("engine: optbinning, max_p_value: 0.05", "classing.max_p_value", "engine"),
    ("engine: optbinning, characteristics: {N: {max_p_value: 0.05}}", f"{PREFIX}.N.max_p_value", "engine"),
    (
        f"engine: optbinning, characteristics: {{N: {{candidate_splits: {list(range(20))}}}}}",
        f"{PREFIX}.N.candidate_splits",
        "engine",
    ),
    ("characteristics: {N: {groups: [[a]]}}", f"{PREFIX}.N.groups", "classing"),
    ("characteristics: {N: {fixed_splits: [a, 2]}}", f"{PREFIX}.N.fixed_splits", "classing"),
    ("characteristics: {N: {fixed_splits: [2, 2]}}", f"{PREFIX}.N.fixed_splits", "classing"),
    ("characteristics: {N: {candidate_splits: []}}", f"{PREFIX}.N.candidate_splits", "value"),
    ("characteristics: {C: {fixed_splits: [a]}}", f"{PREFIX}.C.fixed_splits", "classing"),
    ("characteristics: {C: {groups: [[a, b], [b]]}}", f"{PREFIX}.C.groups", "classing"),
    ("characteristics: {O: {groups: [[a]]}}", f"{PREFIX}.O.groups", "classing"),
    ("characteristics: {O: {fixed_splits: [c, 3]}}", f"{PREFIX}.O.fixed_splits", "classing"),
    ("engine: optbinning, characteristics: {N: {trend: auto}}", f"{PREFIX}.N.trend", "engine"),
]


def faults(folder: Path, text: str) -> list[tuple[str | None, str]]:
    (folder / "t.csv").write_text("N,C,SEX,Y\n1,a,f,0\n")
    (folder / "plan.yaml").write_text(text)
    with pytest.raises(PlanError) as caught:
        read_plan(folder / "plan.yaml")
    return [(fault.path, fault.code) for fault in caught.value.faults]


@pytest.mark.parametrize(("line", "path", "code"), ONE_FAULT, ids=[case[0] for case in ONE_FAULT])
def test_one_fault_each(line: str, path: str, code: str, tmp_path: Path) -> None:
    assert faults(tmp_path, HEAD + f"classing: {{{line}}}\n") == [(path, code)]


@pytest.mark.parametrize(
    "line",
    [
        "engine: exact, max_prebins: 5",
        "min_share: 0.05, characteristics: {N: {min_share: 0.2, max_bins: 3, trend: valley}}",
        "nearest_woe_below: 0.02, characteristics: {N: {missing: nearest_woe}}",
        "missing: nearest_woe, characteristics: {N: {nearest_woe_below: 0.02}}",
        "monotonic: {N: peak}, characteristics: {N: {trend: peak}}",
        "monotonic: {O: peak}, characteristics: {O: {fixed_splits: [b, 1]}}",
        "engine: optbinning, min_bins: 2, max_share: 0.5, min_bads: 10, characteristics: {N: {fixed_splits: [1, 2.5]}}",
        "characteristics: {C: {groups: [[a, b]], fixed_groups: [[c], [1, true]]}}",
        "engine: optbinning, trend: none, characteristics: {N: {trend: peak, missing: nearest_woe}}",
    ],
)
def test_sound_ones_are_taken(line: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("N,C,SEX,Y\n1,a,f,0\n")
    (tmp_path / "plan.yaml").write_text(HEAD + f"classing: {{{line}}}\n")
    plan = read_plan(tmp_path / "plan.yaml")
    assert plan.classing.of("N").missing in ("apart", "nearest_woe")


@pytest.mark.parametrize("expected", ["ascending", "none"])
def test_an_expected_trend_and_another_in_the_classing(expected: str, tmp_path: Path) -> None:
    text = HEAD.replace("N: {type: numeric}", f"N: {{type: numeric, expected_trend: {expected}}}")
    line = f"{PREFIX}.N.trend", "trend"
    assert faults(tmp_path, text + "classing: {characteristics: {N: {trend: auto}}}\n") == [line]


def test_settings_of_one_characteristic_stand_in_place_of_the_general_ones(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("N,C,SEX,Y\n1,a,f,0\n")
    own = "N: {max_bins: 3, min_share: 0.1, max_p_value: 1, missing: nearest_woe, trend: auto, rare_share: 0}"
    line = f"classing: {{max_bins: 5, max_p_value: 0.05, monotonic: {{C2: peak}}, characteristics: {{{own}}}}}\n"
    (tmp_path / "plan.yaml").write_text(HEAD + line)
    classing = read_plan(tmp_path / "plan.yaml").classing
    found = classing.of("N")
    assert (found.max_bins, found.min_share, found.max_p_value, found.missing) == (3, 0.1, 1.0, "nearest_woe")
    assert (found.trend, found.rare_share, found.special) == ("auto", 0.0, "apart")
    assert classing.of("C") is classing
    assert (classing.declared_trend("C2"), classing.declared_trend("N")) == ("peak", None)


ORDERS = [
    ("{type: numeric, order: [a, b]}", "data.columns.X.order", "order"),
    ("{order: [a, b, a]}", "data.columns.X.order", "order"),
    ("{order: [1, '1']}", "data.columns.X.order", "order"),
    ("{order: [a]}", "data.columns.X.order", "value"),
    ("{order: [a, b], specials: {b: none}}", "data.columns.X.order", "order"),
    ("{order: [a, b], allowed: [a, b, c]}", "data.columns.X.order", "order"),
    ("{type: categorical, expected_trend: ascending}", "data.columns.X.expected_trend", "trend"),
]


@pytest.mark.parametrize(("column", "path", "code"), ORDERS, ids=[case[0] for case in ORDERS])
def test_orders_that_contradict_the_column(column: str, path: str, code: str, tmp_path: Path) -> None:
    text = f"model: {{id: m}}\ndata: {{source: t.csv, columns: {{X: {column}}}}}\noutcome: {{column: Y, bad: 1}}\n"
    assert faults(tmp_path, text) == [(path, code)]


def test_a_trend_may_be_expected_along_an_order(tmp_path: Path) -> None:
    columns = "X: {type: categorical, order: [low, 2, true], expected_trend: ascending}"
    text = f"model: {{id: m}}\ndata: {{source: t.csv, columns: {{{columns}}}}}\noutcome: {{column: Y, bad: 1}}\n"
    text += "derive: {B: {expression: 'band(N, 1, 2)', order: ['< 1', '[1, 2)', '>= 2'], expected_trend: peak}}\n"
    text += "classing: {monotonic: {B: peak}}\n"
    (tmp_path / "t.csv").write_text("N,X,Y\n1,low,0\n")
    (tmp_path / "plan.yaml").write_text(text)
    plan = read_plan(tmp_path / "plan.yaml")
    assert declared_orders(plan) == {"X": ("low", "2", "true"), "B": ("< 1", "[1, 2)", ">= 2")}
