"""Selection and leakage recomputed: a good package passes, each changed number is found out."""

from __future__ import annotations

import io
import json
import math
import operator
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import chi2
from toy_package import builders as b
from toy_package import scorecard

from validation import ValidationRun, read_package, validate

MONTHS = ("2025-01", "2025-02", "2025-03", "2025-04")
SELECTION = {
    "min_information_value": 0.02,
    "max_gini": 0.95,
    "max_correlation": 0.8,
    "max_variance_inflation": 5.0,
    "criterion": "p_value",
    "method": "backward",
    "max_p_value": 0.05,
    "sign_check": True,
    "stability_period": "month",
    "min_period_rows": 100,
    "include": [],
}


def psi(expected: list[int], actual: list[int], bins: int) -> tuple[float, float]:
    """PSI and its 95 % point under no change, from bin ids, in plain Python."""
    cells = [(expected.count(k), actual.count(k)) for k in range(bins)]
    cells = [cell for cell in cells if cell != (0, 0)]
    add = 0.5 if any(0 in cell for cell in cells) else 0.0
    n, m = (sum(cell[i] + add for cell in cells) for i in (0, 1))
    shares = [((e + add) / n, (a + add) / m) for e, a in cells]
    chance = float(chi2.ppf(0.95, len(cells) - 1)) * (1 / len(expected) + 1 / len(actual))
    return math.fsum((a - e) * math.log(a / e) for e, a in shares), chance


def dated(data: dict[str, list[Any]]) -> dict[str, list[str]]:
    """Three full months and a few rows of a fourth; CLOSED lies after the decision for every bad."""
    rows = len(data["_key"])
    month = [MONTHS[3] if i < 30 else MONTHS[(i // 3) % 3] for i in range(rows)]
    closed = ["2026-06-30" if bad else "2024-12-31" for bad in data["_outcome"]]
    return {"APPLIED": [f"{m}-15" for m in month], "CLOSED": closed}


def stability_rows(data: dict[str, list[Any]], dates: list[str]) -> list[list[Any]]:
    rows = []
    for name, (assign, bins) in scorecard.BIN_OF.items():
        ids = [assign(value) for value in data[name]]
        inside = [i for i, sample in enumerate(data["_sample"]) if sample == b.DEVELOPMENT]
        base, test = [ids[i] for i in inside], [k for k, s in zip(ids, data["_sample"], strict=True) if s == b.TEST]
        over_samples = psi(base, test, bins)
        found = {}
        for month in MONTHS[:3]:
            there = [ids[i] for i in inside if dates[i].startswith(month)]
            rest = [ids[i] for i in inside if not dates[i].startswith(month)]
            found[month] = (*psi(rest, there, bins), len(there))
        worst = max(found, key=lambda month: found[month][0])
        over_time = found[worst]
        head = [name, over_samples[0], b.TEST, over_samples[1]]
        rows.append([*head, over_time[0], worst, over_time[2], over_time[1], 3, 1])
    return rows


def pure(data: dict[str, list[Any]]) -> float:
    """Greatest share of all bads in one income, or on one side of one, where at least 98 of 100 are bads."""
    columns = [data[name] for name in ("INCOME", "_outcome", "_sample")]
    rows = [(value, y) for value, y, sample in zip(*columns, strict=True) if sample == b.DEVELOPMENT]
    known = [(value, y) for value, y in rows if value is not None]
    sides = (operator.eq, operator.le, operator.ge)
    groups = [[y for value, y in known if side(value, cut)] for cut in {v for v, _ in known} for side in sides]
    return max((sum(one) for one in groups if sum(one) >= 0.98 * len(one)), default=0.0) / sum(y for _, y in rows)


def leakage_rows(data: dict[str, list[Any]]) -> list[list[Any]]:
    columns = [data[name] for name in ("INCOME", "_outcome", "_sample")]
    rows = [(value is None, y) for value, y, sample in zip(*columns, strict=True) if sample == b.DEVELOPMENT]
    bads, goods = ([absent for absent, y in rows if y == kind] for kind in (1.0, 0.0))
    gini = abs(sum(bads) / len(bads) - sum(goods) / len(goods))  # Youden's J is the Gini of a yes/no measure
    later = sum(y for _, y in rows) / len(rows)
    return [
        ["INCOME", "predictor", "discrimination", 0.8, 0.75, True, "Gini of the fine classes"],
        ["INCOME", "predictor", "missing", gini, 0.5, False, "Gini of being missing"],
        ["REGION", "predictor", "pure values", 0.0, 0.2, False, "share of all bads"],
        ["CLOSED", "forbidden", "later date", later, 0.0, True, "share of rows"],
        ["GONE", "left out", "missing", 0.9, 0.5, True, "Gini of being missing"],
        ["INCOME", "predictor", "pure values", pure(data), 0.2, False, "share of all bads"],
        ["REGION", "predictor", "discrimination", 0.1, 0.75, False, "Gini of the fine classes"],
    ]


@pytest.fixture(scope="module")
def selected(good_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The good package with dates, and with selection and leakage as developers would tell them."""
    folder = Path(shutil.copytree(good_package, tmp_path_factory.mktemp("selected") / "toy"))
    data = b.population()
    dates = dated(data)
    snapshot = pq.read_table(folder / "data/snapshot.parquet")
    for name, values in dates.items():
        snapshot = snapshot.append_column(name, pa.array(values, pa.string()))
    sink = io.BytesIO()
    pq.write_table(snapshot, sink)
    (folder / "data/snapshot.parquet").write_bytes(sink.getvalue())
    total = {
        name: json.loads((folder / "evidence/classing.summary.json").read_text())["rows"][i][5]
        for i, name in enumerate(scorecard.BIN_OF)
    }
    waterfall = [
        [
            "toy",
            "INCOME",
            total["INCOME"],
            "final",
            "selected",
            None,
            None,
            "passed every step",
            "discrimination",
        ],
        ["toy", "REGION", total["REGION"], "final", "selected", None, None, "passed every step", None],
        ["toy", "NOISE", 0.001, "information value", "left out", 0.001, 0.02, "below the threshold", None],
    ]
    roles = {"INCOME": "predictor", "REGION": "predictor", "NOISE": "predictor", "SEX": "protected"}
    terms = {name: [True, None, role == "protected", False, False, name != "NOISE"] for name, role in roles.items()}
    contract = [[name, roles[name], "numeric", *[None] * 5, *terms[name], None, None] for name in roles]
    tables = {
        "selection.waterfall": waterfall,
        "selection.stability": stability_rows(data, dates["APPLIED"]),
        "data.leakage": leakage_rows(data),
        "data.contract": contract,
    }
    for name, rows in tables.items():
        (folder / f"evidence/{name}.json").write_bytes(b.to_json(b.evidence(name, rows)))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] |= {f"evidence/{name}.json": {} for name in tables}
    (folder / "manifest.json").write_bytes(b.to_json(manifest))
    told = b.evidence("classing.period_stability", kind="not_applicable", reason="of other dates")
    b.change_json(folder, "evidence/classing.period_stability.json", lambda _: told)
    b.change_json(
        folder, "plan.json", lambda plan: plan | {"selection": SELECTION, "data": plan["data"] | {"date": "APPLIED"}}
    )
    return folder


def breaches(run: ValidationRun) -> set[str]:
    return {f"{item.area}: {item.quantity}" for item in run.comparisons if item.breaches}


def test_a_good_selection_has_no_breach_and_is_compared(selected: Path) -> None:
    run = validate(read_package(selected))
    assert breaches(run) == set()
    compared = {f"{item.area}: {item.quantity}" for item in run.comparisons}
    wanted = {"selected", "suspicion of leakage", "information value", "thresholds broken", "negative coefficient"}
    assert {f"selection.waterfall: {name}" for name in wanted} <= compared
    assert {
        "selection.stability: period_psi",
        "selection.stability: sample_psi",
        "selection.stability: period",
    } <= compared
    assert {"data.leakage: suspicion", "data.leakage: missing, pure values and later dates"} <= compared
    left = [o.test for o in run.outcomes if o.outcome == "not_evaluable" and o.test.startswith("data.leakage")]
    assert left == ["data.leakage: discrimination, GONE"]


Change = Callable[[Path], None]


def cell(name: str, row: int, column: int, value: Any) -> Change:
    def apply(evidence: dict[str, Any]) -> None:
        old = evidence["rows"][row][column]
        evidence["rows"][row][column] = value(old) if callable(value) else value

    return lambda folder: b.change_json(folder, f"evidence/{name}.json", apply)


def limit(**changed: Any) -> Change:
    return lambda folder: b.change_json(
        folder, "plan.json", lambda plan: plan | {"selection": plan["selection"] | changed}
    )


WATERFALL, STABILITY, LEAKAGE = "selection.waterfall", "selection.stability", "data.leakage"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (cell(WATERFALL, 0, 2, lambda v: v * (1 + 1e-9)), f"{WATERFALL}: information value"),
        (cell(WATERFALL, 0, 8, None), f"{WATERFALL}: suspicion of leakage"),
        (cell(WATERFALL, 1, 4, "left out"), f"{WATERFALL}: selected"),
        (cell(WATERFALL, 2, 1, "OTHER"), f"{WATERFALL}: characteristics"),
        (cell(WATERFALL, 2, 5, 0.03), f"{WATERFALL}: thresholds broken"),
        (cell(WATERFALL, 2, 0, "another"), f"{WATERFALL}: models"),
        (limit(max_p_value=1e-300), f"{WATERFALL}: p-value within the plan's limit"),
        (limit(max_variance_inflation=1.0), f"{WATERFALL}: variance inflation within the plan's limit"),
        (limit(max_correlation=1e-6), f"{WATERFALL}: correlation within the plan's limit"),
        (cell(STABILITY, 0, 1, lambda v: v + 1e-6), f"{STABILITY}: sample_psi"),
        (cell(STABILITY, 1, 4, lambda v: v + 1e-6), f"{STABILITY}: period_psi"),
        (cell(STABILITY, 1, 5, "2025-04"), f"{STABILITY}: period"),
        (cell(STABILITY, 0, 9, 0), f"{STABILITY}: periods_not_judged"),
        (limit(stability_period="quarter"), f"{STABILITY}: period"),
        (limit(min_period_rows=1), f"{STABILITY}: periods_judged"),
        (cell(LEAKAGE, 0, 5, False), f"{LEAKAGE}: suspicion"),
        (cell(LEAKAGE, 1, 3, lambda v: v + 1e-6), f"{LEAKAGE}: missing, pure values and later dates"),
        (cell(LEAKAGE, 3, 3, 0.5), f"{LEAKAGE}: missing, pure values and later dates"),
    ],
)
def test_what_was_changed_is_found(change: Change, found: str, selected: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(selected, tmp_path / "toy"))
    change(folder)
    assert found in breaches(validate(read_package(folder)))


def test_forced_characteristics_may_break_the_rules(selected: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(selected, tmp_path / "toy"))
    limit(max_p_value=1e-300, include=["INCOME", {"name": "REGION", "reason": "policy", "author": None}])(folder)
    assert breaches(validate(read_package(folder))) == set()
