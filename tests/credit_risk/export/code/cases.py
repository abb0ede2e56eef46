"""What the tests of printed code have in common: models, rows, and how an engine is held against the package."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings

from credit_risk.export.parity.engines import Engine, EngineRun
from credit_risk.export.program import Classify, Let, Program, Published, Tree, program_of
from credit_risk.export.program.terms import FALSE, Absent, Constant, Failed, Name, call, choose, number
from credit_risk.scoring import compile_model
from tests.contract import expression_strategies as made
from tests.contract.test_expressions import INPUTS
from tests.credit_risk.export.interpreter import FAILED, run_program

CORPUS = Path(__file__).parents[4] / "scorecards/format/corpus/valid"
PACKAGES = sorted(folder.name for folder in CORPUS.iterdir())
HASH = "0123456789abcdef" * 4


def cases_of(model: dict[str, Any], frame: pd.DataFrame) -> pd.DataFrame:
    """Rows as verification.csv has them: of those that the package scores."""
    compiled = compile_model(model)
    good = frame[~compiled.rows_in_error(frame)].reset_index(drop=True)
    inputs = good.rename(columns={name: f"in:{name}" for name in good.columns})
    scored = compiled.score(good)
    flags = [name for name in scored.columns if name.startswith("decision:")]
    scored[flags] = scored[flags].astype(float)
    titles = pd.DataFrame({"case": [f"row {k} */ ?" + "?/ \\u000a \\" for k in range(len(good))]})
    return pd.concat([titles, inputs, scored], axis=1)


def assert_parity(
    model: dict[str, Any],
    frame: pd.DataFrame,
    run: EngineRun,
    tolerance: float = 1e-12,
    *,
    left_out: tuple[str, ...] = (),
) -> None:
    """Results, errors, bins and leaves are those of the package: the path exactly, numbers to `tolerance`.

    left_out: starts of columns that the export does not give.
    """
    compiled = compile_model(model)
    failed = compiled.rows_in_error(frame)
    np.testing.assert_array_equal(run.results["in_error"].to_numpy() == 1.0, failed)
    program = program_of(model, HASH)
    expected = compiled.score(frame[~failed].reset_index(drop=True))
    found = run.results[~failed].reset_index(drop=True)
    for name in expected.columns:
        if left_out and name.startswith(left_out):
            assert name not in found
            continue
        if pd.api.types.is_float_dtype(expected[name]) or name.startswith("decision:"):
            want = expected[name].to_numpy(dtype=float)
            np.testing.assert_allclose(found[name].to_numpy(dtype=float), want, rtol=tolerance, atol=tolerance)
        else:
            want = [one if isinstance(one, str) else None for one in expected[name]]
            assert [one if isinstance(one, str) else None for one in found[name]] == want, name
    assert run.results.loc[failed].drop(columns="in_error").isna().all(axis=None)
    assert_path(program, frame[~failed], run.trace[~failed] if run.trace is not None else None)


def assert_path(program: Program, frame: pd.DataFrame, trace: pd.DataFrame | None) -> None:
    """Every bin and every leaf is that of the interpreter."""
    names = [one.name for one in program.statements if isinstance(one, Classify | Tree)]
    assert trace is not None
    assert set(names) <= set(trace.columns)
    rows = [{k: None if v is None or v != v else v for k, v in row.items()} for row in frame.to_dict("records")]
    for place, row in enumerate(rows):
        values = run_program(program, row)
        for name in names:
            assert trace[name].iloc[place] == values[name], (name, row)


@cache
def drawn_expressions(count: int) -> tuple[list[tuple[str, dict[str, Any]]], list[dict[str, Any]]]:
    """Typed expressions with their kinds, and rows for them: the same on every run."""
    found: list[tuple[str, dict[str, Any]]] = []
    rows: list[dict[str, Any]] = []
    for kind in ("number", "string", "flag"):
        kept = len(found)

        @settings(max_examples=count, deadline=None, database=None, derandomize=True)
        @given(expression=made.typed(kind, 2), row=made.rows)
        def collect(expression: dict[str, Any], row: dict[str, Any]) -> None:
            found.append(("", expression))
            rows.append(row)

        collect()
        found[kept:] = [(kind, expression) for _, expression in found[kept:]]
    return found, rows


def program_of_expressions(expressions: list[tuple[str, dict[str, Any]]], rows: list[dict[str, Any]]) -> Program:
    """A program that publishes of each expression its value (of a text: which of its values it is), and its error."""
    steps = [_derive(f"e{k}", kind, expression) for k, (kind, expression) in enumerate(expressions)]
    names = [step["output"] for step in steps]
    model = {
        "model": {"id": "many-expressions", "name": "Many", "version": "1", "type": "scorecard"},
        "outcome": {"type": "binary", "event": "bad", "probability_name": "PD"},
        "inputs": INPUTS,
        "steps": steps,
        "outputs": {"decision": names},
    }
    program = program_of(model, HASH)
    statements, published = list(program.statements[:-1]), []
    values = [run_program(program, row) for row in rows]
    for name, (kind, _) in zip(names, expressions, strict=True):
        failed = Failed(name) if name in program.failed else FALSE
        absent = Absent(name) if name in program.absent else FALSE
        if kind == "string":
            texts = sorted({one[name] for one in values if isinstance(one[name], str)})
            cases = [(call("text_equal", Name(name), Constant(one)), number(k)) for k, one in enumerate(texts)]
            statements.append(Let(f"{name} place", "number", choose(cases, number(-1.0)), absent, failed))
        statements.append(Let(f"{name} error", "flag", failed))
        place = f"{name} place" if kind == "string" else name
        published += [Published(name, place, "flag" if kind == "flag" else "number")]
        published += [Published(f"{name} error", f"{name} error", "flag")]
    statements.append(Let("none", "flag", FALSE))
    places = frozenset(f"{name} place" for name in names)
    return replace(
        program,
        statements=tuple(statements),
        published=(*published, Published("in_error", "none", "flag")),
        absent=program.absent | places & frozenset(one.name for one in statements if not is_never_absent(one)),
        failed=program.failed | places & frozenset(one.name for one in statements if not is_never_failed(one)),
    )


def is_never_absent(one: Any) -> bool:
    return not isinstance(one, Let) or one.absent == FALSE


def is_never_failed(one: Any) -> bool:
    return not isinstance(one, Let) or one.failed == FALSE


def _derive(name: str, kind: str, expression: dict[str, Any]) -> dict[str, Any]:
    head = {"id": name, "type": "derive", "output": name, "value_type": kind, "description": ""}
    return {**head, "expression": expression}


def run_engine(
    engine: Engine, kind: str, source: Any, model: dict[str, Any], frame: pd.DataFrame, folder: Path
) -> EngineRun:
    """Print, compile, self-test and score."""
    folder.mkdir(parents=True, exist_ok=True)
    program = program_of(model, HASH)
    files = {f"{kind}/{name}": data for name, data in source(program, cases_of(model, frame)).items()}
    return engine.run(program, files, frame, folder)


def assert_expressions(program: Program, run: EngineRun, rows: list[dict[str, Any]]) -> None:
    """Every published value of every row is that of the interpreter."""
    expected = [run_program(program, row) for row in rows]
    for one in program.published:
        for found, values in zip(run.results[one.column].tolist(), expected, strict=True):
            assert agrees(found, values[one.name]), (one, found, values[one.name])


def agrees(found: Any, want: Any) -> bool:
    """Whether an engine's cell is the interpreter's; what is missing or in error is missing."""
    if want is None or want is FAILED:
        return found is None or found != found
    return math.isclose(float(found), float(want), rel_tol=1e-12, abs_tol=1e-300)


def many_bins(model: dict[str, Any], count: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The scorecard with one numeric characteristic of `count` bins and one of as many categories, and rows in them."""
    bins: list[dict[str, Any]] = [
        {"kind": "interval", "lower": k * 0.1 if k else None, "upper": (k + 1) * 0.1 if k < count - 1 else None}
        for k in range(count)
    ]
    groups: list[dict[str, Any]] = [{"kind": "categories", "values": [f"category {k}"]} for k in range(count)]
    steps = []
    for name, kind, own in (("x", "numeric", bins), ("t", "categorical", [*groups, {"kind": "unseen"}])):
        listed = [*own, {"kind": "missing"}]
        for k, one in enumerate(listed):
            one.update({"id": k, "label": f"bin {k}", "woe": k / 7.0 - 300.0})
        step = {"id": name, "type": "classing", "input": name, "kind": kind, "bins": listed}
        steps.append({**step, "output_bin": f"{name} bin", "output_woe": f"{name} woe"})
    terms = [{"input": f"{name} woe", "coefficient": 0.001} for name in ("x", "t")]
    linear = {"id": "l", "type": "linear", "intercept": -1.0, "offset": None, "terms": terms, "output": "score"}
    link = {"id": "k", "type": "link", "function": "logit", "input": "score", "output": "p"}
    inputs = [
        {"name": "x", "type": "number", "specials": [], "description": ""},
        {"name": "t", "type": "string", "specials": [], "description": ""},
    ]
    outputs = {"linear_score": "score", "probability": "p"}
    made_model = {**model, "inputs": inputs, "steps": [*steps, linear, link], "outputs": outputs}
    places = [*range(0, count, 101), count - 1]
    rows = [{"x": k * 0.1, "t": f"category {k}"} for k in places]
    rows += [{"x": float(np.nextafter(k * 0.1, -1.0)), "t": "another"} for k in places] + [{"x": None, "t": None}]
    return made_model, rows


def no_cases(program: Program) -> pd.DataFrame:
    """No verification rows, with the columns that a program has."""
    names = ["case", *(f"in:{one.name}" for one in program.inputs), *(one.column for one in program.published)]
    return pd.DataFrame({name: pd.Series([], dtype=object) for name in names})
