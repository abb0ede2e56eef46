"""Small model packages written by hand, in plain Python, to try the validator on (it shares no code with it)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DEVELOPMENT, TEST = "development", "out_of_sample"
CATALOGUE = json.loads(
    (Path(__file__).parents[3] / "validation" / "schemas" / "evidence_catalogue.json").read_text("utf-8")
)


def to_json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()


def to_parquet(columns: dict[str, Any]) -> bytes:
    arrays = {}
    for name, values in columns.items():
        values = list(values)
        text = any(isinstance(value, str) for value in values) or name in ("_sample", "_status", "_cluster", "grade")
        kind = pa.string() if text or name.startswith("reason_") else pa.float64()
        if name == "_key" and not text:
            kind = pa.int64()
        if kind == pa.float64():
            values = [None if value is None or math.isnan(value) else float(value) for value in values]
        arrays[name] = pa.array(values, kind)
    sink = io.BytesIO()
    pq.write_table(pa.table(arrays), sink)
    return sink.getvalue()


def interval(number: int, lower: float | None, upper: float | None, woe: float) -> dict[str, Any]:
    return {
        "id": number,
        "kind": "interval",
        "label": f"interval {number}",
        "lower": lower,
        "upper": upper,
        "woe": woe,
    }


def plain(number: int, kind: str, woe: float, **more: Any) -> dict[str, Any]:
    return {"id": number, "kind": kind, "label": f"{kind} {number}", "woe": woe, **more}


def population(rows: int = 3000, seed: int = 7) -> dict[str, list[Any]]:
    """Two characteristics and a protected one, in samples of two thirds and one third."""
    random = np.random.default_rng(seed)
    income = np.round(random.gamma(4.0, 10.0, rows), 2)
    region = random.choice(["north", "south", "west"], rows, p=[0.5, 0.3, 0.2])
    income[random.random(rows) < 0.05] = np.nan
    income[random.random(rows) < 0.04] = -9.0
    effect = np.where(np.isnan(income), 0.3, np.where(income == -9.0, 0.8, -0.03 * (income - 40.0)))
    logit = -1.2 + effect + np.select([region == "south", region == "west"], [0.4, -0.3], 0.0)
    bad = (random.random(rows) < 1.0 / (1.0 + np.exp(-logit))).astype(float)
    sample = [DEVELOPMENT if number % 3 else TEST for number in range(rows)]
    return {
        "_key": list(range(1, rows + 1)),
        "_sample": sample,
        "_outcome": bad.tolist(),
        "_status": [None] * rows,
        "_weight": [1.0] * rows,
        "_cluster": [None] * rows,
        "INCOME": [None if np.isnan(value) else float(value) for value in income],
        "REGION": region.tolist(),
        "SEX": [float(value) for value in random.integers(1, 3, rows)],
        "DATE": [f"2020-{1 + number % 5:02d}-{1 + number % 28:02d}" for number in range(rows)],
    }


SPECIALS = [{"code": -9.0, "meaning": "not asked"}]


def shell(inputs: list[dict[str, Any]], steps: list[dict[str, Any]], outputs: dict[str, Any], **identity: str) -> dict:
    """A model.json around the given steps."""
    model = {"id": "toy", "name": "Toy", "type": "scorecard", "version": "1", **identity}
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "model": model,
        "outcome": {"event": "bad", "probability_name": "probability of bad", "type": "binary"},
        "inputs": inputs,
        "steps": steps,
        "outputs": {"probability_name": "probability of bad", **outputs},
    }


def evidence(evidence_id: str, rows: list[list[Any]] | None = None, **more: Any) -> dict[str, Any]:
    """One evidence with the columns of the catalogue; without rows, an authored text or what `more` says."""
    stem = evidence_id
    for entry in CATALOGUE["entries"]:
        head = entry["id"].split("{")[0]
        if entry["id"] == evidence_id or ("{" in entry["id"] and evidence_id.startswith(head)):
            stem = entry
            break
    assert isinstance(stem, dict), evidence_id
    base = {
        "format": "credit-risk-evidence",
        "format_version": "0.1",
        "id": evidence_id,
        "inputs": [],
        "kind": stem["kind"],
        "notes": [],
        "producer": stem["producer"],
        "title": stem["title"],
    }
    if stem["kind"] == "statement":
        base |= {"text": f"What the toy says as its {evidence_id}.", "author": "A. Modeller", "date": "2026-01-01"}
    else:
        names = ("name", "title", "type", "unit")
        base |= {
            "columns": [{key: column[key] for key in names} for column in stem["columns"]],
            "rows": rows or [],
        }
    base |= more
    if base["kind"] in ("not_provided", "not_applicable"):
        for key in ("text", "author", "date", "columns", "rows"):
            base.pop(key, None)
    return base


def to_csv(header: list[str], rows: list[list[Any]]) -> bytes:
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow(["" if cell is None else repr(cell) if isinstance(cell, float) else cell for cell in row])
    return sink.getvalue().encode()


def write_package(folder: Path, files: dict[str, bytes], model: dict[str, Any], rows: int) -> Path:
    """Write the files and a manifest whose hashes are right."""
    for name, data in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    listed = {name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()}
    snapshot = listed.get("data/snapshot.parquet")
    manifest = {
        "files": listed,
        "format": "credit-risk-model-package",
        "format_version": "0.1",
        "libraries": {"python": "3.11"},
        "model": {key: model["model"][key] for key in ("id", "name", "version")},
        "plan_sha256": listed["plan.json"]["sha256"],
        "seeds": {"plan": 1},
        "snapshot": {
            "included": snapshot is not None,
            "rows": rows,
            "sha256": snapshot["sha256"] if snapshot else "0" * 64,
        },
        "source": {"columns": 4, "name": "toy.csv", "rows": rows, "sha256": "1" * 64},
    }
    (folder / "manifest.json").write_bytes(to_json(manifest))
    return folder


def reseal(folder: Path) -> None:
    """Make the hashes and sizes of the manifest right again after a change."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    for name, entry in manifest["files"].items():
        data = (folder / name).read_bytes()
        entry["bytes"], entry["sha256"] = len(data), hashlib.sha256(data).hexdigest()
    if "data/snapshot.parquet" in manifest["files"]:
        manifest["snapshot"]["sha256"] = manifest["files"]["data/snapshot.parquet"]["sha256"]
    manifest["plan_sha256"] = manifest["files"]["plan.json"]["sha256"]
    path.write_bytes(to_json(manifest))


def change_json(folder: Path, name: str, change: Any) -> None:
    """Apply `change` to a parsed file of the package and seal it again."""
    path = folder / name
    value = json.loads(path.read_text("utf-8"))
    value = change(value) or value
    path.write_bytes(to_json(value))
    reseal(folder)
