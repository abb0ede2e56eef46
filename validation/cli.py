"""`credit-validate PACKAGE` (= `python -m validation PACKAGE`)."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from validation import annex, conclusion, findings, report
from validation.anchor import read_anchor
from validation.ending import end_process
from validation.errors import Fault, ValidationInputError
from validation.monitoring import program
from validation.names import printable
from validation.policy import read_policy
from validation.reader import read_package
from validation.retest import Earlier, compare_findings, read_earlier
from validation.run import ValidationRun, validate

DONE, FINDINGS, REFUSED, INTERNAL, INTERRUPTED = 0, 1, 2, 70, 130


def command() -> NoReturn:
    """The command of the shell: `main`, and the end of the process."""
    end_process(main(), sys.stdout, sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Validate a package and return the exit status.

    0 no findings above observation, 1 findings, 2 input refused, 70 internal error, 130 interrupted.
    """
    given = sys.argv[1:] if argv is None else list(argv)
    commands = {"conclude": (_conclusion_parser, _conclude), "monitoring": (program.parser, _monitoring)}
    make, act = commands.get(given[0] if given else "", (_parser, _run))
    arguments = make().parse_args(given if act is _run else given[1:])
    try:
        return act(arguments)
    except ValidationInputError as error:
        print(error, file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return INTERRUPTED
    except Exception:  # noqa: BLE001 (the last resort, told as an internal error with its trace)
        traceback.print_exc()
        print("internal error: this is a fault of the validator, not of the package", file=sys.stderr)
        return INTERNAL


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="credit-validate",
        description="Rebuild a model package independently, compare every quantity and write findings. "
        "`credit-validate conclude PACKAGE` writes what a named validator concludes from them; "
        "`credit-validate monitoring PACKAGE --run RUN` recomputes a run of monitoring.",
        epilog="Exit status: 0 no findings above observation, 1 findings, 2 refused, 70 internal, 130 interrupted.",
    )
    parser.add_argument("package", metavar="PACKAGE", type=Path, help="model package, a folder or a zip")
    parser.add_argument("--data", metavar="FILE", type=Path, help="the snapshot, where the package does not hold it")
    parser.add_argument(
        "--source",
        metavar="FILE_OR_FOLDER",
        type=Path,
        action="append",
        default=[],
        help="the source rows that the package was made of, to begin with them, or in place of an absent snapshot; "
        "again for the performance history",
    )
    parser.add_argument(
        "--without-source", metavar="REASON", help="why the source rows are not given, for the report to tell"
    )
    parser.add_argument("--policy", metavar="FILE", type=Path, help="the validator's policy (the one that ships)")
    parser.add_argument("--out", metavar="FOLDER", type=Path, help="where to write the annex (PACKAGE/validation)")
    parser.add_argument("--no-r", action="store_true", help="leave out the estimation in R, where R is installed")
    parser.add_argument("--compare", metavar="OLD", type=Path, help="an earlier package, annex or findings.json")
    parser.add_argument(
        "--anchor",
        metavar="TEXT_OR_FILE",
        help="head of the audit trail of the bank's inventory, to be kept in the annex (credit-risk audit anchor)",
    )
    parser.add_argument("--all", action="store_true", help="print every comparison and every test, not a summary")
    parser.add_argument("--json", action="store_true", help="print findings.json instead of the summary")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("--version", action="version", version=f"credit-validate {findings.version()}")
    return parser


def _conclusion_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="credit-validate conclude",
        description="Conclude the latest validation of a package: the program proposes, a named validator decides.",
        epilog="Exit status: 0 concluded, 2 refused, 70 internal, 130 interrupted.",
    )
    parser.add_argument("annex", metavar="ANNEX_OR_PACKAGE", type=Path, help="a package with a validation, or an annex")
    parser.add_argument("--package", metavar="FOLDER", type=Path, help="the package, where the annex lies elsewhere")
    parser.add_argument("--validator", metavar="NAME", required=True, help="who concludes; no one named in the plan")
    parser.add_argument("--role", required=True, help="the validator's role")
    parser.add_argument("--recommendation", choices=conclusion.RECOMMENDATIONS, required=True)
    parser.add_argument("--condition", metavar="TEXT", action="append", default=[], help="a condition of the approval")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why")
    parser.add_argument(
        "--accept",
        metavar="FINDING_ID=REASON",
        action="append",
        default=[],
        help="why a finding does not stand in the way; needed for each above low where milder than proposed",
    )
    return parser


def _conclude(arguments: argparse.Namespace) -> int:
    statement = conclusion.Statement(
        arguments.validator,
        arguments.role,
        arguments.recommendation,
        arguments.reason,
        tuple(arguments.condition),
        conclusion.accepted_of(arguments.accept),
    )
    path = conclusion.conclude(arguments.annex, statement, arguments.package)
    told = arguments.recommendation.replace("_", " ")
    print(printable(f"Concluded by {arguments.validator}: {told}"), f"Written: {path}", sep="\n")
    return DONE


def _monitoring(arguments: argparse.Namespace) -> int:
    found, lines = program.run_command(arguments)
    if not arguments.quiet:
        print("\n".join(printable(line) for line in lines))
    return FINDINGS if found.disagrees else DONE


def _usage(arguments: argparse.Namespace) -> None:
    """Raises ValidationInputError where options were given that have no effect beside others."""
    shown = [f"--{name}" for name in ("json", "quiet", "all") if getattr(arguments, name)]
    if len(shown) > 1:
        remedy = "give one of --all, --json and --quiet"
        raise ValidationInputError(
            Fault("source_invalid", "what is printed is said twice", " ".join(shown), remedy=remedy)
        )


def _run(arguments: argparse.Namespace) -> int:
    _usage(arguments)
    if arguments.source and arguments.without_source:
        fault = Fault(
            "source_invalid", "given, and --without-source says why it is not", "--source", remedy="leave one away"
        )
        raise ValidationInputError(fault)
    target, staging = _target(arguments.package, arguments.out)
    annex.check_target(target)
    anchor = None if arguments.anchor is None else read_anchor(arguments.anchor)
    policy = read_policy(arguments.policy)
    package = read_package(arguments.package, arguments.data, arguments.source)
    earlier = None if arguments.compare is None else read_earlier(arguments.compare)
    run = validate(
        package, policy, second_technology=not arguments.no_r, without_source=arguments.without_source or None
    )
    written = annex.write_annex(annex.annex_files(run, earlier=earlier, anchor=anchor), target, staging)
    _tell(run, written, earlier, arguments)
    return FINDINGS if run.has_findings else DONE


def _target(package: Path, out: Path | None) -> tuple[Path, Path]:
    """Return the folder of the annex and the folder beside which it is prepared, outside the package."""
    if out is not None:
        out, root = _resolved(out), package.resolve()
        inside = package.is_dir() and out.parent == root
        if package.is_dir() and root in (out, *out.parents) and not (inside and out.name == "validation"):
            fault = Fault("output_refused", "lies inside the package", str(out), remedy="leave --out away")
            raise ValidationInputError(fault)
        staging = out.parent.parent if inside else out.parent
        if not staging.is_dir():
            raise ValidationInputError(Fault("output_refused", "the folder above does not exist", str(out)))
        return out, staging
    if package.is_file():
        fault = Fault("output_refused", "a zip cannot take the annex", str(package), remedy="give --out FOLDER")
        raise ValidationInputError(fault)
    package = package.absolute()
    return package / "validation", package.parent


def _resolved(out: Path) -> Path:
    """The folder to write, by way of no link but perhaps its own, which is refused where it is one."""
    try:
        return out.absolute().parent.resolve() / out.name
    except (OSError, RuntimeError, ValueError) as error:
        raise ValidationInputError(Fault("output_refused", f"cannot be reached: {error}", str(out))) from error


def _json(value: Mapping[str, Any]) -> str:
    """Canonical JSON; what a terminal would obey is escaped, and reads back as the same text."""
    text = json.dumps(dict(value), ensure_ascii=False, sort_keys=True, indent=2)
    return "".join(c if c == "\n" or printable(c) == c else json.dumps(c)[1:-1] for c in text)


def _tell(run: ValidationRun, written: annex.Written, earlier: Earlier | None, arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(_json(run.findings))
    elif not arguments.quiet:
        compared = None if earlier is None else compare_findings(earlier, run.findings)
        print("\n".join(report.lines_of(run, written, compared, everything=arguments.all)))
