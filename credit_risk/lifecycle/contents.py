"""What goes into the core of a package, from a finished development."""

from __future__ import annotations

import platform

import pandas as pd

from credit_risk._core.randomness import stage_seed
from credit_risk.lifecycle.develop import Development
from credit_risk.lifecycle.rejects.inference import Inference
from credit_risk.package import PackageWriter, flags_as_numbers, library_versions
from credit_risk.package.layout import (
    ACCEPTANCE_FILE,
    APPLICANTS_FILE,
    KNOWN_OUTCOMES_FILE,
    ROWS_FILE,
    predictions_file,
)
from credit_risk.scoring.verification import verification_csv

LIBRARIES = (
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "statsmodels",
    "optbinning",
    "ortools",
    "xgboost",
    "xgboost-cpu",
    "optuna",
)


def add_core(writer: PackageWriter, development: Development) -> None:
    """Add plan, models, snapshot, verification rows, predictions and evidence."""
    plan = development.plan
    writer.add_bytes("plan.yaml", plan.source_bytes)
    writer.add_json("plan.json", plan.as_dict())
    writer.add_json("model.json", development.champion.model)
    for candidate in development.challengers:
        writer.add_json(f"challengers/{candidate.id}/model.json", candidate.model)
    writer.add_table("data/snapshot.parquet", development.snapshot)
    if development.inference is not None:
        _add_inference(writer, development.inference)
    writer.add_bytes("verification.csv", verification_csv(development.champion.model, development.verification))
    for candidate in development.candidates:
        folder = None if candidate is development.champion else candidate.id
        for sample in development.samples:
            writer.add_table(predictions_file(sample, folder), _predictions(development, candidate.id, sample))
    for item in development.evidence:
        writer.add_evidence(item)


def _add_inference(writer: PackageWriter, inference: Inference) -> None:
    """Both models of reject inference, the applicants, and the rows that candidates are fitted on."""
    writer.add_json(ACCEPTANCE_FILE, inference.acceptance.model)
    writer.add_json(KNOWN_OUTCOMES_FILE, inference.known.candidate.model)
    writer.add_table(APPLICANTS_FILE, inference.applicants.frame())
    writer.add_table(ROWS_FILE, inference.rows_frame())


def _predictions(development: Development, model: str, sample: str) -> pd.DataFrame:
    rows = development.scored.sample == sample
    frame = flags_as_numbers(development.scored.predictions[model].loc[rows].reset_index(drop=True))
    frame.insert(0, "_key", development.snapshot["_key"].to_numpy()[rows])
    return frame


def seal(writer: PackageWriter, development: Development) -> str:
    """Seal the core and return the package hash."""
    plan = development.plan
    libraries = {**library_versions(*LIBRARIES), "python": platform.python_version()}
    return writer.seal(
        model={"id": plan.model.id, "name": str(plan.model.name), "version": plan.model.version},
        source=development.source,
        snapshot={"included": True, "rows": len(development.snapshot)},
        seeds={"plan": plan.samples.seed, "samples": stage_seed(plan.samples.seed, "samples")},
        libraries=libraries,
    )
