"""Strategy in a plan: every fault with its key path, all at once; amounts that cannot be are refused before the fit."""

from __future__ import annotations

from pathlib import Path

import pytest

import credit_risk as cr
from credit_risk._core.errors import PlanError
from tests.credit_risk.cli.command import QUICK, portfolio, run, write_plan

HEAD = "model: {id: m}\ndata: {source: table.csv, key: ID, columns: {HOUSING: {type: categorical}}}\n"
HEAD += "outcome: {column: BAD, bad: 1}\nderive: {TWICE: AGE * 2}\n"
LIVE = "rows_per_month: 100, performance_months: 12"
WRONG = [
    ("{aim: {type: maximum_profit}}", "strategy.aim", "missing_key"),
    ("{aim: {type: bad_rate_at_most}}", "strategy.aim", "value"),
    ("{aim: {type: maximum_profit, limit: 0.1}, profit: {good: 1.0, bad: 1.0}}", "strategy.aim", "value"),
    ("{aim: {type: acceptance_at_least, limit: 1.5}}", "strategy.aim.limit", "value"),
    ("{cut_offs: [500, 500]}", "strategy.cut_offs[1]", "duplicate_name"),
    ("{profit: {good: 1.0}}", "strategy.profit", "missing_key"),
    ("{profit: {good: {columns: [TWICE]}, bad: 1.0}}", "strategy.profit.good.columns[0]", "role"),
    ("{profit: {good: 1.0, bad: {columns: [BAD]}}}", "strategy.profit.bad.columns[0]", "role"),
    ("{profit: {good: 1.0, bad: {columns: [HOUSING]}}}", "strategy.profit.bad.columns[0]", "type"),
    ("{profit: {good: 1.0, bad: {columns: [AGE], rate: 0}}}", "strategy.profit.bad", None),
    (f"{{experiment: {{measure: bad_rate, difference: 0.0, {LIVE}}}}}", "strategy.experiment.difference", "range"),
    (f"{{experiment: {{measure: profit, difference: 1.0, {LIVE}}}}}", "strategy.experiment.measure", "missing_key"),
    (
        f"{{experiment: {{measure: acceptance_rate, difference: 0.1, {LIVE}}}}}",
        "strategy.experiment.measure",
        "missing_key",
    ),
    (
        f"{{experiment: {{measure: auc_unpaired, difference: 0.1, challenger: x, {LIVE}}}}}",
        "strategy.experiment.challenger",
        "no_challenger",
    ),
    (
        f"{{experiment: {{measure: auc, difference: 0.1, challenger: x, {LIVE}}}}}",
        "strategy.experiment.challenger",
        "no_challenger",
    ),
    (f"{{experiment: {{measure: bad_rate, difference: 0.1, power: 0.4, {LIVE}}}}}", "strategy.experiment.power", None),
    ("{overrides: {policy: 0.1}}", "strategy.overrides", "missing_key"),
    ("{overrides: {policy: 0.1, reason: BAD}}", "strategy.overrides.reason", "role"),
    ("{incumbent: {column: HOUSING}}", "strategy.incumbent.column", "type"),
    ("{incumbent: {column: BAD}}", "strategy.incumbent.column", "role"),
    (
        "{redeployment: {auto_accept: {max_psi: 0.1}, reject: {}, manual_review: x, sample: out_of_time}}",
        "strategy.redeployment.sample",
        "no_sample",
    ),
    (
        "{redeployment: {auto_accept: {max_psi: 0.1}, reject: {}, manual_review: x}}",
        "strategy.redeployment.reject",
        None,
    ),
    ("{profit: {good: 1.0, bad: -5.0}}", "strategy.profit.bad", None),
]


@pytest.mark.parametrize(("strategy", "path", "code"), WRONG)
def test_a_fault_is_told_where_it_is(tmp_path: Path, strategy: str, path: str, code: str | None) -> None:
    with pytest.raises(PlanError) as caught:
        cr.read_plan(write_plan(tmp_path, f"{HEAD}strategy: {strategy}\n"))
    found = [fault for fault in caught.value.faults if (fault.path or "").startswith(path)]
    assert found, str(caught.value)
    assert code is None or any(fault.code == code for fault in found), found


def test_all_faults_at_once(tmp_path: Path) -> None:
    said = "{aim: {type: maximum_profit}, cut_offs: [1, 1]}"
    with pytest.raises(PlanError) as caught:
        cr.read_plan(write_plan(tmp_path, f"{HEAD}strategy: {said}\n"))
    assert {fault.path for fault in caught.value.faults} == {"strategy.aim", "strategy.cut_offs[1]"}


def test_rules_without_a_challenger_are_of_the_version_itself(tmp_path: Path) -> None:
    """The inventory holds them against the live version."""
    rules = "{auto_accept: {max_psi: 0.1}, reject: {min_psi: 0.25}, manual_review: the committee}"
    plan = cr.read_plan(write_plan(tmp_path, f"{HEAD}strategy: {{redeployment: {rules}}}\n{QUICK}"))
    assert plan.challengers == ()
    assert plan.strategy.redeployment is not None


def test_amounts_have_no_cut_off(tmp_path: Path) -> None:
    head = "model: {id: m}\ndata: {source: table.csv}\noutcome: {column: LOSS, type: amount}\n"
    with pytest.raises(PlanError) as caught:
        cr.read_plan(write_plan(tmp_path, f"{head}strategy: {{cut_off: 5, profit: {{good: 1.0, bad: 1.0}}}}\n"))
    assert {fault.path for fault in caught.value.faults} == {"strategy.cut_off", "strategy.profit"}


def test_missing_negative_and_textual_amounts_are_refused_before_the_fit(tmp_path: Path) -> None:
    table = portfolio(600).assign(ID=range(600), EARNED=5.0, LOST=100.0)
    table.loc[3, "EARNED"], table.loc[[7, 9], "LOST"] = None, -1.0
    plan = f"{HEAD}strategy: {{profit: {{good: {{columns: [EARNED]}}, bad: {{columns: [LOST]}}}}}}\n{QUICK}"
    ended = run(write_plan(tmp_path, plan, table))
    assert ended.status == 2
    assert "strategy.profit.good.columns[0]: the amount 'EARNED' is missing in 1 rows" in ended.err
    assert "the amount 'LOST' is below 0 in 2 rows" in ended.err
    assert "keys 7, 9" in ended.err
    assert not (tmp_path / "out").exists()
