"""Where outcomes lie: a text is taken as it is, by the table, by the command and by what reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from credit_risk.lifecycle import monitor as module
from credit_risk.monitoring.run import OutcomeTable
from credit_risk.monitoring.run.outcomes import at_hand
from credit_risk.serving.log import Secret
from tests.credit_risk.cli.command import credit_risk
from tests.credit_risk.serving.cases import CORPUS

PLACES = [
    "s3://bucket//late/outcomes.parquet",
    "abfss://c@a.dfs.example.org/x//y",
    "late//outcomes",
    "./late/../o",
    "t",
]


@pytest.mark.parametrize("place", PLACES)
def test_a_text_is_read_as_it_was_given(place: str) -> None:
    with at_hand(OutcomeTable(place)) as found:
        assert found == place
    with at_hand(OutcomeTable(Path(place))) as found:
        assert found == str(Path(place))


@pytest.mark.parametrize("place", PLACES)
def test_the_command_hands_it_on(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Enough(BaseException):
        """What was to be seen was seen."""

    seen: list[Any] = []

    def monitor_package(*_: object, outcomes: OutcomeTable, **__: object) -> None:
        with at_hand(outcomes) as found:
            seen.append(found)
        raise Enough

    monkeypatch.setattr(module, "monitor_package", monitor_package)
    with pytest.raises(Enough):
        credit_risk("monitor", CORPUS / "scorecard", "--log", "log", "--outcomes", place, "--out", tmp_path / "out")
    assert seen == [place]


def test_with_a_secret_only_files_can_be_copied() -> None:
    """Keys are pseudonymised in a copy, so that the place must be a file or a folder; what is none is named."""
    with (
        pytest.raises(Exception, match="there is no such file or folder") as caught,
        at_hand(OutcomeTable(PLACES[0], secret=Secret(b"a secret of the tests"))),
    ):
        pass
    assert PLACES[0] in str(caught.value)
