"""A live split in a run: what is lost, logged otherwise or unknown is told, against the hash itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa

from credit_risk.monitoring.challenger.assignment import assign, two_arms
from credit_risk.monitoring.run.settings import Settings
from credit_risk.monitoring.run.split import NO_ARM, NO_SPLIT, Live, live_split
from credit_risk.monitoring.run.words import Words
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.spec import MonitoringSpec

SPLIT = two_arms("autumn", 0.5, "champion", "trees")
NAMES = np.array([f"p{one % 4000}" for one in range(6000)], dtype=object)
ARMS = assign(NAMES, SPLIT)


def seen(names: np.ndarray, arms: np.ndarray | None, challengers: dict[str, Any] | None = None) -> Live:
    """The split of rows of one month, with the applicants' names and the arms that were logged."""
    given = {"shadow": ["trees"], "share": 0.5, "salt": "autumn"} | ({} if arms is None else {"arm": "arm"})
    spec = MonitoringSpec.model_validate({"challengers": given if challengers is None else challengers})
    settings = Settings(spec, True, True, None, 0.04, "test", frozenset(), {}, "person")
    columns = {"_key": [str(k) for k in range(len(names))], "column:person": names}
    frame = pd.DataFrame(columns if arms is None else {**columns, "column:arm": arms})
    parts = [frame.iloc[start : start + 1000] for start in range(0, len(frame), 1000)]
    source = SimpleNamespace(
        columns=frozenset(frame.columns),
        periods=("2026-01",),
        batches=lambda _, asked: (pa.Table.from_pandas(one[asked], preserve_index=False) for one in parts),
    )
    return live_split(cast(SqlSource, source), settings, False, Words())


def test_arms_as_declared() -> None:
    live = seen(NAMES, ARMS)
    assert isinstance(live.split, pd.DataFrame)
    assert live.warning is None
    assert live.split["rows"].sum() == 4000  # applicants, not rows: an applicant who comes again has one arm
    assert live.split["logged_rows"].sum() == 6000
    assert live.area(("2026-01",))["split"]["verdict"].tolist() == ["green"]  # type: ignore[index]
    alone = seen(NAMES, None)
    assert isinstance(alone.split, pd.DataFrame)
    assert alone.split["rows"].tolist() == live.split["rows"].tolist()
    assert alone.split["logged_rows"].isna().all()


def test_lost_applicants_are_a_mismatch_of_the_ratio() -> None:
    kept = ~((ARMS == "trees") & (np.arange(len(NAMES)) % 4000 % 5 == 0))
    live = seen(NAMES[kept], ARMS[kept])
    assert "sample ratio mismatch" in str(live.warning)
    assert live.area(("2026-01",))["split"]["verdict"].tolist() == ["red"]  # type: ignore[index]


def test_arms_that_the_hash_does_not_give_and_words_that_are_none_are_told() -> None:
    arms = ARMS.copy()
    wrong = np.flatnonzero(arms == "champion")[:7]
    arms[wrong] = "trees"
    arms[np.flatnonzero(arms == "champion")[:3]] = "both"
    live = seen(NAMES, arms)
    assert isinstance(live.split, pd.DataFrame)
    table = live.split.set_index("arm")
    assert table.loc["trees", "differing"] == 7
    assert table.loc["trees", "first_differing"] == wrong[0] + 1
    assert (table.loc["both", "verdict"], table.loc["both", "logged_rows"]) == (NO_ARM, 3)
    assert live.warning == "10 rows were logged in another arm than the hash gives"


def test_without_a_split_or_its_column_the_reason_is_told() -> None:
    assert seen(NAMES, None, {"shadow": ["trees"]}).split == NO_SPLIT
    assert seen(NAMES, None, {"shadow": ["trees"]}).area(("2026-01",)) == {}
    given = {"shadow": ["trees"], "share": 0.5, "salt": "autumn", "arm": "gone"}
    assert seen(NAMES, None, given).split == "production does not hold the column 'gone'"
