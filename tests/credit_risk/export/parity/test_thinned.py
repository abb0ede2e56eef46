"""Which rows engines are given: all kinds in one run, thinned to rows that reach every bin and leaf."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk._core.spark import HEAP_A_BYTE, memory_remedy
from credit_risk.export.parity.compare import expected_results
from credit_risk.export.parity.engines import EngineError, EngineRun
from credit_risk.export.parity.rows import covering
from credit_risk.export.parity.run import MOST_ROWS, parity_report
from credit_risk.export.program import Program, program_of
from credit_risk.export.spreadsheet.book import Book
from credit_risk.package import Package, read_package
from credit_risk.scoring import compile_model

CORPUS = Path(__file__).parents[4] / "scorecards/format/corpus/valid"
CELLS = st.one_of(st.none(), st.integers(0, 4).map(float))


class Itself:
    """An engine that is the package itself; it refuses runs of more than `most` rows, and keeps what it was given."""

    name, export = "itself", "pmml"

    def __init__(self, package: Package, most: int = 1_000_000) -> None:
        self.compiled, self.most, self.given = compile_model(package.model), most, []

    def version(self) -> str | None:
        return "1"

    def why_not(self) -> str:
        return ""

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        self.given.append(frame)
        if len(frame) > self.most:
            raise EngineError(f"{len(frame)} rows are too many")
        expected = expected_results(self.compiled, program, frame)
        return EngineRun(expected.results, expected.trace, 1.0)


@pytest.fixture(scope="module")
def package() -> Package:
    return read_package(CORPUS / "scorecard")


@given(st.integers(1, 5).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=30)))
def test_rows_that_cover_reach_every_value_of_every_column(rows: list[list[float | None]]) -> None:
    trace = pd.DataFrame(rows, dtype=np.float64)
    taken = covering(trace)
    assert len(set(taken.tolist())) == len(taken)
    for name in trace:
        assert set(trace[name].dropna()) == set(trace[name].iloc[taken].dropna())
    alone = [sum(len(set(trace[name].dropna())) for name in trace), len(trace)]
    assert len(taken) <= min(alone)
    for k, place in enumerate(taken):  # no row is taken to which those before it leave nothing
        before = trace.iloc[taken[:k]]
        assert any(pd.notna(x := trace[name].iloc[place]) and x not in set(before[name]) for name in trace)


def test_all_kinds_of_rows_are_given_in_one_run(package: Package) -> None:
    engine = Itself(package)
    report = parity_report(package, [engine], {"again": verification(package)})
    assert [len(frame) for frame in engine.given] == [sum(report.populations.values())]
    assert [one.population for one in report.engines[0].compared] == list(report.populations)
    assert [one.parity.rows for one in report.engines[0].compared] == list(report.populations.values())
    assert report.engines[0].verdict == "agrees"


def test_what_breaks_an_engine_leaves_the_kinds_before_it_compared(package: Package) -> None:
    rows = verification(package)
    table = pd.concat([rows] * 9, ignore_index=True)
    report = parity_report(package, [Itself(package, most=len(table) - 1)], {"table": table}).engines[0]
    assert (report.verdict, report.reason) == ("failed", f"{len(table)} rows are too many")
    assert [one.population for one in report.compared] == ["verification rows", "neighbours of thresholds"]


def test_thinned_rows_reach_every_bin_of_the_table(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = verification(package)
    table = pd.concat([rows.iloc[[0] * 500], rows, rows.iloc[[0] * 500]], ignore_index=True)
    monkeypatch.setitem(MOST_ROWS, "itself", 60)
    engine = Itself(package)
    told = parity_report(package, [engine], {"table": table}).engines[0].compared[-1]
    assert (told.of_rows, told.parity.rows) == (len(table), 60)
    given_rows = engine.given[0].iloc[-60:].reset_index(drop=True)
    program = _program(package)
    want = expected_results(engine.compiled, program, rows).trace
    found = expected_results(engine.compiled, program, given_rows).trace
    for name in want:
        assert set(found[name].dropna()) == set(want[name].dropna())


@pytest.mark.parametrize(("bytes_", "lacks"), [(1_000_000, False), (1_200_000, True)])
def test_a_driver_with_too_little_memory_is_told_how_to_begin_it(bytes_: int, lacks: bool) -> None:
    heap = SimpleNamespace(maxMemory=lambda: HEAP_A_BYTE * 1_100_000)
    runtime = SimpleNamespace(getRuntime=lambda: heap)
    session = SimpleNamespace(_jvm=SimpleNamespace(java=SimpleNamespace(lang=SimpleNamespace(Runtime=runtime))))
    remedy = memory_remedy(session, "x" * bytes_)
    assert (remedy is not None) == lacks
    if remedy is not None:
        assert "spark.driver.memory=2g" in remedy
        assert f"{bytes_:,} bytes" in remedy
    assert memory_remedy(SimpleNamespace(), "x" * bytes_) is None


@pytest.mark.parametrize("formula", ["=A{}+1", "=SWITCH(A{},1,2)"])
def test_formulas_down_a_column_are_those_written_one_by_one(formula: str) -> None:
    books = []
    for together in (False, True):
        book = Book("title", "subject")
        sheet = book.sheet("Rows")
        texts = [formula.format(row) for row in range(1, 8)]
        if together:
            sheet.fill(2, 1, texts, book.style())
        else:
            for row, text in enumerate(texts, start=2):
                sheet.write_formula(row, 1, text, book.style())
        books.append(book.bytes())
    assert books[0] == books[1]


def verification(package: Package) -> pd.DataFrame:
    cases = package.verification()
    return pd.DataFrame({one.name: cases[f"in:{one.name}"] for one in _program(package).inputs})


def _program(package: Package) -> Program:
    return program_of(package.model, package.package_hash)
