"""One command: plan to sealed package, exports, independent validation and documents, all or nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from credit_risk._core.clock import Clock, system_clock
from credit_risk._core.html_table import html_table
from credit_risk._core.severity import SEVERITIES, counted
from credit_risk.lifecycle.contents import add_core, seal
from credit_risk.lifecycle.develop import Attach, Development, develop
from credit_risk.lifecycle.exports import export_notes, write_exports
from credit_risk.lifecycle.programs import render_documents, validate
from credit_risk.lifecycle.progress import Progress, silent, stage
from credit_risk.package import PackageWriter
from credit_risk.plan import Plan, read_plan

VALIDATION_REPORT = "validation_report"
MAXIMUM_SOURCE = 2**24  # bytes of source files as they stand on the disk


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run leaves: the package at `out`, its hash, the development, the validator's proposal (None: not run)."""

    out: Path
    package_hash: str
    development: Development
    recommendation: str | None
    findings: dict[str, int]

    def __repr__(self) -> str:
        return f"RunResult({str(self.out)!r}, hash {self.package_hash[:16]}, {self._verdict()})"

    def _repr_html_(self) -> str:
        rows = {"Package": str(self.out), "Package hash": self.package_hash, "Validator's proposal": self._verdict()}
        rows |= {"Documents": ", ".join(sorted(p.name for p in (self.out / "documents").glob("*.pdf"))) or "none"}
        return html_table(pd.DataFrame(rows.items(), columns=["item", "value"]), caption="Run")

    def _verdict(self) -> str:
        return "not validated" if self.recommendation is None else _told(self.recommendation, self.findings)


def run_plan(
    plan: Plan | Path | str,
    out: Path | str,
    *,
    data: Any = None,
    attached: Attach | None = None,
    progress: Progress = silent,
    clock: Clock = system_clock,
    with_validation: bool = True,
    with_documents: bool = True,
    anchor: str | None = None,
) -> RunResult:
    """Run a plan and leave a model package with its annexes at `out`.

    plan: a Plan, or the path of plan.yaml or of its folder; data: a frame in memory that stands for the source that
    the plan names; attached: gives the source its protected attributes, where these lie in a store of their own;
    anchor: head of an inventory's audit trail, for the manifests of the annexes. Everything is written
    beside `out` and appears there by a rename at the end; an error or an interruption leaves `out` as it was. Finished
    trials of a search stand in `OUT.search` until the run is done; the next run goes on from them. Raises PlanError,
    IntakeError, ModelError, ProgramError and, for the output folder before any work, PackageError.
    """
    chosen = plan if isinstance(plan, Plan) else read_plan(Path(plan))
    target = Path(out)
    with PackageWriter(target) as writer:
        journal = journal_folder(writer.out)
        development = develop(chosen, data, progress=progress, journal=journal, attached=attached)
        with stage(progress, "write and seal the package") as detail:
            add_core(writer, development)
            package_hash = seal(writer, development)
            detail.text = f"hash {package_hash[:16]}"
        with stage(progress, "exports") as detail:
            files = write_exports(writer.path, chosen.exports, clock, anchor) if chosen.exports else []
            told = [*(path.name for path in files), *(note for path in files for note in export_notes(path))]
            detail.text = ", ".join(told) or "none: the plan asks for none"
        recommendation: str | None = None
        findings: dict[str, int] = {}
        with stage(progress, "independent validation") as detail:
            if with_validation:
                sources = source_files(chosen, data)
                validate(writer.path, sources.files, sources.why, anchor)
                recommendation, findings = _findings(writer.path)
                left_out = "" if sources.why is None else f"; not from the source rows: {sources.why}"
                detail.text = _told(recommendation, findings) + left_out
            else:
                detail.text = "left out"
        with stage(progress, "documents") as detail:
            documents = [d for d in chosen.documents if with_validation or d != VALIDATION_REPORT]
            if with_documents and documents:
                render_documents(writer.path, documents, anchor)
                detail.text = ", ".join(f"{name}.pdf" for name in documents)
            else:
                detail.text = "left out"
        written = writer.commit()
        remove_journals(journal, chosen)
    return RunResult(written, package_hash, development, recommendation, findings)


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """The files that the validator begins with, and why it does not begin with the source rows (None: it does)."""

    files: tuple[Path, ...]
    why: str | None = None


def source_files(plan: Plan, data: Any = None) -> SourceFiles:
    """The files that the validator begins with: source and history of the plan, links followed.

    None where the rows come from a frame in memory or a database, or where the files are so large (MAXIMUM_SOURCE,
    together) that reading them in one piece would cost more than the run; `credit-validate --source` takes them then.
    """
    if data is not None:
        return SourceFiles((), "they are a frame in memory")
    if not isinstance(plan.data.source, str):
        return SourceFiles((), "they are a query of a database")
    history = plan.history_path()
    files = tuple(path.resolve() for path in (plan.data_path(), history) if path is not None)
    size = sum(path.stat().st_size for path in files)
    if size <= MAXIMUM_SOURCE:
        return SourceFiles(files)
    sizes = f"{size / 2**20:,.1f} MiB of files, a run takes {MAXIMUM_SOURCE // 2**20} MiB"
    given = "".join(f" --source {path.name}" for path in files)
    return SourceFiles((), f"{sizes}; from them: credit-validate PACKAGE{given}")


def journal_folder(out: Path) -> Path:
    """Where the finished trials of a search stand while a run that writes to `out` is not done."""
    return out.with_name(f"{out.name}.search")


def remove_journals(folder: Path, plan: Plan) -> None:
    """Remove the trials of searches that are done, and their folder where nothing else stands in it."""
    for spec in plan.models:
        (folder / f"{spec.id}.jsonl").unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _findings(package: Path) -> tuple[str, dict[str, int]]:
    report = json.loads((package / "validation" / "findings.json").read_text("utf-8"))
    return report["recommendation"], {severity: report["counts"][severity] for severity in SEVERITIES}


def _told(recommendation: str, findings: dict[str, int]) -> str:
    return f"{recommendation.replace('_', ' ')} ({counted(findings)})"
