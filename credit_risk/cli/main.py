"""Arguments, exit status and error messages of `credit-risk` (DESIGN section 7: 0, 1, 2, 70, 130)."""

from __future__ import annotations

import argparse
import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from credit_risk import __version__
from credit_risk._core.errors import CreditRiskError
from credit_risk._core.export_kinds import EXPORT_KINDS
from credit_risk._core.severity import SEVERITIES
from credit_risk.cli.ending import end_process

INTERNAL, INTERRUPTED = 70, 130
Command = Callable[[argparse.Namespace], int]


def program() -> NoReturn:
    """The command of the shell: `main`, and the end of the process."""
    end_process(main(), sys.stdout, sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 findings, 2 input refused, 70 internal, 130 interrupted."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a console that lacks a letter of a name is no error
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(options)
    except CreditRiskError as error:
        print(error, *getattr(error, "__notes__", ()), sep="\n", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("interrupted; nothing was left half-written", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception:  # noqa: BLE001 - the last resort of a command
        traceback.print_exc()
        print("internal error: this is a fault of the program, not of your input", file=sys.stderr)
        return INTERNAL


def _parser() -> argparse.ArgumentParser:
    from credit_risk.cli import commands

    parser = argparse.ArgumentParser(
        prog="credit-risk", description="Develop, package and hand over a credit-risk model."
    )
    parser.add_argument("--version", action="version", version=f"credit-risk {__version__}")
    group = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = group.add_parser("run", help="plan to model package, exports, validation and documents")
    run.add_argument("plan", help="plan.yaml, or the folder that holds it")
    run.add_argument("--out", required=True, help="folder to write the model package to")
    run.add_argument(
        "--fail-on", choices=SEVERITIES, help="exit status 1 where the validator finds this severity or worse"
    )
    run.add_argument("--no-validation", action="store_true", help="leave out the independent validation")
    run.add_argument("--no-documents", action="store_true", help="leave out the documents")
    run.add_argument("--quiet", action="store_true", help="no progress and no summary")
    run.add_argument(
        "--inventory",
        metavar="URL",
        help="log the run in the inventory (file, postgresql://...); needs --by. Exit "
        "status 1 where the package was written and the end of the run could not be logged",
    )
    run.add_argument("--by", help="with --inventory: person who develops, as registered")
    run.add_argument("--key", help="with --inventory: private key of the person; passphrase from the environment")
    run.add_argument("--policy", help="with --inventory: policy of the bank, where it is not the one that ships")
    run.add_argument("--mlflow", metavar="URI", help="tell an MLflow store of the run (http://..., a folder, ...)")
    run.add_argument("--openlineage", metavar="FILE|URL", help="tell of the run in OpenLineage events: to a file, a "
                     "line each, or to a server")  # fmt: skip
    run.add_argument(
        "--protected",
        metavar="STORE",
        help="take the plan's protected columns from their store (file, postgresql://...) by the key of the applicant; "
        "needs --inventory, where the access is recorded first",
    )
    run.add_argument("--secret-file", help="with --protected: file of its secret; by default the file that "
                     "CREDIT_RISK_PROTECTED_SECRET_FILE names")  # fmt: skip
    run.add_argument("--purpose", help="with --protected: purpose of the policy; by default fairness_testing")
    run.set_defaults(command=commands.run)

    check = group.add_parser("check", help="tell every fault of a plan and its data, and write nothing")
    check.add_argument("plan", help="plan.yaml, or the folder that holds it")
    check.set_defaults(command=commands.check)

    _package_commands(group)
    return parser


def _package_commands(group: Any) -> None:
    """Commands that read a package and write beside it."""
    from credit_risk.cli import commands

    verify = group.add_parser("verify", help="read a model package strictly and print its hash")
    verify.add_argument("package", help="folder or zip of a model package")
    verify.set_defaults(command=commands.verify)

    export = group.add_parser("export", help="write the exports of a model package (annex exports/)")
    export.add_argument("package", help="folder of a model package")
    export.add_argument(
        "--format",
        action="append",
        choices=EXPORT_KINDS,
        help="format, more than once too; by default those of the plan",
    )
    export.add_argument("--inventory", metavar="URL", help="inventory whose audit trail is anchored in the annex")
    export.set_defaults(command=commands.export)

    parity = group.add_parser("parity", help="score the exports in every engine at hand and compare with the package")
    parity.add_argument("package", help="folder of a model package")
    parity.add_argument("--engine", action="append", help="engine to ask; by default every one that is here")
    parity.add_argument(
        "--external",
        action="append",
        default=[],
        metavar="NAME=EXPORT:COMMAND",
        help="an engine of your own: COMMAND is run with the export, a JSON table and the name of one to write",
    )
    parity.add_argument("--input", help="CSV(.gz) or Parquet table whose rows are scored too")
    parity.add_argument("--dry", action="store_true", help="print only; leave the annex exports/ as it is")
    parity.add_argument("--inventory", metavar="URL", help="inventory whose audit trail is anchored in the annex")
    parity.set_defaults(command=commands.parity)
    _scoring_commands(group)


def _scoring_commands(group: Any) -> None:
    """Commands that score tables, and that pack."""
    from credit_risk.cli import alerts, audit, commands, explain, inventory, monitor, protected, reproduce, scoring

    observe = group.add_parser("observe", help="rows of one month to be scored, from a plan with rolling points")
    observe.add_argument("plan", help="plan.yaml, or the folder that holds it")
    observe.add_argument("--month", required=True, help="observation point: 2026-11, or a whole number")
    observe.add_argument("--out", required=True, help="CSV or Parquet file to write the rows to")
    observe.set_defaults(command=commands.observe)

    score = group.add_parser("score", help="score tables with a model package, where they lie, with a prediction log")
    score.add_argument("package", help="folder or zip of a model package")
    score.add_argument(
        "--input",
        required=True,
        help="CSV(.gz) or Parquet table; with an engine also a folder or pattern, of postgres a table or query",
    )
    score.add_argument("--out", required=True, help="CSV or Parquet file, or with an engine a folder, to write to")
    scoring.add_engine_options(score)
    score.set_defaults(command=commands.score)

    log = group.add_parser("log", help="verify a prediction log, or erase personal fields from it")
    scoring.add_log_commands(log.add_subparsers(title="commands", required=True, metavar="COMMAND"))

    explain.add_explain_command(group)
    monitor.add_monitor_command(group)
    reproduce.add_reproduce_command(group)
    watched = group.add_parser("alerts", help="alerts of monitoring: list, acknowledge, close, verify, deliver")
    alerts.add_alert_commands(watched.add_subparsers(title="commands", required=True, metavar="COMMAND"))

    held = group.add_parser("inventory", help="models, versions, gates, sign-off, findings; export and page")
    inventory.add_inventory_commands(held.add_subparsers(title="commands", required=True, metavar="COMMAND"))
    trail = group.add_parser("audit", help="the audit trail of the inventory: verify, export, anchor")
    audit.add_audit_commands(trail.add_subparsers(title="commands", required=True, metavar="COMMAND"))

    apart = group.add_parser("protected", help="protected attributes of applicants in a store of their own")
    protected.add_protected_commands(apart.add_subparsers(title="commands", required=True, metavar="COMMAND"))

    notice = group.add_parser("adverse-action", help="data of the notice to one declined applicant, as JSON")
    notice.add_argument("package", help="folder or zip of a model package")
    notice.add_argument("--input", required=True, help="CSV(.gz) or Parquet table that holds the applicant")
    notice.add_argument("--key", required=True, help="the applicant's key (the plan's key column, else the row number)")
    notice.add_argument("--language", help="language of the texts; by default the first of the plan")
    notice.set_defaults(command=commands.adverse_action)

    pack = group.add_parser("zip", help="write a model package as one deterministic zip")
    pack.add_argument("package", help="folder of a model package")
    pack.add_argument("--out", required=True, help="zip file to write")
    pack.set_defaults(command=commands.pack)
