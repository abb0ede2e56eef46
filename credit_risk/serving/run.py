"""Score an input with an engine: checked before a row is read, part by part, resumed where a run was stopped."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit_risk._core.clock import Clock, system_clock
from credit_risk._core.errors import CreditRiskError, Fault, IntakeError, ScoringError
from credit_risk.package import Package, read_package
from credit_risk.package.output import told
from credit_risk.sampling.parquet_batches import ReadingRules, category_words
from credit_risk.sampling.production import declared_notations
from credit_risk.scoring import compile_model
from credit_risk.serving.arms import Assignment
from credit_risk.serving.engines import make_engine
from credit_risk.serving.log.secret import Secret
from credit_risk.serving.part import LogHead, PartWork, SqlResults, faults_in
from credit_risk.serving.source import MOST_DUPLICATES, OTHER, PART_ROWS, TEXT, Engine, InputFacts, Part
from credit_risk.serving.sql import SqlScoring, sql_scoring
from credit_risk.serving.workspace import Workspace, finish, prepare

METHODS = {"arrow": "arrow batches", "sql": "generated sql"}
"""Ways to score, as they are asked for and as they stand in manifests and logs."""
OF_ENGINES = ("database", "spark")
"""Faults of an engine, not of the rows: what was done stays, and the same run goes on from there."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to score and where to: input is a path or pattern, of PostgreSQL a table or query.

    method: `arrow` (tables are handed to the package's own arithmetic: the same bits on all engines) or `sql` (the
    package's generated SQL scores within the engine: the same paths, probabilities within 1e-12).
    key: column of the applicants' keys (default: the plan's). log: folder of a prediction log, which needs a secret.
    refused: file for rows that the package does not take; without it one such row stops the run. part_rows: rows of a
    part. dsn: connection of PostgreSQL; master: of Spark. arms: what gives, of a package and the column of the keys,
    the assignment of applicants to the arms of its live split; None: arms are not assigned.
    """

    input: str
    out: Path
    engine: str = "duckdb"
    method: str = "arrow"
    key: str | None = None
    log: Path | None = None
    secret: Secret | None = None
    log_inputs: bool = False
    refused: Path | None = None
    part_rows: int = PART_ROWS
    dsn: str | None = None
    master: str | None = None
    arms: Callable[[Package, str | None], Assignment] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did. again: everything stood already; resumed: parts that an earlier run had done."""

    rows: int
    refused: int
    parts: int
    resumed: int
    again: bool
    batch: str
    package_hash: str
    key: str | None
    head: str | None = None


@dataclass(frozen=True, slots=True)
class Far:
    """Progress: parts and rows done, of how many, and rows a second since this run began."""

    parts: int
    of_parts: int
    rows: int
    of_rows: int
    rows_per_second: float


def score_input(
    package: Path,
    options: Options,
    *,
    progress: Callable[[Far], None] = lambda far: None,
    clock: Clock = system_clock,
    entropy: Callable[[int], bytes] | None = None,
) -> Outcome:
    """Score with an engine into `out/predictions/part-*.parquet` and, where asked for, a prediction log.

    The results are those of `score_table`, whatever the engine and the parts: to the last bit by the method `arrow`; by
    `sql` but for the last digits of probabilities, with the same rows refused for the same reasons. A run that was
    stopped is taken up by the same run again; one that stands is left as it is. Raises PackageError, IntakeError,
    ScoringError and MissingExtraError; then nothing new stands.
    """
    _check(package, options)
    read = read_package(package)
    compile_model(read.model)
    with closing(make_engine(options.engine, options.input, options.dsn, options.master)) as engine:
        return _score(read, engine, options, progress, clock, entropy or secrets.token_bytes)


def _score(
    read: Package,
    engine: Engine,
    options: Options,
    progress: Callable[[Far], None],
    clock: Clock,
    entropy: Callable[[int], bytes],
) -> Outcome:
    needed = [item["name"] for item in read.model["inputs"]]
    wanted = options.key or read.plan["data"].get("key")
    arms = None if options.arms is None else options.arms(read, wanted)
    beside = () if arms is None or arms.column is None else (arms.column,)
    facts = engine.facts([*needed, *(name for name in beside if name not in needed)], wanted)
    key = _key(wanted, facts, options)
    _check_identifier(facts, key if arms is None or arms.column is None else arms.column, options, arms)
    program = f"{engine.name} {engine.version}"
    space = prepare(read, facts, options, key, program, METHODS[options.method], clock, entropy, arms)
    if space.stands:
        return _outcome(space, read, key, again=True, resumed=0)
    parts = facts.parts(options.part_rows)
    with told(options.out), space.held():
        done = space.done(parts)
        try:
            work, sql = _work(read, engine, facts, key, options, space, arms)
            entries = _run(engine, parts, done, work, sql, progress)
            faults = [fault for entry in entries.values() for fault in faults_in(entry)]
            if faults:
                raise IntakeError(faults)
        except CreditRiskError as error:
            if not any(fault.code in OF_ENGINES for fault in error.faults):
                space.discard()
            raise
        head = finish(space, [entries[part.number] for part in parts], parts, clock)
    return _outcome(space, read, key, again=False, resumed=len(done), head=head)


def _check(package: Path, options: Options) -> None:
    """Faults of the options, all at once."""
    faults = []
    out = options.out.resolve()
    if options.method not in METHODS:
        allowed = ", ".join(METHODS)
        faults.append(Fault("there is no such method", "method", found=options.method, allowed=allowed))
    if options.part_rows < 1:
        faults.append(Fault("a part has one row at least", "part_rows", found=str(options.part_rows)))
    if package.is_dir() and out.is_relative_to(package.resolve()):
        remedy = "write elsewhere: a package holds its own files only"
        faults.append(Fault("lies inside the package", "output_path", str(options.out), remedy=remedy))
    given = Path(options.input)
    if given.exists() and (out == given.resolve() or (given.is_dir() and out.is_relative_to(given.resolve()))):
        remedy = "write elsewhere: what is written there would be read by the next run"
        faults.append(Fault("is the input, or lies in it", "output_path", str(options.out), remedy=remedy))
    if options.log is not None:
        log = options.log.resolve()
        if log == out or log.is_relative_to(out) or out.is_relative_to(log):
            remedy = "name a folder of its own: the predictions hold keys, the log does not"
            faults.append(
                Fault("log and predictions lie in one another", "output_path", str(options.log), remedy=remedy)
            )
        if options.secret is None:
            faults.append(Fault("a prediction log needs the secret of its pseudonyms", "secret"))
    elif options.log_inputs:
        faults.append(Fault("inputs are kept in a prediction log", "usage", remedy="name one: --log FOLDER"))
    if options.refused is not None and options.refused.suffix not in (".csv", ".parquet"):
        faults.append(Fault("unknown kind of output", "output_kind", str(options.refused), allowed=".csv or .parquet"))
    if faults:
        raise ScoringError(faults)


def _key(wanted: str | None, facts: InputFacts, options: Options) -> str | None:
    """The column of the keys, or None for the number of the row. Raises ScoringError where it cannot serve."""
    if wanted is None or wanted not in facts.columns:
        if options.key is not None or options.log is not None:
            message = "a log needs the key of each applicant, and the input has no such column"
            if options.log is None:
                message = "the input has no such column"
            remedy = "name the column: --key COLUMN"
            raise ScoringError(Fault(message, "key_absent", options.input, wanted, remedy=remedy))
        return None
    if facts.columns[wanted] == OTHER:
        allowed = "whole numbers or text, the same in all files"
        raise ScoringError(Fault("keys are of another type", "key_type", options.input, wanted, allowed=allowed))
    return wanted


def _check_identifier(facts: InputFacts, name: str | None, options: Options, arms: Assignment | None) -> None:
    """Raises ScoringError where the column by which applicants are assigned to arms can name nobody."""
    if arms is None:
        return
    if name is None:
        message, remedy = "arms are by the applicant, and the input names none", "name the column: --key COLUMN"
        raise ScoringError(Fault(message, "key_absent", options.input, remedy=remedy))
    if facts.columns.get(name) == OTHER:
        message, allowed = "names of applicants are of another type", "whole numbers or text, the same in all files"
        raise ScoringError(Fault(message, "key_type", options.input, name, allowed=allowed))


def _work(
    package: Package,
    engine: Engine,
    facts: InputFacts,
    key: str | None,
    options: Options,
    space: Workspace,
    arms: Assignment | None,
) -> tuple[PartWork, SqlScoring | None]:
    """What is done with each part: rules of reading that depend on the whole input are settled here, and the SQL."""
    inputs = tuple(package.model["inputs"])
    texts = [i["name"] for i in inputs if i["type"] == "string" and facts.columns[i["name"]] == TEXT]
    words = category_words({name: list(engine.levels(name)) for name in texts})
    notations = declared_notations(package.plan, [item["name"] for item in inputs])
    repeated: list[str] = [] if key is None else engine.repeated(key)
    if len(repeated) > MOST_DUPLICATES:
        message = f"more than {MOST_DUPLICATES:,} keys stand more than once: this is no key"
        raise IntakeError(Fault(message, "duplicate_key", options.input, key, remedy="name another one: --key COLUMN"))
    whole = key is None or engine.whole(key)
    beside = () if arms is None or arms.column is None else (arms.column,)
    rules = ReadingRules(facts.kind, inputs, key, words, whole, notations, beside)
    log = None
    if options.log is not None:
        assert options.secret is not None
        log = LogHead(space.constants, options.secret, space.seed, options.log_inputs)
    sql = results = None
    if options.method == "sql":
        sql = sql_scoring(package, facts, rules, engine.name, whole=log is not None or bool(beside))
        results = SqlResults(sql.told, {column: name for column, (name, _) in sql.results.items()})
    refuse, folder = options.refused is not None, str(space.folder)
    work = PartWork(package.package_hash, package.model, rules, folder, frozenset(repeated), refuse, log, results, arms)
    return work, sql


def _run(
    engine: Engine,
    parts: list[Part],
    done: dict[int, dict[str, Any]],
    work: PartWork,
    sql: SqlScoring | None,
    progress: Callable[[Far], None],
) -> dict[int, dict[str, Any]]:
    """What each part gave: parts that stand are left, the others are run; told after each."""
    entries = dict(done)
    size = {part.number: part.rows for part in parts}
    total, begun, now = sum(size.values()), sum(size[number] for number in done), time.monotonic()
    todo = [part for part in parts if part.number not in done]
    at = begun
    for entry in engine.run(todo, work.rules.columns(), work, sql) if todo else ():
        entries[entry["part"]] = entry
        at += size[entry["part"]]
        speed = (at - begun) / max(time.monotonic() - now, 1e-9)
        progress(Far(len(entries), len(parts), at, total, speed))
    return entries


def _outcome(
    space: Workspace, package: Package, key: str | None, *, again: bool, resumed: int, head: str | None = None
) -> Outcome:
    manifest = space.manifest()
    counts = (manifest["rows"], manifest["refused"], len(manifest["parts"]))
    return Outcome(*counts, resumed, again, space.batch, package.package_hash, key, head)
