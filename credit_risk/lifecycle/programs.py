"""The validator and the document renderer, run as programs on a package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from credit_risk._core.programs import ProgramResult, failed, run_program


def validate(
    package: Path, sources: Sequence[Path] = (), without_source: str | None = None, anchor: str | None = None
) -> ProgramResult:
    """Run the independent validation; it writes the annex `validation/` into the package.

    sources: files of the source rows and the performance history, from which the validator makes the snapshot again;
    without_source: why there are none, for the validation to tell; anchor: for the manifest of the annex. Without R, so
    that the same plan and data give the same files whatever else is installed.
    """
    given = [argument for source in sources for argument in ("--source", str(source))]
    given += [] if anchor is None else ["--anchor", anchor]
    given += [] if without_source is None else ["--without-source", without_source]
    result = run_program("validation", [str(package), "--no-r", *given])
    if not (package / "validation" / "findings.json").is_file():
        raise failed("validation", "ended without writing findings", result.output)
    return result


def render_documents(package: Path, documents: Sequence[str], anchor: str | None = None) -> ProgramResult:
    """Render documents; the renderer writes the annex `documents/` into the package, with `anchor` in its manifest."""
    chosen = [argument for document in documents for argument in ("--document", document)]
    chosen += [] if anchor is None else ["--anchor", anchor]
    return run_program("docs_templates", [str(package), *chosen])
