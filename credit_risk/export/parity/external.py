"""An engine that somebody else runs: a command that is given an export and a table, and gives back a table."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from credit_risk.export.parity.engines import EngineError, EngineRun
from credit_risk.export.program import Program

SHOWN = 500
LONGEST = 3600


@dataclass(frozen=True, slots=True)
class External:
    """`COMMAND EXPORT INPUT.json OUTPUT.json`, both of the form `{"columns": [...], "data": [[...], ...]}`.

    Numbers are given in the shortest form that reads back to the same double, missing is null. The command writes a row
    a row with the published columns under their names (missing is null) and, if it can, `seconds` beside `columns`: how
    long scoring alone took. It runs where `credit-risk` was begun, so that its own paths may be relative. So engines
    whose licence forbids that we load them can be compared all the same.
    """

    name: str
    export: str
    command: str

    def version(self) -> str | None:
        """`by command`: what it runs is not known here."""
        return "by command" if shutil.which(shlex.split(self.command)[0]) else None

    def why_not(self) -> str:
        """That the command is not there."""
        return f"{shlex.split(self.command)[0]} is not on the PATH"

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        """Run the command; the three files stand in `folder` and are named by their whole paths."""
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        folder = folder.resolve()
        given, made = folder / "input.json", folder / "output.json"
        given.write_text(_as_json(frame), encoding="utf-8")
        words = [*shlex.split(self.command), str(folder / min(files)), str(given), str(made)]
        start = time.perf_counter()
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=LONGEST, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineError(str(error)[:SHOWN]) from error
        seconds = time.perf_counter() - start
        if done.returncode != 0 or not made.is_file():
            raise EngineError((done.stderr or done.stdout or f"exit status {done.returncode}").strip()[-SHOWN:])
        answer = json.loads(made.read_text("utf-8"))
        results = pd.DataFrame(answer["data"], columns=answer["columns"])
        return EngineRun(results, None, float(answer.get("seconds", seconds)))


def _as_json(frame: pd.DataFrame) -> str:
    columns = [[None if value is None or value != value else value for value in frame[name].tolist()] for name in frame]
    return json.dumps({"columns": list(frame), "data": [list(row) for row in zip(*columns, strict=True)]})
