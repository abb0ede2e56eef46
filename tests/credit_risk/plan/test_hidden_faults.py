"""Faults between keys are told together with faults of other keys of the same part, and none is made up."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from credit_risk._core.errors import PlanError
from credit_risk._core.yaml_document import Document
from credit_risk.plan import Plan, read_plan
from credit_risk.plan.hidden_faults import hidden_faults
from credit_risk.plan.plan import CROSS_FAULT

HEAD = "model: {id: m}\ndata: {source: t.csv, key: ID}\noutcome: {column: Y, bad: 1}\n"
BEFORE = "before is not earlier than after"


def told(tmp_path: Path, text: str) -> list[tuple[str | None, str]]:
    (tmp_path / "plan.yaml").write_text(HEAD + text, "utf-8")
    with pytest.raises(PlanError) as caught:
        read_plan(tmp_path)
    return [(fault.path, f"{fault.message}: {fault.allowed}") for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "paths", "said"),
    [
        (
            'samples: {out_of_time: {after: "2020-01-01", before: "2021-01-01", grups: apart}}',
            ["samples.out_of_time", "samples.out_of_time.grups"],
            BEFORE,
        ),
        (
            "samples: {out_of_sample: 0.6, calibration: 0.5, seed: abc}",
            ["samples", "samples.seed"],
            "together leave no development",
        ),
        (
            "rating_scale: {bounds: [0.5, 0.2], max_share: 3}",
            ["rating_scale", "rating_scale.max_share"],
            "bounds are not ascending",
        ),
    ],
)
def test_a_fault_between_keys_is_told_beside_one_of_a_key(
    tmp_path: Path, text: str, paths: list[str], said: str
) -> None:
    found = told(tmp_path, text)
    assert sorted(str(path) for path, _ in found) == paths
    assert any(said in words for _, words in found)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        # What needs the key at fault is not told as if the key did not stand there.
        (
            "samples: {out_of_time: {after: [1], grups: apart}}",
            ["samples.out_of_time.after", "samples.out_of_time.grups"],
        ),
        ("strategy: {aim: {type: acceptance_at_least, limit: high}}", ["strategy.aim.limit"]),
        ("strategy: {aim: {type: no_such, limit: 0.4}}", ["strategy.aim.type"]),
        ("rating_scale: {bounds: [0.2, x], max_share: 3}", ["rating_scale.bounds[1]", "rating_scale.max_share"]),
        ("rating_scale: {probability: given, probabilities: high}", ["rating_scale.probabilities"]),
        (
            "margin_of_conservatism: [{category: A, deficiency: d, size: high, owner: o, date: 2024-01-01}]",
            ["margin_of_conservatism[0].size"],
        ),
    ],
)
def test_no_fault_is_made_up_of_what_was_left_out(tmp_path: Path, text: str, paths: list[str]) -> None:
    found = [str(path) for path, _ in told(tmp_path, text)]
    assert [path for path in paths if path not in found] == []
    above = {path for path in found if any(other.startswith((f"{path}.", f"{path}[")) for other in found)}
    assert not above


RICH = (
    HEAD.replace("key: ID", "key: ID, date: D")
    + """
samples: {out_of_time: {after: "2021-01-01", before: "2020-01-01"}, out_of_sample: 0.2, calibration: 0.2}
rating_scale: {bounds: [0.1, 0.3], probability: given, probabilities: [0.05, 0.2, 0.5], names: [A, B, C]}
calibration:
  methods: [beta]
  external: {column: BAND, bands: [{upper: 2, rate: 0.1}, {lower: 2, rate: 0.3}], source: bureau, date: "2024-01-01"}
long_run:
  cycle: {years: [{year: 2020, downturn: true}, {year: 2021, downturn: false}], indicator: unemployment, source: office}
  adjustment: {method: reweight, reason: r, author: a, date: "2024-01-01"}
margin_of_conservatism:
  - {category: A, deficiency: d, size: 0.1, kind: relative, quantified: q, owner: o, date: "2024-01-01"}
  - {category: C, deficiency: d, confidence: 0.9, quantified: q, owner: o, date: "2024-01-01"}
strategy: {aim: {type: acceptance_at_least, limit: 0.6}, cut_off: 500}
models:
  - {id: card, type: scorecard, champion: true}
  - {id: trees, type: monotone_boosting, trees: 10}
"""
)


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Paths of all mappings, lists and values."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in parts:
        yield (*path, key)
        yield from leaves(inner, (*path, key))


@pytest.mark.parametrize("wrong", ["text?", -77.5, {"nothing": 1}, [[]], None])
def test_one_wrong_value_in_a_right_plan_gives_no_fault_above_it(wrong: object) -> None:
    """Every key of a plan in turn: what is told at a mapping around it would be made up."""
    right = yaml.safe_load(RICH)
    assert validated(right) is None
    for path in leaves(right):
        value = copy.deepcopy(right)
        place = value
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = wrong
        error = validated(value)
        if error is not None:
            document = Document(value, {}, ())
            assert hidden_faults(error, document, Plan, CROSS_FAULT) == [], (path, wrong)


def validated(value: dict[str, Any]) -> ValidationError | None:
    try:
        Plan.model_validate(value)
    except ValidationError as error:
        return error
    return None
