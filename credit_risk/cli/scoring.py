"""Scoring by engines and the prediction log on the command line."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from credit_risk._core.errors import Fault, ScoringError
from credit_risk.cli.usage import goes_with, refuse

if TYPE_CHECKING:
    from credit_risk.serving.run import Far

ENGINES = ("duckdb", "spark", "postgres")
ENGINE_OPTIONS = (
    "engine",
    "method",
    "log",
    "secret_file",
    "log_inputs",
    "refused",
    "part_rows",
    "key",
    "dsn",
    "master",
    "arms",
)
METHODS = ("arrow", "sql")
FILES = (".csv", ".parquet")
QUIET_SECONDS = 10.0


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Options of `credit-risk score` that ask for an engine."""
    group = parser.add_argument_group(
        "with an engine", "the input is read in parts, a stopped run goes on where it was, and memory stays bounded"
    )
    group.add_argument("--engine", choices=ENGINES, help="default: duckdb, where --out is a folder")
    group.add_argument(
        "--method",
        choices=METHODS,
        help="arrow (default): the package's own arithmetic, the same bits on all engines; sql: the SQL of the "
        "package within the engine, the same paths and refused rows, probabilities within 1e-12",
    )
    group.add_argument("--key", help="column of the applicants' keys; default: the plan's")
    group.add_argument("--log", help="folder of the prediction log to add the rows to")
    group.add_argument("--secret-file", help="file with the secret of the log's pseudonyms, at least 16 bytes")
    group.add_argument("--log-inputs", action="store_true", help="keep the inputs in the log, for replay")
    group.add_argument("--refused", help="CSV or Parquet file for rows that the package refuses; others go through")
    group.add_argument("--arms", action="store_true", help="assign applicants to the arms of the plan's live split, "
                       "and write the arm beside the results, in predictions and log")  # fmt: skip
    group.add_argument("--part-rows", type=int, help="rows of a part (131072)")
    group.add_argument("--dsn", help="connection of PostgreSQL; default: CREDIT_RISK_POSTGRES, or libpq's variables")
    group.add_argument("--master", help="master of Spark, such as local[2]; default: Spark's own")


def add_log_commands(group: Any) -> None:
    """`credit-risk log verify` and `credit-risk log erase`."""
    verify = group.add_parser("verify", help="check chain, manifests, digests and rows of a prediction log")
    verify.add_argument("log", help="folder of a prediction log")
    verify.add_argument("--head", help="hash of the journal that was kept elsewhere")
    verify.set_defaults(command=log_verify)

    erase = group.add_parser("erase", help="erase personal fields; the log still verifies")
    erase.add_argument("log", help="folder of a prediction log")
    erase.add_argument("--key", help="key of the applicant")
    erase.add_argument("--before", help="day (UTC, 2026-11-26): all batches of earlier days")
    erase.add_argument("--inputs-only", action="store_true", help="erase logged inputs and keep the rest")
    erase.add_argument("--secret-file", action="append", help="file with the secret; again for each that was in use")
    erase.set_defaults(command=log_erase)


def by_engine(options: argparse.Namespace) -> bool:
    """Whether an engine is asked for: by an option, or by a folder to write to or to read."""
    if any(getattr(options, name) for name in ENGINE_OPTIONS):
        return True
    return not Path(options.out).suffix or Path(options.input).is_dir()


def score_with_engine(options: argparse.Namespace) -> int:
    """Score into a folder and, where asked for, a prediction log."""
    from credit_risk.monitoring.challenger.live_arms import live_arms
    from credit_risk.serving import Options, score_input
    from credit_risk.serving.log import read_secret
    from credit_risk.serving.source import PART_ROWS

    if Path(options.out).suffix in FILES:
        remedy = "name a folder; without an engine a single table is scored into a file"
        raise ScoringError(Fault("an engine writes a folder of parts", "output_kind", options.out, remedy=remedy))
    _usage(options)
    secret = Path(options.secret_file) if options.secret_file else None
    wanted = Options(
        options.input,
        Path(options.out),
        engine=options.engine or "duckdb",
        method=options.method or "arrow",
        key=options.key,
        log=Path(options.log) if options.log else None,
        secret=read_secret(secret) if options.log else None,
        log_inputs=options.log_inputs,
        refused=Path(options.refused) if options.refused else None,
        part_rows=PART_ROWS if options.part_rows is None else options.part_rows,
        dsn=options.dsn,
        master=options.master,
        arms=live_arms if options.arms else None,
    )
    try:
        done = score_input(Path(options.package), wanted, progress=far_display(sys.stderr))
    except KeyboardInterrupt:
        print(f"finished parts stand in {options.out}.partial; the same command goes on from them", file=sys.stderr)
        raise
    if done.again:
        print(f"nothing to do: these {done.rows:,} rows stand in {options.out}, scored by this package")
        return 0
    print(f"{done.rows:,} rows scored by package {done.package_hash[:16]}: {options.out}")
    if done.resumed:
        print(f"{done.resumed:,} of {done.parts:,} parts stood already, from a run that was stopped")
    if done.refused:
        print(f"{done.refused:,} rows refused, with reasons: {options.refused}")
    print(f"_key is {f'the column {done.key!r}' if done.key else 'the row number'}")
    if done.head is not None:
        print(f"batch {done.batch} in the log {options.log}; its journal now ends in {done.head}")
    return 0


def _usage(options: argparse.Namespace) -> None:
    """Options that need others. Raises CreditRiskError with all of them."""
    refuse(
        [] if options.log else goes_with(options, "--log", "secret_file", "log_inputs"),
        [] if options.engine == "postgres" else goes_with(options, "--engine postgres", "dsn"),
        [] if options.engine == "spark" else goes_with(options, "--engine spark", "master"),
    )


def far_display(out: TextIO) -> Callable[[Far], None]:
    """Progress of the parts: a live line on a terminal, a line now and then in a log."""
    live, last = out.isatty(), {"at": time.monotonic()}

    def show(far: Far) -> None:
        ended = far.parts == far.of_parts
        if not live and not ended and time.monotonic() - last["at"] < QUIET_SECONDS:
            return
        last["at"] = time.monotonic()
        text = (
            f"part {far.parts:,} of {far.of_parts:,}: {far.rows:,} of {far.of_rows:,} rows, "
            f"{far.rows_per_second:,.0f} rows/s"
        )
        print(f"\r\x1b[2K{text}" if live else text, end="" if live and not ended else "\n", file=out, flush=True)

    return show


def log_verify(options: argparse.Namespace) -> int:
    """`credit-risk log verify LOG`: 0 where everything holds, 1 with every fault otherwise."""
    from credit_risk.serving.log import verify_log

    found = verify_log(Path(options.log), options.head)
    for fault in found.faults:
        print(fault)
    verdict = "the log does NOT verify" if found.faults else "the log verifies"
    rows = f"{found.batches:,} batches, {found.rows:,} rows, {found.erased:,} of them erased"
    print(f"{verdict}: {rows}; the journal ends in {found.head}")
    return 1 if found.faults else 0


def log_erase(options: argparse.Namespace) -> int:
    """`credit-risk log erase LOG --key K | --before DATE`."""
    from credit_risk.serving.log import erase_before, erase_key, read_secret

    if (options.key is None) == (options.before is None):
        raise ScoringError(Fault("name a key or a day", "usage", allowed="--key K, or --before DATE"))
    if options.key is None:
        refuse(goes_with(options, "--key", "secret_file"))
    log = Path(options.log)
    if options.key is not None:
        paths = [Path(one) for one in options.secret_file] if options.secret_file else [None]
        secrets = [read_secret(path) for path in paths]
        done = erase_key(log, options.key, secrets, inputs_only=options.inputs_only)
    else:
        try:
            day = date.fromisoformat(options.before)
        except ValueError as error:
            raise ScoringError(Fault("is no day", "usage", found=options.before, allowed="2026-11-26")) from error
        done = erase_before(log, day, inputs_only=options.inputs_only)
    print(f"personal fields of {done.rows:,} rows and inputs alone of {done.inputs:,} rows erased")
    print(f"the journal now ends in {done.head}")
    return 0
