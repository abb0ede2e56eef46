"""Monitoring in a plan: what is watched by default, and every fault with its key path and line, all at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, PlanError
from credit_risk.monitoring.metrics import CATALOGUE, METRICS, MetricName
from credit_risk.monitoring.spec import CutSpec, MonitoringSpec
from credit_risk.plan import Plan, plan_schema, read_plan

ROOT = Path(__file__).parents[3]
HEAD = """\
model: {id: m}
data: {source: t.csv, key: ID, date: DAY, protected: [SEX], columns: {NAME: {personal: true}, BORN: {type: date}}}
outcome: {column: BAD, bad: 1}
derive: {TWICE: AGE * 2}
models: [{id: card, type: scorecard, champion: true}, {id: trees, type: monotone_boosting}]
"""
GOOD = """\
monitoring:
  frequency: monthly
  segments: [REGION, SEX]
  window_months: 9
  metrics:
    - {metric: score_psi, cut: {yellow: 0.08, red: 0.2}, owner: Risk, response: Find the cause.}
    - {id: psi-by-region, metric: score_psi, population: REGION, frequency: quarterly}
    - {metric: approval_rate, population: SEX}
    - {metric: auc, cut: {red: 0.6}, severity: low}
  challengers: {shadow: [trees], share: 0.1, salt: autumn}
  objectives:
    - {id: latency, area: operational, measure: quantile, level: 0.95, columns: [MS], direction: at_most, target: 200,
       unit: ms}
    - {id: earnings, area: business, measure: metric, metric: profit, direction: at_least, target: 0}
  profit: {amount: AMOUNT, margin: 0.1, loss_given_default: 0.5, currency: EUR}
  applicant: PERSON
  delivery: [{id: desk, url: "${ALERTS_HOOK}", at_least: high}]
"""
ON_METRIC = "id: p, area: business, measure: metric, direction: at_least, target: 0"
LOOKS = "shadow: [trees], look_months: ['2026-06', '2026-03']"
WRONG = [
    (f"{{objectives: [{{{ON_METRIC}, metric: profit}}]}}", "monitoring.objectives[0].metric", "no_profit", None),
    (f"{{objectives: [{{{ON_METRIC}}}]}}", "monitoring.objectives[0]", "value", "names one"),
    (f"{{objectives: [{{{ON_METRIC}, metric: ks}}]}}", "monitoring.objectives[0]", "no_subject", "NAME, BORN, TWICE"),
    (
        f"{{objectives: [{{{ON_METRIC}, metric: contract_breaches}}]}}",
        "monitoring.objectives[0]",
        "no_subject",
        "'AGE: range'",
    ),
    (
        f"{{objectives: [{{{ON_METRIC}, metric: auc, subject: TWICE}}]}}",
        "monitoring.objectives[0].subject",
        "subject",
        "one value",
    ),
    (f"{{objectives: [{{{ON_METRIC}, metric: grade_psi}}]}}", "monitoring.objectives[0].metric", "no_grades", None),
    ("{profit: {margin: 0.1, loss_given_default: 0.5, review_cost: 9}}", "monitoring.profit", "value", "was reviewed"),
    ("{profit: {margin: 1, loss_given_default: 1, amount: SEX}}", "monitoring.profit.amount", "role", None),
    (f"{{challengers: {{{LOOKS}}}}}", "monitoring.challengers", "value", "do not ascend"),
    (
        "{challengers: {shadow: [trees], random_share: 0.1}}",
        "monitoring.challengers.random_share",
        "no_cut_off",
        "none",
    ),
    ("{challengers: {shadow: [trees], arm: ARM}}", "monitoring.challengers", "value", "of a live split"),
    ("{challengers: {shadow: [trees], look_information: [0.5, 0.9]}}", "monitoring.challengers", "value", "is 1"),
    (
        "{challengers: {shadow: [trees], look_information: [0.5, 0.5000001, 1]}}",
        "monitoring.challengers",
        "value",
        "closer than a millionth",
    ),
    (
        "{challengers: {shadow: [trees], look_months: ['2026-03'], spending: always_valid}}",
        "monitoring.challengers",
        "value",
        "no planned looks",
    ),
    ("{metrics: [{metric: psi}]}", "monitoring.metrics[0].metric", "value", "score_psi"),
    ("{metrics: [{metric: auc}]}", "monitoring.metrics[0]", "value", "neither yellow nor red"),
    ("{metrics: [{metric: auc, cut: {yellow: 0.6, red: 0.7}}]}", "monitoring.metrics[0].cut", "value", "before yellow"),
    ("{metrics: [{metric: score_psi}, {metric: score_psi}]}", "monitoring.metrics[1]", "duplicate_name", None),
    ("{metrics: [{metric: grade_test}]}", "monitoring.metrics[0].metric", "no_grades", None),
    ("{metrics: [{metric: ks, population: segments}]}", "monitoring.metrics[0].population", "no_segment", None),
    ("{metrics: [{metric: ks, population: R=a}]}", "monitoring.metrics[0].population", "no_segment", "all, segments"),
    (
        "{segments: [SEX], metrics: [{metric: ks, population: SEX=f}]}",
        "monitoring.metrics[0].population",
        "protected",
        "approval_rate",
    ),
    (
        "{metrics: [{metric: ks, severity: low, yellow_severity: high}]}",
        "monitoring.metrics[0]",
        "value",
        "graver",
    ),
    ("{segments: [ID]}", "monitoring.segments[0]", "role", None),
    ("{segments: [NAME]}", "monitoring.segments[0]", "role", None),
    ("{segments: [TWICE]}", "monitoring.segments[0]", "role", None),
    ("{segments: [BORN]}", "monitoring.segments[0]", "type", None),
    ("{segments: [R, R]}", "monitoring.segments[1]", "duplicate_name", None),
    ("{persistence: {at_least: 4, of: 3}}", "monitoring.persistence", "value", "never raised"),
    ("{challengers: {shadow: [card]}}", "monitoring.challengers.shadow[0]", "no_challenger", "trees"),
    ("{challengers: {shadow: [trees], share: 0.2}}", "monitoring.challengers", "value", "salt"),
    (
        "{objectives: [{id: a, area: business, measure: mean, direction: at_least, target: 1}]}",
        "monitoring.objectives[0]",
        "value",
        "1 column",
    ),
    (
        "{objectives: [{id: a, area: business, measure: sum, columns: [SEX], direction: at_least, target: 1}]}",
        "monitoring.objectives[0].columns[0]",
        "role",
        None,
    ),
    ("{delivery: [{id: a, url: 'mailtos://me:word@host'}]}", "monitoring.delivery[0].url", "secret", None),
    ("{delivery: [{id: a, url: desk}]}", "monitoring.delivery[0].url", "url", "scheme"),
    ("{frequency: daily}", "monitoring.frequency", "value", "monthly"),
    ("{sgments: [R]}", "monitoring.sgments", "unknown_key", None),
]


def faults(folder: Path, text: str) -> tuple[Fault, ...]:
    (folder / "plan.yaml").write_text(text, "utf-8")
    with pytest.raises(PlanError) as caught:
        read_plan(folder)
    return caught.value.faults


@pytest.mark.parametrize(("text", "path", "code", "allowed"), WRONG, ids=[path for _, path, _, _ in WRONG])
def test_each_fault_has_its_place(tmp_path: Path, text: str, path: str, code: str, allowed: str | None) -> None:
    (fault,) = faults(tmp_path, f"{HEAD}monitoring: {text}\n")
    assert (fault.path, fault.code, fault.row) == (path, code, 6)
    assert allowed is None or allowed in f"{fault.message} {fault.allowed}"


def test_all_faults_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = HEAD + (
        "monitoring:\n  segments: [ID]\n  metrics:\n    - {metric: psi}\n    - {metric: ks, population: X}\n"
        "  challengers: {shadow: [nobody]}\n  min_bads: 0\n"
    )
    told = {(fault.path, fault.row) for fault in faults(tmp_path, text)}
    assert told == {
        ("monitoring.segments[0]", 7),
        ("monitoring.metrics[0].metric", 9),
        ("monitoring.metrics[1].population", 10),
        ("monitoring.challengers.shadow[0]", 11),
        ("monitoring.min_bads", 12),
    }


def test_what_is_left_out_is_written_out(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(HEAD + GOOD, "utf-8")
    plan = read_plan(tmp_path)
    written = json.loads(canonical_json.to_bytes(plan.as_dict()))
    jsonschema.Draft202012Validator(plan_schema()).validate(written)
    assert Plan.model_validate(written).as_dict() == plan.as_dict()
    rules = {rule["id"]: rule for rule in written["monitoring"]["metrics"]}
    assert list(rules) == ["score_psi", "psi-by-region", "approval_rate", "auc"]
    assert rules["score_psi"]["cut"] == {"side": "above", "neutral": 0.0, "yellow": 0.08, "red": 0.2}
    assert rules["psi-by-region"]["cut"]["red"] == CATALOGUE["score_psi"].red
    assert rules["psi-by-region"]["evidence"] == "stability.psi"
    assert rules["auc"]["cut"] == {"side": "below", "neutral": 0.0, "yellow": None, "red": 0.6}
    assert (rules["auc"]["severity"], rules["auc"]["yellow_severity"]) == ("low", "low")
    assert plan.named_columns()["REGION"] == "monitoring.segments[0]"


def test_an_empty_section_watches_the_usual(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(HEAD + "monitoring: {}\n", "utf-8")
    monitoring = read_plan(tmp_path).monitoring
    assert monitoring == MonitoringSpec()
    assert [rule.metric for rule in monitoring.metrics] == [metric.name for metric in METRICS if metric.usual]


def test_an_amount_is_watched_by_what_it_has(tmp_path: Path) -> None:
    text = "model: {id: m}\ndata: {source: t.csv}\noutcome: {type: amount, column: LOSS}\nmonitoring: {}\n"
    (tmp_path / "plan.yaml").write_text(text, "utf-8")
    monitoring = read_plan(tmp_path).monitoring
    assert monitoring is not None
    names = {rule.metric for rule in monitoring.metrics}
    assert "score_psi" in names
    assert not any(CATALOGUE[name].binary for name in names)
    (fault,) = faults(tmp_path, text.replace("{}", "{metrics: [{metric: auc_drop}]}"))
    assert (fault.path, fault.code) == ("monitoring.metrics[0].metric", "outcome")


@pytest.mark.parametrize(
    ("cut", "inside", "reached"),
    [
        (CutSpec(side="above", yellow=0.1, red=0.25), (0.0, 0.0999), (0.1, 0.3)),
        (CutSpec(side="below", yellow=0.7, red=0.6), (0.71, 0.9), (0.7, 0.5)),
        (CutSpec(side="away", neutral=1.0, yellow=0.125, red=0.25), (0.876, 1.124), (0.875, 1.125)),
    ],
)
def test_a_cut_is_reached_at_it_and_beyond(cut: CutSpec, inside: tuple[float, ...], reached: tuple[float, ...]) -> None:
    assert not any(cut.reached(value, cut.yellow) for value in inside)
    assert all(cut.reached(value, cut.yellow) for value in reached)


def test_the_catalogue_is_whole() -> None:
    assert tuple(metric.name for metric in METRICS) == get_args(MetricName)
    known = json.loads((ROOT / "scorecards/format/evidence_catalogue.json").read_bytes())["entries"]
    ids = {entry["id"] for entry in known}
    assert {metric.evidence for metric in METRICS if metric.evidence is not None} <= ids
    assert all(metric.what.endswith(".") for metric in METRICS)
