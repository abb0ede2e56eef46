"""Every engine of the parity report on a machine that has none: told with what lacks, skipped, not proved."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from credit_risk.export.parity.run import ADAPTERS, NOT_PROVED, engines_at_hand, parity_report
from credit_risk.package import read_package

CORPUS = Path(__file__).parents[4] / "scorecards/format/corpus/valid"


def test_engines_that_are_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = read_package(CORPUS / "scorecard")
    engines = engines_at_hand(list(ADAPTERS))
    found = importlib.util.find_spec
    gone = ("duckdb", "pyspark", "psycopg", "pypmml", "onnxruntime", "sqlglot", "jpype", "py4j")
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name.split(".")[0] in gone else found(name, *more)
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CREDIT_RISK_POSTGRES", raising=False)
    report = parity_report(package, engines)
    assert len(report.engines) >= len(ADAPTERS) > 8
    for one in report.engines:
        assert one.verdict == NOT_PROVED, one.target
        assert one.reason, one.target
        assert one.compared == (), one.target
    assert len({one.reason for one in report.engines}) > 4
