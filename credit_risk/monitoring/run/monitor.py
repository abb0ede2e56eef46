"""One run: production counted, outcomes joined, tables judged by the rules of the plan, and all of it as evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from credit_risk._core.clock import Clock, system_clock
from credit_risk._core.errors import Fault, IntakeError
from credit_risk.monitoring.advice import advice_frame, retraining_advice, rules_frame
from credit_risk.monitoring.alerts.rules import Evaluation, evaluate
from credit_risk.monitoring.alerts.watches import watches_of
from credit_risk.monitoring.development import APPLICANTS, development_of
from credit_risk.monitoring.frames import FAULT_COLUMNS
from credit_risk.monitoring.metrics import VALUE_COLUMNS
from credit_risk.monitoring.reference import Reference, read_reference
from credit_risk.monitoring.replay import Replayed, replay
from credit_risk.monitoring.run import evidence as made
from credit_risk.monitoring.run.checked import Checked, checked
from credit_risk.monitoring.run.compared import Compared, compared
from credit_risk.monitoring.run.drifted import Drifted, drifted
from credit_risk.monitoring.run.labelled import Labelled, labelled, without_outcomes
from credit_risk.monitoring.run.looked import looked
from credit_risk.monitoring.run.outcomes import OutcomeTable, at_hand
from credit_risk.monitoring.run.population import population_notice, with_notice
from credit_risk.monitoring.run.settings import Settings, held, settings_of
from credit_risk.monitoring.run.split import live_split
from credit_risk.monitoring.run.values import values_of
from credit_risk.monitoring.run.verdict import verdict_frame
from credit_risk.monitoring.run.words import Words
from credit_risk.monitoring.shelf import open_shelf
from credit_risk.monitoring.source import ProductionTable, SqlSource, open_production
from credit_risk.monitoring.source.files import is_log
from credit_risk.package import Package

Progress = Callable[[str], None]
NO_OUTCOMES = "no outcomes were given"
NO_WORDS = Words()


@dataclass(frozen=True, slots=True)
class MonitoringRun:
    """values: VALUE_COLUMNS; evaluation: of the rules, None without any value.

    frames: the tables by name of the evidence without prefix, or why there is none.
    """

    package_hash: str
    settings: Settings
    values: pd.DataFrame
    evaluation: Evaluation | None
    frames: Mapping[str, pd.DataFrame | str]


def monitor(
    package: Package,
    place: str,
    mapping: ProductionTable,
    *,
    outcomes: OutcomeTable | None = None,
    engine: str = "duckdb",
    population: str = "development",
    words: Words = NO_WORDS,
    packages: Path | None = None,
    clock: Clock = system_clock,
    progress: Progress = lambda _: None,
    **options: Any,
) -> MonitoringRun:
    """Monitor production at `place` against development, by the rules of the package's plan.

    words: the bank's words for decisions. population: what production is held against, as `read_reference` says.
    packages: where the packages stand that scored a prediction log, whose inputs are then scored again; None: not.
    options: of the engine. A partition that is at fault is told in the tables and the run goes on. Raises IntakeError
    where the mapping is at fault or nothing can be read, PackageError where the package does not hold the population.
    """
    settings = settings_of(package)
    reference = read_reference(package, population=population)
    progress("production is looked at")
    opened = open_production(
        place,
        mapping,
        package,
        engine=engine,
        reference=reference,
        clock=clock,
        least_rows=settings.spec.min_rows,
        most_segments=settings.spec.max_segment_values,
        **options,
    )
    with ExitStack() as stack:
        source = stack.enter_context(closing(opened))
        _refuse_nothing(source, place)
        progress(f"{len(source.periods)} months are counted")
        faults = []
        if outcomes is not None:
            progress("outcomes are joined")
            faults.append(source.add_outcomes(stack.enter_context(at_hand(outcomes)), outcomes.columns))
        asked = _Asked(package, reference, settings, population, words, outcomes is not None)
        again = _replayed(place, packages, progress)
        return _measured(source, asked, faults, again, progress)


def _refuse_nothing(source: SqlSource, place: str) -> None:
    """Raise IntakeError where no row counts, or production holds nothing that the model is monitored by."""
    if source.periods and (source.variables or source.quantities):
        return
    told = [f"{row.partition}: {row.message}" for row in source.faults.itertuples()][:5]
    told += [f"{name}: {why}" for name, why in source.left_out.items()][:5]
    message = "holds no row and column that this model could be monitored by"
    remedy = "name the columns of inputs and results: --map NAME=COLUMN, --time-zone, --key, --time"
    raise IntakeError(Fault(message, "nothing_to_monitor", place, found="; ".join(told), remedy=remedy))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a run is of. late: whether outcomes were given."""

    package: Package
    reference: Reference
    settings: Settings
    population: str
    words: Words
    late: bool


def _measured(
    source: SqlSource, asked: _Asked, faults: list[pd.DataFrame], again: Replayed | str, progress: Progress
) -> MonitoringRun:
    """All tables, the values of metrics, and what the rules say of them."""
    package, reference, settings, late = asked.package, asked.reference, asked.settings, asked.late
    segments = [name for name in settings.spec.segments if name in source.segments]
    development = development_of(package, asked.population)
    drift = drifted(source, reference, development, settings, segments)
    performance = (
        labelled(package, source, reference, settings, segments)
        if late
        else without_outcomes(source, settings, segments, NO_OUTCOMES)
    )
    check = checked(package, source, reference, development, drift, performance, settings)
    applicants = development if asked.population == APPLICANTS else None
    compare = compared(package, source, late, settings, segments, asked.words, applicants)
    live = live_split(source, settings, late, asked.words)
    challengers = settings.spec.challengers
    warned = {challengers.live: live.warning} if challengers is not None and challengers.live and live.warning else {}
    look = looked(package, source, settings, late, warned)
    progress("rules are evaluated")
    values, objectives = values_of(source, reference, drift, performance, check, compare, again, settings)
    evaluation = _evaluated(values, settings)
    frames = _frames(source, drift, performance, check, compare, values, evaluation, settings)
    areas = {"quality": check.quality, "domain": check.domain, **live.area(source.periods)}
    notice = population_notice(package, asked.population, compare.decisions)
    verdict = verdict_frame(drift, performance, areas, evaluation)
    frames["verdict"] = with_notice(verdict, notice, source.periods[-1] if source.periods else None)
    frames["objectives"] = objectives
    frames["faults"] = pd.concat([source.faults, *faults, performance.faults], ignore_index=True)[FAULT_COLUMNS]
    frames["looks"], frames["recommendations"] = look.looks, look.recommendations
    frames["split"], frames["arms"] = live.split, live.arms
    frames["advice"], frames["advice_rules"] = _advised(values, settings, performance), rules_frame()
    frames["replay"] = again.counts if isinstance(again, Replayed) else again
    frames["replay_differences"] = _shown(again)
    frames["run"] = _about(package, source, reference, settings, late, asked.population, notice)
    return MonitoringRun(package.package_hash, settings, values, evaluation, frames)


def _advised(values: pd.DataFrame, settings: Settings, performance: Labelled) -> pd.DataFrame | str:
    like, spec = performance.like, settings.spec
    told = [] if isinstance(like, str) else like.loc[like["status"] == "evaluable", "segment"].tolist()
    advice = retraining_advice(values, spec.retraining, spec.persistence, frozenset(told)) if len(values) else ()
    return advice_frame(advice) if advice else "nothing was measured that the advice goes by"


def _replayed(place: str, packages: Path | None, progress: Progress) -> Replayed | str:
    if not is_log(place):
        return "production is no prediction log"
    if packages is None:
        return "the inputs of the log were not scored again"
    progress("logged inputs are scored again")
    return replay(Path(place), open_shelf(packages))


def _shown(again: Replayed | str) -> pd.DataFrame | str:
    """Differences of the replay, some of each kind."""
    if isinstance(again, str):
        return again
    if again.examples.empty:
        return "no logged output differs from what the package gives again"
    texts = {name: again.examples[name].map(str) for name in ("logged", "again")}
    return again.examples.assign(**texts)


def _evaluated(values: pd.DataFrame, settings: Settings) -> Evaluation | None:
    if values.empty:
        return None
    return evaluate(values, watches_of(settings.spec, settings.protected))


def _frames(
    source: SqlSource,
    drift: Drifted,
    performance: Labelled,
    check: Checked,
    compare: Compared,
    values: pd.DataFrame,
    evaluation: Evaluation | None,
    settings: Settings,
) -> dict[str, pd.DataFrame | str]:
    """Tables of what was measured, by name."""
    return {
        "partitions": source.partitions,
        "moments": drift.moments if len(drift.moments) else "production holds no result of the model",
        "score_stability": drift.score,
        "characteristic_stability": drift.characteristics,
        "bins": drift.bins,
        "distances": drift.distances,
        "attribution": drift.shifts,
        "attribution_totals": drift.totals,
        "domain_classifier": check.domain,
        "domain_characteristics": check.domain_characteristics,
        "quality": check.quality,
        "cause": check.cause,
        "decisions": compare.decisions,
        "profit": compare.profit,
        "challengers": compare.challengers,
        "labels": performance.labels,
        "performance": performance.performance,
        "like_for_like": performance.like,
        "level": performance.level,
        "calibration": performance.calibration,
        "calibration_months": performance.calibration_months,
        "label_free": performance.label_free,
        "metrics": values[VALUE_COLUMNS] if len(values) else "nothing was measured",
        "figure.score_stability": made.score_figure(drift.score),
        "figure.performance": made.performance_figure(performance.performance, performance.labels, settings.window),
        "figure.level": made.level_figure(performance.level),
    }


def _applicants(source: SqlSource, settings: Settings) -> str:
    """How rows of one applicant are counted."""
    if settings.applicant is None:
        return "not told apart: each row is an applicant of its own (monitoring.applicant names no column)"
    if not held(source, settings.applicant):
        return f"not told apart: production does not hold the column {settings.applicant!r}"
    return f"one cluster each, by the column {settings.applicant!r}: intervals are of applicants, not of rows"


def _about(
    package: Package,
    source: SqlSource,
    reference: Reference,
    settings: Settings,
    late: bool,
    population: str,
    notice: tuple[str, str] | None,
) -> pd.DataFrame:
    spec = settings.spec
    model = package.manifest["model"]
    items = {
        "model": f"{model['id']} {model['version']}",
        "package hash": package.package_hash,
        "compared with": population,
        "notice": "" if notice is None else notice[1],
        "months": f"{source.periods[0]} to {source.periods[-1]}" if source.periods else "none",
        "rows counted": f"{int(source.partitions['counted'].sum())}",
        "rows left out": f"{int(source.partitions['left_out'].sum())}",
        "engine": f"{source.name} {source.version}",
        "rules": "of the plan" if settings.declared else "the usual ones: the plan has no section on monitoring",
        "segments": ", ".join(spec.segments) or "none",
        "variables": str(len(source.variables)),
        "variables left out": "; ".join(f"{n}: {why}" for n, why in {**reference.left_out, **source.left_out}.items()),
        "significance": f"{spec.significance:g}",
        "persistence": f"{spec.persistence.at_least} of {spec.persistence.of} months",
        "empty cells": str(spec.zero_cells),
        "fewest rows": str(spec.min_rows),
        "fewest bads": str(spec.min_bads),
        "months of the outcome": "not declared" if settings.window is None else str(settings.window),
        "asset correlation": f"{settings.correlation:g} ({settings.correlation_by})",
        "applicants who come again": _applicants(source, settings),
        "outcomes": "given" if late else NO_OUTCOMES,
        "early arrears": "held against development's share at that month wherever it is above 0, however small",
    }
    frame = pd.DataFrame({"item": list(items), "value": [text or "none" for text in items.values()]})
    frame.attrs["notes"] = reference.notes
    return frame
