"""What a validation says on the terminal: lines of text, no printing here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from validation.compare import Comparison
from validation.names import printable
from validation.policy import SEVERITIES
from validation.run import ValidationRun


def lines_of(run: ValidationRun, written: Sequence[Path]) -> list[str]:
    """Return the summary of a run, line by line; control characters of names as escapes."""
    model = run.findings["model"]
    lines = [
        f"Validation of {model['name']} ({model['id']} {model['version']})",
        f"  package  {run.package.name}",
        f"  hash     {run.package.hash}",
        f"  policy   {run.policy.name} {run.policy.version}, sha256 {run.policy.sha256}",
        "",
        *_comparisons(run.comparisons),
        "",
        *_tests(run),
        "",
        *_findings(run),
        "",
        f"Recommendation: {run.recommendation.replace('_', ' ')}",
    ]
    if written:
        lines += ["", f"Written: {len(written)} files in {_folder(written)}"]
    return [printable(line) for line in lines]


def _comparisons(comparisons: Sequence[Comparison]) -> list[str]:
    header = ("area", "quantity", "values", "largest", "tolerance", "outcome")
    rows = [header]
    for item in comparisons:
        tolerance = (
            "equal" if item.tolerance.kind == "exact" else f"{item.tolerance.value:.0e} {item.tolerance.kind[:3]}"
        )
        largest = f"{item.largest:.1e}" if math.isfinite(item.largest) else "unequal"
        row = (item.area, item.quantity, f"{item.compared:,}", largest, tolerance, item.outcome)
        rows.append(row)
    widths = [min(44, max(len(row[column]) for row in rows)) for column in range(len(header))]
    return [
        "  "
        + "  ".join(
            _fit(cell, width, column in (2, 3)) for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _fit(text: str, width: int, right: bool) -> str:
    text = text if len(text) <= width else text[: width - 1] + "…"
    return text.rjust(width) if right else text.ljust(width)


def _tests(run: ValidationRun) -> list[str]:
    counts = {
        word: sum(item.outcome == word for item in run.outcomes) for word in ("pass", "review", "fail", "not_evaluable")
    }
    line = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items() if count)
    lines = [f"Tests: {line}"]
    for item in run.outcomes:
        if item.outcome == "not_evaluable":
            lines.append(f"  not evaluable: {item.test} ({item.reason})")
    return lines


def _findings(run: ValidationRun) -> list[str]:
    counts = run.findings["counts"]
    lines = ["Findings: " + (", ".join(f"{counts[s]} {s}" for s in SEVERITIES if counts[s]) or "none")]
    for item in run.findings["findings"]:
        lines.append(f"  [{item['severity']}] {item['id']}: {item['statement']}")
        if item["developer_value"] is not None or item["validator_value"] is not None:
            lines.append(f"      developer {item['developer_value']!r}, validator {item['validator_value']!r}")
    return lines


def _folder(written: Sequence[Path]) -> str:
    return str(min(written, key=lambda path: len(path.parts)).parent)
