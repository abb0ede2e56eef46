"""R's estimates: kept ones against the validator's, live ones where R is installed, and what is told where it fails."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.reference.second_technology.models import FOLDER, kept, of_package, simulated
from validation import read_package
from validation.comparisons.linear_models import compare_scorecards
from validation.comparisons.regression import compare_regressions
from validation.comparisons.second_technology import AREA, NOT_ASKED, TABLE, compare_second_technology
from validation.policy import read_policy
from validation.rebuild.workspace import Workspace, open_workspace
from validation.second_technology import NOT_INSTALLED, Answer, ask_r, read_answer, relative, write_inputs

Program = Callable[[str], str]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Make an Rscript of its own: the third word it is given is the folder that R reads and writes."""

    def make(text: str) -> str:
        file = tmp_path / "Rscript"
        file.write_text(f'#!/bin/sh\nset -e\nfolder="$3"\n{text}\n', "utf-8")
        file.chmod(0o755)
        return str(file)

    return make


def agree(answer: Answer, models: list, rtol: float = 1e-8) -> None:  # type: ignore[type-arg]
    assert answer.reason is None
    assert len(answer.models) == len(models)
    for model, found in zip(models, answer.models, strict=True):
        assert found.converged
        np.testing.assert_allclose(model.own_coefficient, found.coefficient, rtol=rtol, atol=1e-10)
        np.testing.assert_allclose(model.own_error, found.standard_error, rtol=rtol)


def test_kept_answers_are_of_one_version() -> None:
    assert set(kept()) == {"german_credit", "lgd", "loss_amounts", "simulated", "taiwan_credit"}
    versions = {(FOLDER / name / "r.csv").read_text("ascii").split()[1] for name in kept()}
    assert len(versions) == 1
    assert f"R version {versions.pop()}" in (FOLDER / "session_info.txt").read_text("utf-8")


def test_every_family_and_covariance_is_that_of_r() -> None:
    models = simulated()
    agree(read_answer(FOLDER / "simulated", models, []), models)


def test_r_itself_where_it_is_installed() -> None:
    """The kept answers are those of the script as it stands; without R there is nothing to be held against them."""
    models = simulated()
    answer = ask_r(models)
    if shutil.which("Rscript") is None:
        assert answer.reason == NOT_INSTALLED
    else:
        agree(answer, models)
        for found, old in zip(answer.models, read_answer(FOLDER / "simulated", models, []).models, strict=True):
            np.testing.assert_allclose(found.coefficient, old.coefficient, rtol=1e-9, atol=1e-11)
            assert found.deviance == pytest.approx(old.deviance, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("german_credit", "german_package"),
        ("taiwan_credit", "taiwan_package"),
        ("loss_amounts", "loss_package"),
        ("lgd", "lgd_package"),
    ],
)
def test_models_of_packages_are_those_of_r(name: str, package: str, request: pytest.FixtureRequest) -> None:
    models, classings = of_package(request.getfixturevalue(package))
    answer = read_answer(FOLDER / name, models, classings)
    agree(answer, models)
    for model, found in zip(models, answer.models, strict=True):
        np.testing.assert_allclose(model.coefficient, found.coefficient, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(model.standard_error, found.standard_error, rtol=1e-8)
    assert len(answer.woe) == len(classings) == (0 if name in ("loss_amounts", "lgd") else len(answer.woe))


@pytest.fixture
def space(german_package: Path) -> Workspace:
    found = open_workspace(read_package(german_package), read_policy())
    assert found is not None
    return found


def test_what_r_says_joins_the_comparison(space: Workspace, program: Program) -> None:
    fits = compare_regressions(space)
    compare_scorecards(space, fits, [], True, program(f'cp "{FOLDER}/german_credit/"*.csv "$folder"'))
    found = {one.quantity: one for one in space.ledger.comparisons if one.area.startswith(AREA)}
    assert set(found) == {"coefficients of scorecard", "standard errors of scorecard", "weights of evidence"}
    assert all(one.breaches == 0 and one.compared >= 9 for one in found.values())
    assert {one.area for one in found.values()} == {"second technology: R 4.2.2"}
    numerical = [one for one in space.ledger.comparisons if "numerical second derivatives" in one.quantity]
    assert [(one.compared, one.breaches) for one in numerical] == [(9, 0)]
    rows = space.ledger.tables[TABLE]
    assert [row[1] for row in rows][:2] == ["intercept", "checking_status"]
    assert max(abs(float(row[6])) for row in rows) < 1e-8


def test_what_r_does_not_find_is_a_breach(space: Workspace, program: Program, tmp_path: Path) -> None:
    from validation.comparisons.linear_models import scorecards_of

    (model,) = scorecards_of(space, compare_regressions(space))
    wrong = replace(
        model,
        coefficient=model.coefficient * (1 + 1e-6 * np.eye(len(model.terms))[2]),
        standard_error=model.standard_error * (1 + 1e-5 * np.eye(len(model.terms))[3]),
    )
    compare_second_technology(space, [wrong], True, program(f'cp "{FOLDER}/german_credit/"*.csv "$folder"'))
    found = {one.quantity: one for one in space.ledger.comparisons if one.area.startswith(AREA)}
    for quantity, place in (("coefficients of scorecard", 2), ("standard errors of scorecard", 3)):
        worst = found[quantity].worst
        assert found[quantity].breaches == 1
        assert worst is not None
        assert worst[0] == f"scorecard {model.terms[place]}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("echo 'Error: no memory' >&2; exit 3", "R ended with status 3: Error: no memory"),
        ("sleep 30", "R was stopped after 0.3 s"),
        ("true", "cannot be read"),
        ('for f in coefficients fits bins r; do echo model > "$folder/$f.csv"; done', "cannot be read"),
    ],
)
def test_failures_are_told(text: str, told: str, program: Program, space: Workspace) -> None:
    models = simulated()[:1]
    answer = ask_r(models, program=program(text.replace("sleep", "exec sleep")), timeout=0.3 if "sleep" in text else 20)
    assert told in str(answer.reason)


def test_terms_that_are_missing_are_told(program: Program) -> None:
    models = [replace(simulated()[0], x=simulated()[0].x[:, :2])]
    answer = ask_r(models, program=program(f'cp "{FOLDER}/simulated/"*.csv "$folder"'))
    assert "has 4 terms, not 2" in str(answer.reason)


def test_without_r_it_is_not_evaluable(space: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for asked, reason in ((True, NOT_INSTALLED), (False, NOT_ASKED)):
        compare_second_technology(space, simulated()[:1], asked)
        assert space.ledger.tables[TABLE] == reason
        last = space.ledger.outcomes[-1]
        assert (last.test, last.outcome, last.reason) == (AREA, "not_evaluable", reason)


def test_no_text_of_a_package_reaches_r(tmp_path: Path) -> None:
    evil = "system('touch /tmp/owned'); `rm -rf`; =cmd|' /C calc'!A0"
    model = simulated()[0]
    write_inputs(tmp_path, [replace(model, name=evil, terms=("intercept", evil, evil, evil), evidence=evil)], [])
    for file in tmp_path.iterdir():
        assert b"system" not in file.read_bytes()
    assert (tmp_path / "models.csv").read_text("ascii").splitlines()[1:] == ["1,400,4,logistic,logit,NA,nonrobust"]
    with pytest.raises(ValueError, match="no family"):
        write_inputs(tmp_path, [replace(model, family=evil)], [])


def test_doubles_arrive_as_they_are(tmp_path: Path) -> None:
    model = simulated()[3]
    write_inputs(tmp_path, [model], [])
    read = np.frombuffer((tmp_path / "model_1.bin").read_bytes(), "<f8").reshape(-1, len(model.y))
    np.testing.assert_array_equal(read[0], model.y)
    np.testing.assert_array_equal(read[4:].T, model.x)


def test_relative_differences() -> None:
    found = relative(np.array([1.0, 0.0, 2.0, np.nan]), np.array([1.0, 0.0, 1.0, 1.0]))
    np.testing.assert_array_equal(found, [0.0, 0.0, 0.5, np.nan])
