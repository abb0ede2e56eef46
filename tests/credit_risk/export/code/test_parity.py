"""Printed code, compiled by real compilers, gives what the package gives: results, errors, every bin and every leaf."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.export import export_package
from credit_risk.export.code.c import c_source
from credit_risk.export.code.java import java_source
from credit_risk.export.parity.adapters.c import Gcc
from credit_risk.export.parity.adapters.java import Java
from credit_risk.export.parity.engines import Engine, EngineError
from credit_risk.export.program import Program, program_of
from credit_risk.package import read_package
from tests.contract.test_expressions import table as expression_table
from tests.credit_risk.export.code import cases
from tests.credit_risk.scoring.strategies import rows as drawn_rows
from tests.credit_risk.scoring.strategies import scorecards
from tests.credit_risk.scoring.test_model import table

Source = Callable[[Program, pd.DataFrame], dict[str, bytes]]


@dataclass(frozen=True)
class Target:
    """An engine, its printer, and how near its numbers come."""

    engine: Engine
    source: Source

    def __str__(self) -> str:
        return self.engine.name


TARGETS = [Target(Gcc(), c_source), Target(Java(), java_source)]


@pytest.fixture(params=TARGETS, ids=str)
def target(request: pytest.FixtureRequest) -> Target:
    """An engine that is here."""
    found: Target = request.param
    if found.engine.version() is None:
        pytest.skip(found.engine.why_not())
    return found


def run(target: Target, model: dict[str, Any], frame: pd.DataFrame, folder: Path) -> None:
    """Print, compile, self-test, score, compare."""
    done = cases.run_engine(target.engine, target.engine.export, target.source, model, frame, folder)
    cases.assert_parity(model, frame, done)


def around(values: list[float]) -> list[float]:
    """Numbers with their neighbours among doubles and among single floats."""
    found = list(values)
    for value in values:
        found += [np.nextafter(value, -np.inf), np.nextafter(value, np.inf)]
        single = np.float32(value)
        found += [float(single), float(np.nextafter(single, np.float32(-np.inf)))]
        found.append(float(np.nextafter(single, np.float32(np.inf))))
    return [float(one) for one in found if np.isfinite(one)]


@pytest.mark.parametrize("name", cases.PACKAGES)
def test_packages_of_the_corpus(target: Target, name: str, tmp_path: Path) -> None:
    package = read_package(cases.CORPUS / name)
    files = export_package(package, [target.engine.export])
    verification = package.verification()
    frame = pd.DataFrame({item["name"]: verification[f"in:{item['name']}"] for item in package.model["inputs"]})
    done = target.engine.run(program_of(package.model, package.package_hash), files, frame, tmp_path)
    cases.assert_parity(package.model, frame, done)
    assert done.seconds > 0
    assert export_package(package, [target.engine.export]) == files
    head = next(iter(files.values())).decode()[:4000]
    assert package.package_hash in head.replace("\n", "")


def test_neighbours_of_every_threshold(target: Target, tmp_path: Path) -> None:
    """Boosting with attribution: rows at each threshold, beside it as doubles and as single floats, and missing."""
    package = read_package(cases.CORPUS / "attributed")
    step = next(one for one in package.model["steps"] if one["type"] == "trees")
    names = [item["name"] for item in package.model["inputs"]]
    base = package.verification()
    rows = [{name: base[f"in:{name}"].iloc[0] for name in names}]
    for tree in step["trees"]:
        for place, threshold in zip(tree["feature"], tree["threshold"], strict=True):
            if threshold is not None and step["features"][place] in names:
                rows += [{**rows[0], step["features"][place]: x} for x in [*around([threshold]), np.nan]]
    run(target, package.model, table(package.model, rows), tmp_path)


def test_any_scorecard(target: Target, tmp_path: Path) -> None:
    """Names, categories and codes with everything that ends a comment, a text or a line somewhere."""
    count = 0

    @settings(max_examples=4, deadline=None, database=None, derandomize=True)
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        nonlocal count
        count += 1
        model = data.draw(scorecards())
        frame = table(model, [row for _ in range(4) for row in data.draw(drawn_rows(model))])
        run(target, model, frame, tmp_path / str(count))

    check()


def test_expressions_in_one_program(target: Target, tmp_path: Path) -> None:
    """Hundreds of expressions, every operation among them, in one program."""
    expressions, rows = cases.drawn_expressions(120)
    program = cases.program_of_expressions(expressions, rows)
    kind = target.engine.export
    files = {f"{kind}/{name}": data for name, data in target.source(program, cases.no_cases(program)).items()}
    done = target.engine.run(program, files, expression_table(rows), tmp_path)
    cases.assert_expressions(program, done, rows)


def test_thousands_of_bins(target: Target, tmp_path: Path) -> None:
    package = read_package(cases.CORPUS / "scorecard")
    model, rows = cases.many_bins(package.model, 5_000)
    run(target, model, table(model, rows), tmp_path)


def test_altered_row_of_the_self_test_is_found(target: Target, tmp_path: Path) -> None:
    package = read_package(cases.CORPUS / "scorecard")
    program = program_of(package.model, package.package_hash)
    verification = package.verification()
    verification.loc[3, "probability"] += 1e-9
    kind = target.engine.export
    files = {f"{kind}/{name}": data for name, data in target.source(program, verification).items()}
    frame = pd.DataFrame({one.name: verification[f"in:{one.name}"] for one in program.inputs})
    with pytest.raises(EngineError, match="row 4: probability"):
        target.engine.run(program, files, frame, tmp_path)
