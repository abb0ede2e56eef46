"""Goods and bads that a characteristic separates: told in the labels of its bins, whether it leaves or must stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.credit_risk.cli.command import PLAN, QUICK, disagreements, done, frame, portfolio, run, write_plan

MARKED = PLAN.replace("source: table.csv", 'source: table.csv, columns: {MARK: {specials: {"-9": stopped}}}') + QUICK


def marked(kind: str) -> pd.DataFrame:
    """MARK −9: quasi, in some of the bads, 1 in everyone else; complete, in all bads, missing in all goods."""
    table = portfolio(900)
    bad = table["BAD"] == 1
    if kind == "complete":
        return table.assign(MARK=np.where(bad, -9.0, np.nan))
    return table.assign(MARK=np.where(bad & (np.arange(len(table)) % 3 == 0), -9.0, 1.0))


@pytest.mark.parametrize(("kind", "bins"), [("quasi", "'special -9'"), ("complete", "'special -9', 'missing'")])
def test_what_separates_leaves_in_the_words_of_its_bins(kind: str, bins: str, tmp_path: Path) -> None:
    table = marked(kind)
    package = done(tmp_path, MARKED, table)
    assert disagreements(package) == []
    left = frame(package, "selection.waterfall").set_index("characteristic").loc["MARK"]
    assert left["step"] == "separation"
    assert f"{kind.replace('quasi', 'quasi-complete')} separation of " in left["reason"]
    assert f"in the bins {bins}" in left["reason"]


def test_what_must_stay_is_refused_and_nothing_written(tmp_path: Path) -> None:
    table = marked("quasi")
    ended = run(write_plan(tmp_path, MARKED + "selection: {include: [MARK]}\n", table))
    assert ended.status == 2
    assert "MARK: MARK separates good from bad" in ended.err
    assert "quasi-complete separation of " in ended.err
    assert "in the bins 'special -9'" in ended.err
    assert not (tmp_path / "out").exists()
