"""Letters of past decisions: the data of each notice in a file, and the renderer of documents run on it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, ScoringError
from credit_risk._core.programs import ProgramError, run_program
from credit_risk.monitoring.time_travel import Decision

KINDS = ("json", "pdf", "txt")


@dataclass(frozen=True, slots=True)
class Letter:
    """Files of a letter: its data, the page and the text; or why there is none."""

    files: tuple[Path, ...] = ()
    why_not: str | None = None


def check_folder(out: Path) -> None:
    """Raises ScoringError where `out` is no folder to write letters in."""
    if out.exists() and not out.is_dir():
        raise ScoringError(Fault("is no folder", "output", str(out), remedy="name a folder for the letters"))


def write_letter(
    decision: Decision, notice: Mapping[str, Any], package: Path, out: Path, *, house: Path | None = None
) -> Letter:
    """The letter of a decision that came again to the last bit, as `notice-<moment>-<batch>-<row>` with its data.

    The same decision gives the same bytes: the letter is dated by the decision. house: house style of the letter. A
    decision that did not come again has no letter, since nobody knows what was told.
    """
    if not decision.reproduced or decision.part_faults:
        return Letter(why_not="the decision did not come again as it was logged")
    stem = f"notice-{decision.at.replace('-', '').replace(':', '')}-{decision.batch}-{decision.row}"
    data = canonical_json.to_bytes({**notice, "at": decision.at})
    with tempfile.TemporaryDirectory(prefix="credit-risk-letter-") as scratch:
        file = Path(scratch) / f"{stem}.json"
        file.write_bytes(data)
        language = str(notice["language"]).partition("-")[0]
        given = ["--package", str(package), "--out", scratch, "--language", language, "--quiet"]
        given += [] if house is None else ["--house", str(house)]
        try:
            run_program("docs_templates", ["letter", str(file), *given])
        except ProgramError as error:
            return Letter(why_not=" ".join(str(error.faults[0].found).split()))
        out.mkdir(parents=True, exist_ok=True)
        return Letter(tuple(_put(Path(scratch) / f"{stem}.{kind}", out) for kind in KINDS))


def _put(file: Path, out: Path) -> Path:
    """Whole or not at all, whatever stood there."""
    partial = out / f".{file.name}.partial"
    partial.write_bytes(file.read_bytes())
    os.replace(partial, out / file.name)
    return out / file.name
