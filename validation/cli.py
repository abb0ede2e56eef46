"""`credit-validate PACKAGE` (= `python -m validation PACKAGE`)."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from validation import annex, findings, report
from validation.errors import Fault, ValidationInputError
from validation.names import printable
from validation.policy import read_policy
from validation.reader import read_package
from validation.run import ValidationRun, validate

DONE, FINDINGS, REFUSED, INTERNAL, INTERRUPTED = 0, 1, 2, 70, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Validate a package and return the exit status.

    0 no findings above observation, 1 findings, 2 input refused, 70 internal error, 130 interrupted.
    """
    arguments = _parser().parse_args(argv)
    try:
        return _run(arguments)
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
        description="Rebuild a model package independently, compare every quantity and write findings.",
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
        help="the source rows that the package was made of, to begin with them; again for the performance history",
    )
    parser.add_argument("--policy", metavar="FILE", type=Path, help="the validator's policy (the one that ships)")
    parser.add_argument("--out", metavar="FOLDER", type=Path, help="where to write the annex (PACKAGE/validation)")
    parser.add_argument("--json", action="store_true", help="print findings.json instead of the summary")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("--version", action="version", version=f"credit-validate {findings.version()}")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    target, staging = _target(arguments.package, arguments.out)
    annex.check_target(target)
    policy = read_policy(arguments.policy)
    package = read_package(arguments.package, arguments.data, arguments.source)
    run = validate(package, policy)
    written = annex.write_annex(annex.annex_files(run), target, staging)
    _tell(run, written, arguments)
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


def _tell(run: ValidationRun, written: list[Path], arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(_json(run.findings))
    elif not arguments.quiet:
        print("\n".join(report.lines_of(run, written)))
