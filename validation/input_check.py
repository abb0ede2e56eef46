"""Whether rows have the inputs that models ask for."""

from __future__ import annotations

from typing import Any

from validation.errors import Fault


def input_faults(table: Any, models: list[dict[str, Any]], file: str) -> list[Fault]:
    """Return one fault for each model input that the snapshot lacks, or holds as text where a number is declared."""
    faults = []
    for model in models:
        for item in model["inputs"]:
            if item["name"] not in table.column_names:
                faults.append(Fault("snapshot_invalid", "lacks an input of the model", file, item["name"]))
            elif item["type"] == "number" and "string" in str(table.column(item["name"]).type):
                faults.append(
                    Fault("snapshot_invalid", "holds text where the model declares a number", file, item["name"])
                )
    return faults
