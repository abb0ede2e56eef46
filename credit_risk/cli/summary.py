"""The summary that closes a run: what a modeller wants to know first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from credit_risk._core.severity import counted

if TYPE_CHECKING:
    from credit_risk.lifecycle.run import RunResult


def print_summary(result: RunResult, out: TextIO) -> None:
    """Samples, discrimination with intervals, characteristics, the validator's verdict and the files written."""
    for line in summary_lines(result):
        print(line, file=out)


def summary_lines(result: RunResult) -> list[str]:
    """The lines of the summary."""
    development = result.development
    lines = ["", f"{development.plan.model.name} {development.plan.model.version}", "", *_samples(result), ""]
    binary = development.plan.outcome.type == "binary"
    lines += [*(_discrimination(result) if binary else _level_and_ranking(result)), ""]
    champion = development.champion
    offered = len(development.training.tables)
    lines.append(f"Characteristics: {len(champion.characteristics)} in champion {champion.id!r}, of {offered} classed")
    lines += _decisions(result)
    lines.append(f"Validation: {_verdict(result)}")
    lines.append(f"Package hash: {result.package_hash}")
    lines += ["", "Written:", *(f"  {line}" for line in _files(result.out))]
    dossier = result.out / "documents" / "development_dossier.pdf"
    if dossier.exists():
        lines += ["", f"The dossier is {shown(dossier)}"]
    return lines


def _samples(result: RunResult) -> list[str]:
    if "samples.measures" in result.development.frames:
        return _measures(result)
    rows = [["Sample", "Rows", "Goods", "Bads", "Bad rate"]]
    for row in result.development.frames["samples.summary"].itertuples(index=False):
        rows.append([row.sample, f"{row.rows:,}", f"{row.good:,}", f"{row.bad:,}", f"{row.bad_rate:.2%}"])
    return _aligned(rows, left=1)


def _measures(result: RunResult) -> list[str]:
    rows = [["Sample", "Rows", "Mean", "Zeros"]]
    for row in result.development.frames["samples.measures"].itertuples(index=False):
        rows.append([row.sample, f"{row.rows:,}", f"{row.mean:,.6g}", f"{row.zero_share:.2%}"])
    return _aligned(rows, left=1)


def _level_and_ranking(result: RunResult) -> list[str]:
    frames, confidence = result.development.frames, result.development.plan.evaluation.confidence
    both = frames["performance.level"].merge(frames["performance.ranking"], on=["model", "sample"])
    head = ["Observed/expected", "Gini", "Deviance explained", f"({confidence:.0%} intervals)"]
    rows = [["Model", "Sample", *head]]
    for row in both.itertuples(index=False):
        ratio = f"{row.ratio:.3f} [{row.ratio_lower:.3f}, {row.ratio_upper:.3f}]"
        gini = f"{row.gini:.3f} [{row.gini_lower:.3f}, {row.gini_upper:.3f}]"
        rows.append([row.model, row.sample, ratio, gini, f"{row.deviance_explained:.2%}", ""])
    return _aligned(rows, left=6)


def _discrimination(result: RunResult) -> list[str]:
    confidence = result.development.plan.evaluation.confidence
    rows = [["Model", "Sample", "AUC", "Gini", "KS", f"({confidence:.0%} intervals)"]]
    for row in result.development.frames["performance.discrimination"].itertuples(index=False):
        cells = [
            f"{getattr(row, m):.4f} [{getattr(row, m + '_lower'):.4f}, {getattr(row, m + '_upper'):.4f}]"
            for m in ("auc", "gini", "ks")
        ]
        rows.append([row.model, row.sample, *cells, ""])
    return _aligned(rows, left=6)


def _decisions(result: RunResult) -> list[str]:
    """What rules and score decide of all rows, where the plan has rules."""
    table = result.development.frames.get("rules.decisions")
    if table is None:
        return []
    rows = table[table["sample"] == "all"]
    told = [f"{row.decision} by {row.decided_by} {row.share:.1%}" for row in rows.itertuples(index=False)]
    return [f"Decisions: {', '.join(told)}"]


def _verdict(result: RunResult) -> str:
    if result.recommendation is None:
        return "not run"
    words = result.recommendation.replace("_", " ")
    return f"the validator proposes to {words} ({counted(result.findings)})"


def _files(out: Path) -> list[str]:
    documents = sorted((out / "documents").glob("*.pdf"))
    exports = sorted(p for p in (out / "exports").glob("*") if p.name != "manifest.json")
    findings = [p for p in [out / "validation" / "findings.json"] if p.exists()]
    core = [f"{shown(out)}  (model package)"]
    return core + [f"{shown(path)}" for path in (*documents, *exports, *findings)]


def shown(path: Path) -> str:
    """The path relative to the working folder where it lies below it."""
    try:
        return os.path.relpath(path) if path.resolve().is_relative_to(Path.cwd()) else str(path)
    except OSError:
        return str(path)


def _aligned(rows: Sequence[Sequence[str]], *, left: int) -> list[str]:
    """Columns padded to their widest cell; the first `left` to the left, the rest to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
