"""`credit-validate monitoring PACKAGE --run RUN`: figures of a run of monitoring recomputed from the rows."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from validation import annex, findings, schema_check, strict_json
from validation.anchor import read_anchor
from validation.compare import Ledger
from validation.container import read_file
from validation.errors import Fault, ValidationInputError
from validation.monitoring.advice import compare_advice
from validation.monitoring.bench import Bench, open_bench
from validation.monitoring.cause import compare_cause
from validation.monitoring.challengers import compare_challengers, compare_estimate
from validation.monitoring.declared import compare_objectives, compare_profit
from validation.monitoring.domain import compare_domain
from validation.monitoring.drift import compare_drift
from validation.monitoring.faults import compare_faults
from validation.monitoring.governed import compare_governance, read_governance
from validation.monitoring.live import compare_split
from validation.monitoring.looks import compare_looks
from validation.monitoring.outcomes import compare_outcomes
from validation.monitoring.production import Columns, OutcomeFiles, moment_of, read_outcomes, read_production
from validation.monitoring.quality import compare_quality
from validation.monitoring.recommended import compare_recommendations
from validation.monitoring.restated import compare_metrics
from validation.monitoring.run_folder import RunFolder, read_run
from validation.monitoring.served import compare_about, compare_decisions, compare_serving
from validation.monitoring.settings import settings_of
from validation.monitoring.tables import not_recomputed, tell_columns
from validation.monitoring.told import compare_reasons, compare_verdicts
from validation.monitoring.watched import compare_alerts
from validation.policy import read_policy
from validation.reader import read_package

MOST_SECRET = 65_536
LEFT = {
    "replay_differences": "examples of monitoring.replay",
}


OF_A_TABLE = (
    *("key", "time", "time_zone", "package_column", "decision", "approved", "declined", "map", "challenger", "column"),
)
OUTCOME_COLUMNS = {"outcome_key": "key", "bad_date": "bad_date", "observed_until": "observed_until"}
"""Columns of the outcomes where nothing else is said."""


@dataclass(frozen=True, slots=True)
class MonitoringValidation:
    """run: what was read; ledger: what was compared; document: findings.json."""

    run: RunFolder
    ledger: Ledger
    document: dict[str, Any]

    @property
    def disagrees(self) -> bool:
        """Whether a finding is above an observation."""
        return any(count for name, count in self.document["counts"].items() if name != "observation")


def validate_monitoring(
    package_path: Path,
    run_path: Path,
    table: Path,
    columns: Columns,
    *,
    outcomes: OutcomeFiles | None = None,
    words: tuple[Sequence[str], Sequence[str]] = ((), ()),
    data: Path | None = None,
    policy_path: Path | None = None,
    governance: Path | None = None,
) -> MonitoringValidation:
    """Recompute a run from its package, the rows of production (Parquet or a prediction log) and outcomes.

    governance: the governance file of the version, as the bank's inventory writes it.

    Raises ValidationInputError where package, run or rows cannot be read, or the run is of another package.
    """
    policy = read_policy(policy_path)
    package = read_package(package_path, data)
    run = read_run(run_path, package.hash)
    settings, ledger = settings_of(package), Ledger(policy)
    production = read_production(table, columns, package, moment_of(run.manifest))
    late = None if outcomes is None else read_outcomes(outcomes, moment_of(run.manifest))
    bench = open_bench(package, run, ledger, settings, production, table, late, words)
    _compare(bench, None if governance is None else read_governance(governance, package.hash))
    document = findings.findings_document(package.manifest, package.hash, policy, ledger.outcomes, run.evidence)
    faults = schema_check.check(document, "findings.schema.json", "findings.json")
    if faults:
        raise AssertionError("\n".join(str(fault) for fault in faults))
    return MonitoringValidation(run, ledger, document)


def _compare(bench: Bench, governance: dict[str, Any] | None) -> None:
    compare_about(bench)
    compare_faults(bench)
    compare_serving(bench)
    own = compare_drift(bench)
    own |= compare_outcomes(bench)
    own |= compare_decisions(bench)
    own |= compare_quality(bench)
    own |= compare_domain(bench)
    own |= compare_profit(bench)
    own |= compare_objectives(bench, own)
    compare_estimate(bench)
    compare_challengers(bench)
    looks, warned = compare_looks(bench), compare_split(bench)
    compare_recommendations(bench, looks, warned=warned)
    compare_governance(bench, governance)
    compare_reasons(bench)
    values = compare_metrics(bench, own)
    compare_cause(bench, own)
    compare_advice(bench, own, values)
    compare_verdicts(bench, compare_alerts(bench, values))
    for name, reason in LEFT.items():
        not_recomputed(bench.ledger, bench.run, name, reason)
    tell_columns(bench.ledger, bench.run)


def write_findings(
    found: MonitoringValidation,
    out: Path,
    clock: Callable[[], datetime] = annex.system_clock,
    anchor: str | None = None,
) -> Path:
    """Write findings.json with the manifest of an annex to `out`; earlier runs there are kept below `runs`.

    anchor: head of the audit trail of the bank's inventory, for the manifest.
    """
    data = strict_json.write(found.document)
    created = clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    files, version = {"findings.json": data}, found.document["validator"]["version"]
    manifest = annex.manifest_of(files, found.document["package_hash"], version, created, anchor)
    annex.write_annex({**files, annex.MANIFEST: strict_json.write(manifest)}, out, out.parent)
    return out / "findings.json"


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(
        prog="credit-validate monitoring",
        description="Recompute the figures of a run of monitoring from the rows it was made of, and tell where they "
        "disagree.",
        epilog="Exit status: 0 nothing disagrees, 1 something does, 2 refused, 70 internal, 130 interrupted.",
    )
    made.add_argument("package", metavar="PACKAGE", type=Path, help="the model package that was monitored")
    made.add_argument("--run", metavar="RUN", type=Path, required=True, help="the folder of the run")
    rows = made.add_mutually_exclusive_group(required=True)
    rows.add_argument("--table", metavar="PATH", type=Path, help="Parquet file or folder of decisions")
    rows.add_argument("--log", metavar="FOLDER", type=Path, help="prediction log, instead of a table")
    made.add_argument("--key", help="column of the applicants' keys in the table")
    made.add_argument("--time", help="column of the moment of the decision")
    made.add_argument("--time-zone", help="zone of moments that have none (UTC)")
    made.add_argument("--package-column", help="column of the package hash that scored the row")
    made.add_argument("--decision", help="column of what was done with the applicant")
    for option in ("--map", "--segment", "--challenger", "--column"):
        made.add_argument(option, metavar="NAME=COLUMN", action="append", default=[], help="as in the run; repeat")
    for option in ("--approved", "--declined"):
        made.add_argument(option, metavar="WORD", action="append", default=[], help="as in the run; repeat")
    made.add_argument(
        "--outcomes", metavar="PATH", type=Path, action="append", default=[], help="as in the run; repeat"
    )
    made.add_argument("--outcome-key", help="its column of keys (key)")
    made.add_argument("--bad-date", help="its column of the day of the bad (bad_date)")
    made.add_argument("--observed-until", help="its column (observed_until)")
    made.add_argument("--secret-file", metavar="FILE", type=Path, help="of a log, where outcomes hold plain keys")
    made.add_argument("--governance", metavar="FILE", type=Path, help="governance file of the version")
    made.add_argument("--anchor", metavar="TEXT|FILE", help="head of the audit trail of the inventory, for the annex")
    made.add_argument("--data", metavar="FILE", type=Path, help="the snapshot, where the package does not hold it")
    made.add_argument("--policy", metavar="FILE", type=Path, help="the validator's policy (the one that ships)")
    made.add_argument("--out", metavar="FOLDER", type=Path, help="where to write findings (RUN-validation, beside it)")
    made.add_argument("--all", action="store_true", help="print every comparison, not those that disagree alone")
    made.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return made


def run_command(options: argparse.Namespace) -> tuple[MonitoringValidation, list[str]]:
    """Validate, write, and give what is to be printed. Raises ValidationInputError."""
    place = options.table or options.log
    _usage(options)
    run_path = options.run.absolute()
    out = (options.out or run_path.with_name(f"{run_path.name}-validation")).absolute()
    if run_path == out or run_path in out.parents:
        message, remedy = "lies inside the run, which holds no file but its own", "leave --out away"
        raise ValidationInputError(Fault("output_refused", message, str(out), remedy=remedy))
    annex.check_target(out)
    anchor = None if options.anchor is None else read_anchor(options.anchor)
    found = validate_monitoring(
        options.package,
        options.run,
        place,
        _columns(options),
        outcomes=_outcomes(options),
        words=(options.approved, options.declined),
        data=options.data,
        policy_path=options.policy,
        governance=options.governance,
    )
    return found, [*lines_of(found, everything=options.all), f"Written: {write_findings(found, out, anchor=anchor)}"]


def _usage(options: argparse.Namespace) -> None:
    """Raises ValidationInputError with every option that is missing, or has no effect beside the others."""
    faults = []
    if options.table is not None:
        if not (options.key and options.time):
            faults.append(Fault("source_invalid", "a table needs --key and --time", "--table"))
        if options.decision is None:
            faults += _needs(options, "--decision", ["approved", "declined"])
    else:
        faults += _needs(options, "--table: a log has columns of its own", OF_A_TABLE)
    if not options.outcomes:
        faults += _needs(options, "--outcomes", [*OUTCOME_COLUMNS, "secret_file"])
    if options.all and options.quiet:
        faults.append(Fault("source_invalid", "what is printed is said twice", "--all --quiet"))
    if faults:
        raise ValidationInputError(faults)


def _needs(options: argparse.Namespace, needed: str, names: Sequence[str]) -> list[Fault]:
    given = [f"--{name.replace('_', '-')}" for name in names if getattr(options, name)]
    return [Fault("source_invalid", f"has an effect only with {needed}", one, remedy="leave it out") for one in given]


def _columns(options: argparse.Namespace) -> Columns:
    segments = _pairs("--segment", options.segment)
    if options.table is None:
        return Columns(segments=segments)
    return Columns(
        options.key, options.time, options.decision, options.package_column, options.time_zone,
        _pairs("--map", options.map), segments, _pairs("--challenger", options.challenger),
        _pairs("--column", options.column),
    )  # fmt: skip


def _outcomes(options: argparse.Namespace) -> OutcomeFiles | None:
    if not options.outcomes:
        return None
    secret = None
    if options.secret_file is not None:
        secret = read_file(options.secret_file, MOST_SECRET, "source_invalid").rstrip(b"\r\n")
    key, bad, until = (getattr(options, name) or usual for name, usual in OUTCOME_COLUMNS.items())
    return OutcomeFiles(options.outcomes, key, bad, until, secret)


def _pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    wrong = [Fault("source_invalid", "is not NAME=COLUMN", option, found=text) for text in texts if "=" not in text]
    if wrong:
        raise ValidationInputError(wrong)
    return dict(text.split("=", 1) for text in texts)


def lines_of(found: MonitoringValidation, *, everything: bool = False) -> list[str]:
    """Findings, what was compared and what was not, for people."""
    lines = [
        f"{one['severity']}: {one['statement']} Stated {one['developer_value']}, recomputed {one['validator_value']}."
        for one in found.document["findings"]
    ]
    for one in found.ledger.outcomes:
        if one.outcome == "not_evaluable":
            lines.append(f"{one.test}: {one.reason}")
        elif everything:
            lines.append(f"{one.test}: {one.outcome}, {one.compared} compared")
    compared = sum(one.compared for one in found.ledger.outcomes)
    wrong = len(found.document["findings"])
    return [*lines, f"{compared} values compared, {wrong} findings"]
