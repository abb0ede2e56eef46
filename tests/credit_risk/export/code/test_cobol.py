"""COBOL compiled by GnuCOBOL gives what the package gives: results, errors, bins, leaves; arithmetic to the bit."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from credit_risk._core.errors import PackageError
from credit_risk.export import export_package
from credit_risk.export.code.cobol import cobol_source, layout_of, program_id
from credit_risk.export.parity.adapters.cobol import GnuCobol
from credit_risk.export.parity.engines import EngineError, EngineRun
from credit_risk.export.program import Let, Program, Published, program_of
from credit_risk.export.program.terms import FALSE, Absent, Name, any_of, call
from credit_risk.package import read_package
from tests.contract.test_expressions import table as expression_table
from tests.credit_risk.export.code import cases
from tests.credit_risk.export.code.test_parity import around
from tests.credit_risk.export.tree_models import tree_models
from tests.credit_risk.scoring.strategies import rows as drawn_rows
from tests.credit_risk.scoring.strategies import scorecards
from tests.credit_risk.scoring.test_model import table

ENGINE = GnuCobol()
compiled = pytest.mark.skipif(ENGINE.version() is None, reason=ENGINE.why_not())
LONG = {"amount", "fraction", "scorecard"}
PACKAGES = [pytest.param(one, marks=[pytest.mark.slow] if one in LONG else []) for one in cases.PACKAGES]


def run(model: dict[str, Any], frame: pd.DataFrame, folder: Path) -> None:
    """Print, compile, self-test, score, compare."""
    done = cases.run_engine(ENGINE, "cobol", cobol_source, model, frame, folder)
    cases.assert_parity(model, frame, done, left_out=left_out(model))


def left_out(model: dict[str, Any]) -> tuple[str, ...]:
    """Reasons of trees are not there."""
    return ("reason_",) if any(step["type"] == "attribution" for step in model["steps"]) else ()


def sources(model: dict[str, Any], frame: pd.DataFrame) -> dict[str, bytes]:
    return cobol_source(program_of(model, cases.HASH), cases.cases_of(model, frame))


def assert_sound(files: dict[str, bytes]) -> None:
    """Fixed format: 72 columns, an indicator that is blank or a star, plain ASCII but for comments, short names."""
    for data in files.values():
        for line in data.decode("utf-8").split("\n"):
            assert len(line.encode("utf-8")) <= 72, line
            assert line[:6].strip() == ""
            assert line[6:7] in ("", " ", "*")
            code = re.sub(r'X?"(?:[^"]|"")*"', " ", line if line[6:7] == " " else "").split("*>")[0]
            code.encode("ascii")
            assert '"' not in code
            assert all(len(word) <= 30 for word in re.findall(r"[A-Za-z0-9-]+", code)), line


@compiled
@pytest.mark.parametrize("name", PACKAGES)
def test_packages_of_the_corpus(name: str, tmp_path: Path) -> None:
    package = read_package(cases.CORPUS / name)
    files = export_package(package, ["cobol"])
    verification = package.verification()
    frame = pd.DataFrame({item["name"]: verification[f"in:{item['name']}"] for item in package.model["inputs"]})
    done = ENGINE.run(program_of(package.model, package.package_hash), files, frame, tmp_path)
    cases.assert_parity(package.model, frame, done, left_out=left_out(package.model))
    assert done.seconds > 0


@pytest.mark.parametrize("name", cases.PACKAGES)
def test_sources_of_the_corpus_are_sound(name: str) -> None:
    package = read_package(cases.CORPUS / name)
    files = export_package(package, ["cobol"])
    assert files == export_package(package, ["cobol"])
    word = program_id(package.model["model"]["id"])
    assert set(files) == {f"cobol/{word}{end}" for end in (".cbl", "R.cpy", "T.cbl", "B.cbl")}
    assert all(package.package_hash in data.decode()[:4000] for data in files.values())
    assert "IBM Enterprise COBOL" in " ".join(files[f"cobol/{word}.cbl"].decode()[:4000].split())
    assert ("LEFT OUT: reason_1" in files[f"cobol/{word}.cbl"].decode()) == bool(left_out(package.model))
    assert_sound(files)


@compiled
def test_neighbours_of_every_threshold(tmp_path: Path) -> None:
    """Boosting: rows at each threshold, beside it as doubles and as single floats, and missing."""
    package = read_package(cases.CORPUS / "attributed")
    step = next(one for one in package.model["steps"] if one["type"] == "trees")
    names = [item["name"] for item in package.model["inputs"]]
    base = package.verification()
    rows = [{name: base[f"in:{name}"].iloc[0] for name in names}]
    for tree in step["trees"]:
        for place, threshold in zip(tree["feature"], tree["threshold"], strict=True):
            if threshold is not None and step["features"][place] in names:
                rows += [{**rows[0], step["features"][place]: x} for x in [*around([threshold]), np.nan]]
    run(package.model, table(package.model, rows), tmp_path)


def drawn(models: st.SearchStrategy[dict[str, Any]], count: int, folder: Path) -> None:
    """Models with names, categories and codes of everything that ends a comment, a text or a line somewhere."""
    done = 0

    @settings(max_examples=count, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        nonlocal done
        done += 1
        model = data.draw(models)
        frame = table(model, [row for _ in range(8) for row in data.draw(drawn_rows(model))])
        assert_sound(sources(model, frame))
        run(model, frame, folder / str(done))

    check()


@compiled
def test_any_scorecard(tmp_path: Path) -> None:
    drawn(scorecards(), 2, tmp_path)


@compiled
def test_any_trees(tmp_path: Path) -> None:
    drawn(tree_models(), 2, tmp_path)


@compiled
@pytest.mark.slow
def test_many_models(tmp_path: Path) -> None:
    drawn(st.one_of(scorecards(), tree_models()), 16, tmp_path)


def expressions(count: int, folder: Path) -> None:
    """Expressions of every operation in one program."""
    listed, rows = cases.drawn_expressions(count)
    program = cases.program_of_expressions(listed, rows)
    files = {f"cobol/{name}": data for name, data in cobol_source(program, cases.no_cases(program)).items()}
    assert_sound(files)
    cases.assert_expressions(program, ENGINE.run(program, files, expression_table(rows), folder), rows)


@compiled
def test_expressions(tmp_path: Path) -> None:
    expressions(20, tmp_path)


@compiled
@pytest.mark.slow
def test_hundreds_of_expressions(tmp_path: Path) -> None:
    expressions(120, tmp_path)


@compiled
@pytest.mark.slow
def test_thousands_of_bins(tmp_path: Path) -> None:
    package = read_package(cases.CORPUS / "scorecard")
    model, rows = cases.many_bins(package.model, 5_000)
    run(model, table(model, rows), tmp_path)


@compiled
def test_hundreds_of_bins(tmp_path: Path) -> None:
    package = read_package(cases.CORPUS / "scorecard")
    model, rows = cases.many_bins(package.model, 320)
    run(model, table(model, rows), tmp_path)


@compiled
def test_altered_row_of_the_self_test_is_found(tmp_path: Path) -> None:
    package = read_package(cases.CORPUS / "scorecard")
    program = program_of(package.model, package.package_hash)
    verification = package.verification()
    verification.loc[3, "probability"] += 1e-9
    files = {f"cobol/{name}": data for name, data in cobol_source(program, verification).items()}
    frame = pd.DataFrame({one.name: verification[f"in:{one.name}"] for one in program.inputs})
    with pytest.raises(EngineError, match="row 4: probability"):
        ENGINE.run(program, files, frame, tmp_path)


# --------------------------------------------------------------------------------------------------------- arithmetic
Operation = Callable[[np.ndarray, np.ndarray], np.ndarray]
EXACT: dict[str, Operation] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "minimum": np.minimum,
    "maximum": np.maximum,
}
NEAR: dict[str, Operation] = {
    "exponential": lambda a, b: np.exp(a),
    "logarithm": lambda a, b: np.log(b),
    "normal": lambda a, b: ndtr(a),
}


def arithmetic(a: np.ndarray, b: np.ndarray, folder: Path) -> EngineRun:
    """Every operation on pairs of numbers: a program of two inputs and a result an operation."""
    package = read_package(cases.CORPUS / "scorecard")
    program = program_of(package.model, cases.HASH)
    inputs = tuple(replace(program.inputs[0], name=name, kind="number") for name in "ab")
    gone = any_of(Absent("a"), Absent("b"))
    terms = {op: (Name("a"), Name("b")) for op in EXACT} | {
        "exponential": (Name("a"),),
        "logarithm": (Name("b"),),
        "normal": (Name("a"),),
        "floor": (Name("a"),),
        "round_half_away_from_zero": (Name("a"),),
    }
    lets = [Let(op, "number", call(op, *arguments), gone, checked=True) for op, arguments in terms.items()]
    lets += [Let(op, "flag", call(op, Name("a"), Name("b"))) for op in ("less", "less_or_equal", "equal")]
    made: Program = replace(
        program,
        inputs=inputs,
        statements=(*lets, Let("none", "flag", FALSE)),
        published=(*(Published(one.name, one.name, one.kind) for one in lets), Published("in_error", "none", "flag")),
        absent=frozenset(["a", "b", *terms]),
        failed=frozenset(terms),
    )
    files = {f"cobol/{name}": data for name, data in cobol_source(made, cases.no_cases(made)).items()}
    return ENGINE.run(made, files, pd.DataFrame({"a": a, "b": b}), folder)


def pairs() -> tuple[np.ndarray, np.ndarray]:
    """Pairs of everyday, whole, nearly equal, tied, small and huge numbers."""
    rng = np.random.default_rng(20261127)
    n = 300
    near = rng.normal(size=n)
    apart = near * rng.choice([1.0, 2.0, 4.0, 0.5, 1.5, -1.0, -0.5], n) * (1 + 2.0**-52 * rng.integers(-4, 5, n))
    found = [
        (rng.normal(size=n) * 10.0 ** rng.integers(-6, 7, n), rng.normal(size=n) * 10.0 ** rng.integers(-6, 7, n)),
        (rng.integers(-1000, 1000, n) / 8.0, rng.integers(1, 1000, n) * 1.0),
        (near, apart),
        (rng.integers(-(2**53), 2**53, n) * 1.0, rng.integers(1, 2**53, n) * 2.0 ** rng.integers(-60, 3, n)),
        (rng.integers(1, 9, n) * 1.0, rng.uniform(1, 9, n) * 10.0 ** rng.integers(10, 80, n)),
        (rng.uniform(-9, 9, n), rng.uniform(1, 9, n) * 10.0 ** rng.integers(-200, -10, n)),
        (np.array([0.1, 0.5, -0.5, 2.5, -2.5, 1.0, 3.0, 0.0]), np.array([0.3, 0.5, -0.5, 3.0, 7.0, 1.0, 10.0, 1.0])),
    ]
    return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


@compiled
def test_arithmetic_is_that_of_doubles(tmp_path: Path) -> None:
    """Add, subtract, multiply, divide to the last bit of IEEE 754; exp, log and normal nearly; order exactly."""
    a, b = pairs()
    done = arithmetic(a, b, tmp_path).results
    with np.errstate(all="ignore"):
        for name, operation in EXACT.items():
            np.testing.assert_array_equal(done[name].to_numpy() + 0.0, operation(a, b) + 0.0, err_msg=name)
        for name, operation in NEAR.items():
            want = operation(a, b)
            want[~np.isfinite(want)] = np.nan
            atol = 3e-15 if name == "normal" else 0.0
            np.testing.assert_allclose(done[name].to_numpy(), want, rtol=1e-13, atol=atol, err_msg=name)
    np.testing.assert_array_equal(done["floor"].to_numpy(), np.floor(a) + 0.0)
    rounded = np.copysign(np.floor(np.abs(a) + 0.5), a) + 0.0
    np.testing.assert_array_equal(done["round_half_away_from_zero"].to_numpy(), rounded)
    for name, order in (("less", a < b), ("less_or_equal", a <= b), ("equal", a == b)):
        np.testing.assert_array_equal(done[name].to_numpy() == 1.0, order)


@compiled
def test_numbers_beyond_all_doubles_are_in_error(tmp_path: Path) -> None:
    """What overflows has no result, what is nearly as large has; infinite and missing inputs are told apart."""
    largest = np.finfo(float).max
    a = np.array([largest, largest, -largest, 1e200, 1e200, 710.0, -800.0, np.nan, 5e-324, 12345.678])
    b = np.array([largest, 0.0, -1.0, 1e200, 1e-200, 1.0, 1.0, 1.0, 0.5, 1.0])
    done = arithmetic(a, b, tmp_path).results
    shutil.copy(tmp_path / "SCORED", tmp_path / "SCORED.before")
    with np.errstate(all="ignore"):
        for name, operation in {**EXACT, **NEAR}.items():
            want = operation(a, b)
            want[~np.isfinite(want) | np.isnan(a)] = np.nan
            np.testing.assert_allclose(done[name].to_numpy(), want, rtol=1e-13, atol=0.0, err_msg=name)
    assert not done["in_error"].any()
    rows = (tmp_path / "ROWS").read_bytes()
    (tmp_path / "ROWS").write_bytes(rows.replace(np.float64(12345.678).tobytes(), np.float64(np.inf).tobytes()))
    subprocess.run(["./BATCH"], cwd=tmp_path, check=True)
    before, after = (tmp_path / "SCORED.before").read_bytes(), (tmp_path / "SCORED").read_bytes()
    assert before[: -len(before) // 10] == after[: -len(after) // 10]
    flag = -(2 + 4 + 8)
    assert (before[flag : flag + 2], after[flag : flag + 2]) == (b"\0\0", b"\1\0")


# -------------------------------------------------------------------------------------------------------------- texts
@compiled
def test_texts_are_compared_with_their_length(tmp_path: Path) -> None:
    """Blanks at the end count, and a text that is longer than any category is none of them, whatever it begins with."""
    package = read_package(cases.CORPUS / "scorecard")
    model, _ = cases.many_bins(package.model, 3)
    words = ["own", "own ", "Übergröße und mehr als zwanzig"]
    held = next(step for step in model["steps"] if step["id"] == "t")
    for one, word in zip(held["bins"], words, strict=False):
        one["values"] = [word]
    size = layout_of(program_of(model, cases.HASH)).text_size
    assert size == len(words[2].encode())
    rows = [*words, "own  ", " own", words[2] + " ", words[2] + "r", words[2][:-1], "o", None, "Ü" * 400]
    run(model, table(model, [{"x": 1.0, "t": one} for one in rows]), tmp_path)


def test_published_text_without_a_greatest_length_is_refused() -> None:
    program = program_of(read_package(cases.CORPUS / "scorecard").model, cases.HASH)
    text = replace(program.inputs[0], name="words", kind="text")
    made = replace(
        program,
        inputs=(*program.inputs, text),
        published=(Published("grade", "words", "text"), *program.published),
    )
    with pytest.raises(PackageError, match="'grade' is a text without a greatest length"):
        cobol_source(made, cases.no_cases(made))
