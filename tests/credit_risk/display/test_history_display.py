"""Displays of performance history draw every value of their frame and mark what they are told to."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk._core.evidence import table
from credit_risk.display import MaturityDisplay, RollRateDisplay, VintageDisplay
from credit_risk.display.evidence import EvidenceDisplay

ROLL = pd.DataFrame(
    [("0", "0", 90, 0.9), ("0", "1-29", 9, 0.09), ("0", "history ended", 1, 0.01), ("1-29", "0", 3, 1.0)],
    columns=["from_state", "to_state", "accounts", "share"],
)
VINTAGES = pd.DataFrame(
    {
        "cohort": ["2023", "2023", "2024", "2024"],
        "month_on_book": [0, 1, 0, 1],
        "bad_rate": [0.0, 1 / 3, 0.25, 0.5],
        "complete": [True, True, True, False],
    }
)
MATURITY = pd.DataFrame({"month_on_book": [0, 1, 2], "bad_rate": [0.0, 0.02, 0.03]})


def test_vintages_are_thick_where_no_account_is_censored() -> None:
    axes = VintageDisplay(VINTAGES).plot()
    drawn = {(round(line.get_linewidth(), 1), line.get_color()): line.get_ydata() for line in axes.get_lines()}
    assert len(drawn) == 4
    thin = [y for (width, _), y in drawn.items() if width == 0.8]
    thick = [y for (width, _), y in drawn.items() if width > 1]
    np.testing.assert_array_equal(np.array(thin), [[0.0, 1 / 3], [0.25, 0.5]])
    np.testing.assert_array_equal(np.array(thick), [[0.0, 1 / 3], [0.25, np.nan]])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["2023", "2024"]
    plt.close(axes.figure)


def test_the_window_is_marked_where_it_is_given() -> None:
    plain = MaturityDisplay(MATURITY).plot()
    assert [line.get_ydata().tolist() for line in plain.get_lines()] == [[0.0, 0.02, 0.03]]
    marked = MaturityDisplay(MATURITY, months=2).plot()
    assert marked.get_lines()[1].get_xdata()[0] == 2
    assert [text.get_text() for text in marked.texts] == ["window of 2 months"]
    plt.close(plain.figure)
    plt.close(marked.figure)


def test_every_share_of_the_roll_rates_is_written() -> None:
    axes = RollRateDisplay(ROLL).plot()
    columns = [text.get_text() for text in axes.get_xticklabels()]
    rows = [text.get_text() for text in axes.get_yticklabels()]
    assert (columns, rows) == (["0", "1-29", "history ended"], ["0", "1-29"])
    written = {(rows[int(t.get_position()[1])], columns[int(t.get_position()[0])]): t.get_text() for t in axes.texts}
    assert written == {
        ("0", "0"): "90.0%",
        ("0", "1-29"): "9.0%",
        ("0", "history ended"): "1.0%",
        ("1-29", "0"): "100.0%",
    }
    plt.close(axes.figure)


def test_evidence_shows_itself() -> None:
    shown = EvidenceDisplay(table("outcome.roll_rates", ROLL))
    axes = shown.plot()
    assert axes.get_title(loc="left") == shown.evidence.title
    plt.close(axes.figure)
    assert "history ended" in shown._repr_html_()


def test_absent_columns_are_told() -> None:
    with pytest.raises(CreditRiskError, match="share"):
        RollRateDisplay(ROLL.drop(columns="share"))
