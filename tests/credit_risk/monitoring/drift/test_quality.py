"""Data quality: rates by rule beside chance, units by medians, undeclared codes, the contract counted on rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring.drift.columns import BREACH_COLUMNS, FINDING_COLUMNS, QUALITY_COLUMNS, VALUE_COLUMNS
from credit_risk.monitoring.drift.contract import ColumnContract, contract_breaches, contracts_of_plan
from credit_risk.monitoring.drift.quality import ROWS, QualityPolicy, quality_frame
from credit_risk.monitoring.drift.stability import stability_frame
from credit_risk.monitoring.drift.units import undeclared_specials, unit_changes, unit_changes_of_moments
from credit_risk.monitoring.frames import ALL, MOMENT_COLUMNS
from credit_risk.monitoring.variables import REFUSED
from tests.credit_risk.monitoring.drift.made import counts, reference

KINDS = {"x": ["interval", "interval", "missing", "special"], "c": ["categories", "categories", "missing", "unseen"]}
BASE = reference({"x": [4500, 4500, 500, 500], "c": [6000, 3800, 200, 0], "score": [5000, 5000]}, kinds=KINDS)
STILL = {"x": [450, 450, 50, 50], "c": [600, 380, 20, 0], "score": [500, 500]}


def months(**changed: list[int]) -> pd.DataFrame:
    cells = {(f"2026-{m:02d}", ALL, name): own for m in (1, 2, 3) for name, own in STILL.items()}
    cells |= {("2026-03", ALL, name): own for name, own in changed.items()}
    return counts(cells)


def judged(frame: pd.DataFrame) -> dict[tuple[str, str], str]:
    last = frame[frame["period"] == "2026-03"]
    return {(row.variable, row.rule): row.verdict for row in last.itertuples() if row.verdict != "green"}


def test_nothing_is_found_where_nothing_changed() -> None:
    frame = quality_frame(BASE, months())
    assert list(frame.columns) == QUALITY_COLUMNS
    assert judged(frame) == {}
    first = frame[(frame["period"] == "2026-01") & (frame["rule"] == "rows")].iloc[0]
    assert (first["verdict"], first["reason"]) == ("grey", "nothing to hold it against")
    assert not frame["variable"].eq("score").any()


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"x": [400, 380, 170, 50]}, {("x", "missing"): "red"}),
        ({"x": [440, 425, 85, 50]}, {("x", "missing"): "amber"}),
        ({"x": [370, 370, 50, 210]}, {("x", "special"): "red"}),
        ({"c": [590, 360, 20, 30]}, {("c", "unseen"): "red"}),
        ({"c": [600, 372, 20, 8]}, {("c", "unseen"): "amber"}),
        ({"x": [0, 0, 1000, 0]}, {("x", "missing"): "red", ("x", "constant"): "red", ("x", "special"): "red"}),
        ({"c": [600, 379, 20, 1]}, {}),  # one in a thousand is tolerated
    ],
)
def test_rules_of_counts(changed: dict[str, list[int]], found: dict[tuple[str, str], str]) -> None:
    assert judged(quality_frame(BASE, months(**changed))) == found


def test_p_values_are_those_of_the_tests_named() -> None:
    frame = quality_frame(BASE, months(x=[440, 425, 85, 50], c=[600, 372, 20, 8]), policy=QualityPolicy(control="none"))
    own = frame[frame["period"] == "2026-03"].set_index(["variable", "rule"])
    chi = stats.chi2_contingency([[500, 9500], [85, 915]], correction=False)
    assert own.loc[("x", "missing"), "p_value"] == pytest.approx(chi.pvalue, rel=1e-9)
    exact = stats.binomtest(8, 1000, 0.001, alternative="greater").pvalue
    assert own.loc[("c", "unseen"), "p_value"] == pytest.approx(exact, rel=1e-9)
    assert own["adjusted_p_value"].to_numpy() == pytest.approx(own["p_value"].to_numpy(), nan_ok=True)


def test_number_of_rows_against_the_months_before() -> None:
    few = {name: [v // 4 for v in own] for name, own in STILL.items()}
    frame = quality_frame(BASE, months(**few))
    assert judged(frame) == {(ROWS, "rows"): "red"}
    last = frame[(frame["period"] == "2026-03") & (frame["rule"] == "rows")].iloc[0]
    assert last["ratio"] == pytest.approx(0.25, abs=0.01)
    exact = stats.binomtest(250, 2250, 1 / 3).pvalue
    assert last["p_value"] < 1e-10
    assert exact < 1e-10


def test_a_month_of_ten_rows_is_told_by_its_rows_alone() -> None:
    few = {"x": [0, 0, 10, 0], "c": [0, 0, 0, 10], "score": [10, 0]}
    frame = quality_frame(BASE, months(**few))
    found = judged(frame)
    assert found.pop((ROWS, "rows")) == "red"
    assert set(found.values()) == {"grey"}


def test_refused_values_are_a_bin_of_their_own_and_break_the_record() -> None:
    refused = pd.DataFrame([("2026-03", ALL, "x", REFUSED, 40)], columns=months().columns)
    own = pd.concat([months(), refused])
    assert judged(quality_frame(BASE, own)) == {("x", "refused"): "red"}
    index = stability_frame(BASE, own).set_index(["period", "variable"]).loc[("2026-03", "x")]
    assert index["bins"] == 5
    assert index["actual_rows"] == 1040


def test_what_development_does_not_tell_is_grey() -> None:
    base = BASE.assign(rows=BASE["rows"].where(BASE["variable"] != "x"))
    found = judged(quality_frame(base, months(x=[0, 0, 1000, 0])))
    assert found == {("x", rule): "grey" for rule in ("missing", "special", "constant")}
    row = stability_frame(base, months()).set_index("variable").loc["x"].iloc[0]
    assert (row["verdict"], row["reason"]) == ("grey", "development's counts are not known")
    assert row["actual_rows"] == 1000


def test_share_of_a_segment_against_development() -> None:
    web = reference({"x": [1800, 1800, 200, 200]}, kinds=KINDS).assign(segment="channel=web")
    base = pd.concat([BASE.assign(segment=ALL), web])
    own = pd.concat([months(), counts({("2026-03", "channel=web", "x"): [290, 290, 10, 10]})])
    frame = quality_frame(base, own).set_index("rule").loc[["segment_share"]]
    row = frame.iloc[0]
    assert (row["rate"], row["expected"], row["verdict"]) == (pytest.approx(0.6), pytest.approx(0.4), "red")


def test_no_drift_raises_at_most_the_stated_rate_of_alerts() -> None:
    """300 unchanged months: a month with any finding in fewer than 5 %, red ones hardly ever."""
    random = np.random.default_rng(1)
    cells = {}
    shares = {name: np.array(own, float) / 1000 for name, own in STILL.items()}
    for m in range(300):
        for name, share in shares.items():
            cells[f"{2001 + m // 12}-{m % 12 + 1:02d}", ALL, name] = random.multinomial(1000, share)
    frame = quality_frame(BASE, counts(cells))
    assert frame[frame["beyond_chance"]]["period"].nunique() <= 25
    assert (frame["verdict"] == "red").sum() == 0


# ------------------------------------------------------------------------------------------- units and codes


def values(variable: str, own: np.ndarray, period: str | None = None) -> pd.DataFrame:
    value, rows = np.unique(own, return_counts=True)
    frame = pd.DataFrame({"variable": variable, "value": value, "rows": rows.astype(float)})
    return frame if period is None else frame.assign(period=period, segment=ALL)[VALUE_COLUMNS]


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (100.0, "as if times 100"),
        (1 / 12, "as if divided by 12"),
        (1.0, "no change of unit"),
        (5.0, "no known change of unit"),
    ],
)
def test_a_change_of_unit_is_found_by_medians(factor: float, words: str) -> None:
    random = np.random.default_rng(2)
    base, own = np.round(random.lognormal(7.7, 0.5, 4000)), np.round(random.lognormal(7.7, 0.5, 800)) * factor
    found = unit_changes(values("income", base), values("income", own, "2026-03"))
    assert list(found.columns) == FINDING_COLUMNS
    assert found["ratio"][0] == pytest.approx(np.median(own) / np.median(base), rel=0.01)
    assert found["reason"][0].endswith(words)
    assert found["material"][0] == (factor != 1.0)
    frame = quality_frame(BASE, months(), findings=[found])
    assert judged(frame) == ({("income", "unit"): "red"} if factor != 1.0 else {})


def test_a_median_of_zero_falls_back_to_a_higher_quantile() -> None:
    base, own = np.repeat([0.0, 4.0], [60, 40]), np.repeat([0.0, 40.0], [60, 40])
    found = unit_changes(values("inquiries", base), values("inquiries", own, "2026-03"))
    assert found["ratio"][0] == pytest.approx(10.0)
    assert "0.75 quantiles" in found["reason"][0]
    nothing = unit_changes(values("x", np.zeros(50)), values("x", np.zeros(50), "2026-03"))
    assert np.isnan(nothing["ratio"][0])
    assert not nothing["material"][0]


def test_moments_tell_a_unit_from_one_mistyped_row() -> None:
    random = np.random.default_rng(3)
    base, own = random.lognormal(7.7, 0.5, 4000), random.lognormal(7.7, 0.5, 800)
    typed = np.append(own, 1e8)

    def moments(x: np.ndarray, period: str) -> tuple[object, ...]:
        return period, ALL, "input:income", len(x), 5, x.mean(), x.var(ddof=1)

    development = pd.DataFrame([moments(base, "")], columns=MOMENT_COLUMNS)
    production = pd.DataFrame(
        [moments(own * 100, "01"), moments(typed, "02"), moments(own, "03")], columns=MOMENT_COLUMNS
    )
    found = unit_changes_of_moments(development, production)
    assert list(found["material"]) == [True, False, False]
    assert set(found["variable"]) == {"income"}
    assert found["reason"][0].endswith("as if times 100")
    assert found["reason"][1].endswith("does not follow the mean")


def test_one_more_of_what_is_counted_is_no_code() -> None:
    base = np.repeat(np.arange(6.0), 500)
    own = np.concatenate([np.repeat(np.arange(6.0), 100), np.full(50, 6.0)])
    assert not undeclared_specials(values("x", base), values("x", own, "2026-02"))["material"].any()
    own[:50] = -1.0
    assert undeclared_specials(values("x", base), values("x", own, "2026-02"))["material"].all()


def test_a_code_that_nobody_declared() -> None:
    random = np.random.default_rng(4)
    base = np.round(random.normal(50, 10, 4000))
    coded = np.where(random.random(800) < 0.04, -99.0, np.round(random.normal(50, 10, 800)))
    wider = np.round(random.normal(50, 25, 800), 3)
    own = pd.concat([values("x", coded, "2026-02"), values("x", wider, "2026-03")])
    found = undeclared_specials(values("x", base), own)
    assert list(found["material"]) == [True, False]
    assert found["reason"][0].startswith("value -99, far outside development")
    frame = quality_frame(BASE, months(), findings=[found])
    chosen = frame[frame["rule"] == "special_undeclared"].set_index("period")["verdict"]
    assert dict(chosen) == {"2026-02": "red", "2026-03": "green"}


# -------------------------------------------------------------------------------------------- the contract


def production() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "_period": ["2026-01"] * 4 + ["2026-02"] * 3,
            "channel": ["web", "web", "branch", None, "web", "branch", "branch"],
            "input:income": ["1200", "abc", None, "-9", "1e9", "-5", "inf"],
            "input:purpose": ["car", "boat", None, "car", "other", "car", "n/a"],
        }
    )


CONTRACTS = {
    "income": ColumnContract(True, 0.0, 100_000.0, None, (-9.0,), False),
    "purpose": ColumnContract(False, allowed=("car", "other"), specials=("n/a",)),
}


def test_breaches_of_rows_by_a_loop() -> None:
    found = contract_breaches(production(), CONTRACTS, segments=["channel"])
    assert list(found.columns) == BREACH_COLUMNS
    cells = {tuple(row[:4]): (row[4], row[5]) for row in found.itertuples(index=False)}
    assert cells["2026-01", ALL, "income", "type"] == (1, 4)
    assert cells["2026-01", ALL, "income", "missing_forbidden"] == (1, 4)
    assert cells["2026-01", ALL, "income", "range"] == (0, 4)  # -9 is a declared code
    assert cells["2026-02", ALL, "income", "range"] == (2, 3)
    assert cells["2026-02", ALL, "income", "not_finite"] == (1, 3)
    assert cells["2026-01", ALL, "purpose", "allowed"] == (1, 4)
    assert cells["2026-02", ALL, "purpose", "allowed"] == (0, 3)
    assert cells["2026-01", "channel=web", "income", "type"] == (1, 2)
    assert cells["2026-02", "channel=branch", "income", "range"] == (1, 2)
    assert not any(segment == "channel=None" for _, segment, _, _ in cells)


def test_breaches_come_in_parts_and_are_judged() -> None:
    table = pd.concat([production()] * 200, ignore_index=True).assign(_period="2026-03")
    whole = contract_breaches(table, CONTRACTS)
    parts = pd.concat([contract_breaches(table[:500], CONTRACTS), contract_breaches(table[500:], CONTRACTS)])
    first, second = (quality_frame(BASE, months(), breaches=own) for own in (whole, parts))
    pd.testing.assert_frame_equal(first, second)
    rules = {("income", rule) for rule in ("type", "range", "not_finite", "missing_forbidden")}
    assert judged(first) == dict.fromkeys(rules | {("purpose", "allowed")}, "red")


def test_contract_of_a_plan() -> None:
    columns = {"income": {"range": [0, None], "specials": {"-9": "no record"}, "missing": False},
               "grade": {"order": ["A", "B"], "range": None}}  # fmt: skip
    found = contracts_of_plan(columns, {"income": True, "grade": False, "age": True})
    assert found["income"] == ColumnContract(True, 0.0, np.inf, None, (-9.0,), False)
    assert found["grade"].allowed == ("A", "B")
    assert found["age"] == ColumnContract(True)


def test_faults() -> None:
    with pytest.raises(CreditRiskError) as caught:
        contract_breaches(production().drop(columns=["input:income", "_period"]), CONTRACTS)
    assert len(caught.value.faults) == 2
    with pytest.raises(CreditRiskError, match="out of range"):
        QualityPolicy(material=0.5, tolerated=0.6)
