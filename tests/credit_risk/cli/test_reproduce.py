"""`credit-risk reproduce`: bit-identical from the recorded plan and data; else what differs, or why not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from credit_risk.lifecycle import reproduce as module
from credit_risk.lifecycle.reproduce import _inside, _json_places
from credit_risk.package import read_package
from tests.credit_risk.cli.command import PLAN, QUICK, credit_risk, done, portfolio


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("again"), PLAN + QUICK, portfolio(), "--no-validation")


def test_the_same_plan_and_data_give_every_byte_again(made: Path) -> None:
    before = sorted(path.name for path in made.parent.iterdir())
    ended = credit_risk("reproduce", made, "--plan", made.parent, "--quiet")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("bit-identical: ")
    assert read_package(made).package_hash in ended.out
    assert sorted(path.name for path in made.parent.iterdir()) == before


def test_other_data_and_data_that_are_gone_are_refused_before_the_work(made: Path, tmp_path: Path) -> None:
    ended = credit_risk("reproduce", made, "--plan", tmp_path, "--quiet")
    assert ended.status == 2
    assert "the data of the plan are not there" in ended.err
    portfolio(seed=4).to_csv(tmp_path / "table.csv", index=False, lineterminator="\n")
    ended = credit_risk("reproduce", made, "--plan", tmp_path, "--quiet")
    assert ended.status == 2
    assert "is not the file that the package was made of" in ended.err


def test_another_program_is_told_by_file_and_place(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = module.develop

    def changed(*arguments: object, **options: object) -> object:
        found = whole(*arguments, **options)  # type: ignore[arg-type]
        model = json.loads(json.dumps(found.champion.model))
        step = next(step for step in model["steps"] if step["type"] == "linear")
        step["intercept"] *= 1.001
        champion = replace(found.champion, model=model)
        others = tuple(champion if one is found.champion else one for one in found.candidates)
        return replace(found, candidates=others, snapshot=found.snapshot.assign(AGE=found.snapshot["AGE"] + 1))

    monkeypatch.setattr(module, "develop", changed)
    ended = credit_risk("reproduce", made, "--plan", made.parent, "--quiet")
    assert ended.status == 1
    assert "model.json: has other values, numbers by up to a relative 0.000999" in ended.out
    assert "/intercept" in ended.out
    assert "AGE: 600 of 600 rows" in ended.out


def test_places_of_two_values() -> None:
    one = {"a": [1, 2.0, {"b": None}], "c": "x", "d": True}
    two = {"a": [1, 2.5], "c": "x", "d": 1, "e": 0}
    found = dict(_json_places(one, two))
    assert set(found) == {"/a/1", "/a/2", "/d", "/e"}
    assert found["/a/1"] == pytest.approx(0.2)
    assert found["/d"] is None


def test_lines_of_a_text_that_differ(made: Path) -> None:
    found = _inside("verification.csv", b"a\nb\nc\n", b"a\nx\nc\nd\n", made, read_package(made))
    assert (found.places, found.count) == (("line 2",), 2)


def test_libraries_that_differ_are_no_difference_of_files(made: Path) -> None:
    told = module.Reproduction("a", "b", 3, (), {"numpy": ("1", "2")})
    assert (told.identical, told.same_files) == (False, True)
