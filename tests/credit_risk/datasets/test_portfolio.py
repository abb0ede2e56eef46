"""What people see and keep: dictionary, description, notebook view, files, contract, refusals."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk._core.errors import CreditRiskError
from credit_risk.datasets import (
    ConceptDrift,
    DataQualityBreak,
    PopulationShift,
    outcome_drivers,
    simulate_portfolio,
)
from credit_risk.datasets.decisions import STATUSES
from credit_risk.sampling.spec import ColumnSpec

ARGUMENTS = {"applicants": 4000, "months": 24, "selection": "mnar", "instrument": True, "follow_up": 6}
KINDS = {"integer": ("int64", "Int64"), "numeric": ("float64",), "categorical": ("str",), "boolean": ("bool",)}


@pytest.fixture(scope="module")
def portfolio():
    return simulate_portfolio(**ARGUMENTS, drift=DataQualityBreak("2019-06", column="income", share=0.5))


def test_dictionary_describes_every_column_as_it_is(portfolio):
    frames = portfolio.frames()
    for table, part in portfolio.columns.groupby("table"):
        assert part["column"].tolist() == frames[table].columns.tolist()
        for row in part.itertuples():
            values = frames[table][row.column]
            if row.type == "date":
                assert values.dtype == "datetime64[us]"
                assert (values.dropna().dt.day == 1).all()
            else:
                assert str(values.dtype) in KINDS[row.type]
            if not row.missing:
                assert values.notna().all()
            elif table == "applications":
                assert values.isna().any()
            if row.allowed:
                assert set(values.dropna()) <= set(row.allowed.split(", "))
            assert row.description
    assert portfolio.columns.duplicated(["table", "column"]).sum() == 0
    described = set(portfolio.columns["table"])
    assert set(frames) - described == {"parameters", "drift", "columns"}


def test_special_codes_occur_and_nothing_else_is_negative(portfolio):
    table = portfolio.columns.query("table == 'applications' and role == 'characteristic' and type == 'numeric'")
    for row in table.itertuples():
        codes = {float(part.split(":")[0]) for part in row.specials.split("; ") if part}
        values = portfolio.applications[row.column].dropna()
        assert set(values[values < 0]) == codes
    assert np.isfinite(portfolio.applications.select_dtypes("float64").fillna(0.0)).all(axis=None)


def test_contract_is_one_that_a_plan_takes(portfolio):
    contract = portfolio.contract()
    assert set(portfolio.protected) <= set(contract)
    for name, entry in contract.items():
        spec = ColumnSpec(**entry)
        values = portfolio.applications[name].dropna()
        if spec.allowed is not None:
            assert set(values) <= set(spec.allowed)
    assert contract["bureau_score"]["specials"] == {"-9": "no bureau record", "-8": "thin file"}


def test_statuses_are_the_words_of_the_field():
    assert STATUSES == ("booked", "not_taken_up", "withdrawn", "rejected", "overridden_high", "overridden_low")


def test_truth_is_kept_apart(portfolio):
    names = set(portfolio.truth.columns) - {"application_id"}
    for frame in (portfolio.applications, portfolio.booked_accounts().drop(columns="bad")):
        assert not names & set(frame.columns)
    assert portfolio.truth["application_id"].equals(portfolio.applications["application_id"])


def test_description_states_the_parameters(portfolio):
    text = portfolio.description()
    for row in portfolio.parameters.itertuples():
        assert f"| {row.equation} | {row.term} | {row.coefficient:.6g} |" in text
    assert "ρ = -0.6" in text
    assert "DataQualityBreak" in text
    assert "-0 |" not in text.replace("-0.", "")


def test_notebook_view_is_well_formed(portfolio):
    opened: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            opened.append(tag)

        def handle_endtag(self, tag):
            assert opened.pop() == tag

    html = portfolio._repr_html_()
    Reader().feed(html)
    assert opened == []
    assert "overridden_low" in html
    assert "<script" not in html
    assert "4,000" in repr(portfolio)


def test_summary_counts_and_rates(portfolio):
    summary = portfolio.summary().set_index("status")
    counts = portfolio.applications["status"].value_counts()
    assert summary["applications"].to_dict() == counts.to_dict()
    assert summary["share"].sum() == pytest.approx(1.0)
    assert summary["bad_rate_observed"].notna().to_dict() == {
        status: status in ("booked", "overridden_low") for status in summary.index
    }
    bad = portfolio.truth["bad"][(portfolio.applications["status"] == "rejected").to_numpy()]
    assert summary.loc["rejected", "bad_rate_true"] == bad.mean()


@pytest.mark.parametrize("file_format", ["parquet", "csv"])
def test_files_hold_the_tables_and_are_the_same_every_time(portfolio, tmp_path, file_format):
    first = portfolio.write(tmp_path / "one", file_format)
    again = simulate_portfolio(**ARGUMENTS, drift=portfolio.spec.drift, chunk_size=999)
    second = again.write(tmp_path / "deep" / "two", file_format)
    names = sorted(path.relative_to(first).as_posix() for path in first.rglob("*") if path.is_file())
    assert f"truth/truth.{file_format}" in names
    assert f"truth.{file_format}" not in names
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    for name, frame in portfolio.frames().items():
        (path,) = first.rglob(f"{name}.{file_format}")
        read = (
            pd.read_parquet(path)
            if file_format == "parquet"
            else pd.read_csv(path, keep_default_na=False, na_values=[""])
        )
        assert list(read.columns) == list(frame.columns)
        for column in frame.columns:
            _same(read[column], frame[column])
    stored = json.loads((first / "portfolio.json").read_text(encoding="utf-8"))
    assert stored["selection"] == "mnar"
    assert stored["drift"][0]["kind"] == "DataQualityBreak"
    assert "chunk_size" not in stored


def _same(read: pd.Series, written: pd.Series) -> None:
    if written.dtype == "datetime64[us]":
        assert pd.to_datetime(read).astype("datetime64[us]").equals(written)
    elif written.dtype == "float64":
        np.testing.assert_array_equal(read.to_numpy(dtype=np.float64), written.to_numpy())
    elif written.dtype == "str":
        assert read.astype(object).where(read.notna(), "").tolist() == written.fillna("").tolist()
    else:
        assert read.isna().equals(written.isna())
        assert (read.dropna().astype("int64") == written.dropna().astype("int64")).all()


def test_parquet_has_null_and_never_nan(portfolio, tmp_path):
    folder = portfolio.write(tmp_path / "out")
    found = 0
    for path in folder.rglob("*.parquet"):
        table = pq.read_table(path)
        assert table.schema.metadata is None
        for field, column in zip(table.schema, table.columns, strict=True):
            if pa.types.is_floating(field.type):
                assert not np.isnan(column.drop_null().to_numpy()).any()
                found += column.null_count
    assert found > 1000


def test_a_folder_in_use_and_an_unknown_format_are_refused(portfolio, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(CreditRiskError) as caught:
        portfolio.write(tmp_path / "mine", "xlsx")
    assert {fault.code for fault in caught.value.faults} == {"choice", "folder"}
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "thesis.txt"]
    with pytest.raises(CreditRiskError):
        portfolio.write(tmp_path / "mine" / "thesis.txt" / "below")
    (tmp_path / "empty").mkdir()
    assert (portfolio.write(tmp_path / "empty") / "portfolio.json").is_file()


def test_a_write_that_fails_leaves_nothing(portfolio, tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(CreditRiskError, match="No space left"):
        portfolio.write(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_all_faults_are_told_at_once():
    with pytest.raises(CreditRiskError) as caught:
        simulate_portfolio(
            applicants=0,
            months=2.5,
            seed=True,
            selection="random",
            instrument="yes",
            start="2018-13",
            acceptance_rate=float("nan"),
            bad_rate=1.0,
            rho=2,
            follow_up=-1,
            history_months=6,
            cycle_amplitude="much",
            cycle_months=1,
            missing_share=0.9,
            repeat_share=-0.1,
            disparity=float("inf"),
            hard_policy=None,
            chunk_size=0,
            drift=[
                PopulationShift("soon", ramp=-1, bureau=9.0),
                ConceptDrift("2019-05", "2019-01", decay=True),
                DataQualityBreak("2019-05", column="sex"),
                DataQualityBreak("2019-05", column="income", fault="unseen_category"),
                DataQualityBreak("2019-05", fault="gone", share=2.0),
                "drift",
            ],
        )
    paths = {fault.path for fault in caught.value.faults}
    arguments = set(simulate_portfolio.__kwdefaults__) - {"drift"}
    assert paths - {path for path in paths if path.startswith("drift")} == arguments
    assert {path for path in paths if path.startswith("drift")} == {
        "drift[0].start", "drift[0].ramp", "drift[0].bureau", "drift[1].end", "drift[1].decay", "drift[2].column",
        "drift[3].column", "drift[4].fault", "drift[4].share", "drift[5]",
    }  # fmt: skip
    assert all(fault.allowed or fault.code == "drift_dates" for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"selection": "mar", "rho": -0.3}, "rho"),
        ({"selection": "mnar", "rho": 0.0}, "rho"),
        ({"drift": ConceptDrift("2017-12")}, "drift[0].start"),
        ({"drift": ConceptDrift("2021-01")}, "drift[0].start"),
        ({"drift": None}, "drift[0]"),
        ({"hard_policy": True, "acceptance_rate": 0.98}, "acceptance_rate"),
    ],
)
def test_what_cannot_be_is_refused(arguments, path):
    with pytest.raises(CreditRiskError) as caught:
        simulate_portfolio(applicants=100, **arguments)
    assert [fault.path for fault in caught.value.faults] == [path]


def test_drivers_name_the_columns_they_miss():
    with pytest.raises(CreditRiskError) as caught:
        outcome_drivers(pd.DataFrame({"income": [1.0], "channel": ["web"]}))
    assert {fault.path for fault in caught.value.faults} == {
        "bureau_score", "utilisation", "months_at_address", "inquiries_6m", "delinquencies_24m",
        "employment", "housing", "purpose",
    }  # fmt: skip


@settings(max_examples=40)
@given(
    applicants=st.integers(1, 400),
    months=st.integers(1, 40),
    seed=st.integers(0, 2**63 - 1),
    selection=st.sampled_from(["mar", "mar_misspecified", "mnar"]),
    instrument=st.booleans(),
    acceptance_rate=st.floats(0.02, 0.9),
    bad_rate=st.floats(0.005, 0.8),
    follow_up=st.integers(0, 40),
    history_months=st.sampled_from([0, 12, 13, 37]),
    missing_share=st.floats(0, 0.5),
    repeat_share=st.floats(0, 0.5),
    chunk_size=st.integers(50, 500),
)
def test_any_choice_in_range_gives_a_consistent_portfolio(**arguments):
    portfolio = simulate_portfolio(**arguments)
    truth, outcomes, history = portfolio.truth, portfolio.outcomes, portfolio.history
    assert len(portfolio.applications) == len(truth) == arguments["applicants"]
    assert truth["true_pd"].between(0, 1).all()
    assert truth["acceptance_probability"].between(0, 1).all()
    booked = portfolio.applications["status"].isin(["booked", "overridden_low"]).to_numpy()
    assert outcomes["application_id"].tolist() == (np.flatnonzero(booked) + 1).tolist()
    known = outcomes["bad"].notna()
    mature = outcomes["months_observed"] >= 12
    assert (known >= mature).all()
    flags = truth["bad"].to_numpy()[booked]
    assert (outcomes["bad"][known].to_numpy() == flags[known.to_numpy()]).all()
    if arguments["history_months"]:
        first = history[history["months_on_book"] <= 12]
        worst = first.groupby("application_id")["days_past_due"].max() >= 90
        seen = outcomes.set_index("application_id")["outcome"] == "bad"
        assert (worst.reindex(seen.index, fill_value=False) == seen).all()
        assert (history[["balance", "amount_past_due", "days_past_due", "write_off_amount"]] >= 0).all(axis=None)
    assert portfolio._repr_html_()
