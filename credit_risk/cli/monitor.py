"""`credit-risk monitor`: production against development, by the rules of the plan."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, TextIO

from credit_risk._core.errors import Fault
from credit_risk._core.severity import SEVERITIES
from credit_risk.cli.usage import given, goes_with, named, no_effect, refuse

ENGINES = ("duckdb", "postgres", "spark")
OF_A_TABLE = (
    *("key", "time", "time_zone", "package_column", "decision", "approved", "declined", "map", "challenger", "column"),
)
OUTCOME_COLUMNS = {"outcome_key": "key", "bad_date": "bad_date", "observed_until": "observed_until"}
"""Columns of the outcomes where nothing else is said."""


def add_monitor_command(group: Any) -> None:
    """The command `credit-risk monitor`."""
    parser = group.add_parser("monitor", help="hold production against development: evidence, alerts, report, page")
    parser.add_argument("package", help="folder or zip of the model package that is in use")
    parser.add_argument("--log", help="prediction log that credit-risk score wrote, with its inputs")
    parser.add_argument("--table", help="instead of a log: Parquet file, folder, pattern; of postgres a table or query")
    parser.add_argument("--out", required=True, help="folder to write the run to; an earlier run there is replaced")
    parser.add_argument("--alerts", help="folder of the log of alerts, which lives on (default: alerts beside OUT)")
    _mapping_options(parser)
    late = parser.add_argument_group("outcomes")
    late.add_argument("--outcomes", help="Parquet file or folder: key, day of the bad, day to which it was looked at")
    late.add_argument("--outcome-key", help="its column of keys (default: key)")
    late.add_argument("--bad-date", help="its column, empty where not bad so far (default: bad_date)")
    late.add_argument("--observed-until", help="its column (default: observed_until)")
    late.add_argument("--secret-file", help="with a log: the secret of its pseudonyms, where outcomes hold plain keys")
    parser.add_argument(
        "--population", default="development", choices=("development", "applicants"), help="what to compare with"
    )
    parser.add_argument("--engine", default="duckdb", choices=ENGINES, help="where rows are counted")
    parser.add_argument("--dsn", help="connection of PostgreSQL")
    parser.add_argument("--master", help="master of Spark, as local[2]")
    parser.add_argument("--packages", help="folder with earlier packages, for the replay of a log of several versions")
    parser.add_argument("--no-replay", action="store_true", help="with a log: do not score its inputs again")
    parser.add_argument(
        "--inventory",
        metavar="URL",
        help="inventory of models (file, postgresql://…): what is overdue is told",
    )
    parser.add_argument("--no-documents", action="store_true", help="no report and no page")
    parser.add_argument(
        "--fail-on", choices=SEVERITIES, help="exit status 1 where an alert this grave is open or reopened"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress and no summary")
    parser.set_defaults(command=monitor)


def _mapping_options(parser: argparse.ArgumentParser) -> None:
    mapping = parser.add_argument_group("columns of a table (inputs and results have the names of the model)")
    mapping.add_argument("--key", help="column of the applicants' keys")
    mapping.add_argument("--time", help="column of the moment of the decision")
    mapping.add_argument("--time-zone", help="zone of moments that have none, as UTC or Europe/Berlin")
    mapping.add_argument("--package-column", help="column of the package hash that scored the row")
    mapping.add_argument("--decision", help="column of what was done with the applicant")
    mapping.add_argument("--approved", action="append", default=[], help="word of the decision that approves; repeat")
    mapping.add_argument("--declined", action="append", default=[], help="word of the decision that declines; repeat")
    for option, about in (
        ("--map", "NAME=COLUMN of an input or a result of the model"),
        ("--segment", "NAME=COLUMN of a segment of the plan; in a log, of a result or of input:NAME"),
        ("--column", "NAME=COLUMN of a column that the plan's section on monitoring names (default: its name)"),
        ("--challenger", "ID:RESULT=COLUMN of a challenger that was scored in shadow, as boosting:probability=B"),
    ):
        mapping.add_argument(option, action="append", default=[], metavar="NAME=COLUMN", help=f"{about}; repeat")


def monitor(options: argparse.Namespace) -> int:
    """`credit-risk monitor PACKAGE --log LOG --out OUT`."""
    from credit_risk.lifecycle.monitor import monitor_package
    from credit_risk.monitoring.run import OutcomeTable, Words
    from credit_risk.package import read_package

    _usage(options)
    package = read_package(Path(options.package))
    outcomes = None
    if options.outcomes is not None:
        key, bad, until = (getattr(options, name) or usual for name, usual in OUTCOME_COLUMNS.items())
        outcomes = OutcomeTable(options.outcomes, key, bad, until, secret=_secret(options))
    of_engine = {"dsn": options.dsn, "master": options.master}
    engine = {name: value for name, value in of_engine.items() if value is not None}
    done = monitor_package(
        Path(options.package),
        options.log or options.table,
        _mapping(package, options),
        Path(options.out),
        alerts=Path(options.alerts) if options.alerts else None,
        outcomes=outcomes,
        words=Words(tuple(options.approved), tuple(options.declined)),
        inventory=options.inventory,
        population=options.population,
        engine=options.engine,
        packages=None if options.no_replay or options.log is None else Path(options.packages or options.package),
        documents=not options.no_documents,
        progress=(lambda _: None) if options.quiet else _tell,
        **engine,
    )
    if not options.quiet:
        print_run(done, sys.stdout)
    return 1 if options.fail_on is not None and done.alerts.active(options.fail_on) else 0


def _tell(text: str) -> None:
    print(f"{text} …", file=sys.stderr, flush=True)


def _usage(options: argparse.Namespace) -> None:
    """Faults of the options, all at once."""
    faults = []
    if (options.log is None) == (options.table is None):
        faults.append(Fault("production is one of --log and --table", code="usage"))
    if options.table is not None:
        needed = {"--key": options.key, "--time": options.time}
        lost = [name for name, value in needed.items() if value is None]
        faults += [Fault(f"a table needs {name} COLUMN", code="usage") for name in lost]
        faults += goes_with(options, "--log", "packages", "no_replay")
        if options.decision is None:
            faults += goes_with(options, "--decision", "approved", "declined")
    elif given(options, OF_A_TABLE):
        remedy = f"leave out {named(given(options, OF_A_TABLE))}, or name the rows with --table"
        faults.append(Fault("a log has columns of its own", code="usage", remedy=remedy))
    if options.no_replay:
        faults += no_effect(options, "--no-replay", "packages")
    if options.outcomes is None:
        faults += goes_with(options, "--outcomes", "outcome_key", "bad_date", "observed_until", "secret_file")
    faults += [] if options.engine == "postgres" else goes_with(options, "--engine postgres", "dsn")
    faults += [] if options.engine == "spark" else goes_with(options, "--engine spark", "master")
    if bool(options.approved) != bool(options.declined):
        faults.append(Fault("--approved and --declined go together", code="usage"))
    for option in ("map", "segment", "challenger", "column"):
        for text in getattr(options, option):
            if "=" not in text:
                faults.append(Fault("is not NAME=COLUMN", code="usage", path=f"--{option}", found=text))
    refuse(faults)


def _mapping(package: Any, options: argparse.Namespace) -> Any:
    """The mapping of columns."""
    from credit_risk.monitoring.source import prediction_log, same_names

    segments = _pairs(options.segment)
    if options.log is not None:
        return prediction_log(package, segments)
    same = same_names(package, options.key, options.time)
    inputs, outputs = dict(same.inputs), dict(same.outputs)
    for name, column in _pairs(options.map).items():
        (inputs if name in inputs else outputs)[name] = column
    return same_names(
        package,
        options.key,
        options.time,
        inputs=inputs,
        outputs=outputs,
        segments=segments,
        challengers=_pairs(options.challenger),
        others=dict(same.others) | _pairs(options.column),
        package=options.package_column,
        decision=options.decision,
        time_zone=options.time_zone,
    )


def _pairs(texts: list[str]) -> dict[str, str]:
    return dict(text.split("=", 1) for text in texts)


def _secret(options: argparse.Namespace) -> Any:
    if options.secret_file is None:
        return None
    from credit_risk.serving.log import read_secret

    return read_secret(Path(options.secret_file))


def print_run(done: Any, out: TextIO) -> None:
    """The verdict of each area, the alerts that are open, and where all of it stands."""
    from credit_risk.monitoring.alerts.delivery import undelivered_faults

    frame = done.run.frames["verdict"]
    width = max(len(str(area)) for area in frame["area"])
    for row in frame.to_dict("records"):
        period = row["period"] if isinstance(row["period"], str) else "-"
        print(f"{row['area']:<{width}}  {row['verdict']:<5}  {period:<7}  {row['reason'] or ''}", file=out)
    about = dict(done.run.frames["run"].itertuples(index=False, name=None))
    if about.get("notice", "none") != "none":
        print(f"notice: {about['notice']}", file=out)
    faults = done.run.frames["faults"]
    if len(faults):
        print(f"{len(faults)} faults of parts of production or outcomes; they are in the evidence", file=out)
    held = [one for one in done.alerts.alerts.values() if one.state != "closed"]
    for one in sorted(held, key=lambda alert: SEVERITIES.index(alert.severity)):
        print(f"{one.severity}  {one.state}  {one.told['text']}", file=out)
    if done.judged is not None:
        what = done.judged.recorded
        told = f"{len(what.opened)} opened, {len(what.reopened)} reopened, {len(what.recovered)} recovered"
        print(f"alerts: {told}; the log ends in {what.head}", file=out)
        late = done.judged.evaluation.caught_up
        if late and not what.again:
            print(f"months that no run had judged were judged too: {', '.join(late)}", file=out)
        for fault in undelivered_faults(done.judged.deliveries):
            print(fault, file=out)
    print(f"written {done.folder}", file=out)
