"""A live split in a run: what is lost, logged otherwise or unknown is told, against the hash itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from credit_risk.monitoring.challenger.assignment import assign, two_arms
from credit_risk.monitoring.run.settings import Settings
from credit_risk.monitoring.run.split import NO_ARM, NO_SPLIT, OF_PSEUDONYMS, ROWS, UNTESTED, Live, live_split
from credit_risk.monitoring.run.words import Words
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.spec import MonitoringSpec

SPLIT = two_arms("autumn", 0.5, "champion", "trees")
NAMES = np.array([f"p{one % 4000}" for one in range(6000)], dtype=object)
ARMS = assign(NAMES, SPLIT)


def seen(
    names: np.ndarray | None, arms: np.ndarray | None, challengers: dict[str, Any] | None = None, *,
    applicant: str | None = "person", pseudonymous: bool = False,
) -> Live:  # fmt: skip
    """The split of rows of one month, with the applicants' names and the arms that were logged."""
    given = {"shadow": ["trees"], "share": 0.5, "salt": "autumn"} | ({} if arms is None else {"arm": "arm"})
    spec = MonitoringSpec.model_validate({"challengers": given if challengers is None else challengers})
    settings = Settings(spec, True, True, None, 0.04, "test", frozenset(), {}, applicant)
    rows = len(NAMES) if names is None else len(names)
    columns = {"_key": [str(k) for k in range(rows)]} | ({} if names is None else {"column:person": names})
    frame = pd.DataFrame(columns if arms is None else {**columns, "column:arm": arms})
    parts = [frame.iloc[start : start + 1000] for start in range(0, len(frame), 1000)]
    source = SimpleNamespace(
        columns=frozenset(frame.columns),
        periods=("2026-01",),
        pseudonymous=pseudonymous,
        batches=lambda _, asked, **__: (pa.Table.from_pandas(one[asked], preserve_index=False) for one in parts),
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


def test_arms_of_a_log_of_pseudonyms_are_those_that_were_logged() -> None:
    """Keys of a log are pseudonyms: a hash of them is nobody's arm, so none is made up, and none is called wrong."""
    assert seen(None, None, applicant=None, pseudonymous=True).split == OF_PSEUDONYMS
    absent = {"shadow": ["trees"], "share": 0.5, "salt": "autumn", "arm": "gone"}
    told = seen(None, None, absent, applicant=None, pseudonymous=True).split
    assert told == "production does not hold the column 'gone'; score with --arms"
    live = seen(None, ARMS, applicant=None, pseudonymous=True)
    assert isinstance(live.split, pd.DataFrame)
    assert live.warning is None
    assert live.split["differing"].isna().all()
    assert live.split.set_index("arm")["logged_rows"].to_dict() == pd.Series(ARMS).value_counts().to_dict()
    lost = ARMS[(ARMS == "champion") | (np.arange(len(ARMS)) % 5 > 0)]
    few = seen(np.array(["x"] * len(lost), dtype=object), lost, applicant=None, pseudonymous=True)
    assert "sample ratio mismatch" in str(few.warning)  # each row is an applicant of its own: their numbers are tested


@pytest.mark.parametrize("pseudonymous", [True, False])
def test_rows_of_applicants_who_are_not_known_are_counted_and_not_tested(pseudonymous: bool) -> None:
    assert "person" in str(seen(None, None, pseudonymous=False).split)  # by the key of the row they had other arms
    live = seen(None, ARMS, pseudonymous=pseudonymous)
    assert isinstance(live.split, pd.DataFrame)
    assert set(live.split["verdict"]) == {UNTESTED}
    assert live.split["p_value"].isna().all()
    assert live.split["rows"].sum() == len(ARMS)
    assert ROWS in live.split.attrs["notes"]
    named = seen(NAMES, ARMS, pseudonymous=pseudonymous)  # a log that holds the name as an input of the model
    assert isinstance(named.split, pd.DataFrame)
    assert named.split["differing"].sum() == 0
    assert named.split["rows"].sum() == 4000
