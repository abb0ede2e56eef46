"""Columns that tell nothing or too much, and settings that do not fit them: one clear outcome each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import ModelError
from credit_risk.binning.classing import class_categorical, class_frame, class_numeric
from credit_risk.binning.finish import finished
from credit_risk.binning.override_spec import FixWoe, Join, Merge, MoveEdge
from credit_risk.binning.overrides import apply_overrides
from credit_risk.binning.spec import CharacteristicSpec, ClassingSpec
from credit_risk.binning.table import BinningTable
from credit_risk.binning.transformers import Binner

N = 1200
JOINED = ClassingSpec(missing="nearest_woe", special="nearest_woe", unseen="worst")


@pytest.fixture(scope="module")
def y() -> np.ndarray:
    return (np.random.default_rng(0).random(N) < 0.3).astype(float)


NUMBERS = {
    "all missing": (np.full(N, np.nan), ()),
    "constant": (np.full(N, 7.0), ()),
    "all special": (np.full(N, -9.0), (-9.0,)),
    "special or missing": (np.where(np.arange(N) % 3, np.nan, -9.0), (-9.0,)),
    "two codes only": (np.where(np.arange(N) % 3, -8.0, -9.0), (-9.0, -8.0)),
    "one value and missing": (np.where(np.arange(N) % 5, 7.0, np.nan), ()),
}
TEXTS = {
    "all missing": (np.full(N, None, object), ()),
    "constant": (np.full(N, "a", object), ()),
    "all special": (np.full(N, "?", object), ("?",)),
    "special or missing": (np.where(np.arange(N) % 3, None, "?"), ("?",)),
}


def sound(table: BinningTable, values: np.ndarray, y: np.ndarray) -> None:
    """Every row in one bin, counted; finite weights; nothing told of an order."""
    ids = table.assign(values)
    np.testing.assert_array_equal(table.count, np.bincount(ids, minlength=len(table.bins)))
    np.testing.assert_array_equal(table.bad, np.bincount(ids, y, len(table.bins)))
    assert np.isfinite(table.result.woe).all()
    assert sum(b.kind in ("interval", "categories") for b in table.bins) <= 1


@pytest.mark.parametrize("engine", ["exact", "optbinning"])
@pytest.mark.parametrize("settings", [ClassingSpec(), JOINED], ids=["apart", "joined"])
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_without_a_cut(name: str, settings: ClassingSpec, engine: Any, y: np.ndarray) -> None:
    values, specials = NUMBERS[name]
    settings = settings.model_copy(update={"engine": engine})
    table = finished(class_numeric("x", values, y, settings=settings, specials=specials), settings)
    sound(table, values, y)
    if name in ("all missing", "constant", "all special"):
        assert table.information_value == 0.0
    if name in ("all missing", "all special", "special or missing"):
        assert table.solver_status == "ordinary values hold one class only"
        assert {part.fate for part in table.parts} <= {"apart: no development rows", "apart: no bin of ordinary values"}


@pytest.mark.parametrize("settings", [ClassingSpec(), JOINED], ids=["apart", "joined"])
@pytest.mark.parametrize("name", TEXTS)
def test_categories_without_a_cut(name: str, settings: ClassingSpec, y: np.ndarray) -> None:
    values, specials = TEXTS[name]
    table = finished(class_categorical("c", values, y, settings=settings, specials=specials), settings)
    sound(table, values, y)
    unseen = table.assign(np.array(["never met"], object))[0]
    assert table.bins[unseen].kind == "unseen"


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_values_are_refused_with_the_row(value: float, y: np.ndarray) -> None:
    values = np.arange(float(N))
    values[[4, 9]] = value
    with pytest.raises(ModelError, match="'x' holds infinite values") as caught:
        class_numeric("x", values, y, settings=ClassingSpec())
    assert (caught.value.faults[0].row, caught.value.faults[0].found) == (5, f"{value!r} in 2 rows")
    with pytest.raises(ValueError, match="infinity among the values"):
        Binner().fit(pd.DataFrame({"x": values}), y)


def test_ten_thousand_categories_are_pooled_and_scored(y: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    many = np.array([f"employer {k}" for k in range(10_000)], object)
    outcome = (rng.random(20_000) < 0.3).astype(float)
    values = np.concatenate([many, rng.choice(many[:20], 10_000)])
    table = class_categorical("c", values, outcome, settings=ClassingSpec())
    assert len(table.pooled) == 9980
    assert sum(len(b.values) for b in table.bins) == 10_000
    assert sum(b.kind == "categories" for b in table.bins) <= 6
    assert len({int(k) for k in table.assign(many[20:])}) == 1
    unpooled = class_categorical("c", values, outcome, settings=ClassingSpec(rare_share=0))
    assert sum(b.kind == "categories" for b in unpooled.bins) <= 6


def test_what_cannot_be_kept_names_the_column_and_the_conflict(y: np.ndarray) -> None:
    frame = pd.DataFrame({"x": np.arange(float(N)) % 2, "z": np.arange(float(N)) % 9})
    with pytest.raises(ModelError) as caught:
        class_frame(frame, y, settings=ClassingSpec(min_bins=3))
    (fault,) = caught.value.faults
    assert fault.found == "x"
    assert "no classing keeps min_bins 3; what would do: min_bins 2" in fault.message
    own = {"x": CharacteristicSpec(min_bins=1)}
    assert set(class_frame(frame, y, settings=ClassingSpec(min_bins=3, trend="none", characteristics=own))) == {
        "x",
        "z",
    }


def test_changes_that_name_what_is_not_there_are_told_with_what_is(y: np.ndarray) -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=N)
    outcome = (rng.random(N) < 1 / (1 + np.exp(1 - 2 * values))).astype(float)
    table = class_numeric("x", values, outcome, settings=ClassingSpec())
    by = {"characteristic": "x", "reason": "policy", "author": "A. Risk"}
    wrong = [
        Merge(operation="merge", edge=99.0, **by),
        MoveEdge(operation="move_edge", edge=99.0, to=1.0, **by),
        FixWoe(operation="fix_woe", bin="[1, 2)", woe=0.5, **by),
        Join(operation="join", bin="special 7", into="missing", **by),
        Join(operation="join", bin="missing", into="nowhere", **by),
    ]
    with pytest.raises(ModelError) as caught:
        apply_overrides(table, wrong, values, outcome, np.ones(N), settings=ClassingSpec())
    assert len(caught.value.faults) == len(wrong)
    assert all("there is no" in fault.message for fault in caught.value.faults)
    shown = [b.label for b in table.bins if b.kind == "interval"]
    assert all(label in caught.value.faults[2].message for label in shown)


def test_a_weight_fixed_by_hand_is_not_lost_by_a_later_change(y: np.ndarray) -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=N)
    outcome = (rng.random(N) < 1 / (1 + np.exp(1 - 2 * values))).astype(float)
    table = class_numeric("x", values, outcome, settings=ClassingSpec())
    by = {"characteristic": "x", "reason": "policy", "author": "A. Risk"}
    label, edge = table.bins[0].label, float(table.bins[1].lower or 0.0)
    changes = [FixWoe(operation="fix_woe", bin=label, woe=0.5, **by), Merge(operation="merge", edge=edge, **by)]
    with pytest.raises(ModelError, match="whose weight of evidence is fixed by hand before"):
        apply_overrides(table, changes, values, outcome, np.ones(N), settings=ClassingSpec())
