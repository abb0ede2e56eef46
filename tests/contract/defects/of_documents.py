"""Defects of what surrounds a model: texts, references, verification rows, exports, annexes, hashes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.contract.altered import reseal
from tests.contract.defects.consistent import changed_json
from tests.contract.defects.defect import Defect, Making
from tests.contract.defects.of_figures import figures
from tests.contract.defects.severity import REFUSED


def text(name: str, words: str | None) -> Callable[[Making], Path]:
    """An authored text that says nothing, in plan and evidence."""

    def make(making: Making) -> Path:
        package = making.changed(f"evidence/authored.{name}.json", lambda item: item.update({"text": words}))
        return changed_json(package, "plan.json", lambda plan: plan["model"][name].update({"text": words}))

    return make


def _expired(making: Making) -> Path:
    def plan(told: dict[str, Any]) -> None:
        told["model"]["limitations"][0]["expiry"] = "2026-06-30"

    row = {"expiry": "2026-06-30", "expired": True}
    package = figures(("limitations.register", {}, lambda _: row))(making)
    return changed_json(package, "plan.json", plan)


def _dangling(making: Making) -> Path:
    """Evidence that says it was made from a file which the package has not."""
    name = "predictions/holdout.parquet"
    return making.changed("evidence/performance.discrimination.json", lambda item: item.update({"inputs": [name]}))


def _lost(making: Making) -> Path:
    """A table of evidence is gone, from the manifest as well."""
    package, name = making.copied(), "evidence/performance.calibration.json"
    (package / name).unlink()
    return changed_json(package, "plan.json", lambda _: None) if _forgotten(package, name) else package


def _forgotten(package: Path, name: str) -> bool:
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    del manifest["files"][name]
    (package / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return True


def _other_verification(making: Making) -> Path:
    """Verification rows of an earlier version: every linear score is a little off."""
    package = making.copied()
    rows = list(csv.reader(io.StringIO((package / "verification.csv").read_text("utf-8"))))
    place, out = rows[0].index("linear_score"), io.StringIO()
    for row in rows[1:]:
        if row[place]:
            row[place] = repr(float(row[place]) + 0.01)
    csv.writer(out, lineterminator="\n").writerows(rows)
    return reseal(package, "verification.csv", out.getvalue().encode())


def _other_export(making: Making) -> Path:
    """The PMML export has another constant than the model."""
    package = making.copied("exports")
    path = package / "exports" / "m.pmml"
    data = path.read_text("utf-8")
    changed = re.sub(r'intercept="([-0-9.e]+)"', lambda m: f'intercept="{float(m[1]) + 0.05!r}"', data, count=1)
    changed = re.sub(r'initialScore="([-0-9.e]+)"', lambda m: f'initialScore="{float(m[1]) + 3.0!r}"', changed, count=1)
    assert changed != data
    path.write_text(changed, "utf-8")
    _annex(package, lambda annex: annex["files"].update({"m.pmml": _entry(path)}))
    return package


def _other_annex(making: Making) -> Path:
    """The exports were made for another package."""
    package = making.copied("exports")
    _annex(package, lambda annex: annex.update({"package_hash": hashlib.sha256(b"another").hexdigest()}))
    return package


def _annex(package: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    path = package / "exports" / "manifest.json"
    annex = json.loads(path.read_text("utf-8"))
    change(annex)
    path.write_text(json.dumps(annex), "utf-8")


def _entry(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _unsealed(making: Making) -> Path:
    """A coefficient was changed after the package was sealed."""
    package = making.copied()
    model = json.loads((package / "model.json").read_text("utf-8"))
    step = next(one for one in model["steps"] if one["type"] == "linear")
    step["intercept"] += 0.1
    (package / "model.json").write_text(json.dumps(model), "utf-8")
    return package


def document(name: str, wrong: str, effect: str, make: Callable[[Making], Path], *areas: str) -> Defect:
    """A defect that breaks a rule."""
    return Defect(name, wrong, "plain", effect, areas, make, sized=False)


DOCUMENTS: tuple[Defect, ...] = (
    document(
        "empty_purpose",
        "the purpose is a blank",
        "check authored_purpose",
        text("purpose", " "),
        "battery: authored texts",
        REFUSED,
    ),
    document(
        "placeholder_rationale",
        "the rationale is a placeholder",
        "check authored_placeholder",
        text("rationale", "To be done"),
        "battery: authored texts",
    ),
    document("expired_limitation", "a limitation has expired", "check limitation_expired", _expired, "battery: "),
    document(
        "dangling_reference",
        "evidence cites a file that the package has not",
        "check evidence_reference",
        _dangling,
        "battery: ",
        REFUSED,
    ),
    document("lost_evidence", "a table of evidence is gone", "check evidence_missing", _lost, "battery: "),
    document(
        "other_verification",
        "verification rows are those of an earlier model",
        "check verification_case",
        _other_verification,
        "verification",
    ),
    document(
        "other_export",
        "the export has another constant than the model",
        "check verification_case",
        _other_export,
        "exports",
        "battery: export",
    ),
    document("annex_of_another", "the exports were made for another package", REFUSED, _other_annex, REFUSED),
    document("hash_mismatch", "the model was changed after it was sealed", REFUSED, _unsealed, REFUSED),
)
