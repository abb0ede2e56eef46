"""Two readings of one source: the developer's code and the validator's own agree on language, columns and histories."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.sampling.column_types import as_numeric, as_text, decide_type
from credit_risk.sampling.expressions import parse_expression, without_specials
from credit_risk.sampling.history import read_history
from credit_risk.sampling.left_out import reason_to_leave_out
from credit_risk.sampling.performance import performance_outcome
from credit_risk.sampling.readings import dates_of, declared_type, numbers_of
from credit_risk.sampling.samples import split_samples
from credit_risk.sampling.source import RawColumn, read_source
from credit_risk.sampling.spec import DataSpec, OutcomeSpec, SamplesSpec
from tests.credit_risk.sampling.test_performance import definitions, histories, history_spec, materials, windows_
from validation.rebuild.source import columns as own
from validation.rebuild.source.drawn import draw_samples
from validation.rebuild.source.files import SourceTable, raw_column, read_table
from validation.rebuild.source.history import read_history as own_history
from validation.rebuild.source.language import LanguageError, parse, without_codes
from validation.rebuild.source.performance import Points, outcomes

TEXTS = [
    "BILL_AMT1 / LIMIT_BAL",
    "if(A > -1, 'low', B)",
    "A not in (1, 2) and not B in [3]",
    "A in 5 or in(B, 1, 2)",
    "0 < A <= 5 < B",
    "a - b - c * d / e + -f",
    "-(a + b) * --3",
    "not a == 1 or b != 'x' and (c >= 2 or d <= .5e1)",
    "where(is_missing(a), missing(), coalesce(a, b, 0))",
    "total(columns('BILL_AMT', 1, 6), columns('M', '01', '03'), columns('M{}_PAID', 3, 1))",
    "count_at_least(1, columns('days_past_due_', 0, 11))",
    "1 - share(balance_0, balance_6)",
    "band(NAICS, 110000, 210000.5)",
    'cross(State, "a b")',
    "`my column` + größe * class",
    "`in` in ('a', 'b',)",
    "months_between(opened, '2020-01-31') > 3 and year(opened) < 1990",
    "min(a, max(b, abs(log(exp(floor(c))))))",
    "if + 1",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_tree_of_a_text_is_that_of_the_developer(text: str) -> None:
    theirs, faults = parse_expression(text)
    assert not faults
    assert theirs is not None
    assert parse(text) == theirs
    codes: dict[str, tuple[Any, ...]] = {"a": (-9.0,), "A": (-1.0, -2.0), "State": ("XX",), "balance_0": (0.0,)}
    assert without_codes(parse(text), codes) == without_specials(theirs, codes)


@pytest.mark.parametrize("text", ["", "a +", "a b", "(a", "a in", "f(a)", "a == ", "columns('A', 1, 2)", "a & b", "'x"])
def test_what_is_no_expression_is_refused(text: str) -> None:
    assert parse_expression(text)[0] is None
    with pytest.raises(LanguageError):
        parse(text)


WORDS = st.sampled_from(
    [
        *("1", "2", "3.5", "-9", "-0.0", "1e3", " 4", "5 ", "007", "0", "12345678901234567890", "1,5", "1.234,5"),
        *("NA", ".", "-", " ", "", "inf", "nan", "x", "y z", "5 %", "EUR 7", "1 000", "true", "2020-01-31"),
        *("2020-02-29 08:30:00", "31.12.2020", "01/02/2021", "20200131", "2020-13-01", "Jan-21", "2020-01"),
    ]
)
SPECS = st.sampled_from(
    [
        *({}, {}, {}, {"type": "categorical"}, {"type": "numeric"}, {"order": ["1", "2"]}),
        *({"number_format": {"decimal": ",", "thousands": ".", "unit": "%"}}, {"number_format": {"unit": "EUR"}}),
        *({"date_format": "%d.%m.%Y"}, {"date_format": "%b-%y", "first_year": 1950}),
    ]
)
FAMILIES = st.one_of(
    st.lists(WORDS, min_size=1, max_size=12),
    st.lists(st.sampled_from(["1", "2", "30", "4.5", "NA", ""]), min_size=1, max_size=30),
    st.lists(st.dates().map(str), min_size=1, max_size=8),
    st.lists(
        st.dates(min_value=pd.Timestamp(1950, 1, 2).date()).map(lambda d: f"{d:%d.%m.%Y}"), min_size=1, max_size=8
    ),
    st.lists(st.integers(-(10**17), 10**17).map(str), min_size=1, max_size=8),
    st.lists(st.floats(-1e6, 1e6).map(repr), min_size=12, max_size=14),
)


@settings(max_examples=150)
@given(FAMILIES, SPECS)
def test_columns_are_typed_as_the_developer_types_them(values: list[str], spec: dict[str, Any]) -> None:
    data = DataSpec(source="x.csv", columns={"C": spec})
    written = data.model_dump(mode="json")["columns"]["C"]
    raw = raw_column(values)
    levels = np.empty(len(raw.levels), dtype=object)
    levels[:] = raw.levels
    theirs_raw = RawColumn(levels, raw.codes)
    reading, dates = numbers_of(data, "C", theirs_raw), dates_of(data, "C", theirs_raw)
    kind = declared_type(data.columns["C"]) or decide_type(theirs_raw, reading, dates)[0]
    if kind == "date" and dates is None:
        return  # refused by the contract: the column holds other texts
    if kind == "numeric":
        theirs, told = as_numeric("C", theirs_raw, reading)
    else:
        theirs, told = as_text("C", theirs_raw, reading, kind, dates)
    mine = own.typed(raw, written, None)
    assert mine.type == kind
    assert mine.levels.tolist() == theirs.levels.tolist()
    assert mine.codes.tolist() == theirs.codes.tolist()
    rows = {item.rows for item in told}
    assert {n for words, n in mine.done.items() if not words.startswith("kept")} <= rows
    why = reason_to_leave_out("C", theirs)
    assert own.reason_to_leave_out("C", mine) == (None if why is None else why[0])


@settings(max_examples=60)
@given(histories(), definitions, windows_, materials, st.sampled_from([None, (-2, 0, 2), (-8, 1)]))
def test_outcomes_of_histories_are_those_of_the_developer(rows, definition, windows, materiality, at) -> None:
    spec = history_spec(gaps="accept", materiality=materiality)
    frame = pd.DataFrame(rows)
    history = read_history(frame, spec, definition)
    keys = list(dict.fromkeys(frame["key"].tolist()))
    points = [(key, None) for key in sorted(keys)] if at is None else [(key, t) for key in keys for t in at]
    asked = pd.DataFrame(points, columns=["account", "observation_month"])
    found = performance_outcome(history, definition, windows, asked)
    theirs = [f"{one}: {why}" for one, why in zip(found["outcome"], found["reason"], strict=True)]
    columns = {name: raw_column([str(value) for value in frame[name]]) for name in frame.columns}
    table = SourceTable("history.csv", "", len(frame), columns)
    outcome = OutcomeSpec(history=spec, definition=definition, windows=windows).model_dump(mode="json")
    mine = own_history(table, outcome)
    account = np.array([mine.accounts[str(key)] for key, _ in points], dtype=np.int64)
    month = np.array([mine.first[a] if t is None else t for a, (_, t) in zip(account, points, strict=True)])
    assert outcomes(mine, Points(account, month), outcome) == theirs


@settings(max_examples=40)
@given(st.integers(0, 2**31), st.integers(30, 200), st.booleans(), st.booleans(), st.sampled_from([None, 0.2]))
def test_samples_are_drawn_as_the_developer_draws_them(seed, rows, grouped, late, calibration) -> None:
    rng = np.random.default_rng(seed)
    outcome = np.where(rng.random(rows) < 0.1, np.nan, (rng.random(rows) < 0.4).astype(float))
    groups = rng.integers(0, max(rows // 3, 2), rows) if grouped else None
    months = rng.integers(1, 13, rows)
    dates = np.array([f"2020-{m:02d}-15" for m in months], dtype=object) if late else None
    bounds = {"after": "2020-11-01", "before": "2020-02-01"} if late else None
    spec = SamplesSpec(seed=seed, calibration=calibration, out_of_time=bounds)
    try:
        theirs = split_samples(outcome, spec, dates=dates, groups=groups)
    except Exception:  # noqa: BLE001 - a sample without bads or goods is refused, which is not what is compared
        return
    mine = draw_samples(outcome, dates, groups, spec.model_dump(mode="json"))
    assert mine.tolist() == theirs.tolist()


CSV = 'id;a;"b ""c"""\n1;x;"two\nlines"\n\n2;;ü\n'


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet"])
def test_files_hold_the_same_values(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("parquet"):
        frame = pd.DataFrame(
            {"i": [1, None, 3], "f": [0.5, np.nan, 2.0], "t": ["a", "", None], "b": [True, None, False]}
        )
        frame["d"] = pd.to_datetime(["2020-01-31", None, "2020-02-01 08:30"], format="ISO8601")
        frame["long"] = pd.array([2**60, 1, None], dtype="Int64")
        frame.to_parquet(path)
    elif name.endswith("gz"):
        path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + CSV.encode()))
    else:
        path.write_text(CSV, "utf-8", newline="")
    theirs, mine = read_source(path), read_table(path)
    assert mine.sha256 == theirs.sha256
    assert list(mine.columns) == list(theirs.columns)
    for column, raw in theirs.raw.items():
        assert mine.columns[column].values().tolist() == raw.values().tolist()
