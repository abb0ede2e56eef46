"""Rules of alerts, of the likeliest cause and of the advice, the toolkit's beside the validator's: random numbers."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk.monitoring.advice import retraining_advice
from credit_risk.monitoring.alerts.rules import evaluate
from credit_risk.monitoring.alerts.watches import alert_id as identifier
from credit_risk.monitoring.alerts.watches import watches_of as rules_of
from credit_risk.monitoring.drift.cause import CALIBRATION, RANKING, CauseRules, likeliest_cause
from credit_risk.monitoring.drift.columns import QUALITY_COLUMNS, STABILITY_COLUMNS
from credit_risk.monitoring.drift.moved import GAP_COLUMNS, moved_frame
from credit_risk.monitoring.drift.quality import BREAKS
from credit_risk.monitoring.metrics import CATALOGUE, VALUE_COLUMNS
from credit_risk.monitoring.performance.objectives import metric_objectives
from credit_risk.monitoring.spec import MonitoringSpec, usual_rules
from validation.monitoring import advice, catalogue, cause, declared, watched
from validation.monitoring.restated import Judged

MONTHS = [f"2026-{month:02d}" for month in range(1, 13)]
SEGMENTS = ("all", "region=n", "region=s", "sex=f")
SUBJECTS = {"characteristic_psi": ("age", "income"), "missing_share": ("age", "income"), "bad_partitions": ("all",)}


def values_of(rng: np.random.Generator, metrics: list[str], months: int = 8) -> pd.DataFrame:
    """A value of most months, segments and subjects, around the usual cuts of its metric."""
    rows = []
    for metric in metrics:
        one = CATALOGUE.get(metric)
        centre, cut = (0.0, 1.0) if one is None else (one.neutral, one.red or 0.6)
        for segment in SEGMENTS:
            for subject in SUBJECTS.get(metric, ("aim",) if one is None else ("score",)):
                for period in MONTHS[:months]:
                    if rng.random() < 0.1:
                        continue
                    known = bool(rng.random() < 0.85)
                    value = centre + round(float(rng.normal(0.5, 1.0)) * cut, 3) if known else math.nan
                    if rng.random() < 0.1 and known:
                        value = centre + cut  # at the cut itself
                    chance = [None, True, False][int(rng.integers(3))]
                    told = (None, None, 100, known, None if known else "few", chance)
                    rows.append((period, segment, metric, subject, value, *told))
    return pd.DataFrame(rows, columns=VALUE_COLUMNS).astype({"beyond_chance": object})


def judged(values: pd.DataFrame) -> list[Judged]:
    return [
        Judged(row.period, row.segment, row.metric, row.subject, float(row.value), bool(row.evaluable),
               row.beyond_chance)
        for row in values.itertuples(index=False)
    ]  # fmt: skip


def plan_of(rng: np.random.Generator) -> MonitoringSpec:
    """Rules of several populations, frequencies and persistences, and an objective."""

    def lasting() -> dict[str, int] | None:
        of = int(rng.integers(1, 5))
        return None if rng.random() < 0.3 else {"at_least": int(rng.integers(1, of + 1)), "of": of}

    metrics = ["score_psi", "characteristic_psi", "mean_probability", "auc", "auc_drop", "calibration_in_the_large"]
    rules = []
    for number, metric in enumerate(metrics):
        population = str(rng.choice(["all", "segments", "region", "region=n", "sex"]))
        often = [None, "monthly", "quarterly"][int(rng.integers(3))]
        head = {"id": f"r{number}", "metric": metric, "population": population, "persistence": lasting()}
        cut = {"red": 0.6} if metric == "auc" else None
        rules.append({**head, "frequency": often, "owner": "someone", **({"cut": cut} if cut else {})})
    aim = {"id": "aim", "area": "business", "measure": "rows", "direction": str(rng.choice(["at_least", "at_most"])),
           "target": 1.0, "persistence": lasting()}  # fmt: skip
    given = {"segments": ["region", "sex"], "metrics": rules, "objectives": [aim]}
    return MonitoringSpec.model_validate(given)


def bench_of(plan: dict[str, Any], spec: MonitoringSpec, outcome: str = "binary") -> Any:
    package = SimpleNamespace(plan=plan, outcome_type=outcome)
    lasting = spec.persistence
    settings = SimpleNamespace(at_least=lasting.at_least, of=lasting.of, segments=tuple(spec.segments))
    return SimpleNamespace(package=package, settings=settings)


@pytest.mark.parametrize("seed", range(40))
def test_rules_raise_the_same_alerts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    spec = plan_of(rng)
    values = values_of(rng, [*dict.fromkeys(rule.metric for rule in spec.metrics), "objective"])
    found = evaluate(values, rules_of(spec, {"sex"}))
    bench = bench_of({"monitoring": spec.model_dump(mode="json"), "data": {"protected": ["sex"]}}, spec)
    own = watched.raised_of("card", watched.watches_of(bench), judged(values))
    assert own is not None
    assert (own.period, own.untold) == (found.period, len(found.unevaluated))
    assert set(own.alerts) == {(one.watch.id, one.segment, one.subject) for one in found.conditions}
    for one in found.conditions:
        mine = own.alerts[one.watch.id, one.segment, one.subject]
        assert mine == {
            "id": identifier("card", one.watch.id, one.segment, one.subject), "metric": one.watch.metric,
            "severity": one.watch.severities[one.colour], "first_period": one.first, "last_period": one.last,
            "value": one.value, "cut": getattr(one.watch.cut, one.colour), "owner": one.watch.owner, "response": None,
        }  # fmt: skip
    assert own.red == {one.watch.id for one in found.conditions if one.colour == "red"}


def test_some_of_the_random_plans_raise_alerts_of_both_colours() -> None:
    colours = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        spec = plan_of(rng)
        values = values_of(rng, [*dict.fromkeys(rule.metric for rule in spec.metrics), "objective"])
        colours += [one.colour for one in evaluate(values, rules_of(spec, {"sex"})).conditions]
    assert min(colours.count("red"), colours.count("yellow")) > 20


def test_objectives_on_metrics_are_the_same_with_and_without_a_subject() -> None:
    """An objective on a metric of several subjects that names none is one row that is not evaluable, in both."""
    values = values_of(np.random.default_rng(7), ["characteristic_psi", "missing_share", "auc"])
    aims: list[dict[str, Any]] = [
        {"id": "nameless", "metric": "characteristic_psi"},
        {"id": "named", "metric": "characteristic_psi", "subject": "income"},
        {"id": "nobody", "metric": "characteristic_psi", "subject": "height"},
        {"id": "ranking", "metric": "auc", "direction": "at_least"},
        {"id": "untold", "metric": "loss"},
    ]
    usual = {"area": "business", "measure": "metric", "direction": "at_most", "target": 0.2}
    spec = MonitoringSpec.model_validate({"objectives": [{**usual, **aim} for aim in aims]})
    found = metric_objectives(spec.objectives, values, MONTHS[:8])
    own = declared.on_metrics(spec.model_dump(mode="json")["objectives"], judged(values))
    told = found[~found["reason"].fillna("").str.startswith("the run has no value")]
    columns = ["period", "segment", "objective", "value", "verdict"]
    mine = pd.DataFrame(own)[columns].sort_values(columns[:3]).reset_index(drop=True)
    pd.testing.assert_frame_equal(told[columns].sort_values(columns[:3]).reset_index(drop=True), mine)
    assert not mine.duplicated(columns[:3]).any()
    nameless = found[(found["objective"] == "nameless") & (found["segment"] == "all")]
    count = values[(values["metric"] == "characteristic_psi") & (values["segment"] == "all")].groupby("period").size()
    two = nameless[nameless["period"].isin(count[count == 2].index)]
    assert len(two) > 3
    assert set(two["verdict"]) == {"not evaluable"}
    assert set(two["reason"]) == {"the metric has several subjects: name one of age, income"}
    for name, why in (("nobody", "characteristic_psi of height"), ("untold", "loss")):
        lost = found[found["objective"] == name]
        assert lost["period"].tolist() == MONTHS[:8]
        assert set(lost["reason"]) == {f"the run has no value of {why}"}


@pytest.mark.parametrize("binary", [True, False])
def test_the_usual_rules_and_what_metrics_wait_for_are_those_of_the_format(binary: bool) -> None:
    spec = MonitoringSpec.model_validate({"metrics": usual_rules(binary=binary)})
    outcome = "binary" if binary else "amount"
    own = watched.watches_of(bench_of({"monitoring": None, "data": {}}, spec, outcome))
    for mine, one in zip(own, rules_of(spec), strict=True):
        assert (mine.id, mine.metric, mine.population, mine.tested, mine.late) == (
            one.id, one.metric, one.population, one.beyond_chance, one.late,
        )  # fmt: skip
        assert dict(mine.cut) == one.cut.model_dump(mode="json")
        assert (mine.at_least, mine.of, mine.severities) == (one.at_least, one.of, one.severities)
    assert {name for name, one in CATALOGUE.items() if one.outcomes} == catalogue.LATE
    assert {name for name, one in CATALOGUE.items() if one.fairness} == catalogue.OF_FAIRNESS
    assert all(CATALOGUE[name].title == title for name, title in catalogue.TITLES.items())


def test_the_advice_is_the_same() -> None:
    seen = {number for seed in range(80) for number in advised(seed)}
    assert seen >= {1, 2, 3, 4, 5, 6, 7, 8, 9}


def advised(seed: int) -> list[int]:
    """Rules that fit segments of random values, in both alike."""
    rng = np.random.default_rng(seed)
    feed = rng.random() < 0.2
    metrics = [one.metric for one in advice.SOURCES if feed or one.signal != "feed"]
    values = values_of(rng, metrics, months=3)
    for metric in metrics:  # some metrics far from their cut, some at it or beyond
        neutral, mine = CATALOGUE[metric].neutral, values["metric"] == metric
        times = rng.choice([0.05, 1.0, 3.0], p=[0.4, 0.3, 0.3])
        values.loc[mine, "value"] = neutral + (values.loc[mine, "value"] - neutral) * times
        values.loc[mine & (rng.random() < 0.2), "evaluable"] = False
    spec = MonitoringSpec()
    ranged = bool(rng.random() < 0.5)
    found = retraining_advice(values, spec.retraining, spec.persistence, frozenset(SEGMENTS if ranged else ()))
    for one in found:
        told = spec.retraining.model_dump(mode="json")
        mine = advice.advice_of(
            judged(values), one.segment, one.period, told, {"at_least": 2, "of": 3}, in_range=ranged
        )
        assert mine == {
            "rule": one.rule.number, "action": one.action, "because": one.rule.because, **one.signals,
            "moved": "; ".join(one.moved) or None,
        }  # fmt: skip
    return [one.rule.number for one in found]


def test_the_likeliest_cause_is_the_same() -> None:
    seen = {caused(seed) for seed in range(200)}
    assert seen == {"none", "data_quality", "population", "concept", "not_evaluable"}


def caused(seed: int) -> str:
    """The cause of random tables, in both alike with its variables and words."""
    rng = np.random.default_rng(seed)
    names = ["score", "age", "income"]
    stability = [
        {"variable": name, "psi": round(float(rng.exponential(0.1)), 3), "beyond_chance": bool(rng.random() < 0.5),
         "persistent": bool(rng.random() < 0.3), "verdict": str(rng.choice(["green", "grey"]))}
        for name in names
    ]  # fmt: skip
    rules = sorted(BREAKS | {"special", "rows"})
    quality = [
        {"variable": str(rng.choice(names[1:])), "rule": str(rng.choice(rules)), "verdict": "red", "reason": f"r{k}"}
        for k in range(int(rng.choice([0, 0, 0, 2])))
    ]
    gaps = [
        (str(rng.choice([CALIBRATION, RANKING])), float(rng.normal(0, 0.2)),
         float(rng.choice([math.nan, 0.02, 0.05])), 0.1)
        for _ in range(int(rng.integers(0, 4)))
    ]  # fmt: skip
    head = {"period": "2026-01", "segment": "all"}
    level = 0.05
    found = likeliest_cause(
        pd.DataFrame([{**head, **one} for one in stability], columns=STABILITY_COLUMNS),
        pd.DataFrame([{**head, **one} for one in quality], columns=QUALITY_COLUMNS),
        moved_frame(pd.DataFrame([(*head.values(), *gap, "") for gap in gaps], columns=GAP_COLUMNS), level),
        CauseRules(outputs=("score",)),
    )
    rows = [{**one, "output": one["variable"] == "score"} for one in stability]
    broken = [one for one in quality if one["rule"] in cause.BREAKS]
    mine = cause.cause_of(rows, broken, cause.moved_of(gaps, level))
    told = found.iloc[0][["cause", "variables", "also", "reason"]].to_dict()
    assert {name: word or "" for name, word in mine.items()} == told
    return str(told["cause"])


def test_what_breaks_a_record_is_the_same_in_both() -> None:
    assert set(cause.BREAKS) == set(BREAKS)
