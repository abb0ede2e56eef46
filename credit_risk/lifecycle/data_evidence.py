"""Evidence on data, classing and selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.evidence import Evidence, absent, key_values, table
from credit_risk.binning.overrides import overrides_frame
from credit_risk.binning.report import joined_frame, policy_items, summary_frame
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable
from credit_risk.sampling import Intake
from credit_risk.sampling.clusters import clusters_frame, repeats
from credit_risk.sampling.history_tables import VINTAGE_CHART
from credit_risk.sampling.maturity import MATURITY_CHART
from credit_risk.sampling.observation_points import observation_points_frame, overlapping_rows
from credit_risk.sampling.outcome import Outcome
from credit_risk.sampling.spec import SamplesSpec

SNAPSHOT = ("data/snapshot.parquet",)
READY = "the outcome is a ready column; the package holds no performance history"
OUTCOME_EVIDENCE: Mapping[str, str] = MappingProxyType(
    {
        "outcome.exclusions": "every row has an outcome",
        "outcome.status": "the plan names no status of the applicants",
        "outcome.history": READY,
        "outcome.roll_rates": READY,
        "outcome.vintages": READY,
        "outcome.maturity": READY,
        "outcome.window": READY,
    }
)
HISTORY_TABLES = ("outcome.roll_rates", "outcome.vintages", "outcome.maturity")
CHARTS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {"outcome.vintages": dict(VINTAGE_CHART), "outcome.maturity": dict(MATURITY_CHART)}
)


def data_evidence(intake: Intake) -> list[Evidence]:
    """Evidence `data.*`, `outcome.*`."""
    tables = [table(identifier, frame, inputs=SNAPSHOT) for identifier, frame in intake.tables.items()]
    return [
        key_values("data.source", dict(intake.source)),
        *tables,
        key_values("outcome.definition", dict(intake.definition)),
        *outcome_evidence(intake.decided),
    ]


def points_evidence(
    intake: Intake, labels: np.ndarray, window: int, confidence: float, weights: np.ndarray
) -> Evidence:
    """Evidence `samples.observation_points`; window: performance window in months; weights: of all rows (n,)."""
    observed = intake.decided.observed
    if observed is None:
        reason = "rows have no dated observation points: the outcome is a ready column, or is observed from opening"
        return absent("samples.observation_points", "not_applicable", reason)
    frame = observation_points_frame(observed, intake.outcome, labels, confidence, weights)
    rows = overlapping_rows(observed, labels, window)
    told = f"the performance window of {rows:,} development rows reaches into the months of out_of_time"
    return table("samples.observation_points", frame, inputs=SNAPSHOT, notes=(told,) if rows else ())


def clusters_evidence(spec: SamplesSpec, labels: np.ndarray, clusters: np.ndarray) -> Evidence:
    """Evidence `samples.clusters`: what rows of the samples have in common, and how the samples were drawn for it."""
    known = pd.notna(labels)
    if not repeats(clusters[known]):
        reason = "every row stands by itself: no obligor, account or group (samples.group) repeats in the samples"
        return absent("samples.clusters", "not_applicable", reason)
    drawn = "development and out_of_sample"
    if spec.calibration is not None:
        drawn = "development, calibration and out_of_sample"
    of = {None: "the obligor or account of the performance history", "duplicates": "rows equal in all columns"}
    notes = [
        f"a cluster is {of.get(spec.group, f'the rows of one value of {spec.group}')}; a row without one counts as one",
        f"{drawn} share no cluster: whole clusters were drawn, those with a bad apart",
    ]
    if spec.out_of_time is not None:
        apart = "rows of development whose cluster also stands out of time are in no sample"
        shared = "out-of-time samples are drawn by date alone: they hold other months of clusters of development"
        notes.append(f"{apart if spec.apart_in_time else shared} (samples.out_of_time.groups)")
    return table("samples.clusters", clusters_frame(labels, clusters), inputs=SNAPSHOT, notes=tuple(notes))


def outcome_evidence(outcome: Outcome) -> list[Evidence]:
    """Evidence `outcome.*` besides the definition; what a ready column cannot show is not applicable."""
    found: list[Evidence] = []
    for identifier, why in OUTCOME_EVIDENCE.items():
        notes = outcome.notes.get(identifier, ())
        if identifier in outcome.items:
            found.append(key_values(identifier, dict(outcome.items[identifier]), notes=notes))
        elif identifier in outcome.tables:
            chart = CHARTS.get(identifier)
            inputs = () if identifier in HISTORY_TABLES else SNAPSHOT
            found.append(table(identifier, outcome.tables[identifier], inputs=inputs, notes=notes, chart=chart))
        else:
            found.append(absent(identifier, "not_applicable", notes[0] if notes else why))
    return found


def classing_evidence(tables: Mapping[str, BinningTable], spec: ClassingSpec) -> list[Evidence]:
    """Evidence `classing.policy`, `classing.summary` and the table of each characteristic, on development."""
    found = [key_values("classing.policy", dict(policy_items(spec)), inputs=("plan.json",))]
    found.append(table("classing.summary", summary_frame(tables), inputs=SNAPSHOT))
    for name, binning in tables.items():
        found.append(table("classing.table.{characteristic}", binning.frame(), parameter=name, inputs=SNAPSHOT))
    return found


def joined_evidence(tables: Mapping[str, BinningTable]) -> Evidence:
    """Evidence `classing.joined`."""
    frame = joined_frame(tables)
    if frame.empty:
        reason = "the plan keeps special codes and missing values in bins of their own"
        return absent("classing.joined", "not_applicable", reason)
    return table("classing.joined", frame, inputs=SNAPSHOT)


def overrides_evidence(rows: Sequence[dict[str, Any]], segmented: Sequence[str] = ()) -> Evidence:
    """Evidence `classing.overrides`. segmented: ids of candidates whose segments are classed by themselves."""
    if not rows:
        return absent("classing.overrides", "not_applicable", "the plan changes no classing by hand")
    told = (f"Not made in the segments of {', '.join(segmented)}, each of which is classed on its own rows.",)
    notes = told if segmented else ()
    return table("classing.overrides", overrides_frame(rows), inputs=("plan.json",), notes=notes)


def selection_evidence(waterfalls: Mapping[str, pd.DataFrame], why_none: str) -> Evidence:
    """Evidence `selection.waterfall`: by candidate, how its characteristics were chosen; why_none: where none chose."""
    told = [frame.assign(model=name)[["model", *frame.columns]] for name, frame in waterfalls.items() if len(frame)]
    if not told:
        return absent("selection.waterfall", "not_applicable", why_none)
    return table("selection.waterfall", pd.concat(told, ignore_index=True), inputs=SNAPSHOT)
