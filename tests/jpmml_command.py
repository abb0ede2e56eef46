"""JPMML as an engine of the user: `jpmml_command.py EXPORT INPUT.json OUTPUT.json` (AGPL: never in the product)."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main(export: str, given: str, made: str) -> None:
    from tests import engines

    asked = json.loads(Path(given).read_text("utf-8"))
    rows = [dict(zip(asked["columns"], row, strict=True)) for row in asked["data"]]
    engines.jpmml(Path(export), rows[:1], verify=False)  # starts the Java machine
    start = time.perf_counter()
    found = engines.jpmml(Path(export), rows, verify=False)
    seconds = time.perf_counter() - start
    named = [name for name in found if isinstance(name, str)]  # the target has no name
    columns = {name.removeprefix("model_"): found[name].tolist() for name in named}
    data = [[_plain(value) for value in row] for row in zip(*columns.values(), strict=True)]
    Path(made).write_text(json.dumps({"columns": list(columns), "data": data, "seconds": seconds}), "utf-8")


def _plain(value: Any) -> Any:
    return None if value is None or value != value else value


if __name__ == "__main__":
    main(*sys.argv[1:])
