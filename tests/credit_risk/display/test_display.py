"""Displays draw what their frame says, hide nothing, leave no figure open and look the same on every call."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from credit_risk._core.errors import CreditRiskError
from credit_risk._core.evidence import catalogue, table
from credit_risk.display import (
    DISPLAYS,
    CalibrationDisplay,
    ClassingDisplay,
    ClassingPeriodsDisplay,
    ClassingSamplesDisplay,
    CoefficientDisplay,
    CohortDisplay,
    DependenceDisplay,
    Display,
    ImportanceDisplay,
    RocDisplay,
    ScoreBandDisplay,
    ScoreDistributionDisplay,
    format_value,
    html_table,
)
from credit_risk.display import style as styles
from credit_risk.display.classing import short_label
from credit_risk.display.evidence import EvidenceDisplay
from credit_risk.display.scores import band_label

ROC = pd.DataFrame(
    {
        "sample": ["development"] * 3 + ["out_of_sample"] * 3,
        "false_positive_rate": [0.0, 0.2, 1.0, 0.0, 0.3, 1.0],
        "true_positive_rate": [0.0, 0.7, 1.0, 0.0, 0.6, 1.0],
    }
)
CURVE = pd.DataFrame(
    {
        "sample": ["development"] * 2,
        "mean_probability": [0.1, 0.4],
        "bad_rate": [0.12, 0.37],
        "lower": [0.1, 0.3],
        "upper": [0.15, 0.45],
    }
)
BANDS = pd.DataFrame(
    {
        "sample": ["development"] * 2 + ["out_of_sample"] * 2,
        "band": [1, 2, 1, 2],
        "lower": [np.nan, 600.0] * 2,
        "upper": [600.0, np.nan] * 2,
        "bad_rate": [0.3, 0.1, 0.28, np.nan],
        "bad_rate_lower": [0.25, 0.08, 0.2, np.nan],
        "bad_rate_upper": [0.35, 0.12, 0.36, np.nan],
        "mean_probability": [0.29, 0.11, 0.3, np.nan],
    }
)
SCORES = pd.DataFrame(
    {"outcome": ["good"] * 3 + ["bad"] * 3, "score": [5.0, 15.0, 25.0] * 2, "share": [0.1, 0.3, 0.6, 0.5, 0.4, 0.1]}
)
CLASSING = pd.DataFrame(
    {
        "label": ["below 2", "2 and above", "missing <&>"],
        "kind": ["interval", "interval", "missing"],
        "count_share": [0.4, 0.5, 0.1],
        "bad_rate": [0.3, 0.1, 0.2],
        "bad_rate_lower": [0.2, 0.05, 0.1],
        "bad_rate_upper": [0.4, 0.15, 0.35],
    }
)
GROUPED = pd.DataFrame(
    [
        (sample, label, share, rate, rate and rate - 0.05, rate and rate + 0.05)
        for sample, shift in (("development", 0.0), ("out_of_sample", 0.02), ("out_of_time", 0.1))
        for label, share, rate in (
            ("< 0.1234567890123", 0.6, 0.2 + shift),
            ("≥ 0.1234567890123", 0.4, None if shift > 0.05 else 0.1 + shift),
            ("unseen", 0.0, None),
        )
    ],
    columns=["sample", "label", "count_share", "bad_rate", "bad_rate_lower", "bad_rate_upper"],
)
PERIODS = pd.DataFrame(
    [
        (period, label, rate, rate and rate - 0.05, rate and rate + 0.05)
        for number, period in enumerate(["2020-01", "2020-02", "2020-03", "2020-04"])
        for label, rate in (("low", 0.1 * number), ("high", 0.5 if number < 3 else None), ("never", None))
        if number != 1 or rate is None or rate < 0.0
    ],
    columns=["period", "label", "bad_rate", "bad_rate_lower", "bad_rate_upper"],
)
COEFFICIENTS = pd.DataFrame(
    {
        "term": ["intercept", "AGE", "INCOME"],
        "coefficient": [-1.2, -0.5, 0.2],
        "lower": [-1.3, -0.6, 0.1],
        "upper": [-1.1, -0.4, 0.3],
        "sign_agrees": [None, True, False],
    }
)
ALL: list[Display] = [
    RocDisplay(ROC, areas={"development": 0.75}),
    CalibrationDisplay(CURVE),
    ScoreBandDisplay(BANDS),
    ScoreDistributionDisplay(SCORES),
    ClassingDisplay(CLASSING, title="LIMIT_BAL"),
    ClassingSamplesDisplay(GROUPED),
    ClassingPeriodsDisplay(PERIODS),
    CoefficientDisplay(COEFFICIENTS),
]


@pytest.fixture(autouse=True)
def _close_figures() -> None:
    plt.close("all")


@pytest.mark.parametrize("display", ALL, ids=lambda d: type(d).__name__)
def test_notebook_view_is_deterministic_and_leaves_nothing_open(display: Display) -> None:
    first, again = display._repr_html_(), display._repr_html_()
    assert first == again
    assert plt.get_fignums() == []
    assert "data:image/svg+xml;base64," in first
    assert "<details>" in first
    assert ElementTree.fromstring(display.svg()).tag.endswith("svg")
    assert b"<dc:date>" not in display.svg()


@pytest.mark.parametrize("display", ALL, ids=lambda d: type(d).__name__)
def test_plot_returns_axes_and_draws_on_given_ones(display: Display) -> None:
    before = dict(plt.rcParams)
    _, axes = plt.subplots()
    assert display.plot(axes) is axes
    new = display.plot()
    assert new is not axes
    assert new.get_title(loc="left") == display.title
    assert dict(plt.rcParams) == before


def test_plot_leaves_interactive_what_the_backend_made_it() -> None:
    """A notebook's backend turns interactive mode on at the first figure, and shows figures by it."""
    program = (
        "import matplotlib.pyplot as plt\n"
        "from credit_risk.display.base import Display\n"
        "import pandas as pd\n"
        "class Plain(Display):\n"
        "    def _draw(self, ax):\n"
        "        plt.ion()\n"
        "Plain(pd.DataFrame()).plot()\n"
        "assert plt.isinteractive()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_evidence_is_drawn_under_its_own_title() -> None:
    names = [column["name"] for column in catalogue()["performance.score_bands"].columns]
    bands = BANDS.assign(count=10, good=9, bad=1, cumulative_bad_share=0.5)[names]
    evidence = table("performance.score_bands", bands, inputs=("predictions/",))
    assert EvidenceDisplay(evidence).plot().get_title(loc="left") == evidence.title
    assert EvidenceDisplay(evidence).plot(title="Other").get_title(loc="left") == "Other"
    plt.close("all")


def test_frame_is_a_copy() -> None:
    display = RocDisplay(ROC)
    copy = display.frame()
    copy.loc[:, "sample"] = "changed"
    pd.testing.assert_frame_equal(display.frame(), ROC)


def test_roc_draws_each_sample_with_its_area() -> None:
    ax = ALL[0].plot()
    reference, development, other = ax.get_lines()
    assert list(reference.get_xdata()) == [0, 1]
    assert development.get_xydata().tolist() == [[0.0, 0.0], [0.2, 0.7], [1.0, 1.0]]
    assert other.get_linestyle() != development.get_linestyle()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["development, AUC 0.7500", "out of sample"]


def test_calibration_draws_the_interval() -> None:
    container = ALL[1].plot().containers[0]
    segments = container.lines[2][0].get_segments()
    assert np.array(segments)[:, :, 1] == pytest.approx(np.array([[0.1, 0.15], [0.3, 0.45]]))


def test_bands_show_all_samples_or_one() -> None:
    ax = ALL[2].plot()
    assert len(ax.containers) == 2
    assert [label.get_text() for label in ax.get_xticklabels()] == ["< 600", "≥ 600"]
    assert len(ScoreBandDisplay(BANDS, sample="development").plot().containers) == 1
    assert band_label(600.0, 612.5) == "[600, 612.50)"


def test_distribution_has_one_step_line_for_each_outcome() -> None:
    ax = ALL[3].plot()
    values = [patch.get_data().values.tolist() for patch in ax.patches]
    assert values == [[0.1, 0.3, 0.6]] * 2 + [[0.5, 0.4, 0.1]] * 2
    assert ax.patches[0].get_data().edges.tolist() == [0.0, 10.0, 20.0, 30.0]


def test_classing_has_two_axes_and_does_not_join_missing() -> None:
    ax = ALL[4].plot()
    assert [bar.get_height() for bar in ax.patches] == [0.4, 0.5, 0.1]
    right = next(other for other in ax.figure.axes if other is not ax)
    joined = right.get_lines()[-1].get_ydata()
    assert joined[:2].tolist() == [0.3, 0.1]
    assert np.isnan(joined[2])


def test_classing_draws_edges_to_six_digits_and_leaves_categories_alone() -> None:
    frame = ALL[4].frame().assign(label=["< 2.557077625570776", "≥ 2.557077625570776", "code 2.557077625570776"])
    frame["kind"] = ["interval", "interval", "categories"]
    drawn = [label.get_text() for label in ClassingDisplay(frame).plot().get_xticklabels()]
    assert drawn == ["< 2.55708", "≥ 2.55708", "code 2.557077625570776"]
    alike = frame.assign(label=["[1.00000001, 1.00000002)", "[1.00000002, 1.00000001)", "missing"])
    drawn = [label.get_text() for label in ClassingDisplay(alike).plot().get_xticklabels()]
    assert drawn == alike["label"].tolist()


def test_samples_stand_side_by_side_with_bars_below_and_points_above() -> None:
    left = ClassingSamplesDisplay(GROUPED).plot()
    (right,) = [ax for ax in left.figure.axes if ax is not left]
    assert [label.get_text() for label in left.get_xticklabels()] == ["< 0.123457", "≥ 0.123457"]  # unseen has no row
    heights = [[bar.get_height() for bar in group] for group in right.containers]
    assert heights == [[0.6, 0.4]] * 3
    points = [container.lines[0].get_xydata() for container in left.containers]
    assert [point[0][1] for point in points] == pytest.approx([0.2, 0.22, 0.3])
    assert np.isnan(points[2][1][1])  # too few rows: no point
    tops, bottoms = (ax.transAxes.inverted() for ax in (left, right))
    for group in right.containers:
        for bar in group:
            assert bottoms.transform(right.transData.transform((0, bar.get_height())))[1] < 0.4
    assert tops.transform(left.transData.transform((0, 0)))[1] > 0.4
    assert left.get_legend_handles_labels()[1] == ["development", "out of sample", "out of time"]


def test_periods_have_a_small_plot_for_each_bin_with_a_rate() -> None:
    axes = ClassingPeriodsDisplay(PERIODS).plot()
    small = axes.child_axes
    assert [ax.get_title(loc="left") for ax in small] == ["low", "high"]
    assert [label.get_text() for label in small[0].get_xticklabels()] == ["2020-01", "2020-03", "2020-04"]
    own = small[0].containers[0].lines[0].get_ydata()
    assert own.tolist() == pytest.approx([0.0, 0.2, 0.3])
    behind = small[0].get_lines()[0].get_ydata()
    assert behind[:2].tolist() == [0.5, 0.5]
    assert small[0].get_ylim() == small[1].get_ylim()


def test_a_display_of_groups_needs_a_column_of_groups() -> None:
    with pytest.raises(CreditRiskError, match="no column of groups"):
        ClassingSamplesDisplay(CLASSING)


def test_coefficients_leave_out_the_intercept_and_say_a_wrong_sign() -> None:
    labels = [label.get_text() for label in CoefficientDisplay(COEFFICIENTS).plot().get_yticklabels()]
    assert labels == ["AGE", "INCOME (sign disagrees)"]
    assert len(CoefficientDisplay(COEFFICIENTS, leave_out=()).plot().get_yticklabels()) == 3


def test_series_differ_without_colour() -> None:
    pairs = [(str(styles.line_style(i)["linestyle"]), styles.marker_style(i)["marker"]) for i in range(6)]
    assert len({line for line, _ in pairs}) == len({marker for _, marker in pairs}) == 6
    grey = [np.dot(to_rgb(colour), (0.2126, 0.7152, 0.0722)) for colour in styles.COLOURS]
    assert min(abs(a - b) for a, b in pairwise(grey)) > 0.1


def test_absent_columns_are_all_named() -> None:
    with pytest.raises(CreditRiskError) as caught:
        RocDisplay(pd.DataFrame({"sample": []}))
    assert [fault.path for fault in caught.value.faults] == ["false_positive_rate", "true_positive_rate"]


def test_display_columns_are_the_catalogues() -> None:
    for pattern, display in DISPLAYS.items():
        assert set(display.columns) <= {column["name"] for column in catalogue()[pattern].columns}


def test_without_matplotlib_the_table_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    shown = RocDisplay(ROC)._repr_html_()
    assert "<table" in shown
    assert "<img" not in shown


class Cells(HTMLParser):
    """Text of each row's cells, and the balance of tags."""

    def __init__(self, html: str):
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def test_table_uses_titles_and_units_of_the_catalogue_and_escapes() -> None:
    parsed = Cells(html_table(CURVE, caption="<b>"))
    assert parsed.open == []
    assert parsed.rows[0][1:3] == ["Mean predicted probability", "Observed bad rate"]
    assert parsed.rows[1] == ["development", "10.00 %", "12.00 %", "10.00 %", "15.00 %"]
    hostile = Cells(html_table(pd.DataFrame({"<script>": ["<img src=x>", None]})))
    assert hostile.rows == [["<script>"], ["<img src=x>"], ["–"]]


def test_table_tells_rows_left_out_and_takes_the_callers_titles() -> None:
    frame = pd.DataFrame({"bad_rate": np.linspace(0, 1, 70), "my_name": range(70)})
    parsed = Cells(html_table(frame, titles={"my_name": "Mine"}, units={"my_name": "count"}))
    assert parsed.rows[0] == ["Bad rate", "Mine"]
    assert len(parsed.rows) == 1 + 60 + 1
    assert parsed.rows[-1] == ["10 more rows are not shown"]
    assert parsed.rows[1] == ["0.00 %", "0"]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.22125, "share", "22.12 %"),
        (21000, "count", "21,000"),
        (21000.5, "count", "21,000.5"),
        (3e-9, "p_value", "< 0.0001"),
        (0.04, "p_value", "0.0400"),
        (0.0001, "p_value", "0.0001"),
        (612.0, "points", "612"),
        (612.25, "points", "612.25"),
        (0.7739, "auc", "0.7739"),
        (-0.25, "woe", "-0.2500"),
        (None, "share", "–"),
        (float("nan"), None, "–"),
        (pd.NA, None, "–"),
        (float("inf"), None, "∞"),
        (True, None, "yes"),
        (np.bool_(False), None, "no"),
        ("a_b", "share", "a_b"),
        (12, None, "12"),
        (0.123456, None, "0.1235"),
        (123.456, None, "123.46"),
        (12345.678, "statistic", "12346"),
        (1.5e-7, None, "1.5e-07"),
        (28.8539, "statistic", "28.854"),
        (20.0, "statistic", "20"),
        (0.0, "statistic", "0"),
        (30000.0, "statistic", "30000"),
        (10000.0, None, "10000"),
        (-170000.0, None, "-170000"),
        (1_000_000.0, None, "1000000"),
        (29999.96, None, "30000"),
    ],
)
def test_format_value(value: object, unit: str | None, text: str) -> None:
    assert format_value(value, unit) == text


def test_importance_is_drawn_with_the_most_important_on_top() -> None:
    frame = pd.DataFrame({"characteristic": ["a", "b"], "mean_absolute": [0.4, 0.1]})
    axes = ImportanceDisplay(frame).plot()
    assert [bar.get_width() for bar in axes.patches] == [0.1, 0.4]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["b", "a"]
    plt.close(axes.figure)


def test_dependence_has_a_line_for_each_characteristic_and_zero() -> None:
    columns = {"characteristic": ["a", "a", "b", "b"], "position": [0.2, 0.7, 0.1, 0.6], "mean": [1.0, -1.0, 0.5, 0.0]}
    axes = DependenceDisplay(pd.DataFrame(columns)).plot()
    drawn = {line.get_label(): list(line.get_ydata()) for line in axes.get_lines()}
    assert drawn["a"] == [1.0, -1.0]
    assert drawn["b"] == [0.5, 0.0]
    assert len(drawn) == 3
    plt.close(axes.figure)


def test_a_long_list_of_categories_tells_how_many_the_picture_cuts() -> None:
    states = ", ".join(["AK", "AL", "AR", "AZ", "CA", "CO", "CT", "DC", "DE", "FL"])
    assert short_label(states) == "AK, AL, AR, AZ, CA … and 5 more"
    assert short_label(f"{states} + missing") == "AK, AL, AR, AZ, CA … and 6 more"
    assert short_label("AK, AL + special 0") == "AK, AL + special 0"
    assert short_label("[100, 200) & own, [200, 300) & own, [300, 400) & own") == "[100, 200) & own … and 2 more"
    assert short_label("a name that is no list and far too long") == "a name that is no list and far to…"


def test_cohorts_are_made_from_predictions() -> None:
    rng = np.random.default_rng(3)
    dates = np.repeat([f"{2010 + year}-0{1 + year % 3}-15" for year in range(6)], [300, 300, 300, 50, 300, 300])
    p = rng.uniform(0.02, 0.2, len(dates))
    y = (rng.random(len(dates)) < p).astype(float)
    w = rng.uniform(0.5, 2.0, len(dates))
    shown = CohortDisplay.from_predictions(y, p, dates, weights=w)
    assert shown.frame()["counted"].tolist() == [True, True, True, False, True, True]
    rates = shown.frame().loc[shown.frame()["counted"], "bad_rate"]
    assert shown.average == pytest.approx(rates.mean())
    ax = shown.plot()
    lines = [line for line in ax.get_lines() if len(set(line.get_ydata())) == 1 and len(line.get_ydata()) == 2]
    assert any(line.get_ydata()[0] == pytest.approx(shown.average) for line in lines)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2010", "2011", "2012", "2014", "2015"]
    assert shown.svg() == shown.svg()
