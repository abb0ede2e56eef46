"""A plan and its data are checked together, as far as both can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from credit_risk.plan import check_plan

HEAD = "model: {id: m}\n"


@pytest.fixture
def check(tmp_path: Path):
    rows = "\n".join(f"{index},{index % 7 * 1.5},{'ab'[index % 2]},{int(index % 4 == 0)}" for index in range(80))
    (tmp_path / "t.csv").write_text(f"ID,AMOUNT,KIND,Y\n{rows}\n", "utf-8")

    def checker(text: str) -> list[tuple[str, str]]:
        (tmp_path / "plan.yaml").write_text(text, "utf-8")
        return [(fault.code, fault.path) for fault in check_plan(tmp_path)]

    return checker


def test_nothing_to_tell(check) -> None:
    assert check(HEAD + "data: {source: t.csv, key: ID}\noutcome: {column: Y, bad: 1}\n") == []


def test_faults_of_plan_and_data_together(check) -> None:
    text = """\
model: {id: m, nam: x}
data: {source: t.csv, key: KIND, columns: {AMOUNT: {range: [0, 3]}, AMONT: {}, KIND: {tpye: numeric}}}
outcome: {column: Y, bad: 7}
scaling: {base_odds: high}
classing: {monotonic: {ID: up, AGE: peak}}
"""
    assert check(text) == [
        ("unknown_key", "model.nam"),
        ("unknown_key", "data.columns.KIND.tpye"),
        ("value", "scaling.base_odds"),
        ("value", "classing.monotonic.ID"),
        ("absent", "data.columns.AMONT"),
        ("absent", "classing.monotonic.AGE"),
        ("range", "data.columns.AMOUNT.range"),
        ("duplicate_key", "data.key"),
        ("one_class", "outcome.bad"),
    ]


def test_data_are_looked_at_though_the_model_has_no_id(check) -> None:
    assert check("model: {}\ndata: {source: t.csv, key: KEY}\noutcome: {column: Y, bad: 1}\n") == [
        ("missing_key", "model.id"),
        ("absent", "data.key"),
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (HEAD + "data: {source: none.csv}\noutcome: {column: Y, bad: 1}\n", [("unreadable", None)]),
        (HEAD + "data: {}\noutcome: {column: Y, bad: 1}\n", [("missing_key", "data.source")]),
        (HEAD + "data: {source: t.csv}\n", [("missing_key", "outcome")]),
        ("- a\n", [("yaml", None)]),
        (
            HEAD + "data: {source: t.csv}\noutcome: {column: Y, bad: 1}\nsamples: {out_of_sample: 0.001}\n",
            [("empty_class", "samples.out_of_sample")] * 2,
        ),
    ],
)
def test_what_cannot_be_looked_at(check, text: str, wanted: list[tuple[str, str | None]]) -> None:
    assert check(text) == wanted


def test_no_plan_at_all(tmp_path: Path) -> None:
    (fault,) = check_plan(tmp_path / "nothing.yaml")
    assert fault.code == "unreadable"


def test_edges_of_subpopulations_ascend_and_are_of_numbers(check) -> None:
    head = HEAD + "data: {source: t.csv, key: ID}\noutcome: {column: Y, bad: 1}\n"
    wrong = "evaluation: {subpopulations: [AMOUNT], subpopulation_edges: {AMOUNT: [4, 3]}}\n"
    assert check(head + wrong) == [("order", "evaluation.subpopulation_edges.AMOUNT")]
    text = "evaluation: {subpopulations: [KIND], subpopulation_edges: {KIND: [1, 2]}}\n"
    assert check(head + text) == [("type", "evaluation.subpopulation_edges.KIND")]
    assert check(head + wrong.replace("4, 3", "3, 4")) == []
