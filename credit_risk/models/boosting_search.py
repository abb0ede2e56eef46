"""Search of boosting's settings: a budget in trials, settled by a seed, continued after an interruption as if without.

Each trial draws from a sampler of its own seed and from the trials before it, and from nothing else. So the trials that
an interrupted search has written down can be told to a new one, and the rest come out as they would have.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core import canonical_json
from credit_risk._core.errors import CreditRiskError, Fault, ModelError
from credit_risk._core.extras import optional_import
from credit_risk._core.hashing import sha256_bytes
from credit_risk._core.randomness import stage_seed
from credit_risk.models.boosting_folds import FoldCurve, Report
from credit_risk.models.boosting_spec import MonotoneBoostingSpec, SearchSpec

Setting = int | float
Ranges = dict[str, tuple[float, float]]
INTEGERS = ("depth", "leaves", "trees")
LOGARITHMIC = ("learning_rate", "min_child_weight", "reg_lambda")
SETTINGS = ("depth", "leaves", "trees", "learning_rate", "min_child_weight", "reg_lambda", "gamma")
COMPLETE, FAILED = "complete", "failed"
COLUMNS = ["trial", "state", *SETTINGS, "mean", "standard_error", "folds", "chosen"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial: its settings, the metric on each fold left out, and how it ended; `reason` where it failed."""

    number: int
    settings: dict[str, Setting]
    folds: tuple[float, ...]
    state: str = COMPLETE
    reason: str = ""

    @property
    def mean(self) -> float:
        """Mean of the folds; NaN where the trial failed."""
        return float(np.mean(self.folds)) if self.folds else float("nan")


@dataclass(frozen=True, slots=True)
class Search:
    """All trials in order, and the chosen one: the best mean, the earliest of several."""

    spec: SearchSpec
    trials: tuple[Trial, ...]

    @property
    def chosen(self) -> Trial:
        """The trial whose settings are taken."""
        sign = -1.0 if self.spec.metric == "auc" else 1.0
        return min((t for t in self.trials if t.state == COMPLETE), key=lambda t: (sign * t.mean, t.number))


Objective = Callable[[MonotoneBoostingSpec], FoldCurve]


def search_settings(
    spec: MonotoneBoostingSpec,
    search: SearchSpec,
    objective: Objective,
    seed: int,
    *,
    journal: Path | None = None,
    key: str = "",
    report: Report | None = None,
) -> Search:
    """Try `search.trials` settings, the model's own first; the objective gives a curve whose best place counts.

    journal: a file that finished trials are written to and that a later call with the same `key` (what the objective
    depends on besides the settings) continues from; one of another key, or that cannot be read, is begun anew. A trial
    that cannot be trained is recorded as failed. Raises what the objective raises where every trial fails.
    """
    told = _Journal(journal, spec, search, seed, key)
    trials = told.read()[: search.trials]
    ranges = searched(spec, search)
    with _quiet_optuna() as optuna:
        study = optuna.create_study(direction="maximize" if search.metric == "auc" else "minimize")
        for trial in trials:
            _tell(optuna, study, trial, ranges)
        error: CreditRiskError | None = None
        while len(trials) < search.trials:
            number = len(trials)
            own = {name: getattr(spec, name) for name in ranges}
            settings = (
                own if number == 0 else _ask(optuna, study, ranges, stage_seed(seed, f"search/{spec.id}/{number}"))
            )
            trial, failure = _run(number, settings, spec, objective)
            error = failure or error
            trials.append(trial)
            told.write(trial)
            _tell(optuna, study, trial, ranges)
            if report is not None:
                report(_words(spec, search, trials))
    if error is not None and all(trial.state == FAILED for trial in trials):
        raise error
    return Search(search, tuple(trials))


def with_settings(spec: MonotoneBoostingSpec, settings: dict[str, Setting]) -> MonotoneBoostingSpec:
    """The model's spec with the settings of a trial."""
    return spec.model_copy(update=settings)


def search_frame(search: Search, spec: MonotoneBoostingSpec) -> pd.DataFrame:
    """Evidence `boosting.search.{model}`: every trial with its settings, its folds and its state."""
    chosen = search.chosen.number
    rows = []
    for trial in search.trials:
        settings = {name: trial.settings.get(name, getattr(spec, name)) for name in SETTINGS}
        folds = trial.folds
        error = float(np.std(folds, ddof=1) / np.sqrt(len(folds))) if folds else None
        words = "; ".join(repr(value) for value in folds)
        state = trial.state if not trial.reason else f"{trial.state}: {trial.reason}"
        mean = trial.mean if folds else None
        rows.append((trial.number, state, *settings.values(), mean, error, words, trial.number == chosen))
    return pd.DataFrame(rows, columns=COLUMNS)


def _run(
    number: int, settings: dict[str, Setting], spec: MonotoneBoostingSpec, objective: Objective
) -> tuple[Trial, CreditRiskError | None]:
    try:
        curve = objective(with_settings(spec, settings))
    except CreditRiskError as error:
        return Trial(number, settings, (), FAILED, error.faults[0].message), error
    best = curve.best
    told = {**settings, "trees": curve.rounds[best]}
    return Trial(number, told, tuple(float(v) for v in curve.values[:, best])), None


def searched(spec: MonotoneBoostingSpec, search: SearchSpec) -> Ranges:
    """Ranges that this model searches: leaves only where it sets leaves, trees only where folds do not settle them."""
    left_out = {"leaves"} if spec.leaves is None else set()
    left_out |= {"trees"} if spec.early_stopping is not None else set()
    return {name: bounds for name, bounds in search.ranges.items() if name not in left_out}


def _ask(optuna: Any, study: Any, ranges: Ranges, seed: int) -> dict[str, Setting]:
    """Settings of a trial, drawn by a sampler whose seed is the trial's own; the study is left as it was."""
    sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=False)
    asked = optuna.create_study(direction=study.direction.name.lower(), sampler=sampler)
    asked.add_trials(study.get_trials(deepcopy=False))
    trial = asked.ask()
    found: dict[str, Setting] = {}
    for name, (low, high) in ranges.items():
        if name in INTEGERS:
            found[name] = trial.suggest_int(name, int(low), int(high))
        else:
            found[name] = trial.suggest_float(name, low, high, log=name in LOGARITHMIC)
    return found


def _tell(optuna: Any, study: Any, trial: Trial, ranges: Ranges) -> None:
    """Add a finished trial with those of its settings that lie within the ranges; one outside them teaches nothing."""
    inside = {name: trial.settings[name] for name, (low, high) in ranges.items() if low <= trial.settings[name] <= high}
    if trial.state != COMPLETE or len(inside) < len(ranges):
        return
    make = {True: optuna.distributions.IntDistribution, False: optuna.distributions.FloatDistribution}
    distributions = {
        name: make[name in INTEGERS](*ranges[name], **({"log": True} if name in LOGARITHMIC else {})) for name in inside
    }
    study.add_trial(optuna.trial.create_trial(params=inside, distributions=distributions, value=trial.mean))


def _words(spec: MonotoneBoostingSpec, search: SearchSpec, trials: Sequence[Trial]) -> str:
    done = Search(search, tuple(trials))
    complete = any(t.state == COMPLETE for t in trials)
    best = f", best {search.metric} {done.chosen.mean:.4f}" if complete else ""
    return f"{spec.id}: trial {len(trials)} of {search.trials}{best}"


def _optuna() -> Any:
    """optuna, without what its bar of progress says on import of a notebook that has no widgets; it is not shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return optional_import("optuna", "model")


@contextmanager
def _quiet_optuna() -> Iterator[Any]:
    """optuna without its words on every study; its level of logging is put back."""
    optuna = _optuna()
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield optuna
    finally:
        optuna.logging.set_verbosity(level)


class _Journal:
    """Finished trials, one JSON object a line after a first line that says what they belong to; None: nowhere."""

    def __init__(self, path: Path | None, spec: MonotoneBoostingSpec, search: SearchSpec, seed: int, key: str):
        own = {"spec": spec.model_dump(mode="json"), "search": search.model_dump(mode="json"), "seed": seed, "key": key}
        versions = {name: optional_import(name, "model").__version__ for name in ("xgboost", "numpy")}
        versions["optuna"] = _optuna().__version__
        self._path = path
        self._head = {"format": "credit-risk-search", "sha256": sha256_bytes(canonical_json.to_bytes([own, versions]))}

    def read(self) -> list[Trial]:
        """Trials that stand there, numbered from 0 without a gap; a last line that was cut short is passed over."""
        if self._path is None:
            return []
        trials: list[Trial] = []
        try:
            lines = self._path.read_text("utf-8").split("\n")
            if json.loads(lines[0]) == self._head:
                for line in lines[1:-1]:
                    value = json.loads(line)
                    trials.append(Trial(**{**value, "folds": tuple(value["folds"])}))
        except (OSError, ValueError, TypeError, KeyError):
            pass
        kept = [trial for place, trial in enumerate(trials) if trial.number == place]
        self._begin(kept)
        return kept

    def _begin(self, trials: Sequence[Trial]) -> None:
        assert self._path is not None
        lines = [json.dumps(self._head, sort_keys=True), *(_line(trial) for trial in trials)]
        partial = self._path.with_name(self._path.name + ".partial")
        with _told(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text("\n".join(lines) + "\n", "utf-8")
            partial.replace(self._path)

    def write(self, trial: Trial) -> None:
        """Add one finished trial."""
        if self._path is not None:
            with _told(self._path), self._path.open("a", encoding="utf-8") as stream:
                stream.write(_line(trial) + "\n")
                stream.flush()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message, remedy = f"cannot be written ({error.strerror or error})", "free space, or write elsewhere"
        raise ModelError(Fault(message, code="write_failed", file=str(path), remedy=remedy)) from error


def _line(trial: Trial) -> str:
    return json.dumps(asdict(trial), sort_keys=True)
