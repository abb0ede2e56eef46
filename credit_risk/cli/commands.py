"""What each command of `credit-risk` does."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_risk._core.clock import system_clock
from credit_risk._core.errors import CreditRiskError, Fault, PlanError
from credit_risk._core.severity import SEVERITIES
from credit_risk.cli.progress import progress_display
from credit_risk.cli.summary import print_summary
from credit_risk.cli.usage import goes_with, no_effect, refuse

if TYPE_CHECKING:
    from credit_risk.lifecycle.run import RunResult
    from credit_risk.lifecycle.sinks.watched_run import Sink, Watch
    from credit_risk.plan import Plan


def run(options: argparse.Namespace) -> int:
    """`credit-risk run PLAN --out OUT`."""
    from credit_risk.lifecycle.run import journal_folder

    if options.fail_on is not None and options.no_validation:
        message = "--fail-on needs the independent validation"
        raise CreditRiskError(Fault(message, code="usage", remedy="leave out --no-validation, or --fail-on"))
    _usage_of_run(options)
    try:
        result, unlogged = _run(options)
    except KeyboardInterrupt:
        kept = journal_folder(Path(options.out).resolve())
        if kept.is_dir():
            print(f"finished trials of the search stand in {kept}; the same run goes on from them", file=sys.stderr)
        raise
    if not options.quiet:
        print_summary(result, sys.stdout)
    if unlogged is not None:
        return 1
    if options.fail_on is None:
        return 0
    worst = SEVERITIES[: SEVERITIES.index(options.fail_on) + 1]
    return 1 if any(result.findings.get(severity, 0) for severity in worst) else 0


def _usage_of_run(options: argparse.Namespace) -> None:
    """Options that need others. Raises CreditRiskError with all of them."""
    faults: list[Fault] = []
    if (options.inventory is None) != (options.by is None):
        faults.append(Fault("--inventory and --by go together", code="usage"))
    if options.inventory is None:
        faults += goes_with(options, "--inventory", "key", "policy")
    if options.protected is None:
        faults += goes_with(options, "--protected", "secret_file", "purpose")
    elif options.inventory is None:
        remedy = "name the inventory in which the access is recorded: --inventory URL --by PERSON --key FILE"
        faults.append(Fault("--protected goes with --inventory", code="usage", remedy=remedy))
    refuse(faults)


def _run(options: argparse.Namespace) -> tuple[RunResult, CreditRiskError | None]:
    """The result, and why its end could not be logged in the inventory (None: it was, or was not asked for)."""
    if options.mlflow is None and options.openlineage is None:
        return _logged(options, Path(options.plan), None)
    from credit_risk.lifecycle.sinks.watched_run import Watch
    from credit_risk.plan import read_plan

    sinks = _sinks(options)
    plan = read_plan(Path(options.plan))
    return _logged(options, plan, Watch(plan, sinks, _warn, system_clock))


def _sinks(options: argparse.Namespace) -> list[Sink]:
    """What is told of the run. Raises MissingExtraError."""
    found: list[Sink] = []
    if options.mlflow is not None:
        from credit_risk.lifecycle.sinks.mlflow_sink import MlflowSink

        found.append(MlflowSink(options.mlflow))
    if options.openlineage is not None:
        from credit_risk.lifecycle.sinks.openlineage_sink import OpenLineageSink

        found.append(OpenLineageSink(options.openlineage))
    return found


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)


def _logged(
    options: argparse.Namespace, plan: Plan | Path, watch: Watch | None
) -> tuple[RunResult, CreditRiskError | None]:
    """The run, logged in the inventory where one is named."""
    from credit_risk.lifecycle.run import run_plan
    from credit_risk.lifecycle.sinks.watched_run import watched

    asked: dict[str, Any] = {
        "progress": progress_display(quiet=options.quiet),
        "clock": system_clock,
        "with_validation": not options.no_validation,
        "with_documents": not options.no_documents,
    }
    if options.inventory is None:
        return watched(lambda: run_plan(plan, Path(options.out), **asked), watch), None
    from credit_risk.cli.inventory_place import actor_of, gates_of
    from credit_risk.lifecycle.logged_run import run_logged

    by = actor_of(options)
    if options.protected is not None:
        from credit_risk.inventory import open_secret
        from credit_risk.lifecycle.protected_source import PURPOSE, ProtectedPlace

        asked["protected"] = ProtectedPlace(
            options.protected, open_secret(options.secret_file), options.purpose or PURPOSE
        )
    done = run_logged(plan, Path(options.out), options.inventory, by=by, gates=gates_of(options), watch=watch, **asked)
    if done.unlogged is None:
        print(f"logged as {done.experiment}")
        return done.result, None
    model = done.result.development.plan.model
    print(f"the package is written; the end of {done.experiment} could not be logged: {done.unlogged}", file=sys.stderr)
    again = f"credit-risk inventory development {model.id} {model.version} --package {options.out} --by {options.by}"
    print(f"log it when the inventory can be reached: {again} --key FILE --inventory URL", file=sys.stderr)
    return done.result, done.unlogged


def check(options: argparse.Namespace) -> int:
    """`credit-risk check PLAN`."""
    from credit_risk.plan import check_plan

    faults = check_plan(Path(options.plan))
    if faults:
        raise PlanError(faults)
    print("the plan and its data can be used as written")
    return 0


def verify(options: argparse.Namespace) -> int:
    """`credit-risk verify PACKAGE`."""
    from credit_risk.package import read_package

    package = read_package(Path(options.package))
    model = package.manifest["model"]
    print(f"valid model package of {model['id']} {model['version']}")
    print(f"package hash {package.package_hash}")
    return 0


def export(options: argparse.Namespace) -> int:
    """`credit-risk export PACKAGE`."""
    from credit_risk.lifecycle.exports import export_notes, write_exports

    written = write_exports(Path(options.package), options.format, system_clock, _anchor(options))
    for path in written:
        print(path)
        for note in export_notes(path):
            print(f"  {note}")
    return 0


def _anchor(options: argparse.Namespace) -> str | None:
    """The head of the audit trail of the inventory that is named; None where none is."""
    from credit_risk.lifecycle.governance import anchor_text

    return None if options.inventory is None else anchor_text(options.inventory)


def parity(options: argparse.Namespace) -> int:
    """`credit-risk parity PACKAGE`; 1 where an engine differs or breaks."""
    from credit_risk.cli.parity import print_report, read_external
    from credit_risk.lifecycle.parity import check_parity, write_parity

    if options.dry:
        refuse(no_effect(options, "--dry", "inventory"))
    report = check_parity(
        Path(options.package),
        engines=options.engine,
        external=[read_external(text) for text in options.external],
        table=Path(options.input) if options.input else None,
        progress=lambda name: print(f"asking {name} …", file=sys.stderr),
    )
    print_report(report, sys.stdout)
    if not options.dry:
        for path in write_parity(Path(options.package), report, system_clock, _anchor(options)):
            print(path)
    return 0 if report.agrees else 1


def observe(options: argparse.Namespace) -> int:
    """`credit-risk observe PLAN --month MONTH --out FILE`."""
    from credit_risk.lifecycle.observe import write_rows_at

    rows = write_rows_at(Path(options.plan), options.month, Path(options.out))
    print(f"{rows:,} rows of accounts with a record in {options.month}: {options.out}")
    return 0


def score(options: argparse.Namespace) -> int:
    """`credit-risk score PACKAGE --input TABLE --out FILE`, or into a folder by an engine."""
    from credit_risk.cli.scoring import by_engine, score_with_engine
    from credit_risk.lifecycle.score import score_file

    if by_engine(options):
        return score_with_engine(options)
    package, table, out = Path(options.package), Path(options.input), Path(options.out)
    scored = score_file(package, table, out)
    print(f"{scored.rows:,} rows scored by package {scored.package_hash[:16]}: {out}")
    print(f"_key is {f'the column {scored.key!r}' if scored.key else 'the row number'}")
    return 0


def adverse_action(options: argparse.Namespace) -> int:
    """`credit-risk adverse-action PACKAGE --input TABLE --key KEY`."""
    from credit_risk._core import canonical_json
    from credit_risk.lifecycle.adverse_action import adverse_action_of

    notice = adverse_action_of(Path(options.package), Path(options.input), options.key, language=options.language)
    sys.stdout.write(canonical_json.to_bytes(notice.as_dict()).decode("utf-8"))
    return 0


def pack(options: argparse.Namespace) -> int:
    """`credit-risk zip PACKAGE --out FILE`."""
    from credit_risk.package import write_zip

    write_zip(Path(options.package), Path(options.out))
    print(options.out)
    return 0
